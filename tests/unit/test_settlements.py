"""What exactly is written of a delivery, field by field; which way it goes stands in test_settle."""

from __future__ import annotations

from dataclasses import replace

import pytest

from broadcaster.errors import Reason
from broadcaster.model import Grade, Receipt, Recipient, State
from broadcaster.ports.channel import Handed
from broadcaster.ports.store import RecipientResult, Settlement, Tally
from broadcaster.rules import settle
from broadcaster.rules.retry import next_try
from tests.unit.values import NOW, after, delivery, failure

RECEIPT = Receipt(ref="1830", url="https://x.com/i/1830", detail="posted")
END = after(7200)
NOBODY = Tally(
    total=0, accepted=0, failed=0, pending=0, retry=0, in_doubt=0, unknown=0, possible_duplicates=0, next_due=None
)
LOST = failure(Reason.LOST, maybe_sent=True, detail="the line broke")


def test_a_success() -> None:
    told = Settlement(state=State.ACCEPTED, due_at=after(1), ref=RECEIPT.ref, url=RECEIPT.url, detail="posted")
    assert settle.after_success(RECEIPT, NOW) == told
    assert settle.after_success(RECEIPT, NOW, readable=False) == replace(told, due_at=after(2 * 86_400))


def test_a_doubt() -> None:
    told = Settlement(state=State.IN_DOUBT, due_at=after(5), doubt_since=NOW, reason="lost", detail="the line broke")
    assert settle.after_failure(delivery(grade=Grade.EMERGENCY), LOST, NOW, 0.5, newer_exists=False) == told
    assert settle.after_failure(delivery(), LOST, NOW, 0.5, newer_exists=True) == replace(told, due_at=NOW)


@pytest.mark.parametrize(("attempt", "flag"), [(1, False), (2, False), (3, None)])
def test_a_duplicate_refused(attempt: int, flag: bool | None) -> None:
    got = settle.after_failure(
        delivery(attempt=attempt, doubt_since=NOW), failure(Reason.DUPLICATE), NOW, 0.5, newer_exists=False
    )
    assert got == Settlement(
        state=State.ACCEPTED, due_at=after(1), possible_duplicate=flag, resolution="duplicate_refused"
    )


def test_a_failure() -> None:
    refused = failure(Reason.REJECTED, detail="too long")
    told = Settlement(state=State.FAILED, reason="rejected", detail="too long")
    assert settle.after_failure(delivery(), refused, NOW, 0.5, newer_exists=False) == told


@pytest.mark.parametrize(("newer", "now", "state"), [(True, NOW, State.SUPERSEDED), (False, END, State.EXPIRED)])
def test_the_end_of_what_was_not_sent(newer: bool, now: object, state: State) -> None:
    broken = failure(Reason.CONNECT, detail="refused")
    got = settle.after_failure(delivery(), broken, now, 0.5, newer_exists=newer)  # type: ignore[arg-type]
    assert got == Settlement(state=state, reason="connect", detail="refused")


def test_another_try() -> None:
    wished = failure(Reason.RATE_LIMITED, retry_after=300.0, detail="slow down")
    owed = delivery(attempt=3)
    got = settle.after_failure(owed, wished, NOW, 0.5, newer_exists=False)
    assert got == Settlement(
        state=State.RETRY_WAIT,
        due_at=next_try(3, NOW, 0.5, 300.0, END),
        reason="rate_limited",
        detail="slow down",
    )
    unreached = failure(Reason.CONNECT)
    due = settle.after_failure(owed, unreached, NOW, 0.25, newer_exists=False).due_at
    assert due == next_try(3, NOW, 0.25, None, END)


@pytest.mark.parametrize(("reason", "burn"), [(Reason.CONNECT, True), (Reason.QUOTA, False), (Reason.CANCELLED, False)])
def test_only_a_try_burns_an_attempt(reason: Reason, burn: bool) -> None:
    assert settle.after_failure(delivery(), failure(reason), NOW, 0.5, newer_exists=False).burn_attempt is burn


def test_a_channel_that_is_down_is_waited_for_at_most_until_the_end() -> None:
    down = failure(Reason.SUSPENDED, detail="locked")
    told = Settlement(state=State.RETRY_WAIT, due_at=after(30), reason="suspended", detail="locked", burn_attempt=False)
    assert settle.after_failure(delivery(), down, NOW, 0.5, newer_exists=False) == told
    short = delivery(expires_at=after(10))
    assert settle.after_failure(short, down, NOW, 0.5, newer_exists=False) == replace(told, due_at=after(10))


