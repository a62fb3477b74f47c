"""Announcements by the calendar.

`script` makes words of a plan, `runner` is the alarm clock that says them, `planning` is what people may ask, `folder`
the plan files beside the configuration. What is decided stands in `rules` (`recurrence`, `calendar`, `routine`), and
that an occurrence is said once is the store's doing: its row is written by the transaction that accepts its alert.
"""

from broadcaster.routine.folder import Folder, Shelf, read_folder
from broadcaster.routine.planning import Ahead, Overview, Planning, PlanView, RoutineVerb, Wish
from broadcaster.routine.room import Room, RoutineStore
from broadcaster.routine.runner import Runner
from broadcaster.routine.script import Script

__all__ = [
    "Ahead",
    "Folder",
    "Overview",
    "PlanView",
    "Planning",
    "Room",
    "RoutineStore",
    "RoutineVerb",
    "Runner",
    "Script",
    "Shelf",
    "Wish",
    "read_folder",
]
