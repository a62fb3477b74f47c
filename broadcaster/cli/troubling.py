"""The options `--x`, `--smtp` and `--page`: what goes wrong in a demonstration or a drill."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from broadcaster.cli.words import words
from broadcaster.demo.trouble import PageTrouble, SmtpTrouble, Trouble, XTrouble

_KINDS = {"x": XTrouble, "smtp": SmtpTrouble, "page": PageTrouble}


def trouble_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the three options, and hand them on as one `Trouble`."""

    @functools.wraps(function)
    def gathered(*arguments: Any, x: str | None, smtp: str | None, page: str | None, **others: Any) -> Any:
        return function(*arguments, trouble=Trouble.of(x=x, smtp=smtp, page=page), **others)

    wrapped: Callable[..., Any] = gathered
    for name, kind in reversed(_KINDS.items()):
        choice = click.Choice([each.value for each in kind])
        wrapped = click.option(f"--{name}", type=choice, help=words(f"help_trouble_{name}"))(wrapped)
    return wrapped
