"""Chronology and hand-over sheet as text: every happening has words in both languages, and no cell does harm."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest

import broadcaster.store
from broadcaster import catalog
from broadcaster.papers.cells import markdown, neutral
from broadcaster.papers.chronology import BOM, as_csv, as_lines, as_markdown
from broadcaster.papers.handover import sections, sheet_lines, sheet_markdown
from broadcaster.papers.marks import marked
from broadcaster.papers.reading import Reader
from broadcaster.papers.telling import Teller

ZONE = "Asia/Tokyo"
AT = "2026-11-25T05:05:09+00:00"
HOSTILE = '=HYPERLINK("http://evil.example","x")|<script>[b]\x1b[31m\n@SUM(1)'


def say(language: str, **names: str) -> Reader:
    return Reader(language, names)


def happening(code: str = "submitted", **changes: Any) -> dict[str, Any]:
    whole = {
        "at": AT, "code": code, "seq": 3, "who": "当直A", "serial": "7-1", "headline": "", "channel": "", "target": "",
        "delivery": 0, "params": {"subject": "submission 3"},
    }  # fmt: skip
    return whole | changes


def chronology(*happenings: dict[str, Any], headline: str = "避難指示") -> dict[str, Any]:
    info = {"language": "ja", "headline": headline, "areas": []}
    rows = [{"alert": {"incident": 0, "version": 1, "infos": [info]}}]
    return {
        "mode": "live", "now": AT, "city": "東大和市", "city_en": "", "zone": ZONE, "incident": 7, "rows": rows,
        "happenings": list(happenings),
    }  # fmt: skip


TRIED = {"attempt": 1, "outcome": "in_doubt", "reason": "timeout", "ref": "", "before": "sending", "after": "in_doubt",
         "possible_duplicate": True}  # fmt: skip
EVERYTHING: dict[str, dict[str, Any]] = {
    "submitted": {},
    "returned": {"reason": "誤字"},
    "approved_second_person": {"reason": ""},
    "approved_break_glass": {"reason": "誰も出ない"},
    "approved_prepared": {"reason": ""},
    "accepted": {"kind": "alert", "level": 4, "areas": "芋窪", "expires": AT, "channels": "twitter, mail"},
    "tried": TRIED,
    "looked": TRIED,
    "late": {"attempt": 1, "outcome": "accepted"},
    "ended": {"before": "ready", "after": "expired"},
    "decided": {"verb": "hold", "why": "待つ", "before": "ready", "after": "held"},
    "resolved": {"verb": "ready", "why": "absent"},
    "interrupted": {"attempt": 2},
    "counted": {"total": 9, "accepted": 5, "failed": 1, "open": 2, "unknown": 1, "duplicates": 0},
    "started": {"interrupted": 0},
    "restored": {"held": 1, "doubts": 1},
    "older_store": {"held": 1, "doubts": 1, "known": 9, "found": 5},
    "subscribers_put": {"added": 1, "changed": 2},
    "subscribers_removed": {"removed": 1},
    "addresses_refused": {"refused": 1, "believed": True, "suppressed": 0},
    "break_glass_started": {"reason": "誰も出ない", "due_at": AT},
    "break_glass_stopped": {"reason": "人が来た"},
    "break_glass_lapsed": {"why": "overtaken"},
    "reviewed": {"note": "よし"},
    "login_failed": {},
    "session_began": {},
    "session_ended": {},
    "occurrence": {"due": AT, "part": "announce", "state": "suspended", "reason": "emergency"},
    "occurrence_decided": {"due": AT, "part": "announce", "state": "skipped", "why": "雨"},
    "occurrences_again": {"count": 2},
    "plan_put": {},
    "officer_added": {},
    "officer_enrolled": {},
    "officer_reset": {},
    "officer_roles_set": {},
    "officer_enabled": {},
    "officer_disabled": {},
    "officer_unlocked": {},
    "officer_refused": {},
    "officer_change_asked": {},
    "token_added": {},
    "token_revoked": {},
    "feed_heard": {},
    "draft_opened": {},
    "draft_joined": {},
    "draft_dropped": {},
    "sounding": {"state": "skipped", "reason": "emergency"},
    "canary_silent": {"detail": "canary_unseen"},
    "canary_answers": {"detail": "2026-11-25T05:05:00Z"},
    "canary_told": {"detail": "webhook: ok"},
    "canary_untold": {"detail": "mail: timeout"},
    "canary_forgotten": {},
    "plan_approved": {},
    "plan_retired": {"why": "終わり"},
}


@pytest.mark.parametrize("language", catalog.LANGUAGES)
@pytest.mark.parametrize("code", sorted(EVERYTHING))
def test_every_happening_has_words(language: str, code: str) -> None:
    teller = Teller(say(language), ZONE)
    told = teller.tell(happening(code, params={"subject": "s", **EVERYTHING[code]}, headline="避難指示"))
    assert told.what
    assert not told.what.startswith(f"{code} (")
    assert (told.at.hour, told.at.minute) == (14, 5)


@pytest.mark.parametrize("language", catalog.LANGUAGES)
def test_every_event_the_store_writes_has_a_sentence_and_a_name(language: str) -> None:
    """`recorded` is told as a try or a look, `accepted` with its approvals."""
    store = Path(broadcaster.store.__file__).parent
    text = "\n".join(path.read_text(encoding="utf-8") for path in store.glob("*.py"))
    events = set(re.findall(r'(?:event=|_note\(tx, )"([a-z_]+)"', text))
    known = catalog.sentences(language)
    assert len(events) > 25
    assert {event for event in events - {"recorded"} if f"told_{event}" not in known} == set()
    assert {event for event in events if f"event_{event}" not in known} == set()


@pytest.mark.parametrize(
    ("subject", "said"),
    [("officer duty-a", "duty-a"), ("draft 3", "下書き 3 番"), ("test 2026-11-25T05:05:00+00:00", "11/25 14:05")],
)
def test_what_it_is_about_is_said_in_words(subject: str, said: str) -> None:
    state = {"state": "sent", "reason": ""}
    for code in ("draft_opened", "sounding"):
        assert said in Teller(say("ja"), ZONE).tell(happening(code, params={"subject": subject, **state})).what


def test_a_word_in_a_sentence_is_the_readers() -> None:
    tried = happening("tried", params=TRIED, channel="mail", target="subscribers", who="")
    told = Teller(say("ja"), ZONE).tell(tried)
    assert (told.where, told.who) == ("メール", "自動")
    assert told.what == "送信 1 回目 不明 -> 確認中 〔二重の可能性〕"
    assert "in doubt" in Teller(say("en"), ZONE).tell(tried).what


def test_what_was_accepted_is_told_in_the_readers_words() -> None:
    areas = [{"area_desc": "Imokubo"}]
    infos = [{"language": "ja", "headline": "避難指示"}, {"language": "en", "headline": "Order", "areas": areas}]
    alert = {"incident": 7, "version": 1, "infos": infos}
    accepted = happening("accepted", params=EVERYTHING["accepted"], headline="避難指示")
    assert 'alert accepted "Order" level 4 for Imokubo' in Teller(say("en"), ZONE, [alert]).tell(accepted).what
    added = happening("officer_added", params={"subject": "officer duty-b"})
    assert "当直B" in Teller(say("ja", **{"duty-b": "当直B"}), ZONE).tell(added).what


def test_what_the_catalogue_does_not_know_is_told_all_the_same() -> None:
    told = Teller(say("ja"), ZONE).tell(happening("quarantined", params={"subject": "epoch 3", "node": "a"}))
    assert told.what == "quarantined (epoch 3) node=a"


@pytest.mark.fault(98)
@pytest.mark.parametrize("language", catalog.LANGUAGES)
def test_no_cell_of_the_csv_is_a_formula(language: str) -> None:
    hostile = happening("returned", who="=1+1", serial="@x", params={"reason": HOSTILE}, channel="-cmd", target="+x")
    unknown = happening("=cmd", params={"subject": HOSTILE})
    table = as_csv(chronology(hostile, unknown), say(language))
    assert table.startswith(BOM)
    rows = list(csv.reader(io.StringIO(table.removeprefix(BOM)), strict=True))
    assert len(rows) == 3
    assert {len(row) for row in rows} == {6}
    for cell in (cell for row in rows for cell in row):
        assert cell[:1] not in ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
        assert neutral(cell) == cell or cell.startswith("'")
        assert "\x1b" not in cell
        assert "\n" not in cell


@pytest.mark.fault(98)
def test_markdown_and_the_terminal_show_what_was_written_and_obey_nothing() -> None:
    hostile = chronology(happening("returned", params={"reason": HOSTILE}), headline=HOSTILE)
    report = as_markdown(hostile, say("ja"))
    assert "<script>" not in report
    assert r"\<script\>\[b\]" in report
    table = [line for line in report.splitlines() if line.startswith("| 2026")]
    assert len(table) == 1
    assert table[0].replace(r"\|", "").count("|") == 7
    assert all("\x1b" not in line and "\n" not in line for line in as_lines(hostile, say("en")))
    assert markdown("a\nb") == "a b"


def board(**changes: Any) -> dict[str, Any]:
    info = {
        "language": "ja",
        "headline": "避難指示",
        "areas": [{"area_desc": "芋窪"}, {"area_desc": "蔵敷"}],
        "expires": AT,
    }
    alert = {"identifier": "a", "incident": 7, "version": 1, "infos": [info]}
    delivery = {"id": 5, "channel": "mail", "target": "subscribers", "state": "failed", "reason": "rejected",
                "possible_duplicate": False}  # fmt: skip
    row = {
        "alert": alert, "in_force": True, "accepted_at": AT, "deliveries": [delivery], "unreviewed": True,
        "approved_by": "当直B",
    }  # fmt: skip
    acceptance = {"alert": alert, "author": {"name": "当直A"}, "at": AT}
    whole = {
        "mode": "live", "now": AT, "city": "東大和市", "city_en": "Higashiyamato City", "zone": ZONE, "rows": [row],
        "waiting": [{"id": 3, "acceptance": acceptance}],
        "channels": [
            {"channel": "twitter", "down": "suspended", "budgets": []},
            {"channel": "mail", "down": "", "budgets": [
                {"name": "money", "unit": "microusd", "left": 1_500_000, "amount": 5_000_000},
                {"name": "weekly", "unit": "posts", "left": 1200, "amount": 2400},
            ]},
        ],
        "breaking": [{"submission": 3, "by": "当直A", "reason": "誰も出ない", "due_at": AT}],
        "officers": [{"name": "duty-a", "display": "当直A", "since": AT}],
        "canary": [
            {"organ": "channel", "name": "mail", "silent_since": AT, "reason": "canary_unsaid",
             "params": {"state": "retry_wait", "reason": "connect"}},
            {"organ": "address", "name": "https://city.example/", "silent_since": None, "reason": "", "params": {}},
        ],
    }  # fmt: skip
    return whole | changes


def sheet(**changes: Any) -> dict[str, Any]:
    draft = {"id": 9, "title": "断水", "body": {}, "updated_by": {"name": "当直B"}, "updated_at": AT}
    return {"since": AT, "board": board(**changes), "drafts": [draft], "happenings": [happening()], "cut": False}


def test_the_sheet_says_what_the_next_shift_must_know() -> None:
    found = {each.title: each.lines for each in sections(sheet(), say("ja"))}
    assert found["発令中・有効なもの"] == ("7-1 避難指示（対象 芋窪、蔵敷、有効 11/25 14:05 まで）",)
    assert found["承認待ち"] == ("3 番「避難指示」（当直A、11/25 14:05 提出）",)
    assert found["対応が必要なもの"][0].startswith("[5] 7-1 メール: 届いていません")
    assert found["手段の状態"][0] == "X（Twitter）：止まっています（アカウントが止められています）"
    assert found["手段の状態"][1] == "メール：動いています  $1.50/$5.00  weekly 残り 1,200/2,400"
    assert found["手段の状態"][2].startswith(
        "メール：11/25 14:05 から、試験配信が届いていません（再送待ち：つながりません）"
    )
    assert len(found["手段の状態"]) == 3
    assert found["一人で送ったもの（確認が必要）"] == (
        "3 番は 11/25 14:05 に一人の判断で送られます（当直A：誰も出ない）",
        "7-1 は 当直B さんが一人で送りました。承認者が内容を確かめて記録してください",
    )
    assert found["書きかけ"] == ("9 番「断水」（当直B、11/25 14:05）",)
    assert found["在席"] == ("当直A（11/25 14:05 から）",)
    assert found["この 12 時間"] == ("11/25 14:05  7-1  提出（二人目の承認待ち）  (当直A)",)


def test_nothing_to_tell_is_told_too() -> None:
    calm = sheet(rows=[], waiting=[], breaking=[], officers=[]) | {"happenings": [], "drafts": []}
    text = "\n".join(sheet_lines(calm, say("en")))
    assert text.count("  none") == 7
    assert "==" in text


def test_a_sheet_that_left_something_out_says_so() -> None:
    lines = sections(sheet() | {"cut": True}, say("en"))[-1].lines
    assert "only what happened since 11/25 14:05" in lines[0]


@pytest.mark.fault(98)
def test_the_sheet_as_markdown_shows_hostile_words_as_they_are() -> None:
    hostile = sheet() | {"happenings": [happening("returned", params={"reason": HOSTILE})]}
    report = sheet_markdown(hostile, say("ja"))
    assert "<script>" not in report
    assert "\x1b" not in report


def test_changes_are_marked_by_signs() -> None:
    assert marked("14:05 避難", "15:10 避難") == "[-14:05-]{+15:10+} 避難"
    assert marked("同じ", "同じ") == "同じ"
