"""10,000 personalised mails into a sink on 8 connections, the ledger included, beside aiosmtplib and Postfix.

The sink is a process of its own: Postfix's smtp-sink where it is installed (C), else the demonstration's server. Each
sender is a process of its own too, started anew for every round, and all take turns at the same sink.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from benchmarks import flooding, frame
from benchmarks.mail_sender import CONNECTIONS
from broadcaster.demo.stage import free_port

LENGTH = 2_000
"""Octets of smtp-source's mail, about those of ours."""
BUILT = 1_000
"""Mails of the peer that builds each: at some hundred a second, more would only take longer."""
NO_POSTFIX = frame.missing("Postfix's smtp-source", "apt-get install postfix")


def _tool(name: str) -> str | None:
    """Postfix puts its tools where root looks for them."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


@asynccontextmanager
async def sink() -> AsyncGenerator[tuple[int, str], None]:
    """A mail server that takes everything; its port, and what it is."""
    port, found = free_port(), _tool("smtp-sink")
    own = (sys.executable, "-m", "benchmarks.mail_sink", str(port))
    unprivileged = ("-u", "nobody") if os.geteuid() == 0 else ()
    command = (found, *unprivileged, f"127.0.0.1:{port}", "4096") if found else own
    process = await asyncio.create_subprocess_exec(*flooding.bound(*command), stderr=asyncio.subprocess.DEVNULL)
    try:
        await _listening(port)
        yield port, "smtp-sink (Postfix)" if found else "the demonstration's own server"
    finally:
        process.terminate()
        await process.wait()


async def _listening(port: int) -> None:
    for _ in range(100):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise TimeoutError("the sink does not listen")


class Sender:
    """One of `benchmarks.mail_sender`, run once a round. `costs` are microseconds of CPU a mail."""

    def __init__(self, name: str, port: int, mails: int, loop: str = "uvloop") -> None:
        self._arguments = (name, str(port), str(mails), "--loop", loop)
        self._mails = mails
        self.costs: list[float] = []

    async def __call__(self, number: int) -> float:  # noqa: ARG002 - the frame's signature
        command = flooding.bound(sys.executable, "-m", "benchmarks.mail_sender", *self._arguments)
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        output, _ = await process.communicate()
        told = json.loads(output)
        if told["accepted"] != self._mails:
            raise RuntimeError("some mails were not taken: " + output.decode())
        self.costs.append(told["cpu"] / self._mails * 1e6)
        return float(self._mails / told["seconds"])


async def _source(tool: str, port: int, mails: int) -> float:
    """Postfix's own load generator: one text for all, nobody's name in it, nothing written down."""
    addresses = ("-f", "bousai@sample-city.example", "-t", "resident@residents.example")
    amount = ("-d", "-s", str(CONNECTIONS), "-m", str(mails), "-l", str(LENGTH))
    start = time.perf_counter()
    process = await asyncio.create_subprocess_exec(tool, *amount, *addresses, f"127.0.0.1:{port}")
    if await process.wait():
        raise RuntimeError("smtp-source failed")
    return mails / (time.perf_counter() - start)


async def measure(options: frame.Options) -> frame.Report:
    """Let all of them take turns."""
    mails, rounds = options.pick(10_000, 1_000), options.pick(5, 2)
    async with sink() as (port, kind):
        ours, spliced = Sender("ours", port, mails), Sender("spliced", port, mails)
        slow, built = Sender("spliced", port, mails, "asyncio"), Sender("plain", port, min(mails, BUILT))
        names = [
            "Broadcaster, ledger included",
            "aiosmtplib, built once, uvloop",
            "aiosmtplib, built once, asyncio",
            "aiosmtplib, each built, uvloop",
        ]
        runners = [ours, spliced, slow, built]
        if tool := _tool("smtp-source"):
            names.append("smtp-source, one text for all")
            values = await frame.turns(rounds, *runners, lambda _: _source(tool, port, mails), warm=1)
        else:
            values = await frame.turns(rounds, *runners, warm=1)
    series = tuple(
        frame.Series(name, each, "/s", peer=place > 0)
        for place, (name, each) in enumerate(zip(names, values, strict=True))
    )
    return _report(series, _said(kind, ours, spliced, found=tool is not None))


def _said(kind: str, ours: Sender, spliced: Sender, *, found: bool) -> tuple[str, ...]:
    mine, other = (statistics.median(sender.costs[1:]) for sender in (ours, spliced))
    said = [
        f"Sink: {kind}, a process of its own. {CONNECTIONS} connections each; every sender is a fresh process.",
        f"CPU a mail, all threads: ours {mine:.0f} us, the fastest aiosmtplib loop {other:.0f} us.",
        "Ours runs from the alert handed in to its delivery settled: everybody chosen, claimed, noted, sent, recorded.",
        "The loops write nothing down. What is said was shown before the time runs, to all alike.",
    ]
    return tuple(said) if found else (*said, NO_POSTFIX)


def _report(series: tuple[frame.Series, ...], said: tuple[str, ...]) -> frame.Report:
    ours, loops = series[0], series[1:4]
    fastest = max(loops, key=lambda loop: loop.median)
    name, beside = "for one of the fastest aiosmtplib loop's", frame.beside(ours, fastest, "aiosmtplib")
    figures = (
        frame.Figure("mails, ledger included", ours.median, 3_000, "/s", at_least=True, ours=ours.name),
        frame.Figure("asked of a sender of our own", ours.median, 8_000, "/s", at_least=True, ours=ours.name),
        frame.Figure(name, ours.median / fastest.median, 1.2, at_least=True, **beside),
    )
    return frame.Report("mail", "10,000 mails into a sink", series, figures, said=said)


def run(options: frame.Options) -> frame.Report:
    """Mail to 10,000 residents, beside plain loops over aiosmtplib and Postfix's load generator."""
    return asyncio.run(measure(options))


if __name__ == "__main__":
    raise SystemExit(frame.main(run))
