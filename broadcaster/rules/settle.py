"""What becomes of a delivery: the arrows of docs/delivery.md's picture, as pure functions.

Each returns a `Settlement` that the store writes. A doubt is looked up as often as its grade allows and then ended by
the policy of its grade; a delivery sent again after a doubt is flagged as a possible duplicate, never hidden.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from broadcaster.errors import DeliveryError, Reason
from broadcaster.model import Delivery, Grade, Outcome, Receipt, Recipient, RecipientState, State
from broadcaster.ports.channel import Handed
from broadcaster.ports.store import RecipientResult, Settlement, Tally
from broadcaster.rules import outcome
from broadcaster.rules.ordering import closed
from broadcaster.rules.retry import next_try


@dataclass(frozen=True, slots=True)
class DoubtPolicy:
    """One row of the table of doubts: seconds before the first look, and how many looks."""

    settle: int
    reads: int


POLICY: Mapping[Grade, DoubtPolicy] = {
    Grade.EMERGENCY: DoubtPolicy(settle=5, reads=2),
    Grade.WARNING: DoubtPolicy(settle=15, reads=3),
    Grade.INFORMATION: DoubtPolicy(settle=30, reads=3),
    Grade.DRILL: DoubtPolicy(settle=30, reads=3),
}
_LATER_LOOKS = (10, 40)
"""Seconds from the first look to the second and third: in an emergency at 5 and 15 s, with a third it would be 45."""
ASKED = timedelta(seconds=60)
"""How long a warning still unknown stands on the board as a question before it is sent again."""
READBACK = (1, 5, 30, 300, 900, 3600)
"""Seconds to each further read-back of something accepted but not yet seen from outside; the last one repeats."""
NEVER_READ_BACK = timedelta(days=2)
"""Due time of something accepted on a channel that cannot read back: further ahead than any read-back is."""
CHANNEL_WAIT = timedelta(seconds=30)
"""When a delivery is due again after its channel was found down; the breaker decides when it is really tried."""
RECIPIENT_DOUBT = timedelta(seconds=60)
RECIPIENT_FIRST = 120.0
"""Seconds before a recipient's second try in the mean: greylisting asks for 60 to 300."""
_ONE_LOST_THEN_REFUSED = 2
"""Attempts."""
BULK_SOON, BULK_PAUSE = timedelta(seconds=1), timedelta(seconds=60)
"""When a bulk delivery goes on: with recipients not begun (it went stale and starts again marked), and otherwise."""


def after_success(receipt: Receipt, now: datetime, *, readable: bool = True) -> Settlement:
    """Return `accepted`, due for read-back in 1 s if the channel can (`readable`)."""
    return Settlement(
        state=State.ACCEPTED,
        due_at=now + (timedelta(seconds=READBACK[0]) if readable else NEVER_READ_BACK),
        ref=receipt.ref,
        url=receipt.url,
        detail=receipt.detail,
    )


def after_failure(
    delivery: Delivery, error: BaseException, now: datetime, jitter: float, *, newer_exists: bool
) -> Settlement:
    """Return what follows a failed attempt: retry, doubt, failure, or the end where a newer version exists."""
    kind, reason, detail = outcome.classify(error), _reason(error), _detail(error)
    match kind:
        case Outcome.IN_DOUBT:
            first = timedelta(seconds=0 if newer_exists else POLICY[delivery.grade].settle)
            return Settlement(state=State.IN_DOUBT, due_at=now + first, doubt_since=now, reason=reason, detail=detail)
        case Outcome.DUPLICATE if was_in_doubt(delivery):
            # Only our own lost attempt can have said this very text: conclusive. One lost attempt makes one copy; of
            # several more than one may have arrived, if the provider's memory had a gap: then the flag stays.
            return Settlement(
                state=State.ACCEPTED,
                due_at=now + timedelta(seconds=READBACK[0]),
                possible_duplicate=False if delivery.attempt <= _ONE_LOST_THEN_REFUSED else None,
                resolution="duplicate_refused",
            )
        case Outcome.DUPLICATE | Outcome.FAILED:
            return Settlement(state=State.FAILED, reason=reason, detail=detail)
        case _:
            return _again(delivery, error, now, jitter, newer_exists=newer_exists)


def _again(delivery: Delivery, error: BaseException, now: datetime, jitter: float, *, newer_exists: bool) -> Settlement:
    """It was surely not accepted: try again, unless there is nothing left to say."""
    if ended := _ended(delivery, now, newer_exists=newer_exists):
        return Settlement(state=ended, reason=_reason(error), detail=_detail(error))
    down = outcome.classify(error) is Outcome.CHANNEL_DOWN
    wish = error.retry_after if isinstance(error, DeliveryError) else None
    due = now + CHANNEL_WAIT if down else next_try(delivery.attempt, now, jitter, wish, delivery.expires_at)
    burn = not (down or (isinstance(error, DeliveryError) and error.reason in (Reason.QUOTA, Reason.CANCELLED)))
    return Settlement(
        state=State.RETRY_WAIT,
        due_at=min(due, delivery.expires_at),
        reason=_reason(error),
        detail=_detail(error),
        burn_attempt=burn,
    )


