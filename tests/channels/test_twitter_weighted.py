"""The weighted length against hand-made expectations, and its time against hostile texts."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels._links import links
from channels._weighted import LINK_WEIGHT, count_links, normalise, valid, weigh
from channels.twitter import measure


def found(text: str) -> list[str]:
    return [text[link.start : link.end] for link in links(text)]


@pytest.mark.fault(92)
@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("", 0),
        ("abc", 3),
        ("é", 1),
        ("e\u0301", 1),
        ("か\u3099", 2),
        ("避難指示", 8),
        ("“引用”", 6),
        ("\u2014", 1),
        ("\u2020", 2),
        ("\u2032", 1),
        ("\u2038", 2),
        ("ー～…", 6),
        ("①", 2),
        ("\u10ff", 1),
        ("\u1100", 2),
        ("𠮷", 2),
        ("😷", 2),
        ("👍🏽", 2),
        ("👨‍👩‍👧‍👦", 2),
        ("👩🏿‍🚒", 2),
        ("🇯🇵", 2),
        ("🇯🇵🇯🇵", 4),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", 2),
        ("🏴‍☠️", 2),
        ("1️⃣", 2),
        ("☀️", 2),
        ("☀", 2),
        ("あ\ufe0f", 4),
        ("a\r\nb", 3),
    ],
)
def test_weights(text: str, weight: int) -> None:
    assert weigh(text) == weight


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://city.example.lg.jp/bousai/", ["https://city.example.lg.jp/bousai/"]),
        ("city.example.lg.jp", ["city.example.lg.jp"]),
        ("詳細はcity.example.lg.jpへ", ["city.example.lg.jp"]),
        ("詳細は https://city.example.lg.jp/a?b=1#c。", ["https://city.example.lg.jp/a?b=1#c"]),
        ("（http://city.example.jp/a_(b)）", ["http://city.example.jp/a_(b)"]),
        ("http://例え.jp/です", ["http://例え.jp/"]),
        ("http://foobar.中国", ["http://foobar.中国"]),
        ("foobar.中国", ["foobar.中国"]),
        ("xn--r8jz45g.jp", ["xn--r8jz45g.jp"]),
        ("HTTPS://EXAMPLE.COM", ["HTTPS://EXAMPLE.COM"]),
        ("example.com:8080/x", ["example.com:8080/x"]),
        ("a.b.c.example.co.jp", ["a.b.c.example.co.jp"]),
        ("test_under.example.com", ["under.example.com"]),
        ("https://test_under.example.com", ["https://test_under.example.com"]),
        ("https://under_score.com", []),
        ("-example.com", []),
        ("mail@example.com", []),
        ("#example.com", []),
        ("example.notatld", []),
        ("バージョン1.5.2", []),
        ("午後2.5時間", []),
        ("3.jp", ["3.jp"]),
        ("example.jpa", []),
        ("example.jp@x", []),
        ("example.com-x", []),
        ("ftp://example.com", []),
        ("https://t.co/abcdefghij/more", ["https://t.co/abcdefghij"]),
        ("https://t.co/" + "a" * 41, []),
        ("example.com、example.jp", ["example.com", "example.jp"]),
        ("example.com example.jp", ["example.com", "example.jp"]),
        (f"https://{'a' * 64}.com", []),
        (f"https://{'あ' * 60}.com", []),
        ("https://example.com/" + "a" * 5000, []),
        ("http://a..jp", []),
        ("xn--あ.jp", []),
    ],
)
def test_links(text: str, expected: list[str]) -> None:
    assert found(text) == expected


def test_a_link_weighs_the_same_whatever_its_length() -> None:
    assert weigh("t.co") == weigh("https://city.example.lg.jp/bousai/" + "a" * 500) == LINK_WEIGHT
    assert count_links("city.jp と https://city.jp/a") == 2


def test_140_japanese_characters_fit() -> None:
    assert measure("避" * 140).fits
    assert not measure("避" * 141).fits


@pytest.mark.parametrize("text", ["", "  \n", "a\ufffe", "\ufeffa", "a\ud800"])
def test_what_x_never_takes(text: str) -> None:
    assert not valid(text)


_ATOMS = [
    "http://",
    "https://",
    ".",
    "com",
    "jp",
    "/",
    "(",
    ")",
    "あ",
    "。",
    "-",
    "_",
    "a",
    "中国",
    "@",
    "\u202a",
    "👩",
    "\u200d",
]


@given(st.lists(st.sampled_from(_ATOMS), max_size=30).map("".join))
def test_links_never_overlap_and_lie_within(text: str) -> None:
    normal = normalise(text)
    spans = [(link.start, link.end) for link in links(normal)]
    assert all(0 <= start < end <= len(normal) for start, end in spans)
    assert spans == sorted(spans)


@given(st.text(max_size=80))
@settings(max_examples=60)
def test_weight_lies_between_none_and_all_heavy(text: str) -> None:
    normal = normalise(text)
    assert 0 <= weigh(text) <= 2 * len(normal) + LINK_WEIGHT * normal.count(".")


HOSTILE = (
    *("a.", "a", "あ", "http://", "a.jp/(", "a.jp ", "a_.", "a-", "a.a.あ.", "x.com.", "é.", "@a.", "a.あ"),
    *("👩\u200d", "1\ufe0f", "a.jp?!", "a.jpあ-.", "あa.jp", "a.jp/あ", "-a.jp", "a.jp:1", "a.xn--", "://a."),
)


@pytest.mark.fault(92)
@pytest.mark.parametrize("atom", HOSTILE)
def test_time_is_linear_for_hostile_texts(atom: str) -> None:
    """The reference needs 79 s for one such string. Eight times the text may take eight times the time, with noise."""
    short, long = atom * 1_000, atom * 8_000

    def seconds(text: str) -> float:
        begun = time.thread_time()
        weigh(text)
        return time.thread_time() - begun

    assert seconds(long) < 8 * 3 * max(min(seconds(short) for _ in range(3)), 0.005)
