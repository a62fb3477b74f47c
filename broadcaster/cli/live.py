"""Screens that move, for terminals only: the live board and bars of progress."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

from broadcaster.cli.tables import board_lines, channel, serial
from broadcaster.cli.words import words


def show_live(boards: Iterable[Any]) -> None:
    """Show each board in the place of the one before, until Ctrl-C."""
    with Live(console=Console(), auto_refresh=False, screen=False) as live:
        for board in boards:
            live.update(picture(board), refresh=True)


def picture(board: Any, *before: str) -> Group:
    """Return the board as a picture: the text, under it a bar for each delivery that is under way."""
    lines = [Text(line, style=_style(line, board["mode"])) for line in (*before, *board_lines(board))]
    under_way = [(row, each) for row in board["rows"] for each in row["deliveries"] if each["total"]]
    bars = _progress()
    for row, each in under_way:
        bars.add_task(
            f"{serial(row['alert'])} {channel(each['channel'])}", total=each["total"], completed=each["progress"]
        )
    return Group(*lines, bars) if under_way else Group(*lines)


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
    with _progress() as progress:
        yield Bars(progress)


@contextmanager
def counting(title: str) -> Generator[Callable[[int, int], None], None, None]:
    """Draw one bar, for imports, exports, copies and restores: call with what is done and how much there is."""
    with _progress() as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total or None)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.completed:.0f}/{task.total}")
    )


def _style(line: str, mode: str) -> str:
    if line.startswith("  ! "):
        return "bold red"
    return ("bold white on red" if mode == "live" else "bold black on yellow") if line.startswith("【") else ""
