"""Inputs as heavy as their sender can make them. `python -m tests.faults.kit.heavy` reads each with every reader it is
meant for, and prints seconds, reader and input.
"""

from __future__ import annotations

import sys

from tests.faults.kit import pace
from tests.faults.kit.parsers import LONGEST_S, PARSERS

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


def main() -> None:
    """Read everything once."""
    for parser in PARSERS.values():
        parser.read(parser.seeds[0])  # whatever is loaded at the first use is loaded now
    for what, (names, data) in HEAVY.items():
        for name in names.split():
            seconds = pace.took(lambda name=name, data=data: PARSERS[name].read(data), LONGEST_S / 3)  # type: ignore[misc]
            sys.stdout.write(f"{seconds:.3f}\t{name}\t{what}\n")


if __name__ == "__main__":
    main()
