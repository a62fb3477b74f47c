"""The hub gives every event to every reader, and a slow reader slows nobody."""

import asyncio

from broadcaster.events import KEPT, Event, Events, Topic
from tests.unit.values import NOW


def event(number: int) -> Event:
    return Event(topic=Topic.DELIVERY, at=NOW, delivery=number)


async def test_every_reader_gets_every_event_in_order() -> None:
    hub = Events()
    with hub.subscribe() as one, hub.subscribe() as two:
        for number in range(3):
            hub.publish(event(number))
        for reader in (one, two):
            assert [(await reader.next()).delivery for _ in range(3)] == [0, 1, 2]


async def test_a_reader_waits_for_what_comes() -> None:
    hub = Events()
    with hub.subscribe() as reader:
        waiting = asyncio.create_task(reader.next())
        await asyncio.sleep(0)
        assert not waiting.done()
        hub.publish(event(1))
        assert (await waiting).delivery == 1


async def test_a_slow_reader_loses_the_oldest_and_is_told() -> None:
    hub = Events()
    with hub.subscribe() as reader:
        for number in range(KEPT + 5):
            hub.publish(event(number))
        assert (await reader.next()).delivery == 5
        assert reader.missed == 5


async def test_a_reader_is_an_endless_iterator() -> None:
    hub = Events()
    with hub.subscribe() as reader:
        hub.publish(event(1))
        hub.publish(event(2))
        seen = []
        async for each in reader:
            seen.append(each.delivery)
            if len(seen) == 2:
                break
    assert seen == [1, 2]


async def test_who_has_left_gets_nothing() -> None:
    hub = Events()
    with hub.subscribe() as reader:
        pass
    hub.publish(event(1))
    assert reader.missed == 0
    waiting = asyncio.create_task(reader.next())
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()
