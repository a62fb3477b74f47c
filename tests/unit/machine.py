"""A Hypothesis state machine over the real store: people, providers, crashes and time do what they like, in any order,
and the invariants I1 to I7 and I10 to I14 of docs/delivery.md must hold all the while.

The machine plays the dispatcher's part with the very rules the dispatcher uses, step by step, so that a crash may come
between any two of them; and it plays the providers, so that it knows what really was taken.
"""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from broadcaster.audit import verify
from broadcaster.dispatcher.messenger import before_sending
from broadcaster.dispatcher.room import attempt_of
from broadcaster.errors import Conflict, DeliveryError, Reason
from broadcaster.model import (
    Alert,
    Cost,
    Delivery,
    Grade,
    Kind,
    Mode,
    Outcome,
    Receipt,
    State,
    Subscriber,
)
from broadcaster.ports.channel import Handed
from broadcaster.ports.store import Acceptance, Claim, Decision, Lane, Planned, Verb, Work
from broadcaster.rules import lane, ordering, outcome, settle
from broadcaster.store import Store
from broadcaster.store.driver import sqlite3
from broadcaster.store.opening import prepare
from tests.contract.direct import Direct, done
from tests.unit.values import NOW, alert
from tests.unit.world import OFFICER, SEVERITY, message

T = TypeVar("T")
TARGETS = (("twitter", "main"), ("mail", "main"), ("page", "here"), ("page", "mirror"))
PEOPLE = [f"r{number}@example.jp" for number in range(4)]
SECRET = "token=5f1c0de"
LIVE = (Grade.INFORMATION, Grade.WARNING, Grade.EMERGENCY, Grade.EMERGENCY, Grade.DRILL)
PASSES = (0.5, 1, 1, 5, 5, 10, 15, 30, 60, 60, 60, 300, 601, 5000)
LASTING = (30, 3600, 20000, 20000)
KINDS = (*[Kind.ALERT] * 4, Kind.ROUTINE, *[kind for kind in Kind if kind.refers])
ANSWERS = (
    *("ok", "ok", "ok", "lost, taken", "lost, taken", "lost, absent", "refused", "rejected", "suspended"),
    *("limited", "odd", "duplicate"),
)
REPLIES = ("ok", "ok", "ok", "ok", "busy", "gone", "lost")
picks = st.integers(0, 1 << 20)
taken_steps: Counter[str] = Counter()
"""How often each kind of step was really taken, over all runs."""
ended_in: Counter[str] = Counter()
"""In which states the deliveries of all runs have ended."""


@dataclass
class Sent:
    """One provider's view of one delivery, and what we claimed for it."""

    taken: int = 0
    calls: int = 0
    doubts: int = 0
    reached: set[str] = field(default_factory=set)


