"""Addresses that are refused again and again are left alone for a while, but not in an emergency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from broadcaster.model import Delivery, Grade, Outcome, Severity, State
from broadcaster.ports.store import RecipientResult, Settlement
from broadcaster.store import Store
from tests.contract.values import NOW, OFFICER, acceptance, alert, attempt, claim, planned, resident

DAY = timedelta(days=1)
GONE, FILTERED = "550 5.1.1", "550 5.2.0"
ADDRESS = resident(1).address


async def mail(
    store: Store, at: datetime, refusing: Mapping[str, str], severity: Severity = Severity.MODERATE
) -> set[str]:
    """Send a mail of this day; whoever is named refuses it with this code. Return whom it was for."""
    (delivery,) = await send(store, at, severity)
    epoch = await store.begin("node", at)
    (work,) = await store.claim(claim(epoch, "mail", at))
    served: set[str] = set()
    while rows := await store.claim_recipients(delivery.id, epoch, at, 500):
        served |= {row.address for row in rows}
        results = [answer(row.id, refusing.get(row.address)) for row in rows]
        await store.record_recipients(delivery.id, epoch, at, results)
    done = Settlement(state=State.ACCEPTED, due_at=at)
    assert await store.record(work.delivery, epoch, attempt(work.delivery, Outcome.ACCEPTED, at), done)
    return served


async def send(store: Store, at: datetime, severity: Severity) -> tuple[Delivery, ...]:
    plan = [planned("mail", grade=Grade.INFORMATION, due_at=at, expires_at=at + DAY, stale_at=at + DAY)]
    said = replace(alert(*await store.next_serial(None), severity=severity, expires=at + DAY), sent=at)
    return await store.accept(acceptance(said, plan=plan))


def answer(number: int, code: str | None) -> RecipientResult:
    return RecipientResult(id=number, state="accepted" if code is None else "failed", code=code or "")


async def refused_on(store: Store, days: Iterable[float], code: str = GONE) -> None:
    for day in days:
        await mail(store, NOW + day * DAY, {ADDRESS: code})


@pytest.fixture
async def town(store: Store) -> Store:
    await store.put([resident(number) for number in range(30)], OFFICER, NOW)
    return store


@pytest.mark.fault(66)
async def test_an_address_refused_by_three_deliveries_over_a_week_is_left_alone(town: Store) -> None:
    await refused_on(town, (0, 3, 7))
    assert (await town.stats()).suppressed == 1
    assert await mail(town, NOW + 8 * DAY, {}) == {resident(number).address for number in range(30)} - {ADDRESS}
    assert (await town.stats()).total == 30, "nobody is struck off"


@pytest.mark.fault(66)
@pytest.mark.parametrize(
    ("days", "code"), [((0, 3, 6.9), GONE), ((0, 8), GONE), ((0, 3, 7, 20), FILTERED), ((0, 3, 7), "550")]
)
async def test_less_than_that_leaves_it_served(town: Store, days: tuple[float, ...], code: str) -> None:
    await refused_on(town, days, code)
    assert (await town.stats()).suppressed == 0
    assert ADDRESS in await mail(town, NOW + 30 * DAY, {})


@pytest.mark.fault(66)
async def test_one_accepted_mail_forgets_all_refusals(town: Store) -> None:
    await refused_on(town, (0, 3))
    await mail(town, NOW + 5 * DAY, {})
    await refused_on(town, (7, 8))
    assert (await town.stats()).suppressed == 0


@pytest.mark.fault(66)
async def test_an_emergency_goes_to_everybody_and_one_that_arrives_lifts_it(town: Store) -> None:
    await refused_on(town, (0, 3, 7))
    assert ADDRESS in await mail(town, NOW + 8 * DAY, {}, Severity.EXTREME)
    assert (await town.stats()).suppressed == 0
    assert ADDRESS in await mail(town, NOW + 9 * DAY, {})


@pytest.mark.fault(66)
async def test_after_ninety_days_it_is_tried_once(town: Store) -> None:
    await refused_on(town, (0, 3, 7))
    assert ADDRESS not in await mail(town, NOW + 96.9 * DAY, {})
    assert ADDRESS in await mail(town, NOW + 97.1 * DAY, {ADDRESS: GONE})
    assert ADDRESS not in await mail(town, NOW + 98 * DAY, {})


@pytest.mark.fault(66)
async def test_a_relay_that_denies_everybody_is_not_believed(town: Store) -> None:
    await town.put([resident(number) for number in range(30, 250)], OFFICER, NOW)
    for day in (0, 3, 7):
        await mail(town, NOW + day * DAY, {resident(number).address: GONE for number in range(26)})
    assert (await town.stats()).suppressed == 0
    for day in (10, 13, 17):
        await mail(town, NOW + day * DAY, {resident(number).address: GONE for number in range(25)})
    assert (await town.stats()).suppressed == 25


@pytest.mark.fault(66)
async def test_whoever_subscribes_anew_or_changes_is_served_at_once(town: Store) -> None:
    for again in (resident(1, language="en"), resident(1)):
        await refused_on(town, (0, 3, 7))
        assert (await town.stats()).suppressed == 1
        if again == resident(1):
            await town.remove([ADDRESS], OFFICER, NOW)
        await town.put([again], OFFICER, NOW)
        assert (await town.stats()).suppressed == 0
    await refused_on(town, (0, 3, 7))
    await town.put([resident(1)], OFFICER, NOW)
    assert (await town.stats()).suppressed == 1, "the same row imported again says nothing new"


@pytest.mark.fault(66)
async def test_the_preview_counts_them_out_and_the_trail_counts_them_unnamed(town: Store) -> None:
    await refused_on(town, (0, 3, 7))
    (delivery,) = await send(town, NOW + 8 * DAY, Severity.MODERATE)
    assert await town.reach((await town.alert(delivery.alert)).alert) == 29
    noted = [entry.body for entry in [each async for each in town.entries()] if entry.event == "addresses_refused"]
    assert len(noted) == 3
    assert '"suppressed":1' in noted[-1]
    assert ADDRESS not in "".join(noted)
