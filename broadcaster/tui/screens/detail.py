"""One delivery with all that is known of it: every try, when it is tried next, and where it can be seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from textual import work
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from broadcaster.tui.drawing import Paper, arrival, clock_of, joined, pad
from broadcaster.tui.lines import Line, serial
from broadcaster.tui.screens.base import DeskModal
from broadcaster.tui.widgets.folded import Prose
from broadcaster.tui.widgets.reading import Reading
from broadcaster.tui.words import Words, plain


class DetailScreen(DeskModal[None]):
    """Shows it as it was when opened."""

    NAME: ClassVar[str] = "tui_detail"

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line
        self._attempts: list[Any] = []

    def body(self) -> Iterable[Widget]:
        """Return the text."""
        with Reading():
            yield Prose(id="detail")

    def on_mount(self) -> None:
        """Fetch the tries."""
        self._fetch()

    @work(exclusive=True)
    async def _fetch(self) -> None:
        with self.failing():
            report = await self.ask(lambda core: core.report(self._line.alert))
            self._attempts = report["attempts"].get(str(self._line.delivery["id"]), [])
            self.spoken()

    def spoken(self) -> None:
        """Tell all of it."""
        paper = Paper(words=self.words, now=self.desk.now(), zone=self.desk.zone, columns=self.app.size.width)
        alert = self._line.row["alert"]
        lines = [plain(f"{serial(alert)} {self.words.headline(alert)}", "bold"), plain("")]
        lines += [plain(f"{pad(self.words(code), 14)}{text}") for code, text in _facts(self._line, paper) if text]
        lines += [plain(""), plain(self.words("tui_detail_attempts"), "bold")]
        lines += [plain(f"  {_attempt(each, self.words, paper.zone)}") for each in self._attempts]
        self.query_one("#detail", Static).update(Content("\n").join(lines))


def _facts(line: Line, paper: Paper) -> Iterator[tuple[str, str]]:
    words, each = paper.words, line.delivery
    waits = each["state"] in ("ready", "retry_wait", "in_doubt")
    yield "tui_detail_target", f"{words.channel(each['channel'])}  {each['target']}  [{each['id']}]"
    yield "tui_detail_state", words(f"state_{each['state']}")
    yield "tui_detail_reason", joined(words.reason(each["reason"]), each["detail"])
    yield "tui_detail_arrival", arrival(each, line.target_s, paper)
    yield "tui_detail_progress", f"{each['progress']:,}/{each['total']:,}" if each["total"] else ""
    yield "tui_detail_next", clock_of(each["due_at"], paper.zone) if waits else ""
    yield "tui_detail_expires", clock_of(each["expires_at"], paper.zone)
    yield "tui_detail_proof", joined(each["url"], each["ref"])


def _attempt(one: Any, words: Words, zone: str) -> str:
    """Return one try or look as a line."""
    return joined(
        clock_of(one["ended_at"], zone),
        words("attempt", number=one["number"]),
        words(f"outcome_{one['outcome']}"),
        words.reason(one["reason"]),
        one["detail"],
        one["ref"],
    )
