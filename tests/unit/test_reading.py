"""What a reader is shown: one's own language where it is said, the authoritative one beside it, people by name."""

from __future__ import annotations

from typing import Any

import pytest

from broadcaster.papers.reading import Reader


def info(language: str, headline: str, *areas: str) -> dict[str, Any]:
    return {"language": language, "headline": headline, "areas": [{"area_desc": each} for each in areas]}


JAPANESE = info("ja", "避難指示", "芋窪", "蔵敷")
EASY = info("ja-x-easy", "にげて ください", "芋窪（いもくぼ）")
ENGLISH = info("en", "Evacuation Order", "Imokubo", "Zoshiki")


@pytest.mark.parametrize(
    ("language", "infos", "headline", "beside", "areas"),
    [
        ("ja", (JAPANESE, EASY, ENGLISH), "避難指示", "", "芋窪、蔵敷"),
        ("en", (JAPANESE, EASY, ENGLISH), "Evacuation Order", "避難指示", "Imokubo, Zoshiki"),
        ("en", (JAPANESE, EASY), "避難指示", "", "芋窪, 蔵敷"),
        ("ja", (ENGLISH, EASY), "Evacuation Order", "", "Imokubo、Zoshiki"),
    ],
)
def test_ones_own_language_else_the_authoritative_words(
    language: str, infos: tuple[Any, ...], headline: str, beside: str, areas: str
) -> None:
    reader, alert = Reader(language), {"infos": infos}
    assert (reader.headline(alert), reader.beside(alert), reader.areas(alert)) == (headline, beside, areas)


def test_people_are_shown_by_name_and_told_apart_where_two_are_called_alike() -> None:
    reader = Reader("ja", {"duty-a": "当直A", "duty-b": "当直B", "c": "佐", "d": "佐"})
    assert [reader.who(name) for name in ("duty-a", "c", "d", "root")] == ["当直A", "佐 (c)", "佐 (d)", "root"]
    assert [Reader(language).who("upstream") for language in ("ja", "en")] == ["情報源", "watched feed"]


def test_a_refusal_names_people_as_they_are_shown() -> None:
    reader = Reader("en", {"duty-a": "当直A"})
    assert reader.refusal("review_own", {"actor": "duty-a"}).startswith("当直A has sent it alone")
    assert reader.refusal("submission_not_found", {"number": 3}) == reader("submission_not_found", number=3)


@pytest.mark.parametrize(
    ("language", "body", "title", "said"),
    [
        ("ja", {"template": "water-cut", "areas": ["芋窪"]}, "water-cut 芋窪", "断水 芋窪"),
        ("en", {"template": "water-cut", "areas": ["芋窪", "蔵敷"]}, "water-cut 芋窪、蔵敷", "Water cut 芋窪, 蔵敷"),
        ("en", {"template": "water-cut"}, "water-cut", "Water cut"),
        ("en", {"template": "gone"}, "gone", "gone"),
        ("en", {"texts": {"ja": {"headline": "橋"}, "en": {"headline": "Bridge"}}}, "橋", "Bridge"),
        ("en", {"texts": {"ja": {"headline": "橋"}}}, "橋", "橋"),
        ("ja", {"template": "water-cut"}, "【洪水警報】東大和市", "【洪水警報】東大和市"),
    ],
)
def test_a_draft_is_called_by_its_headline_or_its_template(
    language: str, body: dict[str, Any], title: str, said: str
) -> None:
    assert Reader(language).draft({"body": body, "title": title}) == said


def test_a_language_without_a_name_is_shown_by_its_tag() -> None:
    assert [Reader("en").tongue(tag) for tag in ("ja-x-easy", "vi")] == ["Easy Japanese", "vi"]
