"""Rules that may speak without a person: who let them, what stops them, and that an event is spoken of once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from broadcaster.errors import Conflict, Forbidden, NotFound
from broadcaster.model import Actor, Mode
from broadcaster.ports.store import Consent, Speaking, Spoken, Standing, Stop
from broadcaster.rules import automatic
from broadcaster.store import intake, rows, trail
from broadcaster.store.base import Part
from broadcaster.store.rows import maybe_time, ms, time_of
from broadcaster.store.transaction import Row, Tx

_DAY = timedelta(days=1)
_SUBJECT = "automatic sending"


class Automatic(Part):
    """Serves `ports.store.AutomaticBook`."""

    async def consents(self) -> tuple[Consent, ...]:
        """Return every rule's approval, by rule."""
        return tuple(map(_consent, await self._read(lambda tx: tx.all("automatic.consents"))))

    async def consent(self, given: Consent, mode: Mode) -> Consent:
        """Write down one person's word for a rule. Raise `Forbidden`."""
        return await self._write(lambda tx: _agree(tx, given, mode))

    async def automatic_stop(self) -> Stop | None:
        """Return whether all of it is stopped."""
        return await self._read(_stop)

    async def hold_automatic(self, actor: Actor, at: datetime, why: str) -> Stop:
        """Stop all of it."""
        return await self._write(lambda tx: _hold(tx, actor, at, why))

    async def release_automatic(self, actor: Actor, at: datetime) -> None:
        """Let it go on. Raise `Conflict`."""

        def work(tx: Tx) -> None:
            if not tx.run("automatic.release"):
                raise Conflict("automatic_not_stopped")
            trail.append(tx, at=at, event="automatic_released", subject=_SUBJECT, actor=trail.who(actor))

        await self._write(work)

    async def standing(self, rule: str, key: str, now: datetime) -> Standing:
        """Return what decides whether this rule may speak of this event now."""
        return await self._read(lambda tx: _standing(tx, rule, key, now))


def speak(tx: Tx, speaking: Speaking, draft: int) -> None:
    """Accept what is said by itself, from this draft, within the caller's transaction. Raise `Conflict`."""
    acceptance, rule = speaking.acceptance, speaking.licence.rule
    why = automatic.forbidden(speaking.licence, _standing(tx, rule, speaking.key, acceptance.at), acceptance.at)
    if why:
        raise Conflict("automatic_overtaken", rule=rule, why=why)
    intake.accept_one(tx, replace(acceptance, draft=draft), None)
    alert = acceptance.alert
    tx.run("automatic.speak", key=speaking.key, rule=rule, alert=alert.identifier, at=ms(acceptance.at))
    trail.append(
        tx, at=acceptance.at, event="automatic_sent", subject=alert.identifier, rule=rule, key=speaking.key, draft=draft
    )


def _standing(tx: Tx, rule: str, key: str, now: datetime) -> Standing:
    row = tx.one("automatic.consent", rule=rule)
    return Standing(
        consent=None if row is None else _consent(row),
        stop=_stop(tx),
        lately=tuple(_spoken(each) for each in tx.all("automatic.lately", since=ms(now - _DAY))),
        already=bool(tx.number("automatic.already", key=key)),
    )


def _agree(tx: Tx, given: Consent, mode: Mode) -> Consent:
    rule, actor, row = given.rule, given.first, tx.one("automatic.consent", rule=given.rule)
    known = None if row is None else _consent(row)
    first = known is None or known.digest != given.digest
    if known is not None and not first and not automatic.may_second(known.first, actor, mode):
        raise Forbidden("automatic_same_person", rule=rule, actor=actor.name)
    event = "automatic_proposed" if first else "automatic_approved"
    by, at = rows.spelled(actor), given.first_at
    if tx.run("automatic.first" if first else "automatic.second", rule=rule, digest=given.digest, actor=by, at=ms(at)):
        trail.append(tx, at=at, event=event, subject=f"rule {rule}", actor=trail.who(actor), digest=given.digest)
    return _fetch(tx, rule)


def _fetch(tx: Tx, rule: str) -> Consent:
    row = tx.one("automatic.consent", rule=rule)
    if row is None:
        raise NotFound("automatic_rule_not_found", rule=rule)
    return _consent(row)


def _hold(tx: Tx, actor: Actor, at: datetime, why: str) -> Stop:
    by = trail.who(actor)
    if tx.run("automatic.hold", by=by, at=ms(at), why=why):
        trail.append(tx, at=at, event="automatic_held", subject=_SUBJECT, actor=by, why=why)
    return _stop(tx) or Stop(by=by, at=at, why=why)


def _stop(tx: Tx) -> Stop | None:
    row = tx.one("automatic.stop")
    return None if row is None else Stop(by=row["by"], at=time_of(row["at"]), why=row["why"])


def _consent(row: Row) -> Consent:
    return Consent(
        rule=row["rule"],
        digest=row["digest"],
        first=rows.read(Actor, row["first"]),
        first_at=time_of(row["first_at"]),
        second=rows.read(Actor, row["second"]) if row["second"] else None,
        second_at=maybe_time(row["second_at"]),
    )


def _spoken(row: Row) -> Spoken:
    return Spoken(rule=row["rule"], key=row["key"], alert=row["alert"], at=time_of(row["at"]))
