"""Whom an alert concerns: never fewer than it names, never more."""

import pytest

from broadcaster.rules.districts import Districts
from tests.unit import drafts

CITY = Districts("東大和市", ("芋窪", "蔵敷", "立野", "立野東"))
BLOCKS = Districts("東大和市", ("芋窪1丁目", "芋窪2丁目", "蔵敷"))


def meets(districts: Districts, said: str, wished: str) -> bool:
    return districts.concerned(said.split("、") if said else []).meets(
        frozenset(wished.split("、")) if wished else frozenset()
    )


@pytest.mark.parametrize(
    ("said", "wished", "concerned"),
    [
        ("芋窪", "芋窪", True),
        ("芋窪1丁目", "芋窪", True),
        ("東大和市芋窪1丁目", "芋窪", True),
        ("蔵敷、芋窪1丁目", "芋窪", True),
        ("蔵敷", "芋窪", False),
        ("立野東3丁目", "立野東", True),
        ("立野東3丁目", "立野", False),
        ("東大和市全域", "芋窪", True),
        ("全域", "芋窪", True),
        ("市内全域", "somewhere else", True),
        ("芋窪全域", "蔵敷", False),
        ("芋窪全域", "芋窪", True),
        ("Imokubo", "芋窪", False),
        ("", "芋窪", False),
        ("", "", True),
        ("蔵敷", "", True),
    ],
)
def test_a_district_is_concerned_by_its_blocks_and_by_the_whole(said: str, wished: str, concerned: bool) -> None:
    assert meets(CITY, said, wished) is concerned


@pytest.mark.parametrize(
    ("said", "concerned"), [("芋窪", True), ("芋窪1丁目", True), ("芋窪2丁目", False), ("蔵敷", False)]
)
def test_a_block_is_concerned_by_its_town(said: str, concerned: bool) -> None:
    assert meets(BLOCKS, said, "芋窪1丁目") is concerned


def test_without_a_list_only_the_very_name_counts() -> None:
    assert meets(Districts(), "芋窪1丁目", "芋窪1丁目")
    assert not meets(Districts(), "芋窪1丁目", "芋窪")


def test_a_citys_own_list_is_used() -> None:
    assert Districts.of(drafts.CITY) == Districts(drafts.CITY.name, drafts.CITY.areas)


def test_nobody_else_is_named() -> None:
    assert CITY.concerned(["本町"]).names == {"本町"}
    assert CITY.concerned(["立野東3丁目"]).names == {"立野東3丁目", "立野東"}
