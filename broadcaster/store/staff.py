"""Making officers and tokens: what one has asked for, what a second has agreed to."""

from __future__ import annotations

from datetime import datetime

from broadcaster.errors import Conflict, NotFound
from broadcaster.model import Actor, Role
from broadcaster.ports.store import Change, ChangeVerb, Token, Wish
from broadcaster.rules import staffing
from broadcaster.store import roster, rows, trail
from broadcaster.store.base import Part
from broadcaster.store.rows import maybe_ms, ms, time_of
from broadcaster.store.transaction import Row, Tx


class Staff(Part):
    """Serves the other half of `ports.store.Roster`."""

    async def change(self, wish: Wish, actor: Actor, at: datetime, *, waits: bool) -> int | None:
        """Do it, or let it wait for a second person and return its number. Raise `Conflict`, `NotFound`."""

        def work(tx: Tx) -> int | None:
            _check(tx, wish)
            if waits:
                return _ask(tx, wish, actor, at)
            _do(tx, wish, actor, at)
            return None

        return await self._write(work)

    async def changes(self) -> tuple[Change, ...]:
        """Return those that wait, oldest first."""
        return tuple(_change(row) for row in await self._read(lambda tx: tx.all("roster.changes")))

    async def close_change(self, number: int, actor: Actor, at: datetime, *, confirmed: bool) -> None:
        """Do it, or drop it. Raise `NotFound`, `Conflict`."""

        def work(tx: Tx) -> None:
            row = tx.one("roster.change", id=number)
            if row is None:
                raise NotFound("change_not_found", number=number)
            state, by = "confirmed" if confirmed else "refused", trail.who(actor)
            if not tx.run("roster.close_change", id=number, state=state, closed_by=by):
                raise Conflict("change_closed", number=number, state=row["state"])
            if confirmed:
                _do(tx, _change(row).wish, actor, at, asked_by=trail.who(_change(row).by))
            else:
                body = {"change": number, "verb": row["verb"]}
                trail.append(tx, at=at, event="officer_refused", subject=f"officer {row['officer']}", actor=by, **body)

        await self._write(work)

    async def disable(self, name: str, actor: Actor, at: datetime) -> None:
        """Let nobody in as this person, and end the sessions. Raise `NotFound`, `Conflict`."""

        def work(tx: Tx) -> None:
            _person(tx, name)
            _keep_an_admin(tx, without=name)
            tx.run("roster.set_disabled", officer=name, disabled=1)
            tx.run("roster.end_sessions", officer=name, at=ms(at))
            _note(tx, "officer_disabled", name, actor, at)

        await self._write(work)

    async def unlock(self, name: str, actor: Actor, at: datetime) -> None:
        """Forget wrong tries and the pause they brought. Raise `NotFound`."""

        def work(tx: Tx) -> None:
            _person(tx, name)
            tx.run("roster.unlock", officer=name)
            _note(tx, "officer_unlocked", name, actor, at)

        await self._write(work)

    async def enrol(self, name: str, ticket: str, passphrase: str, step: int, at: datetime) -> bool:
        """Set the passphrase and use up ticket and code. False where either is not, or no longer, good."""

        def work(tx: Tx) -> bool:
            done = tx.run("roster.enrol", officer=name, ticket=ticket, passphrase=passphrase, step=step, at=ms(at))
            if done:
                _note(tx, "officer_enrolled", name, Actor(name=name), at)
            return bool(done)

        return await self._write(work)

    async def set_passphrase(self, name: str, passphrase: str, step: int, keeping: int, at: datetime) -> bool:
        """Take the code, set another passphrase, end all sessions but one. False where the code is taken already."""

        def work(tx: Tx) -> bool:
            if step and not tx.run("roster.take_step", officer=name, step=step):
                return False
            tx.run("roster.set_passphrase", officer=name, passphrase=passphrase)
            tx.run("roster.end_other_sessions", officer=name, keeping=keeping, at=ms(at))
            _note(tx, "passphrase_changed", name, Actor(name=name), at)
            return True

        return await self._write(work)

    async def add_token(self, token: Token, hashed: str, at: datetime) -> None:
        """Let a program act. Raise `Conflict` where the name is taken."""

        def work(tx: Tx) -> None:
            added = tx.run(
                "roster.insert_token",
                token=token.name,
                hash=hashed,
                officer=token.officer.name,
                scopes=roster.listed(token.scopes),
                uid=token.uid,
                made_at=ms(at),
                until=ms(token.until),
            )
            if not added:
                raise Conflict("token_exists", name=token.name)
            body = {"scopes": sorted(token.scopes), "uid": token.uid, "until": token.until.isoformat()}
            by = token.officer.name
            trail.append(tx, at=at, event="token_added", subject=f"token {token.name}", actor=by, **body)

        await self._write(work)

    async def tokens(self) -> tuple[Token, ...]:
        """Return every token, by name."""
        return tuple(roster.token(row) for row in await self._read(lambda tx: tx.all("roster.tokens")))

    async def revoke_token(self, name: str, actor: Actor, at: datetime) -> None:
        """Let it act no more. Raise `NotFound`."""

        def work(tx: Tx) -> None:
            if not tx.run("roster.revoke_token", token=name, at=ms(at)):
                raise NotFound("token_not_found", name=name)
            trail.append(tx, at=at, event="token_revoked", subject=f"token {name}", actor=trail.who(actor))

        await self._write(work)


