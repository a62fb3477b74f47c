"""Which drafts give way when the disk has little room."""

from __future__ import annotations

from dataclasses import replace

import pytest

from broadcaster.model import Draft, Kind, Severity
from broadcaster.rules import space
from tests.unit.drafts import draft

NEW = (Kind.ALERT, Kind.ROUTINE)


def said(kind: Kind, *severities: Severity) -> Draft:
    made = draft()
    infos = tuple(replace(made.infos[0], severity=each) for each in severities)
    return replace(made, kind=kind, infos=infos)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("severity", list(Severity))
def test_only_what_is_new_and_not_grave_waits(kind: Kind, severity: Severity) -> None:
    grave = severity in (Severity.EXTREME, Severity.SEVERE)
    made = said(kind, severity)
    assert space.waits(made) is (kind in NEW and not grave)
    assert [each.code for each in space.refused(made, space.SCARCE - 1)] == ["space_scarce"] * space.waits(made)
    assert space.refused(made, space.SCARCE) == []


def test_one_grave_language_is_enough() -> None:
    assert not space.waits(said(Kind.ALERT, Severity.MINOR, Severity.SEVERE))


@pytest.mark.parametrize(
    ("free", "code"),
    [
        (space.LITTLE, None),
        (space.LITTLE - 1, "space_little"),
        (space.SCARCE, "space_little"),
        (space.SCARCE - 1, "space_gone"),
        (0, "space_gone"),
    ],
)
def test_every_board_tells_of_it_in_time(free: int, code: str | None) -> None:
    assert [each.code for each in space.told(free)] == ([code] if code else [])
    assert [each.params for each in space.told(free)] == ([{"free_mb": free // 1_000_000}] if code else [])
    assert [each.code for each in space.imports(free)] == ["space_scarce"] * (code == "space_gone")
