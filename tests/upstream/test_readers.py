"""Telegrams, CAP and feeds: what they say is read by code; what is hostile or broken says nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from broadcaster.errors import FeedUnreadable
from broadcaster.model import Change
from broadcaster.rules.hazards import hazard_of, level_of
from broadcaster.rules.watching import Step, Watch, findings
from broadcaster.upstream import cap, index, jma
from broadcaster.upstream.xml import MOST_BYTES, MOST_DEPTH, moment, parse
from tests.upstream import wire
from tests.upstream.wire import CITY, item, kind, telegram

BULLETINS = Path(__file__).parents[1] / "fixtures" / "jma"
"""Telegrams written by hand in the agency's format, of types it has no sample of; they are valid by its schema."""


def refused(read: Callable[[], object]) -> str:
    with pytest.raises(FeedUnreadable) as caught:
        read()
    return caught.value.code


# ------------------------------------------------------------------ telegrams


def test_a_telegram_says_who_when_and_what_of_which_area() -> None:
    data = telegram(
        item(kind("03", "レベル３大雨警報", "発表"), kind("14", "雷注意報", "継続")), serial="2", event_id="E1"
    )
    notice = jma.read(data, "VPWW55", "urn:1")
    assert (notice.type, notice.identifier, notice.live, notice.change) == ("VPWW55", "urn:1", True, Change.ISSUED)
    assert (notice.event_id, notice.serial, notice.sender) == ("E1", 2, "気象庁")
    assert notice.reported_at == datetime(2026, 6, 20, 5, 5, tzinfo=UTC)
    assert [(each.code, each.place.code, each.ended) for each in notice.warnings] == [
        ("03", CITY, False),
        ("14", CITY, False),
    ]


def test_one_code_under_two_names_is_one_code() -> None:
    old, new = (telegram(item(kind("33", name, "発表"))) for name in ("大雨特別警報", "レベル５大雨特別警報"))
    first, second = (jma.read(data, "VPWW54", "x").warnings[0] for data in (old, new))
    assert (first.code, hazard_of(first.code), level_of(first.code)) == ("33", "rain", 5)
    assert first.code == second.code


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (kind("00", "解除", "解除"), ""),
        (kind("03", "大雨警報", "解除"), "03"),
        ("<Kind><Status>発表警報・注意報はなし</Status></Kind>", ""),
        (kind("0", "なし", "なし"), "0"),
    ],
)
def test_a_lifting_is_said_and_not_inferred(said: str, code: str) -> None:
    (warned,) = jma.read(telegram(item(said)), "VPWW54", "x").warnings
    assert (warned.code, warned.ended) == (code, True)


def test_a_kind_told_by_its_name_alone_is_nothing() -> None:
    notice = jma.read(telegram(item("<Kind><Name>震度６弱</Name></Kind>")), "VXSE51", "x")
    assert notice.warnings == ()


def test_a_tag_is_told_by_its_condition() -> None:
    tag = "<Kind><Name>情報タグ</Name><Condition>線状降水帯発生</Condition></Kind>"
    (warned,) = jma.read(telegram(item(tag)), "VPBS50", "x").warnings
    assert (warned.code, warned.ended) == ("線状降水帯発生", False)


def test_a_tsunami_is_told_by_category() -> None:
    said = "<Category><Kind><Name>津波警報</Name><Code>51</Code></Kind><LastKind><Code>00</Code></LastKind></Category>"
    area = "<Area><Name>東京湾内湾</Name><Code>312</Code></Area>"
    body = f"<Tsunami><Forecast><Item>{area}{said}</Item></Forecast></Tsunami>"
    (warned,) = jma.read(telegram(body=body), "VTSE41", "x").warnings
    assert (warned.code, warned.place.code) == ("51", "312")


def test_intensities_are_told_by_municipality() -> None:
    notice = jma.read(wire.quake((CITY, "5-"), ("1320200", "4")), "VXSE53", "x")
    assert [(each.code, each.place.code) for each in notice.warnings] == [
        ("intensity:5-", CITY),
        ("intensity:4", "1320200"),
    ]


def test_a_river_is_told_by_its_own_codes_and_by_the_cities_that_may_be_under_water() -> None:
    notice = jma.read((BULLETINS / "VXKO60.xml").read_bytes(), "VXKO60", "x")
    assert (notice.live, notice.serial, notice.event_id) == (True, 2, "890000000101")
    assert {each.code for each in notice.warnings} == {"30"}
    assert {each.place.code for each in notice.warnings} >= {"8900000001", CITY, "1322300", "1321300"}
    river = Watch(name="river", template="flood-level3", areas=frozenset({CITY}), types=frozenset({"VXKO"}))
    (found,) = findings(notice, replace(river, codes=frozenset({"30", "40", "50"})), {})
    assert (found.step, found.key) == (Step.DRAFT, "VXKO:890000000101")
    assert not replace(river, types=frozenset({"VXKO50"})).hears("VXKO60")


