"""The catalogue holds a sentence for every code, in both languages, with the same places."""

import ast
import re
import string
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from unicodedata import east_asian_width

import pytest

from broadcaster import catalog
from broadcaster.errors import Reason
from broadcaster.model import Kind, State
from broadcaster.ports.store import DraftState, SubmissionState, Verb
from broadcaster.tui.words import CHANNELS

ROOT = Path(__file__).parents[2]
RAISED = {
    *("BroadcasterError", "Refused", "NotFound", "Conflict", "Forbidden", "RenderingError", "EgressRefused"),
    *("ServiceUnreachable", "StoreError", "StoreUnknown", "StoreBusy", "StoreFull", "StoreCorrupt", "SchemaMismatch"),
    *("WrongMode", "PydanticCustomError"),
}
"""Errors whose first argument is a code."""
ADMIN = {
    *("officer_not_found", "ticket_refused", "change_not_found", "token_not_found", "officer_waits", "change_waits"),
    *("store_older", "store_missing", "trouble_not_here", "test_by_hand"),
}
"""Codes of what only commands do: officers, tokens, alert files, and a service that does not start."""
CORE = ("desk", "store", "officers", "routine", "rules", "subscribers", "api", "client", "papers", "documents", "sheet")
"""Rooms whose errors an officer sees at the desk."""
HELPERS = {"report", "_refused", "_refusal", "_problem", "_warning", "problem", "_wrong", "_unreadable"}
"""Small functions that make a problem or an error of a code."""
CODE = re.compile(r"[a-z]+(_[a-z0-9]+)+")


def sources() -> list[Path]:
    return sorted([*ROOT.glob("broadcaster/**/*.py"), *ROOT.glob("channels/**/*.py")])


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def name_of(call: ast.Call) -> str:
    return (
        call.func.id
        if isinstance(call.func, ast.Name)
        else call.func.attr
        if isinstance(call.func, ast.Attribute)
        else ""
    )


