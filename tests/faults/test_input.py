"""What people, programs and files bring in (section H of the catalogue), at every entrance: desk API, command line with
alert files in both formats and with template slots, subscribers as CSV and over the API.

Whatever is hostile is refused with its place and nothing of it is kept; what is merely odd comes back as it went in.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from broadcaster.bootstrap import filled
from broadcaster.cli import main
from broadcaster.clock import SystemClock
from broadcaster.config import load_config
from broadcaster.documents import dump
from broadcaster.errors import Refused
from broadcaster.forms import Forms
from broadcaster.rendering import Templates, templates_dir
from broadcaster.subscribers import import_csv
from tests.contract.values import NOW, OFFICER
from tests.desk.test_api import Served, served
from tests.desk.world import CONFIG

TEMPLATE, FORM = "heavy-rain-caution", "false-alarm"
HOSTILE: Mapping[str, tuple[int, str]] = {
    "芋窪{{ area }}": (90, "placeholder_left"),
    "{% for x in y %}": (90, "placeholder_left"),
    "大雨" * 101: (92, "field_too_long"),
    "大雨\x00です": (93, "character_control"),
    "大雨\x1b[2Jです": (93, "character_control"),
    "大雨\x0bです": (93, "character_control"),
    "大雨\x85です": (93, "character_control"),
    "大雨\u202eです": (94, "character_bidi"),
    "大雨\u2066です": (94, "character_bidi"),
    "大雨\u200bです": (94, "character_invisible"),
    "Heаvy rain": (94, "character_lookalike"),
    "https://сity.example.lg.jp/": (95, "link_foreign"),
    "https://xn--ity-eed.example.lg.jp/": (95, "link_foreign"),
    "詳細は example.com へ": (95, "link_foreign"),
    "bit.ly/3xYz": (95, "link_shortener"),
    "大雨\r\nBcc: all@example.jp": (96, "character_control"),
    "大雨\u2028です": (96, "character_control"),
    "javascript:alert(1)": (97, "link_scheme"),
}
"""Headlines that no draft may have, the fault each brings about, and the problem that must be told."""
EACH = [pytest.param(text, code, marks=pytest.mark.fault(fault)) for text, (fault, code) in HOSTILE.items()]


BROKEN = "大雨\ud800です"
"""No text at all: half of a pair of surrogates. Whether it is read or refused as it is read, it goes no further."""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.toml"
    path.touch(0o600)
    path.write_text(CONFIG.format(mode="drill"), encoding="utf-8")
    monkeypatch.setenv("BROADCASTER_CONFIG", str(path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    return path


def drafted(config: Path, text: str) -> dict[str, Any]:
    """A draft with this headline, as a program would send it."""
    made: dict[str, Any] = dump(filled(load_config(config), TEMPLATE))
    made["infos"][0]["headline"] = text
    return made


# ------------------------------------------------------------------ the desk's API


async def asked(here: Served, path: str, **body: object) -> tuple[int, Any]:
    return await here.raw("POST", path, json.dumps(body).encode())


@pytest.mark.parametrize(("text", "code"), EACH)
async def test_the_api_refuses_it_with_its_place_and_keeps_nothing(tmp_path: Path, text: str, code: str) -> None:
    async with served(tmp_path) as here:
        draft = drafted(tmp_path / "config.toml", text)
        _, shown = await asked(here, "/preview", draft=draft)
        assert (code, "infos[0].headline") in {(each["code"], each["place"]) for each in shown["problems"]}
        status, refused = await asked(here, "/alerts", draft=draft, key="k")
        assert status == 422
        assert code in {each["code"] for each in refused["error"]["problems"]}
        assert (await here.desk.board()).rows == ()


@pytest.mark.fault(93)
@pytest.mark.fault(109)
@pytest.mark.parametrize("place", ["note", "key", "digest", "source", "headline"])
@pytest.mark.parametrize("text", [BROKEN, "x" * 2_500_000], ids=["surrogate", "large"])
async def test_no_field_of_a_request_takes_what_is_no_text_or_too_much_of_it(
    tmp_path: Path, place: str, text: str
) -> None:
    async with served(tmp_path) as here:
        draft = drafted(tmp_path / "config.toml", text if place == "headline" else "大雨に注意 14時")
        body: dict[str, Any] = {"draft": draft, "key": "k"}
        if place == "note":
            draft["note"] = text
        elif place != "headline":
            body[place] = text
        status, refused = await asked(here, "/alerts", **body)
        assert (status, refused["error"]["code"]) in ((422, "refused"), (413, "http_413"), (409, "preview_changed"))
        assert (await here.desk.board()).rows == ()


@pytest.mark.fault(109)
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"draft":' * 50_000,
        b'{"draft": {"level": 1' + b"0" * 100_000 + b"}}",
        b'{"draft": NaN}',
        b"\xff\xfe{}",
        b'{"draft": "\\ud800"}',
        b"\x00",
        b"",
    ],
    ids=["deep", "deeper", "number", "nan", "utf16", "surrogate", "nul", "empty"],
)
async def test_a_body_that_is_none_is_refused_and_the_service_goes_on(tmp_path: Path, body: bytes) -> None:
    async with served(tmp_path) as here:
        for path in ("/preview", "/alerts", "/subscribers", "/submissions/1/approve"):
            status, refused = await here.raw("POST", path, body)
            assert status in (404, 405, 422), (path, refused)
        assert (await here.raw("GET", "/board"))[0] == 200


# ------------------------------------------------------------------ the command line: files, and templates' slots


def as_json(draft: dict[str, Any]) -> bytes:
    return json.dumps(draft).encode()


def as_toml(draft: dict[str, Any]) -> bytes:
    """Only what a city writes: the draft's own tables, its texts with every odd character escaped."""
    lines = [f"{name} = {json.dumps(draft[name])}" for name in ("kind", "level", "channels") if draft.get(name)]
    for info in draft["infos"]:
        lines.append("[[infos]]")
        lines += [f"{name} = {escaped(value)}" for name, value in info.items() if value and name != "areas"]
        for area in info["areas"]:
            lines += ["[[infos.areas]]", f"area_desc = {escaped(area['area_desc'])}"]
    return "\n".join(lines).encode()


