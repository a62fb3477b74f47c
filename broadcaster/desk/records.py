"""What officers read afterwards, and hand over: all alerts, the life of one incident, the audit chain, the shift."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from broadcaster import audit
from broadcaster.audit import Broken
from broadcaster.desk import board, happenings
from broadcaster.desk.board import Board
from broadcaster.desk.debrief import Debrief, Sent, Written, debrief
from broadcaster.desk.happenings import Happening
from broadcaster.desk.presence import Present
from broadcaster.desk.values import Office
from broadcaster.errors import NotFound
from broadcaster.model import Alert, Delivery, Mode
from broadcaster.ports.store import AlertRow, DraftRow, Entry, Head, Past

SHIFT = timedelta(hours=12)
"""How far a hand-over sheet looks back."""
_SHIFT_ENTRIES = 2_000
"""Entries of the chain that a sheet looks at; a shift with more is told by its newest."""
_BOARD_ROWS = 200
_DEBRIEFED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Chronology:
    """クロノロジー: all that happened to one incident, in the order of time. `rows` are its accepted versions."""

    mode: Mode
    now: datetime
    city: str
    city_en: str
    zone: str
    incident: int
    rows: tuple[AlertRow, ...]
    happenings: tuple[Happening, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """A page of the audit chain, oldest first, and where the chain ends."""

    entries: tuple[Entry, ...]
    head: Head


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether the chain holds. `entries` counts it by its recorded head."""

    whole: bool
    entries: int
    broken: Broken | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """What the next shift must know: the board now, the drafts nobody has sent, and what happened since `since`. `cut`:
    there was more.
    """

    since: datetime
    board: Board
    drafts: tuple[DraftRow, ...]
    happenings: tuple[Happening, ...]
    cut: bool = False


class Records:
    """Reads, and changes nothing."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._store = office.store

    async def history(self, before: int | None, limit: int) -> Past:
        """Return all alerts page by page, newest first."""
        return await self._store.history(self._office.now(), before, limit)

    async def chronology(self, incident: int) -> Chronology:
        """Return the life of one incident. Raise `NotFound` where nothing was ever handed in for it."""
        traces = await self._store.traces(incident)
        if not traces:
            raise NotFound("incident_not_found", incident=incident)
        rows = [await self._store.alert(alert.identifier) for alert in await self._versions(incident)]
        deliveries = [each for row in rows for each in row.deliveries]
        lines = [
            *happenings.told(traces),
            *happenings.decided(await self._store.resolutions(incident)),
            *happenings.interrupted(
                [(each, one) for each in deliveries for one in await self._store.attempts(each.id)]
            ),
            *await self._counts(deliveries),
        ]
        city = self._office.context.city
        return Chronology(
            mode=self._office.mode,
            now=self._office.now(),
            city=city.name,
            city_en=city.name_en,
            zone=city.zone.key,
            incident=incident,
            rows=tuple(rows),
            happenings=happenings.ordered(lines),
        )

    async def debriefs(self, limit: int = _DEBRIEFED) -> tuple[Debrief, ...]:
        """Return how the last incidents went, step by step, oldest first; those too of which nothing is sent yet."""
        past = await self._store.history(self._office.now(), None, _BOARD_ROWS)
        waiting = [each.acceptance.alert.incident for each in await self._store.submissions()]
        last = sorted({*waiting, *(row.alert.incident for row in past.rows)})[-limit:]
        names = {each.officer.name: each.officer.display for each in await self._store.accounts()}
        return tuple([replace(await self._debrief(incident), names=names) for incident in last])

    async def _debrief(self, incident: int) -> Debrief:
        life = await self.chronology(incident)
        deliveries = [each for row in life.rows for each in row.deliveries]
        sent = [Sent(delivery=each, began_at=await self._began(each)) for each in deliveries]
        written = [each for row in life.rows if (each := await self._written(row.alert))]
        told = debrief(incident, life.happenings, sent, written)
        said = {info.language: info.headline for row in life.rows[:1] for info in row.alert.infos}
        return replace(told, said=said)

    async def _written(self, alert: Alert) -> Written | None:
        """Return when and by whom an alert was written at the desk; None for what came from a file."""
        draft = await self._store.draft_of(alert.identifier)
        entries = () if draft is None else await self._store.about(f"draft {draft.id}")
        if draft is None or not entries:
            return None
        opened, composed = entries[0], draft.updated_at
        return Written(serial=alert.serial, who=opened.actor, opened_at=opened.at, composed_at=composed)

    async def _began(self, delivery: Delivery) -> datetime | None:
        return min((each.started_at for each in await self._store.attempts(delivery.id)), default=None)

    async def entries(self, after: int | None, limit: int) -> Entries:
        """Return a page of the audit chain: what follows entry `after`, or without it the newest."""
        head = await self._store.head()
        start = max(0, head.seq - limit) if after is None else after
        return Entries(entries=await self._store.page(start, limit), head=head)

    async def verify(self) -> Verdict:
        """Go through the whole chain, from its first entry to its recorded head."""
        head, broken = await audit.verify_trail(self._store)
        return Verdict(whole=broken is None, entries=head.seq, broken=broken)

    async def handover(self, officers: tuple[Present, ...] = ()) -> Handover:
        """Compose the hand-over sheet of this moment; `officers` are those present."""
        since = self._office.now() - SHIFT
        traces = await self._store.traces_since(since, _SHIFT_ENTRIES)
        return Handover(
            since=since,
            board=await board.board(self._office, _BOARD_ROWS, officers),
            drafts=await self._store.drafts(),
            happenings=happenings.news(happenings.told(traces)),
            cut=len(traces) == _SHIFT_ENTRIES,
        )

    async def _versions(self, incident: int) -> tuple[Alert, ...]:
        """Return the accepted versions; there are none while the first still waits."""
        try:
            return await self._store.incident(incident)
        except NotFound:
            return ()

    async def _counts(self, deliveries: list[Delivery]) -> tuple[Happening, ...]:
        now = self._office.now()
        return happenings.counted([(each, await self._store.tally(each.id, now)) for each in deliveries if each.total])
