"""The duty officer's desk: a terminal program in which alerts are written, checked, sent, watched and lifted.

It is a client of the core like any other (`gateway`), keeps nothing of its own, and may be killed at any moment. `app`
holds what all screens share; each file in `screens/` owns one flow; `widgets/` draw, and post messages in the past
tense (`messages`). Only `open_desk` and `show_desk` are called from outside; Textual is loaded when they are.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from broadcaster.client import Client
    from broadcaster.ports.world import Clock


def open_desk(connect: Callable[[str], Client], clock: Clock, *, language: str, session: str = "") -> None:
    """Show the desk until the officer leaves it.

    `connect` makes a client of the core for a session ("" is none); `session` is one that was begun before.
    """
    from broadcaster.tui.app import DeskApp  # noqa: PLC0415 - Textual is loaded only where it is shown

    DeskApp(connect, clock, language=language, session=session).run()


async def show_desk(
    connect: Callable[[str], Client], clock: Clock, *, language: str, hint: Mapping[str, str], seconds: float | None
) -> None:
    """Show the desk within a running loop until the officer leaves it, the time is up, or a signal ends it.

    `hint` is a line by language that the board and the login show, as the demonstration does.
    """
    from broadcaster.tui.app import DeskApp  # noqa: PLC0415 - see above

    app, loop = DeskApp(connect, clock, language=language, hint=hint), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, app.exit)
    if seconds is not None:
        loop.call_later(seconds, app.exit)
    await app.run_async()
