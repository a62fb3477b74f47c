"""The desk over its socket: shapes, errors, peers, streams, and the client that speaks to it."""

import asyncio
import http.client
import json
import os
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from broadcaster.api import ROUTES, Rooms, application, serve
from broadcaster.api.peers import user_name
from broadcaster.client import Client, ServiceLost
from broadcaster.documents import dump
from broadcaster.errors import BroadcasterError, Conflict, NotFound, Refused, ServiceUnreachable
from broadcaster.events import Event, Events, Topic
from broadcaster.model import Mode, Subscriber
from tests.desk.world import World, world


class Served(World):
    """The world, answering on a socket."""

    socket: Path
    events: Events

    async def ask(self, call: Any, *arguments: Any, **more: Any) -> Any:
        """Call a method of a client, which blocks, beside the service."""
        return await asyncio.to_thread(getattr(Client(self.socket, 10), call), *arguments, **more)

    async def raw(self, method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
        """Ask without the client's manners."""
        return await asyncio.to_thread(self._raw, method, path, body)

    def _raw(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("localhost", timeout=10)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(self.socket))
        connection.request(method, path, body=body or None)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text)


@asynccontextmanager
async def served(folder: Path, mode: Mode = Mode.DRILL) -> AsyncIterator[Served]:
    async with world(folder, mode) as here:
        made = Served(**vars(here))
        made.socket, made.events = folder / "desk.sock", Events()
        rooms = Rooms(
            desk=here.desk, events=made.events, officers=here.officers, planning=here.planning, automatic=here.automatic
        )
        async with serve(application(rooms), made.socket):
            yield made


async def test_only_the_owner_may_open_the_socket(tmp_path: Path) -> None:
    async with served(tmp_path) as here:
        assert stat.S_IMODE(here.socket.stat().st_mode) == 0o600
        assert (await here.ask("health"))["mode"] == "drill"
    assert not here.socket.exists()
    with pytest.raises(ServiceUnreachable, match="service_unreachable"):
        Client(here.socket).health()


async def test_a_whole_life_over_the_socket(tmp_path: Path) -> None:
    async with served(tmp_path) as here:
        draft = dump(await here.draft())
        shown = await here.ask("preview", draft)
        sent = await here.ask("submit", draft, "k1", shown["digest"])
        assert sent["accepted"]
        assert (await here.ask("submit", draft, "k1"))["alert"] == sent["alert"]
        updated = await here.ask("update", "1-1", draft, "k2")
        cleared = await here.ask("follow_up", updated["alert"]["identifier"], "all-clear", "k3")
        assert cleared["alert"]["kind"] == "all-clear"
        report = await here.ask("report", "1-3")
        assert report["row"]["author"] == user_name(os.getuid())
        assert await here.ask("prepared", "1-3") == []
        number = report["row"]["deliveries"][0]["id"]
        assert (await here.ask("decide", number, "hold", "wait"))["state"] == "held"
        assert len((await here.ask("board"))["rows"]) == 3


@pytest.mark.fault(102)
async def test_every_error_has_one_shape_and_comes_back_as_itself(tmp_path: Path) -> None:
    async with served(tmp_path) as here:
        draft = dump(await here.draft())
        with pytest.raises(NotFound, match="alert_not_found"):
            await here.ask("report", "9-9")
        with pytest.raises(NotFound, match="submission_not_found"):
            await here.ask("submission", 77)
        await here.ask("submit", draft, "k")
        with pytest.raises(Conflict, match="key_reused"):
            await here.ask("submit", {**draft, "note": "other"}, "k")
        with pytest.raises(Refused) as refused:
            await here.ask("submit", {**draft, "infos": []}, "k2")
        assert refused.value.problems
        with pytest.raises(Refused, match="key"):
            await here.ask("submit", draft, "")
        with pytest.raises(NotFound, match="channel_not_found"):
            await here.ask("reopen", "loudspeaker")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/nothing", b"", 404, "http_404"),
        ("DELETE", "/board", b"", 405, "http_405"),
        ("POST", "/preview", b"{", 422, "refused"),
        ("POST", "/preview", b"\xff\xfe", 422, "refused"),
        ("POST", "/preview", b"[]", 422, "refused"),
        ("POST", "/preview", b'{"draft": {}, "silnet": true}', 422, "refused"),
        ("POST", "/preview", b'"' + b"x" * 3_000_000 + b'"', 413, "http_413"),
        ("GET", "/board?limit=many", b"", 422, "refused"),
        ("GET", "/submissions/first", b"", 422, "refused"),
        ("POST", "/deliveries/1/decision", b'{"verb": "resend", "why": "x"}', 404, "delivery_not_found"),
    ],
)
@pytest.mark.fault(109)
async def test_what_is_malformed_is_refused(
    tmp_path: Path, *, method: str, path: str, body: bytes, status: int, code: str
) -> None:
    async with served(tmp_path) as here:
        answered, document = await here.raw(method, path, body)
        assert (answered, document["error"]["code"]) == (status, code)