def given_back(now: datetime) -> Settlement:
    """Return `ready`: the service stops, and nothing of this attempt had begun."""
    return Settlement(state=State.READY, due_at=now, reason="stopped", burn_attempt=False)


def postponed(delivery: Delivery, until: datetime, reason: str) -> Settlement:
    """Return a delivery that was claimed but not tried (budget, stopping): it waits, no attempt is burned."""
    due = min(until, delivery.expires_at)
    return Settlement(state=State.RETRY_WAIT, due_at=due, reason=reason, burn_attempt=False)


def waiting_for_keypress() -> Settlement:
    """Return `needs_human`: an emergency that sat through an outage (order 8)."""
    return Settlement(state=State.NEEDS_HUMAN, reason="after_outage", burn_attempt=False)


def after_look(
    delivery: Delivery,
    found: Receipt | None,
    failed: DeliveryError | None,
    now: datetime,
    *,
    newer_exists: bool,
) -> Settlement:
    """Return what follows a look at a doubt: `found` its receipt; else `failed` says why it could not be told, and
    None that it is absent. Absent is believed only at the last look: a provider's own list lags behind.
    """
    if found is not None:
        return Settlement(
            state=State.ACCEPTED,
            due_at=now + timedelta(seconds=READBACK[0]),
            ref=found.ref,
            url=found.url,
            resolution="found",
        )
    if ended := _ended(delivery, now, newer_exists=newer_exists):
        return Settlement(state=ended, reason=delivery.reason, resolution=ended.value)
    looks, policy = delivery.reads + 1, POLICY[delivery.grade]
    if looks < policy.reads:
        # Counted from the beginning of the doubt: a look that hangs must not push an emergency over its 30 s.
        after = policy.settle + _LATER_LOOKS[min(looks, len(_LATER_LOOKS)) - 1]
        return _still(delivery, max(now, (delivery.doubt_since or now) + timedelta(seconds=after)), looks)
    return _unresolved(delivery, now, looks, absent=failed is None)


def _unresolved(delivery: Delivery, now: datetime, looks: int, *, absent: bool) -> Settlement:
    """The last column of the table: absent everywhere, or still unknown after the last look."""
    if delivery.grade is Grade.DRILL:
        return Settlement(state=State.NEEDS_HUMAN, reads=looks, reason="doubt", resolution="drill_never_resent")
    if absent or delivery.grade is Grade.EMERGENCY:
        return _resend(now, "absent" if absent else "unknown_emergency")
    if delivery.grade is Grade.WARNING:
        if looks > POLICY[Grade.WARNING].reads:
            return _resend(now, "unknown_warning_asked")
        return _still(delivery, now + ASKED, looks, reason="asking")
    return Settlement(state=State.NEEDS_HUMAN, reads=looks, reason="doubt", resolution="unknown_held")


def _still(delivery: Delivery, due: datetime, looks: int, reason: str = "") -> Settlement:
    return Settlement(
        state=State.IN_DOUBT, due_at=due, reads=looks, reason=reason or delivery.reason, detail=delivery.detail
    )


def _resend(now: datetime, resolution: str) -> Settlement:
    return Settlement(state=State.READY, due_at=now, reason=resolution, resolution=resolution, possible_duplicate=True)


def repeatable(delivery: Delivery, now: datetime, *, newer_exists: bool) -> Settlement:
    """Return what becomes of a doubt on a channel that may simply do it again: a publisher (idempotent), or a bulk
    messenger, whose ledger knows which recipients are in doubt.
    """
    if ended := _ended(delivery, now, newer_exists=newer_exists):
        return Settlement(state=ended, reason=delivery.reason, resolution=ended.value)
    return Settlement(state=State.READY, due_at=now, reason="resumed", resolution="repeatable")


def after_readback(delivery: Delivery, receipt: Receipt | None, now: datetime) -> Settlement:
    """Return `confirmed` if it was seen from outside, else `accepted` and due for the next look."""
    if receipt is not None:
        return Settlement(
            state=State.CONFIRMED,
            due_at=now,
            reads=delivery.reads + 1,
            ref=receipt.ref or None,
            url=receipt.url or None,
            detail=delivery.detail,
        )
    looks = delivery.reads + 1
    pause = timedelta(seconds=READBACK[min(looks, len(READBACK) - 1)])
    return Settlement(state=State.ACCEPTED, due_at=now + pause, reads=looks, detail=delivery.detail)


