"""Who may make officers: nobody alone makes two who could send together."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from broadcaster.model import Actor, Officer, Role
from broadcaster.ports.store import Account, Change, ChangeVerb, Wish
from broadcaster.rules import staffing

NOW = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)
OWNER = Actor(name="broadcaster", uid=990)
A, B = Actor(name="duty-a"), Actor(name="duty-b")
VIEWER, COMPOSER, APPROVER, ADMIN = ({role} for role in Role)


def account(name: str, *roles: Role, enrolled: bool = True, disabled: bool = False) -> Account:
    officer = Officer(name=name, display=name, roles=frozenset(roles), disabled=disabled)
    return Account(officer=officer, passphrase="hash" if enrolled else "", seed="s")


ONE = (account("duty-a", Role.ADMIN, Role.APPROVER),)
TWO = (*ONE, account("duty-b", Role.ADMIN))


def test_an_admin_is_one_who_could_act_now() -> None:
    found = (*TWO, account("gone", Role.ADMIN, disabled=True), account("new", Role.ADMIN, enrolled=False))
    assert staffing.admins((*found, account("writer", Role.COMPOSER))) == ("duty-a", "duty-b")


@pytest.mark.parametrize(
    ("accounts", "asking", "own", "officer", "touched", "waits"),
    [
        ((), OWNER, (), "duty-a", ADMIN, False),  # the first day
        (ONE, OWNER, (), "duty-b", APPROVER, True),
        (ONE, OWNER, (), "duty-b", COMPOSER, True),
        (ONE, OWNER, (), "mayor", VIEWER, False),
        (ONE, OWNER, (), "duty-a", ADMIN, False),  # the only admin has lost the phone
        (TWO, OWNER, (), "duty-a", ADMIN, True),
        (TWO, B, ADMIN, "writer", COMPOSER, False),  # cannot approve what that one hands in
        (TWO, A, ADMIN | APPROVER, "writer", COMPOSER, True),
        (TWO, A, ADMIN | APPROVER, "mayor", VIEWER, False),
        (TWO, B, ADMIN, "third", APPROVER, True),
        (TWO, B, ADMIN, "third", ADMIN, True),
        (ONE, A, ADMIN | APPROVER, "third", ADMIN, True),  # the owner of the service agrees
    ],
)
def test_what_has_to_be_agreed_to(
    *,
    accounts: tuple[Account, ...],
    asking: Actor,
    own: set[Role],
    officer: str,
    touched: set[Role],
    waits: bool,
) -> None:
    assert staffing.waits(accounts, asking, frozenset(own), officer, frozenset(touched)) is waits


@pytest.mark.parametrize(
    ("by", "actor", "owner", "may"),
    [
        (A, B, False, True),
        (A, A, False, False),
        (A, OWNER, True, True),
        (A, Actor(name="someone", uid=1001), False, False),
        (OWNER, OWNER, True, False),
        (OWNER, A, False, True),
        (OWNER, Actor(name="target"), False, False),
        (A, Actor(name="writer"), False, False),
    ],
)
def test_who_is_a_second_one(by: Actor, actor: Actor, owner: bool, may: bool) -> None:
    accounts = (*TWO, account("target", Role.ADMIN), account("writer", Role.COMPOSER))
    change = Change(id=1, wish=Wish(verb=ChangeVerb.RESET, name="target"), by=by, at=NOW)
    assert staffing.may_confirm(change, actor, accounts, owner=owner) is may
