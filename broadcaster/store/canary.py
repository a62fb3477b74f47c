"""Test messages in the store: each time one comes round is a row written once; and how all that is watched is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from broadcaster import failpoints
from broadcaster.errors import Conflict
from broadcaster.model import Alert, PlannedTest, Pulse, Sounding, SoundingState
from broadcaster.ports.store import Acceptance, Beat
from broadcaster.store import rows, trail
from broadcaster.store.base import Part
from broadcaster.store.rows import maybe_ms, maybe_time, ms, time_of
from broadcaster.store.transaction import Row, Tx


class Canary(Part):
    """Serves `ports.store.CanaryBook`."""

    async def next_test(self) -> int:
        """Return the version the next test message will have."""
        return await self._read(lambda tx: tx.number("canary.newest")) + 1

    async def soundings(self, after: datetime) -> tuple[Sounding, ...]:
        """Return those due after one moment, soonest first."""
        return tuple(map(_sounding, await self._read(lambda tx: tx.all("canary.since", after=ms(after)))))

    async def open_soundings(self) -> tuple[Sounding, ...]:
        """Return those that are announced or wait for answers, soonest first."""
        return tuple(map(_sounding, await self._read(lambda tx: tx.all("canary.open"))))

    async def settle_sounding(self, sounding: Sounding) -> bool:
        """Write down that it is announced, left out or over, unless it is settled already; return whether it was."""
        return await self._write(lambda tx: _settle(tx, sounding))

    async def come_soundings_again(self, now: datetime) -> int:
        """After the clock went back: let come up again what it had jumped over; return how many."""
        return await self._write(lambda tx: tx.run("canary.come_again", now=ms(now)))

    async def pulses(self) -> tuple[Pulse, ...]:
        """Return how every channel and address was left."""
        return tuple(rows.read(Pulse, row["body"]) for row in await self._read(lambda tx: tx.all("canary.pulses")))

    async def save_pulses(self, pulses: Sequence[Pulse], beats: Sequence[Beat], at: datetime) -> None:
        """Write down how they are, with what the audit trail is to say of it."""

        def work(tx: Tx) -> None:
            for each in pulses:
                tx.run("canary.keep", organ=each.organ.value, subject=each.name, body=rows.spelled(each))
            for beat in beats:
                trail.append(tx, at=at, event=beat.event, subject=beat.subject, detail=beat.detail)

        await self._write(work)

    async def forget_pulses(self, pulses: Sequence[Pulse], at: datetime) -> None:
        """Watch these no longer."""

        def work(tx: Tx) -> None:
            for each in pulses:
                if tx.run("canary.forget", organ=each.organ.value, subject=each.name):
                    trail.append(tx, at=at, event="canary_forgotten", subject=f"{each.organ} {each.name}")

        await self._write(work)


def say(tx: Tx, acceptance: Acceptance) -> None:
    """Take the sounding an acceptance says, within its transaction. Raise `Conflict`: then nothing is accepted."""
    sounding = acceptance.sounding
    if sounding is None:
        return
    taken = tx.run(
        "canary.say",
        due_at=ms(sounding.due),
        until_at=ms(sounding.until),
        shown_from=maybe_ms(sounding.shown_from),
        at=ms(acceptance.at),
        alert=acceptance.alert.identifier,
        by=sounding.by,
    )
    if not taken:
        raise Conflict("sounding_settled", due=sounding.due.isoformat())
    failpoints.hit("k1")
    tx.run("canary.overtake", due_at=ms(sounding.due), at=ms(acceptance.at))


def newest(tx: Tx, since: datetime) -> Alert | None:
    """Return the newest test message, None where it is older."""
    row = tx.one("canary.newest_body", since=ms(since))
    return None if row is None else rows.alert(row["body"])


def planned(tx: Tx, now: datetime) -> tuple[PlannedTest, ...]:
    """Return the tests that are announced at this moment."""
    found = tx.all("canary.shown", now=ms(now))
    return tuple(PlannedTest(begins=time_of(row["due_at"]), ends=time_of(row["until_at"])) for row in found)


def _settle(tx: Tx, sounding: Sounding) -> bool:
    written = tx.run(
        "canary.settle",
        due_at=ms(sounding.due),
        until_at=ms(sounding.until),
        shown_from=maybe_ms(sounding.shown_from),
        state=sounding.state.value,
        at=ms(sounding.at),
        alert=sounding.alert,
        reason=sounding.reason,
        by=sounding.by,
    )
    if written:
        due, state = sounding.due.isoformat(), sounding.state.value
        trail.append(tx, at=sounding.at, event="sounding", subject=f"test {due}", state=state, reason=sounding.reason)
    return bool(written)


def _sounding(row: Row) -> Sounding:
    return Sounding(
        due=time_of(row["due_at"]),
        until=time_of(row["until_at"]),
        state=SoundingState(row["state"]),
        at=time_of(row["at"]),
        shown_from=maybe_time(row["shown_from"]),
        alert=row["alert"],
        reason=row["reason"],
        by=row["by"],
    )
