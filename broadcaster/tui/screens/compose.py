"""Composing: a form made from a template, with every problem beside its field, kept with the desk as it grows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Static

from broadcaster.documents import dump, load
from broadcaster.errors import BroadcasterError, NotFound, RenderingError
from broadcaster.model import Alert, Problem
from broadcaster.sheet import Difference, Press, Sheet, differences, from_json
from broadcaster.sheet.hazards import hazards
from broadcaster.sheet.setting import press_of
from broadcaster.tui.filling import filled
from broadcaster.tui.forming import Maker, form, form_id, language_of
from broadcaster.tui.going import KEYS, GoesOn
from broadcaster.tui.handing import Handing
from broadcaster.tui.keeping import Keeper
from broadcaster.tui.messages import AreasChosen, Chosen, PasteRefused, Picked, TextCleaned
from broadcaster.tui.screens.base import DeskScreen
from broadcaster.tui.screens.difference import DifferenceScreen
from broadcaster.tui.screens.give_back import GiveBackScreen
from broadcaster.tui.screens.pick import PickScreen
from broadcaster.tui.screens.preview import PreviewScreen
from broadcaster.tui.screens.say import outcome
from broadcaster.tui.widgets.choice_field import ChoiceField
from broadcaster.tui.widgets.form_row import FormRow, TextPane, gathered
from broadcaster.tui.widgets.languages_bar import LanguagesBar, counted
from broadcaster.tui.widgets.sheet_state import SheetState

KEEP_S = 2.0
"""A sheet that has changed is kept this often: what a killed terminal loses at most."""
CHECK_S = 0.2
"""Quiet after a key before the sheet is checked."""
ASK_S = 0.8
"""Quiet before the core is asked how long the texts are and whom they reach."""


class ComposeScreen(GoesOn, DeskScreen[Any]):
    """The form of one sheet. Without a sheet it asks what to say, or fills one to follow the alert `of`. Its result is
    what became of the sheet (`desk.Submitted`), None where it was left.
    """

    NAME: ClassVar[str] = "tui_compose_name"
    CSS_PATH = "../css/compose.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012 (Textual's own)
    ABOUT: ClassVar[str] = "tui_compose_about"
    BINDINGS: ClassVar[list[BindingType]] = [
        *KEYS,
        Binding("f5,ctrl+s", "preview", "tui_key_preview", key_display="F5"),
        Binding("f6,ctrl+l", "next_language", "tui_key_next_language", key_display="F6"),
        Binding("f7,ctrl+n", "next_problem", "tui_key_next_problem", key_display="F7"),
        Binding("f4,ctrl+t", "free_text", "tui_key_free_text", key_display="F4"),
        Binding("f9", "look_at_difference", "tui_key_difference", key_display="F9"),
    ]

    def __init__(
        self, sheet: Sheet | None = None, of: str | None = None, kind: str = "update", row: Any = None
    ) -> None:
        super().__init__()
        self.sheet = sheet or Sheet()
        self.keeper = Keeper(self, row)
        self.press: Press | None = None
        self.problems: tuple[Problem, ...] = ()
        self.problems_told = False
        self._given, self._of, self._kind = sheet is not None, of, kind
        self._live: tuple[Alert, ...] = ()
        self._free: frozenset[str] = frozenset()
        self._waits: dict[str, Timer] = {}

    def body(self) -> Iterable[Widget]:
        """Return the frame; the fields come when the core has said what they are filled by."""
        yield Static(id="title")
        yield LanguagesBar()
        yield ContentSwitcher(id="forms")
        yield SheetState()

    def spoken(self) -> None:
        """Name what is filled."""
        self._entitle()

    # ------------------------------------------------------------ beginning

    def on_mount(self) -> None:
        """Find out what to fill."""
        self.begin()

    @work(exclusive=True, group="begin")
    async def begin(self) -> None:
        """Ask the core what sheets are filled by, and the officer what to say; then show the form."""
        try:
            self.press = press_of(await self.ask(lambda core: core.setting()))
            picked = await self._sheet(self.press)
        except BroadcasterError as error:
            self.desk.fail(error)
            picked = None
        if picked is None:
            self.dismiss(None)
            return
        self.sheet, self.keeper = picked.sheet, Keeper(self, picked.row)
        await self.show_form()
        self.set_interval(KEEP_S, self.keep)

    async def _sheet(self, press: Press) -> Picked | None:
        if self._given:
            return Picked(self.sheet, self.keeper.row)
        if self._of is not None:
            of, kind = self._of, self._kind
            return Picked(from_json(await self.ask(lambda core: core.sheet(of, kind))))
        drafts = await self.ask(lambda core: core.drafts())
        return await self.app.push_screen_wait(PickScreen(hazards(press.forms.all()), drafts))

    async def show_form(self) -> None:
        """Build every field from the sheet as it is."""
        if self.press is None:
            return
        await self._fetch_live()
        maker = Maker(press=self.press, sheet=self.sheet, board=self.desk.board, free=self._free_languages())
        switcher, bar = self.query_one(ContentSwitcher), self.query_one(LanguagesBar)
        await switcher.remove_children()
        bar.languages = maker.languages
        bar.front = bar.front if bar.front in maker.languages else maker.languages[0]
        await switcher.mount(*(form(tag, maker.fields(tag), shown=tag == bar.front) for tag in maker.languages))
        switcher.current = form_id(bar.front)
        self._entitle()
        self._focus_shown()
        self.check()

    def _free_languages(self) -> frozenset[str]:
        return self._free | frozenset(tag for tag, own in self.sheet.texts.items() if not own.empty)

    async def _fetch_live(self) -> None:
        """Have what the sheet follows: the rules look at it too."""
        of = self.sheet.of
        if of and of not in [alert.identifier for alert in self._live]:
            with self.failing():
                report = await self.ask(lambda core: core.report(of))
                self._live = (load(Alert, report["row"]["alert"]),)

    def _entitle(self) -> None:
        template = self.press.template(self.sheet) if self.press else None
        name = template.name[self.words.language] if template else self.words("hazard_free_text")
        follows = self.words("tui_follows", serial=self._live[0].serial) if self.sheet.of and self._live else ""
        kind = self.words(f"kind_{self.press.kind(self.sheet).value}") if self.press else ""
        said = "  ".join(part for part in (name, kind if follows else "", follows) if part)
        self.query_one("#title", Static).update(said, layout=False)

    # ------------------------------------------------------------ filling

    def fill(self, place: str, value: str) -> None:
        """Put a field's value into the sheet."""
        before, self.sheet = self.sheet, filled(self.sheet, place, value, self.query_one(LanguagesBar).languages)
        if self.sheet != before:
            self._soon("check", CHECK_S, self.check)
            self._soon("inquire", ASK_S, self.inquire)

    def on_chosen(self, event: Chosen) -> None:
        """Take what is chosen."""
        self.fill(event.place, event.value)
        if event.place == "of":
            self._soon("follow", 0, self.follow)
        elif event.place == "frame.level":
            for field in self.query(ChoiceField):
                if field.place == "frame.severity":
                    field.value = self.sheet.frame.severity.value

    def on_areas_chosen(self, event: AreasChosen) -> None:
        """Take the areas."""
        self.sheet = replace(self.sheet, areas=event.areas)
        self.check()
        self._soon("inquire", ASK_S, self.inquire)

    @work(exclusive=True, group="follow")
    async def follow(self) -> None:
        """Know the incident of what was chosen to be followed."""
        await self._fetch_live()
        self.sheet = replace(self.sheet, incident=self._live[0].incident) if self._live else self.sheet
        self._entitle()
        self.check()

    def on_text_cleaned(self, event: TextCleaned) -> None:
        """Say what was taken out."""
        shown = ", ".join(event.removed[:5])
        self._state(lambda state: state.notice("tui_cleaned", codepoints=shown, count=len(event.removed)))

    def on_paste_refused(self, event: PasteRefused) -> None:
        """Say that nothing was taken."""
        self._state(lambda state: state.notice("tui_paste_refused", length=event.length))

    def on_descendant_focus(self) -> None:
        """What was said of one field is over with it."""
        self._state(lambda state: state.notice())

    def _state(self, tell: Callable[[SheetState], None]) -> None:
        """Tell the line of the sheet's state, unless the screen is being left."""
        for state in self.query(SheetState):
            tell(state)

    def _soon(self, name: str, seconds: float, act: Callable[[], object]) -> None:
        """Do it once nothing has changed for so long."""
        if name in self._waits:
            self._waits[name].stop()
        self._waits[name] = self.set_timer(seconds or 0.001, act)

    # ------------------------------------------------------------ checking

    def rows(self) -> list[FormRow | TextPane]:
        """Return every field of every language."""
        return [each for each in self.query("FormRow, TextPane") if isinstance(each, FormRow | TextPane)]

    def check(self) -> None:
        """Tell every problem beside its field, and show the words as they are so far."""
        if self.press is None or not self.is_mounted:
            return
        now = self.desk.now()
        try:
            self.problems = self.press.problems(self.sheet, now, self._live)
            texts = self.press.texts(self.sheet, now)
        except (NotFound, RenderingError) as error:
            self.desk.fail(error)
            return
        rows, bar = self.rows(), self.query_one(LanguagesBar)
        found, others = gathered(self.problems, rows)
        for number, row in enumerate(rows):
            row.tell(found.get(number, []))
            if isinstance(row, TextPane) and row.language in texts:
                row.show(texts[row.language])
        bar.said = self.press.languages(self.sheet)
        bar.problems = counted([each.place for each in self.problems if each.blocking], bar.languages)
        self._state(lambda state: state.checked(self.problems, others))
        self.problems_told = True

    @work(exclusive=True, group="inquire")
    async def inquire(self) -> None:
        """Ask the core whom it reaches, and how long each channel's text is."""
        if self.press is None:
            return
        sheet, draft = self.sheet, None
        template = self.press.template(sheet)
        wanted = template or sheet.frame
        categories, severity = [each.value for each in wanted.category], wanted.severity.value
        if not any(each.blocking for each in self.problems):
            draft = self.press.draft(sheet, self.desk.now())
        try:
            reached = (
                await self.ask(lambda core: core.reach(sheet.areas, categories, severity)) if sheet.areas else None
            )
            preview = await self.ask(lambda core: core.preview(dump(draft))) if draft else None
        except BroadcasterError:
            return  # the mode bar says that the core is away; problems of the draft are told by the check
        self._state(lambda state: state.inquired(reached, preview))

    # ------------------------------------------------------------ keeping

    @work(group="keep")
    async def keep(self) -> None:
        """Keep the sheet with the desk."""
        await self._keep()

    async def _keep(self) -> None:
        before = self.keeper.theirs
        await self.keeper.keep(self.sheet)
        self._state(lambda state: state.kept(self.keeper, self.sheet))
        self.refresh_bindings()
        if self.keeper.theirs is not None and before is None:
            self.action_look_at_difference()

    async def action_leave(self) -> None:  # type: ignore[override]
        """Go back; what was typed is kept."""
        await self._keep()
        if self.keeper.theirs is None:
            self.dismiss(None)

    async def put_away(self) -> None:
        """Keep the sheet, with what was typed last."""
        await self.take_typed()
        await self.keeper.keep(self.sheet)

    @work(exclusive=True, group="difference")
    async def action_look_at_difference(self) -> None:
        """Show what another officer changed, and ask whose words stay."""
        row = self.keeper.theirs
        if row is None:
            return
        found = differences(self.sheet, from_json(row["body"]))
        names = [self._field_name(each.place) for each in found]
        stays = await self.app.push_screen_wait(DifferenceScreen(row, [self._worded(each) for each in found], names))
        if stays == "ours":
            self.keeper.overwrite()
            await self._keep()
        elif stays == "theirs":
            self.sheet = from_json(self.keeper.take_theirs())
            await self.show_form()

    def _worded(self, each: Difference) -> Difference:
        """Say what was chosen in the words it was offered in."""
        for field in self.query(ChoiceField):
            if field.place == each.place:
                return replace(each, ours=field.worded(each.ours), theirs=field.worded(each.theirs))
        return each

    def _field_name(self, place: str) -> str:
        for row in self.rows():
            if place in row.places and isinstance(row, FormRow):
                return row.named
        return place

    # ------------------------------------------------------------ going about

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the difference only while there is one."""
        if action == "look_at_difference":
            return self.keeper.theirs is not None
        return super().check_action(action, parameters)

    @work(exclusive=True, group="preview")
    async def action_preview(self) -> None:
        """Keep the sheet and show what would go out; sent from there, the form is done. What keeps it from being sent
        is gone to instead.
        """
        self.check()
        if self.press is None or any(each.blocking for each in self.problems):
            self.action_next_problem()
            return
        await self._keep()
        if self.keeper.theirs is not None:
            return
        draft = dump(self.press.draft(self.sheet, self.desk.now()))
        handing = Handing(draft=draft, key=self.desk.new_key(), of=self.sheet.of, draft_id=self.keeper.number)
        done = await self.app.push_screen_wait(PreviewScreen(handing))
        if done is not None:
            self.desk.tell(outcome(done, self.words))
            self.dismiss(done)

    def action_next_language(self) -> None:
        """Look at the next language."""
        bar = self.query_one(LanguagesBar)
        self._look_at(bar.languages[(bar.languages.index(bar.front) + 1) % len(bar.languages)])
        self._focus_shown()

    def _look_at(self, language: str) -> None:
        self.query_one(LanguagesBar).front = language
        self.query_one(ContentSwitcher).current = form_id(language)

    def _focus_shown(self) -> None:
        front = self.query_one(f"#{form_id(self.query_one(LanguagesBar).front)}")
        first = next((each for each in front.query("FormRow *") if each.focusable), None)
        if first is not None:
            first.focus()

    def action_next_problem(self) -> None:
        """Go to the next field that keeps it from being sent, in whatever language."""
        self._go_to([row for row in self.rows() if isinstance(row, FormRow) and row.blocked])

    def _go_to(self, rows: Sequence[FormRow]) -> None:
        if not rows:
            return
        here = next((number for number, row in enumerate(rows) if row.has_focus_within), -1)
        row = rows[(here + 1) % len(rows)]
        form = next(each for each in row.ancestors if isinstance(each, VerticalScroll))
        self._look_at(language_of(str(form.id)))
        first = next((each for each in row.query("*") if each.focusable), None)
        if first is not None:
            first.focus()

    @work(exclusive=True, group="free_text")
    async def action_free_text(self) -> None:
        """Write the words of the language in front oneself, beginning with what the template says; or give them up for
        the template's again.
        """
        if self.press is None or not self.sheet.template:
            return
        language, texts = self.query_one(LanguagesBar).front, dict(self.sheet.texts)
        if language not in self._free_languages():
            self._free |= {language}
            texts[language] = self.press.texts(self.sheet, self.desk.now())[language]
        elif await self.app.push_screen_wait(GiveBackScreen(language)):
            self._free -= {language}
            texts.pop(language, None)
        else:
            return
        self.sheet = replace(self.sheet, texts=texts)
        await self.show_form()
