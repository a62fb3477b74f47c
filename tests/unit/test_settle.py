"""The arrows of docs/delivery.md's picture of states, and its table of doubts."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.errors import Conflict, Reason
from broadcaster.model import Actor, Delivery, Grade, Kind, Outcome, Receipt, Recipient, RecipientState, State
from broadcaster.ports.channel import Handed
from broadcaster.ports.store import Decision, Settlement, Tally, Verb
from broadcaster.rules import deciding, outcome, settle
from tests.unit.values import NOW, after, deliveries, delivery, errors, failure, grades, jitters

sending = deliveries(st.just(State.SENDING))
doubtful = deliveries(st.just(State.IN_DOUBT))
RECEIPT = Receipt(ref="1830", url="https://x.com/i/1830")
UNREADABLE = failure(Reason.SERVER_ERROR, maybe_sent=True)


def doubt(grade: Grade, **changes: object) -> Delivery:
    return delivery(state=State.IN_DOUBT, grade=grade, doubt_since=NOW, **changes)


# ---------------------------------------------------------------- attempts


@given(sending, errors, jitters, st.booleans())
def test_a_failure_leads_only_where_the_picture_has_an_arrow(
    owed: Delivery, error: BaseException, jitter: float, newer: bool
) -> None:
    got = settle.after_failure(owed, error, NOW, jitter, newer_exists=newer)
    allowed = {
        Outcome.NOT_SENT: {
            State.RETRY_WAIT, State.SUPERSEDED, State.EXPIRED, State.CLOSED_SUPERSEDED, State.CLOSED_EXPIRED
        },
        Outcome.IN_DOUBT: {State.IN_DOUBT},
        Outcome.FAILED: {State.FAILED},
        Outcome.DUPLICATE: {State.FAILED, State.ACCEPTED},
    }  # fmt: skip
    kind = outcome.classify(error)
    assert got.state in allowed.get(kind, allowed[Outcome.NOT_SENT])
    if got.state is State.RETRY_WAIT:
        assert got.due_at is not None
        assert not newer
        assert NOW <= got.due_at <= max(NOW, owed.expires_at)


@given(sending, errors, jitters)
def test_only_a_channel_that_is_down_or_our_own_refusal_burns_no_attempt(
    owed: Delivery, error: BaseException, jitter: float
) -> None:
    got = settle.after_failure(owed, error, NOW, jitter, newer_exists=False)
    if not got.burn_attempt:
        assert got.state is State.RETRY_WAIT
        assert got.reason in {"credentials", "payment", "suspended", "not_enrolled", "quota", "cancelled"}


@pytest.mark.fault(56)
def test_a_duplicate_after_a_doubt_proves_that_it_was_there() -> None:
    owed = delivery(attempt=2, doubt_since=NOW, possible_duplicate=True)
    got = settle.after_failure(owed, failure(Reason.DUPLICATE), NOW, 0.5, newer_exists=False)
    assert (got.state, got.possible_duplicate, got.resolution) == (State.ACCEPTED, False, "duplicate_refused")


@pytest.mark.fault(56)
def test_a_duplicate_after_several_attempts_says_nothing_of_how_many_arrived() -> None:
    owed = delivery(attempt=3, doubt_since=NOW, possible_duplicate=True)
    got = settle.after_failure(owed, failure(Reason.DUPLICATE), NOW, 0.5, newer_exists=False)
    assert (got.state, got.possible_duplicate, got.resolution) == (State.ACCEPTED, None, "duplicate_refused")


@pytest.mark.fault(57)
def test_a_duplicate_without_any_doubt_is_somebody_elses_text() -> None:
    got = settle.after_failure(delivery(attempt=2), failure(Reason.DUPLICATE), NOW, 0.5, newer_exists=False)
    assert (got.state, got.reason) == (State.FAILED, "duplicate")


def test_what_may_have_reached_somebody_is_not_counted_as_never_sent() -> None:
    owed = delivery(doubt_since=NOW)
    got = settle.after_failure(owed, failure(Reason.CONNECT), NOW, 0.5, newer_exists=True)
    assert got.state is State.CLOSED_SUPERSEDED
    late = settle.after_failure(owed, failure(Reason.CONNECT), owed.expires_at, 0.5, newer_exists=False)
    assert late.state is State.CLOSED_EXPIRED


def test_a_foreign_exception_says_no_more_than_its_name() -> None:
    got = settle.after_failure(delivery(), ValueError("token=s3cret"), NOW, 0.5, newer_exists=False)
    assert (got.state, got.reason, got.detail) == (State.IN_DOUBT, "unknown", "ValueError")


def test_accepted_is_read_back_after_a_second_or_never() -> None:
    assert settle.after_success(RECEIPT, NOW).due_at == after(1)
    assert settle.after_success(RECEIPT, NOW, readable=False).due_at == after(2 * 86400)


def test_waiting_for_a_budget_or_a_key_burns_nothing() -> None:
    assert settle.postponed(delivery(), after(10**6), "quota") == Settlement(
        state=State.RETRY_WAIT, due_at=after(7200), reason="quota", burn_attempt=False
    )
    assert settle.waiting_for_keypress().state is State.NEEDS_HUMAN
    assert settle.given_back(NOW) == Settlement(state=State.READY, due_at=NOW, reason="stopped", burn_attempt=False)


# ---------------------------------------------------------------- doubts


def looks(grade: Grade, *, absent: bool) -> tuple[list[float], Settlement]:
    """Play a doubt to its end; return the seconds at which it was looked at, and the last settlement."""
    owed = doubt(grade)
    first = settle.after_failure(owed, UNREADABLE, NOW, 0.0, newer_exists=False)
    due, reads, moments = first.due_at, 0, []
    while True:
        assert due is not None
        moments.append((due - NOW).total_seconds())
        seen = None if absent else UNREADABLE
        got = settle.after_look(doubt(grade, reads=reads), None, seen, due, newer_exists=False)
        if got.state is not State.IN_DOUBT:
            return moments, got
        due, reads = got.due_at, got.reads


TABLE = [
    (Grade.EMERGENCY, True, [5, 15], State.READY, "absent"),
    (Grade.EMERGENCY, False, [5, 15], State.READY, "unknown_emergency"),
    (Grade.WARNING, True, [15, 25, 55], State.READY, "absent"),
    (Grade.WARNING, False, [15, 25, 55, 115], State.READY, "unknown_warning_asked"),
    (Grade.INFORMATION, True, [30, 40, 70], State.READY, "absent"),
    (Grade.INFORMATION, False, [30, 40, 70], State.NEEDS_HUMAN, "unknown_held"),
    (Grade.DRILL, True, [30, 40, 70], State.NEEDS_HUMAN, "drill_never_resent"),
    (Grade.DRILL, False, [30, 40, 70], State.NEEDS_HUMAN, "drill_never_resent"),
]


@pytest.mark.fault(61)
@pytest.mark.parametrize(("grade", "absent", "moments", "state", "resolution"), TABLE)
def test_the_table_of_doubts(grade: Grade, absent: bool, moments: list[float], state: State, resolution: str) -> None:
    got_moments, got = looks(grade, absent=absent)
    assert got_moments == moments
    assert (got.state, got.resolution) == (state, resolution)
    assert got.possible_duplicate is (True if state is State.READY else None)


def test_looks_that_hang_leave_an_emergency_its_thirty_seconds() -> None:
    first = settle.after_look(doubt(Grade.EMERGENCY), None, UNREADABLE, after(13), newer_exists=False)
    assert first.due_at == after(15)
    second = settle.after_look(doubt(Grade.EMERGENCY, reads=1), None, UNREADABLE, after(23), newer_exists=False)
    assert (second.state, second.due_at) == (State.READY, after(23))


@given(doubtful, st.booleans(), st.booleans())
def test_nothing_is_sent_again_without_a_resolution_and_a_flag(owed: Delivery, absent: bool, newer: bool) -> None:
    got = settle.after_look(owed, None, None if absent else UNREADABLE, NOW, newer_exists=newer)
    if got.state is not State.IN_DOUBT:
        assert got.resolution
    if got.state is State.READY:
        assert got.possible_duplicate
        assert not newer
        assert owed.grade is not Grade.DRILL
        assert owed.expires_at > NOW


@given(doubtful, st.booleans())
def test_what_is_found_is_accepted_whatever_else_is_true(owed: Delivery, newer: bool) -> None:
    got = settle.after_look(owed, RECEIPT, None, NOW, newer_exists=newer)
    assert (got.state, got.ref, got.resolution) == (State.ACCEPTED, "1830", "found")


@given(doubtful)
def test_once_something_is_newer_one_look_is_enough(owed: Delivery) -> None:
    got = settle.after_look(owed, None, UNREADABLE, NOW, newer_exists=True)
    assert got.state is (State.CLOSED_EXPIRED if owed.expires_at <= NOW else State.CLOSED_SUPERSEDED)
    fresh = settle.after_failure(delivery(), UNREADABLE, NOW, 0.0, newer_exists=True)
    assert fresh.due_at == NOW


def test_what_may_be_repeated_is_resumed_with_its_record() -> None:
    got = settle.repeatable(doubt(Grade.DRILL), NOW, newer_exists=False)
    assert (got.state, got.due_at, got.resolution) == (State.READY, NOW, "repeatable")
    assert settle.repeatable(doubt(Grade.DRILL), NOW, newer_exists=True).state is State.CLOSED_SUPERSEDED


@given(grades)
def test_after_a_restart_it_is_in_doubt_never_ready(grade: Grade) -> None:
    got = settle.recovered(delivery(grade=grade), NOW)
    assert (got.state, got.doubt_since) == (State.IN_DOUBT, NOW)
    assert settle.quarantined(delivery(grade=grade), NOW).state is State.NEEDS_HUMAN


# ---------------------------------------------------------------- read-back


def test_reading_back_goes_on_ever_more_rarely() -> None:
    owed, moment, pauses = delivery(state=State.ACCEPTED), NOW, []
    for reads in range(7):
        got = settle.after_readback(delivery(state=State.ACCEPTED, reads=reads), None, moment)
        assert got.due_at is not None
        assert (got.state, got.reads) == (State.ACCEPTED, reads + 1)
        pauses.append((got.due_at - moment).total_seconds())
    assert pauses == [5, 30, 300, 900, 3600, 3600, 3600]
    assert settle.after_readback(owed, RECEIPT, NOW).state is State.CONFIRMED


# ---------------------------------------------------------------- bulk


def tally(**counts: int) -> Tally:
    duplicates = counts.pop("possible_duplicates", 0)
    names = ("accepted", "failed", "pending", "retry", "in_doubt", "unknown")
    accepted, failed, pending, retry, in_doubt, unknown = (counts.get(name, 0) for name in names)
    return Tally(
        total=sum(counts.values()),
        accepted=accepted,
        failed=failed,
        pending=pending,
        retry=retry,
        in_doubt=in_doubt,
        unknown=unknown,
        possible_duplicates=duplicates,
    )


@pytest.mark.parametrize(
    ("counts", "state"),
    [
        ({"accepted": 3}, State.ACCEPTED),
        ({"accepted": 1, "failed": 2}, State.ACCEPTED),
        ({"unknown": 3}, State.ACCEPTED),
        ({}, State.ACCEPTED),
        ({"failed": 3}, State.FAILED),
        ({"accepted": 3, "retry": 1}, State.RETRY_WAIT),
        ({"accepted": 3, "in_doubt": 1}, State.RETRY_WAIT),
        ({"pending": 1}, State.RETRY_WAIT),
    ],
)
def test_a_bulk_delivery_is_done_when_nobody_waits(counts: dict[str, int], state: State) -> None:
    assert settle.after_bulk(delivery(), tally(**counts), NOW).state is state


def test_an_overtaken_or_expired_bulk_delivery_ends_where_it_is() -> None:
    part = tally(accepted=40, pending=60)
    assert settle.after_bulk(delivery(), part, NOW, newer_exists=True).state is State.SUPERSEDED
    assert settle.after_bulk(delivery(), part, after(7200)).state is State.EXPIRED
    unsure = tally(accepted=40, pending=60, in_doubt=1)
    assert settle.after_bulk(delivery(), unsure, NOW, newer_exists=True).state is State.CLOSED_SUPERSEDED
    assert settle.after_bulk(delivery(), unsure, after(7200)).state is State.CLOSED_EXPIRED
    complete = tally(accepted=100)
    assert settle.after_bulk(delivery(), complete, NOW, newer_exists=True).state is State.ACCEPTED


def test_copies_among_the_recipients_are_flagged() -> None:
    assert settle.after_bulk(delivery(), tally(accepted=3, possible_duplicates=1), NOW).possible_duplicate


ROW = Recipient(id=5, address="a@example.jp", language="ja", token="t", attempt=1)
AGAIN = Recipient(id=5, address="a@example.jp", language="ja", token="t", attempt=2, possible_duplicate=True)


def served(handed: Handed, grade: Grade = Grade.INFORMATION, row: Recipient = ROW) -> tuple[str, bool]:
    got = settle.recipient(handed, row, grade=grade, now=NOW, jitter=0.5, expires_at=after(7200))
    return got.state, got.possible_duplicate


def test_each_reply_settles_its_recipient() -> None:
    assert served(Handed(recipient=5)) == ("accepted", False)
    assert served(Handed(recipient=5, reason=Reason.REJECTED, permanent=True)) == ("failed", False)
    assert served(Handed(recipient=5, reason=Reason.BUSY)) == ("retry", False)
    assert served(Handed(recipient=5, reason=Reason.LOST)) == ("retry", False)
    assert served(Handed(recipient=5, reason=Reason.LOST, maybe_sent=True)) == ("unknown", False)
    assert served(Handed(recipient=5, reason=Reason.LOST, maybe_sent=True), Grade.EMERGENCY) == ("in_doubt", False)


def test_a_recipient_served_again_after_a_doubt_stays_flagged() -> None:
    assert served(Handed(recipient=5), Grade.EMERGENCY, AGAIN) == ("accepted", True)
    assert served(Handed(recipient=5, reason=Reason.BUSY), Grade.EMERGENCY, AGAIN) == ("retry", True)
    refused = Handed(recipient=5, reason=Reason.REJECTED, permanent=True)
    assert served(refused, Grade.EMERGENCY, AGAIN) == ("unknown", True)


@pytest.mark.fault(65)
@given(st.integers(1, 40), jitters)
def test_a_greylisted_recipient_is_tried_again_in_one_to_five_minutes(attempt: int, jitter: float) -> None:
    row = Recipient(id=5, address="a@example.jp", language="ja", token="t", attempt=attempt)
    busy = Handed(recipient=5, reason=Reason.BUSY)
    got = settle.recipient(busy, row, grade=Grade.WARNING, now=NOW, jitter=jitter, expires_at=after(7200))
    assert got.due_at is not None
    assert after(60) <= got.due_at <= after(300)


@given(grades)
def test_only_an_emergency_and_its_rehearsal_serve_a_doubtful_recipient_again(grade: Grade) -> None:
    state, due = settle.recipient_in_doubt(grade, NOW)
    again = grade in (Grade.EMERGENCY, Grade.DRILL)
    assert (state, due) == ((RecipientState.IN_DOUBT, after(60)) if again else (RecipientState.UNKNOWN, None))


# ---------------------------------------------------------------- people


def decide(verb: Verb, at: datetime = NOW) -> Decision:
    return Decision(verb=verb, actor=Actor(name="duty officer"), at=at, why="asked by telephone")


POSSIBLE = {
    Verb.RESEND: {State.NEEDS_HUMAN, State.IN_DOUBT, State.FAILED, State.RETRY_WAIT, State.HELD},
    Verb.HOLD: {State.READY, State.RETRY_WAIT, State.IN_DOUBT, State.NEEDS_HUMAN},
    Verb.RELEASE: {State.HELD, State.NEEDS_HUMAN},
    Verb.DROP: {State.READY, State.RETRY_WAIT, State.HELD, State.NEEDS_HUMAN, State.IN_DOUBT, State.FAILED},
}


@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("state", State)
def test_each_decision_is_possible_in_its_states_only(verb: Verb, state: State) -> None:
    owed = delivery(state=state)
    if state in POSSIBLE[verb]:
        assert deciding.decided(owed, decide(verb)).resolution == f"{verb.value}: asked by telephone"
    else:
        with pytest.raises(Conflict, match="decision_impossible"):
            deciding.decided(owed, decide(verb))


@given(deliveries(), st.sampled_from([Verb.RESEND, Verb.RELEASE]), st.booleans())
def test_no_decision_sends_what_is_over_or_already_there(owed: Delivery, verb: Verb, newer: bool) -> None:
    try:
        got = deciding.decided(owed, decide(verb), newer_exists=newer)
    except Conflict:
        return
    assert got.state is State.READY
    assert not newer
    assert owed.expires_at > NOW
    assert not owed.state.good
    if owed.doubt_since or owed.possible_duplicate:
        assert got.possible_duplicate


def test_a_drills_doubt_is_never_sent_again_even_by_a_person() -> None:
    with pytest.raises(Conflict, match="drill_never_resent"):
        deciding.decided(doubt(Grade.DRILL), decide(Verb.RESEND))
    assert deciding.decided(delivery(grade=Grade.DRILL, state=State.FAILED), decide(Verb.RESEND)).state is State.READY
    to_many = delivery(grade=Grade.DRILL, state=State.IN_DOUBT, doubt_since=NOW, total=100)
    assert deciding.decided(to_many, decide(Verb.RESEND)).state is State.READY, "its ledger knows who is in doubt"


def test_a_doubt_is_not_released_without_saying_resend() -> None:
    unsure = delivery(state=State.NEEDS_HUMAN, doubt_since=NOW)
    with pytest.raises(Conflict, match="decision_impossible"):
        deciding.decided(unsure, decide(Verb.RELEASE))
    waiting = delivery(state=State.NEEDS_HUMAN, kind=Kind.ALL_CLEAR, reason="after_outage")
    assert deciding.decided(waiting, decide(Verb.RELEASE, after(900))).due_at == after(900)


@pytest.mark.parametrize(("verb", "state"), [(Verb.HOLD, State.HELD), (Verb.DROP, State.CANCELLED)])
def test_only_a_bulk_delivery_can_be_stopped_half_way(verb: Verb, state: State) -> None:
    assert deciding.decided(delivery(total=100), decide(verb)).state is state
    with pytest.raises(Conflict):
        deciding.decided(delivery(), decide(verb))


def test_a_mail_that_left_somebody_out_may_be_sent_again_or_left_at_that() -> None:
    partly = delivery(state=State.CONFIRMED, total=100, progress=100, unserved=3, detail="97 accepted")
    assert deciding.decided(partly, decide(Verb.RESEND)).state is State.READY
    left = deciding.decided(partly, decide(Verb.DROP))
    assert (left.state, left.unserved, left.detail) == (State.CONFIRMED, 0, "97 accepted")
    with pytest.raises(Conflict, match="delivery_overtaken"):
        deciding.decided(partly, decide(Verb.RESEND), newer_exists=True)
    for whole in (delivery(state=State.CONFIRMED, total=100), delivery(state=State.CONFIRMED)):
        for verb in (Verb.RESEND, Verb.DROP):
            with pytest.raises(Conflict, match="decision_impossible"):
                deciding.decided(whole, decide(verb))
