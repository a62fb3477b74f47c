"""Whether the draft fits its incident: what refers to an alert needs one, by kind and by its words.

A left-over 解除 that went out with a real order (Miyakojima), and one sent instead of a correction (Otsu 2014), told
people that nothing was wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from broadcaster.model import Alert, Draft, Grade, Info, Kind, Mode, Problem, ResponseType, Status
from broadcaster.rules.checks.texts import LONGEST, folded

_LIFTED = re.compile(
    r"解除(?!され(?:るまで|ていません|ていない|ません|ない)|するまで|まで|していません|していない|しません|の見込|の予定)"
)
_LIFTED_EN = re.compile(r"\b(?:lifted|all[- ]clear)\b(?<!not lifted)", re.IGNORECASE)
_CORRECTED = re.compile(r"訂正|誤報|取り?消し?|撤回")


def problems(draft: Draft, *, live: Sequence[Alert], mode: Mode) -> Iterator[Problem]:
    """Yield where kind, status or words do not fit the incident so far."""
    yield from _status(draft, mode)
    if draft.kind is Kind.TEST:
        yield Problem(code="test_by_hand", place="kind")
    yield from _reference(draft, live)
    if not live:
        yield from _unfounded(draft)
    if draft.silent and draft.kind is Kind.ALERT and _grave(draft):
        yield Problem(code="silent_new", place="silent", blocking=False)


def _grave(draft: Draft) -> bool:
    return any(Grade.of(info.severity, Mode.LIVE) >= Grade.WARNING for info in draft.infos)


def _status(draft: Draft, mode: Mode) -> Iterator[Problem]:
    """An exercise in a live instance would reach everybody (Yamaguchi 2019): it belongs into a drill instance."""
    if mode is Mode.LIVE and draft.status is not Status.ACTUAL:
        yield Problem(code="status_not_actual", place="status", params={"status": draft.status.value})


def _reference(draft: Draft, live: Sequence[Alert]) -> Iterator[Problem]:
    if draft.kind.refers and (draft.incident is None or not live):
        yield Problem(code="reference_missing", place="incident", params={"kind": draft.kind.value})
    elif not draft.kind.refers and draft.incident is not None:
        yield Problem(code="reference_unwanted", place="incident", params={"kind": draft.kind.value})
    elif live and live[-1].kind.ends and draft.kind is not Kind.CORRECTION:
        params = {"kind": draft.kind.value, "serial": live[-1].serial}
        yield Problem(code="incident_ended", place="kind", params=params)


def _unfounded(draft: Draft) -> Iterator[Problem]:
    """Words of lifting or correcting in a message that refers to nothing."""
    if draft.kind.refers:
        return  # told already, by its kind
    routine = draft.kind is Kind.ROUTINE
    for index, info in enumerate(draft.infos):
        place, headline = f"infos[{index}].headline", folded(info.headline[: LONGEST["headline"]])
        if _lifts(info, headline):
            yield Problem(code="lifting_unfounded", place=place)
        elif found := _CORRECTED.search(headline):
            yield Problem(code="correction_unfounded", place=place, params={"word": found[0]}, blocking=not routine)


def _lifts(info: Info, headline: str) -> bool:
    english = _LIFTED_EN.search(info.headline[: LONGEST["headline"]])
    return bool(_LIFTED.search(headline) or english) or ResponseType.ALL_CLEAR in info.response_type
