"""Reading back: history, messages, what the chain says of one incident, and of the last hours."""

from __future__ import annotations

from dataclasses import replace

import pytest

from broadcaster.errors import NotFound
from broadcaster.model import Kind
from broadcaster.ports.store import Decision, Verb
from broadcaster.store import Store
from tests.contract.values import HOUR, NOW, OFFICER, SECOND, SECOND_OFFICER, acceptance, accepted, alert


async def test_history_is_read_page_by_page_newest_first(store: Store) -> None:
    for _ in range(5):
        await accepted(store)
    first = await store.history(NOW, limit=2)
    assert [row.alert.incident for row in first.rows] == [5, 4]
    second = await store.history(NOW, first.before, limit=2)
    assert [row.alert.incident for row in second.rows] == [3, 2]
    last = await store.history(NOW, second.before, limit=2)
    assert ([row.alert.incident for row in last.rows], last.before) == ([1], None)
    assert (await store.history(NOW, limit=5)).before is None
    assert [row.in_force for row in (await store.history(NOW + 7 * HOUR)).rows] == [False] * 5


async def test_messages_are_read_as_they_were_frozen(store: Store) -> None:
    await accepted(store)
    (message,) = await store.messages("city-1-1")
    assert (message.channel, message.texts[0].body) == ("twitter", "避難 第1-1報")
    with pytest.raises(NotFound, match="alert_not_found"):
        await store.messages("city-9-9")


async def test_the_chain_is_read_by_incident(store: Store) -> None:
    deliveries = await accepted(store)
    await accepted(store)
    number, version = await store.next_serial(1)
    waiting = acceptance(alert(number, version, Kind.UPDATE))
    submission = await store.submit(waiting)
    await store.hand_back(submission, SECOND_OFFICER, NOW + SECOND, "a typo")
    decision = Decision(verb=Verb.HOLD, actor=OFFICER, at=NOW + 2 * SECOND, why="wait")
    await store.decide(deliveries[0].id, decision)
    traces = await store.traces(1)
    assert [trace.entry.event for trace in traces] == ["accepted", "submitted", "returned", "decided"]
    assert traces[0].alert == alert(1, 1)
    assert traces[3].delivery is not None
    assert (traces[3].delivery.id, traces[3].alert) == (deliveries[0].id, alert(1, 1))
    assert await store.traces(99) == ()
    (resolution,) = await store.resolutions(1)
    assert (resolution.delivery.id, resolution.actor, resolution.verb, resolution.why) == (
        deliveries[0].id,
        "officer (uid 1001)",
        "hold",
        "wait",
    )


async def test_the_chain_is_read_back_to_a_time(store: Store) -> None:
    for hour in range(6):
        await store.note(OFFICER, "looked", f"thing {hour}", {}, NOW + hour * HOUR)
    recent = await store.traces_since(NOW + 3 * HOUR, 100)
    assert [trace.entry.subject for trace in recent] == ["thing 3", "thing 4", "thing 5"]
    assert [trace.entry.subject for trace in await store.traces_since(NOW, 2)] == ["thing 4", "thing 5"]
    assert await store.traces_since(NOW + 9 * HOUR, 100) == ()


async def test_the_chain_is_read_in_pages(store: Store) -> None:
    for number in range(5):
        await store.note(OFFICER, "looked", f"thing {number}", {}, NOW)
    assert [entry.seq for entry in await store.page(1, 2)] == [2, 3]
    assert await store.page(5, 2) == ()


async def test_a_delivery_without_its_alert_is_no_trouble(store: Store) -> None:
    """A note may be about anything, and a submission is about no alert yet."""
    number, version = await store.next_serial(None)
    await store.submit(replace(acceptance(alert(number, version)), key="k"))
    (trace,) = await store.traces(number)
    assert (trace.entry.event, trace.alert, trace.delivery) == ("submitted", None, None)
