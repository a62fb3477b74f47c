"""The desk itself: in which order things happen when people speak."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from broadcaster.desk import board, pending, prepared, preview
from broadcaster.desk.board import Board, Report
from broadcaster.desk.composing import (
    Composed,
    build_alert,
    compose,
    earlier_versions,
    edition_of,
    edition_with,
    find_problems,
    fingerprint,
    sayable,
    untold,
)
from broadcaster.desk.drafting import Drafting
from broadcaster.desk.glass import Glass
from broadcaster.desk.pending import Pending
from broadcaster.desk.presence import Presence
from broadcaster.desk.preview import Preview
from broadcaster.desk.records import Records
from broadcaster.desk.values import DeskStore, Firing, FollowUp, Handing, Office, Submitted
from broadcaster.desk.waiting import check_open
from broadcaster.documents import digest
from broadcaster.errors import Conflict, Forbidden, NotFound, Refused
from broadcaster.model import Actor, Alert, Delivery, Draft, Kind, Mode, Problem, Subscriber
from broadcaster.ports.channel import Channel
from broadcaster.ports.store import (
    Acceptance,
    Approval,
    ApprovalBy,
    Breaker,
    Decision,
    Known,
    Stats,
    Verb,
)
from broadcaster.ports.world import Context
from broadcaster.rules import approval, residents, routing, space
from broadcaster.rules.policy import DEFAULT, Policy


class Desk(Drafting):
    """What officers' programs may ask for. `changed` is called after everything that may make work for the dispatcher
    or alter the board.
    """

    def __init__(
        self,
        context: Context,
        channels: Mapping[str, Channel],
        store: DeskStore,
        changed: Callable[[], None] = lambda: None,
        policy: Policy = DEFAULT,
        *,
        feeds: Mapping[str, timedelta] | None = None,
        automatic: Callable[[], Mapping[str, str]] = dict,
        notice_to: tuple[str, ...] = (),
        free: Callable[[], int] = lambda: sys.maxsize,
    ) -> None:
        self._office = Office(
            context=context,
            channels=channels,
            store=store,
            policy=policy,
            feeds=feeds or {},
            automatic=automatic,
            notice_to=notice_to,
            free=free,
        )
        self._store = store
        self._changed = changed
        self.glass = Glass(self._office, changed)
        self.records = Records(self._office)
        self.presence = Presence(self._office.now, changed)
        self.wrong: tuple[Problem, ...] = ()
        """What is wrong with files that are read while the service runs: what was in force before stays so."""

    @property
    def mode(self) -> Mode:
        """The instance's mode."""
        return self._office.mode

    @property
    def office(self) -> Office:
        """What its work needs to know: city, mode, channels, rules."""
        return self._office

    @property
    def city(self) -> str:
        """The city's name."""
        return self._office.context.city.name

    # ------------------------------------------------------------ looking

    async def preview(self, draft: Draft) -> Preview:
        """Show exactly what would go out, with every problem. Changes nothing. Raise `NotFound` for the incident."""
        composed = await self._compose(draft, await self._foreseen(draft), whole=True)
        earlier = await earlier_versions(self._office, draft.incident)
        if not composed.blocked:
            warnings = await prepared.problems(self._office, composed.alert, earlier)
            composed = replace(composed, problems=(*composed.problems, *warnings))
        needed = self._needs_approval(composed.alert)
        return await preview.show(self._office, draft, composed, earlier, needs_approval=needed)

    async def board(self, limit: int = 50) -> Board:
        """Return the board: open ones first, then those in force, then the newest."""
        shown = await board.board(self._office, limit, self.presence.officers)
        return replace(shown, wrong=self.wrong, disk=space.told(self._office.free()))

    def tell_wrong(self, problems: tuple[Problem, ...]) -> None:
        """Say on every board what is wrong with a file; nothing, once all are right."""
        self.wrong = problems
        self._changed()

    async def report(self, identifier: str) -> Report:
        """Return one alert with every attempt. Raise `NotFound`."""
        return await board.report(self._office, identifier)

    async def prepared(self, identifier: str) -> tuple[Draft, ...]:
        """Return the drafts that were stored with an alert, as they would be sent now. Raise `NotFound`."""
        row = await self._store.alert(identifier)
        drafts = await self._store.prepared(row.alert.identifier)
        now = self._office.now()
        return tuple(prepared.renewed(draft, row.alert, now, silent=None) for draft in drafts)

    async def submission(self, number: int) -> Pending:
        """Return one submission with the very texts that would go out. Raise `NotFound`."""
        return await pending.show(self._office, await self._store.submission(number))

    # ------------------------------------------------------------ handing in

    async def submit(self, draft: Draft, handing: Handing, actor: Actor) -> Submitted:
        """Hand in a draft. The same key with the same draft (or source) gives the same alert, however often.

        Raise `Refused` with every problem, `Conflict` (key used for another draft; the preview has changed).
        """
        return await self._once(digest(handing.source or draft), handing, actor, lambda: _ready(draft))

    async def update(self, identifier: str, draft: Draft, handing: Handing, actor: Actor) -> Submitted:
        """Hand in the next version of an alert's incident. Raise as `submit`, and `NotFound`."""

        async def made() -> Draft:
            row = await self._store.alert(identifier)
            kind = draft.kind if draft.kind.refers else Kind.UPDATE
            return replace(draft, kind=kind, incident=row.alert.incident)

        return await self._once(digest({"update": identifier, "draft": handing.source or draft}), handing, actor, made)

    async def follow_up(self, identifier: str, wish: FollowUp, handing: Handing, actor: Actor) -> Submitted:
        """Correct, cancel or clear an alert. Raise as `update`."""
        said = handing.source or wish.draft
        body = digest({"of": identifier, "kind": wish.kind, "draft": said, "silent": wish.silent})
        advance = wish.draft is None and approval.in_advance(wish.kind)
        return await self._once(body, handing, actor, lambda: self._follow_up_draft(identifier, wish), advance=advance)

    async def announce(self, draft: Draft, firing: Firing) -> Submitted:
        """Accept one occurrence of an approved series. Raise `Refused`, and `Conflict` where it is settled already, an
        emergency is in force, or the series does not speak any more: `ports.store.Coming`.
        """
        if await self._store.known(firing.key) is None:
            made = await self.ready(draft, firing.key, firing.author, (firing.approval,))
            if self._needs_approval(made.alert):
                raise Refused([Problem(code="routine_grave", place="severity")])
            await self._accept(replace(made, occurrence=firing.occurrence), None)
        return await self._outcome(firing.key)

    async def ready(self, draft: Draft, key: str, author: Actor, approvals: tuple[Approval, ...]) -> Acceptance:
        """Return all that accepting a draft writes, its texts frozen; nothing is accepted yet. Raise `Refused`."""
        handing = Handing(key=key)
        composed = await self._frozen(draft, handing)
        made = self._acceptance(composed, digest(key), handing, author, advance=False)
        return replace(made, approvals=approvals)

    async def approve(self, number: int, seen: str, actor: Actor) -> Submitted:
        """Accept a waiting submission unchanged. `seen` is the digest of the texts the approver was shown.

        Raise `Forbidden` where the approver had a hand in it, `Conflict` where it is closed, too old, overtaken, or not
        what was seen; `NotFound`.
        """
        submission = await self._store.submission(number)
        acceptance = submission.acceptance
        check_open(self._office, submission, seen)
        if not approval.allowed(acceptance, actor):
            raise Forbidden("approval_same_person", actor=actor.name)
        granted = self._granted(ApprovalBy.SECOND_PERSON, actor, acceptance.digest)
        await self._accept(replace(acceptance, approvals=(granted,), at=granted.at), number)
        return await self._outcome(acceptance.key)

    async def hand_back(self, number: int, actor: Actor, reason: str) -> None:
        """Close a waiting submission without sending. Raise `NotFound`, `Conflict`."""
        await self._store.hand_back(number, actor, self._office.now(), reason)
        self._changed()

    async def decide(self, delivery: int, verb: Verb, actor: Actor, why: str) -> Delivery:
        """Hold, release, resend or drop one delivery, with the reason kept. Raise `NotFound`, `Conflict`."""
        decision = Decision(verb=verb, actor=actor, at=self._office.now(), why=why)
        decided = await self._store.decide(delivery, decision)
        self._changed()
        return decided

    async def reopen(self, channel: str) -> None:
        """Try a channel again that its breaker has taken down. Raise `NotFound`."""
        if channel not in self._office.channels:
            raise NotFound("channel_not_found", channel=channel)
        lane = await self._store.lane(channel)
        await self._store.save_lane(channel, replace(lane, breaker=Breaker()))
        self._changed()

    # ------------------------------------------------------------ subscribers

    async def put_subscribers(self, subscribers: Iterable[Subscriber], actor: Actor) -> tuple[int, int]:
        """Add or replace by address; return (added, changed). Raise `Refused` with every problem: then nothing is."""
        people = tuple(subscribers)
        full = space.imports(self._office.free())
        if problems := full or tuple(residents.problems(people, self._office.context.city.areas)):
            raise Refused(problems, code="subscribers_refused")
        return await self._store.put(people, actor, self._office.now())

    async def remove_subscribers(self, addresses: Iterable[str], actor: Actor) -> int:
        """Delete; return how many were there."""
        return await self._store.remove(addresses, actor, self._office.now())

    def subscribers(self) -> AsyncIterator[Subscriber]:
        """Yield every subscriber by address."""
        return self._store.all()

    async def subscriber_stats(self) -> Stats:
        """Count."""
        return await self._store.stats()

    # ------------------------------------------------------------ steps

    async def _once(
        self,
        body_digest: str,
        handing: Handing,
        actor: Actor,
        make: Callable[[], Awaitable[Draft]],
        *,
        advance: bool = False,
    ) -> Submitted:
        """Hand in what `make` gives, unless the key is known. `advance`: it was approved with an earlier version."""
        known = await self._store.known(handing.key)
        if known is not None:
            return await self._repeated(known, body_digest, handing.key)
        draft = await make()
        composed = await self._frozen(draft, handing)
        acceptance = self._acceptance(composed, body_digest, handing, actor, advance=advance)
        if acceptance.approvals or not (actor.via or self._needs_approval(acceptance.alert)):
            await self._accept(acceptance, None)
        else:
            await self._store.submit(acceptance)
            self._changed()
        return replace(await self._outcome(handing.key), warnings=composed.problems)

    async def _repeated(self, known: Known, body_digest: str, key: str) -> Submitted:
        if known.body_digest != body_digest:
            raise Conflict("key_reused", key=key)
        return await self._outcome(key)

    async def _frozen(self, draft: Draft, handing: Handing) -> Composed:
        """Check first under the foreseen serial, so that a refused draft uses up no number; then freeze every text.

        The texts are those just checked unless somebody else was given that serial meanwhile.
        """
        foreseen = await self._foreseen(draft)
        first = await self._compose(draft, foreseen)
        if first.blocked:
            raise Refused(first.problems)
        if handing.digest and handing.digest != await fingerprint(self._office, draft, first.alert):
            raise Conflict("preview_changed")
        serial = await self._store.next_serial(draft.incident)
        if serial == foreseen:
            return first
        composed = await self._compose(draft, serial)
        if composed.blocked:
            raise Refused(composed.problems)
        return composed

    def _acceptance(
        self, composed: Composed, body_digest: str, handing: Handing, actor: Actor, *, advance: bool
    ) -> Acceptance:
        alert, now = composed.alert, self._office.now()
        said = digest({"alert": alert, "messages": composed.messages})
        targets = {name: channel.targets() for name, channel in self._office.channels.items()}
        return Acceptance(
            key=handing.key,
            body_digest=body_digest,
            digest=said,
            alert=alert,
            author=actor,
            at=now,
            messages=composed.messages,
            plan=routing.plan(
                alert, targets, self._office.mode, now, publishers=self._office.publishers, policy=self._office.policy
            ),
            approvals=(self._granted(ApprovalBy.PREPARED, actor, said),)
            if advance and self._needs_approval(alert)
            else (),
            prepared=prepared.prepare(self._office, alert),
            draft=handing.draft_id,
        )

    def _granted(self, by: ApprovalBy, actor: Actor, seen: str) -> Approval:
        return Approval(actor=actor, by=by, at=self._office.now(), digest=seen)

    async def _accept(self, acceptance: Acceptance, submission: int | None) -> None:
        await self._store.accept(acceptance, submission)
        self._changed()

    async def _outcome(self, key: str) -> Submitted:
        """Say what the key stands for now: the truth is what the store holds, not what this call did."""
        known = await self._store.known(key)
        if known is None:
            raise Conflict("key_vanished", key=key)
        if known.alert is not None:
            row = await self._store.alert(known.alert)
            return Submitted(alert=row.alert, mode=self.mode, accepted=True, deliveries=row.deliveries)
        waiting = await self._store.submission(known.submission or 0)
        return Submitted(
            alert=waiting.acceptance.alert,
            mode=self.mode,
            accepted=False,
            digest=waiting.acceptance.digest,
            submission=waiting.id,
        )

    async def _follow_up_draft(self, identifier: str, wish: FollowUp) -> Draft:
        row = await self._store.alert(identifier)
        if wish.draft is not None:
            silent = wish.draft.silent if wish.silent is None else wish.silent
            return replace(wish.draft, kind=wish.kind, incident=row.alert.incident, silent=silent)
        for draft in await self._store.prepared(row.alert.identifier):
            if draft.kind is wish.kind:
                return prepared.renewed(draft, row.alert, self._office.now(), silent=wish.silent)
        raise Conflict("nothing_prepared", alert=row.alert.serial, kind=wish.kind.value)

    async def _compose(self, draft: Draft, serial: tuple[int, int], *, whole: bool = False) -> Composed:
        """Make alert and texts. Pages are rendered with all that is in force if they are to be shown (`whole`); else
        with this alert alone: that it can be rendered has to be known before it is accepted, and nobody waits longer
        for it because much is in force.
        """
        earlier = await earlier_versions(self._office, draft.incident)
        if not sayable(draft):
            raise Refused(find_problems(self._office, draft, earlier))
        alert = build_alert(self._office, draft, serial, earlier)
        edition = await edition_with(self._office, alert) if whole else edition_of(self._office, alert)
        composed = await compose(self._office, draft, alert, earlier, edition)
        return replace(composed, problems=(*composed.problems, *await untold(self._office, draft, earlier)))

    async def _foreseen(self, draft: Draft) -> tuple[int, int]:
        """Return the serial this draft will get if nothing else comes in between."""
        if draft.incident is not None:
            return draft.incident, len(await self._store.incident(draft.incident)) + 1
        return await self._store.newest_incident() + 1, 1

    def _needs_approval(self, alert: Alert) -> bool:
        return approval.needed(self._office.mode, alert, self._office.policy)


async def _ready(draft: Draft) -> Draft:
    return draft
