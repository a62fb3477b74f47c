"""The hash chain as pure functions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from broadcaster.audit import START, Broken, Damage, link, verify
from broadcaster.ports.store import Entry, Head

NOW = datetime(2026, 11, 23, 5, 0, 0, 123_456, tzinfo=UTC)


def chain(length: int) -> list[Entry]:
    entries: list[Entry] = []
    head = START
    for number in range(length):
        entry = link(head, at=NOW, actor="officer", event="did", subject=str(number), body={"b": number, "a": "語"})
        entries.append(entry)
        head = Head(seq=entry.seq, hash=entry.hash)
    return entries


def head_of(entries: list[Entry]) -> Head:
    return Head(seq=entries[-1].seq, hash=entries[-1].hash)


def test_a_whole_chain_holds() -> None:
    entries = chain(5)
    assert verify(entries, head_of(entries)) is None
    assert verify([], START) is None


def test_an_entry_is_spelled_one_way_only() -> None:
    """Whatever the order of the body and the zone of the clock: another machine gets the same hash."""
    first = link(START, at=NOW, actor="a", event="e", subject="s", body={"x": 1, "y": 2})
    local = NOW.astimezone(timezone(timedelta(hours=9)))
    second = link(START, at=local, actor="a", event="e", subject="s", body={"y": 2, "x": 1})
    assert first == second
    assert first.at == NOW.replace(microsecond=123_000)
    assert first.body == '{"x":1,"y":2}'


def test_the_hash_is_what_the_page_says_it_is() -> None:
    """SHA-256 of the JSON array of all other fields: anybody can check it without this program."""
    import hashlib

    entry = link(START, at=NOW, actor="a", event="e", subject="s", body={})
    spelled = f'[1,{int(NOW.timestamp() * 1000)},"a","e","s","{{}}",""]'
    assert entry.hash == hashlib.sha256(spelled.encode()).hexdigest()


FIELDS = {"actor": "other", "event": "other", "subject": "other", "body": "{}", "previous": "0", "hash": "0"}


@settings(max_examples=60, deadline=None)
@given(st.integers(min_value=0, max_value=5), st.sampled_from(sorted(FIELDS)))
def test_any_changed_field_is_found_where_it_is(place: int, field: str) -> None:
    entries = chain(6)
    entries[place] = replace(entries[place], **{field: FIELDS[field]})  # type: ignore[arg-type]
    assert verify(entries, head_of(chain(6))) == Broken(seq=place + 1, damage=Damage.CHANGED)


def test_an_entry_made_anew_breaks_the_next_one() -> None:
    """Whoever knows the rule can hash a changed entry; what follows still carries the old hash."""
    entries = chain(4)
    before = Head(seq=1, hash=entries[0].hash)
    entries[1] = link(before, at=NOW, actor="other", event="did", subject="1", body={})
    assert verify(entries, head_of(chain(4))) == Broken(seq=3, damage=Damage.UNLINKED)


def test_two_entries_of_one_number_are_found() -> None:
    entries = chain(3)
    assert verify([*entries, entries[-1]], head_of(entries)) == Broken(seq=4, damage=Damage.UNLINKED)


def test_a_missing_tail_is_found() -> None:
    entries = chain(4)
    assert verify(entries[:2], head_of(entries)) == Broken(seq=3, damage=Damage.MISSING)


def test_a_chain_longer_than_its_head_is_found() -> None:
    entries = chain(4)
    assert verify(entries, head_of(entries[:2])) == Broken(seq=3, damage=Damage.BEYOND_HEAD)


def test_a_chain_written_anew_as_a_whole_differs_from_a_head_kept_elsewhere() -> None:
    kept = head_of(chain(3))
    forged: list[Entry] = []
    head = START
    for number in range(3):
        entry = link(head, at=NOW, actor="other", event="did", subject=str(number), body={})
        forged.append(entry)
        head = Head(seq=entry.seq, hash=entry.hash)
    assert verify(forged, kept) == Broken(seq=3, damage=Damage.BEYOND_HEAD)
