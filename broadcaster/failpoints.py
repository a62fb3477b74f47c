"""Named moments at which a test may kill, stop or delay the process. Off, they cost a few look-ups.

`BROADCASTER_FAILPOINTS=a1,w2@3,p1=sleep:5,a2=stop` kills at the first pass of a1, at the third of w2, sleeps 5 s at p1,
and stands still at a2 until it is let go on (SIGCONT). `BROADCASTER_FAILPOINTS_TRACE=FILE` appends the name of every
point passed: the dry run that lists them.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from pathlib import Path

NAMES = {
    "a0": "acceptance: before the transaction",
    "a1": "acceptance: rows written, before the audit entry",
    "a2": "acceptance: before COMMIT",
    "a3": "acceptance: committed, before the caller is told",
    "w0": "dispatch: before the claim",
    "w1": "dispatch: `sending` committed, before the first byte",
    "w2": "dispatch: the provider has answered, before the record",
    "w3": "dispatch: before COMMIT of the record",
    "w4": "dispatch: recorded, before the lane goes on",
    "m1": "mail: recipients claimed, before the first byte",
    "m2": "mail: replies received, before they are recorded",
    "m3": "mail: replies recorded",
    "r1": "recovery: before anything is written",
    "r2": "recovery: epoch written, before the doubts",
    "r3": "recovery: doubts written, before COMMIT",
    "r4": "recovery: committed",
    "p0": "publishing: rendered, nothing written",
    "p1": "publishing: temporary files written",
    "p2": "publishing: synced, before the rename",
    "p3": "publishing: renamed, before the directory is synced",
    "p4": "publishing: compressed copies written, before they are beside the edition",
    "o0": "routine: due, before it is handed in",
    "o1": "routine: occurrence written, before COMMIT",
    "o2": "routine: said, before the alarm clock goes on",
    "u1": "watching: a document read, nothing of it written",
    "u2": "watching: a document taken with all it means",
    "k0": "canary: a test is due, before it is handed in",
    "k1": "canary: sounding written, before COMMIT",
    "k2": "canary: said, before the canary goes on",
    "k3": "canary: somebody was alarmed, before that is written down",
    "g1": "migration: before a step",
    "g2": "migration: step done, before COMMIT",
}

_passed: Counter[str] = Counter()


def hit(name: str, times: int = 1) -> None:
    """Pass the point `name`, so many times; whatever the environment asks for happens here. Raise `KeyError` for an
    unknown name.
    """
    NAMES[name]
    plan, trace = os.environ.get("BROADCASTER_FAILPOINTS"), os.environ.get("BROADCASTER_FAILPOINTS_TRACE")
    if plan or trace:
        for _ in range(times):
            _pass(name, plan, trace)


def _pass(name: str, plan: str | None, trace: str | None) -> None:
    if trace:
        with Path(trace).open("a", encoding="ascii") as file:
            file.write(name + "\n")
    if plan:
        _passed[name] += 1
        _act(plan, name, _passed[name])


def _act(plan: str, name: str, count: int) -> None:
    for item in plan.split(","):
        point, _, action = item.partition("=")
        point, _, when = point.partition("@")
        if point == name and count == int(when or 1):
            if action.startswith("sleep:"):
                time.sleep(float(action.removeprefix("sleep:")))
            elif action == "stop":
                signal.raise_signal(signal.SIGSTOP)  # to this thread, so that it takes no step more
            else:
                os.kill(os.getpid(), signal.SIGKILL)
