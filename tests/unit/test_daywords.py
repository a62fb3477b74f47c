"""Days in words, in both languages and back; and plans as the files they came from."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from broadcaster.documents import days_from, plan_document, plan_from, read_plan, toml_of, words_of
from broadcaster.errors import Refused
from tests.unit.test_plans import FULL, SAMPLES

WORDS: list[tuple[str, dict[str, Any]]] = [
    ("毎日", {}),
    ("daily", {}),
    ("毎週 月・水・金", {"weekdays": ["mon", "wed", "fri"]}),
    ("毎週月曜日と水曜", {"weekdays": ["mon", "wed"]}),
    ("毎週 月水金", {"weekdays": ["mon", "wed", "fri"]}),
    ("毎月第2水曜", {"days": "2nd wed"}),
    ("weekly mon Wednesday", {"weekdays": ["mon", "wed"]}),
    ("毎月 第2水曜", {"days": "2nd wed"}),
    ("毎月　第２水曜日", {"days": "2nd wed"}),
    ("monthly 2nd wed, last fri", {"days": "2nd wed,last fri"}),
    ("毎月 最後の金曜 1日", {"days": "last fri,1"}),
    ("毎月 末日", {"days": "last"}),
    ("monthly 15th", {"days": "15"}),
    ("毎年 3月11日", {"months": [3], "days": "11"}),
    ("yearly 3/11", {"months": [3], "days": "11"}),
    ("毎週 日 7月 8月", {"weekdays": ["sun"], "months": [7, 8]}),
    ("2027-02-10 2027-03-03", {"dates": ["2027-02-10", "2027-03-03"]}),
]


@pytest.mark.parametrize(("words", "meant"), WORDS)
def test_words_are_read(words: str, meant: dict[str, Any]) -> None:
    assert days_from(words) == meant


@pytest.mark.parametrize("words", ["", "  ", "ときどき", "毎週 mom", "第6土曜の昼"])
def test_words_that_are_none_are_told(words: str) -> None:
    with pytest.raises(Refused) as caught:
        days_from(words, "when[0].days")
    assert caught.value.problems[0].place == "when[0].days"


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_sample_is_worded_and_written_back(path: Any, language: str) -> None:
    plan = read_plan(path)
    for rule, when in zip(plan.when, plan_document(plan)["when"], strict=True):
        said = days_from(words_of(rule, language))
        assert said == {key: when[key] for key in ("weekdays", "months", "days", "dates") if key in when}
    assert plan_from(plan.id, tomllib.loads(toml_of(plan_document(plan)))) == plan


def test_a_plan_with_everything_is_written_back() -> None:
    plan = plan_from("work", tomllib.loads(FULL))
    assert plan_from("work", tomllib.loads(toml_of(plan_document(plan)))) == plan
    assert days_from(words_of(plan.when[0], "en"))["days"] == "1st mon,last fri"
