"""A form being filled: what an officer has chosen and typed so far, before it is a draft.

A sheet is a frozen value. It says which template it fills (or carries its own frame where it fills none), and comes as
JSON to be kept with the desk. `Press` turns it into a `Draft`, and tells every problem at once with the field it
belongs to. The desk's compose screen and the line mode fill the same sheets.
"""

from broadcaster.sheet.cleaning import LONGEST_PASTE, Cleaned, clean
from broadcaster.sheet.difference import Difference, differences
from broadcaster.sheet.press import Press
from broadcaster.sheet.sheet import FIELDS, Frame, Sheet, Wording, from_json, of_alert, to_json

__all__ = [
    "FIELDS",
    "LONGEST_PASTE",
    "Cleaned",
    "Difference",
    "Frame",
    "Press",
    "Sheet",
    "Wording",
    "clean",
    "differences",
    "from_json",
    "of_alert",
    "to_json",
]