def after_bulk(
    delivery: Delivery,
    tally: Tally,
    now: datetime,
    *,
    newer_exists: bool = False,
    receipt: Receipt | None = None,
    readable: bool = True,
) -> Settlement:
    """Return what a run through the ledger came to.

    Done when nobody waits: accepted if anybody has it or may have it (or nobody was to get it), failed if every
    recipient was refused. Otherwise it waits for the next recipient that is due, or ends where it was overtaken.
    """
    flagged = tally.possible_duplicates > 0 or None
    waiting = tally.pending + tally.retry + tally.in_doubt > 0 or not tally.expanded
    if waiting and (ended := _ended(delivery, now, newer_exists=newer_exists)):
        state = _closed_bulk(ended) if tally.in_doubt else ended
        return Settlement(state=state, reason=ended.value, possible_duplicate=flagged)
    if waiting:
        due = now + BULK_SOON if tally.pending or not tally.expanded else tally.next_due or now + BULK_PAUSE
        due = min(due, delivery.expires_at)
        return Settlement(state=State.RETRY_WAIT, due_at=due, reason="recipients_waiting", possible_duplicate=flagged)
    if tally.failed and not tally.accepted + tally.unknown:
        return Settlement(state=State.FAILED, reason=Reason.REJECTED.value)
    done = after_success(receipt or Receipt(ref=delivery.key), now, readable=readable)
    unserved = f"{tally.accepted} accepted, {tally.failed} refused, {tally.unknown} unknown"
    detail = unserved if tally.failed + tally.unknown else done.detail
    return Settlement(
        state=done.state, due_at=done.due_at, ref=done.ref, url=done.url, detail=detail, possible_duplicate=flagged
    )


def _closed_bulk(ended: State) -> State:
    return State.CLOSED_EXPIRED if ended in (State.EXPIRED, State.CLOSED_EXPIRED) else State.CLOSED_SUPERSEDED


def recovered(delivery: Delivery, now: datetime) -> Settlement:
    """Return `in_doubt` for a delivery that was `sending` when its process died: never `ready`."""
    first = timedelta(seconds=POLICY[delivery.grade].settle)
    return Settlement(state=State.IN_DOUBT, due_at=now + first, doubt_since=now, reason="restart")


def quarantined(delivery: Delivery, now: datetime) -> Settlement:
    """Return `needs_human` for a delivery that was `sending` at three starts in a row: it may be what kills us."""
    since = delivery.doubt_since or now
    return Settlement(state=State.NEEDS_HUMAN, due_at=now, doubt_since=since, reason="quarantined")


def _ended(delivery: Delivery, now: datetime, *, newer_exists: bool) -> State | None:
    if delivery.state is State.IN_DOUBT:
        over, overtaken = State.CLOSED_EXPIRED, State.CLOSED_SUPERSEDED
    else:
        over, overtaken = closed(delivery, State.EXPIRED), closed(delivery, State.SUPERSEDED)
    if now >= delivery.expires_at:
        return over
    return overtaken if newer_exists else None


def was_in_doubt(delivery: Delivery) -> bool:
    """Whether an attempt of it may have been accepted without our knowing."""
    return delivery.doubt_since is not None or delivery.possible_duplicate


def _reason(error: BaseException) -> str:
    return (error.reason if isinstance(error, DeliveryError) else Reason.UNKNOWN).value


def _detail(error: BaseException) -> str:
    """What the officer may read: a channel's own words, of a foreign exception only its type (it may hold a secret)."""
    return error.detail if isinstance(error, DeliveryError) else type(error).__name__


# ---------------------------------------------------------------- single recipients of a bulk message


def recipient(
    handed: Handed, row: Recipient, *, grade: Grade, now: datetime, jitter: float, expires_at: datetime
) -> RecipientResult:
    """Return what becomes of one recipient. A mailbox that is busy is tried again in one to five minutes; a
    permanent refusal ends it for this delivery only (a resident's own filter also answers 5.0.0); `rules.suppression`
    says when an address is left alone.
    """
    state, due = _recipient_state(handed, row, grade, now)
    if state is RecipientState.RETRY:
        due = next_try(row.attempt, now, jitter, None, expires_at, first=RECIPIENT_FIRST)
    served_twice = row.possible_duplicate and state is not RecipientState.FAILED
    return RecipientResult(id=row.id, state=state.value, due_at=due, code=handed.code, possible_duplicate=served_twice)


def _recipient_state(
    handed: Handed, row: Recipient, grade: Grade, now: datetime
) -> tuple[RecipientState, datetime | None]:
    if handed.reason is None:
        return RecipientState.ACCEPTED, None
    if handed.permanent:
        # Refused now, but an earlier attempt may have been accepted: then it stays unknown, never "failed".
        return (RecipientState.UNKNOWN if row.possible_duplicate else RecipientState.FAILED), None
    if outcome.of_reason(handed.reason, maybe_sent=handed.maybe_sent) is Outcome.IN_DOUBT:
        return recipient_in_doubt(grade, now)
    return RecipientState.RETRY, None


def recipient_in_doubt(grade: Grade, now: datetime) -> tuple[RecipientState, datetime | None]:
    """Return (state, due) of a recipient who may have it: in an emergency, and in a drill, which rehearses one, served
    again after 60 s, flagged as a possible duplicate when claimed; otherwise marked unknown and left alone.
    """
    if grade in (Grade.EMERGENCY, Grade.DRILL):
        return RecipientState.IN_DOUBT, now + RECIPIENT_DOUBT
    return RecipientState.UNKNOWN, None
