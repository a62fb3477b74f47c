"""What is said without a person: from what a rule has found to an alert ready to be accepted, or to why it is none; and
what officers may do about it: look, let a rule speak, stop all of it, let it go on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from broadcaster.desk import Desk, notices
from broadcaster.errors import BroadcasterError, Conflict, NotFound, Refused, RenderingError
from broadcaster.model import UPSTREAM, Actor, Draft, Kind, Mode, Notice
from broadcaster.ports.store import Approval, ApprovalBy, AutomaticBook, Consent, Licence, Speaking, Stop
from broadcaster.ports.world import Clock
from broadcaster.rules import automatic
from broadcaster.rules.automatic import Guards
from broadcaster.rules.watching import Watch
from broadcaster.sheet import Sheet
from broadcaster.upstream.rulebook import Rulebook

log = logging.getLogger("broadcaster.upstream")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What may go out by itself, or why a person has to look: a code of the catalogue."""

    speaking: Speaking | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleView:
    """A rule that may speak by itself, as an approver looks at it. `words` are such as it would say, filled with
    examples; `state` as `rules.automatic.state` tells it.
    """

    rule: str
    state: str
    digest: str
    template: str
    types: tuple[str, ...]
    areas: tuple[str, ...]
    codes: tuple[str, ...]
    places: tuple[str, ...]
    guards: Guards
    consent: Consent | None
    words: Draft | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomaticView:
    """All rules that may speak by themselves, and whether they are stopped."""

    mode: Mode
    now: datetime
    zone: str
    stop: Stop | None
    rules: tuple[RuleView, ...]


class Memory(AutomaticBook, Protocol):
    """What it asks of the store."""


class Automatic:
    """Who decides whether a finding may speak. `changed` is called when every desk has to hear of something."""

    def __init__(
        self, book: Rulebook, desk: Desk, memory: Memory, clock: Clock, changed: Callable[[], None] = lambda: None
    ) -> None:
        self._book = book
        self._desk = desk
        self._memory = memory
        self._clock = clock
        self._changed = changed
        self._telling: set[asyncio.Task[None]] = set()

    # ------------------------------------------------------------ speaking

    async def offer(self, notice: Notice, watch: Watch, key: str, sheet: Sheet) -> Offer:
        """Return the alert a finding becomes at once, or why it is only a draft."""
        guards, now = watch.automatic, self._clock.now()
        if guards is None:
            return Offer()
        licence = self._licence(watch, guards)
        standing = await self._memory.standing(watch.name, key, now)
        why = automatic.unfit(notice, guards, now) or automatic.forbidden(licence, standing, now)
        if why or standing.consent is None:
            return Offer(why=why)
        try:
            draft = self._draft(watch, sheet, now)
            acceptance = await self._desk.ready(draft, f"automatic/{key}", UPSTREAM, _approvals(standing.consent))
        except (Refused, RenderingError, NotFound):
            return Offer(why="automatic_unsayable")
        return Offer(speaking=Speaking(licence=licence, key=key, acceptance=acceptance), why="automatic_sent")

    def announce(self, speaking: Speaking) -> None:
        """Tell officers by mail of what has gone out so; every desk has it on its board."""
        alert, rule = speaking.acceptance.alert, speaking.licence.rule
        log.warning("A rule has sent without a person.", extra={"event": "automatic_sent", "rule": rule})
        task = asyncio.create_task(notices.tell_automatic(self._desk.office, rule, alert))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def told(self) -> None:
        """Wait until every mail under way is sent, or given up."""
        await asyncio.gather(*self._telling)

    def _licence(self, watch: Watch, guards: Guards) -> Licence:
        digest = self._book.digest(watch)
        return Licence(rule=watch.name, digest=digest, limits=guards.limits, total=self._book.total)

    def _draft(self, watch: Watch, sheet: Sheet, now: datetime) -> Draft:
        """Return the words, if there is nothing a person would have to fill in, mend or weigh, and nothing wider than
        the rule. Raise `Refused`, `NotFound`, `RenderingError`.
        """
        problems = self._book.press.problems(sheet, now)
        if problems:
            raise Refused(problems)
        draft = self._book.press.draft(sheet, now)
        named = {area.area_desc for area in draft.infos[0].areas}
        if draft.kind is not Kind.ALERT or draft.level is not None or not named or named - {*watch.places}:
            raise Refused((), code="automatic_unsayable")
        return draft

    # ------------------------------------------------------------ what officers may do

    async def view(self) -> AutomaticView:
        """Return all rules that may speak by themselves, and how they stand."""
        now, consents = self._clock.now(), {each.rule: each for each in await self._memory.consents()}
        office = self._desk.office
        return AutomaticView(
            mode=self._desk.mode,
            now=now,
            zone=office.context.city.zone.key,
            stop=await self._memory.automatic_stop(),
            rules=tuple(self._seen(watch, consents.get(watch.name), now) for watch in self._book.automatic),
        )

    async def approve(self, rule: str, seen: str, actor: Actor) -> Consent:
        """Give one's word that a rule may speak by itself; it does from the second person's on. `seen` is the digest
        that was shown. Raise `NotFound`, `Conflict` where it has changed, `Forbidden` for the same person again.
        """
        watch = self._book.named(rule)
        if watch is None:
            raise NotFound("automatic_rule_not_found", rule=rule)
        if not seen or seen != self._book.digest(watch):
            raise Conflict("automatic_changed", rule=rule)
        word = Consent(rule=rule, digest=seen, first=actor, first_at=self._clock.now())
        given = await self._memory.consent(word, self._desk.mode)
        self._changed()
        return given

    async def hold(self, actor: Actor, why: str) -> Stop:
        """Stop all of it at once."""
        stopped = await self._memory.hold_automatic(actor, self._clock.now(), why)
        self._changed()
        return stopped

    async def release(self, actor: Actor) -> None:
        """Let it go on. Raise `Conflict` where nothing is stopped."""
        await self._memory.release_automatic(actor, self._clock.now())
        self._changed()

    def _seen(self, watch: Watch, consent: Consent | None, now: datetime) -> RuleView:
        digest = self._book.digest(watch)
        if watch.automatic is None:
            raise BroadcasterError("automatic_rule_not_found", rule=watch.name)
        return RuleView(
            rule=watch.name,
            state=automatic.state(digest, consent),
            digest=digest,
            template=watch.template,
            types=tuple(sorted(watch.types)),
            areas=tuple(sorted(watch.areas)),
            codes=tuple(sorted(watch.codes)),
            places=watch.places,
            guards=watch.automatic,
            consent=consent,
            words=self._book.sample(watch, now),
        )


def _approvals(consent: Consent) -> tuple[Approval, ...]:
    """Return both persons' words, as they stand with every alert of the rule."""
    persons = [(consent.first, consent.first_at), (consent.second, consent.second_at)]
    return tuple(
        Approval(actor=actor, by=ApprovalBy.RULE, at=at, digest=consent.digest, reason=consent.rule)
        for actor, at in persons
        if actor is not None and at is not None
    )