def escaped(value: Any) -> str:
    return json.dumps(value) if not isinstance(value, str) or not value[:4].isdigit() else value


def problems_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> set[tuple[str, str]]:
    """Run a command that must refuse, and return (code, place) of all it tells."""
    assert main([*arguments, "--json"]) == 2
    said = capsys.readouterr()
    assert said.err == ""
    document = json.loads(said.out)
    return {(each["code"], each["place"]) for each in document.get("problems") or document["error"]["problems"]}


@pytest.mark.parametrize(("text", "code"), EACH)
@pytest.mark.parametrize(("kind", "write"), [(".json", as_json), (".toml", as_toml)])
def test_an_alert_file_is_refused_with_its_place(
    config: Path, capsys: pytest.CaptureFixture[str], *, text: str, code: str, kind: str, write: Any
) -> None:
    file = config.with_name(f"alert{kind}")
    file.write_bytes(write(drafted(config, text)))
    assert (code, "infos[0].headline") in problems_of(capsys, "preview", str(file))


@pytest.mark.fault(98)
@pytest.mark.parametrize("text", [*HOSTILE, "\x1b]0;title\x07大雨", "[bold]大雨[/bold]", "[link=x]大雨[/]"])
def test_what_a_terminal_would_obey_is_shown_and_not_done(
    config: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    """Also in what is refused: the officer reads it as it is."""
    file = config.with_name("alert.json")
    file.write_bytes(as_json(drafted(config, text)))
    main(["preview", str(file)])
    said = capsys.readouterr()
    shown = said.out + said.err
    assert [each for each in shown if not (each.isprintable() or each in "\n\t")] == []
    if text.startswith("["):
        assert text in shown, "markup is text like any other"


@pytest.mark.parametrize("text", ["大雨\u2028です", BROKEN])
@pytest.mark.fault(96)
def test_a_channel_word_or_address_of_a_file_is_no_way_in(
    config: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    file = config.with_name("alert.json")
    for place, changed in (("web", {"web": text}), ("contact", {"contact": text}), ("language", {"language": text})):
        draft = drafted(config, "大雨に注意 14時")
        draft["infos"][0] |= changed
        file.write_bytes(as_json(draft))
        found = problems_of(capsys, "preview", str(file))
        assert {each for _, each in found} & {f"infos[0].{place}", ""}


@pytest.mark.parametrize(("text", "code"), EACH)
def test_a_slot_of_a_template_is_refused_too(
    config: Path, capsys: pytest.CaptureFixture[str], text: str, code: str
) -> None:
    """Words typed into a form are words, never a template, and go through the same checks."""
    found = problems_of(capsys, "preview", "--template", FORM, *(f"--set={each}" for each in form(config, text)))
    told = {each for each, _ in found}
    assert told & ({code, "slot_too_long"} if code == "field_too_long" else {code})


def form(config: Path, text: str) -> list[str]:
    """Return values that fill the form, this text among them where any words may stand."""
    settings = load_config(config)
    values = Forms(templates_dir(), Templates(settings.city.zone)).examples(FORM, settings.city, SystemClock().now())
    return [f"{key}={value}" for key, value in (values | {"wrong": text, "wrong.en": text}).items()]


@pytest.mark.fault(90)
@pytest.mark.parametrize(
    ("values", "code"),
    [((), "slot_missing"), (("nonsense=1",), "slot_unknown"), (("areas=芋窪", "x.y=1"), "slot_unknown")],
)
def test_a_form_that_is_not_filled_is_refused_before_anything_is_shown(
    config: Path, capsys: pytest.CaptureFixture[str], values: tuple[str, ...], code: str
) -> None:
    found = problems_of(capsys, "preview", "--template", TEMPLATE, *(f"--set={each}" for each in values))
    assert code in {each for each, _ in found}


@pytest.mark.fault(109)
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"x" * 10_000_000, "file_too_large"),
        (b"\xff\xfe\x00", "not_utf8"),
        ("大雨".encode("cp932"), "not_utf8"),
        (b'{"headline": "\\ud800"}', None),
        (b"[" * 300_000, None),
        (b"", None),
    ],
    ids=["10 MB", "utf16", "cp932", "surrogate", "deep", "empty"],
)
@pytest.mark.parametrize("way", ["file", "pipe"])
def test_a_file_that_is_none_is_refused_in_a_sentence(
    config: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    content: bytes,
    code: str | None,
    way: str,
) -> None:
    file = config.with_name("alert.json")
    file.write_bytes(content)
    if way == "pipe":
        monkeypatch.setattr(
            "sys.stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", errors="surrogateescape")
        )
    found = problems_of(capsys, "preview", "-" if way == "pipe" else str(file))
    assert code is None or code in {each for each, _ in found}


