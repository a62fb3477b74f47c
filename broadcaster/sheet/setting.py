"""Sheets pressed in an officer's program: by the desk's city and rules, with the templates of this installation. Apart
from the rest of the room, since it brings Jinja2 along.
"""

from __future__ import annotations

from typing import Any

from broadcaster.documents import city_of, load
from broadcaster.forms import Forms
from broadcaster.model import Mode
from broadcaster.rendering import Templates, templates_dir
from broadcaster.rules.policy import Policy
from broadcaster.sheet import Press


def press_of(setting: Any) -> Press:
    """Return the press for the city the core speaks for, as `GET /setting` tells it."""
    city = city_of(setting["city"])
    forms = Forms(templates_dir(), Templates(city.zone))
    return Press(forms=forms, city=city, mode=Mode(setting["mode"]), policy=load(Policy, setting["policy"]))
