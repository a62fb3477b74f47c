"""Screens that move, for terminals only: the live board, and how the deliveries of one alert get on."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.padding import Padding
from rich.progress import Progress, TaskID
from rich.table import Table
from rich.text import Text

from broadcaster.cli.bars import progress_bars
from broadcaster.cli.tables import accepted_by, board_lines, channel, delivery_cells, needs_lines, title
from broadcaster.cli.words import words

MODES = {"live": "bold white on red", "drill": "bold white on blue"}
STATES = {
    "confirmed": "bold green",
    "accepted": "green",
    "sending": "bold cyan",
    "ready": "cyan",
    "retry_wait": "yellow",
    "in_doubt": "bold yellow",
    "needs_human": "bold red",
    "held": "bold yellow",
    "failed": "bold red",
}
"""A colour for each state; the word says the same. Frames and marks are left out: terminals disagree about how wide
such characters are among Japanese ones."""
BAR = 24


def show_live(boards: Iterable[Any]) -> None:
    """Show each board in the place of the one before, until Ctrl-C."""
    with Live(console=Console(), auto_refresh=False, screen=False) as live:
        for board in boards:
            live.update(picture(board), refresh=True)


def picture(board: Any, *before: str) -> Group:
    """Return the board as a picture: mode over the whole width, what needs a person, then a table for each alert."""
    style = MODES[board["mode"]]
    head = Text(f" {next(board_lines(board))} ", style=style, justify="center")
    needs = [Text(line, style="bold red" if line.startswith("  ! ") else "bold") for line in needs_lines(board)]
    empty = [] if board["rows"] else [Text(words("board_empty"))]
    alerts = [_alert(row, board) for row in board["rows"]]
    return Group(*map(Text, before), Padding(head, style=style), *needs, *empty, *alerts)


def _alert(row: Any, board: Any) -> Group:
    """Return one alert with a line for each delivery."""
    table = Table(box=None, expand=True, show_header=False, padding=(0, 1))
    for _ in range(3):
        table.add_column(no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    for each in row["deliveries"]:
        number, name, state, _, proof = delivery_cells(each)
        table.add_row(Text(number, style="dim"), name, Text(state, style=STATES.get(each["state"], "dim")), proof)
        if each["total"]:
            table.add_row("", "", "", bar(each["progress"], each["total"]))
    force = words("in_force" if row["in_force"] else "not_in_force")
    return Group("", Text(title(row), style="bold"), Text(f"{force} / {accepted_by(row, board['zone'])}"), table)


def bar(done: int, total: int) -> Text:
    """Return a bar and the count."""
    filled = BAR * done // total
    return Text.assemble("[", ("#" * filled, "green"), "-" * (BAR - filled), f"] {done:,}/{total:,}")


class Bars:
    """One bar per delivery of one alert: mail counts recipients, the others are done or not."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[int, TaskID] = {}

    def update(self, deliveries: Sequence[Any]) -> None:
        """Draw what the deliveries say now."""
        for each in deliveries:
            total = each["total"] or 1
            done = each["progress"] if each["total"] else int(each["state"] in ("accepted", "confirmed"))
            words_of = f"{channel(each['channel'])} {words('state_' + each['state'])}"
            if each["id"] not in self._tasks:
                self._tasks[each["id"]] = self._progress.add_task(words_of, total=total)
            self._progress.update(self._tasks[each["id"]], total=total, completed=done, description=words_of)


@contextmanager
def bars() -> Generator[Bars, None, None]:
    """Draw bars while the block runs."""
    with progress_bars() as progress:
        yield Bars(progress)
