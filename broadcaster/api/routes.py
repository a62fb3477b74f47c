"""The route table: the one place that says what may be asked. The OpenAPI description is made from it."""

from __future__ import annotations

from broadcaster import __version__
from broadcaster.api import shapes
from broadcaster.api.announcing import ANNOUNCING
from broadcaster.api.asking import Ask, Route, get, post
from broadcaster.api.automatic import AUTOMATIC
from broadcaster.api.drafting import DRAFTING
from broadcaster.api.people import PEOPLE
from broadcaster.api.testing import TESTING
from broadcaster.desk import (
    Board,
    Chronology,
    Entries,
    FollowUp,
    Handing,
    Handover,
    Pending,
    Preview,
    Reloaded,
    Report,
    Submitted,
    Verdict,
)
from broadcaster.errors import Conflict, Refused
from broadcaster.model import Delivery, Draft, Problem
from broadcaster.ports.store import Breaking, Past, Stats

LONGEST_KEY = 200


async def _health(ask: Ask) -> shapes.Health:
    return shapes.Health(mode=ask.desk.mode, city=ask.desk.city, version=__version__)


async def _board(ask: Ask) -> Board:
    return await ask.desk.board(ask.limit())


async def _preview(ask: Ask) -> Preview:
    return await ask.desk.preview(ask.body.draft)


async def _submit(ask: Ask) -> Submitted:
    return await ask.desk.submit(ask.body.draft, _handing(ask.body), ask.actor)


async def _report(ask: Ask) -> Report:
    return await ask.desk.report(ask.path["alert"])


async def _prepared(ask: Ask) -> tuple[Draft, ...]:
    return await ask.desk.prepared(ask.path["alert"])


async def _update(ask: Ask) -> Submitted:
    return await ask.desk.update(ask.path["alert"], ask.body.draft, _handing(ask.body), ask.actor)


async def _follow_up(ask: Ask) -> Submitted:
    wish = FollowUp(kind=ask.body.kind, draft=ask.body.draft, silent=ask.body.silent)
    return await ask.desk.follow_up(ask.path["alert"], wish, _handing(ask.body), ask.actor)


async def _submission(ask: Ask) -> Pending:
    return await ask.desk.submission(ask.number("submission"))


async def _approve(ask: Ask) -> Submitted:
    return await ask.desk.approve(ask.number("submission"), ask.body.digest, ask.actor)


async def _break_glass(ask: Ask) -> Breaking:
    number, said = ask.number("submission"), ask.body
    await ask.desk.glass.check(number, said.digest, said.reason)
    await ask.officers.freshly(ask.caller, said.code)
    return await ask.desk.glass.start(number, said.digest, said.reason, ask.actor)


async def _stop_breaking(ask: Ask) -> None:
    await ask.desk.glass.stop(ask.number("submission"), ask.actor, ask.body.reason)


async def _review(ask: Ask) -> None:
    await ask.desk.glass.review(ask.path["alert"], ask.actor, ask.body.note)


async def _hand_back(ask: Ask) -> None:
    await ask.desk.hand_back(ask.number("submission"), ask.actor, ask.body.reason)


async def _decide(ask: Ask) -> Delivery:
    return await ask.desk.decide(ask.number("delivery"), ask.body.verb, ask.actor, ask.body.why)


async def _reopen(ask: Ask) -> None:
    await ask.desk.reopen(ask.path["channel"])


async def _stats(ask: Ask) -> Stats:
    return await ask.desk.subscriber_stats()


async def _reload(ask: Ask) -> Reloaded:
    if ask.reload is None:
        raise Conflict("reload_not_here")
    return await ask.reload()


async def _history(ask: Ask) -> Past:
    return await ask.desk.records.history(ask.maybe("before"), ask.limit())


async def _chronology(ask: Ask) -> Chronology:
    return await ask.desk.records.chronology(ask.number("incident"))


