"""What people decide about one delivery: hold, release, send again, drop. Pure, like all of `rules.settle`."""

from __future__ import annotations

from broadcaster.errors import Conflict
from broadcaster.model import Delivery, Grade, State
from broadcaster.ports.store import Decision, Settlement, Verb
from broadcaster.rules.settle import was_in_doubt

_RESENDABLE = frozenset({State.NEEDS_HUMAN, State.IN_DOUBT, State.FAILED, State.RETRY_WAIT, State.HELD})
_HOLDABLE = frozenset({State.READY, State.RETRY_WAIT, State.IN_DOUBT, State.NEEDS_HUMAN})
_DROPPABLE = frozenset({State.READY, State.RETRY_WAIT, State.HELD, State.NEEDS_HUMAN, State.IN_DOUBT, State.FAILED})
_SERVED = frozenset({State.ACCEPTED, State.CONFIRMED})


def decided(delivery: Delivery, decision: Decision, *, newer_exists: bool = False) -> Settlement:
    """Return what an officer's decision makes of a delivery; the store writes it with its resolution record.

    Raise `Conflict`, with the state it is in, where the decision is impossible: nothing is sent again once it is
    accepted, expired or overtaken, and a drill's doubt never, except on a bulk channel, whose ledger knows who is in
    doubt. A bulk delivery under way may be held or dropped: its ledger then gives nobody more. One that is done but
    left some of its recipients unserved may be sent again, to those alone, or dropped: then it is left at that.
    """
    match decision.verb:
        case Verb.RESEND:
            return _decide_resend(delivery, decision, newer_exists=newer_exists)
        case Verb.RELEASE:
            return _decide_release(delivery, decision, newer_exists=newer_exists)
        case Verb.HOLD:
            _require(delivery, decision, _HOLDABLE | _bulk_under_way(delivery))
            # A doubt stays a question for a person: as merely held it could be released without a look.
            doubtful = delivery.state in (State.IN_DOUBT, State.NEEDS_HUMAN)
            return _by_person(delivery, decision, State.NEEDS_HUMAN if doubtful else State.HELD)
        case Verb.DROP:
            _require(delivery, decision, _DROPPABLE | _bulk_under_way(delivery) | _unserved(delivery))
            return (
                _left_at_that(delivery, decision)
                if _unserved(delivery)
                else _by_person(delivery, decision, State.CANCELLED)
            )


def offered(state: State, *, bulk: bool, unserved: bool, doubted: bool) -> frozenset[Verb]:
    """Return what is worth offering for a delivery in this state; `decided` has the last word."""
    verbs = {Verb.RESEND} if state in _RESENDABLE else set[Verb]()
    if state in _HOLDABLE or (bulk and state is State.SENDING):
        verbs.add(Verb.HOLD)
    if state is State.HELD or (state is State.NEEDS_HUMAN and not doubted):
        verbs.add(Verb.RELEASE)
    if state in _DROPPABLE or (bulk and state is State.SENDING):
        verbs.add(Verb.DROP)
    if unserved and state in _SERVED:
        verbs |= {Verb.RESEND, Verb.DROP}
    return frozenset(verbs)


def _decide_resend(delivery: Delivery, decision: Decision, *, newer_exists: bool) -> Settlement:
    _require(delivery, decision, _RESENDABLE | _unserved(delivery))
    _require_current(delivery, decision, newer_exists=newer_exists)
    if delivery.grade is Grade.DRILL and was_in_doubt(delivery) and not _has_ledger(delivery):
        raise Conflict("drill_never_resent", delivery=delivery.id)
    return _by_person(delivery, decision, State.READY)


def _decide_release(delivery: Delivery, decision: Decision, *, newer_exists: bool) -> Settlement:
    never_sent = delivery.state is State.NEEDS_HUMAN and not was_in_doubt(delivery)
    _require(delivery, decision, frozenset({State.HELD}) | ({delivery.state} if never_sent else set[State]()))
    _require_current(delivery, decision, newer_exists=newer_exists)
    return _by_person(delivery, decision, State.READY)


def _unserved(delivery: Delivery) -> frozenset[State]:
    """The states of a bulk delivery that is done, though not for everybody."""
    return _SERVED if delivery.unserved and delivery.state in _SERVED else frozenset()


def _left_at_that(delivery: Delivery, decision: Decision) -> Settlement:
    """It stays what it is, and nobody is asked about its unserved recipients any more."""
    return Settlement(
        state=delivery.state,
        reads=delivery.reads,
        reason=delivery.reason,
        detail=delivery.detail,
        unserved=0,
        resolution=f"{decision.verb.value}: {decision.why}",
    )


def _by_person(delivery: Delivery, decision: Decision, state: State) -> Settlement:
    again = state is State.READY and was_in_doubt(delivery)
    return Settlement(
        state=state,
        due_at=decision.at,
        reason=decision.verb.value,
        detail=decision.why,
        possible_duplicate=True if again else None,
        resolution=f"{decision.verb.value}: {decision.why}",
    )


def _require(delivery: Delivery, decision: Decision, states: frozenset[State]) -> None:
    if delivery.state not in states:
        raise Conflict(
            "decision_impossible", delivery=delivery.id, verb=decision.verb.value, state=delivery.state.value
        )


def _require_current(delivery: Delivery, decision: Decision, *, newer_exists: bool) -> None:
    if decision.at >= delivery.expires_at:
        raise Conflict("delivery_expired", delivery=delivery.id)
    if newer_exists:
        raise Conflict("delivery_overtaken", delivery=delivery.id)


def _bulk_under_way(delivery: Delivery) -> frozenset[State]:
    return frozenset({State.SENDING}) if _has_ledger(delivery) else frozenset()


def _has_ledger(delivery: Delivery) -> bool:
    return delivery.total > 0
