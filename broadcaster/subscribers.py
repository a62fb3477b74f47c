"""Residents' mail subscriptions as CSV: in with every problem at once, out so that Excel can do no harm with it.

Columns: address, language, areas, categories, min_severity; all but the first may be absent or empty. Several areas or
categories in one cell are separated by `;` or `、`. Read are UTF-8 (with or without BOM) and Shift_JIS as Japanese
Excel writes it (cp932). Both ways stream: a million rows need no more memory than their addresses' hashes.
"""

from __future__ import annotations

import asyncio
import codecs
import csv
import io
import os
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from broadcaster.errors import Refused
from broadcaster.model import JAPANESE, Actor, Category, Problem, Severity, Subscriber
from broadcaster.papers.cells import neutral, restored
from broadcaster.ports.store import Register
from broadcaster.rules import residents

if TYPE_CHECKING:
    from _csv import Reader

COLUMNS = ("address", "language", "areas", "categories", "min_severity")
CHUNK = 500
"""Rows between two breaths of the event loop, and in one call of the store."""
MOST_PROBLEMS = 10_000
"""After so many a file is not a list of subscribers."""
MOST_COLUMNS = 20
"""So many unknown columns are named; whoever has more has another file."""
LONGEST_LINE = 100_000
BLOCK = 1 << 16
UTF8, SHIFT_JIS = "utf-8-sig", "cp932"

Progress = Callable[[int, int], None]
"""Called with bytes or rows done, and how many there are in all (0 where nobody knows)."""
E = TypeVar("E", bound=StrEnum)

_CATEGORIES = {member.value.lower(): member for member in Category}
_SEVERITIES = {member.value.lower(): member for member in Severity}
_SEPARATORS = re.compile(r"[;；、\n]")
_FOREIGN = {UTF8: re.compile("\0"), SHIFT_JIS: re.compile("[\0\x80\xa0\uf8f0-\uf8f3]")}
"""What is in no list of subscribers: NUL, and what Python makes of octets that cp932 does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did. `problems` are those of rows left out because it was asked to."""

    rows: int
    added: int
    changed: int
    problems: tuple[Problem, ...] = ()


async def import_csv(
    source: Path,
    book: Register,
    actor: Actor,
    now: datetime,
    *,
    areas: Collection[str] = (),
    skip_bad: bool = False,
    progress: Progress | None = None,
) -> Imported:
    """Read the file twice: once for every problem, once to put it in the store. `areas` are the city's; empty leaves
    them free. `progress` counts bytes of both readings.

    Raise `Refused` with every problem and its line, nothing imported. With `skip_bad` only the bad rows are left out;
    a file that is bad as a whole is refused all the same.
    """
    known, tell = frozenset(areas), progress or _nobody
    with source.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        problems, whole = await _problems(file, known, lambda done, _: tell(done, 2 * size))
        if whole or (problems and not skip_bad):
            raise Refused(problems, code="subscribers_refused")
        file.seek(0)
        rows = added = changed = 0
        async for chunk in _breathing(_rows(file, known), file, lambda done, _: tell(size + done, 2 * size)):
            good = [row.subscriber for row in chunk if row.subscriber is not None]
            new, other = await book.put(good, actor, now) if good else (0, 0)
            rows, added, changed = rows + len(good), added + new, changed + other
    tell(2 * size, 2 * size)
    return Imported(rows=rows, added=added, changed=changed, problems=problems)


async def export_csv(book: Register, target: Path, *, encoding: str = UTF8, progress: Progress | None = None) -> int:
    """Write everybody; return how many. UTF-8 with BOM, which Excel recognises, or `cp932`."""
    total, done = (await book.stats()).total, 0
    with target.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        async for subscriber in book.all():
            writer.writerow(row_of(subscriber))
            done += 1
            if progress is not None and done % CHUNK == 0:
                progress(done, total)
    if progress is not None:
        progress(done, done)
    return done


def _nobody(_done: int, _all: int) -> None:
    """Nobody wants to know."""


def row_of(subscriber: Subscriber) -> tuple[str, ...]:
    """Return one line of the export, neutral to spreadsheets (fault 98)."""
    cells = (
        subscriber.address,
        subscriber.language,
        ";".join(subscriber.areas),
        ";".join(subscriber.categories),
        "" if subscriber.min_severity is Severity.UNKNOWN else subscriber.min_severity.value,
    )
    return tuple(neutral(cell) for cell in cells)


# -------------------------------------------------------------------- the file as rows


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the file: a subscriber, or what is wrong with it. `whole` says that the file is at fault."""

    subscriber: Subscriber | None = None
    problems: tuple[Problem, ...] = ()
    whole: bool = False


def _rows(file: BinaryIO, areas: frozenset[str]) -> Iterator[_Row]:
    encoding, problem = encoding_of(file)
    if problem is not None:
        yield _Row(problems=(problem,), whole=True)
        return
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    reader = csv.reader(_lines(text), strict=True)
    try:
        yield from _table(reader, areas)
    except csv.Error as error:
        place, params = f"line {max(1, reader.line_num)}", {"why": str(error)}
        yield _Row(problems=(Problem(code="csv_syntax", place=place, params=params),), whole=True)
    finally:
        text.detach()


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise csv.Error("line too long")
        yield line


def encoding_of(file: BinaryIO) -> tuple[str, Problem | None]:
    """Return how the file is written: UTF-8 if it can be, else Shift_JIS; or what is wrong if it is neither."""
    wrong = 1
    for encoding, foreign in _FOREIGN.items():
        file.seek(0)
        line = _undecodable(file, encoding, foreign)
        if line is None:
            return encoding, None
        wrong = max(wrong, line)
    return "", Problem(code="csv_not_text", place=f"line {wrong}")


def _undecodable(file: BinaryIO, encoding: str, foreign: re.Pattern[str]) -> int | None:
    """Return the line that is not in this encoding, None if all are."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    while True:
        block = file.read(BLOCK)
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            return line + error.object[: error.start].count(b"\n")
        if found := foreign.search(text):
            return line + text[: found.start()].count("\n")
        line += text.count("\n")
        if not block:
            return None