async def _audit(ask: Ask) -> Entries:
    return await ask.desk.records.entries(ask.maybe("after"), ask.limit())


async def _verify(ask: Ask) -> Verdict:
    return await ask.desk.records.verify()


async def _handover(ask: Ask) -> Handover:
    return await ask.desk.records.handover(ask.desk.presence.officers)


async def _put(ask: Ask) -> shapes.Counted:
    added, changed = await ask.desk.put_subscribers(ask.body.subscribers, ask.actor)
    return shapes.Counted(added=added, changed=changed)


async def _remove(ask: Ask) -> shapes.Counted:
    return shapes.Counted(removed=await ask.desk.remove_subscribers(ask.body.addresses, ask.actor))


def _handing(body: shapes.HandIn | shapes.Follow) -> Handing:
    if not 0 < len(body.key) <= LONGEST_KEY:
        raise Refused([Problem(code="key_wrong", place="key")])
    if len(body.source) > LONGEST_KEY:
        raise Refused([Problem(code="too_long", place="source", params={"bound": LONGEST_KEY})])
    return Handing(
        key=body.key,
        digest=body.digest,
        source=body.source,
        draft_id=body.draft_id,
    )


ROUTES: tuple[Route, ...] = (
    get("/health", "Whether the core answers, and which it is", _health, shapes.Health),
    get("/board", "Alerts with their deliveries, submissions, channels", _board, Board, "limit"),
    post("/preview", "Exactly what would go out, with every problem", _preview, shapes.Look, Preview),
    post("/alerts", "Send; the same key gives the same alert", _submit, shapes.HandIn, Submitted),
    get("/alerts/{alert}", "One alert, by identifier or serial, with every attempt", _report, Report),
    get("/alerts/{alert}/prepared", "The drafts ready to follow it", _prepared, tuple[Draft, ...]),
    post("/alerts/{alert}/update", "The next version of its incident", _update, shapes.HandIn, Submitted),
    post("/alerts/{alert}/follow-up", "Correct, cancel or clear it", _follow_up, shapes.Follow, Submitted),
    get("/submissions/{submission}", "What waits for a second person, with its texts", _submission, Pending),
    post("/submissions/{submission}/approve", "Send it as it was shown", _approve, shapes.Approve, Submitted),
    post("/submissions/{submission}/return", "Close it without sending", _hand_back, shapes.HandBack, None),
    post(
        "/submissions/{submission}/break-glass",
        "Send it alone, after a countdown",
        _break_glass,
        shapes.BreakGlass,
        Breaking,
    ),
    post("/submissions/{submission}/break-glass/stop", "Stop that countdown", _stop_breaking, shapes.Stop, None),
    post("/alerts/{alert}/review", "Look at what went out so", _review, shapes.Review, None),
    post("/deliveries/{delivery}/decision", "Resend, hold, release or drop", _decide, shapes.Decide, Delivery),
    post("/channels/{channel}/reopen", "Try a channel again that was taken down", _reopen, None, None),
    get("/alerts", "All alerts, newest first, page by page", _history, Past, "before", "limit"),
    get("/incidents/{incident}/chronology", "All that happened to one incident", _chronology, Chronology),
    get("/audit", "The audit chain page by page; without after its end", _audit, Entries, "after", "limit"),
    get("/audit/verify", "Whether the audit chain holds", _verify, Verdict),
    get("/handover", "What the next shift must know", _handover, Handover),
    get("/subscribers/stats", "Subscribers, counted", _stats, Stats),
    post("/subscribers", "Add or replace by address", _put, shapes.Put, shapes.Counted),
    post("/subscribers/remove", "Delete by address", _remove, shapes.Remove, shapes.Counted),
    post("/reload", "Read plan files and rules again", _reload, None, Reloaded),
    *DRAFTING,
    *PEOPLE,
    *ANNOUNCING,
    *TESTING,
    *AUTOMATIC,
)
