"""The canary: says tests when they are due, listens for answers, looks from outside, and tells people of silence.

Like the alarm clock of routine announcements it remembers nothing that matters: a restart finds in the store which
tests were said and how everything is. It reads and writes one thing after the other, in one task.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from broadcaster.canary.book import Book, beat
from broadcaster.canary.ear import Ear
from broadcaster.canary.looking import Looker
from broadcaster.canary.room import Room
from broadcaster.canary.sounding import Sounder
from broadcaster.canary.telling import Herald, News
from broadcaster.clock import Timekeeper
from broadcaster.dispatcher.calls import first
from broadcaster.errors import BroadcasterError, Conflict, StoreError
from broadcaster.failpoints import hit
from broadcaster.model import Actor, Organ, Sounding, SoundingState
from broadcaster.rules import canary, recurrence
from broadcaster.rules.canary import Hush

HEARTBEAT = 15.0
"""Seconds between two turns while nothing is due sooner."""
LISTENING = 2.0
"""Seconds between two turns while answers are waited for."""
RETRY = 1.0
LOOK_AGAIN = timedelta(seconds=10)
"""When an address that has just failed is looked at again, if not sooner: at a start nothing may be published yet."""
ALIVE_EVERY = timedelta(minutes=1)
"""How often the outer watch is told that all is well, so that it alarms when this falls silent."""
log = logging.getLogger("broadcaster.canary")
_MOVED = "The clock was moved; tests it passed over are left out."
_LOST = "The clock is before this version was made; nothing is tested by it."


class _Again(Exception):
    """Another service came in between; the turn is taken again, and finds what is settled."""


@dataclass(frozen=True, slots=True)
class Voices:
    """What the canary speaks and looks with. `alive` tells an outer watch that all is well; None: there is none."""

    looker: Looker
    herald: Herald
    alive: Callable[[], Awaitable[None]] | None = None


class Runner:
    """Does all that. `changed` is called when the board may have changed."""

    def __init__(self, room: Room, voices: Voices, changed: Callable[[], None] = lambda: None) -> None:
        self._room, self._voices, self._changed = room, voices, changed
        self._store = room.store
        self._sounder, self._ear = Sounder(room), Ear(room)
        self._woken = asyncio.Event()
        self._time = Timekeeper(room.office.context.clock, log, moved=_MOVED, lost=_LOST)
        self._looked = self._time.now - room.habits.late
        self._jumped: datetime | None = None
        self._calm = self._next_look = self._next_alive = self._time.now

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self._woken.clear()
            await first(self._room.office.context.clock, self._woken, await self.safe_turn())

    async def test_now(self, actor: Actor) -> Sounding:
        """Say a test at once, because a person wants it. Raise `Conflict` where one was said this very moment."""
        now = self._room.now().replace(microsecond=0)
        sounding = self._sounding(now, SoundingState.SAID, by=actor.name)
        alert = await self._sounder.say(sounding)
        self._woken.set()
        self._changed()
        return replace(sounding, alert=alert.identifier)

    async def safe_turn(self) -> float:
        """Take a turn whatever happens in it; return how many seconds to wait."""
        try:
            return await self.turn()
        except _Again:
            return RETRY
        except StoreError as error:
            words = {"event": "canary_store_failed", "code": error.code}
            log.warning("The canary cannot reach the store.", extra=words)
        except Exception:  # it never dies: whatever it was, it is logged and tried again
            log.exception("The canary stumbled.", extra={"event": "canary_error"})
        return RETRY

    async def turn(self) -> float:
        """Look at the clocks, say what is due, listen, look, and tell; return how many seconds to wait."""
        await self._mind_the_clock()
        if self._time.lost:
            return HEARTBEAT
        now = self._time.now
        await self._sound(now)
        book = await self._open_book(now)
        listening = await self._listen(book, now)
        await self._look(book, now)
        await self._keep(book, now)
        await self._tell(book, now)
        await self._say_alive(book, now)
        return self._pause(now, listening=listening)

    def _pause(self, now: datetime, *, listening: bool) -> float:
        following = self._following(now)
        waits = [LISTENING if listening else HEARTBEAT, (self._next_look - now).total_seconds()]
        waits += [(following - now).total_seconds()] if following else []
        return max(0.0, min(waits))

    async def _mind_the_clock(self) -> None:
        """Notice a wall clock that was moved: a test it was set over is left out, one it goes back before comes again,
        unless it was said.
        """
        jump, now = self._time.look(), self._time.now
        if not jump:
            return
        self._next_look = self._next_alive = self._calm = now
        if jump > timedelta():
            self._jumped = self._jumped or now - jump
        else:
            self._looked, self._jumped = min(self._looked, now - self._room.habits.late), None
            await self._store.come_soundings_again(now)

    # ------------------------------------------------------------ saying

    async def _sound(self, now: datetime) -> None:
        """Announce what is near, say what is due, and take back what the schedule does not have any more."""
        habits = self._room.habits
        coming = self._between(self._looked, now + habits.announce)
        rows = (*await self._store.soundings(self._looked), *await self._store.open_soundings())
        known = {row.due: row for row in rows}
        for row in known.values():
            if row.state is SoundingState.PLANNED and row.due not in coming:
                reason = "not_scheduled" if row.due > now else "too_late"
                await self._settle(replace(row, state=SoundingState.SKIPPED, at=now, reason=reason))
        for due in coming:
            if (found := known.get(due)) is None or found.state is SoundingState.PLANNED:
                await self._take(due, found, now)
        self._looked, self._jumped = now, None

    async def _take(self, due: datetime, row: Sounding | None, now: datetime) -> None:
        """Announce one test, or, once it is due, say it or leave it out."""
        sounding = row or self._sounding(due, SoundingState.PLANNED)
        if due > now:
            if row is None:
                await self._settle(sounding)
            return
        jumped = self._jumped is not None and due > self._jumped
        emergency = bool(await self._store.emergencies(now))
        reason = canary.left_out(due, now, self._room.habits.late, jumped=jumped, emergency=emergency)
        if not self._room.tested():
            reason = "nothing_to_test"
        if reason:
            await self._settle(replace(sounding, state=SoundingState.SKIPPED, at=now, reason=reason))
            return
        await self._say(replace(sounding, state=SoundingState.SAID, at=now))

    async def _say(self, sounding: Sounding) -> None:
        try:
            await self._sounder.say(sounding)
        except Conflict as error:
            if error.code != "sounding_settled":
                raise _Again from error
        except BroadcasterError as error:
            if isinstance(error, StoreError):
                raise
            words = {"event": "canary_unsayable", "code": error.code, "why": str(error)}
            log.warning("A test could not be said.", extra=words)
            failed = replace(sounding, state=SoundingState.SKIPPED, reason=error.code)
            await self._settle(failed)
        self._changed()

    def _sounding(self, due: datetime, state: SoundingState, by: str = "") -> Sounding:
        habits, now = self._room.habits, self._room.now()
        announced = not by and habits.announce > timedelta()
        until = due + habits.answer
        shown = due - habits.announce if announced else None
        return Sounding(due=due, until=until, state=state, at=now, shown_from=shown, by=by)

    async def _settle(self, sounding: Sounding) -> None:
        if await self._store.settle_sounding(sounding):
            words = {"event": "sounding_settled", "state": sounding.state.value, "reason": sounding.reason}
            log.info("A test is now %s.", sounding.state.value, extra=words)
            self._changed()

    def _between(self, after: datetime, until: datetime) -> tuple[datetime, ...]:
        plan = self._room.schedule
        if plan is None:
            return ()
        found = recurrence.between(plan, after, until, self._room.calendar)
        return tuple(dict.fromkeys(each.due for each in found if not each.reason))

    def _following(self, now: datetime) -> datetime | None:
        coming = self._between(now, now + timedelta(minutes=1))
        return coming[0] if coming else None

    # ------------------------------------------------------------ listening and looking

    async def _open_book(self, now: datetime) -> Book:
        """Return how everything was left; what is watched for the first time begins now, what is not is forgotten."""
        watched = [(Organ.CHANNEL, name) for name in self._room.tested()]
        watched += [(Organ.ADDRESS, each.url) for each in self._room.addresses()]
        kept = {(each.organ, each.name): each for each in await self._store.pulses()}
        gone = tuple(each for key, each in kept.items() if key not in watched)
        if gone:
            await self._store.forget_pulses(gone, now)
        return Book.of(watched, kept, now)

    async def _listen(self, book: Book, now: datetime) -> bool:
        """Hear every channel that has answered, and miss those that have not in time; return whether any may still."""
        waiting = False
        for row in await self._store.open_soundings():
            if row.state is SoundingState.SAID:
                waiting |= await self._hear(row, book, now)
        for pulse in tuple(book.now.values()):
            due = pulse.organ is Organ.CHANNEL and self._room.schedule is not None and not pulse.silent
            if due and canary.overdue(pulse, now, self._room.habits.overdue, awake=self._calm):
                book.put(canary.missed(pulse, Hush(code="canary_overdue", params={}), now))
        return waiting

    async def _hear(self, row: Sounding, book: Book, now: datetime) -> bool:
        heard = await self._ear.hear(row.alert)
        for name, answer in heard.items():
            pulse = book.now.get((Organ.CHANNEL, name))
            if pulse is None:
                continue
            if isinstance(answer, datetime):
                if pulse.silent or pulse.answered_at is None or pulse.answered_at < answer:
                    book.put(canary.heard(pulse, answer))
            elif now >= max(row.at, self._calm) + self._room.habits.answer:
                book.put(canary.missed(pulse, answer, now))
        missing = [name for name, answer in heard.items() if isinstance(answer, Hush)]
        if not missing:
            await self._settle(replace(row, state=SoundingState.OVER, at=now))
        return bool(missing)

    async def _look(self, book: Book, now: datetime) -> None:
        """Look at every public address, all at once, when that is due."""
        if now < self._next_look <= now + self._room.habits.every:
            return
        addresses = self._room.addresses()
        found = await asyncio.gather(*(self._voices.looker.look(each, now) for each in addresses))
        every = self._room.habits.every
        self._next_look = now + (min(every, LOOK_AGAIN) if any(found) else every)
        for address, hush in zip(addresses, found, strict=True):
            pulse = book.now[Organ.ADDRESS, address.url]
            patience = self._room.habits.patience
            book.put(canary.heard(pulse, now) if hush is None else canary.missed(pulse, hush, now, patience))

    async def _keep(self, book: Book, now: datetime) -> None:
        changed, beats = book.changed(), tuple(book.beats())
        if changed:
            await self._store.save_pulses(changed, beats, now)
        if beats:
            for each in beats:
                log.warning("%s: %s", each.event, each.subject, extra={"event": each.event, "subject": each.subject})
            self._changed()

    # ------------------------------------------------------------ telling

    async def _tell(self, book: Book, now: datetime) -> None:
        """Tell of all that is due in one piece of news: when a line is cut, everything falls silent at once."""
        due = [each for each in book.now.values() if canary.tells(each, now)]
        if not due or not self._voices.herald.ways:
            return
        news = News(
            at=now,
            silent=tuple(each for each in due if each.silent),
            answering=tuple(each for each in due if each.lifting),
        )
        came = await self._voices.herald.tell(news, book.silent)
        hit("k3")
        reached = any(not why for why in came.values())
        after = tuple(canary.told(each, now) if reached else canary.untold(each, now) for each in due)
        detail = ", ".join(f"{way}: {why or 'ok'}" for way, why in came.items())
        beats = [beat("canary_told" if reached else "canary_untold", each, detail) for each in due]
        await self._store.save_pulses(after, beats, now)
        for each in after:
            book.put(each)

    async def _say_alive(self, book: Book, now: datetime) -> None:
        """Tell the outer watch that all is well; whatever is wrong, here or with it, is silence, and it alarms."""
        alive = self._voices.alive
        if alive is None or book.silent or now < self._next_alive <= now + ALIVE_EVERY:
            return
        self._next_alive = now + ALIVE_EVERY
        try:
            await alive()
        except BroadcasterError as error:
            words = {"event": "canary_outer_watch", "code": error.code}
            log.warning("The outer watch cannot be reached.", extra=words)
