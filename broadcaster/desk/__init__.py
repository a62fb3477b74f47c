"""What people do: preview, submit, approve, follow up, decide on deliveries, and look at the board.

The desk decides nothing by itself: `rules` say what is wrong, who may send and what is owed; the desk brings in the
time, the store and the channels, and makes one accepting transaction of it.
"""

from broadcaster.desk.board import Board, Budget, ChannelState, Countdown, Report
from broadcaster.desk.composing import build_alert, situation
from broadcaster.desk.debrief import Debrief, Mark, Step
from broadcaster.desk.desk import Desk
from broadcaster.desk.happenings import Happening
from broadcaster.desk.inspection import Found, inspect
from broadcaster.desk.pending import Pending
from broadcaster.desk.presence import Presence, Present
from broadcaster.desk.preview import ChannelPreview, Preview
from broadcaster.desk.records import Chronology, Entries, Handover, Records, Verdict
from broadcaster.desk.values import DeskStore, Firing, FollowUp, Handing, Office, Reloaded, Submitted

__all__ = [
    "Board",
    "Budget",
    "ChannelPreview",
    "ChannelState",
    "Chronology",
    "Countdown",
    "Debrief",
    "Desk",
    "DeskStore",
    "Entries",
    "Firing",
    "FollowUp",
    "Found",
    "Handing",
    "Handover",
    "Happening",
    "Mark",
    "Office",
    "Pending",
    "Presence",
    "Present",
    "Preview",
    "Records",
    "Reloaded",
    "Report",
    "Step",
    "Submitted",
    "Verdict",
    "build_alert",
    "inspect",
    "situation",
]
