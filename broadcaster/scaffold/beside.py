"""A drill instance beside a live one: it says the same in the same words, and has everything else of its own.

What it takes over is who speaks and by which rules: the tables `[city]` and `[rules]`, without the residents' address.
Never secrets, endpoints, published directories, the socket or its group. X, the relay and its mailbox are stand-ins on
this machine, so that the drill works at once and can lead nowhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from broadcaster.config import Core, load_core
from broadcaster.config.lines import Path as Place
from broadcaster.config.lines import lines_of
from broadcaster.errors import Refused
from broadcaster.model import Actor, Mode, Problem, Subscriber
from broadcaster.ports.world import Entropy
from broadcaster.scaffold.making import CONFIG, DATA, SECRETS, example, made, replaced, spelled
from broadcaster.store import FILE, open_store

_OWN_PORTS = 5
"""Of the residents' address, the page server behind it, X, the relay, and the mailbox that is read back."""
_HIGHEST_PORT = 65535
_HERE = "127.0.0.1"
_KEYS = "consumer-key", "consumer-secret", "access-token", "access-token-secret"
MONITOR = "monitor@residents.example"
"""The stand-in mailbox that is read back. `.example` belongs to nobody (RFC 2606)."""


def home_beside(live: Path) -> Path:
    """Return the usual folder of a drill beside this live instance (its folder, or its configuration)."""
    home = _config(live).absolute().parent
    return home.with_name(f"{home.name}-drill")


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """Who makes it, when, and by what chance."""

    by: Actor
    now: datetime
    entropy: Entropy


def create_beside(folder: Path, live: Path, maker: Maker, port: int | None = None) -> tuple[Path, ...]:
    """Make the drill and return what was made. `live` is the live instance's folder or configuration.

    Its one subscriber is the mailbox that is read back, so that the way of a mail can be seen at once. Raise
    `ConfigError` where the live one cannot be read, `Refused` where a drill beside it would be nonsense.
    """
    config = _config(live)
    core = load_core(config)
    first = port or min(core.page_server.port + 1, _HIGHEST_PORT - _OWN_PORTS)
    problems = [*_wrong(config, core.mode), *_too_near(folder, config), *_taken(first, core.page_server.port)]
    if problems:
        raise Refused(problems)
    files = made(folder, text_beside(core, first), Mode.DRILL, stand_in_secrets(maker.entropy))
    asyncio.run(_subscribe(folder / DATA / FILE, maker))
    return files


async def _subscribe(store: Path, maker: Maker) -> None:
    opened = open_store(store, Mode.DRILL, read_only=False)
    try:
        await opened.put((Subscriber(address=MONITOR),), maker.by, maker.now)
    finally:
        await opened.close()


def text_beside(core: Core, first: int) -> str:
    """Return the drill's configuration; its five ports begin with `first`."""
    values: dict[Place, object] = {
        ("mode",): Mode.DRILL.value,
        ("page_server", "port"): first + 1,
        ("drill", "stand_ins"): True,
        ("drill", "approval"): True,
        ("channels", "twitter", "enabled"): True,
        ("channels", "twitter", "base_url"): f"http://{_HERE}:{first + 2}",
        ("channels", "twitter", "post_url"): f"http://{_HERE}:{first + 2}/status/{{id}}",
        ("channels", "mail", "enabled"): True,
        ("channels", "mail", "host"): _HERE,
        ("channels", "mail", "port"): first + 3,
        ("channels", "mail", "tls"): "none",
        ("channels", "mail", "canary"): [MONITOR],
    }
    text = replaced(example(), values)
    text = _with_table(text, "rules", core.rules.model_dump(mode="json"))
    own = {"public_url": f"http://{_HERE}:{first}/"}
    return _with_table(text, "city", core.city.model_dump(mode="json") | own) + _readback(first + 4)


def stand_in_secrets(entropy: Entropy) -> Mapping[str, str]:
    """Return what is in the drill's secret files: words of its own that open nothing but the stand-ins."""
    names = (*(f"x-{key}" for key in _KEYS), "smtp-password", "pop3-password")
    return {f"{SECRETS}/{name}": f"{entropy.token()}\n" for name in names}


def _readback(port: int) -> str:
    table = {
        "host": _HERE,
        "port": port,
        "tls": "none",
        "username": MONITOR,
        "password_file": "secrets/pop3-password",
    }
    return "\n[channels.mail.readback]\n" + "".join(f"{name} = {spelled(value)}\n" for name, value in table.items())


def _with_table(text: str, name: str, values: Mapping[str, Any]) -> str:
    """Return the text with these values in the table; those that it has no line for follow its last line."""
    own = lines_of(text).own
    known: dict[Place, object] = {(name, key): value for key, value in values.items() if (name, key) in own}
    text = replaced(text, known)
    more = [f"{key} = {spelled(value)}\n" for key, value in values.items() if (name, key) not in own and value]
    lines = text.splitlines(keepends=True)
    last = max(line for place, line in lines_of(text).own.items() if place[0] == name and len(place) == 2)  # noqa: PLR2004
    return "".join([*lines[:last], *more, *lines[last:]])


def _config(live: Path) -> Path:
    return live / CONFIG if live.is_dir() else live


def _wrong(config: Path, mode: Mode) -> list[Problem]:
    return (
        [] if mode is Mode.LIVE else [Problem(code="init_beside_drill", place="--beside", params={"path": str(config)})]
    )


def _too_near(folder: Path, config: Path) -> list[Problem]:
    """Each has folders of its own: `folder` is neither the live instance's, nor within it, nor around it."""
    ours, theirs = folder.resolve(), config.resolve().parent
    if ours.is_relative_to(theirs) or theirs.is_relative_to(ours):
        return [Problem(code="init_beside_inside", place=str(folder), params={"path": str(theirs)})]
    return []


def _taken(first: int, live: int) -> list[Problem]:
    last = first + _OWN_PORTS - 1
    if first <= live <= last or last > _HIGHEST_PORT:
        params = {"first": first, "last": last, "live": live}
        return [Problem(code="init_beside_port", place="--port", params=params)]
    return []