def test_waiting_without_a_try() -> None:
    told = Settlement(state=State.RETRY_WAIT, due_at=after(60), reason="quota", burn_attempt=False)
    assert settle.postponed(delivery(), after(60), "quota") == told
    asked = Settlement(state=State.NEEDS_HUMAN, reason="after_outage", burn_attempt=False)
    assert settle.waiting_for_keypress() == asked


def test_a_doubt_that_is_found() -> None:
    unsure = delivery(state=State.IN_DOUBT, doubt_since=NOW, reason="lost")
    told = Settlement(state=State.ACCEPTED, due_at=after(1), ref=RECEIPT.ref, url=RECEIPT.url, resolution="found")
    assert settle.after_look(unsure, RECEIPT, None, NOW, newer_exists=False) == told


def test_a_doubt_that_is_over() -> None:
    unsure = delivery(state=State.IN_DOUBT, doubt_since=NOW, reason="lost")
    told = Settlement(state=State.CLOSED_SUPERSEDED, reason="lost", resolution="closed_superseded")
    assert settle.after_look(unsure, None, None, NOW, newer_exists=True) == told
    assert settle.repeatable(unsure, NOW, newer_exists=True) == told
    late = Settlement(state=State.CLOSED_EXPIRED, reason="lost", resolution="closed_expired")
    assert settle.after_look(unsure, None, None, END, newer_exists=False) == late


def test_a_doubt_that_stays() -> None:
    unsure = delivery(state=State.IN_DOUBT, doubt_since=NOW, reason="lost", detail="d", grade=Grade.WARNING)
    first = Settlement(state=State.IN_DOUBT, due_at=after(25), reads=1, reason="lost", detail="d")
    assert settle.after_look(unsure, None, None, after(15), newer_exists=False) == first
    unknown = settle.after_look(replace(unsure, doubt_since=None), None, LOST, after(15), newer_exists=False)
    assert unknown == replace(first, due_at=after(40)), "counted from now where nobody knows since when"
    third = settle.after_look(replace(unsure, reads=2), None, LOST, after(55), newer_exists=False)
    assert third == Settlement(state=State.IN_DOUBT, due_at=after(115), reads=3, reason="asking", detail="d")


@pytest.mark.parametrize(
    ("grade", "absent", "resolution"),
    [
        (Grade.INFORMATION, True, "absent"),
        (Grade.EMERGENCY, False, "unknown_emergency"),
        (Grade.INFORMATION, False, "unknown_held"),
        (Grade.DRILL, True, "drill_never_resent"),
    ],
)
def test_the_last_look(grade: Grade, absent: bool, resolution: str) -> None:
    unsure = delivery(state=State.IN_DOUBT, doubt_since=NOW, grade=grade, reads=2)
    again = Settlement(state=State.READY, due_at=NOW, reason=resolution, resolution=resolution, possible_duplicate=True)
    asked = Settlement(state=State.NEEDS_HUMAN, reads=3, reason="doubt", resolution=resolution)
    got = settle.after_look(unsure, None, None if absent else LOST, NOW, newer_exists=False)
    assert got == (again if resolution.startswith(("absent", "unknown_e")) else asked)


def test_a_warning_that_was_asked_about_in_vain() -> None:
    unsure = delivery(state=State.IN_DOUBT, doubt_since=NOW, grade=Grade.WARNING, reads=3)
    words = "unknown_warning_asked"
    again = Settlement(state=State.READY, due_at=after(115), reason=words, resolution=words, possible_duplicate=True)
    assert settle.after_look(unsure, None, LOST, after(115), newer_exists=False) == again


def test_what_may_be_repeated() -> None:
    unsure = delivery(state=State.IN_DOUBT, doubt_since=NOW, reason="lost")
    told = Settlement(state=State.READY, due_at=NOW, reason="resumed", resolution="repeatable")
    assert settle.repeatable(unsure, NOW, newer_exists=False) == told


def test_a_read_back() -> None:
    shown = delivery(state=State.ACCEPTED, reads=2, detail="d")
    seen = Settlement(state=State.CONFIRMED, due_at=NOW, reads=3, ref=RECEIPT.ref, url=RECEIPT.url, detail="d")
    assert settle.after_readback(shown, RECEIPT, NOW) == seen
    assert settle.after_readback(shown, Receipt(ref=""), NOW) == replace(seen, ref=None, url=None)
    unseen = Settlement(state=State.ACCEPTED, due_at=after(300), reads=3, detail="d")
    assert settle.after_readback(shown, None, NOW) == unseen


def test_after_a_restart() -> None:
    doubt = Settlement(state=State.IN_DOUBT, due_at=after(30), doubt_since=NOW, reason="restart")
    assert settle.recovered(delivery(), NOW) == doubt
    held = Settlement(state=State.NEEDS_HUMAN, due_at=NOW, doubt_since=NOW, reason="quarantined")
    assert settle.quarantined(delivery(), NOW) == held
    assert settle.quarantined(delivery(doubt_since=after(-9)), NOW).doubt_since == after(-9)


