"""Subscribers as CSV: in and out, from Excel, from attackers, by the ten thousand."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from broadcaster.errors import Refused
from broadcaster.model import Actor, Alert, Category, Problem, Severity, Subscriber
from broadcaster.papers.cells import neutral, restored
from broadcaster.ports.store import Stats
from broadcaster.subscribers import COLUMNS, Imported, export_csv, import_csv

OFFICER = Actor(name="officer")
NOW = datetime(2026, 11, 23, tzinfo=UTC)
HEADER = ",".join(COLUMNS) + "\r\n"


class Shelf:
    """Subscribers in memory, by address."""

    def __init__(self, *known: Subscriber) -> None:
        self.kept = {each.address: each for each in known}
        self.calls = 0

    async def put(self, subscribers: Iterable[Subscriber], actor: Actor, now: datetime) -> tuple[int, int]:
        self.calls += 1
        given_now = {each.address: each for each in subscribers}
        added = len(given_now.keys() - self.kept.keys())
        changed = sum(self.kept.get(key, each) != each for key, each in given_now.items())
        self.kept |= given_now
        return added, changed

    async def remove(self, addresses: Iterable[str], actor: Actor, now: datetime) -> int:
        return sum(self.kept.pop(each, None) is not None for each in addresses)

    async def all(self) -> AsyncIterator[Subscriber]:
        for address in sorted(self.kept):
            yield self.kept[address]

    async def stats(self) -> Stats:
        return Stats(total=len(self.kept))

    async def reach(self, alert: Alert) -> int:
        return len(self.kept)


async def brought_in(folder: Path, raw: bytes, shelf: Shelf | None = None, **options: object) -> Imported:
    path = folder / "list.csv"
    path.write_bytes(raw)
    return await import_csv(path, shelf or Shelf(), OFFICER, NOW, **options)  # type: ignore[arg-type]


async def problems(folder: Path, raw: bytes, **options: object) -> list[tuple[str, str]]:
    shelf = Shelf()
    with pytest.raises(Refused) as caught:
        await brought_in(folder, raw, shelf, **options)
    assert not shelf.kept, "nothing is imported"
    return [(each.code, each.place) for each in caught.value.problems]


async def test_a_whole_row(tmp_path: Path) -> None:
    shelf = Shelf()
    row = "a@Example.JP,ja-x-easy,芋窪；蔵敷、芋窪,met;Safety,severe\r\nb@example.jp,,,,\r\n"
    done = await brought_in(tmp_path, (HEADER + row).encode(), shelf)
    assert (done.rows, done.added, done.changed) == (2, 2, 0)
    assert shelf.kept["a@example.jp"] == Subscriber(
        address="a@example.jp",
        language="ja-x-easy",
        areas=("芋窪", "蔵敷"),
        categories=(Category.MET, Category.SAFETY),
        min_severity=Severity.SEVERE,
    )
    assert shelf.kept["b@example.jp"] == Subscriber(address="b@example.jp")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"])
async def test_encodings_and_line_ends(tmp_path: Path, encoding: str, newline: str) -> None:
    text = newline.join(["address,areas", "a@example.jp,芋窪①", "", "b@example.jp,蔵敷～髙", ""])
    shelf = Shelf()
    await brought_in(tmp_path, text.encode(encoding), shelf)
    assert shelf.kept["a@example.jp"].areas == ("芋窪①",)
    assert shelf.kept["b@example.jp"].areas == ("蔵敷～髙",)


async def test_every_problem_with_its_line_all_at_once(tmp_path: Path) -> None:
    rows = [
        "a@example.jp,ja,芋窪,Met,Severe",
        "not an address,ja,,,",
        "b@example.jp,日本語,どこか,Weather,Bad",
        "A@EXAMPLE.jp,,,,",
        "c@example.jp,ja",
        '"d@example.jp",ja,"芋窪\r\n蔵敷",,',
        "e@example,ja,,,",
    ]
    found = await problems(tmp_path, (HEADER + "\r\n".join(rows)).encode(), areas=("芋窪", "蔵敷"))
    assert found == [
        ("subscriber_address", "line 3, address"),
        ("subscriber_language", "line 4, language"),
        ("subscriber_area", "line 4, areas"),
        ("subscriber_word", "line 4, categories"),
        ("subscriber_word", "line 4, min_severity"),
        ("subscriber_twice", "line 5, address"),
        ("csv_cells", "line 6"),
        ("subscriber_address", "line 9, address"),
    ]


async def test_good_rows_alone_if_asked(tmp_path: Path) -> None:
    shelf = Shelf()
    done = await brought_in(tmp_path, b"address\na@example.jp\nbad\nb@example.jp\n", shelf, skip_bad=True)
    assert set(shelf.kept) == {"a@example.jp", "b@example.jp"}
    assert [(each.code, each.place) for each in done.problems] == [("subscriber_address", "line 3, address")]


@pytest.mark.parametrize("skip_bad", [False, True])
@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "csv_column_missing"),
        (b"language\nja\n", "csv_column_missing"),
        (b"address,phone\n", "csv_column_unknown"),
        (b"address,Address\n", "csv_column_twice"),
        (b'address\n"a@example.jp\n', "csv_syntax"),
        (b'address\na@example.jp\n"b@example.jp"x\n', "csv_syntax"),
        (b"address\n" + b"a" * 200_000, "csv_syntax"),
        ("address\na@example.jp\n".encode("utf-16"), "csv_not_text"),
        (b"address\na@example.jp\n\x80\xff\n", "csv_not_text"),
        (b"address\na@example.jp\0\n", "csv_not_text"),
        (b"PK\x03\x04" + bytes(range(256)), "csv_not_text"),
    ],
)
async def test_a_file_bad_as_a_whole_is_refused_even_if_asked(
    tmp_path: Path, raw: bytes, code: str, skip_bad: bool
) -> None:
    found = await problems(tmp_path, raw, skip_bad=skip_bad)
    assert code in {each for each, _ in found}


async def test_columns_are_named_once_and_not_by_the_thousand(tmp_path: Path) -> None:
    named = b"address" + b",phone,phone" + b"".join(b",c%d" % number for number in range(1000))
    assert await problems(tmp_path, named + b"\n") == [("csv_column_unknown", "line 1")] * 20


async def test_the_undecodable_line_is_named(tmp_path: Path) -> None:
    rows = b"".join(b"r%d@example.jp\n" % number for number in range(20_000))
    assert await problems(tmp_path, b"address\n" + rows + b"\x80\xff\n") == [("csv_not_text", "line 20002")]


async def test_what_is_shown_of_a_bad_value_is_harmless(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        await brought_in(tmp_path, "address\n\x1b[31m\u202e".encode() + b"x" * 500)
    (problem,) = caught.value.problems
    assert isinstance(problem, Problem)
    value = str(problem.params["value"])
    assert len(value) <= 80
    assert value.isprintable()


async def test_it_can_be_done_again(tmp_path: Path) -> None:
    shelf, raw = Shelf(), b"address,language\na@example.jp,ja\nb@example.jp,en\n"
    assert (await brought_in(tmp_path, raw, shelf)).added == 2
    again = await brought_in(tmp_path, raw.replace(b"en", b"zh"), shelf)
    assert (again.added, again.changed) == (0, 1)


# ------------------------------------------------------------------ formulas


@pytest.mark.fault(98)
@pytest.mark.parametrize("cell", ["=1+1", "+81", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1", "''+x"])
def test_no_spreadsheet_sees_a_formula(cell: str) -> None:
    assert neutral(cell) == f"'{cell}"
    assert restored(neutral(cell)) == cell


@given(st.text())
def test_neutral_is_undone_and_never_begins_a_formula(cell: str) -> None:
    assert restored(neutral(cell)) == cell
    assert not neutral(cell).startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.fault(98)
async def test_addresses_that_look_like_formulas_come_back(tmp_path: Path) -> None:
    odd = [f"{sign}cmd|x@example.jp" for sign in "=+-'"] + ["'=1@example.jp"]
    shelf = Shelf(*(Subscriber(address=each, areas=("=芋窪",)) for each in odd))
    path = tmp_path / "out.csv"
    assert await export_csv(shelf, path) == len(odd)
    with path.open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    back = Shelf()
    await import_csv(path, back, OFFICER, NOW)
    assert back.kept == shelf.kept


LOCAL = st.text("abcxyz0189.!#$%&'*+/=?^_`{|}~-", min_size=1, max_size=20)


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.builds(
            Subscriber,
            address=LOCAL.map(lambda local: f"{local}@example.jp"),
            language=st.sampled_from(["ja", "ja-x-easy", "en", "zh-Hant"]),
            areas=st.lists(st.sampled_from(["芋窪", "=蔵敷", "a,b", 'c"d', "'x"]), unique=True).map(tuple),
            categories=st.lists(st.sampled_from(list(Category)), unique=True).map(tuple),
            min_severity=st.sampled_from(list(Severity)),
        ),
        unique_by=lambda each: each.address.lower(),
    ),
    st.sampled_from(["utf-8-sig", "cp932"]),
)
def test_export_and_import_are_inverse(tmp_path: Path, known: list[Subscriber], encoding: str) -> None:
    async def there_and_back() -> Shelf:
        shelf, back, path = Shelf(*known), Shelf(), tmp_path / "round.csv"
        await export_csv(shelf, path, encoding=encoding)
        await import_csv(path, back, OFFICER, NOW)
        return back

    assert asyncio.run(there_and_back()).kept == {each.address: each for each in known}


# ------------------------------------------------------------------ size


async def test_a_long_list_streams_and_lets_others_run(tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    with path.open("w", encoding="cp932") as file:
        file.write("address,areas\n")
        file.writelines(f"r{number}@example.jp,芋窪\n" for number in range(20_000))
    shelf, bars, seen = Shelf(), list[tuple[int, int]](), set[int]()

    async def heartbeat() -> None:
        while True:
            seen.add(len(bars))
            await asyncio.sleep(0)

    beating = asyncio.create_task(heartbeat())
    done = await import_csv(path, shelf, OFFICER, NOW, progress=lambda at, whole: bars.append((at, whole)))
    beating.cancel()
    assert done.added == 20_000
    assert shelf.calls >= 40
    assert bars == sorted(bars)
    assert bars[-1] == (2 * path.stat().st_size,) * 2
    assert len(bars) >= 2 * 40
    assert len(seen) >= len(bars) - 1  # between each two portions the others had their turn


async def test_a_file_that_is_no_list_names_no_more_than_ten_thousand_problems(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        await brought_in(tmp_path, b"address\n" + b"nobody\n" * 10_050)
    assert len(caught.value.problems) == 10_001
    assert caught.value.problems[-1] == Problem(code="csv_more_problems", params={"count": 50})


async def test_export_is_what_excel_opens(tmp_path: Path) -> None:
    path, bars = tmp_path / "out.csv", list[tuple[int, int]]()
    shelf = Shelf(*(Subscriber(address=f"r{number:04}@example.jp") for number in range(1200)))
    await export_csv(shelf, path, progress=lambda at, whole: bars.append((at, whole)))
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfaddress,language,areas,categories,min_severity\r\n")
    assert len(list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))) == 1201
    assert bars == [(500, 1200), (1000, 1200), (1200, 1200)]
