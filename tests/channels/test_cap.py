"""CAP 1.2 against what the standard says, written by hand; tests/corpus holds it against the XSD."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from broadcaster.model import Alert, Category, Ending, Kind, Mode, Reference, ResponseType, Status
from broadcaster.rendering import Templates
from channels._cap import NAMESPACE, cap_path, cap_xml
from channels._text import DRILL_MARK, clean
from channels.feeds import Feeds, Settings
from tests.channels.editions import CITY, alert, busy, edition, ended, info
from tests.channels.kit import NOW, TOKYO

NAMES = {"cap": NAMESPACE}
PAGE = "https://city.example.lg.jp/alerts/14-1.html"
ALERT_ORDER = (
    *("identifier", "sender", "sent", "status", "msgType", "source", "scope", "restriction", "addresses", "code"),
    *("note", "references", "incidents", "info"),
)
INFO_ORDER = (
    *("language", "category", "event", "responseType", "urgency", "severity", "certainty", "audience", "eventCode"),
    *("effective", "onset", "expires", "senderName", "headline", "description", "instruction", "web", "contact"),
    *("parameter", "resource", "area"),
)


def message(one: Alert, mode: Mode = Mode.LIVE) -> etree._Element:
    return etree.fromstring(cap_xml(one, CITY, mode, PAGE))


def text(node: etree._Element, path: str) -> str:
    found = node.xpath(path, namespaces=NAMES)
    assert isinstance(found, list)
    assert len(found) == 1, path
    assert isinstance(found[0], etree._Element)
    return found[0].text or ""


def names(node: etree._Element) -> list[str]:
    return [etree.QName(child).localname for child in node]


def parameters(node: etree._Element) -> dict[str, str]:
    path = "cap:info[1]/cap:parameter"
    return {text(one, "cap:valueName"): text(one, "cap:value") for one in node.findall(path, NAMES)}


class TestMessage:
    def test_every_field_of_the_alert_is_there(self) -> None:
        one = alert(14, 2, note="内部の記録")
        root = message(one)
        assert etree.QName(root).namespace == NAMESPACE
        assert text(root, "cap:identifier") == "bousai@city.example.lg.jp-20261123-14-2"
        assert text(root, "cap:sender") == "bousai@city.example.lg.jp"
        assert text(root, "cap:sent") == "2026-11-23T13:55:00+09:00"
        assert text(root, "cap:status") == "Actual"
        assert text(root, "cap:msgType") == "Update"
        assert text(root, "cap:scope") == "Public"
        assert text(root, "cap:incidents") == "14"
        assert text(root, "cap:references") == (
            "bousai@city.example.lg.jp,bousai@city.example.lg.jp-20261123-14-1,2026-11-23T13:45:00+09:00"
        )
        assert [node.text for node in root.findall("cap:info/cap:language", NAMES)] == ["ja", "ja-x-easy", "en"]
        first = "cap:info[1]/cap:"
        assert text(root, first + "event") == "避難指示（洪水）"
        assert text(root, first + "urgency") == "Immediate"
        assert text(root, first + "severity") == "Extreme"
        assert text(root, first + "certainty") == "Likely"
        assert text(root, first + "expires") == "2026-11-24T02:05:00+09:00"
        assert text(root, first + "headline") == info("ja").headline
        assert text(root, first + "description") == info("ja").description
        assert text(root, first + "instruction") == info("ja").instruction
        assert text(root, first + "web") == "https://city.example.lg.jp/bousai/"
        assert text(root, first + "contact") == "防災安全課 042-563-2111"
        assert text(root, first + "senderName") == "東大和市"
        assert text(root, "cap:info[3]/cap:senderName") == "Higashiyamato City"
        assert text(root, first + "area/cap:areaDesc") == "芋窪1丁目"
        assert text(root, first + "area/cap:geocode/cap:valueName") == "TOWN"
        assert text(root, first + "area/cap:geocode/cap:value") == "13220001"

    def test_what_a_city_adds_stands_in_parameters(self) -> None:
        assert parameters(message(alert(14, 2))) == {
            "evacuationLevel": "4",
            "kind": "update",
            "serial": "14-2",
            "version": "2",
        }
        assert "evacuationLevel" not in parameters(message(alert(level=None)))

    @pytest.mark.parametrize("one", [alert(14, 3, note="x"), alert(kind=Kind.CANCEL), alert(level=None)])
    def test_elements_stand_in_the_order_of_the_schema(self, one: Alert) -> None:
        root = message(one)
        places = [ALERT_ORDER.index(name) for name in names(root)]
        assert places == sorted(places)
        for node in root.findall("cap:info", NAMES):
            inner = [INFO_ORDER.index(name) for name in names(node)]
            assert inner == sorted(inner)

    def test_nothing_is_empty_and_no_time_ends_with_z(self) -> None:
        bare = replace(
            info("ja"), headline="", description=" ", instruction="", web="", contact="", areas=(), response_type=()
        )
        for mode in Mode:
            root = message(alert(infos=(bare,), references=()), mode)
            for node in root.iter():
                assert len(node) or (node.text or "").strip(), node.tag
            for name in ("sent", "effective", "expires"):
                for node in root.iter(f"{{{NAMESPACE}}}{name}"):
                    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", node.text or "")
            assert root.find("cap:references", NAMES) is None
            assert root.find("cap:info/cap:area", NAMES) is None, "an area nobody gave is never made up"
            assert text(root, "cap:info/cap:web") == PAGE

    @pytest.mark.parametrize(
        ("kind", "wanted"),
        [
            (Kind.ALERT, "Alert"),
            (Kind.ROUTINE, "Alert"),
            (Kind.UPDATE, "Update"),
            (Kind.CORRECTION, "Update"),
            (Kind.ALL_CLEAR, "Update"),
            (Kind.CANCEL, "Cancel"),
        ],
    )
    def test_message_types(self, kind: Kind, wanted: str) -> None:
        assert text(message(alert(kind=kind)), "cap:msgType") == wanted

    def test_a_lifting_says_so_to_machines(self) -> None:
        root = message(alert(kind=Kind.ALL_CLEAR, infos=(info("ja"),)))
        assert text(root, "cap:info/cap:responseType") == "AllClear"
        own = replace(info("ja"), response_type=(ResponseType.MONITOR, ResponseType.AVOID))
        root = message(alert(infos=(own,)))
        assert [node.text for node in root.findall("cap:info/cap:responseType", NAMES)] == ["Monitor", "Avoid"]

    def test_a_drill_is_an_exercise_and_every_text_is_marked(self) -> None:
        root = message(alert(status=Status.ACTUAL), Mode.DRILL)
        assert text(root, "cap:status") == "Exercise"
        assert DRILL_MARK in text(root, "cap:note")
        for name in ("event", "headline", "description", "instruction"):
            for node in root.findall(f"cap:info/cap:{name}", NAMES):
                assert (node.text or "").startswith(DRILL_MARK)
                assert (node.text or "").endswith(DRILL_MARK)

    def test_a_test_of_a_live_instance_stays_a_test(self) -> None:
        assert text(message(alert(status=Status.TEST)), "cap:status") == "Test"

    def test_references_can_always_be_cut_at_spaces_and_commas(self) -> None:
        odd = Reference(sender="a b,c", identifier="<x>&y z", sent=NOW)
        one = replace(alert(identifier="x, y&z<", sender="a b"), references=(odd, odd))
        root = message(one)
        for name in ("identifier", "sender"):
            assert not re.search(r"[\s,<&]", text(root, f"cap:{name}"))
        parts = text(root, "cap:references").split(" ")
        assert [len(part.split(",")) for part in parts] == [3, 3]

    @pytest.mark.fault(93)
    @pytest.mark.fault(97)
    @given(st.text(min_size=1, max_size=80))
    @settings(max_examples=60, deadline=None)
    def test_any_text_comes_back_as_it_was(self, said: str) -> None:
        root = message(alert(infos=(replace(info("ja"), description=f"a{said}b"),)))
        assert text(root, "cap:info/cap:description") == clean(f"a{said}b")


class TestPublished:
    FEEDS = Feeds(Settings(cap_days=2), CITY, Templates(TOKYO))

    def test_there_is_one_message_per_version(self) -> None:
        files = self.FEEDS.render(busy())
        assert len([name for name in files if name.startswith("cap/") and name != "cap/index.xml"]) == 9
        assert cap_path(alert(15, 1)) in files
        assert cap_path(alert(15, 2)) in files

    def test_old_ones_stay_for_the_defined_time_and_those_in_force_for_ever(self) -> None:
        old = alert(1, sent=NOW - timedelta(days=30))
        over = (
            ended(alert(2), Ending.EXPIRED, NOW - timedelta(days=2)),
            ended(alert(3), Ending.EXPIRED, NOW - timedelta(days=2, seconds=1)),
        )
        files = self.FEEDS.render(edition(old, over=over))
        assert cap_path(old) in files
        assert cap_path(alert(2)) in files
        assert cap_path(alert(3)) not in files

    def test_odd_identifiers_give_distinct_names_that_stay_in_their_folder(self) -> None:
        odd = ["../../etc/passwd", "..%2f", "a/b", "a:b", "a b", ".hidden", "x" * 300, "x" * 301, "東大和"]
        paths = [cap_path(alert(identifier=one)) for one in odd]
        assert len(set(paths)) == len(odd)
        for path in paths:
            assert re.fullmatch(r"cap/[A-Za-z0-9_@-][A-Za-z0-9._@-]{0,120}\.xml", path)

    def test_a_search_for_a_person_leaves(self) -> None:
        search = alert(7, infos=(replace(info("ja"), category=(Category.RESCUE,)),))
        assert cap_path(search) in self.FEEDS.render(edition(search))
        assert cap_path(search) not in self.FEEDS.render(edition(over=(ended(search, Ending.EXPIRED),)))
