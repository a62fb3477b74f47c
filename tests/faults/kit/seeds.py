"""Good inputs for every reader of bytes from outside, the words their languages are made of, and how to spoil them."""

from __future__ import annotations

import random
from pathlib import Path

LARGEST = 65_536
_ROOT = Path(__file__).parents[3]


def spoilt(data: bytes, words: tuple[bytes, ...], chance: random.Random) -> bytes:
    """Return the input with a few things wrong with it."""
    made = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at, until = sorted(chance.randint(0, len(made)) for _ in range(2))
        match chance.randrange(6):
            case 0:
                made[at:at] = chance.choice(words)
            case 1:
                made[at:at] = chance.randbytes(chance.randint(1, 4))
            case 2:
                del made[at : min(until, at + 200)]
            case 3:
                made[at:at] = made[at : min(until, at + 64)] * chance.choice((1, 2, 50))
            case 4 if made:
                made[at % len(made)] ^= 1 << chance.randrange(8)
            case _:
                made[at : at + 8] = chance.choice(words)
    return bytes(made[:LARGEST])


def _files(pattern: str) -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for path in sorted(_ROOT.glob(pattern)))


# ---------------------------------------------------------------- what people write

JSON = (b"[", b"]", b"{", b"}", b'"', b"'", b":", b",", b"null", b"true", b"-1", b"1e999", b"\\ud800", b"\xff")
TOML = (*JSON, b"=", b".", b"[[", b"]]", b'"""', b"'''", b"\n", b"#", b"0x", b"1979-05-27T07:32:00Z", b"a.a.a.a.a.")
CSV = (b'"', b'""', b",", b"\r", b"\n", b"\x00", b"=", b"'", b"@", b"\xef\xbb\xbf", "；".encode(), b"\x81")

ALERTS_TOML = _files("tests/fixtures/alerts/*.toml")
ALERTS_JSON = _files("tests/fixtures/alerts/*.json")
CONFIG = _files("config.example.toml")
_LIST = (
    "address,language,areas,categories,min_severity\r\n"
    "a@example.jp,ja,芋窪;蔵敷,Met;Safety,Severe\r\n"
    "'=b@example.jp,,,,\r\n"
)
PEOPLE = (_LIST.encode(), _LIST.encode("cp932"), _LIST.encode("utf-8-sig"))
BODIES = (
    b'{"draft":{"kind":"alert","infos":[{"language":"ja","category":["Met"],"event":"x"}]},"key":"k"}',
    b'{"subscribers":[{"address":"a@example.jp"}]}',
)
_WHERE = b'"channel":"page","mode":"drill","issued_at":"x","main":"index.html"'
MANIFESTS = (b'{"format":1,"number":7,' + _WHERE + b',"files":{"index.html":"ab"}}',)

# ---------------------------------------------------------------- what servers answer, and residents ask

HTTP = (
    b"\r\n",
    b"\r\n\r\n",
    b"chunked",
    b"Content-Length: ",
    b"GET ",
    b"HEAD ",
    b"%",
    b"Host: ",
    b"..",
    b"q=",
    b"\x00",
)
SMTP = (b"250 ", b"250-", b"\r\n", b"\n", b"\r", b"\x00", b"\xff", b"2.0.0")
POP3 = (b"+OK", b"-ERR", b"\r\n", b"\r\n.\r\n", b"\x00", b"\xff", b"1 ", b" ")

_CREATED = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
_LINK = '{"url":"https://t.co/a","expanded_url":"https://city.example.lg.jp"}'
_POST = f'{{"id":"1","text":"第1-1報 https://t.co/a","entities":{{"urls":[{_LINK}]}}}}'
_LIMITED = b"Retry-After: 30\r\nx-rate-limit-remaining: 0\r\nx-rate-limit-reset: 1795411234\r\n"
ANSWERS = (
    _CREATED + b'Content-Length: 31\r\n\r\n{"data":{"id":"77","text":"x"}}',
    b"HTTP/1.1 429 Too Many Requests\r\n" + _LIMITED + b"\r\n",
    b'HTTP/1.1 403 Forbidden\r\n\r\n{"title":"Forbidden","detail":"duplicate content","type":"about:blank"}',
    _CREATED + b'Transfer-Encoding: chunked\r\n\r\n5\r\n{"dat\r\n0\r\n\r\n',
    _CREATED + f'\r\n{{"data":[{_POST}],"meta":{{"next_token":"p1"}}}}'.encode(),
)
_GREETING = b"220 relay\r\n250-relay\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
REPLIES = (
    _GREETING + b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 go\r\n250 2.0.0 kept\r\n",
    "550 5.1.1 宛先不明\r\n421 4.7.0 slow down\r\n".encode(),
)
_TWO_MAILS = b"+OK\r\nMessage-ID: <key-1@example.jp>\r\n\r\n.\r\n+OK\r\nMessage-ID:\r\n <key-2@example.jp>\r\n.\r\n"
MAILBOXES = (
    b"+OK ready\r\n+OK\r\n+OK\r\n+OK\r\n1 abc\r\n2 def\r\n.\r\n" + _TWO_MAILS + b"+OK\r\n",
    b"+OK\r\n-ERR [AUTH] no\r\n",
)
_TAKES = b'Host: a\r\nAccept-Encoding: br;q=1, gzip;q=0.5\r\nIf-None-Match: W/"x", *\r\n'
REQUESTS = (
    b"GET / HTTP/1.1\r\nHost: city.example\r\n\r\n",
    b"GET /alerts/14-2.html?x=%41 HTTP/1.1\r\n" + _TAKES + b"\r\n",
    b"HEAD http://city.example/rss.xml HTTP/1.0\r\nIf-Modified-Since: Mon, 23 Nov 2026 05:06:00 GMT\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
)
