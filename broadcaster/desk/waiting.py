"""Whether what waits for a second person may still be sent."""

from __future__ import annotations

from broadcaster.desk.values import Office
from broadcaster.errors import Conflict
from broadcaster.ports.store import Submission, SubmissionState
from broadcaster.rules import approval


def check_open(office: Office, submission: Submission, seen: str) -> None:
    """Return if it may be sent as it was seen. Raise `Conflict` where it is closed, too old, or not what was seen."""
    acceptance = submission.acceptance
    if submission.state is not SubmissionState.WAITING:
        raise Conflict("submission_closed", number=submission.id, state=submission.state.value)
    if seen != acceptance.digest:
        raise Conflict("digest_differs", number=submission.id)
    if not approval.fresh(acceptance, office.now(), office.policy):
        raise Conflict("submission_stale", number=submission.id)
