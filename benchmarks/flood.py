"""3,000 clients flood the residents' page: what the dispatch of an alert notices.

The core runs in this process, the page server in its own, as `broadcaster run` has them; the flood comes from another
process of this machine over 127.0.0.1 and stops by itself after seconds. Quiet and flooded spells take turns. Measured
is the time from the begin of the acceptance's commit until each of four providers has the message.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import flooding, frame, hanging, house, pages
from benchmarks.sinks import sinks
from broadcaster.demo.stage import free_port

CLIENTS = 3_000
ALLOWED_MS = 250.0
SETTLING_S = 2.0
"""From the start of a flood until all its clients are connected."""
EACH_S = 0.25
"""Seconds reserved for one alert in a flood's length."""


@dataclass
class Flood:
    """So many clients asking the page server as fast as it answers, for one spell after another."""

    port: int
    clients: int
    rates: list[float] = field(default_factory=list[float])
    failed: int = 0

    async def around(self, spell: Spell) -> None:
        """Run a spell under the flood, and end the flood with it."""
        seconds = round(SETTLING_S + spell.rounds * EACH_S)
        process = await flooding.begin(self.port, "/", self.clients, seconds)
        await asyncio.sleep(SETTLING_S)
        await spell.run()
        output, _ = await process.communicate()
        told = flooding.told(output.decode())
        self.rates.append(told.rate)
        self.failed += told.failed


@dataclass
class Spell:
    """A row of alerts, one after the other."""

    one: frame.Runner
    rounds: int
    taken: list[float] = field(default_factory=list[float])
    sent: int = 0

    async def run(self) -> None:
        for _ in range(self.rounds):
            self.sent += 1
            self.taken.append(await self.one(self.sent))


async def measure(options: frame.Options, clients: int = CLIENTS) -> frame.Report:
    """Let quiet and flooded spells take turns."""
    flooding.open_files()
    with tempfile.TemporaryDirectory(prefix="broadcaster-bench-") as name:
        folder, port = Path(name), free_port()
        published = await pages.publish(folder / "public")
        (folder / "core").mkdir()
        async with (
            pages.running(*pages.ours(published, port), port=port),
            sinks("x", "x", "smtp", "smtp") as providers,
            house.house(folder / "core", lambda around: house.four(around, providers.ports)) as core,
        ):
            one = hanging.until(core, providers, (0, 1, 2, 3))
            return await _compared(one, Flood(port, clients), options)


async def _compared(one: frame.Runner, flood: Flood, options: frame.Options) -> frame.Report:
    spells, rounds = options.pick(4, 1), options.pick(60, 15)
    warm, quiet, flooded = Spell(one, 3), Spell(one, rounds), Spell(one, rounds)
    await warm.run()
    quiet.sent, flooded.sent = 1_000, 1_000_000  # no two alerts say the same
    for _ in range(spells):
        await quiet.run()
        await flood.around(flooded)
    return _report(frame.ms(quiet.taken), frame.ms(flooded.taken), flood)


def _report(calm: tuple[float, ...], wild: tuple[float, ...], flood: Flood) -> frame.Report:
    without = frame.Series("nobody asks for the page", calm, peer=True)
    during = frame.Series(f"{flood.clients:,} clients flood it", wild)
    name = f"dispatch while {flood.clients:,} clients flood the page, p99"
    figure = frame.Figure(name, during.p99, ALLOWED_MS, "ms", **frame.beside(during, without, "", "p99"))
    said = [
        "Until all four providers have the message; core, page server, flood and providers share this machine's cores.",
        f"The flood: {flooding.generator()}, served {statistics.median(flood.rates):,.0f} requests a second.",
    ]
    if flood.failed:
        said.append(f"{flood.failed} requests of the flood failed.")
    return frame.Report("flood", "Dispatch under a flood of the page", (during, without), (figure,), said=tuple(said))


def run(options: frame.Options) -> frame.Report:
    """Dispatch latency while 3,000 clients flood the residents' page."""
    return asyncio.run(measure(options))


if __name__ == "__main__":
    raise SystemExit(frame.main(run))
