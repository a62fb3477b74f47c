"""The agency's own sample telegrams and the standards' CAP examples, read as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from broadcaster.errors import FeedUnreadable
from broadcaster.model import Change, Notice
from broadcaster.upstream import cap, index, jma

DATA = Path(__file__).parents[2].parent / "shared/data"
pytestmark = [pytest.mark.corpus, pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not there")]
SAMPLES = sorted((DATA / "jma/samples").glob("*.xml"))


def read(path: Path) -> Notice:
    return jma.read(path.read_bytes(), path.stem.rpartition("_")[2], path.name)


def sample(start: str) -> Notice:
    return read(next(path for path in SAMPLES if path.name.startswith(start)))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_is_read(path: Path) -> None:
    notice = read(path)
    assert notice.live
    assert notice.headline or notice.change is Change.CANCELLED
    assert notice.warnings or notice.type in ("VXSE52", "VXSE53", "VXSE61")


def test_old_and_new_forms_have_the_same_codes() -> None:
    """Level 5 of rain stands as 33 in VPWW53 and level 4 as 43 in VPWW55, whatever they are called."""
    assert {"33"} <= {each.code for each in sample("15_08_01").warnings}
    assert {"43", "03", "10"} <= {each.code for each in sample("15_16_03").warnings}


def test_the_same_hour_in_both_telegrams_says_the_same_of_each_municipality() -> None:
    both = [path for path in SAMPLES if path.name.startswith("15_12_02")]
    old, new = ({(each.code, each.place.code, each.ended) for each in read(path).warnings} for path in both)
    assert old == new


def test_a_lifting_by_serial() -> None:
    first, last = (sample(f"17_02_0{number}") for number in (1, 3))
    assert (first.event_id, first.serial, last.serial) == (last.event_id, 1, 3)
    assert {each.place.code for each in first.warnings if not each.ended} == {"0133100", "0133200"}
    assert {"0133100", "0133200"} <= {each.place.code for each in last.warnings if each.ended}


def test_intensities_of_municipalities() -> None:
    strongest = {each.place.code for each in sample("32-39_11_05").warnings if each.code == "intensity:7"}
    assert "0421300" in strongest


def test_a_cancelled_telegram() -> None:
    assert sample("32-35_06_02").change is Change.CANCELLED


@pytest.mark.parametrize("name", [f"v1dot2_appendix_adot{number}.xml" for number in (1, 2, 3, 4)])
def test_the_standards_examples_are_read(name: str) -> None:
    notice = cap.read((DATA / "cap" / name).read_bytes())
    assert notice.live
    assert notice.headline
    assert notice.warnings


@pytest.mark.parametrize("name", ["invalid.cap", "earthquake_index.atom"])
def test_what_is_no_cap_is_refused(name: str) -> None:
    with pytest.raises(FeedUnreadable):
        cap.read((DATA / "cap" / name).read_bytes())


def test_an_index_is_a_feed() -> None:
    entries = index.read((DATA / "cap/earthquake_index.atom").read_bytes())
    assert [entry.title for entry in entries] == ["M 5.3, Tonga"]
