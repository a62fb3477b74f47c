"""One lane's pace and breaker in memory; the store keeps a copy with every result, so that a restart remembers."""

from __future__ import annotations

from datetime import datetime

from broadcaster.dispatcher.room import Room, log
from broadcaster.events import Event, Topic
from broadcaster.model import Reading
from broadcaster.ports.store import Lane
from broadcaster.rules import lane as rules
from broadcaster.rules.lane import LaneSettings


class Gate:
    """Decides how many deliveries may start now. `breaking` False: this channel has no breaker."""

    def __init__(self, room: Room, channel: str, settings: LaneSettings, *, breaking: bool = True) -> None:
        self._room = room
        self._channel = channel
        self._settings = settings
        self._breaking = breaking
        self.lane = Lane()

    async def load(self) -> None:
        """Take up what the lane remembered."""
        self.lane = await self._room.store.lane(self._channel)

    def room_for(self, under_way: int, *, reserved: bool) -> int:
        """Return how many more may start. The reserved ones have one slot more, and tokens of their own."""
        now, settings = self._room.now(), self._settings
        if rules.blocked(self.lane.breaker, now):
            return 0
        tokens = rules.available(self.lane, settings, now, reserved=reserved)
        if not rules.closed(self.lane.breaker):
            return min(1, tokens) if under_way == 0 else 0
        return max(0, min(tokens, settings.concurrency + reserved - under_way))

    def started(self, count: int) -> None:
        """Take tokens. If the breaker was half open this is its single probe: nothing else goes until it is back."""
        now = self._room.now()
        self.lane = rules.take(self.lane, self._settings, now, count)
        if not rules.closed(self.lane.breaker):
            self.lane = rules.probing(self.lane, self._settings, now)

    def not_needed(self, count: int = 1) -> None:
        """Put back a token of a delivery that was not tried after all, and let another be the probe."""
        self.lane = rules.refund(self.lane, self._settings, count)
        if not rules.closed(self.lane.breaker):
            self.lane = rules.unprobed(self.lane, self._room.now())

    def succeeded(self, readings: tuple[Reading, ...] = ()) -> None:
        """The provider took one."""
        self._become(rules.after_success(self.lane, readings, self._room.now()))

    def failed(self, error: BaseException) -> None:
        """An attempt failed."""
        if self._breaking:
            self._become(rules.after_failure(self.lane, error, self._settings, self._room.now()))

    def next_chance(self, soon: datetime) -> datetime:
        """Return when to look again at something due that could not be started: when the breaker half opens or the
        next token comes, else `soon`; never later than that for tokens, since a reserved one needs none of these.
        """
        now, until = self._room.now(), self.lane.breaker.open_until
        if rules.blocked(self.lane.breaker, now):
            return max(soon, until) if until else soon
        token = rules.next_token(self.lane, self._settings, now, reserved=False)
        return min(token, soon) if token > now else soon

    def _become(self, lane: Lane) -> None:
        """Tell the officer when the channel is given up for a while, and when it is back."""
        before, self.lane = self.lane.breaker, lane
        was, closed = rules.closed(before), rules.closed(lane.breaker)
        if was == closed:
            return
        state = "closed" if closed else "open"
        words = {"event": "lane_changed", "channel": self._channel, "state": state, "reason": lane.breaker.reason}
        log.warning("The lane of %s is %s.", self._channel, state, extra=words)
        self._room.events.publish(
            Event(
                topic=Topic.LANE,
                at=self._room.now(),
                channel=self._channel,
                state=state,
                reason=lane.breaker.reason,
            )
        )
