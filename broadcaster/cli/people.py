"""Who reads the tables of this call: in the locale's language, knowing officers by the names the core shows them by."""

from __future__ import annotations

from typing import Any

import click

from broadcaster.cli.session import Session
from broadcaster.cli.words import language
from broadcaster.errors import BroadcasterError
from broadcaster.papers.reading import Reader


def reader() -> Reader:
    """Return whoever reads; the core is asked for the names once, and without it everybody is shown by id."""
    context = click.get_current_context(silent=True)
    session = context.find_object(Session) if context else None
    return Reader(language()) if session is None else reader_for(session)


def reader_for(session: Session) -> Reader:
    """Return whoever reads what this call says."""
    if session.names is None:
        session.names = _names(session)
    return Reader(language(), session.names)


def _names(session: Session) -> dict[str, str]:
    try:
        return session.client().names()
    except BroadcasterError:
        return {}


def who(name: Any) -> str:
    """Return how a person is shown."""
    return reader().who(str(name))


def headline(alert: Any) -> str:
    """Return an alert's headline in the locale's language, else in the authoritative one."""
    return Reader(language()).headline(alert)
