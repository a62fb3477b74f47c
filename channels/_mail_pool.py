"""The connections all mail deliveries share, and how many there are.

Each connection asks anew for every recipient whom to serve: the gravest delivery that has somebody waiting, in turn
among equals. So an emergency takes every connection over as soon as it is free. For those that are not, because a relay
keeps a routine mail waiting, two connections are added on top that serve nothing below a warning.

How many are open follows the relay, as Postfix does it: more by one for each full round of successes, fewer by one for
each 421, refused or lost connection. After such trouble new connections are opened one at a time and after a pause;
only when that goes on, or nothing is open and nothing can be opened, do the deliveries hear that the channel is down.

Where the relay offers PIPELINING, the next recipient's envelope travels with the text before it. That binds somebody
to a connection a little early; a connection that then waits too long for an answer gives them back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from broadcaster.errors import DeliveryError, Reason
from broadcaster.model import Grade, Recipient
from broadcaster.ports.world import Clock
from channels._mail_job import Job
from channels._mail_relay import Foresight, Pace
from channels._smtp import AUTH_REFUSED, Fate, Session, Verdict

RESERVE = 2
PAUSES = (0.5, 1.0, 2.0, 4.0, 5.0)
"""Seconds before the next connection is tried, by rounds of trouble in a row. After the last the channel is down."""
IDLE_SECONDS = 30.0
BOUND_SECONDS = 1.0
"""How long somebody whose envelope was sent ahead waits for the mail before; then another connection serves them."""
_PASSING = frozenset({Reason.BUSY, Reason.LOST, Reason.TIMEOUT})
"""What may be better in a moment where no connection could be opened."""


@dataclass(slots=True)
class Turn:
    """Somebody whose turn it is: the job, the envelope's address, the whole mail. `begun` says that this is noted."""

    job: Job
    recipient: Recipient
    address: bytes
    content: bytes
    begun: bool = False


@dataclass(slots=True, eq=False)
class Worker:
    """One connection at work. `floor` is the lowest grade it serves; `following` comes after `turn`, its envelope sent
    ahead at `bound_at` on the loop's clock. `foreseen` says that the envelope of `turn` was.
    """

    floor: Grade
    turn: Turn | None = None
    foreseen: bool = False
    following: Turn | None = None
    bound_at: float = 0.0
    session: Session | None = None

    @property
    def called(self) -> Turn | None:
        """Who follows, where the server waits for their text and this connection is about to find that out."""
        return self.following if self.session is not None and self.session.called else None


