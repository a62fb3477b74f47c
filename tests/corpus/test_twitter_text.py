"""X's own conformance suite: every text it weighs, we weigh the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from channels._links import links
from channels._weighted import LIMIT, valid, weigh

FILE = Path(__file__).parents[3] / "shared/data/twitter-text/validate.yml"
WEIGHED = (
    "WeightedTweetsCounterTest",
    "WeightedTweetsWithDiscountedEmojiCounterTest",
    "UnicodeDirectionalMarkerCounterTest",
)

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not FILE.exists(), reason="../shared/data is not there"),
]


class Case(NamedTuple):
    section: str
    description: str
    text: str
    expected: dict[str, str]


def cases(*sections: str) -> list[Case]:
    return [case for case in _read() if case.section in sections]


def _read() -> Iterator[Case]:
    """The few constructs of YAML this file uses: sections, entries, quoted strings, one level of expectations."""
    section, description, text, expected = "", "", "", dict[str, str]()
    for line in [*FILE.read_text(encoding="utf-8").splitlines(), "  end:"]:
        key, _, value = line.strip().removeprefix("- ").partition(": ")
        if re.fullmatch(r"  \w+:", line) or line.startswith("    - description"):
            if text or expected:
                yield Case(section, description, text, expected)
            text, expected = "", {}
        if re.fullmatch(r"  \w+:", line):
            section = line.strip(" :")
        elif key == "description":
            description = _unquoted(value)
        elif key == "text":
            text = _unquoted(value)
        elif value and key != "expected:":
            expected[key] = value


def _unquoted(value: str) -> str:
    escapes = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "/": "/", "0": "\0"}
    inner = value.strip()[1:-1]
    pattern = r"\\(?:U([0-9A-Fa-f]{8})|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|(.))"

    def decode(found: re.Match[str]) -> str:
        number = found.group(1) or found.group(2) or found.group(3)
        return chr(int(number, 16)) if number else escapes[found.group(4)]

    return re.sub(pattern, decode, inner)


def test_the_file_is_read_whole() -> None:
    sections = {case.section for case in _read()}
    assert sections >= {"urls_without_protocol", *WEIGHED}
    assert len(cases(*WEIGHED)) == FILE.read_text(encoding="utf-8").count("weightedLength:")


def test_weights_are_those_of_the_suite() -> None:
    found = {case.description: weigh(case.text) for case in cases(*WEIGHED)}
    assert found == {case.description: int(case.expected["weightedLength"]) for case in cases(*WEIGHED)}


def test_validity_is_that_of_the_suite() -> None:
    found = {case.description: valid(case.text) and weigh(case.text) <= LIMIT for case in cases(*WEIGHED)}
    assert found == {case.description: case.expected["valid"] == "true" for case in cases(*WEIGHED)}


def test_links_without_protocol_are_links() -> None:
    for case in cases("urls_without_protocol"):
        whole = [case.text[link.start : link.end] for link in links(case.text)] == [case.text]
        assert whole is (case.expected["expected"] == "true"), case.description
