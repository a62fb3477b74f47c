"""Load on a web server: wrk where it is installed, else a client of our own.

Ours is `python -m benchmarks.flooding PORT PATH CONNECTIONS SECONDS`, one process around one epoll: each connection
asks, reads the whole answer and asks again, nobody before all are connected. It prints as wrk does how many requests
were answered, how many a second, and how many came to nothing.
"""

from __future__ import annotations

import asyncio
import os
import re
import resource
import select
import shutil
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from broadcaster import supervisor

ASKED = "gzip"
_ANSWERED = re.compile(r"\s(\d+) requests in ")
_RATE = re.compile(r"Requests/sec:\s+([0-9.]+)")
_P99 = re.compile(r"\s99%\s+([0-9.]+)(us|ms|s|m)\n")
_BAD = re.compile(r"Non-2xx or 3xx responses: (\d+)")
_ERRORS = re.compile(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)")
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


@dataclass(frozen=True)
class Load:
    """What a server bore: requests answered in all and a second, the p99 of their time in seconds (0 where not told),
    failures.
    """

    answered: int
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
    return "wrk" if shutil.which("wrk") else "a client of our own (apt-get install wrk for a faster one)"


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
    answered, rate, p99 = _ANSWERED.search(output), _RATE.search(output), _P99.search(output)
    if answered is None or rate is None or not float(rate[1]):
        raise RuntimeError("the load generator said: " + output)
    failed = sum(int(number) for found in (_BAD, _ERRORS) if (hit := found.search(output)) for number in hit.groups())
    return Load(int(answered[1]), float(rate[1]), float(p99[1]) * _SECONDS[p99[2]] if p99 else 0.0, failed)


@dataclass
class Asking:
    """One connection that asks for ever. `left` are the octets of an answer still to come, 0 before its head."""

    socket: socket.socket
    left: int = 0


class Crowd:
    """So many of them."""

    def __init__(self, port: int, path: str, connections: int) -> None:
        self._port = port
        self._request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept-Encoding: {ASKED}\r\n\r\n".encode()
        self._poll = select.epoll()
        self._asking: dict[int, Asking] = {}
        self.answered = self.failed = 0
        for _ in range(connections):
            self._connect()

    def ask(self, seconds: float) -> float:
        """Let all of them ask for so long; return the seconds it was in truth."""
        start = time.perf_counter()
        for each in tuple(self._asking.values()):
            each.socket.send(self._request)
        while (now := time.perf_counter()) < start + seconds:
            for handle, _ in self._poll.poll(0.1):
                self._read(self._asking[handle])
        return now - start

    def _connect(self) -> Asking:
        made = Asking(socket.create_connection(("127.0.0.1", self._port)))
        made.socket.setblocking(False)
        made.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._asking[made.socket.fileno()] = made
        self._poll.register(made.socket, select.EPOLLIN)
        return made

    def _read(self, one: Asking) -> None:
        try:
            data = one.socket.recv(65_536)
        except OSError:
            data = b""
        if not data:
            self._again(one)
            return
        if not one.left:
            one.left = self._whole(data)
        one.left -= len(data)
        if one.left <= 0:
            one.left = 0
            self.answered += 1
            one.socket.send(self._request)

    def _whole(self, data: bytes) -> int:
        """Read a head; return the octets of the answer with it."""
        end = data.find(b"\r\n\r\n") + 4
        place = data.find(b"Content-Length: ", 0, end) + 16
        self.failed += not data.startswith(b"HTTP/1.1 200")
        return end + int(data[place : data.index(b"\r", place)])

    def _again(self, one: Asking) -> None:
        """A server closes after so many requests."""
        del self._asking[one.socket.fileno()]
        one.socket.close()
        self._connect().socket.send(self._request)


def main(port: int, path: str, connections: int, seconds: float) -> None:
    """Ask, and print as wrk does."""
    crowd = Crowd(port, path, connections)
    took = crowd.ask(seconds)
    print(f"  {crowd.answered} requests in {took:.2f}s")
    print(f"Requests/sec: {crowd.answered / took:.2f}")
    print(f"Non-2xx or 3xx responses: {crowd.failed}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
