"""One JSON object a line, whatever is logged, and never a secret in it."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcaster import logs

LOG = logging.getLogger("broadcaster.test")


class Sink:
    """Where the lines of one test go."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    def lines(self) -> list[dict[str, Any]]:
        text = self.stream.getvalue()
        assert text.endswith("\n")
        return [json.loads(line) for line in text.removesuffix("\n").splitlines()]

    def only(self) -> dict[str, Any]:
        (line,) = self.lines()
        return line


@pytest.fixture
def sink() -> Iterator[Sink]:
    root, made = logging.getLogger(), Sink()
    handlers, level = list(root.handlers), root.level
    logs.configure("info", ["hunter2-value"], made.stream)
    yield made
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level = handlers, level


def test_a_line_has_an_event_and_what_it_is_about(sink: Sink) -> None:
    LOG.warning("%s ended", "core", extra={"event": "child_ended", "alert": "14-2", "delivery": 7})
    line = sink.only()
    assert (line["event"], line["level"], line["message"]) == ("child_ended", "warning", "core ended")
    assert (line["alert"], line["delivery"], line["logger"]) == ("14-2", 7, "broadcaster.test")
    assert line["time"].endswith("+00:00")


@pytest.mark.fault(99)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\x85", "\u2028", "\u2029", "\x0b", "\x1c"])
def test_nothing_begins_a_second_line(sink: Sink, end: str) -> None:
    LOG.info('a%s{"event": "forged"}', end, extra={"field": f"b{end}c"})
    line = sink.only()
    assert line["message"].startswith(f"a{end}")
    assert line["field"] == f"b{end}c"


def test_the_level_is_kept_to(sink: Sink) -> None:
    LOG.debug("not seen")
    LOG.info("seen")
    assert sink.only()["message"] == "seen"


@pytest.mark.parametrize(
    "text",
    [
        "the value is hunter2-value.",
        "https://user:geheim@relay.example/",
        "Authorization: Bearer geheim-geheim-geheim",
        "{'Authorization': 'OAuth oauth_token=\"geheim\"'}",
        "Bearer geheimgeheimgeheim",
        "AUTH PLAIN AGdlaGVpbQBnZWhlaW0=",
        "oauth_token=geheim&oauth_signature=geheim",
        "password: geheim",
        'api_key="geheim"',
    ],
)
def test_secrets_are_blackened_in_words(sink: Sink, text: str) -> None:
    LOG.info("%s", text, extra={"note": [text, {"inner": text}]})
    LOG.error("failed", exc_info=ValueError(text))
    written = sink.stream.getvalue()
    assert logs.BLACK in written
    for hidden in ("hunter2", "geheim", "AGdl"):
        assert hidden not in written


@pytest.mark.parametrize("name", ["password", "consumer_secret", "access_token", "Authorization", "cookie", "api_key"])
def test_fields_named_like_secrets_are_black(sink: Sink, name: str) -> None:
    LOG.info("x", extra={name: "geheim", "nested": {name: ["geheim"]}})
    line = sink.only()
    assert line[name] == logs.BLACK
    assert "geheim" not in sink.stream.getvalue()


def test_ordinary_words_stay(sink: Sink) -> None:
    text = "Basic training begins; the token bucket is empty; key 5f0c; 14:05 芋窪"
    LOG.info(text, extra={"key": "k1", "reason": "rate_limited"})
    line = sink.only()
    assert line["message"] == text
    assert line["key"] == "k1"


class Awkward:
    def __str__(self) -> str:
        raise RuntimeError

    __repr__ = __str__


def test_words_that_do_not_fit_their_places_are_written_as_they_are() -> None:
    record = LOG.makeRecord("n", logging.INFO, "f", 1, "%d", ("not a number",), None)
    assert json.loads(logs.JsonLines().format(record))["message"] == "%d"


def test_what_cannot_be_written_is_named(sink: Sink) -> None:
    LOG.info("x", extra={"thing": Awkward(), "nan": float("nan"), "huge": 10**5000, "lone": "\ud800"})
    line = sink.only()
    assert (line["thing"], line["nan"], line["lone"]) == ("Awkward", "nan", "\ud800")


def test_a_tangle_has_an_end(sink: Sink) -> None:
    tangle: dict[str, object] = {}
    tangle["self"] = tangle
    LOG.info("x", extra={"tangle": tangle})
    assert sink.only()["message"] == "x"


def test_libraries_that_print_headers_stay_quiet(sink: Sink) -> None:
    logs.configure("debug", (), sink.stream)
    logging.getLogger("tweepy.client").debug("Authorization: geheim")
    logging.getLogger("oauthlib").info("geheim")
    LOG.debug("ours")
    assert sink.only()["message"] == "ours"


JSONISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.fault(99)
@settings(max_examples=150, deadline=None)
@given(st.text(max_size=30), JSONISH)
def test_anything_logged_is_one_line_of_json(message: str, extra: object) -> None:
    record = LOG.makeRecord("n", logging.INFO, "f", 1, message, (), None, extra={"extra": extra})
    line = logs.JsonLines(["s3cret"]).format(record)
    assert len(line.splitlines()) == 1
    line.encode("utf-8")
    assert isinstance(json.loads(line), dict)
