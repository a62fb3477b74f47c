"""What would go out: shown before it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from broadcaster.desk.composing import Composed, chosen, fingerprint
from broadcaster.desk.values import Office
from broadcaster.model import Alert, Cost, Draft, Grade, Length, Mode, Problem, Text
from broadcaster.ports.channel import BulkMessenger, Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPreview:
    """One channel's part: texts with the channel's own count, or files. `reached` counts mail's recipients, None where
    nobody can know. Files are given as text; those that are not text (compressed copies) by their size only.
    """

    channel: str
    targets: tuple[str, ...]
    texts: tuple[Text, ...] = ()
    form: str = ""
    length: Length | None = None
    cost: Cost | None = None
    reached: int | None = None
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    sizes: Mapping[str, int] = field(default_factory=dict[str, int])
    late_mark_fits: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """All that would go out. The serial is the one it gets if nothing else is accepted in between."""

    alert: Alert
    mode: Mode
    grade: Grade
    digest: str
    needs_approval: bool
    channels: tuple[ChannelPreview, ...]
    problems: tuple[Problem, ...] = ()


async def show(office: Office, draft: Draft, composed: Composed, *, needs_approval: bool) -> Preview:
    """Put what was composed into the shape a person looks at."""
    alert = composed.alert
    channels = [await _channel(office, name, channel, composed) for name, channel in chosen(office, alert).items()]
    return Preview(
        alert=alert,
        mode=office.mode,
        grade=Grade.of(alert.severity, office.mode),
        digest=await fingerprint(office, draft, alert),
        needs_approval=needs_approval,
        channels=tuple(channels),
        problems=composed.problems,
    )


async def _channel(office: Office, name: str, channel: Channel, composed: Composed) -> ChannelPreview:
    if name in composed.files:
        return _files(channel, composed.files[name])
    made = composed.compositions.get(name)
    message = made.message if made else None
    reached = await office.store.reach(composed.alert) if isinstance(channel, BulkMessenger) else None
    return ChannelPreview(
        channel=name,
        targets=channel.targets(),
        texts=message.texts if message else (),
        form=message.form if message else "",
        length=made.length if made else None,
        cost=message.cost if message else None,
        reached=reached,
        late_mark_fits=bool(message and message.late_texts),
    )


def _files(channel: Channel, files: Mapping[str, bytes]) -> ChannelPreview:
    return ChannelPreview(
        channel=channel.name,
        targets=channel.targets(),
        files={path: text for path, data in files.items() if (text := _text(data)) is not None},
        sizes={path: len(data) for path, data in files.items()},
    )


def _text(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None
