"""The stage of the demonstration: providers on loopback, a drill configuration that reaches nothing else, residents.

Everything is as in a city's own service: the same processes, the same channels, the same wire. Only the other ends
are ours.
"""

from __future__ import annotations

import secrets
import socket
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from broadcaster.demo.front import Front
from broadcaster.demo.jma import JmaProvider, telegram
from broadcaster.demo.pop3 import Pop3Provider
from broadcaster.demo.providers import Cast, playing
from broadcaster.demo.smtp import SmtpProvider
from broadcaster.demo.trouble import Trouble
from broadcaster.demo.x import XProvider
from broadcaster.model import EASY_JAPANESE, JAPANESE, Subscriber
from broadcaster.scaffold import MONITOR, spelled

_PORTS = range(20_000, 32_000)
RESIDENTS = (
    Subscriber(address="sakura@residents.example", language=JAPANESE),
    Subscriber(address="minh@residents.example", language=EASY_JAPANESE),
    Subscriber(address=MONITOR, language="en"),
)
CITY, AREA = "見本市", "1399900"
"""The sample city, and its code at the sample agency; no municipality has it."""
SAMPLE = "flood-level4"
"""The alert template the demonstration sends."""
POSTS_24_H = 2_400
"""As a city's own budget has it (config.example.toml), so that the board does not puzzle a newcomer."""
_LONGEST_SOCKET = 100
"""Bytes of a unix socket's path that every system takes (sun_path holds 108 on Linux, 104 elsewhere)."""
_LOGIN, _PASSWORD = "broadcaster", "demonstration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A prepared demonstration: its configuration, socket, and addresses."""

    config: Path
    socket: Path
    page: str
    x: XProvider
    smtp: SmtpProvider
    jma: JmaProvider

    def rain(self) -> None:
        """Have the agency warn the sample city of heavy rain."""
        at = datetime.now(UTC)
        body = telegram(
            "03",
            "レベル３大雨警報",
            area=AREA,
            area_name=CITY,
            at=at,
            headline=f"{CITY}では、低い土地の浸水に警戒してください。",
        )
        self.jma.publish("VPWW55", body, at)

    @property
    def urls(self) -> Mapping[str, str]:
        """The residents' addresses."""
        feeds = self.page + "feeds/"
        return {"page": self.page, "atom": feeds + "atom.xml", "rss": feeds + "rss.xml", "cap": feeds + "cap/index.xml"}


@asynccontextmanager
async def stage(
    folder: Path,
    account: XProvider | None = None,
    trouble: Trouble | None = None,
    *,
    approval: bool = False,
    watching: bool = False,
    canary: bool = True,
) -> AsyncGenerator[Stage, None]:
    """Start the providers and write the configuration into `folder`; stop them at the end. `approval`: as in earnest,
    a second person has to agree. `watching`: the weather agency's feed is watched. `canary`: the channels are tested
    on a schedule.
    """
    with tempfile.TemporaryDirectory(prefix="broadcaster-") as short:
        x, smtp, server = (
            account or XProvider(limit_24h=POSTS_24_H),
            SmtpProvider(users={_LOGIN: _PASSWORD}, keep=(MONITOR,)),
            free_port(),
        )
        pop3 = Pop3Provider(smtp.mailboxes, {MONITOR: _PASSWORD})
        front = Front(server) if trouble and trouble.page else None
        cast = Cast(x=x, smtp=smtp, pop3=pop3, front=front)
        async with playing(cast, trouble or Trouble()), JmaProvider() as jma:
            page = f"http://127.0.0.1:{front.port if front else server}/"
            listening = _socket(folder, Path(short))
            config = folder / "config.toml"
            tables: dict[str, Mapping[str, object]] = {
                "drill": {"approval": approval},
                **({"canary": _canary()} if canary else {}),
                "channels.twitter": x.settings(),
                "channels.twitter.canary": x.test_keys,
                **_mail(smtp, pop3),
                **({"upstream": _upstream(jma)} if watching else {}),
            }
            _write(config, configuration(page, server, listening, tables))
            yield Stage(config=config, socket=listening, page=page, x=x, smtp=smtp, jma=jma)


def _socket(folder: Path, short: Path) -> Path:
    wanted = folder / "desk.sock"
    return wanted if len(bytes(wanted)) <= _LONGEST_SOCKET else short / "desk.sock"


def free_port() -> int:
    """Return a port that nobody listens on at this moment. It is none of those that systems hand out by themselves
    (Linux from 32768, others from 49152): such a one could be some connection's before it is listened on.
    """
    while True:
        port = _PORTS.start + secrets.randbelow(len(_PORTS))
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def configuration(page: str, server: int, listening: Path, channels: Mapping[str, Mapping[str, object]]) -> str:
    """Return the demonstration's configuration as TOML: the residents' address, the page server's port, the desk's
    socket, and the tables of X and mail.
    """
    tables: dict[str, Mapping[str, object]] = {
        "": {"mode": "drill", "socket": str(listening)},
        "city": {
            "name": CITY,
            "name_en": "Sample City",
            "sender": "sample-city.example",
            "public_url": page,
            "domains": ["127.0.0.1"],
            "contact": "見本市 防災課 042-000-0000",
            "contact_en": "Sample City Disaster Prevention 042-000-0000",
            "fallback": "FM 77.7 MHz",
            "areas": ["中央", "芋窪", "蔵敷"],
            "areas_en": {"中央": "Chuo", "芋窪": "Imokubo", "蔵敷": "Zoshiki"},
            "area_groups": [{"name": "浸水想定区域", "areas": ["中央", "芋窪"]}],
        },
        "page_server": {"host": "127.0.0.1", "port": server},
        **channels,
        "channels.page": {},
        "channels.feeds": {},
    }
    return "\n".join(_table(name, values) for name, values in tables.items())


def _mail(smtp: SmtpProvider, pop3: Pop3Provider) -> dict[str, Mapping[str, object]]:
    here = {"host": "127.0.0.1", "tls": "none", "password": _PASSWORD}
    return {
        "channels.mail": {
            **here,
            "port": smtp.port,
            "username": _LOGIN,
            "from_address": "bousai@sample-city.example",
            "unsubscribe": "unsubscribe@sample-city.example",
            "canary": [MONITOR],
        },
        "channels.mail.readback": {**here, "port": pop3.port, "username": MONITOR},
    }


def _canary() -> Mapping[str, object]:
    """Tests come round every morning; officers are told of silence through the relay of the demonstration."""
    return {
        "when": [{"at": "10:00"}],
        "readback": {"every_s": 5, "silent_after_s": 15},
        "alarm": {"mail_to": ["duty@sample-city.example"]},
    }


def _upstream(jma: JmaProvider) -> Mapping[str, object]:
    feed = {"name": "jma", "url": jma.url, "kind": "jma", "every_s": 1}
    rule = {
        "name": "大雨",
        "template": "heavy-rain-caution",
        "areas": [AREA],
        "types": ["VPWW53", "VPWW54", "VPWW55"],
        "codes": ["03", "43", "33"],
        "places": ["中央", "芋窪", "蔵敷"],
    }
    return {"feeds": [feed], "rules": [rule]}


def _table(name: str, values: Mapping[str, object]) -> str:
    """Return one TOML table."""
    lines = [f"[{name}]"] if name else []
    return "\n".join([*lines, *(f"{key} = {spelled(value)}" for key, value in values.items()), ""])


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text, encoding="utf-8")
