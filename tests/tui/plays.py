"""What a night looks like: states brought about through the real store, as the dispatcher would."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from broadcaster.model import Alert, Attempt, Delivery, Outcome, State, Subscriber
from broadcaster.ports.store import Breaker, Claim, Lane, RecipientResult, Settlement
from tests.desk.world import OFFICER
from tests.tui.desk import Core

RESIDENTS = 8


async def busy(made: Core) -> Alert:
    """One order in force: X in doubt and asking, a mail that left two people out, the page confirmed, feeds down."""
    here, store = made.here, made.here.store
    await store.put([Subscriber(address=f"r{each}@example.jp") for each in range(RESIDENTS)], OFFICER, here.clock.now())
    alert = await here.alert()
    epoch = await store.begin("here", here.clock.now())
    x, mail, page, _ = [await claimed(made, epoch, name) for name in ("twitter", "mail", "page", "feeds")]
    await record(made, epoch, x, Settlement(state=State.NEEDS_HUMAN, reason="doubt", doubt_since=here.clock.now()))
    await served(made, epoch, mail)
    await record(made, epoch, page, Settlement(state=State.CONFIRMED, ref="1", url="http://127.0.0.1:8080/"))
    soon = here.clock.now() + timedelta(seconds=30)
    breaker = Breaker(failures=5, opened_at=here.clock.now(), open_until=soon, reason="connect")
    await store.save_lane("feeds", Lane(breaker=breaker))
    made.changed()
    return alert


async def claimed(made: Core, epoch: int, channel: str) -> Delivery:
    """Start what is due on a channel."""
    now = made.here.clock.now()
    claim = Claim(channel=channel, epoch=epoch, now=now, deadline=now + timedelta(minutes=1), limit=1)
    (work,) = await made.here.store.claim(claim)
    return work.delivery


async def record(made: Core, epoch: int, delivery: Delivery, settlement: Settlement) -> None:
    """Write down what came of a try."""
    now = made.here.clock.now()
    done = Outcome.ACCEPTED if settlement.state.good else Outcome.IN_DOUBT
    attempt = Attempt(number=delivery.attempt, started_at=now, ended_at=now, outcome=done)
    assert await made.here.store.record(delivery, epoch, attempt, settlement)


async def served(made: Core, epoch: int, mail: Delivery, left: int = 2) -> None:
    """Serve everybody but the last few, who are refused."""
    store, now = made.here.store, made.here.clock.now()
    rows = await store.claim_recipients(mail.id, epoch, now, 100)
    done = [RecipientResult(id=row.id, state="accepted") for row in rows]
    done[-left:] = [replace(each, state="failed") for each in done[-left:]]
    await store.record_recipients(mail.id, epoch, now, done)
    await store.claim_recipients(mail.id, epoch, now, 100)
    await record(made, epoch, mail, Settlement(state=State.ACCEPTED, detail=f"{len(rows) - left} accepted"))
