"""The play itself: the real service on the stage, one sample alert, and the wait until it is confirmed everywhere."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from broadcaster import supervisor
from broadcaster.bootstrap import filled
from broadcaster.client import Client
from broadcaster.config import load_config
from broadcaster.demo.stage import RESIDENTS, SAMPLE, Stage, stage
from broadcaster.demo.trouble import Trouble
from broadcaster.documents import dump
from broadcaster.errors import BroadcasterError, ServiceUnreachable
from broadcaster.model import Role, State

OFFICERS = ("duty-a", "duty-b")
PASSPHRASE = "demo-demo-demo"  # noqa: S105 - no secret: it opens a demonstration on this machine
"""Of both officers, as the demonstration tells everybody who sees it."""
RAIN_S = 60.0
"""When a warning appears at the demonstration's weather agency, after the desk is open."""
START_S = 30.0
CONFIRM_S = 90.0
_PACE_S = 0.1
_END_S = 12.0
"""The service has 10 s to finish; then it is ended."""


@asynccontextmanager
async def running(
    folder: Path, trouble: Trouble | None = None, *, approval: bool = False, watching: bool = False
) -> AsyncGenerator[tuple[Stage, Client], None]:
    """Start providers and service, and end both. Raise `BroadcasterError` if the service does not come up."""
    log = folder / "service.log"
    async with stage(folder, trouble=trouble, approval=approval, watching=watching) as ready:
        with log.open("ab") as errors:
            process = await _start(ready.config, errors.fileno())
        try:
            client = Client(ready.socket)
            await _answering(client, process, log)
            await asyncio.to_thread(client.put_subscribers, [dump(each) for each in RESIDENTS])
            yield ready, client
        finally:
            await _end(process)


async def seat_officers(client: Client, displays: Mapping[str, str]) -> None:
    """Make officers with every role and no second factor, by name with what is shown of them.

    From then on nobody does anything at this desk without logging in.
    """

    def work() -> None:
        tickets = {
            name: client.add_officer(name, shown, [role.value for role in Role], second_factor=False)["ticket"]
            for name, shown in displays.items()
        }
        for name, ticket in tickets.items():
            client.enrol(name, ticket, PASSPHRASE)

    await asyncio.to_thread(work)


async def send_sample(ready: Stage, client: Client) -> Any:
    """Hand in the sample alert."""
    draft = filled(load_config(ready.config), SAMPLE)
    return await asyncio.to_thread(client.submit, dump(draft), secrets.token_hex(16))


async def rehearsed(client: Client, limit_s: float = CONFIRM_S) -> tuple[str, tuple[str, ...]]:
    """Say a test message and wait for the answers, at most so long; return its serial, and who has not answered."""
    sounding = await asyncio.to_thread(client.test_now)
    report = await confirmed(client, sounding["alert"], limit_s)
    deliveries, alert = report["row"]["deliveries"], report["row"]["alert"]
    silent = dict.fromkeys(each["channel"] for each in deliveries if each["state"] != State.CONFIRMED)
    return f"{alert['incident']}-{alert['version']}", tuple(silent)


async def confirmed(client: Client, alert: str, limit_s: float = CONFIRM_S) -> Any:
    """Wait until every delivery of the alert is confirmed, at most so long; return its report."""
    end = asyncio.get_running_loop().time() + limit_s
    while True:
        report = await asyncio.to_thread(client.report, alert)
        done = all(each["state"] == State.CONFIRMED for each in report["row"]["deliveries"])
        if done or asyncio.get_running_loop().time() > end:
            return report
        await asyncio.sleep(_PACE_S)


async def _start(config: Path, log: int) -> asyncio.subprocess.Process:
    """Start the service so that it ends with us, however we end."""
    guard = str(Path(supervisor.__file__).with_name("guard.py"))
    command = (sys.executable, "-m", "broadcaster", "run", "--config", str(config))
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        guard,
        str(os.getpid()),
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        process_group=0,
    )


async def _answering(client: Client, process: asyncio.subprocess.Process, log: Path) -> None:
    for _ in range(int(START_S / _PACE_S)):
        if process.returncode is not None:
            break
        try:
            await asyncio.to_thread(client.health)
        except ServiceUnreachable:
            await asyncio.sleep(_PACE_S)
        else:
            return
    raise BroadcasterError("demo_not_ready", seconds=int(START_S), log=str(log))


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _END_S)
    except TimeoutError:
        process.kill()
        await process.wait()
