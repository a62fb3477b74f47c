"""Telling people of silence by another way than the silent one: mail to officers, a relay of its own, a webhook."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Protocol
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import aiohttp

from broadcaster.catalog import LANGUAGES, say
from broadcaster.documents import dump
from broadcaster.errors import BroadcasterError, DeliveryError, Reason
from broadcaster.model import Mode, Organ, Pulse, Text
from broadcaster.papers import silence
from broadcaster.papers.reading import Say
from broadcaster.ports.channel import Notifier
from broadcaster.ports.world import City, Egress
from broadcaster.rules.canary import ways

DEADLINE_S = 30.0
"""Seconds one way may take; the others go on meanwhile."""
SIGNATURE = "Broadcaster-Signature"
"""The header that shows a webhook's receiver who speaks: `sha256=` and the HMAC of the body, in hexadecimal."""
_PORTS = {"http": 80, "https": 443}
log = logging.getLogger("broadcaster.canary")


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What is to be told: what is silent, and what has answered again."""

    at: datetime
    silent: tuple[Pulse, ...] = ()
    answering: tuple[Pulse, ...] = ()

    @property
    def all(self) -> tuple[Pulse, ...]:
        """Everything it is about."""
        return (*self.silent, *self.answering)


class Way(Protocol):
    """One way to reach people."""

    async def tell(self, news: News) -> None:
        """Tell them. Raise `BroadcasterError` where nobody, or not everybody, could be told."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """Mail to officers, through whatever channel can write one."""

    notifier: Notifier
    addresses: tuple[str, ...]
    city: City
    mode: Mode

    async def tell(self, news: News) -> None:
        """Write one mail in all of the desk's languages."""
        await self.notifier.notify(self.addresses, letter(news, self.city, self.mode))


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A POST of JSON to one address; whoever answers 2xx has it."""

    url: str = field(repr=False)
    """Often a secret itself."""
    secret: str = field(repr=False)
    city: City
    mode: Mode
    egress: Egress

    async def tell(self, news: News) -> None:
        """Post it. Raise `DeliveryError`, `EgressRefused`."""
        parts = urlsplit(self.url)
        self.egress.check(parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0))
        body = json.dumps(document(news, self.city, self.mode), ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "User-Agent": f"Broadcaster ({self.city.sender})"}
        if self.secret:
            headers[SIGNATURE] = "sha256=" + hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        timeout = aiohttp.ClientTimeout(total=DEADLINE_S, sock_connect=5)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
                session.post(self.url, data=body, headers=headers, allow_redirects=False) as reply,
            ):
                status = reply.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise DeliveryError(Reason.CONNECT, maybe_sent=True, detail=type(error).__name__) from None
        if not 200 <= status < 300:  # noqa: PLR2004
            raise DeliveryError(Reason.REJECTED, maybe_sent=False, detail=f"HTTP {status}")


@dataclass(frozen=True, slots=True)
class Herald:
    """Tells by every way that is not itself silent."""

    ways: Mapping[str, Way]

    async def tell(self, news: News, silent: Iterable[Pulse]) -> Mapping[str, str]:
        """Return what came of each way that was tried: empty where it worked, else why not."""
        mute = {each.name for each in silent if each.organ is Organ.CHANNEL}
        chosen = ways(tuple(self.ways), mute)
        came = await asyncio.gather(*(self._try(name, news) for name in chosen))
        return dict(zip(chosen, came, strict=True))

    async def _try(self, name: str, news: News) -> str:
        words = {"event": "canary_told", "way": name, "silent": len(news.silent), "answering": len(news.answering)}
        try:
            async with asyncio.timeout(DEADLINE_S):
                await self.ways[name].tell(news)
        except (BroadcasterError, TimeoutError) as error:
            why = str(error) or type(error).__name__
            log.warning("Nobody could be told by %s.", name, extra={**words, "event": "canary_untold", "why": why})
            return why
        except Exception as error:  # one broken way must not keep the others from being tried
            log.exception("A way to tell people broke.", extra={**words, "event": "canary_untold"})
            return type(error).__name__
        log.info("People were told by %s.", name, extra=words)
        return ""


def letter(news: News, city: City, mode: Mode) -> Text:
    """Return the mail, in each language. A drill says at both ends that it is one."""
    code = "canary_subject_silent" if news.silent else "canary_subject_answers"
    mark = say("mode_drill", LANGUAGES[0]) if mode is Mode.DRILL else ""
    subject = say(code, LANGUAGES[0], city=city.name, count=len(news.all))
    said = ["\n".join(_lines(news, city, language)) for language in LANGUAGES]
    body = "\n\n----\n\n".join([mark, *said, mark] if mark else said)
    return Text(language=LANGUAGES[0], subject=f"{mark}{subject}{mark}", body=body + "\n")


def _lines(news: News, city: City, language: str) -> list[str]:
    words = partial(_in, language)
    silent = [f"- {_line(each, city.zone, words)}" for each in news.silent]
    back = [f"- {silence.subject(dump(each), words)}" for each in news.answering]
    return [
        words("canary_letter_head", city=city.name, time=f"{news.at.astimezone(city.zone):%Y-%m-%d %H:%M}"),
        *([words("canary_letter_silent"), *silent] if silent else []),
        *([words("canary_letter_answers"), *back] if back else []),
        words("canary_letter_todo" if silent else "canary_letter_done"),
    ]


def _in(language: str, code: str, /, **params: object) -> str:
    return say(code, language, **params)


def _line(pulse: Pulse, zone: ZoneInfo, words: Say) -> str:
    """Return since when and why something is silent."""
    since, told = (pulse.silent_since or pulse.since).astimezone(zone), dump(pulse)
    about = silence.subject(told, words)
    return words("canary_line", subject=about, since=f"{since:%m-%d %H:%M}", why=silence.why(told, words))


def document(news: News, city: City, mode: Mode) -> Mapping[str, object]:
    """Return what a webhook is sent: figures for machines, and the letter for people."""
    words = letter(news, city, mode)
    return {
        "event": "canary_silent" if news.silent else "canary_answers",
        "city": city.name,
        "sender": city.sender,
        "mode": mode.value,
        "at": news.at.isoformat(),
        "silent": [_figures(each) for each in news.silent],
        "answering": [_figures(each) for each in news.answering],
        "subject": words.subject,
        "text": words.body,
    }


def _figures(pulse: Pulse) -> Mapping[str, object]:
    return {
        "organ": pulse.organ.value,
        "name": pulse.name,
        "reason": pulse.reason,
        "params": dict(pulse.params),
        "silent_since": None if pulse.silent_since is None else pulse.silent_since.isoformat(),
        "answered_at": None if pulse.answered_at is None else pulse.answered_at.isoformat(),
        "alarms": pulse.alarms,
    }