def _check(tx: Tx, wish: Wish) -> None:
    """Whether it could be done now; it is asked again when it is."""
    found = tx.one("roster.officer", officer=wish.name)
    if wish.verb is ChangeVerb.ADD and found is not None:
        raise Conflict("officer_exists", name=wish.name)
    if wish.verb is not ChangeVerb.ADD and found is None:
        raise NotFound("officer_not_found", name=wish.name)


def _ask(tx: Tx, wish: Wish, actor: Actor, at: datetime) -> int:
    tx.run(
        "roster.insert_change",
        verb=wish.verb.value,
        officer=wish.name,
        body=rows.spelled(wish),
        by=actor.name,
        by_uid=actor.uid,
        at=ms(at),
    )
    number = tx.number("roster.newest_change")
    body = {"change": number, "verb": wish.verb.value, "roles": sorted(wish.roles)}
    trail.append(
        tx, at=at, event="officer_change_asked", subject=f"officer {wish.name}", actor=trail.who(actor), **body
    )
    return number


def _do(tx: Tx, wish: Wish, actor: Actor, at: datetime, asked_by: str = "") -> None:
    """Do it. An entry without `asked_by` says that nobody had to agree, or nobody could."""
    _check(tx, wish)
    if wish.verb is ChangeVerb.ADD:
        tx.run("roster.insert_officer", display=wish.display, second_factor=int(wish.second_factor), **_fresh(wish))
        tx.run("roster.set_roles", officer=wish.name, roles=roster.listed(wish.roles))
    elif wish.verb is ChangeVerb.RESET:
        tx.run("roster.reset_officer", **_fresh(wish))
        tx.run("roster.end_sessions", officer=wish.name, at=ms(at))
    elif wish.verb is ChangeVerb.ROLES:
        if Role.ADMIN not in wish.roles:
            _keep_an_admin(tx, without=wish.name)
        tx.run("roster.set_roles", officer=wish.name, roles=roster.listed(wish.roles))
    else:
        tx.run("roster.set_disabled", officer=wish.name, disabled=0)
    body = {"roles": sorted(wish.roles), "second_factor": wish.second_factor, "asked_by": asked_by}
    _note(tx, f"officer_{_DONE[wish.verb]}", wish.name, actor, at, **body)


_DONE = {
    ChangeVerb.ADD: "added",
    ChangeVerb.RESET: "reset",
    ChangeVerb.ROLES: "roles_set",
    ChangeVerb.ENABLE: "enabled",
}


def _fresh(wish: Wish) -> dict[str, str | int | None]:
    return {
        "officer": wish.name,
        "seed": wish.seed,
        "ticket": wish.ticket,
        "ticket_until": maybe_ms(wish.ticket_until),
    }


def _keep_an_admin(tx: Tx, *, without: str) -> None:
    """An instance without any admin has no way to make one but the owner's."""
    found = staffing.admins(roster.account(row) for row in tx.all("roster.officers"))
    if without in found and len(found) == 1:
        raise Conflict("officer_last_admin", name=without)


def _person(tx: Tx, name: str) -> None:
    if tx.one("roster.officer", officer=name) is None:
        raise NotFound("officer_not_found", name=name)


def _note(tx: Tx, event: str, name: str, actor: Actor, at: datetime, **body: object) -> None:
    trail.append(tx, at=at, event=event, subject=f"officer {name}", actor=trail.who(actor), **body)


def _change(row: Row) -> Change:
    return Change(
        id=row["id"],
        wish=rows.read(Wish, row["body"]),
        by=Actor(name=row["by"], uid=row["by_uid"]),
        at=time_of(row["at"]),
    )
