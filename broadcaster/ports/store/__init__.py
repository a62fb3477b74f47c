"""What the core asks of the store, cut by who asks. One class may serve all of them.

Every method is one transaction, or one snapshot where it only reads. Every method may raise `StoreError`.
"""

from broadcaster.ports.store.archive import AlertRow, Archive, Past, Resolution
from broadcaster.ports.store.automatic import AutomaticBook, Consent, Licence, Limits, Speaking, Spoken, Standing, Stop
from broadcaster.ports.store.canary import Beat, CanaryBook
from broadcaster.ports.store.drafts import DraftChange, DraftRow, Drafts, DraftState, NewDraft
from broadcaster.ports.store.feeds import Drafting, Feeds, FeedState, Heard, SubjectKnown, Taking, Told
from broadcaster.ports.store.glass import Breaking, Glass
from broadcaster.ports.store.intake import (
    Acceptance,
    Approval,
    ApprovalBy,
    Decision,
    Intake,
    Known,
    Planned,
    Submission,
    SubmissionState,
    Verb,
)
from broadcaster.ports.store.ledger import Counting, RecipientBook, RecipientResult, Tally
from broadcaster.ports.store.outbox import Breaker, Claim, Due, Lane, Outbox, Settlement, Spent, Standby, Work
from broadcaster.ports.store.people import AuditTrail, Entry, Head, Register, Stats, Subscribers, Trace
from broadcaster.ports.store.roster import Account, Change, ChangeVerb, Roster, Session, Token, Wish
from broadcaster.ports.store.routine import Choice, Coming, RoutineBook

__all__ = [
    "Acceptance",
    "Account",
    "AlertRow",
    "Approval",
    "ApprovalBy",
    "Archive",
    "AuditTrail",
    "AutomaticBook",
    "Beat",
    "Breaker",
    "Breaking",
    "CanaryBook",
    "Change",
    "ChangeVerb",
    "Choice",
    "Claim",
    "Coming",
    "Consent",
    "Counting",
    "Decision",
    "DraftChange",
    "DraftRow",
    "DraftState",
    "Drafting",
    "Drafts",
    "Due",
    "Entry",
    "FeedState",
    "Feeds",
    "Glass",
    "Head",
    "Heard",
    "Intake",
    "Known",
    "Lane",
    "Licence",
    "Limits",
    "NewDraft",
    "Outbox",
    "Past",
    "Planned",
    "RecipientBook",
    "RecipientResult",
    "Register",
    "Resolution",
    "Roster",
    "RoutineBook",
    "Session",
    "Settlement",
    "Speaking",
    "Spent",
    "Spoken",
    "Standby",
    "Standing",
    "Stats",
    "Stop",
    "SubjectKnown",
    "Submission",
    "SubmissionState",
    "Subscribers",
    "Taking",
    "Tally",
    "Token",
    "Told",
    "Trace",
    "Verb",
    "Wish",
    "Work",
]
