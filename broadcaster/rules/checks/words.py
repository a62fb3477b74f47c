"""Words that are left over, abolished, or of another mode."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from broadcaster.model import Mode, Problem
from broadcaster.rules.checks.texts import Field, folded

_NUMERAL = "一二三四五六七八九十百千万億"
_LEFTOVER = re.compile(
    r"\{\{[^{}\n]{0,60}\}\}|\{\{|\}\}|\{%|%\}|\$\{\w*\}?|\{[a-z_]+\}"  # a template's own marks
    r"|未入力|未記入|要入力"  # "避難人数:未入力" was sent to a whole ward (2024)
    r"|○{2,}|◯{2,}"
    rf"|(?<![{_NUMERAL}〇])〇{{2,}}(?![{_NUMERAL}〇])"  # 〇 is also a digit: 二〇〇〇
    r"|(?<![A-Za-z0-9Ａ-Ｚａ-ｚ０-９/._-])[XxＸｘ]{2,}(?![A-Za-z0-9Ａ-Ｚａ-ｚ０-９_-])"  # not XXL, not in an address
)
_ORNAMENT = re.compile(r"●{2,}|△{2,}|▲{2,}|□{2,}|×{2,}|＿{2,}|_{3,}|？{3,}|\?{3,}")
"""Used as blanks by some and as ornaments by others: told, not refused."""
_ABOLISHED = ("避難勧告", "避難準備情報", "避難準備・高齢者等避難開始", "避難指示(緊急)")
"""Names of before May 2021 (2021 revision of the Disaster Countermeasures Basic Act)."""
DRILL_MARK = "【訓練】"
_SHOWN = 30
_MOST = 10
"""Blanks that are told of one text; a text with more was never filled in at all."""


def problems(texts: Iterable[Field], mode: Mode) -> Iterator[Problem]:
    """Yield what is left over, abolished or a drill's mark in a live text."""
    for field in texts:
        if field.name in ("language", "geocode", "channel"):
            continue
        yield from _left_over(field)
        plain = folded(field.text)
        for word in _ABOLISHED:
            if word in plain:
                yield Problem(code="word_abolished", place=field.place, params={"word": word})
        if mode is Mode.LIVE and DRILL_MARK in plain:
            yield Problem(code="drill_mark_live", place=field.place, params={"mark": DRILL_MARK})


def _left_over(field: Field) -> Iterator[Problem]:
    left = dict.fromkeys(found[0][:_SHOWN] for found in _LEFTOVER.finditer(field.text))
    for each in islice(left, _MOST):
        yield Problem(code="placeholder_left", place=field.place, params={"found": each})
    if not left and (found := _ORNAMENT.search(field.text)):
        params = {"found": found[0][:_SHOWN]}
        yield Problem(code="placeholder_maybe", place=field.place, params=params, blocking=False)