# ---------------------------------------------------------------- bulk


def test_a_run_that_goes_on() -> None:
    waiting = Settlement(state=State.RETRY_WAIT, due_at=after(1), reason="recipients_waiting")
    assert settle.after_bulk(delivery(), replace(NOBODY, pending=1, next_due=after(9)), NOW) == waiting
    assert settle.after_bulk(delivery(), replace(NOBODY, expanded=False), NOW) == waiting
    retry = replace(NOBODY, retry=1, possible_duplicates=1, next_due=after(9))
    told = replace(waiting, due_at=after(9), possible_duplicate=True)
    assert settle.after_bulk(delivery(), retry, NOW) == told
    unknown_when = replace(retry, next_due=None)
    assert settle.after_bulk(delivery(), unknown_when, NOW) == replace(told, due_at=after(60))
    short = delivery(expires_at=after(7))
    assert settle.after_bulk(short, retry, NOW) == replace(told, due_at=after(7))


def test_a_run_that_was_overtaken() -> None:
    part = replace(NOBODY, accepted=1, retry=1, possible_duplicates=1)
    told = Settlement(state=State.SUPERSEDED, reason="superseded", possible_duplicate=True)
    assert settle.after_bulk(delivery(), part, NOW, newer_exists=True) == told
    late = Settlement(state=State.CLOSED_EXPIRED, reason="expired")
    assert settle.after_bulk(delivery(), replace(NOBODY, in_doubt=1), END) == late
    unsure = delivery(doubt_since=NOW)
    assert settle.after_bulk(unsure, replace(NOBODY, in_doubt=1), END).state is State.CLOSED_EXPIRED


def test_a_run_that_is_done() -> None:
    done = Settlement(state=State.ACCEPTED, due_at=after(1), ref="k" * 32, url="")
    assert settle.after_bulk(delivery(), replace(NOBODY, accepted=3), NOW) == done
    proof = replace(done, ref=RECEIPT.ref, url=RECEIPT.url, detail="posted", due_at=after(2 * 86_400))
    got = settle.after_bulk(delivery(), replace(NOBODY, accepted=3), NOW, receipt=RECEIPT, readable=False)
    assert got == proof
    partly = replace(NOBODY, accepted=3, failed=2, unknown=1, possible_duplicates=2)
    words = "3 accepted, 2 refused, 1 unknown"
    assert settle.after_bulk(delivery(), partly, NOW) == replace(done, detail=words, possible_duplicate=True)
    some = replace(NOBODY, accepted=2, unknown=2)
    assert settle.after_bulk(delivery(), some, NOW).detail == "2 accepted, 0 refused, 2 unknown"


def test_a_run_that_reached_nobody() -> None:
    refused = Settlement(state=State.FAILED, reason="rejected")
    assert settle.after_bulk(delivery(), replace(NOBODY, failed=2), NOW) == refused
    for told in (replace(NOBODY, failed=2, accepted=1), replace(NOBODY, failed=2, unknown=1)):
        assert settle.after_bulk(delivery(), told, NOW).state is State.ACCEPTED
    each = settle.after_bulk(delivery(), replace(NOBODY, failed=1, accepted=1, unknown=1), NOW)
    assert (each.state, each.detail) == (State.ACCEPTED, "1 accepted, 1 refused, 1 unknown")


def test_one_recipient() -> None:
    row = Recipient(id=5, address="a@example.jp", language="ja", token="t", attempt=2, possible_duplicate=True)

    def settled(handed: Handed) -> RecipientResult:
        return settle.recipient(handed, row, grade=Grade.EMERGENCY, now=NOW, jitter=0.5, expires_at=END)

    assert settled(Handed(recipient=5, code="250 2.0.0")) == RecipientResult(
        id=5, state="accepted", due_at=None, code="250 2.0.0", possible_duplicate=True
    )
    busy = settled(Handed(recipient=5, reason=Reason.BUSY, code="450 4.2.0"))
    assert busy.due_at == next_try(2, NOW, 0.5, None, END, first=settle.RECIPIENT_FIRST)
    assert (busy.state, busy.code) == ("retry", "450 4.2.0")
    lost = settled(Handed(recipient=5, reason=Reason.LOST, maybe_sent=True))
    assert lost == RecipientResult(id=5, state="in_doubt", due_at=after(60), code="", possible_duplicate=True)
    refused = Handed(recipient=5, reason=Reason.REJECTED, permanent=True)
    assert settled(refused) == RecipientResult(id=5, state="unknown", due_at=None, code="", possible_duplicate=True)
