"""The recipient ledger: who has got one mail (docs/delivery.md, channel by channel and order 5)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from broadcaster.model import Delivery, Recipient, RecipientState
from broadcaster.ports.store import RecipientResult, Tally
from broadcaster.rules.districts import Districts
from broadcaster.store import expanding, people, rows
from broadcaster.store.base import Part
from broadcaster.store.begun import Begun, Run
from broadcaster.store.rows import maybe_ms, maybe_time, ms
from broadcaster.store.transaction import Gathered, Row, Tx, listed

_KNOWN = frozenset({RecipientState.ACCEPTED, RecipientState.FAILED})
_DOUBTED = frozenset({RecipientState.IN_DOUBT, RecipientState.UNKNOWN})
_WAITING = frozenset({RecipientState.PENDING, RecipientState.RETRY})
_SURELY_NOT = _WAITING | {RecipientState.FAILED}
"""What says that the mail did not arrive."""
_PENDING, _STARTED, _IN_DOUBT = (
    state.value for state in (RecipientState.PENDING, RecipientState.STARTED, RecipientState.IN_DOUBT)
)
_DUPLICATES = "possible_duplicates"
_STEPS = 2
"""An update finds the delivery before it, then whoever that one served."""


class Book(Part):
    """Serves `ports.store.RecipientBook`."""

    async def claim_recipients(self, delivery: int, epoch: int, now: datetime, limit: int) -> tuple[Recipient, ...]:
        """Mark as started and return, committed. Empty when the lease is lost or nobody is due. Extends the lease."""
        look = partial(_look, delivery=delivery, epoch=epoch, now=now, limit=limit, districts=self._districts)
        while True:
            seen = await self._read(look)
            if seen is None:
                return ()
            if seen.enough:
                break
            await self._write(partial(_enrol, delivery=delivery, seen=seen))
        reach = await self._reach(seen)
        self._begun.open(Run(delivery, epoch, seen.lease["attempt"]))
        claim = partial(_claim, delivery=delivery, epoch=epoch, now=now, limit=limit, seen=seen, reach=reach)
        return await self._write(claim)

    async def _reach(self, seen: _Seen) -> int:
        """Count how many it will be, on a snapshot, so that the board can show how many of how many. Not before the
        first are claimed: nobody waits for a number. 0: not counted now.
        """
        if not seen.countable:
            return 0
        return await self._read(lambda tx: people.count_reach(tx, rows.alert(seen.lease["body"]), self._districts))

    def begun(self, delivery: int, *recipients: int) -> None:
        """Note that these recipients may have it from now on."""
        self._begun.note(delivery, *recipients)

    def doubt_all(self, delivery: int) -> None:
        """Trust the notes of this run no longer."""
        self._begun.give_up(delivery)

    async def record_recipients(
        self, delivery: int, epoch: int, now: datetime, results: Sequence[RecipientResult]
    ) -> bool:
        """Write down, in one commit, and move the delivery's progress; return whether the run may go on. A late result
        is kept for what it shows.
        """
        return await self._write(partial(_record, delivery=delivery, epoch=epoch, now=now, results=results))

    async def tally(self, delivery: int, now: datetime) -> Tally:  # noqa: ARG002 (other backends count by it)
        """Count. Recipients still under way count as in doubt."""
        return await self._read(partial(_tally, delivery=delivery))


def first(
    tx: Tx, delivery: Delivery, begun: Begun, *, now: datetime, most: int, districts: Districts
) -> tuple[Recipient, ...]:
    """Mark the first recipients of a delivery as started, in the transaction that starts it, and return them. No more
    subscribers are looked at than may be marked, since the writer is held up meanwhile; none may be found among them.
    """
    number, epoch = delivery.id, delivery.epoch
    look = partial(_look, tx, delivery=number, epoch=epoch, now=now, limit=most, districts=districts, most=most)
    seen = look()
    for _ in range(_STEPS):
        if seen is not None and seen.found is not None and not seen.found.people:
            _enrol(tx, delivery=number, seen=seen)
            seen = look()
    if seen is None:
        return ()
    begun.open(Run(number, epoch, delivery.attempt))
    return _claim(tx, delivery=number, epoch=epoch, now=now, limit=most, seen=seen, reach=0)


def put_back(tx: Tx, delivery: int, begun: Collection[int]) -> int:
    """Let those who were claimed and not begun wait again, as if never claimed; return how many."""
    started = (row["number"] for row in tx.all("ledger.started", delivery=delivery))
    moved = tx.run("ledger.put_back", delivery=delivery, numbers=listed(set(started).difference(begun)))
    if moved:
        _count(tx, delivery, Counter({"started": -moved, "pending": moved}))
    return moved


def again(tx: Tx, delivery: int, now: datetime) -> None:
    """Let those recipients be tried again who ended without it, or of whom nobody knows."""
    book = tx.one("ledger.book", delivery=delivery)
    if book is None or not book["failed"] + book["unknown"]:
        return
    failed, unknown = book["failed"], book["unknown"]
    tx.run("ledger.again", delivery=delivery, now=ms(now))
    _count(tx, delivery, Counter({"failed": -failed, "retry": failed, "unknown": -unknown, "in_doubt": unknown}))
    tx.run("ledger.show_progress", delivery=delivery)


def doubt_started(tx: Tx, delivery: int, state: RecipientState, due: datetime | None) -> None:
    """Put recipients whose sending was begun, and will not be told any more, in doubt."""
    book = tx.one("ledger.book", delivery=delivery)
    if book is None or not book["started"]:
        return  # as nearly always: to look would be to read every recipient
    moved = tx.run("ledger.doubt_started", delivery=delivery, state=state.value, due_at=maybe_ms(due))
    if moved:
        _count(tx, delivery, Counter({"started": -moved, state.value: moved}))


class _Seen(NamedTuple):
    """What a claim goes by: the delivery, its ledger's row if there is one, and people to write down before."""

    lease: Row
    book: Row | None
    found: expanding.Found | None
    limit: int

    @property
    def enough(self) -> bool:
        """Whether a claim of this size can be served after `found` is written down, or nobody is left to find."""
        if self.found is None or self.found.end.expanded:
            return True
        return len(self.found.people) + (self.book["pending"] if self.book else 0) >= self.limit

    @property
    def countable(self) -> bool:
        """Whether the whole number is still wanted."""
        return self.book is not None and bool(self.book["total"]) and not (self.book["reach"] or self.book["expanded"])


