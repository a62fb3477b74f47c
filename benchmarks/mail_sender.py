"""One sender of mail in a process of its own: `python -m benchmarks.mail_sender ours|plain PORT PEOPLE [--loop NAME]`.

`ours` is the real thing: desk, store with its ledger, dispatcher and mail channel; the time runs from handing the alert
in until its delivery is settled as accepted. `plain` is what one would write in an afternoon: aiosmtplib, as many
connections, each message built and sent in turn, nothing written down. Both say the same words to the same people, and
before the time runs both have been told them once: a desk hands in what it has shown.

It prints one line of JSON: what `Outcome` says.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, replace
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Any

import aiosmtplib
import uvloop

from broadcaster.bootstrap import channels_of, context_of, filled, stored
from broadcaster.clock import SystemClock, SystemEntropy
from broadcaster.config import Config, load_config
from broadcaster.desk import Desk, Handing
from broadcaster.dispatcher import Dispatcher
from broadcaster.events import Event, Events, Topic
from broadcaster.loops import spare_what_stays
from broadcaster.model import Actor, State, Subscriber, Text
from broadcaster.store import Store

CONNECTIONS = 8
SAMPLE = "flood-level4"
SENDER = "bousai@sample-city.example"
LIMIT_S = 180.0
_CITY = """
mode = "drill"
socket = "{folder}/desk.sock"
[city]
name = "見本市"
name_en = "Sample City"
sender = "sample-city.example"
public_url = "http://127.0.0.1/"
domains = ["127.0.0.1"]
contact = "見本市 防災課 042-000-0000"
fallback = "FM 77.7 MHz"
areas = ["中央", "芋窪", "蔵敷"]
[channels.mail]
host = "127.0.0.1"
port = {port}
tls = "none"
from_address = "bousai@sample-city.example"
unsubscribe = "unsubscribe@sample-city.example"
connections = {connections}
"""


@dataclass(frozen=True)
class Outcome:
    """What one sender did: seconds of wall clock, CPU seconds of this process, and how many the server took."""

    seconds: float
    cpu: float
    accepted: int


class Watch:
    """Wall clock and CPU of this process since it was made; the collector spares what was there before, as it does in
    the service.
    """

    def __init__(self) -> None:
        spare_what_stays()
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def stop(self, accepted: int = 0) -> Outcome:
        """What it came to."""
        return Outcome(time.perf_counter() - self._wall, time.process_time() - self._cpu, accepted)


def written(folder: Path, port: int) -> Config:
    """The configuration of a city with nothing but mail."""
    path = folder / "config.toml"
    path.touch(mode=0o600)
    path.write_text(_CITY.format(folder=folder, port=port, connections=CONNECTIONS), encoding="utf-8")
    return load_config(path)


def residents(count: int) -> list[Subscriber]:
    """So many people who read Japanese."""
    return [Subscriber(address=f"resident{number:06d}@residents.example") for number in range(count)]


async def words(config: Config) -> Text:
    """What the mail says."""
    async with channels_of(config) as channels, stored(config, read_only=False) as store:
        shown = await Desk(context_of(config), channels, store).preview(filled(config, SAMPLE))
    return next(text for channel in shown.channels for text in channel.texts)


async def ours(config: Config, people: int) -> Outcome:
    """Hand in the sample and wait until all of it is written down."""
    clock, events, done = SystemClock(), Events(), asyncio.Event()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(stored(config, read_only=False))
        channels = await stack.enter_async_context(channels_of(config))
        await store.put(residents(people), Actor(name="benchmark"), clock.now())
        lanes = {name: channel.lane for name, channel in config.channels.items()}
        dispatcher = Dispatcher(
            store, channels, lanes, clock=clock, entropy=SystemEntropy(), events=events, node="bench", mode=config.mode
        )
        desk = Desk(context_of(config), channels, store, dispatcher.wake, config.policy)
        await desk.preview(filled(config, SAMPLE))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(dispatcher.run())
            watching = tasks.create_task(_settled(events, done))
            await asyncio.sleep(0.2)  # recovery and the listeners' first steps are no part of a sending
            watch = Watch()
            submitted = await desk.submit(filled(config, SAMPLE), Handing(key="bench"), Actor(name="benchmark"))
            async with asyncio.timeout(LIMIT_S):
                await done.wait()
            took = watch.stop()
            watching.cancel()
            await dispatcher.stop()
        return replace(took, accepted=await _accepted(store, submitted.deliveries[0].id))


async def _settled(events: Events, done: asyncio.Event) -> None:
    with events.subscribe() as changes:
        while not done.is_set():
            if _is_end(await changes.next()):
                done.set()


def _is_end(event: Event) -> bool:
    return event.topic is Topic.DELIVERY and event.state != State.SENDING.value


async def _accepted(store: Store, delivery: int) -> int:
    return (await store.tally(delivery, SystemClock().now())).accepted


def _built(said: Text, address: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = f"見本市 <{SENDER}>"
    mail["To"] = address
    mail["Subject"] = said.subject
    mail["Date"] = format_datetime(SystemClock().now())
    mail["Message-ID"] = make_msgid(domain="sample-city.example")
    mail["List-Id"] = "<alerts.sample-city.example>"
    mail["List-Unsubscribe"] = "<mailto:unsubscribe@sample-city.example?subject=unsubscribe>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(said.body)
    return mail


Sending = Callable[[aiosmtplib.SMTP, str], Coroutine[Any, Any, object]]
"""Sends one mail to one address."""


async def plain(config: Config, people: int) -> Outcome:
    """A loop over aiosmtplib that builds every message, as its documentation shows it."""
    said = await words(config)
    return await _looped(config, people, lambda smtp, address: smtp.send_message(_built(said, address)))


async def spliced(config: Config, people: int) -> Outcome:
    """The fastest such loop: the message built once, only To and Message-ID put in."""
    head, _, rest = _built(await words(config), "TO@HERE.example").as_bytes(policy=SMTP).partition(b"TO@HERE.example")
    before, _, after = rest.partition(b"Message-ID: ")
    after = after.partition(b"\r\n")[2]

    def send(smtp: aiosmtplib.SMTP, address: str) -> Coroutine[Any, Any, object]:
        to = address.encode()
        mail = b"%b%b%bMessage-ID: <%b.%b>\r\n%b" % (head, to, before, secrets.token_hex(16).encode(), to, after)
        return smtp.sendmail(SENDER, [address], mail)

    return await _looped(config, people, send)


async def _looped(config: Config, people: int, send: Sending) -> Outcome:
    port = config.channels["mail"].settings.model_dump()["port"]
    waiting = iter(residents(people))
    watch = Watch()
    counts = await asyncio.gather(*(_one_connection(port, send, waiting) for _ in range(CONNECTIONS)))
    return watch.stop(sum(counts))


async def _one_connection(port: int, send: Sending, waiting: Iterator[Subscriber]) -> int:
    served = 0
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as smtp:
        for person in waiting:
            await send(smtp, person.address)
            served += 1
    return served


SENDERS: dict[str, Callable[[Config, int], Coroutine[None, None, Outcome]]] = {
    "ours": ours,
    "plain": plain,
    "spliced": spliced,
}
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "uvloop": uvloop.new_event_loop,
    "asyncio": asyncio.new_event_loop,
}


def main() -> None:
    """Send, and say what it took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("sender", choices=SENDERS)
    parser.add_argument("port", type=int)
    parser.add_argument("people", type=int)
    parser.add_argument("--loop", choices=LOOPS, default="uvloop")
    chosen = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        asyncio.Runner(loop_factory=LOOPS[chosen.loop]) as runner,
    ):
        config = written(Path(folder), chosen.port)
        outcome = runner.run(SENDERS[chosen.sender](config, chosen.people))
    print(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    main()
