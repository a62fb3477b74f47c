"""One bulk delivery under way: who waits, who is being served, and what came of each.

For each recipient the order is claim (committed), begun (noted), send, record (committed).
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from typing import Protocol

from broadcaster.errors import DeliveryError, Reason
from broadcaster.failpoints import hit
from broadcaster.model import Grade, Recipient
from broadcaster.ports.channel import Handed, Ledger
from channels._mail_books import Books
from channels._smtp import Fate, Verdict

CLAIM = 200
"""Claimed at once as a rule: where a power cut takes the notes along, whoever was claimed is in doubt."""
MOST_CLAIMED = 500
"""Claimed at once of a relay that takes mails faster than they are claimed: what a commit costs is then shared."""
LOW_WATER = 100
"""Claim again when fewer wait: at ten thousand mails a second these last for 10 ms, and so long may a commit take."""
SESSIONS = 2
"""How many broken sessions one recipient may see before the ledger hears of it. The first may have been stale."""


class Pool(Protocol):
    """What a job needs of the connections."""

    def join(self, job: Job) -> None:
        """Serve it from now on."""
        ...

    def wake(self) -> None:
        """Hear that somebody waits."""
        ...

    def leave(self, job: Job, *, drop: bool) -> None:
        """Hand out nobody of it any more; with `drop`, end the mails under way too."""
        ...


class Writer(Protocol):
    """Makes the mail for one recipient."""

    def __call__(self, recipient: Recipient) -> tuple[bytes, bytes] | None:
        """Return the envelope's address and the whole mail, or None if the address is none."""
        ...


class Job:
    """One `deliver_all`."""

    def __init__(self, write: Writer, ledger: Ledger) -> None:
        self.grade: Grade = ledger.grade
        self.write = write
        self._ledger = ledger
        self._books = Books(ledger, self.stir)
        self._waiting: deque[Recipient] = deque()
        self._under_way: set[int] = set()
        self._broken: Counter[int] = Counter()
        self._failure: DeliveryError | None = None
        self.over = False
        """Whether it winds up: nothing more is begun, and broken connections are our own doing."""
        self._moved = asyncio.Event()

    # ------------------------------------------------------------------ as the connections see it

    @property
    def waiting(self) -> int:
        """How many recipients could be served now."""
        return 0 if self.over or self._failure is not None or self._ledger.over else len(self._waiting)

    def take(self) -> Recipient:
        """Hand out the next recipient; only while `waiting`."""
        recipient = self._waiting.popleft()
        self._under_way.add(recipient.id)
        return recipient

    def begun(self, *recipients: int) -> None:
        """Have it noted that these may have the mail from now on."""
        self._ledger.begun(*recipients)

    def put_back(self, recipient: Recipient) -> None:
        """Take back somebody for whom nothing was begun."""
        self._waiting.appendleft(recipient)
        self._done_with(recipient)

    def settle(self, recipient: Recipient, verdict: Verdict) -> None:
        """Take what came of somebody."""
        if verdict.fate is Fate.UNSENT and self._again(recipient):
            self._waiting.append(recipient)  # last, so that a relay in trouble does not hit the same person again
        else:
            self._books.note(handed(recipient.id, verdict, cancelled=self.over))
        self._done_with(recipient)

    def _again(self, recipient: Recipient) -> bool:
        """Whether somebody whose session broke is to be tried in another before the ledger hears of it."""
        self._broken[recipient.id] += 1
        return self.over or self._broken[recipient.id] < SESSIONS

    def refuse(self, recipient: Recipient) -> None:
        """Write off somebody whose address is none."""
        self._books.note(Handed(recipient=recipient.id, reason=Reason.REJECTED, permanent=True, code="address"))
        self._done_with(recipient)

    def stir(self) -> None:
        """Have it look whether it may go on."""
        self._moved.set()

    def fail(self, error: DeliveryError) -> None:
        """End it: the channel as a whole cannot."""
        self._failure = self._failure or error
        self._moved.set()

    def _done_with(self, recipient: Recipient) -> None:
        self._under_way.discard(recipient.id)
        if self.over or len(self._waiting) < LOW_WATER:  # nobody can go on before: to be woken for each costs a tenth
            self._moved.set()

    # ------------------------------------------------------------------ as the channel sees it

    async def run(self, pool: Pool) -> None:
        """Serve everybody the ledger gives. Raise `DeliveryError` where the channel as a whole cannot, and whatever
        the ledger raises. However it ends, replies are recorded, and who was not begun is given back; cancelled,
        mails whose final dot is out are recorded as in doubt.
        """
        recording = asyncio.create_task(self._books.run())
        recording.add_done_callback(lambda _: self.stir())
        pool.join(self)
        drop = True
        try:
            await self._feed(pool, recording)
            drop = False
        finally:
            await self._wind_up(pool, recording, drop=drop)
        if self._failure is not None:
            raise self._failure

    async def _feed(self, pool: Pool, recording: asyncio.Task[None]) -> None:
        def stopped() -> bool:
            return self._failure is not None or recording.done() or self._ledger.over

        size = CLAIM
        while not stopped():
            hungry = bool(self._under_way)
            batch = await self._ledger.claim(size)
            hit("m1")
            if not batch:
                break
            size = next_claim(size, dry=hungry and not self._waiting)
            self._waiting.extend(batch)
            pool.wake()
            await self._until(lambda: len(self._waiting) < LOW_WATER or stopped())
        await self._until(lambda: not (self._waiting or self._under_way) or stopped())

    async def _until(self, done: Callable[[], bool]) -> None:
        while not done():
            self._moved.clear()
            await self._moved.wait()

    async def _wind_up(self, pool: Pool, recording: asyncio.Task[None], *, drop: bool) -> None:
        self.over = True
        pool.leave(self, drop=drop)
        await self._until(lambda: not self._under_way)
        self._books.close()
        await recording
        if self._waiting:
            await self._ledger.give_back([recipient.id for recipient in self._waiting])


def next_claim(size: int, *, dry: bool) -> int:
    """Return how many to claim after `size`: more where nobody was left to serve meanwhile, else again fewer."""
    return min(MOST_CLAIMED, 2 * size) if dry else max(CLAIM, size // 2)


def handed(recipient: int, verdict: Verdict, *, cancelled: bool = False) -> Handed:
    """Return the ledger's row. A 5xx is final for this delivery only: carriers answer a resident's own filter with
    5.0.0 or 5.2.0, which says nothing against the subscription.
    """
    reply = verdict.reply
    doubt = verdict.fate is Fate.DOUBT
    return Handed(
        recipient=recipient,
        reason=Reason.CANCELLED if cancelled and doubt else verdict.reason,
        maybe_sent=doubt,
        permanent=verdict.fate is Fate.REFUSED and verdict.reason is Reason.REJECTED,
        code=reply.short if reply is not None else "",
    )
