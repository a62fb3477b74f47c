"""The duty officer's desk: a terminal program in which alerts are written, checked, sent, watched and lifted.

It is a client of the core like any other (`gateway`), keeps nothing of its own, and may be killed at any moment. `app`
holds what all screens share; each file in `screens/` owns one flow; `widgets/` draw, and post messages in the past
tense (`messages`). Only `open_desk` is called from outside; Textual is loaded when it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from broadcaster.client import Client
    from broadcaster.ports.world import Clock


def open_desk(
    connect: Callable[[str], Client], clock: Clock, *, language: str, session: str = "", hint: str = ""
) -> None:
    """Show the desk until the officer leaves it.

    `connect` makes a client of the core for a session ("" is none); `session` is one that was begun before, `hint` a
    line that the board shows, as the demonstration does.
    """
    from broadcaster.tui.app import DeskApp  # noqa: PLC0415 - Textual is loaded only where it is shown

    DeskApp(connect, clock, language=language, session=session, hint=hint).run()
