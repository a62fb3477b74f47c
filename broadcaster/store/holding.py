"""An older store takes the place of a newer one: all that it believes unsent may have gone out since.

So nothing of it goes out by itself (docs/delivery.md, order 8), and its numbers jump ahead of those the lost days may
have used: an edition number that falls would be ignored by every target (I13), an incident number used twice would
confuse residents.
"""

from __future__ import annotations

from datetime import datetime

from broadcaster.model import State
from broadcaster.ports.store import Settlement
from broadcaster.rules import settle
from broadcaster.store import ledger, rows, settling
from broadcaster.store.transaction import Tx

_INCIDENTS_AHEAD = 100
_WAITING = frozenset({State.READY, State.RETRY_WAIT, State.SENDING})


def hold_all(tx: Tx, actor: str, now: datetime) -> tuple[int, int]:
    """Hold whatever waits, leave whatever is in doubt to a person; return how many of each. The entry in the chain is
    the caller's.
    """
    waiting = [rows.delivery(row) for row in tx.all("backup.unsettled")]
    for delivery in waiting:
        if delivery.state is State.SENDING:
            ledger.doubt_started(tx, delivery.id, *settle.recipient_in_doubt(delivery.grade, now))
        state = State.HELD if delivery.state in _WAITING else State.NEEDS_HUMAN
        # It may have gone out since: whoever releases it sees that it may be a second one.
        settling.apply(tx, delivery, Settlement(state=state, reason="restored", possible_duplicate=True), now)
        settling.resolve(tx, delivery.id, now, actor=actor, verb=state.value, why="restored")
    tx.run("outbox.next_epoch")
    tx.run("backup.skip_editions", seconds=int(now.timestamp()))
    tx.run("backup.skip_incidents", ahead=_INCIDENTS_AHEAD)
    tx.run("backup.quiet_routine", now=rows.ms(now))
    tx.run("backup.hold_routine", now=rows.ms(now))
    tx.run("backup.hold_automatic", by=actor, at=rows.ms(now))
    tx.run("backup.end_countdowns")  # nobody could have stopped one
    tx.run("backup.end_sessions", at=rows.ms(now))  # among them some that had been ended since
    held = sum(1 for delivery in waiting if delivery.state in _WAITING)
    return held, len(waiting) - held
