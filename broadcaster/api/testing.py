"""The routes about test messages and what is silent."""

from __future__ import annotations

from broadcaster.api.asking import Ask, Route, get, post
from broadcaster.canary import Overview
from broadcaster.errors import NotFound
from broadcaster.model import Sounding


async def _canary(ask: Ask) -> Overview:
    if ask.canary is None:
        raise NotFound("canary_off")
    return await ask.canary.overview()


async def _test(ask: Ask) -> Sounding:
    if ask.canary is None:
        raise NotFound("canary_off")
    return await ask.canary.test(ask.actor)


TESTING: tuple[Route, ...] = (
    get("/canary", "Channels and public addresses that are watched, and how each is", _canary, Overview),
    post("/canary/test", "Say a test message at once, to test endpoints only", _test, None, Sounding),
)
