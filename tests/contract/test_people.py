"""Subscribers: one row per address."""

from __future__ import annotations

from broadcaster.model import Category, Severity, Subscriber
from broadcaster.ports.store import Stats
from broadcaster.store import Store
from tests.contract.values import NOW, OFFICER, resident


async def test_subscribers_are_added_changed_and_read_back(store: Store) -> None:
    whole = Subscriber(
        address="a@example.jp",
        language="en",
        areas=("芋窪", "立野"),
        categories=(Category.FIRE, Category.MET),
        min_severity=Severity.SEVERE,
    )
    assert await store.put([whole, resident(1)], OFFICER, NOW) == (2, 0)
    assert await store.put([whole, resident(1, language="zh"), resident(2)], OFFICER, NOW) == (1, 1)
    assert [each async for each in store.all()] == [whole, resident(1, language="zh"), resident(2)]


async def test_an_address_is_one_subscriber_however_it_is_spelled(store: Store) -> None:
    await store.put([Subscriber(address="Someone@Example.JP")], OFFICER, NOW)
    assert await store.put([Subscriber(address="someone@example.jp", language="en")], OFFICER, NOW) == (0, 1)
    assert (await store.stats()).total == 1
    assert await store.remove(["SOMEONE@example.jp"], OFFICER, NOW) == 1


async def test_a_city_is_read_in_pages(store: Store) -> None:
    await store.put((resident(number) for number in range(4_500)), OFFICER, NOW)
    found = [each.address async for each in store.all()]
    assert found == sorted(found)
    assert len(set(found)) == 4_500


async def test_removing_tells_how_many_were_there(store: Store) -> None:
    await store.put([resident(1), resident(2)], OFFICER, NOW)
    assert await store.remove([resident(2).address, resident(3).address], OFFICER, NOW) == 1
    assert [each async for each in store.all()] == [resident(1)]


async def test_stats_count_by_language_and_area(store: Store) -> None:
    people = [resident(1, areas=("芋窪", "立野")), resident(2, areas=("芋窪",)), resident(3, language="en")]
    await store.put(people, OFFICER, NOW)
    assert await store.stats() == Stats(total=3, by_language={"en": 1, "ja": 2}, by_area={"立野": 1, "芋窪": 2})


async def test_the_trail_knows_how_many_and_never_who(store: Store) -> None:
    await store.put([resident(1), resident(2)], OFFICER, NOW)
    await store.remove([resident(1).address], OFFICER, NOW)
    entries = [entry async for entry in store.entries()]
    assert [entry.event for entry in entries] == ["subscribers_put", "subscribers_removed"]
    assert all("example.jp" not in entry.body for entry in entries)