def _table(reader: Reader, areas: frozenset[str]) -> Iterator[_Row]:
    names = tuple(name.strip().lower() for name in next(reader, ()))
    problems = _header_problems(names)
    if problems:
        yield _Row(problems=problems, whole=True)
        return
    seen = set[int]()
    before = reader.line_num
    for cells in reader:
        line, before = before + 1, reader.line_num
        if any(cell.strip() for cell in cells):
            yield _row(cells, names, line, areas, seen)


def _header_problems(names: Sequence[str]) -> tuple[Problem, ...]:
    found = [
        Problem(code="csv_column_unknown", place="line 1", params={"name": name[:80], "known": ", ".join(COLUMNS)})
        for name in islice(dict.fromkeys(name for name in names if name not in COLUMNS), MOST_COLUMNS)
    ]
    twice = {name for name, times in Counter(names).items() if times > 1 and name in COLUMNS}
    found += [Problem(code="csv_column_twice", place="line 1", params={"name": name}) for name in sorted(twice)]
    if "address" not in names:
        found.append(Problem(code="csv_column_missing", place="line 1", params={"name": "address"}))
    return tuple(found)


# -------------------------------------------------------------------- one row


def _row(cells: Sequence[str], names: Sequence[str], line: int, areas: frozenset[str], seen: set[int]) -> _Row:
    if len(cells) != len(names):
        params = {"count": len(cells), "wanted": len(names)}
        return _Row(problems=(Problem(code="csv_cells", place=f"line {line}", params=params),))
    values = {name: restored(cell.strip()) for name, cell in zip(names, cells, strict=True)}
    cell = _Cells(line, values)
    subscriber = Subscriber(
        address=cell.address(seen),
        language=cell.language(),
        areas=cell.areas(areas),
        categories=cell.words("categories", _CATEGORIES),
        min_severity=next(iter(cell.words("min_severity", _SEVERITIES)), Severity.UNKNOWN),
    )
    return _Row(problems=tuple(cell.problems)) if cell.problems else _Row(subscriber=subscriber)


class _Cells:
    """One row's cells, and the problems met while reading them."""

    def __init__(self, line: int, values: Mapping[str, str]) -> None:
        self._line = line
        self._values = values
        self.problems: list[Problem] = []

    def address(self, seen: set[int]) -> str:
        """Return the address, its domain in lower case. A hash is enough to notice that it was there before."""
        local, _, domain = self._values["address"].rpartition("@")
        address = f"{local}@{domain.lower()}"
        if not residents.ADDRESS.fullmatch(address):
            self._problem("address", "subscriber_address", value=residents.shown(self._values["address"]))
        elif (known := hash(address.lower())) in seen:
            self._problem("address", "subscriber_twice", value=address)
        else:
            seen.add(known)
        return address

    def language(self) -> str:
        """Return the language tag, Japanese where there is none."""
        tag = self._values.get("language", "")
        if tag and not residents.LANGUAGE.fullmatch(tag):
            self._problem("language", "subscriber_language", value=residents.shown(tag))
        primary, dash, rest = tag.partition("-")
        return f"{primary.lower()}{dash}{rest}" or JAPANESE

    def areas(self, known: frozenset[str]) -> tuple[str, ...]:
        """Return the areas. One that the city does not have would never match anything."""
        names = self._split("areas")
        for name in names:
            if not residents.is_area(name, known):
                self._problem("areas", "subscriber_area", value=residents.shown(name))
        return names

    def words(self, column: str, known: Mapping[str, E]) -> tuple[E, ...]:
        """Return CAP's own words, in whatever case they were written."""
        names = self._split(column)
        for name in names:
            if name.lower() not in known:
                self._problem(column, "subscriber_word", value=residents.shown(name), allowed=", ".join(known.values()))
        return tuple(known[name.lower()] for name in names if name.lower() in known)

    def _split(self, column: str) -> tuple[str, ...]:
        if not (cell := self._values.get(column)):
            return ()
        parts = (part.strip() for part in _SEPARATORS.split(cell))
        return tuple(dict.fromkeys(part for part in parts if part))

    def _problem(self, column: str, code: str, **params: str) -> None:
        self.problems.append(Problem(code=code, place=f"line {self._line}, {column}", params=params))


# -------------------------------------------------------------------- twice through the file


async def _problems(file: BinaryIO, areas: frozenset[str], progress: Progress) -> tuple[tuple[Problem, ...], bool]:
    """Return every problem, and whether the file as a whole is at fault."""
    found: list[Problem] = []
    whole, more = False, 0
    async for rows in _breathing(_rows(file, areas), file, progress):
        for row in rows:
            whole = whole or row.whole
            room = max(0, MOST_PROBLEMS - len(found))
            found += row.problems[:room]
            more += len(row.problems[room:])
    if more:
        found.append(Problem(code="csv_more_problems", params={"count": more}))
    return tuple(found), whole


async def _breathing(rows: Iterator[_Row], file: BinaryIO, progress: Progress) -> AsyncIterator[list[_Row]]:
    """Yield the rows in chunks, and let others run in between: nothing else may wait for an import."""
    while chunk := list(islice(rows, CHUNK)):
        progress(file.tell(), 0)
        yield chunk
        await asyncio.sleep(0)