def _look(
    tx: Tx, *, delivery: int, epoch: int, now: datetime, limit: int, districts: Districts, most: int | None = None
) -> _Seen | None:
    """Return what there is, on a snapshot; None where the lease is lost. Look at `most` people, if it is given."""
    lease = tx.one("ledger.lease", delivery=delivery, epoch=epoch, now=ms(now))
    if lease is None or not lease["holds"]:
        return None
    book = tx.one("ledger.book", delivery=delivery)
    hungry = book is None or not (book["expanded"] or book["pending"] >= limit)
    found = expanding.look(tx, lease, expanding.place(book, lease), districts, most) if hungry else None
    return _Seen(lease, book, found, limit)


def _enrol(tx: Tx, *, delivery: int, seen: _Seen, reach: int = 0) -> None:
    if seen.book is None:
        tx.run("ledger.open", delivery=delivery, earlier=expanding.place(None, seen.lease).earlier)
    if seen.found is not None:
        expanding.enrol(tx, delivery, seen.lease, seen.found)
    if reach:
        tx.run("ledger.reach", delivery=delivery, reach=reach)
    if seen.found is not None or reach:
        tx.run("ledger.show_progress", delivery=delivery)


def _claim(
    tx: Tx, *, delivery: int, epoch: int, now: datetime, limit: int, seen: _Seen, reach: int
) -> tuple[Recipient, ...]:
    lease = tx.one("ledger.lease", delivery=delivery, epoch=epoch, now=ms(now))
    if lease is None or not lease["holds"]:
        return ()
    _enrol(tx, delivery=delivery, seen=seen, reach=reach)
    due = tx.gathered("ledger.due", delivery=delivery, now=ms(now), limit=limit)
    claimed = tuple(map(_claimed, due))
    if claimed:
        tx.run("ledger.start", delivery=delivery, epoch=epoch, numbers=listed(each.id for each in claimed))
        moves = Counter({"started": len(due)})
        moves.subtract(row["state"] for row in due)
        moves[_DUPLICATES] = sum(each.possible_duplicate for each in claimed) - sum(
            row["possible_duplicate"] for row in due
        )
        _count(tx, delivery, moves)
    tx.run("ledger.extend_lease", delivery=delivery, now=ms(now))
    return claimed


def _claimed(row: Gathered) -> Recipient:
    """Whoever is in doubt and asked again may get it twice."""
    return Recipient(
        id=row["number"],
        address=row["address"],
        language=row["language"],
        token=row["token"],
        attempt=row["attempt"] + 1,
        possible_duplicate=bool(row["possible_duplicate"]) or row["state"] == _IN_DOUBT,
    )


