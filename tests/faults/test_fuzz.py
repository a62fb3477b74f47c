"""No bytes from outside make a reader crash, hang, or refuse otherwise than by an error of our own.

Short and bounded here; `make fuzz` goes on for ten minutes each, guided by coverage.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.faults.kit import parsers, seeds
from tests.faults.kit.parsers import PARSERS, Parser, TooSlow, check

EXAMPLES = 150


@pytest.mark.fault(46)
@pytest.mark.fault(70)
@pytest.mark.fault(109)
@pytest.mark.fault(110)
@pytest.mark.parametrize("name", PARSERS)
def test_no_bytes_make_a_reader_fail(name: str) -> None:
    parser = PARSERS[name]

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.sampled_from(parser.seeds), st.integers(0, 2**32), st.none() | st.binary(max_size=300))
    @example(parser.seeds[0], 0, b"")
    def read(seed: bytes, number: int, raw: bytes | None) -> None:
        check(parser, seeds.spoilt(seed, parser.words, random.Random(number)) if raw is None else raw)

    read()


@pytest.mark.parametrize("name", PARSERS)
def test_every_seed_is_read(name: str) -> None:
    for seed in PARSERS[name].seeds:
        check(PARSERS[name], seed)


HEAVY = {
    "a key of many parts": ("alert-toml config", b"a" + b".a" * 200_000 + b" = 1\n"),
    "tables within tables": ("alert-toml config", b"[" + b"a." * 50_000 + b"a]\n"),
    "lists within lists": ("alert-toml alert-json api manifest config", b"x = " + b"[" * 100_000),
    "JSON within JSON": ("alert-json api manifest", b'{"draft":' * 20_000 + b"1" + b"}" * 20_000),
    "depth by parts and by braces": ("alert-toml config", (b".".join([b"a"] * 31) + b" = {") * 40 + b"}" * 40 + b"\n"),
    "many keys": ("alert-toml config", b"".join(b"k%d = 1\n" % number for number in range(12_000))),
    "many tables": ("alert-toml config", b"".join(b"[a.b%d]\n" % number for number in range(11_000))),
    "many parts of a list": ("alert-toml config", b"[[infos]]\n" * 12_000),
    "many names twice": ("alert-json api", b"{" + b",".join(b'"k%d":1' % (at // 2) for at in range(12_000)) + b"}"),
    "a line of spaces": ("alert-toml config", b"[" + b" " * 100_000 + b"x"),
    "a line of letters": ("alert-toml config subscribers", b"a" * 120_000),
    "a number without end": ("alert-toml alert-json api", b"x = " + b"9" * 120_000),
    "ten megabytes": ("alert-toml alert-json config subscribers manifest smtp", b"\xe9\x81\xbf" * 3_500_000),
    "ten megabytes of lines": ("smtp", b"250-x\r\n" * 1_400_000),
    "many replies": ("smtp", b"250 x\r\n" * 100_000),
    "many quotes": ("subscribers", b"address\n" + b'"' * 99_000),
    "many commas": ("subscribers", b"address" + b"," * 99_000),
    "many headers": ("http pages", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 50_000),
    "a long target": ("pages", b"GET /" + b"%2e" * 30_000 + b" HTTP/1.1\r\n"),
    "many requests at once": ("pages", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 5_000),
    "many codings": ("pages", b"GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: " + b"a," * 3_000 + b"\r\n\r\n"),
    "many small chunks": ("http", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 300_000),
    "a mailbox without end": ("pop3", b"+OK\r\n" * 4 + b"1 a\r\n" * 200_000),
}


@pytest.mark.fault(45)
@pytest.mark.fault(109)
@pytest.mark.parametrize(
    ("name", "data"),
    [pytest.param(name, data, id=f"{name}: {what}") for what, (names, data) in HEAVY.items() for name in names.split()],
)
def test_nothing_heavy_takes_a_second(name: str, data: bytes) -> None:
    check(PARSERS[name], data)


def test_a_reader_that_is_too_slow_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch itself works."""
    monkeypatch.setattr(parsers, "LONGEST_S", -1.0)
    with pytest.raises(TooSlow):
        check(Parser(name="slow", read=lambda data: None, seeds=()), b"x")


def test_a_reader_that_crashes_is_noticed() -> None:
    def crash(data: bytes) -> None:
        raise KeyError(data)

    with pytest.raises(KeyError):
        check(Parser(name="crash", read=crash, seeds=()), b"x")
