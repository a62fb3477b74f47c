"""`compose`: the desk's form as plain questions, for a screen reader, a serial line, a phone's ssh.

Every answer is kept with the service at once. Whatever ends the questions early (Ctrl-C, the end of the input, a line
that hangs up) sends nothing, and the draft waits.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from broadcaster.cli.people import who
from broadcaster.cli.questions import Asker, Option, Question, cleaned, filled, followed, hazard_lines, picked
from broadcaster.cli.sending import finish, summary
from broadcaster.cli.session import Session, command, say
from broadcaster.cli.tables import mode
from broadcaster.cli.words import language, words
from broadcaster.errors import Conflict

if TYPE_CHECKING:
    from broadcaster.client import Client
    from broadcaster.model import Alert, Problem
    from broadcaster.sheet import Press, Sheet

INTERRUPTED = 130


@command("compose")
@click.option("--of", "of", default="", metavar="ALERT", help=words("help_compose_of"))
@click.option("--kind", type=click.Choice(["update", "correction"]), default="update", help=words("help_compose_kind"))
@click.option("--draft", "number", type=click.IntRange(min=1), help=words("help_compose_draft"))
@click.option("--own-words", "own", multiple=True, metavar="LANGUAGE", help=words("help_own_words"))
@click.option("--wait", is_flag=True, help=words("help_wait"))
def compose(session: Session, own: tuple[str, ...], wait: bool, **what: Any) -> None:
    """Ask, check, show, and hand in what was confirmed."""
    if session.json:
        raise click.UsageError(words("usage_compose_json"))
    client = session.client()
    talk = Talk(client, own)
    try:
        done = talk.through(**what)
    except (click.Abort, KeyboardInterrupt, EOFError):
        say()
        say(words("line_kept", number=talk.number) if talk.number else words("line_nothing_kept"))
        session.exit_code = INTERRUPTED
        return
    if done is not None:
        finish(session, client, done, {"wait": wait})


class Talk:
    """One person composing one sheet. `number` is its draft's, None before there is one; `own` are the languages whose
    words are written freely.
    """

    def __init__(self, client: Client, own: Sequence[str] = ()) -> None:
        from broadcaster.sheet import Sheet  # noqa: PLC0415 - pydantic is not needed to see the board

        self._client, self._own = client, own
        self._press: Press
        self._row: Any = None
        self._live: tuple[Alert, ...] = ()
        self.sheet = Sheet()

    @property
    def number(self) -> int | None:
        """The draft's number."""
        return int(self._row["id"]) if self._row else None

    def through(self, of: str, kind: str, number: int | None) -> Any:
        """Ask everything, and hand it in once it is confirmed; None where it is left for later."""
        setting = self._client.setting()
        self._press = _press(setting)
        say(words("line_begin", mode=mode(setting["mode"]), city=self._press.city.name))
        self._begin(of, kind, number)
        self._follow()
        for question in Asker(self._press, self.sheet).questions():
            self._ask(question)
        self._languages()
        self._own_words()
        self._mend()
        return self._send()

    # ------------------------------------------------------------ what it is

    def _begin(self, of: str, kind: str, number: int | None) -> None:
        from broadcaster.sheet import from_json  # noqa: PLC0415 - see above

        if of:
            self.sheet = from_json(self._client.sheet(of, kind))
        elif number is not None or (number := self._begun()) is not None:
            self._row = self._client.draft(number)
            if self._row["state"] != "open":
                raise Conflict("draft_closed", number=number, state=self._row["state"])
            self.sheet = from_json(self._row["body"])
        else:
            self.sheet = self._pick()

    def _begun(self) -> int | None:
        """Offer the drafts there are."""
        drafts = self._client.drafts()
        if not drafts:
            return None
        options = tuple(Option(str(row["id"]), f"{row['title']} ({row['updated_by']['name']})") for row in drafts)
        chosen = self._answer(Question(place="", name=words("line_drafts"), options=options))
        return int(chosen) if chosen else None

    def _pick(self) -> Sheet:
        from broadcaster.sheet.hazards import hazards  # noqa: PLC0415 - see above

        found = hazards(self._press.forms.all())
        say()
        say(words("line_pick"))
        for line in hazard_lines(found):
            say(line)
        while (sheet := picked(found, _prompt())) is None:
            say(words("line_no_such"))
        return sheet

    def _follow(self) -> None:
        """Know what it follows, where it is of a kind that follows something."""
        from broadcaster.documents import load  # noqa: PLC0415 - see above
        from broadcaster.model import Alert  # noqa: PLC0415

        if not self.sheet.of and self._press.kind(self.sheet).refers:
            options = followed(self._client.board())
            if not options:
                raise Conflict("nothing_to_follow")
            self.sheet = replace(
                self.sheet, of=self._must(Question(place="of", name=words("tui_field_of"), options=options))
            )
        if self.sheet.of:
            alert = load(Alert, self._client.report(self.sheet.of)["row"]["alert"])
            self._live = (alert,)
            self.sheet = replace(self.sheet, incident=alert.incident)

    # ------------------------------------------------------------ the fields

    def _ask(self, question: Question) -> None:
        """Ask one thing and keep the answer."""
        value = self._answer(question)
        if value:
            self.sheet = filled(self.sheet, question.place, value)
            self._keep()
        if question.place == "areas" and self.sheet.areas:
            self._tell_reach()

    def _tell_reach(self) -> None:
        """Say how many subscribers the areas have."""
        of = self._press.template(self.sheet) or self.sheet.frame
        count = self._client.reach(self.sheet.areas, [each.value for each in of.category], of.severity.value)
        say(words("line_reach", count=f"{count:,}"))

    def _answer(self, question: Question) -> str:
        """Return the answer, empty where what is there stays."""
        for line in question.lines():
            say(line)
        while True:
            try:
                typed, removed = cleaned(_prompt(), question.place)
                value = question.value(typed) if typed.strip() else ""
            except ValueError:
                say(words("line_no_such"))
                continue
            if removed:
                say(words("tui_cleaned", codepoints=", ".join(removed[:5]), count=len(removed)))
            return value

    def _must(self, question: Question) -> str:
        while not (value := self._answer(question)):
            say(words("line_needed"))
        return value

    def _languages(self) -> None:
        """Ask for each further language whether it is said, and how it writes the names."""
        asker = Asker(self._press, self.sheet)
        said, wanted = self._press.languages(self.sheet), list[str]()
        for tag in asker.tags():
            name = words(f"language_{tag}")
            if not asker.demanded(tag) and not self._yes(words("line_say_in", language=name), tag in said):
                continue
            wanted.append(tag)
            say()
            say(words("line_words_in", language=name))
            for question in Asker(self._press, self.sheet).further(tag):
                self._ask(question)
        self.sheet = replace(self.sheet, languages=("ja", *wanted))
        self._keep()

    def _own_words(self) -> None:
        """Have words written freely, beginning with what the template says."""
        for tag in self._own if self.sheet.template else ():
            if tag not in self.sheet.texts:
                said = self._press.texts(self.sheet, datetime.now(UTC))
                if tag not in said:
                    raise click.UsageError(words("usage_own_words", language=tag, known=", ".join(said)))
                self.sheet = replace(self.sheet, texts={**self.sheet.texts, tag: said[tag]})
            say()
            say(words("line_words_in", language=words(f"language_{tag}")))
            for question in Asker(self._press, self.sheet).texts(tag):
                self._ask(question)

    def _yes(self, question: str, now: bool) -> bool:
        usual = "yes" if now else "no"
        return (self._answer(Question(place="", name=question, now=usual, options=_yes_no())) or usual) == "yes"

    # ------------------------------------------------------------ what is wrong

    def _mend(self) -> None:
        """Say every problem, and ask again what keeps it from being sent, until nothing does."""
        while blocking := self._problems():
            questions = {question.place: question for question in self._all()}
            asked = dict.fromkeys(problem.place for problem in blocking)
            open_ = [questions[place] for place in asked if place in questions]
            if not open_:
                self._languages()
            for question in open_:
                say()
                for problem in blocking:
                    if problem.place == question.place:
                        say(f"! {words(problem.code, **problem.params)}")
                self._ask(replace(question, must=True))

    def _problems(self) -> list[Problem]:
        found = self._press.problems(self.sheet, datetime.now(UTC), self._live)
        blocking = [each for each in found if each.blocking]
        names = {question.place: question.name for question in self._all()}
        say()
        say(words("line_problems", count=len(blocking)) if blocking else words("line_no_problems"))
        for each in found:
            mark = "!" if each.blocking else "-"
            say(f"  {mark} {names.get(each.place, each.place)}: {words(each.code, **each.params)}")
        return blocking

    def _all(self) -> Iterator[Question]:
        asker = Asker(self._press, self.sheet)
        yield from asker.questions()
        for tag in asker.tags():
            yield from asker.further(tag)
        if self.sheet.template:
            for tag in self.sheet.texts:
                yield from asker.texts(tag)

    # ------------------------------------------------------------ keeping and sending

    def _keep(self) -> None:
        """Keep the sheet as it is now. What another officer changed meanwhile is shown, never overwritten unseen."""
        from broadcaster.sheet import to_json  # noqa: PLC0415 - see above

        if self._row is None and self.sheet.blank:
            return
        body = to_json(self.sheet)
        try:
            self._row = self._saved(body)
        except Conflict as conflict:
            if conflict.code != "draft_changed":
                raise
            self._met(conflict)

    def _saved(self, body: Any) -> Any:
        row = self._row
        return self._client.save_draft(row["id"], row["version"], body) if row else self._client.open_draft(body)

    def _met(self, conflict: Conflict) -> None:
        from broadcaster.sheet import differences, from_json  # noqa: PLC0415 - see above

        self._row = self._client.draft(self._row["id"])
        theirs = from_json(self._row["body"])
        say(words(conflict.code, **conflict.params))
        names = {question.place: question.name for question in self._all()}
        by = who(self._row["updated_by"]["name"])
        for each in differences(self.sheet, theirs):
            say(f"  {names.get(each.place, each.place)}:")
            say(f"    1 {words('tui_ours')}: {each.ours or '-'}")
            say(f"    2 {by}: {each.theirs or '-'}")
        options = (Option("ours", words("tui_key_ours")), Option("theirs", words("tui_key_theirs")))
        if self._must(Question(place="", name=words("line_whose"), options=options)) == "theirs":
            self.sheet = theirs
        else:
            self._keep()

    def _send(self) -> Any:
        """Show in words what would go out, have it confirmed by typing, and hand it in once."""
        from broadcaster.documents import digest, dump  # noqa: PLC0415 - see above

        draft = dump(self._press.draft(self.sheet, datetime.now(UTC)))
        shown = self._client.preview(draft)
        for line in _said(shown):
            say(line)
        if any(each["blocking"] for each in shown["problems"]):
            say(words("line_not_yet", number=self.number))
            return None
        self._confirm(shown)
        more = {"digest": str(shown["digest"]), "source": digest(self.sheet), "draft_id": self.number}
        return self._client.hand_in(draft, secrets.token_hex(16), of=self.sheet.of, **more)

    def _confirm(self, shown: Any) -> None:
        from broadcaster.tui.typed import asked, matches  # noqa: PLC0415 - the same question as at the desk
        from broadcaster.tui.words import Words  # noqa: PLC0415

        word = asked(shown["mode"], shown["alert"], Words(language()))
        say(words("line_confirm", mode=mode(shown["mode"]), word=word))
        if not matches(_prompt(), word):
            raise click.Abort


def _prompt() -> str:
    """Read one line: no colour, no cursor, nothing drawn again. Raise `click.Abort` at its end."""
    return str(click.prompt("", default="", show_default=False, prompt_suffix="> "))


def _press(setting: Any) -> Press:
    from broadcaster.sheet.setting import press_of  # noqa: PLC0415 - jinja2 is not needed to see the board

    return press_of(setting)


def _yes_no() -> tuple[Option, ...]:
    return Option("yes", words("line_yes")), Option("no", words("line_no"))


def _said(shown: Any) -> Sequence[str]:
    """Return the words in every language, then to whom they go and how long they are."""
    lines = ["", words("line_preview")]
    for info in shown["alert"]["infos"]:
        lines += ["", f"[{info['language']}] {info['headline']}", info["description"], info["instruction"]]
    lines.append("")
    for each in shown["channels"]:
        if each["length"]:
            lines.append(words("line_length", channel=each["channel"], **each["length"]))
    return [*lines, *summary(shown)]
