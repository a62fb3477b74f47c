"""What would go out: shown before it does, beside what was said before."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from broadcaster.desk.composing import Composed, chosen, edition_now, fingerprint
from broadcaster.desk.values import Office
from broadcaster.model import Alert, Cost, Draft, Grade, Length, Message, Mode, Problem, Text
from broadcaster.ports.channel import BulkMessenger, Channel, Enveloped, Publisher

_PROSE = ".txt"
"""Files in which a person can see what changed."""
_NOT_PROSE = "robots.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPreview:
    """One channel's part: texts with the channel's own count, or files. `reached` counts mail's recipients, None where
    nobody can know. `headers` are what a mail carries, by language. Files are given as text; those that are not text
    (compressed copies) by their size only. `previous` is what this channel said last of the incident, `previous_files`
    the plain texts of the page as they are now.
    """

    channel: str
    targets: tuple[str, ...]
    texts: tuple[Text, ...] = ()
    form: str = ""
    length: Length | None = None
    cost: Cost | None = None
    reached: int | None = None
    headers: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    sizes: Mapping[str, int] = field(default_factory=dict[str, int])
    late_mark_fits: bool = True
    previous: tuple[Text, ...] = ()
    previous_files: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """All that would go out. The serial is the one it gets if nothing else is accepted in between. `previous` is the
    version it follows.
    """

    alert: Alert
    mode: Mode
    grade: Grade
    digest: str
    needs_approval: bool
    channels: tuple[ChannelPreview, ...]
    problems: tuple[Problem, ...] = ()
    previous: Alert | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What each channel says of an alert: messages, the channel's own count of them, files."""

    alert: Alert
    messages: Mapping[str, Message]
    lengths: Mapping[str, Length | None]
    files: Mapping[str, Mapping[str, bytes]]


async def show(
    office: Office, draft: Draft, composed: Composed, earlier: Sequence[Alert], *, needs_approval: bool
) -> Preview:
    """Put what was composed into the shape a person looks at. `earlier` are the incident's versions, oldest first."""
    alert = composed.alert
    said = Said(
        alert=alert,
        messages={message.channel: message for message in composed.messages},
        lengths={name: made.length for name, made in composed.compositions.items()},
        files=composed.files,
    )
    return Preview(
        alert=alert,
        mode=office.mode,
        grade=Grade.of(alert.severity, office.mode),
        digest=await fingerprint(office, draft, alert),
        needs_approval=needs_approval,
        channels=await each_channel(office, said, earlier),
        problems=composed.problems,
        previous=earlier[-1] if earlier else None,
    )


async def each_channel(
    office: Office, said: Said, earlier: Sequence[Alert], before: Mapping[str, Message] | None = None
) -> tuple[ChannelPreview, ...]:
    """Return what each channel says beside `before`, or else beside what it said last of the same incident."""
    before = await _last_words(office, earlier) if before is None else before
    shown = []
    for name, channel in chosen(office, said.alert).items():
        if isinstance(channel, Publisher):
            now = await _files_now(office, channel) if earlier and name in said.files else {}
            shown.append(_files(channel, said.files.get(name, {}), now))
        else:
            shown.append(await _texts(office, channel, said, before.get(name)))
    return tuple(shown)


async def _last_words(office: Office, earlier: Sequence[Alert]) -> Mapping[str, Message]:
    """Return the newest message of each channel: not every version goes to every channel."""
    found: dict[str, Message] = {}
    for alert in reversed(earlier):
        for message in await office.store.messages(alert.identifier):
            found.setdefault(message.channel, message)
    return found


async def _files_now(office: Office, channel: Publisher) -> Mapping[str, str]:
    rendered = await asyncio.to_thread(channel.render, await edition_now(office))
    return {path: data.decode() for path, data in rendered.items() if path.endswith(_PROSE) and path != _NOT_PROSE}


async def _texts(office: Office, channel: Channel, said: Said, before: Message | None) -> ChannelPreview:
    message = said.messages.get(channel.name)
    texts = message.texts if message else ()
    grade = Grade.of(said.alert.severity, office.mode)
    headers = {text.language: channel.headers(text, grade) for text in texts} if isinstance(channel, Enveloped) else {}
    return ChannelPreview(
        channel=channel.name,
        targets=channel.targets(),
        texts=texts,
        form=message.form if message else "",
        length=said.lengths.get(channel.name),
        cost=message.cost if message else None,
        reached=await office.store.reach(said.alert) if isinstance(channel, BulkMessenger) else None,
        headers=headers,
        late_mark_fits=bool(message and message.late_texts),
        previous=before.texts if before else (),
    )


def _files(channel: Channel, files: Mapping[str, bytes], now: Mapping[str, str]) -> ChannelPreview:
    return ChannelPreview(
        channel=channel.name,
        targets=channel.targets(),
        files={path: text for path, data in files.items() if (text := _text(data)) is not None},
        sizes={path: len(data) for path, data in files.items()},
        previous_files=now,
    )


def _text(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None
