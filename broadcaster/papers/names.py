"""What templates are called, by those of this installation."""

from __future__ import annotations

from functools import cache

from broadcaster.errors import BroadcasterError


@cache
def template_name(template: str, language: str) -> str:
    """Return an alert template's name in a language, its id where there is no such template."""
    from broadcaster.forms import template_of  # noqa: PLC0415 - only a board with drafts on it needs templates
    from broadcaster.rendering import templates_dir  # noqa: PLC0415 - see above

    try:
        return template_of(templates_dir(), template).name[language]
    except BroadcasterError:
        return template
