"""`broadcaster status`, cold: a new process that asks the running service and prints the board.

Beside it what a Python process costs that does nothing, and the same command's help, on the same machine.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import durable, frame, house
from broadcaster.api import Rooms, application, serve

ALLOWED_MS = 300.0
CONFIG = """mode = "drill"
socket = "{socket}"
[city]
name = "見本市"
name_en = "Sample City"
sender = "sample-city.example"
public_url = "http://127.0.0.1:9/"
domains = ["127.0.0.1"]
[channels.page]
[channels.feeds]
"""


async def measure(options: frame.Options) -> frame.Report:
    rounds = options.pick(20, 5)
    with tempfile.TemporaryDirectory(prefix="broadcaster-bench-") as name:
        folder = Path(name)
        config = folder / "config.toml"
        config.touch(mode=0o600)
        config.write_text(CONFIG.format(socket=folder / "desk.sock"), encoding="utf-8")
        async with house.house(folder, durable.idle, dispatching=False) as core:
            for number in range(10):
                await core.send(house.draft(number))
            rooms = Rooms(
                desk=core.desk,
                events=core.events,
                officers=core.officers,
                planning=core.planning,
                automatic=core.automatic,
            )
            async with serve(application(rooms), folder / "desk.sock", ""):
                return await _compared(config, rounds)


async def _compared(config: Path, rounds: int) -> frame.Report:
    def command(*words: str) -> frame.Runner:
        async def run(_: int) -> float:
            return await asyncio.to_thread(_timed, words, config)

        return run

    status, bare = await frame.turns(rounds, command("-m", "broadcaster", "status"), command("-c", "pass"), warm=1)
    series = (
        frame.Series("broadcaster status, a new process each time", frame.ms(status)),
        frame.Series("python that does nothing", frame.ms(bare), peer=True),
    )
    figure = frame.Figure("broadcaster status cold, median", series[0].median, ALLOWED_MS, "ms", ours=series[0].name)
    return frame.Report("status", "broadcaster status, cold", series, (figure,))


def _timed(words: tuple[str, ...], config: Path) -> float:
    begun = time.perf_counter()
    env = {**os.environ, "BROADCASTER_CONFIG": str(config)}
    done = subprocess.run([sys.executable, *words], env=env, stdout=subprocess.PIPE, check=False)
    took = time.perf_counter() - begun
    if done.returncode:
        message = f"{' '.join(words)} ended with {done.returncode}"
        raise RuntimeError(message)
    return took


def run(options: frame.Options) -> frame.Report:
    """`broadcaster status`, cold."""
    return asyncio.run(measure(options))


if __name__ == "__main__":
    raise SystemExit(frame.main(run))