async def test_a_time_without_its_offset_is_refused(tmp_path: Path) -> None:
    async with served(tmp_path) as here:
        draft = dump(await here.draft())
        draft["infos"][0]["expires"] = "2026-12-01T00:00:00"
        with pytest.raises(Refused):
            await here.ask("preview", draft)


async def test_the_unforeseen_is_logged_and_told_without_a_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(tmp_path) as here:

        async def broken(limit: int) -> None:
            raise ZeroDivisionError(limit)

        monkeypatch.setattr(here.desk, "board", broken)
        status, document = await here.raw("GET", "/board")
        assert (status, document["error"]) == (500, {"code": "internal_error", "params": {}, "problems": []})
        assert "ZeroDivisionError" in caplog.text


async def test_the_description_is_of_the_routes_that_are_there(tmp_path: Path) -> None:
    async with served(tmp_path) as here:
        _, document = await here.raw("GET", "/openapi.json")
        described = {(method.upper(), path) for path, ways in document["paths"].items() for method in ways}
        app = application(
            Rooms(
                desk=here.desk,
                events=here.events,
                officers=here.officers,
                planning=here.planning,
                automatic=here.automatic,
            )
        )
        served_routes = {
            (route.method, route.resource.canonical)
            for route in app.router.routes()
            if route.resource is not None and route.method != "HEAD"
        }
        assert described == served_routes
        assert {(route.method, route.path) for route in ROUTES} <= described
        names = [
            way["operationId"] for ways in document["paths"].values() for way in ways.values() if "operationId" in way
        ]
        assert len(names) == len(set(names)) == len(ROUTES)
        text = json.dumps(document)
        for reference in {part.split('"')[0] for part in text.split('"$ref": "')[1:]}:
            assert reference.rpartition("/")[2] in document["components"]["schemas"]


async def test_the_stream_shows_the_board_at_each_change(tmp_path: Path) -> None:
    async with served(tmp_path) as here:
        boards = Client(here.socket).boards()
        first = await asyncio.to_thread(next, boards)
        assert first["rows"] == []
        await here.alert()
        here.events.publish(Event(topic=Topic.ALERT, at=here.clock.now()))
        second = await asyncio.to_thread(next, boards)
        assert len(second["rows"]) == 1
        boards.close()


async def test_subscribers_go_in_and_come_out(tmp_path: Path) -> None:
    async with served(tmp_path) as here:
        people = [dump(Subscriber(address=f"r{number}@residents.example")) for number in range(1200)]
        assert await here.ask("put_subscribers", people[:600]) == {"added": 600, "changed": 0, "removed": 0}
        assert (await here.ask("put_subscribers", people[500:]))["added"] == 600
        listed = await asyncio.to_thread(lambda: list(Client(here.socket).subscribers()))
        assert len(listed) == 1200
        assert (await here.ask("remove_subscribers", ["r1@residents.example", "no@residents.example"]))["removed"] == 1
        assert (await here.ask("subscriber_stats"))["total"] == 1199


@pytest.mark.fault(100)
async def test_a_lost_answer_is_asked_for_again_under_the_same_key(tmp_path: Path) -> None:
    async with served(tmp_path) as here:
        draft = dump(await here.draft())
        cuts = Cutting(tmp_path / "cut.sock", here.socket, cuts=2)
        async with await asyncio.start_unix_server(cuts.pass_on, cuts.path):
            client = Client(cuts.path, 10)
            sent = await asyncio.to_thread(client.submit, draft, "once")
        assert cuts.passed == 3
        assert sent["accepted"]
        assert len((await here.ask("board"))["rows"]) == 1


async def test_a_question_without_a_key_is_not_repeated(tmp_path: Path) -> None:
    async with served(tmp_path) as here:
        cuts = Cutting(tmp_path / "cut.sock", here.socket, cuts=9)
        async with await asyncio.start_unix_server(cuts.pass_on, cuts.path):
            with pytest.raises(ServiceLost):
                await asyncio.to_thread(Client(cuts.path, 10).board)
        assert cuts.passed == 1


class Cutting:
    """A wire that lets the question through and loses the first answers."""

    def __init__(self, path: Path, onto: Path, cuts: int) -> None:
        self.path, self.onto, self.cuts, self.passed = path, onto, cuts, 0

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.passed += 1
        head = await reader.readuntil(b"\r\n\r\n")
        sizes = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        body = await reader.readexactly(int(sizes[0].partition(b":")[2])) if sizes else b""
        onto_reader, onto_writer = await asyncio.open_unix_connection(self.onto)
        onto_writer.write(head + body)
        answer = await onto_reader.read()
        if self.passed > self.cuts:
            writer.write(answer)
            await writer.drain()
        for each in (writer, onto_writer):
            each.close()


async def test_a_key_belongs_to_what_was_asked_not_to_who_asks(tmp_path: Path) -> None:
    async with served(tmp_path) as here:
        draft = await here.draft()
        await here.ask("submit", dump(draft), "k")
        with pytest.raises(BroadcasterError, match="key_reused"):
            await here.ask("submit", dump(replace(draft, silent=True)), "k")