class Connections:
    """The pool. `opener` opens one session or raises `DeliveryError`."""

    def __init__(self, opener: Callable[[], Awaitable[Session]], clock: Clock, most: int) -> None:
        self.pace = Pace(most)
        self._opener = opener
        self._clock = clock
        self._jobs: list[Job] = []
        self._workers: dict[Worker, asyncio.Task[None]] = {}
        self._idle: list[Session] = []
        self._door = asyncio.Lock()
        self._rounds = 0
        self._calm_at = 0.0
        self._retire: asyncio.TimerHandle | None = None
        self._foresight = Foresight()
        self._watch: asyncio.TimerHandle | None = None

    # ------------------------------------------------------------------ as jobs see it

    def join(self, job: Job) -> None:
        """Serve a job from now on."""
        self._jobs.append(job)
        if self._retire is not None:
            self._retire.cancel()

    def leave(self, job: Job, *, drop: bool) -> None:
        """Serve it no longer. With `drop` its mails under way are cut off."""
        self._jobs.remove(job)
        for worker in self._workers:
            if worker.following is not None and worker.following.job is job:
                self._unbind(worker)
            if drop and worker.turn is not None and worker.turn.job is job and worker.session is not None:
                worker.session.abort()
        if not self._jobs:
            self._retire = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._let_go)

    def wake(self) -> None:
        """Put connections to work for whoever waits."""
        for floor, room in ((Grade.DRILL, int(self.pace.limit)), (Grade.WARNING, self._extended())):
            waiting = sum(job.waiting for job in self._jobs if job.grade >= floor)
            for _ in range(min(room - len(self._workers), waiting)):
                worker = Worker(floor)
                task = asyncio.create_task(self._work(worker))
                self._workers[worker] = task
                task.add_done_callback(self._ended)

    def _extended(self) -> int:
        """How many connections there may be when something grave waits behind something that is not."""
        turns = (worker.turn for worker in self._workers)
        low = any(turn is not None and turn.job.grade < Grade.WARNING for turn in turns)
        return int(self.pace.limit) + (RESERVE if low else 0)

    async def close(self) -> None:
        """End every connection and wait until the workers are gone."""
        for worker in self._workers:
            if worker.session is not None:
                worker.session.abort()
        tasks = tuple(self._workers.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._workers.clear()
        if self._watch is not None:
            self._watch.cancel()
        self._let_go()
        self._fail(DeliveryError(Reason.CANCELLED, maybe_sent=False, detail="closed"))

    def _let_go(self) -> None:
        if self._retire is not None:
            self._retire.cancel()
        while self._idle:
            self._idle.pop().leave()

    # ------------------------------------------------------------------ one connection at work

    async def _work(self, worker: Worker) -> None:
        try:
            while worker.following is not None or (not self._surplus(worker) and self._next(worker.floor) is not None):
                await self._step(worker)
        finally:
            # In the same step as the decision to end: whoever decides next must count right, or all would end.
            self._workers.pop(worker, None)
            self._unbind(worker)
            self._foresight.ended(worker, broken=False)
            if worker.session is not None and worker.session.fresh:
                self._idle.append(worker.session)
            for job in self._jobs:
                job.stir()

    async def _step(self, worker: Worker) -> None:
        if worker.session is None:
            worker.session = await self._connect()
        elif worker.following is None and not worker.session.fresh:  # closed while idle: no trouble, but of no use
            worker.session.abort()
            worker.session = None
        else:
            worker.foreseen = worker.following is not None
            turn, worker.following = worker.following or self._take(worker), None
            if turn is not None:
                await self._serve(worker, worker.session, turn)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(DeliveryError(Reason.UNKNOWN, maybe_sent=True, detail=type(error).__name__))

    def _surplus(self, worker: Worker) -> bool:
        if worker.floor >= Grade.WARNING or len(self._workers) <= self.pace.limit:
            return False
        return sum(other.floor < Grade.WARNING for other in self._workers) > int(self.pace.limit)

    def _next(self, floor: Grade) -> Job | None:
        """Return the gravest job with somebody waiting, of equals the one longest not served."""
        best: Job | None = None
        for job in self._jobs:
            if job.waiting and job.grade >= floor and (best is None or job.grade > best.grade):
                best = job
        return best

    def _take(self, worker: Worker) -> Turn | None:
        """Return whose turn it is on this connection; those whose address is none are written off meanwhile."""
        while (job := self._next(worker.floor)) is not None:
            if self._jobs[-1] is not job:
                self._jobs.remove(job)
                self._jobs.append(job)
            recipient = job.take()
            if (mail := job.write(recipient)) is not None:
                return Turn(job, recipient, *mail)
            job.refuse(recipient)
        return None

    async def _serve(self, worker: Worker, session: Session, turn: Turn) -> None:
        worker.turn = turn
        job, recipient = turn.job, turn.recipient
        try:
            verdict = await session.send(
                turn.address, turn.content, partial(self._begin, turn), partial(self._follow, worker, session)
            )
        except BaseException:
            job.settle(recipient, Verdict(fate=Fate.DOUBT if session.sealed else Fate.UNSENT, reason=Reason.UNKNOWN))
            raise
        finally:
            worker.turn = None
        self._judge(worker, job, recipient, verdict)

    def _begin(self, turn: Turn) -> None:
        """Have it noted that this one may have the mail from now on, and with them all whose text leaves in the same
        step of the loop: a note for eight people takes hardly longer than one for one.
        """
        if turn.begun:
            return
        job, called = turn.job, (worker.called for worker in self._workers)
        turns = (turn, *(each for each in called if each is not None and each.job is job and not each.begun))
        job.begun(*(each.recipient.id for each in turns))
        for each in turns:
            each.begun = True

    def _follow(self, worker: Worker, session: Session) -> bytes | None:
        """Return who comes next on this connection, bound to it from now on."""
        if not session.pipelining or self._rounds or self._surplus(worker) or not self._foresight.wanted(worker):
            return None
        worker.following = self._take(worker)
        if worker.following is None:
            return None
        self._foresight.tried(worker)
        loop = asyncio.get_running_loop()
        worker.bound_at = loop.time()
        if self._watch is None:
            self._watch = loop.call_later(BOUND_SECONDS / 2, self._look_after, loop)
        return worker.following.address

    def _look_after(self, loop: asyncio.AbstractEventLoop) -> None:
        """Free those who have been bound too long."""
        bound = [worker for worker in self._workers if worker.following is not None]
        late = [worker for worker in bound if loop.time() - worker.bound_at > BOUND_SECONDS]
        for worker in late:
            self._unbind(worker)
        if late:
            self.wake()
        self._watch = loop.call_later(BOUND_SECONDS / 2, self._look_after, loop) if bound else None

    def _unbind(self, worker: Worker) -> None:
        """Let somebody else serve who was to follow here, if there is anybody."""
        if worker.following is not None:
            worker.following.job.put_back(worker.following.recipient)
            worker.following = None
            if worker.session is not None:
                worker.session.withdraw()

    def _judge(self, worker: Worker, job: Job, recipient: Recipient, verdict: Verdict) -> None:
        if verdict.sender:
            self._sender_refused(worker, job, recipient, verdict)
            return
        job.settle(recipient, verdict)
        if verdict.fate in (Fate.ACCEPTED, Fate.REFUSED):
            self._rounds = 0
            self._foresight.proven = self._foresight.proven or worker.foreseen
            if verdict.fate is Fate.ACCEPTED and self.pace.success():
                self.wake()
        else:
            ahead = worker.foreseen or worker.following is not None
            self._foresight.ended(worker, broken=ahead and not job.over)
            self._unbind(worker)
            worker.session = None
        if verdict.fate in (Fate.UNSENT, Fate.DOUBT) and not job.over:
            self._trouble(DeliveryError(verdict.reason or Reason.LOST, maybe_sent=False, detail=_short(verdict)))

    def _sender_refused(self, worker: Worker, job: Job, recipient: Recipient, verdict: Verdict) -> None:
        """MAIL FROM was refused: no recipient's fault, and the same for all of them."""
        job.put_back(recipient)
        if worker.session is not None:
            worker.session.leave()
            worker.session = None
        login = verdict.reply is not None and verdict.reply.code in AUTH_REFUSED
        reason = Reason.CREDENTIALS if login else verdict.reason or Reason.REJECTED
        error = DeliveryError(reason, maybe_sent=False, detail=_short(verdict))
        if reason is Reason.BUSY:
            self._trouble(error)
        else:
            self._fail(error)

    # ------------------------------------------------------------------ opening, and trouble

    async def _connect(self) -> Session | None:
        """Return an idle or a new session; None after trouble, which has been dealt with then."""
        while self._idle:
            if (session := self._idle.pop()).fresh:
                return session
        if not self._rounds and self._live():
            return await self._open()
        async with self._door:  # the first one, and any after trouble, go in single file
            wait = self._calm_at - self._clock.monotonic()
            if self._rounds and wait > 0:
                await self._clock.sleep(wait)
            return await self._open() if any(job.waiting for job in self._jobs) else None

    async def _open(self) -> Session | None:
        try:
            session = await self._opener()
        except DeliveryError as error:
            if live := self._live():
                self.pace.turned_away(live)
            if error.reason in _PASSING or live:
                self._trouble(error)
            else:
                self._fail(error)
            return None
        self.pace.let_in(self._live() + 1)
        return session

    def _live(self) -> int:
        return sum(worker.session is not None for worker in self._workers)

    def _trouble(self, error: DeliveryError) -> None:
        """Slow down. Troubles within one pause are one round: a relay that restarts drops all connections at once."""
        self.pace.trouble()
        if (now := self._clock.monotonic()) >= self._calm_at:
            self._rounds += 1
            self._calm_at = now + PAUSES[min(self._rounds, len(PAUSES)) - 1]
        if self._rounds > len(PAUSES):
            self._fail(error)

    def _fail(self, error: DeliveryError) -> None:
        self._rounds = 0
        for job in self._jobs:
            job.fail(error)


def _short(verdict: Verdict) -> str:
    return verdict.reply.short if verdict.reply is not None else str(verdict.fate)