def _record(tx: Tx, *, delivery: int, epoch: int, now: datetime, results: Sequence[RecipientResult]) -> bool:
    if results:
        moves: Counter[str] = Counter()
        for run in _runs(results):
            _record_run(tx, delivery, epoch, run, moves)
        _count(tx, delivery, moves)
        tx.run("ledger.show_progress", delivery=delivery)
        tx.run("ledger.half_served", delivery=delivery, now=ms(now))
        tx.run("ledger.extend_lease", delivery=delivery, now=ms(now))
        tx.run("outbox.calm", numbers=listed((delivery,)))
    return bool(tx.number("ledger.holds", delivery=delivery, epoch=epoch, now=ms(now)))


def _runs(results: Sequence[RecipientResult]) -> Iterator[Sequence[RecipientResult]]:
    """Cut where somebody comes again, as in a doubt and then its late reply: what was first must be written first."""
    start, seen = 0, set[int]()
    for place, result in enumerate(results):
        if result.id in seen:
            yield results[start:place]
            start, seen = place, set()
        seen.add(result.id)
    yield results[start:]


def _record_run(tx: Tx, delivery: int, epoch: int, run: Sequence[RecipientResult], moves: Counter[str]) -> None:
    """Write down results of different people; those that came to the same go in one statement."""
    rows = tx.gathered("ledger.recipients", delivery=delivery, numbers=listed(result.id for result in run))
    found = {row["number"]: row for row in rows}
    same: defaultdict[_Entry, list[int]] = defaultdict(list)
    copies: list[int] = []
    for result in run:
        row = found.get(result.id)
        if row is None:
            continue
        if _applies(row, result, epoch):
            entry = _entry(row, result)
            same[entry].append(result.id)
            moves[row["state"]] -= 1
            moves[_DUPLICATES] += entry.possible_duplicate - row["possible_duplicate"]
        elif row["epoch"] != epoch and result.state not in _SURELY_NOT:
            moves[_DUPLICATES] += 1 - row["possible_duplicate"]
            copies.append(result.id)
    for entry, numbers in same.items():
        moves[entry.state] += len(numbers)
        tx.run("ledger.write", delivery=delivery, numbers=listed(numbers), **entry._asdict())
    if copies:
        tx.run("ledger.flag", delivery=delivery, numbers=listed(copies))


def _applies(row: Gathered, result: RecipientResult, epoch: int) -> bool:
    """Whether the result is that of the row's last start. A doubt may still be told by its own late reply."""
    if row["epoch"] != epoch:
        return False
    state = row["state"]
    return state == _STARTED or (state in _DOUBTED and result.state in _KNOWN)


class _Entry(NamedTuple):
    """What is written of one recipient."""

    state: str
    due_at: int | None
    code: str
    possible_duplicate: int
    unbegun: int


def _entry(row: Gathered, result: RecipientResult) -> _Entry:
    due = maybe_ms(result.due_at)
    return _Entry(
        state=result.state,
        due_at=0 if due is None and result.state in _WAITING else due,
        code=result.code,
        possible_duplicate=int(result.possible_duplicate or row["possible_duplicate"]),
        unbegun=int(result.state == _PENDING),
    )


def _count(tx: Tx, delivery: int, moves: Counter[str]) -> None:
    changes = {state.value: moves[state.value] for state in RecipientState}
    tx.run("ledger.count", delivery=delivery, possible_duplicates=moves[_DUPLICATES], **changes)


def _tally(tx: Tx, *, delivery: int) -> Tally:
    book = tx.one("ledger.book", delivery=delivery)
    if book is None:
        return Tally(
            total=0,
            accepted=0,
            failed=0,
            pending=0,
            retry=0,
            in_doubt=0,
            unknown=0,
            possible_duplicates=0,
            expanded=False,
        )
    due = tx.one("ledger.next_due", delivery=delivery)
    return Tally(
        total=book["total"] if book["expanded"] else max(book["total"], book["reach"]),
        accepted=book["accepted"],
        failed=book["failed"],
        pending=book["pending"],
        retry=book["retry"],
        in_doubt=book["in_doubt"] + book["started"],
        unknown=book["unknown"],
        possible_duplicates=book["possible_duplicates"],
        next_due=maybe_time(None if due is None else due["value"]),
        expanded=bool(book["expanded"]),
    )
