"""From acceptance to the bytes at each of four providers: ours, durable, against Apprise, which keeps nothing.

The four are two accounts of X and two mail relays, in a process of their own that notes when a whole message was
there. Ours is the real core in this process: the acceptance's durable transaction, the dispatcher with its durable
claim before each first byte, and the channels themselves. The clock starts
when the texts are ready, since Apprise, too, is given a text that is ready; what checking and wording adds stands in a
line of its own. The socket before the desk is left out, since Apprise is called as a library. Apprise has `notify`
called, with its own plug-ins for X and mail and its pauses between messages switched off; it sends to all four at once,
from threads.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import frame, house
from benchmarks.sinks import Sinks, sinks
from broadcaster import loops
from broadcaster.ports.store import Acceptance

NUMBERS = (0, 1, 2, 3)


def peer(ports: tuple[int, ...]) -> Any:
    """Apprise with the same four targets."""
    import apprise  # noqa: PLC0415 - a peer need not be installed
    from apprise.plugins.email import NotifyEmail  # noqa: PLC0415
    from apprise.plugins.twitter import NotifyTwitter  # noqa: PLC0415

    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    NotifyTwitter.request_rate_per_sec = NotifyEmail.request_rate_per_sec = 0
    found = apprise.Apprise()
    for port in ports[:2]:
        account = apprise.Apprise.instantiate("twitter://bench/bench/bench/bench?mode=tweet")
        assert account is not None
        account.twitter_tweet = f"http://127.0.0.1:{port}/2/tweets"
        found.add(account)
    for port in ports[2:]:
        found.add(f"mailto://127.0.0.1:{port}?to=resident@residents.example&from=bousai@sample-city.example")
    return found


async def measure(options: frame.Options) -> frame.Report:
    rounds = options.pick(200, 30)
    with tempfile.TemporaryDirectory(prefix="broadcaster-bench-") as folder:
        async with (
            sinks("x", "x", "smtp", "smtp") as providers,
            house.house(Path(folder), lambda around: house.four(around, providers.ports)) as core,
        ):
            return await _compared(core, providers, rounds)


async def _compared(core: house.House, providers: Sinks, rounds: int) -> frame.Report:
    whole: list[float] = []
    drafts = [house.draft(number) for number in range(rounds + 4)]
    worded: list[float] = []
    durable: list[float] = []
    accept = core.store.accept

    async def watched(acceptance: Acceptance, submission: int | None = None) -> object:
        worded.append(time.monotonic())
        with frame.timed(durable):
            return await accept(acceptance, submission)

    core.store.accept = watched  # type: ignore[method-assign,assignment]

    async def ours(number: int) -> float:
        begun, _, _ = await core.send(drafts[number])
        arrived = max((await providers.all_of(NUMBERS, begun)).values())
        whole.append(arrived - begun)
        await asyncio.sleep(0.03)  # records and audit entries of this round are no part of the peer's next one
        return arrived - worded[-1]

    if not frame.installed("apprise"):
        (total,) = await frame.turns(rounds, ours)
        return _report(total, (durable, whole), None, 0)
    apprise, failed = peer(providers.ports), 0
    loops.spare_what_stays()  # drafts and peer: neither ours nor Apprise's rounds are to walk through them

    async def theirs(number: int) -> float:
        nonlocal failed
        begun = time.monotonic()
        good = await asyncio.to_thread(
            apprise.notify, body="川があふれそうです。にげてください。", title=f"避難 {number}"
        )
        failed += not good
        return max((await providers.all_of(NUMBERS, begun)).values()) - begun

    total, beside = await frame.turns(rounds, ours, theirs)
    return _report(total, (durable, whole), beside, failed)


def _report(
    total: tuple[float, ...],
    parts: tuple[list[float], list[float]],
    beside: tuple[float, ...] | None,
    failed: int,
) -> frame.Report:
    durable, whole = (frame.ms(each[-len(total) :]) for each in parts)
    series = [
        frame.Series("Broadcaster: accepted until all four have it", frame.ms(total)),
        frame.Series("the same, with checks and texts before it", whole),
        frame.Series("accepted until that is told, with the lanes at work", durable),
    ]
    said = [
        "Ours from the begin of the acceptance's commit, in process; a second one, of the claims, precedes each byte."
    ]
    if beside is None:
        alone = (*said, frame.missing("Apprise", "pip install apprise"))
        return frame.Report("fanout", "To four providers", tuple(series), said=alone)
    series.append(frame.Series("Apprise notify: all four have it", frame.ms(beside), peer=True))
    if failed:
        said.append(f"Apprise said of {failed} rounds that not all went well.")
    mine, other = series[0], series[-1]
    median, worst = (frame.beside(mine, other, "Apprise", at) for at in ("median", "p99"))
    figures = (
        frame.Figure("all four have it, median, for one of Apprise's", mine.median / other.median, 0.4, **median),
        frame.Figure("all four have it, p99, for one of Apprise's", mine.p99 / other.p99, 0.5, **worst),
    )
    return frame.Report("fanout", "To four providers", tuple(series), figures, said=tuple(said))


def run(options: frame.Options) -> frame.Report:
    """From acceptance to the bytes at each of four providers, beside Apprise."""
    return frame.on_the_loop(measure(options))


if __name__ == "__main__":
    raise SystemExit(frame.main(run))
