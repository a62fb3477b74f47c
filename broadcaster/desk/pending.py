"""What waits for a second person, shown as it will go out: the frozen texts, and the page as it would be now."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from broadcaster.desk.composing import chosen, edition_with
from broadcaster.desk.preview import ChannelPreview, Said, each_channel
from broadcaster.desk.values import Office
from broadcaster.errors import NotFound
from broadcaster.model import Alert, Grade, Length, Message, Mode
from broadcaster.ports.channel import Channel, Measurer, Publisher
from broadcaster.ports.store import Submission, SubmissionState


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending(Submission):
    """A submission as an approver sees it. `until` is when its texts are too old to be approved; `overtaken` says that
    another version was accepted since, so that it can no longer be sent. It is shown beside what was handed back last
    of the same draft (`handed_back`), else beside the version it follows: `previous` is that alert.
    """

    mode: Mode
    grade: Grade
    until: datetime
    channels: tuple[ChannelPreview, ...]
    previous: Alert | None = None
    overtaken: bool = False
    handed_back: Submission | None = None


async def show(office: Office, submission: Submission) -> Pending:
    """Show it. Files are rendered while it waits only: afterwards residents see newer ones."""
    acceptance = submission.acceptance
    alert = acceptance.alert
    versions = await _versions(office, alert.incident)
    earlier = tuple(each for each in versions if each.version < alert.version)
    waiting = submission.state is SubmissionState.WAITING
    messages = _by_channel(submission)
    back = await office.store.handed_back(submission)
    before = [*earlier[-1:], *([back.acceptance.alert] if back else [])]
    said = Said(
        alert=alert,
        messages=messages,
        lengths={name: _length(office.channels.get(name), message) for name, message in messages.items()},
        files=await _files(office, alert) if waiting else {},
    )
    return Pending(
        id=submission.id,
        acceptance=acceptance,
        state=submission.state,
        closed_by=submission.closed_by,
        reason=submission.reason,
        mode=office.mode,
        grade=Grade.of(alert.severity, office.mode),
        until=min(acceptance.at + office.policy.approval_within, alert.expires),
        channels=await each_channel(office, said, earlier, None if back is None else _by_channel(back)),
        previous=before[-1] if before else None,
        overtaken=waiting and len(versions) >= alert.version,
        handed_back=back,
    )


def _by_channel(submission: Submission) -> Mapping[str, Message]:
    return {message.channel: message for message in submission.acceptance.messages}


async def _versions(office: Office, incident: int) -> tuple[Alert, ...]:
    """Return the accepted versions; a submission of a new incident has none yet."""
    try:
        return await office.store.incident(incident)
    except NotFound:
        return ()


async def _files(office: Office, alert: Alert) -> Mapping[str, Mapping[str, bytes]]:
    edition = await edition_with(office, alert)
    publishers = {name: each for name, each in chosen(office, alert).items() if isinstance(each, Publisher)}
    return {name: dict(await asyncio.to_thread(each.render, edition)) for name, each in publishers.items()}


def _length(channel: Channel | None, message: Message) -> Length | None:
    """Count the longest text as its channel does: a mail's subject, a post's words."""
    counter: object = channel
    if not isinstance(counter, Measurer):
        return None
    return max((counter.measure(text.subject or text.body) for text in message.texts), key=lambda each: each.length)
