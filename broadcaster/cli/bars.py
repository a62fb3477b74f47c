"""Bars of progress, for terminals only."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TextColumn


def progress_bars() -> Progress:
    """Return room for bars; they are drawn while it is open."""
    return Progress(
        TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.completed:.0f}/{task.total}")
    )


@contextmanager
def counting(title: str) -> Generator[Callable[[int, int], None], None, None]:
    """Draw one bar, for imports, exports, copies and restores: call with what is done and how much there is."""
    with progress_bars() as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total or None)
