"""What the tests of mail share: a ledger with exact accounts, and the channel in front of a loopback server."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any

from broadcaster.demo.smtp import SmtpProvider
from broadcaster.model import Grade, Message, Recipient
from broadcaster.ports.channel import Handed
from broadcaster.ports.world import Context
from channels.mail import Mail, Settings, build
from tests.channels.kit import alert, info, situation

PASSWORD = "correct-horse-battery"
LOGIN = "city"
USUAL: dict[str, Any] = {
    "host": "127.0.0.1",
    "tls": "none",
    "from_address": "bousai@city.example.lg.jp",
    "unsubscribe": "yamemasu@city.example.lg.jp",
    "reply_timeout_s": 5.0,
    "connect_timeout_s": 5.0,
}


def people(count: int, *, language: str = "ja", prefix: str = "r") -> list[Recipient]:
    return [
        Recipient(id=number, address=f"{prefix}{number}@example.jp", language=language, token=f"t{number}", attempt=1)
        for number in range(1, count + 1)
    ]


@dataclass
class Accounts:
    """A ledger in memory that knows of everybody exactly once: waiting, claimed, or answered for."""

    waiting: list[Recipient]
    grade: Grade = Grade.INFORMATION
    results: dict[int, Handed] = field(default_factory=dict[int, Handed])
    claimed: set[int] = field(default_factory=set[int])
    begun_with: list[int] = field(default_factory=list[int])
    notes: list[int] = field(default_factory=list[int])
    """How many were begun with in each note."""
    returned: list[int] = field(default_factory=list[int])
    claims: list[int] = field(default_factory=list[int])
    batches: list[int] = field(default_factory=list[int])
    closed: bool = False
    """Overtaken: gives nobody more."""
    failing: list[Exception] = field(default_factory=list[Exception])
    """Raised by the next calls of `record`."""
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def over(self) -> bool:
        return self.closed

    async def claim(self, limit: int) -> tuple[Recipient, ...]:
        await asyncio.sleep(0)
        taken = () if self.closed else tuple(self.waiting[:limit])
        del self.waiting[: len(taken)]
        self.claims.append(len(taken))
        self.claimed |= {each.id for each in taken}
        return taken

    def begun(self, *recipients: int) -> None:
        assert self.claimed.issuperset(recipients), "begun, but not claimed"
        self.begun_with.extend(recipients)
        self.notes.append(len(recipients))
        self.moved.set()

    async def record(self, results: Sequence[Handed]) -> None:
        await asyncio.sleep(0)
        if self.failing:
            raise self.failing.pop(0)
        self.batches.append(len(results))
        for result in results:
            assert result.recipient in self.claimed, "recorded, but not claimed"
            assert result.recipient not in self.results, "recorded twice"
            said = result.recipient in self.begun_with or not (result.reason is None or result.maybe_sent)
            assert said, "may have it, but was not begun"
            self.results[result.recipient] = result
            self.claimed.discard(result.recipient)
        self.moved.set()

    async def give_back(self, recipients: Sequence[int]) -> None:
        await asyncio.sleep(0)
        for number in recipients:
            assert number in self.claimed, "given back, but not claimed"
            self.claimed.discard(number)
            self.returned.append(number)

    def count(self) -> Counter[str]:
        """How many came to what: accepted, or the reason and whether it may have been sent."""
        return Counter(
            "accepted" if each.reason is None else f"{each.reason.value}{'?' if each.maybe_sent else ''}"
            for each in self.results.values()
        )

    async def until(self, done: Callable[[], bool]) -> None:
        """Wait for a begin or a record after which something holds."""
        async with asyncio.timeout(20):
            while not done():
                self.moved.clear()
                await self.moved.wait()


def settings(port: int, **changes: Any) -> Settings:
    return Settings.model_validate({**USUAL, "port": port, **changes})


@asynccontextmanager
async def channel(context: Context, port: int, **changes: Any) -> AsyncIterator[Mail]:
    """The channel, handed in at this port; closed at the end."""
    mail = build(settings(port, **changes), context)
    try:
        yield mail
    finally:
        await mail.close()


def message(mail: Mail, *languages: str) -> Message:
    """An order in these languages (Japanese if none is named), composed by the channel."""
    said = alert(infos=tuple(info(language) for language in languages or ("ja",)))
    composed = mail.compose(said, situation(said)).message
    assert composed is not None
    return composed


def only(smtp: SmtpProvider, address: str) -> EmailMessage:
    """The one mail in a mailbox, parsed as a reader would."""
    (raw,) = smtp.mailboxes[address]
    return BytesParser(policy=default).parsebytes(raw)


def secret_file(folder: Path, text: str) -> Path:
    path = folder / "secret"
    path.write_text(text, encoding="utf-8")
    return path