@cache
def empty_store() -> bytes:
    """Return the file of a store in which nothing has happened yet."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.sqlite"
        prepare(path, Mode.LIVE, read_only=False)
        return path.read_bytes()


class Machine(RuleBasedStateMachine):
    """The world: one city, three channels, several incidents."""

    def __init__(self) -> None:
        super().__init__()
        memory = Path("/dev/shm")
        self.folder = tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)
        self.path = Path(self.folder.name) / "store.sqlite"
        self.path.write_bytes(empty_store())
        self.store: Store = Direct(self.path)
        self.now = NOW
        self.epoch = 0
        self.accepted: dict[str, Alert] = {}
        self.latest: dict[int, int] = {}
        self.owed: dict[int, Delivery] = {}
        self.flights: list[Work] = []
        self.zombies: list[tuple[int, Work]] = []
        self.sent: defaultdict[int, Sent] = defaultdict(Sent)
        self.started: defaultdict[tuple[int, str, str], int] = defaultdict(int)
        self.had: defaultdict[int, set[str]] = defaultdict(set)
        self.edition = 0
        self.rested = False

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        return done(call)

    def did(self, what: str) -> None:
        taken_steps[what] += 1
        self.rested = what == "wait"

    @initialize(grades=st.lists(st.sampled_from(LIVE), min_size=2, max_size=3))
    def begin(self, grades: list[Grade]) -> None:
        self.run(self.store.put([Subscriber(address=each) for each in PEOPLE], OFFICER, self.now))
        self.epoch = self.run(self.store.begin("one", self.now))
        for grade in grades:
            self.say(grade, 20000, None, Kind.ALERT)

    # ------------------------------------------------------------ people

    @precondition(lambda self: len(self.accepted) < 40)
    @rule(grade=st.sampled_from(LIVE), lasting=st.sampled_from(LASTING), pick=picks, kind=st.sampled_from(KINDS))
    def accept(self, grade: Grade, lasting: int, pick: int, kind: Kind) -> None:
        """Say something new, or the next of an incident that runs."""
        self.did("accept")
        incidents = sorted(self.latest)
        goes_on = kind.refers and bool(incidents)
        self.say(grade, lasting, incidents[pick % len(incidents)] if goes_on else None, kind if goes_on else Kind.ALERT)

    def say(self, grade: Grade, lasting: int, incident: int | None, kind: Kind) -> None:
        number, version = self.run(self.store.next_serial(incident))
        assert version == self.latest.get(number, 0) + 1
        expires = self.now + timedelta(seconds=lasting)
        said = alert(number, version, kind=kind, sent=self.now, severity=SEVERITY[grade], expires=expires)
        acceptance = self.acceptance(said, grade, expires)
        deliveries = self.run(self.store.accept(acceptance))
        if number % 3 == 0:
            again = self.run(self.store.accept(acceptance))
            assert [each.id for each in again] == [each.id for each in deliveries], "the same key gives the same alert"
        self.accepted[said.identifier] = said
        self.latest[number] = version
        self.owed |= {each.id: each for each in deliveries}
        assert sorted((each.channel, each.target) for each in deliveries) == sorted(TARGETS)

    def acceptance(self, said: Alert, grade: Grade, expires: datetime) -> Acceptance:
        stale = ordering.stale_at(grade, said.sent, expires)
        return Acceptance(
            key=said.identifier,
            body_digest="body",
            digest="digest",
            alert=said,
            author=OFFICER,
            at=self.now,
            messages=tuple(message(said, name, late=said.incident % 3 > 0) for name in ("twitter", "mail")),
            plan=tuple(
                Planned(
                    channel=channel, target=target, grade=grade, due_at=self.now, expires_at=expires, stale_at=stale
                )
                for channel, target in TARGETS
            ),
        )

    @precondition(lambda self: self.flights)
    @rule(pick=picks, verb=st.sampled_from(Verb))
    def decide(self, pick: int, verb: Verb) -> None:
        """An officer holds, releases, resends or drops whatever comes to hand."""
        self.did("decide")
        before = self.run(self.store.delivery(self.pick_owed(pick)))
        decision = Decision(verb=verb, actor=OFFICER, at=self.now, why="asked")
        try:
            got = self.run(self.store.decide(before.id, decision))
        except Conflict:
            assert self.run(self.store.delivery(before.id)).state is before.state
            return
        assert got.state is not State.READY or (not before.state.good and self.now < before.expires_at)
        if before.state is State.SENDING:
            stopped = [work for work in self.flights if work.delivery.id == before.id]
            self.flights = [work for work in self.flights if work.delivery.id != before.id]
            self.zombies += [(self.epoch, work) for work in stopped]

    def pick_owed(self, pick: int) -> int:
        numbers = sorted(self.owed)
        return numbers[pick % len(numbers)]

    # ------------------------------------------------------------ the dispatcher's side

    @rule(
        channel=st.sampled_from(("twitter", "twitter", "mail", "page")),
        limit=st.integers(1, 4),
        reserved=st.sampled_from((False, False, True)),
        answer=st.none() | st.sampled_from(ANSWERS),
    )
    def claim(self, channel: str, limit: int, reserved: bool, answer: str | None) -> None:
        """Take up work; nothing may start that must not. With an `answer` the first one ends at once."""
        self.did("claim")
        for work in self.run(self.store.claim(self.wish(channel, limit, reserved=reserved))):
            self.check_start(work, reserved=reserved)
            self.flights.append(work)
        if self.flights and answer and self.flights[-1].delivery.channel != "mail":
            self.finish_one(self.flights.pop(), answer)

    def wish(self, channel: str, limit: int, *, reserved: bool = False) -> Claim:
        return Claim(
            channel=channel,
            epoch=self.epoch,
            now=self.now,
            deadline=self.now + timedelta(minutes=10),
            limit=limit,
            reserved_only=reserved,
            together=channel == "page",
        )

    def check_start(self, work: Work, *, reserved: bool) -> None:
        owed = work.delivery
        held = self.run(self.store.delivery(owed.id))
        assert (held.state, held.epoch) == (State.SENDING, self.epoch), "I3: committed before the first byte"
        line = (owed.incident, owed.channel, owed.target)
        for other in self.flights:
            beside = other.delivery
            assert (beside.incident, beside.channel, beside.target) != line, "I4: one live lease at most"
        assert owed.version >= self.started[line], "I6: versions start in rising order"
        assert owed.version == self.latest[owed.incident], "an older version never starts after a newer was accepted"
        assert self.now < owed.expires_at, "I7: nothing starts after expiry"
        assert not reserved or lane.reserved(owed.kind, owed.grade) or owed.channel == "page"
        if owed.channel != "page":
            said, _ = before_sending(work, self.now)
            stale = self.now >= owed.stale_at
            assert said is None or said.texts[0].body.startswith("(late)") == stale, "I7: nothing stale is unmarked"
        self.started[line] = owed.version
        self.sent[owed.id].calls += 1

    @precondition(lambda self: self.flights)
    @rule(pick=picks, answer=st.sampled_from(ANSWERS))
    def finish(self, pick: int, answer: str) -> None:
        """A provider answers, or does not; what came of it is recorded."""
        self.did("finish")
        self.finish_one(self.flights.pop(pick % len(self.flights)), answer)

    def finish_one(self, work: Work, answer: str) -> None:
        if work.delivery.channel == "mail":
            self.finish_mail(work)
            return
        _, instead = before_sending(work, self.now) if work.message else (None, None)
        if instead is not None:
            attempt = attempt_of(work.delivery, self.now, self.now, Outcome.NOT_SENT)
            assert self.run(self.store.record(work.delivery, self.epoch, attempt, instead))
            return
        self.answer(work, answer)

    def answer(self, work: Work, answer: str) -> None:
        sent, owed = self.sent[work.delivery.id], work.delivery
        publishes = owed.channel == "page"
        if answer == "ok" or (answer == "duplicate" and (publishes or not sent.taken)):
            sent.taken += 1
            settlement = settle.after_success(Receipt(ref=f"{owed.channel}-{owed.id}"), self.now)
            attempt = attempt_of(owed, self.now, self.now, Outcome.ACCEPTED, cost=Cost(posts=1))
        else:
            error = self.failure(answer, publishes=publishes)
            sent.taken += answer == "lost, taken" and not publishes
            newer = self.latest[owed.incident] > owed.version
            settlement = settle.after_failure(owed, error, self.now, 0.5, newer_exists=newer)
            attempt = attempt_of(owed, self.now, self.now, outcome.classify(error), error=error, cost=Cost(posts=1))
            sent.doubts += settlement.state is State.IN_DOUBT
        assert self.run(self.store.record(owed, self.epoch, attempt, settlement, Lane()))
        self.check_copies(owed.id)

    def failure(self, answer: str, *, publishes: bool) -> Exception:
        reasons = {
            "refused": Reason.CONNECT,
            "rejected": Reason.REJECTED,
            "suspended": Reason.SUSPENDED,
            "limited": Reason.RATE_LIMITED,
            "duplicate": Reason.DUPLICATE,
        }
        if publishes:
            return DeliveryError(Reason.TARGET, maybe_sent=False)
        if answer == "odd":
            return ValueError(SECRET)
        reason = reasons.get(answer, Reason.LOST)
        return DeliveryError(reason, maybe_sent=reason is Reason.LOST, retry_after=60.0)

    def check_copies(self, number: int) -> None:
        held, sent = self.run(self.store.delivery(number)), self.sent[number]
        if held.channel == "twitter":
            assert sent.taken <= 1 or held.possible_duplicate, "a copy is never hidden"

    @rule(sees=st.sampled_from(("truth", "unknown", "lags")), patience=st.sampled_from((0, 30, 60, 60)))
    def look(self, sees: str, patience: int) -> None:
        """Look up the doubts that are due."""
        self.did("look")
        self.now += timedelta(seconds=patience)
        for channel in ("twitter", "mail", "page"):
            self.look_at(channel, sees, self.now)

    def look_at(self, channel: str, sees: str, until: datetime) -> int:
        works = self.run(self.store.doubts(channel, until, 3))
        for work in works:
            owed = work.delivery
            newer = self.latest[owed.incident] > owed.version
            assert work.newer_exists == newer
            if channel == "twitter":
                taken = self.sent[owed.id].taken > 0 and sees == "truth"
                found = Receipt(ref=f"twitter-{owed.id}") if taken else None
                failed = DeliveryError(Reason.SERVER_ERROR, maybe_sent=True) if sees == "unknown" else None
                settlement = settle.after_look(owed, found, failed, self.now, newer_exists=newer)
            else:
                settlement = settle.repeatable(owed, self.now, newer_exists=newer)
            result = Outcome.ACCEPTED if settlement.state is State.ACCEPTED else Outcome.NOT_SENT
            assert self.run(
                self.store.record(owed, self.epoch, attempt_of(owed, self.now, self.now, result), settlement)
            )
            if settlement.state is State.READY:
                assert owed.grade is not Grade.DRILL or channel != "twitter"
        return len(works)

    @rule(what=st.sampled_from(("read back", "read back", "expire", "expire", "publish")), seen=st.booleans())
    def keep_up(self, what: str, seen: bool) -> None:
        """What the dispatcher does from time to time."""
        self.did(what)
        if what == "read back":
            for channel in ("twitter", "mail", "page"):
                self.read_back(channel, seen)
        elif what == "publish":
            self.publish()
        else:
            self.expire()

    def read_back(self, channel: str, seen: bool) -> None:
        """Look at what was accepted from outside."""
        for work in self.run(self.store.unconfirmed(channel, self.now, 3)):
            settlement = settle.after_readback(work.delivery, Receipt(ref="seen") if seen else None, self.now)
            attempt = attempt_of(work.delivery, self.now, self.now, Outcome.ACCEPTED)
            assert self.run(self.store.record(work.delivery, self.epoch, attempt, settlement))

    def publish(self) -> None:
        """Take an edition, as every publication does."""
        edition = self.run(self.store.new_edition(self.now, Mode.LIVE))
        assert edition.number > self.edition, "I13: no target's version falls"
        self.edition = edition.number
        shown = {said.incident: said.version for said in edition.in_force}
        assert all(self.latest[incident] == version for incident, version in shown.items())
        assert all(said.expires > self.now and not said.kind.ends for said in edition.in_force)

    def expire(self) -> None:
        for owed in self.run(self.store.sweep(self.now)):
            assert owed.expires_at <= self.now
            assert owed.state.settled

    # ------------------------------------------------------------ mail

    @precondition(lambda self: any(work.delivery.channel == "mail" for work in self.flights))
    @rule(pick=picks, limit=st.integers(1, 3), reply=st.sampled_from(REPLIES), whole=st.booleans())
    def serve(self, pick: int, limit: int, reply: str, whole: bool) -> None:
        """Serve some recipients of a mail under way; not `whole`: they are left started, as a crash leaves them, and
        with some of them nothing was begun.
        """
        self.did("serve")
        mails = [work for work in self.flights if work.delivery.channel == "mail"]
        self.serve_some(mails[pick % len(mails)].delivery, limit, reply, whole=whole)

    def serve_some(self, owed: Delivery, limit: int, reply: str, *, whole: bool = True) -> int:
        rows = self.run(self.store.claim_recipients(owed.id, self.epoch, self.now, limit))
        handed = {
            "ok": {},
            "busy": {"reason": Reason.BUSY},
            "gone": {"reason": Reason.REJECTED, "permanent": True},
            "lost": {"reason": Reason.LOST, "maybe_sent": True},
        }[reply]
        results = []
        for row in rows:
            if not whole and row.id % 3 == 0:
                continue
            self.store.begun(owed.id, row.id)
            self.sent[owed.id].reached.add(row.address)
            said = Handed(recipient=row.id, **handed)  # type: ignore[arg-type]
            results.append(
                settle.recipient(said, row, grade=owed.grade, now=self.now, jitter=0.5, expires_at=owed.expires_at)
            )
            if not whole or reply in ("ok", "lost"):
                self.had[owed.incident].add(row.address)
        if whole:
            self.run(self.store.record_recipients(owed.id, self.epoch, self.now, results))
        return len(rows)

    def finish_mail(self, work: Work) -> State:
        """End a run; whoever was started and not answered for may have it."""
        owed = work.delivery
        started = self.run(self.store.tally(owed.id, self.now))
        newer = self.latest[owed.incident] > owed.version
        settlement = settle.after_bulk(owed, started, self.now, newer_exists=newer)
        attempt = attempt_of(owed, self.now, self.now, Outcome.ACCEPTED)
        assert self.run(self.store.record(owed, self.epoch, attempt, settlement))
        return settlement.state

    # ------------------------------------------------------------ the world

    @precondition(lambda self: not self.rested)
    @rule(seconds=st.sampled_from(PASSES))
    def wait(self, seconds: float) -> None:
        self.did("wait")
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.flights)
    @rule(taken=st.booleans(), whole=st.sampled_from((False, False, False, True)))
    def crash(self, taken: bool, whole: bool) -> None:
        """The process dies; `taken`: what was under way had reached its provider; `whole`: the file is opened anew."""
        self.did("crash")
        dead = self.epoch
        if whole:
            self.run(self.store.close())
            self.store = Direct(self.path)
        self.epoch = self.run(self.store.begin("one", self.now))
        assert self.epoch > dead
        for work in self.flights:
            held = self.run(self.store.delivery(work.delivery.id))
            assert held.state in (State.IN_DOUBT, State.NEEDS_HUMAN), "never ready after a restart"
            assert held.doubt_since is not None
            if work.delivery.channel == "twitter":
                self.sent[held.id].taken += taken
                self.sent[held.id].doubts += 1
        self.zombies += [(dead, work) for work in self.flights]
        self.flights.clear()

    @precondition(lambda self: self.zombies)
    @rule(pick=picks)
    def late_result(self, pick: int) -> None:
        """A process that was taken for dead comes back with its result: it must change nothing but the flag."""
        self.did("late result")
        epoch, work = self.zombies.pop(pick % len(self.zombies))
        before = self.run(self.store.delivery(work.delivery.id))
        settlement = settle.after_success(Receipt(ref="late"), self.now)
        attempt = attempt_of(work.delivery, self.now, self.now, Outcome.ACCEPTED)
        kept = self.run(self.store.record(work.delivery, epoch, attempt, settlement))
        after = self.run(self.store.delivery(work.delivery.id))
        assert not kept
        assert (after.state, after.ref) == (before.state, before.ref)

    # ------------------------------------------------------------ the end check

    def teardown(self) -> None:
        try:
            if self.epoch:
                self.end()
        finally:
            self.run(self.store.close())
            self.folder.cleanup()

    def end(self) -> None:
        self.check_accepted()
        self.reach_everybody_again()
        self.run_out()
        counts = Counter[str]()
        for states in self.run(self.store.counts()).values():
            counts.update(states)
        assert counts.total() == len(self.owed), "I14: the ended states sum up to what was planned"
        final = [self.run(self.store.delivery(number)) for number in self.owed]
        assert Counter(each.state.value for each in final) == counts
        ended_in.update(counts)
        assert all(each.state.settled for each in final), "I2: every delivery ends"
        self.check_records(final)

    def check_accepted(self) -> None:
        """I1: accepted means on disk. I2: each accepted message, channel and target has one delivery."""
        for identifier, said in self.accepted.items():
            row = self.run(self.store.alert(identifier))
            assert row.alert == said, "I1"
            assert sorted((each.channel, each.target) for each in row.deliveries) == sorted(TARGETS), "I2"

    def reach_everybody_again(self) -> None:
        """I11: serve the newest mails to their end; whatever refers to an earlier one reaches all who had that."""
        self.crash(taken=False, whole=False)
        self.look_everything("mail", self.now + timedelta(days=1))
        served: list[Work] = []
        while works := self.run(self.store.claim(self.wish("mail", 4))):
            for work in works:
                while self.serve_some(work.delivery, 3, "ok"):
                    pass
                served.append(work)
                self.finish_mail(work)
        for work in served:
            owed = work.delivery
            tally = self.run(self.store.tally(owed.id, self.now))
            if owed.kind.refers and tally.expanded and not tally.pending:
                assert self.had[owed.incident] <= self.recipients(owed.id), "I11: whoever had it is told of its end"

    def recipients(self, number: int) -> set[str]:
        with sqlite3.connect(self.path) as reading:
            rows = reading.execute("SELECT address FROM recipient WHERE delivery = ?", (number,))
            return {str(row[0]) for row in rows}

    def look_everything(self, channel: str, until: datetime) -> None:
        while self.look_at(channel, "unknown", until):
            pass

    def run_out(self) -> None:
        """After a crash and four days nothing is owed any more."""
        self.crash(taken=False, whole=True)
        self.now += timedelta(days=4)
        for channel in ("twitter", "mail", "page"):
            self.look_everything(channel, self.now)
            assert self.run(self.store.claim(self.wish(channel, 100))) == (), "I7"
        self.run(self.store.sweep(self.now))

    def check_records(self, final: list[Delivery]) -> None:
        with sqlite3.connect(self.path) as reading:
            resolved = dict(reading.execute("SELECT delivery, count(*) FROM resolution GROUP BY delivery").fetchall())
        for each in final:
            sent = self.sent[each.id]
            if each.channel == "twitter":
                assert sent.taken <= 1 or each.possible_duplicate, "a copy is never hidden"
                if sent.doubts and sent.calls > sent.doubts:
                    assert resolved.get(each.id, 0) > 0, "I5: no resend without a resolution record"
            attempts = self.run(self.store.attempts(each.id))
            assert all(SECRET not in repr(attempt) for attempt in attempts), "I12"
        entries = self.run(self.trail())
        assert verify(entries, self.run(self.store.head())) is None, "I10: the audit chain verifies"
        assert all(SECRET not in entry.body for entry in entries), "I12: no secret in the audit"

    async def trail(self) -> list[Any]:
        return [entry async for entry in self.store.entries()]