def test_a_tsunami_bulletin_is_told_by_its_forecast_and_not_by_what_was_observed() -> None:
    notice = jma.read((BULLETINS / "VTSE51.xml").read_bytes(), "VTSE51", "x")
    assert [(each.code, each.place.code) for each in notice.warnings] == [("51", "312"), ("60", "330")]
    assert notice.occurred_at == datetime(2026, 3, 11, 5, 46, tzinfo=UTC)
    warned = Watch(
        name="sea", template="tsunami-warning", areas=frozenset({"330"}), codes=frozenset({"51", "52", "53"})
    )
    assert [each.step for each in findings(notice, warned, {})] == [], "a lifting of nothing is nothing"


@pytest.mark.fault(84)
@pytest.mark.parametrize("status", ["訓練", "試験", "通常 ", "", "テスト"])
def test_whatever_is_not_normal_is_not_live(status: str) -> None:
    live = jma.read(telegram(item(kind("03", "大雨警報")), status=status), "VPWW54", "x").live
    assert live is (status.strip() == "通常")


@pytest.mark.fault(85)
@pytest.mark.parametrize(("word", "change"), [("訂正", Change.CORRECTED), ("取消", Change.CANCELLED)])
def test_corrections_and_cancellations_say_so(word: str, change: Change) -> None:
    assert jma.read(telegram(info_type=word), "VXSE53", "x").change is change


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (telegram(info_type="予告"), "feed_unknown_word"),
        (telegram(serial="二"), "feed_unknown_word"),
        (telegram(reported="昨日"), "feed_time"),
        (telegram(reported="2026-06-20T14:05:00"), "feed_time_naive"),
        (b"<Report/>", "feed_no_telegram"),
        (b'<Report xmlns="http://xml.kishou.go.jp/jmaxml1/"/>', "feed_no_telegram"),
        (wire.atom(), "feed_no_telegram"),
    ],
)
def test_what_is_no_telegram_says_nothing(data: bytes, code: str) -> None:
    assert refused(lambda: jma.read(data, "VPWW54", "x")) == code


# ------------------------------------------------------------------ CAP


def test_a_cap_alert_is_told_by_severity_and_geocode() -> None:
    notice = cap.read(wire.cap())
    assert (notice.live, notice.change, notice.type) == (True, Change.ISSUED, "CAP")
    assert [(each.code, each.place.code, each.ended) for each in notice.warnings] == [("Severe", "132209", False)]
    assert notice.event_id == notice.identifier == "pref.example.jp,1"


@pytest.mark.parametrize("order", [("Severe", "Minor"), ("Minor", "Severe")])
def test_of_two_infos_for_one_area_the_gravest_holds(order: tuple[str, str]) -> None:
    one, other = (wire.cap(severity=each) for each in order)
    notice = cap.read(one.replace(b"<info>", other[other.index(b"<info>") : other.index(b"</alert>")] + b"<info>", 1))
    everything = Watch(name="pref", template="x", areas=frozenset({"132209"}))
    (found,) = findings(notice, everything, {})
    assert found.subject is not None
    assert found.subject.said == {"132209": "Severe"}


def test_what_refers_to_a_message_is_of_its_event() -> None:
    first = "pref.example.jp,1,2026-06-20T14:05:00+09:00"
    update = cap.read(wire.cap("2", msg_type="Update", references=first))
    assert (update.event_id, update.references) == ("pref.example.jp,1", ("pref.example.jp,1",))
    assert cap.read(wire.cap("3", msg_type="Cancel", references=first)).change is Change.CANCELLED


@pytest.mark.fault(84)
@pytest.mark.parametrize("status", ["Exercise", "Test", "Draft", "System", "actual"])
def test_only_an_actual_alert_is_live(status: str) -> None:
    assert not cap.read(wire.cap(status=status)).live


def test_an_acknowledgement_is_nothing_for_residents() -> None:
    assert not cap.read(wire.cap(msg_type="Ack")).live


def test_an_all_clear_ends() -> None:
    assert [each.ended for each in cap.read(wire.cap(response="AllClear")).warnings] == [True]


@pytest.mark.fault(88)
def test_an_area_without_a_code_has_none() -> None:
    assert [each.place.code for each in cap.read(wire.cap(geocodes=())).warnings] == [""]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (wire.cap().replace(b"<scope>Public</scope>", b""), "feed_cap_missing"),
        (wire.cap(severity="Dreadful"), "feed_unknown_word"),
        (b"<alert/>", "feed_no_cap"),
        (wire.cap().replace(b"cap:1.2", b"cap:1.1"), "feed_no_cap"),
    ],
)
def test_what_is_no_cap_says_nothing(data: bytes, code: str) -> None:
    assert refused(lambda: cap.read(data)) == code


