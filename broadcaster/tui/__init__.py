"""The duty officer's desk: a terminal program in which alerts are written, checked, sent, watched and lifted.

It is a client of the core like any other (`gateway`), keeps nothing of its own, and may be killed at any moment. `app`
holds what all screens share; each file in `screens/` owns one flow; `widgets/` draw, and post messages in the past
tense (`messages`). Only `open_desk` and `show_desk` are called from outside; Textual is loaded when they are.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from broadcaster.client import Client
    from broadcaster.ports.world import Clock
    from broadcaster.tui.app import DeskApp


def open_desk(connect: Callable[[str], Client], clock: Clock, *, language: str, session: str = "") -> None:
    """Show the desk until the officer leaves it. Raise whatever has broken it.

    `connect` makes a client of the core for a session ("" is none); `session` is one that was begun before.
    """
    from broadcaster.tui.app import DeskApp  # noqa: PLC0415 - Textual is loaded only where it is shown

    app = DeskApp(connect, clock, language=language, session=session)
    asyncio.run(_shown(app, (signal.SIGTERM, signal.SIGHUP)))


async def show_desk(
    connect: Callable[[str], Client], clock: Clock, *, language: str, hint: Mapping[str, str], seconds: float | None
) -> None:
    """Show the desk within a running loop until the officer leaves it, the time is up, or a signal ends it.

    `hint` is a line by language that the board and the login show, as the demonstration does.
    """
    from broadcaster.tui.app import DeskApp  # noqa: PLC0415 - see above

    app = DeskApp(connect, clock, language=language, hint=hint)
    if seconds is not None:
        asyncio.get_running_loop().call_later(seconds, app.exit)
    await _shown(app, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))


async def _shown(app: DeskApp, signals: Iterable[int]) -> None:
    """Show it; each of these signals ends it as its own key does, with nothing lost that was typed."""
    for number in signals:
        asyncio.get_running_loop().add_signal_handler(number, app.leave)
    await app.run_async()
    app.raise_broken()
