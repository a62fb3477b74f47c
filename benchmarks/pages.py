"""Requests a second for the residents' page and feed, beside nginx with as many cores: one.

Both serve the very same published directory, precompressed, from one process on one core; the load comes from another.
nginx is set up to be quick: files kept open, no access log, sendfile. Told is how many requests a server answers for
each second of its core's time, kernel included: under full load that is its requests a second. Where something else
limits them (a slower client, a neighbour on the machine) it is what they would be, and how much of its core each server
used is told beside it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import flooding, frame, house
from broadcaster.demo.stage import free_port
from broadcaster.ports.channel import Channel
from broadcaster.ports.world import Context

IN_FORCE = 3
CONNECTIONS = (64, 2_000)
AT_LEAST = 0.9
_NGINX = """
{user}
daemon off;
master_process off;
worker_rlimit_nofile 16384;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 8192; }}
http {{
  types {{ text/html html; application/xml xml; text/plain txt; }}
  access_log off;
  sendfile on;
  tcp_nopush on;
  gzip_static on;
  open_file_cache max=1000 inactive=300s;
  open_file_cache_valid 300s;
  keepalive_requests 1000;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{ root {page}; }}
    location /feeds/ {{ alias {feeds}/; }}
  }}
}}
"""
WHAT = {"page": "/index.html", "feed": "/feeds/atom.xml"}


@dataclass(frozen=True)
class Published:
    """The directories that hold the public state."""

    page: Path
    feeds: Path

    def size(self, what: str) -> int:
        """Octets of a file as it travels."""
        path = self.page / "index.html.gz" if what == "page" else self.feeds / "atom.xml.gz"
        return path.stat().st_size


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    pid: int

    def cpu(self) -> float:
        """Seconds of CPU it has used so far: 12th and 13th field after the name, in clock ticks (proc(5))."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def publish(folder: Path) -> Published:
    """Publish page and feeds with some alerts in force."""

    def make(around: Context) -> dict[str, Channel]:
        return {name: house.channel(name, around) for name in ("page", "feeds")}

    folder.mkdir(exist_ok=True)
    async with house.house(folder, make) as core:
        sent = [await core.send(house.draft(number)) for number in range(IN_FORCE)]
        waited = [each.id for _, _, submitted in sent for each in submitted.deliveries]
        async with asyncio.timeout(30):
            while not all([(await core.store.delivery(each)).ref for each in waited]):
                await asyncio.sleep(0.05)
    return Published(folder / "page" / "public", folder / "feeds" / "public")


@asynccontextmanager
async def running(*command: str, port: int) -> AsyncGenerator[Server, None]:
    """A server on the first core, as soon as it listens."""
    process = await asyncio.create_subprocess_exec(
        *flooding.bound(*flooding.pinned(*command, core=0)), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await _answering(port)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        await process.wait()


async def _answering(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise TimeoutError("the server does not listen")


def ours(published: Published, port: int) -> tuple[str, ...]:
    """The page server, as `broadcaster run` starts it."""
    roots = (f"--root=/={published.page}", f"--root=/feeds/={published.feeds}")
    return sys.executable, "-m", "broadcaster", "pages", *roots, f"--port={port}", "--log-level=warning"


def nginx(tool: str, published: Published, folder: Path, port: int) -> tuple[str, ...]:
    """nginx with a configuration of its own on a port of loopback."""
    user = "user root;" if os.geteuid() == 0 else ""
    path = folder / "nginx.conf"
    text = _NGINX.format(user=user, folder=folder, port=port, page=published.page, feeds=published.feeds)
    path.write_text(text, encoding="utf-8")
    return tool, "-p", str(folder), "-c", str(path), "-e", str(folder / "nginx.log")


@dataclass
class Asked:
    """One server asked for one file over so many connections, round after round."""

    name: str
    server: Server
    path: str
    connections: int
    seconds: int
    failed: int = 0
    rates: list[float] = field(default_factory=list[float])
    """Requests answered for each second by the clock on the wall, round by round."""
    shares: list[float] = field(default_factory=list[float])
    """How much of its core the server used."""

    async def __call__(self, number: int) -> float:  # noqa: ARG002 - the frame's signature
        before = self.server.cpu()
        done = await flooding.load(self.server.port, self.path, self.connections, self.seconds)
        used = self.server.cpu() - before
        self.failed += done.failed
        self.rates.append(done.rate)
        self.shares.append(used * done.rate / done.answered)
        return done.answered / used


async def measure(options: frame.Options) -> frame.Report:
    """Let the servers take turns, file by file and crowd by crowd."""
    flooding.open_files()
    tool = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    with tempfile.TemporaryDirectory(prefix="broadcaster-bench-") as name:
        published = await publish(Path(name))
        mine, other = free_port(), free_port()
        async with running(*ours(published, mine), port=mine) as first:
            if tool is None:
                return _report(await _rounds(options, {"Broadcaster": first}), published)
            async with running(*nginx(tool, published, Path(name), other), port=other) as second:
                return _report(await _rounds(options, {"Broadcaster": first, "nginx": second}), published)


async def _rounds(options: frame.Options, servers: dict[str, Server]) -> list[tuple[Asked, tuple[float, ...]]]:
    rounds, seconds = options.pick(4, 2), options.pick(2, 1)
    found: list[tuple[Asked, tuple[float, ...]]] = []
    for what, path in WHAT.items():
        for crowd in CONNECTIONS:
            asked = [Asked(f"{who}, {what}, {crowd:,}", each, path, crowd, seconds) for who, each in servers.items()]
            found += zip(asked, await frame.turns(rounds, *asked, warm=1), strict=True)
    return found


def _report(found: list[tuple[Asked, tuple[float, ...]]], published: Published) -> frame.Report:
    series = tuple(frame.Series(asked.name, rates, "/s", asked.name.startswith("nginx")) for asked, rates in found)
    size = f"The page is {published.size('page'):,} octets gzipped, the feed {published.size('feed'):,}."
    said = [f"Load: {flooding.generator()} on the other core; each server has one core. {size}"]
    rates = (
        f"{asked.name}: {statistics.median(asked.rates[1:]):,.0f} ({statistics.median(asked.shares[1:]):.0%})"
        for asked, _ in found
    )
    said.append(f"Answered a second by the clock on the wall (and how much of a core that took): {'; '.join(rates)}.")
    said += [f"{asked.name}: {asked.failed} requests failed." for asked, _ in found if asked.failed]
    if not any(each.peer for each in series):
        return frame.Report(
            "pages", "Page and feed requests", series, said=(*said, frame.missing("nginx", "apt-get install nginx"))
        )
    pairs = zip(series[::2], series[1::2], strict=True)
    return frame.Report(
        "pages", "Page and feed requests", series, tuple(_figure(*pair) for pair in pairs), said=tuple(said)
    )


def _figure(mine: frame.Series, peer: frame.Series) -> frame.Figure:
    """The median of the rounds' ratios: each compares what ran right after one another."""
    ratios = [frame.ratio(ours, theirs) for ours, theirs in zip(mine.values, peer.values, strict=True)]
    what = mine.name.partition(", ")[2]
    name, beside = f"{what} connections, for one of nginx's", frame.beside(mine, peer, "nginx")
    return frame.Figure(name, statistics.median(ratios), AT_LEAST, at_least=True, **beside)


def run(options: frame.Options) -> frame.Report:
    """The page server beside nginx."""
    return asyncio.run(measure(options))


if __name__ == "__main__":
    raise SystemExit(frame.main(run))
