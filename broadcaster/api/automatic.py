"""The routes about what may be said without a person."""

from __future__ import annotations

from broadcaster.api import shapes
from broadcaster.api.asking import Ask, Route, get, post
from broadcaster.ports.store import Consent, Stop
from broadcaster.upstream import AutomaticView


async def _automatic(ask: Ask) -> AutomaticView:
    return await ask.automatic.view()


async def _approve_automatic(ask: Ask) -> Consent:
    return await ask.automatic.approve(ask.body.rule, ask.body.digest, ask.actor)


async def _hold_automatic(ask: Ask) -> Stop:
    return await ask.automatic.hold(ask.actor, ask.body.why)


async def _release_automatic(ask: Ask) -> None:
    await ask.automatic.release(ask.actor)


AUTOMATIC: tuple[Route, ...] = (
    get("/automatic", "Rules that may speak without a person, and how they stand", _automatic, AutomaticView),
    post(
        "/automatic/approve",
        "Give one's word for such a rule; it speaks from the second person's on",
        _approve_automatic,
        shapes.ApproveRule,
        Consent,
    ),
    post("/automatic/hold", "Stop all automatic sending", _hold_automatic, shapes.HoldAutomatic, Stop),
    post("/automatic/release", "Let it go on", _release_automatic, None, None),
)
