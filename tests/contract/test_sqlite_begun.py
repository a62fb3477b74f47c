"""The notes of whom a run has begun: after a killed process they tell the begun from the claimed, and never guess."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from broadcaster.errors import StoreError
from broadcaster.model import Delivery, Grade, Mode, Recipient, State
from broadcaster.ports.store import Settlement, Tally, Verb
from broadcaster.ports.store.intake import Decision
from broadcaster.store import Store, begun, open_store
from broadcaster.store.begun import Begun, Run
from tests.contract.conftest import SqliteBackend
from tests.contract.values import NOW, OFFICER, accepted, attempt, claim, planned, resident, served

PEOPLE = 20
SERVED, BEGUN, CLAIMED = 5, 8, 12
RUN = Run(delivery=1, epoch=1, attempt=1)


def notes(backend: SqliteBackend) -> list[Path]:
    return sorted(backend.path.parent.glob("*-begun-*"))


async def run_of(store: Store, grade: Grade = Grade.INFORMATION) -> tuple[Delivery, tuple[Recipient, ...]]:
    """Start a mail, claim twelve, begin with eight, record five."""
    await store.put([resident(number) for number in range(PEOPLE)], OFFICER, NOW)
    await accepted(store, plan=[planned("mail", grade=grade)])
    epoch = await store.begin("node", NOW)
    (work,) = await store.claim(claim(epoch, "mail"))
    claimed = await store.claim_recipients(work.delivery.id, epoch, NOW, CLAIMED)
    for row in claimed[:BEGUN]:
        store.begun(work.delivery.id, row.id)
    await store.record_recipients(work.delivery.id, epoch, NOW, served(claimed[:SERVED]))
    return work.delivery, claimed


async def cut_off(backend: SqliteBackend, grade: Grade = Grade.INFORMATION) -> tuple[Recipient, ...]:
    """Start a run and leave it as a killed process does: its files stay, its locks are gone."""
    async with backend.open() as store:
        return (await run_of(store, grade))[1]


async def tally_after_a_start(backend: SqliteBackend) -> Tally:
    async with backend.open() as store:
        await store.begin("node", NOW)
        return await store.tally(1, NOW)


def all_in_doubt(tally: Tally) -> bool:
    return (tally.accepted, tally.unknown, tally.pending) == (SERVED, CLAIMED - SERVED, PEOPLE - CLAIMED)


@pytest.mark.fault(75)
@pytest.mark.parametrize("grade", Grade)
async def test_whoever_was_claimed_and_not_begun_waits_again_as_if_never_claimed(
    backend: SqliteBackend, grade: Grade
) -> None:
    claimed = await cut_off(backend, grade)
    async with backend.open() as store:
        epoch = await store.begin("node", NOW)
        tally = await store.tally(1, NOW)
        doubtful = tally.in_doubt + tally.unknown
        assert (tally.accepted, doubtful, tally.pending) == (SERVED, BEGUN - SERVED, PEOPLE - BEGUN)
        assert tally.possible_duplicates == 0
        delivery = await store.delivery(1)
        ready = Settlement(state=State.READY, due_at=NOW, resolution="repeatable")
        await store.record(delivery, epoch, attempt(delivery), ready)
        await store.claim(claim(epoch, "mail"))
        again = await store.claim_recipients(1, epoch, NOW, PEOPLE)
    assert {row.id for row in again} == {number + 1 for number in range(PEOPLE)} - {row.id for row in claimed[:BEGUN]}
    assert {(row.attempt, row.possible_duplicate) for row in again} == {(1, False)}


async def test_it_is_on_record_that_they_were_put_back(backend: SqliteBackend) -> None:
    await cut_off(backend)
    await tally_after_a_start(backend)
    assert backend.tamper("SELECT actor, verb, why FROM resolution") == [("service", "put_back", "not_begun: 4")]
    assert not notes(backend), "what dead processes left is swept"


async def test_a_start_that_is_cut_off_itself_finds_the_same(backend: SqliteBackend) -> None:
    await cut_off(backend)
    before = notes(backend)[0].read_bytes()
    first = Begun(backend.path).read(RUN)
    assert first == Begun(backend.path).read(RUN) == frozenset(range(1, BEGUN + 1))
    assert notes(backend)[0].read_bytes() == before


def headless(content: bytes) -> bytes:
    return content.partition(b"\n")[2]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "no head": headless,
    "another boot": lambda content: content.replace(content.split()[2], b"0f9d3a3e-0000-4000-8000-000000000000", 1),
    "another epoch": lambda content: content.replace(b" 1 1 1\n", b" 2 1 1\n", 1),
    "another delivery": lambda content: content.replace(b" 1 1 1\n", b" 1 2 1\n", 1),
    "another attempt": lambda content: content.replace(b" 1 1 1\n", b" 1 1 2\n", 1),
    "another format": lambda content: content.replace(b"begun 1", b"begun 2", 1),
    "torn": lambda content: content + b"1",
    "cut": lambda content: content[:-1],
    "zeros": lambda content: content + b"\0" * 8 + b"\n",
    "nonsense": lambda content: content + b"-1\n",
}


@pytest.mark.fault(75)
@pytest.mark.parametrize("damage", DAMAGES)
async def test_notes_that_do_not_fit_are_not_believed(backend: SqliteBackend, damage: str) -> None:
    await cut_off(backend)
    (file,) = notes(backend)
    content = file.read_bytes()
    file.write_bytes(DAMAGES[damage](content))
    assert file.read_bytes() != content
    assert all_in_doubt(await tally_after_a_start(backend))


async def test_without_notes_everybody_claimed_is_in_doubt(backend: SqliteBackend) -> None:
    await cut_off(backend)
    notes(backend)[0].unlink()
    assert all_in_doubt(await tally_after_a_start(backend))


async def test_a_kernel_without_a_name_of_its_boot_is_not_believed(
    backend: SqliteBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(begun, "_BOOT", tmp_path / "absent")
    await cut_off(backend)
    assert not notes(backend)
    assert all_in_doubt(await tally_after_a_start(backend))


@pytest.mark.fault(11)
async def test_a_process_that_only_slept_may_go_on_so_its_notes_are_not_believed(backend: SqliteBackend) -> None:
    async with backend.open() as sleeping:
        await run_of(sleeping)
        assert all_in_doubt(await tally_after_a_start(backend))
        assert notes(backend), "and they are left to it"


@pytest.mark.fault(17)
async def test_on_a_full_disk_the_notes_are_given_up_and_the_run_goes_on(
    backend: SqliteBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with backend.open() as store:
        delivery, claimed = await run_of(store)
        with monkeypatch.context() as full:
            full.setattr(os, "write", refuse)
            store.begun(delivery.id, claimed[BEGUN].id)
        assert not notes(backend)
        store.begun(delivery.id, claimed[BEGUN + 1].id)
        await store.claim_recipients(delivery.id, delivery.epoch, NOW, 1)
        assert not notes(backend), "half a list would be worse than none"
    tally = await tally_after_a_start(backend)
    assert (tally.accepted, tally.unknown) == (SERVED, CLAIMED - SERVED + 1)


async def test_a_part_of_a_line_is_no_line(backend: SqliteBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    async with backend.open() as store:
        delivery, claimed = await run_of(store)
        monkeypatch.setattr(os, "write", lambda file, line: len(line) - 1)
        store.begun(delivery.id, claimed[BEGUN].id)
        assert not notes(backend)


async def test_where_notes_can_neither_be_kept_nor_given_up_nothing_may_begin(
    backend: SqliteBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with backend.open() as store:
        delivery, claimed = await run_of(store)
        with monkeypatch.context() as broken:
            for name in ("write", "ftruncate", "unlink"):
                broken.setattr(os, name, refuse)
            with pytest.raises(StoreError):
                store.begun(delivery.id, claimed[BEGUN].id)


async def test_a_folder_that_takes_no_notes_stops_nobody(
    backend: SqliteBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("open", "write"):
        with monkeypatch.context() as full:
            Begun(backend.path.with_name("missing") / "s.db").open(RUN)
            full.setattr(os, name, refuse)
            kept = Begun(backend.path)
            kept.open(RUN)
            kept.note(RUN.delivery, 1)
        assert Begun(backend.path).read(RUN) is None


def refuse(*_: object, **__: object) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


async def test_a_channel_that_does_not_say_whom_it_begins_is_not_believed(backend: SqliteBackend) -> None:
    async with backend.open() as store:
        delivery, _ = await run_of(store)
        store.doubt_all(delivery.id)
    assert all_in_doubt(await tally_after_a_start(backend))


async def test_a_run_that_ends_leaves_nothing(backend: SqliteBackend) -> None:
    async with backend.open() as store:
        delivery, claimed = await run_of(store)
        assert len(notes(backend)) == 1
        await store.record_recipients(delivery.id, delivery.epoch, NOW, served(claimed[SERVED:]))
        waiting = Settlement(state=State.RETRY_WAIT, due_at=NOW)
        assert await store.record(delivery, delivery.epoch, attempt(delivery), waiting)
        assert not notes(backend)
        (work,) = await store.claim(claim(delivery.epoch, "mail"))
        await store.claim_recipients(delivery.id, delivery.epoch, NOW, 1)
        (file,) = notes(backend)
        assert file.read_bytes().endswith(b" 1 1 2\n"), "a new run has notes of its own"
        assert work.delivery.attempt == 2


@pytest.mark.parametrize("verb", [Verb.HOLD, Verb.DROP])
async def test_who_was_left_when_an_officer_stopped_the_run_is_settled_too(backend: SqliteBackend, verb: Verb) -> None:
    async with backend.open() as store:
        delivery, _ = await run_of(store)
        await store.decide(delivery.id, Decision(verb=verb, actor=OFFICER, at=NOW, why="asked by telephone"))
    tally = await tally_after_a_start(backend)
    assert (tally.in_doubt, tally.unknown, tally.pending) == (0, BEGUN - SERVED, PEOPLE - BEGUN)


async def test_two_runs_keep_their_notes_apart(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    kept, other = Begun(path), Run(delivery=2, epoch=1, attempt=1)
    for run in (RUN, other, RUN):
        kept.open(run)
        kept.note(run.delivery, 10 * run.delivery)
    kept.close(other.delivery)
    kept.note(other.delivery, 99)
    kept.leave()
    assert Begun(path).read(RUN) == frozenset({10})
    assert Begun(path).read(other) is None


async def test_only_the_services_own_user_may_read_them(backend: SqliteBackend) -> None:
    await cut_off(backend)
    assert notes(backend)[0].stat().st_mode & 0o077 == 0


async def test_a_reader_leaves_them_alone(backend: SqliteBackend) -> None:
    await cut_off(backend)
    async with open_store(backend.path, Mode.LIVE, read_only=True) as store:
        await store.tally(1, NOW)
    assert notes(backend)


@pytest.mark.fault(75)
async def test_whoever_was_claimed_along_with_the_delivery_and_not_begun_waits_again(backend: SqliteBackend) -> None:
    async with backend.open() as store:
        await store.put([resident(number) for number in range(PEOPLE)], OFFICER, NOW)
        await accepted(store, plan=[planned("mail", grade=Grade.INFORMATION)])
        epoch = await store.begin("node", NOW)
        (work,) = await store.claim(claim(epoch, "mail", recipients=CLAIMED))
        assert len(work.recipients) == CLAIMED
        assert len(notes(backend)) == 1, "before anything can be begun"
        for row in work.recipients[:SERVED]:
            store.begun(work.delivery.id, row.id)
    tally = await tally_after_a_start(backend)
    assert (tally.unknown, tally.pending) == (SERVED, CLAIMED - SERVED)
