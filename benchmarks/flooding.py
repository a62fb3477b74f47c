"""Load on a web server: wrk where it is installed, else a client of our own.

Ours is `python -m benchmarks.flooding PORT PATH CONNECTIONS SECONDS`, one process: each connection asks, reads the
whole answer and asks again. It prints the requests answered a second, and how many came to nothing.
"""

from __future__ import annotations

import asyncio
import os
import re
import resource
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from broadcaster import supervisor
from broadcaster.loops import loop_factory

ASKED = "gzip"
_RATE = re.compile(r"Requests/sec:\s+([0-9.]+)")
_P99 = re.compile(r"\s99%\s+([0-9.]+)(us|ms|s|m)\n")
_BAD = re.compile(r"Non-2xx or 3xx responses: (\d+)")
_ERRORS = re.compile(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)")
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


@dataclass(frozen=True)
class Load:
    """What a server bore: requests a second, the p99 of their time in seconds (0 where not told), failures."""

    rate: float
    p99: float
    failed: int


def pinned(*command: str, core: int) -> tuple[str, ...]:
    """The command on one core alone, so that server and load do not share one; as it is where that cannot be."""
    cores = sorted(os.sched_getaffinity(0))
    tool = shutil.which("taskset")
    return command if tool is None or len(cores) <= core else (tool, "-c", str(cores[core]), *command)


def bound(*command: str) -> tuple[str, ...]:
    """The command, so that it ends with this process, however this one ends."""
    guard = Path(supervisor.__file__).with_name("guard.py")
    return sys.executable, "-I", str(guard), str(os.getpid()), *command


def open_files() -> None:
    """Allow this process and its children as many open files as they may have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def generator() -> str:
    """What makes the load here."""
    return "wrk" if shutil.which("wrk") else "a client of our own on uvloop"


async def load(port: int, path: str, connections: int, seconds: int, core: int = 1) -> Load:
    """Ask for a path over so many connections for so long."""
    process = await begin(port, path, connections, seconds, core)
    output, _ = await process.communicate()
    return told(output.decode())


async def begin(port: int, path: str, connections: int, seconds: int, core: int = 1) -> asyncio.subprocess.Process:
    """Begin asking; the process ends by itself."""
    if tool := shutil.which("wrk"):
        how = ("-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s")
        command: tuple[str, ...] = (tool, *how, "-H", f"Accept-Encoding: {ASKED}", f"http://127.0.0.1:{port}{path}")
    else:
        command = (sys.executable, "-m", "benchmarks.flooding", str(port), path, str(connections), str(seconds))
    guarded = bound(*pinned(*command, core=core))
    return await asyncio.create_subprocess_exec(*guarded, stdout=asyncio.subprocess.PIPE)


def told(output: str) -> Load:
    """Read what the generator printed."""
    rate, p99 = _RATE.search(output), _P99.search(output)
    if rate is None or not float(rate[1]):
        raise RuntimeError("the load generator said: " + output)
    failed = sum(int(number) for found in (_BAD, _ERRORS) if (hit := found.search(output)) for number in hit.groups())
    return Load(float(rate[1]), float(p99[1]) * _SECONDS[p99[2]] if p99 else 0.0, failed)


class Client(asyncio.Protocol):
    """One connection that asks for ever."""

    answered = failed = 0
    running = True

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._held = 0
        self._whole = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none of asyncio's classes
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self._whole:
            head, _, _ = data.partition(b"\r\n\r\n")
            self._whole = len(head) + 4 + int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0] or 0)
            Client.failed += not head.startswith(b"HTTP/1.1 200")
        self._held += len(data)
        if self._held >= self._whole:
            self._held = self._whole = 0
            Client.answered += 1
            self._transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        if Client.running:
            loop = asyncio.get_running_loop()
            port = self._transport.get_extra_info("peername")[1]
            _again.add(loop.create_task(loop.create_connection(lambda: Client(self._request), "127.0.0.1", port)))


_again: set[asyncio.Task[object]] = set()


async def main(port: int, path: str, connections: int, seconds: float) -> None:
    """Ask, and print as wrk does."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept-Encoding: {ASKED}\r\n\r\n".encode()
    loop = asyncio.get_running_loop()
    for _ in range(connections):
        await loop.create_connection(lambda: Client(request), "127.0.0.1", port)
    before, start = Client.answered, time.perf_counter()
    await asyncio.sleep(seconds)
    Client.running = False
    print(f"Requests/sec: {(Client.answered - before) / (time.perf_counter() - start):.2f}")
    print(f"Non-2xx or 3xx responses: {Client.failed}")


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
