"""A loopback feed of the meteorological agency: an Atom list with validators and its telegrams, on 127.0.0.1 only.

For the demonstration and for tests. `publish` adds a telegram; `script` puts a fault in place of the next answers.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Self
from xml.sax.saxutils import escape

from aiohttp import web

FEED = "/developer/xml/feed/extra.xml"
_DATA = "/developer/xml/data/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """One telegram in the list."""

    name: str
    updated_at: datetime
    title: str
    body: bytes


class JmaProvider:
    """The server. `async with JmaProvider() as jma:` listens on a free port; `jma.url` is the feed to configure."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.issued: list[Issued] = []
        self.requests: list[tuple[str, int]] = []
        """Path and status of every answer, in order."""
        self._now = now
        self._acts: deque[web.Response] = deque()
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        """The feed's address."""
        return self.base_url + FEED

    def publish(self, type_: str, body: bytes, at: datetime | None = None) -> Issued:
        """Put a telegram into the list, newest first as the agency does, and return it."""
        moment = at or self._now()
        name = f"{moment:%Y%m%d%H%M%S}_{len(self.issued)}_{type_}_130000.xml"
        made = Issued(name=name, updated_at=moment, title="気象警報・注意報", body=body)
        self.issued.insert(0, made)
        return made

    def script(self, status: int = 200, body: bytes = b"", content_type: str = "text/html") -> None:
        """Answer the next request with this, whatever it asks for."""
        self._acts.append(web.Response(status=status, body=body, content_type=content_type))

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes([web.get(FEED, self._list), web.get(_DATA + "{name}", self._telegram)])
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _list(self, request: web.Request) -> web.Response:
        body = self.listed()
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if not self._acts and request.headers.get("If-None-Match") == etag:
            return self._answered(request, web.Response(status=304, headers={"ETag": etag}))
        newest = max((each.updated_at for each in self.issued), default=self._now())
        headers = {"ETag": etag, "Last-Modified": format_datetime(newest.astimezone(UTC), usegmt=True)}
        return self._answered(request, web.Response(body=body, headers=headers, content_type="application/xml"))

    async def _telegram(self, request: web.Request) -> web.Response:
        found = next((each for each in self.issued if each.name == request.match_info["name"]), None)
        if found is None:
            return self._answered(request, web.Response(status=404))
        return self._answered(request, web.Response(body=found.body, content_type="application/xml"))

    def _answered(self, request: web.Request, answer: web.Response) -> web.Response:
        given = self._acts.popleft() if self._acts else answer
        self.requests.append((request.path, given.status))
        return given

    def listed(self) -> bytes:
        """Return the feed as it stands."""
        entries = "".join(self._entry(each) for each in self.issued)
        newest = max((each.updated_at for each in self.issued), default=self._now())
        return f"""<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" lang="ja"><title>高頻度（随時）</title><updated>{_z(newest)}</updated>
<id>{self.url}</id><link rel="self" href="{self.url}"/>{entries}</feed>""".encode()

    def _entry(self, issued: Issued) -> str:
        link = f"{self.base_url}{_DATA}{issued.name}"
        return f"""<entry><title>{escape(issued.title)}</title><id>{link}</id><updated>{_z(issued.updated_at)}</updated>
<author><name>気象庁</name></author><link type="application/xml" href="{link}"/>
<content type="text">【{escape(issued.title)}】</content></entry>"""


def telegram(
    code: str,
    name: str,
    *,
    area: str,
    area_name: str,
    at: datetime,
    headline: str,
    status: str = "発表",
    serial: int = 0,
) -> bytes:
    """Return a weather warning for one municipality, as VPWW55 has it."""
    stamp, number = at.isoformat(timespec="seconds"), str(serial) if serial else ""
    kind = f"<Kind><Name>{escape(name)}</Name><Code>{code}</Code><Status>{status}</Status></Kind>"
    item = f"<Item>{kind}<Area><Name>{escape(area_name)}</Name><Code>{area}</Code></Area></Item>"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Report xmlns="http://xml.kishou.go.jp/jmaxml1/"><Control><Title>気象警報・注意報（Ｒ０６）（大雨）</Title>
<DateTime>{_z(at)}</DateTime><Status>通常</Status><EditorialOffice>気象庁本庁</EditorialOffice>
<PublishingOffice>気象庁</PublishingOffice></Control>
<Head xmlns="http://xml.kishou.go.jp/jmaxml1/informationBasis1/"><Title>大雨警報・注意報</Title>
<ReportDateTime>{stamp}</ReportDateTime><TargetDateTime>{stamp}</TargetDateTime><EventID/><InfoType>発表</InfoType>
<Serial>{number}</Serial><InfoKind>気象警報・注意報</InfoKind><Headline><Text>{escape(headline)}</Text></Headline></Head>
<Body xmlns="http://xml.kishou.go.jp/jmaxml1/body/meteorology1/">
<Warning type="気象警報・注意報（市町村等）">{item}</Warning></Body></Report>""".encode()


def _z(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
