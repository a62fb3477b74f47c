"""Alert templates as forms: declared slots in, a `Draft` out.

A template is one TOML file under templates/alerts/. It says what the alert is in CAP's words (kind, level,
severity ...), declares its slots (each with a meaning, an example, a kind and a length, so that a form can be built
from it), and holds headline, description and instruction per language as Jinja2 text. Values come as text, as a person
types them: `areas` for every language, `areas.en` where English wants other words.
"""

from broadcaster.forms.areas import SEPARATORS, AreaWords, contact
from broadcaster.forms.forms import Forms, template_of
from broadcaster.forms.template import ISSUED, Slot, SlotKind, Template, Words, parse

__all__ = [
    "ISSUED",
    "SEPARATORS",
    "AreaWords",
    "Forms",
    "Slot",
    "SlotKind",
    "Template",
    "Words",
    "contact",
    "parse",
    "template_of",
]