# ------------------------------------------------------------------ XML


@pytest.mark.fault(77)
@pytest.mark.fault(78)
@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE a [<!ENTITY x "x"><!ENTITY y "&x;&x;&x;&x;">]>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd">',
        "<!DOCTYPE a>",
    ],
)
def test_no_document_type_is_taken(doctype: str) -> None:
    assert refused(lambda: parse(f"{doctype}<a/>".encode())) == "feed_doctype"


@pytest.mark.fault(79)
def test_one_enormous_attribute_is_not_even_parsed() -> None:
    assert refused(lambda: parse(b'<a b="' + b"x" * MOST_BYTES + b'"/>')) == "feed_too_large"


@pytest.mark.fault(80)
@pytest.mark.parametrize("depth", [MOST_DEPTH + 1, 200_000])
def test_depth_is_bounded(depth: int) -> None:
    assert refused(lambda: parse(b"<a>" * depth + b"</a>" * depth)) in ("feed_too_deep", "feed_not_xml")
    assert parse(b"<a>" * MOST_DEPTH + b"</a>" * MOST_DEPTH).tag == "a"


@pytest.mark.fault(80)
def test_the_number_of_elements_is_bounded() -> None:
    assert refused(lambda: parse(b"<a>" + b"<b/>" * 250_000 + b"</a>")) == "feed_too_deep"


@pytest.mark.fault(81)
@pytest.mark.parametrize(
    "data",
    [
        "<?xml version='1.0' encoding='UTF-8'?><a>避難</a>".encode("shift_jis"),
        "<?xml version='1.0' encoding='Shift_JIS'?><a>避難</a>".encode("shift_jis"),
        b"<?xml version='1.0' encoding='UTF-7'?><a>+AGE-</a>",
        "<?xml version='1.0' encoding='UTF-16'?><a>避難</a>".encode("utf-16"),
        "<a>避難</a>".encode("utf-16"),
    ],
)
def test_only_utf8_is_read(data: bytes) -> None:
    assert refused(lambda: parse(data)) in ("feed_encoding", "feed_not_xml")


@pytest.mark.fault(81)
def test_a_byte_order_mark_is_no_harm() -> None:
    assert parse(b"\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?><a>x</a>").text == "x"


@pytest.mark.fault(36)
def test_a_leap_second_is_the_second_before_or_after_and_no_crash() -> None:
    written = "2016-12-31T23:59:60Z"
    assert abs(moment(written, "sent") - datetime(2017, 1, 1, tzinfo=UTC)) <= timedelta(seconds=1)


@pytest.mark.fault(37)
@pytest.mark.parametrize("written", ["2026-06-20T14:05:00", "2026-06-20"])
def test_a_time_without_a_zone_is_refused(written: str) -> None:
    assert refused(lambda: moment(written, "sent")) == "feed_time_naive"


@pytest.mark.fault(37)
def test_zones_are_honoured() -> None:
    assert moment("2026-06-20T14:05:00+09:00", "sent") == moment("2026-06-20T05:05:00Z", "sent")


# ------------------------------------------------------------------ feeds


def test_entries_come_oldest_first_with_their_type() -> None:
    data = wire.atom(wire.entry(3, "VPWW56"), wire.entry(1), wire.entry(2, updated="2026-06-20T05:04:00Z"))
    assert [(each.type, each.identifier.split("_")[1]) for each in index.read(data)] == [
        ("VPWW55", "2"),
        ("VPWW55", "1"),
        ("VPWW56", "3"),
    ]


def test_one_bad_entry_never_stops_the_others() -> None:
    bad = "<entry><title>無名</title></entry><entry><id>x</id><link href='javascript:alert(1)'/></entry>"
    assert len(index.read(wire.atom(bad, wire.entry(1)))) == 1


def test_an_rss_feed_is_a_feed() -> None:
    item_ = "<item><title>通行止め</title><link>https://pref.example.jp/1</link></item>"
    data = f"<rss version='2.0'><channel><title>県</title>{item_}</channel></rss>".encode()
    (only,) = index.read(data)
    assert (only.title, only.type, only.updated_at) == ("通行止め", "", None)


@pytest.mark.fault(82)
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"  \n",
        wire.atom(wire.entry(1))[:-40],
        b"<!DOCTYPE html><html><body>503</body></html>",
        b"<html><head/><body><p>maintenance</p></body></html>",
        b'{"error": "busy"}',
    ],
)
def test_what_is_no_feed_is_not_an_empty_one(data: bytes) -> None:
    assert refused(lambda: index.read(data)).startswith("feed_")