def literals(node: ast.expr | None) -> Iterator[str]:
    """Yield the strings an expression may be: a literal, or either side of a condition."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)


def codes_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = name_of(node)
        code = next((keyword.value for keyword in node.keywords if keyword.arg == "code"), None)
        if name in ("Problem", "Finding", "Refused") and code is not None:
            yield from literals(code)
        elif name in RAISED and node.args:
            yield from (text.removeprefix("say.") for text in literals(node.args[0]))
        elif name in HELPERS and node.args:
            yield from (text for text in literals(node.args[0]) if CODE.fullmatch(text))


def raised() -> dict[str, set[str]]:
    """Return every code in the source and the files it stands in."""
    found: dict[str, set[str]] = {}
    for path in sources():
        for code in codes_in(path):
            found.setdefault(code, set()).add(path.relative_to(ROOT).as_posix())
    return found


def test_every_code_in_the_source_has_a_sentence() -> None:
    codes = raised()
    assert len(codes) > 50
    known = catalog.sentences("ja").keys()
    assert {code: files for code, files in codes.items() if code not in known} == {}


def test_both_languages_hold_the_same_codes_with_the_same_places() -> None:
    japanese, english = catalog.sentences("ja"), catalog.sentences("en")
    assert japanese.keys() ^ english.keys() == set()
    assert {code for code in japanese if places(japanese[code]) != places(english[code])} == set()


def test_no_sentence_is_empty_or_unfinished() -> None:
    for language in catalog.LANGUAGES:
        for code, sentence in catalog.sentences(language).items():
            assert sentence.strip(), code
            assert "TODO" not in sentence, code


@pytest.mark.parametrize("language", catalog.LANGUAGES)
@pytest.mark.parametrize(
    ("begins", "codes"),
    [
        ("state_", State),
        ("verb_", Verb),
        ("kind_", Kind),
        ("draft_is_", DraftState),
        ("submission_is_", SubmissionState),
    ],
)
def test_a_parameter_that_is_a_code_is_said_in_words(language: str, begins: str, codes: type[StrEnum]) -> None:
    known = catalog.sentences(language)
    asked = {spec for sentence in known.values() for _, _, spec, _ in string.Formatter().parse(sentence) if spec}
    assert {each for each in asked if each.endswith("_")} == {
        *("state_", "verb_", "kind_", "draft_is_", "submission_is_", "channel_"),
    }
    assert {f"channel_{name}" for name in CHANNELS} <= known.keys()
    assert {f"{begins}{each.value}" for each in codes} <= known.keys()


def test_a_code_without_words_stays_as_it_is() -> None:
    said = catalog.say("decision_impossible", "en", delivery=7, state="failed", verb="unheard_of")
    assert catalog.sentences("en")["state_failed"] in said
    assert '"unheard_of"' in said


@pytest.mark.parametrize("language", catalog.LANGUAGES)
def test_every_next_step_is_worded_for_both_front_ends_and_none_for_nobody(language: str) -> None:
    known = catalog.sentences(language)
    wanted = {name for sentence in known.values() for name in places(sentence) if name.startswith(catalog.NEXT)}
    assert {f"{name}_{front}" for name in wanted for front in (catalog.CLI, catalog.TUI)} == {
        code for code in known if code.startswith(catalog.NEXT)
    }


@pytest.mark.parametrize("language", catalog.LANGUAGES)
def test_who_sits_at_the_desk_is_told_keys_and_no_commands(language: str) -> None:
    ours = {code for code, files in raised().items() if any(file.split("/")[1] in CORE for file in files)}
    seen = {code for code in catalog.sentences(language) if code.startswith(("tui_", "advice_", "hand_", "event_"))}
    for code in (ours | seen) - ADMIN:
        parts = string.Formatter().parse(catalog.sentences(language)[code])
        own = {
            name: "7" if spec and spec.endswith("_") else 7
            for _, name, spec, _ in parts
            if name and name[:5] != catalog.NEXT
        }
        said = catalog.say(code, language, catalog.TUI, **{"delivery": 7, **own})
        assert not re.search("broadcaster [a-z]", said), code
    assert "broadcaster status" in catalog.say("alert_not_found", language, alert="1-1")


@pytest.mark.parametrize("language", catalog.LANGUAGES)
def test_no_code_stands_in_two_files(language: str) -> None:
    seen: dict[str, str] = {}
    twice = []
    for path in catalog.files(language):
        for code in catalog.read(path):
            if code in seen:
                twice.append((code, seen[code], path.name))
            seen[code] = path.name
    assert twice == []


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, "ja"),
        ({"LANG": "C.UTF-8"}, "ja"),
        ({"LANG": "POSIX"}, "ja"),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "ja_JP.UTF-8"}, "ja"),
        ({"LC_ALL": "", "LC_MESSAGES": "", "LANG": "en"}, "en"),
    ],
)
def test_the_locale_chooses_the_language(environ: dict[str, str], language: str) -> None:
    assert catalog.language_of(environ) == language


def test_a_sentence_is_filled() -> None:
    assert "3" in catalog.say("refused", "en", count=3)
    assert "3" in catalog.say("refused", "ja", count=3)


def test_the_environment_chooses_where_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    assert catalog.say("text_missing") == catalog.say("text_missing", "en")


def test_a_missing_sentence_is_an_error_in_tests_and_shows_its_code_in_production(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(KeyError):
        catalog.say("no_such_code", "en")
    monkeypatch.delenv("BROADCASTER_CATALOG")
    assert catalog.say("no_such_code", "en", count=3) == "no_such_code count=3"
    assert catalog.say("refused", "en") == "refused"


def test_a_parameter_may_be_called_anything() -> None:
    assert "x" in catalog.say("value_refused", "en", why="x", code="y", language="z")


def test_each_reason_a_delivery_may_fail_for_has_words() -> None:
    known = catalog.sentences("ja")
    assert {reason.value for reason in Reason if f"reason_{reason.value}" not in known} == set()


@pytest.mark.parametrize("language", catalog.LANGUAGES)
def test_no_sentence_holds_a_letter_whose_width_terminals_disagree_about(language: str) -> None:
    """Unicode's East Asian width "ambiguous": one column here, two there, and every column after it is off."""
    sentences = catalog.sentences(language)
    assert [code for code, said in sentences.items() if any(east_asian_width(each) == "A" for each in said)] == []