@pytest.mark.fault(109)
def test_words_that_are_no_text_on_the_command_line_are_refused(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a terminal of another encoding types arrives as lone surrogates."""
    typed = "大雨".encode("cp932").decode("utf-8", "surrogateescape")
    found = problems_of(capsys, "preview", "--template", FORM, *(f"--set={each}" for each in form(config, typed)))
    assert found
    assert main(["measure", "twitter", typed, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["problems"]


# ------------------------------------------------------------------ residents: CSV, and over the API

RESIDENTS: Mapping[str, tuple[int, dict[str, Any]]] = {
    "crlf": (96, {"address": "a@example.jp\r\nRCPT TO:<b@example.jp>"}),
    "nul": (93, {"address": "a\x00@example.jp"}),
    "bidi": (94, {"address": "a\u202e@example.jp"}),
    "cyrillic": (94, {"address": "а@example.jp"}),
    "foreign": (95, {"address": "a@сity.example.jp"}),
    "none": (109, {"address": "no address"}),
    "long": (109, {"address": "a" * 300 + "@example.jp"}),
    "language": (93, {"address": "a@example.jp", "language": "ja\x1b[2J"}),
    "terminal": (98, {"address": "a@example.jp", "areas": ["芋窪\x1b[2J"]}),
    "elsewhere": (98, {"address": "a@example.jp", "areas": ["=cmd|' /C calc'!A0"]}),
}
BAD_RESIDENTS = [
    pytest.param(said, marks=pytest.mark.fault(fault), id=name) for name, (fault, said) in RESIDENTS.items()
]


@pytest.mark.parametrize("said", BAD_RESIDENTS)
async def test_no_hostile_resident_comes_in_over_the_api(tmp_path: Path, said: dict[str, Any]) -> None:
    async with served(tmp_path) as here:
        status, refused = await asked(here, "/subscribers", subscribers=[{"address": "good@example.jp"}, said])
        assert (status, refused["error"]["code"]) == (422, "subscribers_refused")
        assert [each["place"][:14] for each in refused["error"]["problems"]] == ["subscribers[1]"]
        assert "\x1b" not in json.dumps(refused, ensure_ascii=False)
        assert (await here.desk.subscriber_stats()).total == 0, "and nobody beside"


@pytest.mark.parametrize("said", BAD_RESIDENTS)
async def test_no_hostile_resident_comes_in_as_csv(tmp_path: Path, said: dict[str, Any]) -> None:
    file = tmp_path / "people.csv"
    with file.open("w", encoding="utf-8", newline="") as written:
        table = csv.writer(written)
        table.writerow(("address", "language", "areas"))
        table.writerow((said["address"], said.get("language", "ja"), ";".join(said.get("areas", ()))))
    async with served(tmp_path) as here:
        with pytest.raises(Refused) as refused:
            await import_csv(file, here.store, OFFICER, NOW, areas=here.config.city.areas)
        assert refused.value.problems
        assert (await here.desk.subscriber_stats()).total == 0
