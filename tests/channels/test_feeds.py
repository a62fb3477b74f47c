"""Feeds as a feed reader sees them, and by the rules of RFC 4287 and the RSS Advisory Board."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from broadcaster.model import Category, Edition, Ending, Kind, Mode
from broadcaster.rendering import Templates
from channels._text import DRILL_MARK, clean, lines
from channels.feeds import Feeds, Settings
from tests.channels.editions import CITY, alert, busy, edition, ended, info
from tests.channels.kit import NOW, TOKYO

TEMPLATES = Templates(TOKYO)
ATOM = "{http://www.w3.org/2005/Atom}"
BASE = "https://city.example.lg.jp/feeds/"


def rendered(one: Edition, **changes: object) -> dict[str, bytes]:
    return dict(Feeds(Settings.model_validate(changes), CITY, TEMPLATES).render(one))


def read(data: bytes) -> Any:
    found = feedparser.parse(data)
    assert not found.bozo, found.get("bozo_exception")
    return found


def html_of(entry: Any) -> str:
    return str(entry.content[0].value if "content" in entry else entry.summary)


def body(entry: Any) -> str:
    """Return the complete text of an entry as a person reads it; readers without ruby show readings in （）."""
    html = re.sub(r"</?(ruby|rp|rt|a|time)\b[^>]*>", "", html_of(entry))
    return "\n".join(line for line in unescape(re.sub(r"<[^>]+>", "\n", html)).split("\n") if line.strip())


FEEDS = ("atom.xml", "rss.xml")


class TestReadByFeedparser:
    @pytest.mark.parametrize("name", FEEDS)
    def test_nothing_of_an_alert_is_lost(self, name: str) -> None:
        entry = read(rendered(edition(alert()))[name]).entries[0]
        text = body(entry)
        assert entry.title == info("ja").headline
        for one in (info("ja"), info("ja-x-easy")):
            for part in (*lines(one.instruction), *lines(one.description), one.headline, one.areas[0].area_desc):
                assert part in text
        assert "防災安全課 042-563-2111" in text
        assert "11月24日2時05分まで" in text

    @pytest.mark.parametrize(("name", "version"), [("atom.xml", "atom10"), ("rss.xml", "rss20")])
    def test_the_kind_of_feed_its_language_and_its_own_address_are_known(self, name: str, version: str) -> None:
        found = read(rendered(busy())[name])
        assert found.version == version
        assert found.feed.language == "ja"
        assert found.encoding == "utf-8"
        assert BASE + name in [link.href for link in found.feed.links if link.rel == "self"]
        assert found.feed.link == CITY.public_url
        assert found.feed.title == "東大和市 緊急情報"

    @pytest.mark.parametrize("name", ["atom.en.xml", "rss.en.xml"])
    def test_each_language_has_its_own(self, name: str) -> None:
        found = read(rendered(edition(alert()))[name])
        assert found.feed.language == "en"
        assert found.entries[0].title == info("en").headline
        assert "leave dangerous places now" in body(found.entries[0])

    def test_an_alert_in_another_language_is_marked_as_such(self) -> None:
        root = etree.fromstring(rendered(edition(alert(infos=(info("ja"),))))["atom.en.xml"])
        content = root.find(f"{ATOM}entry/{ATOM}content")
        assert content is not None
        assert content.get("{http://www.w3.org/XML/1998/namespace}lang") == "ja"
        assert "So far this information is in Japanese only." in (content.text or "")

    @pytest.mark.parametrize("name", FEEDS)
    @pytest.mark.fault(93)
    @pytest.mark.fault(97)
    @given(text=st.text(max_size=60))
    @settings(max_examples=40, deadline=None)
    def test_any_text_comes_back_as_it_was(self, name: str, text: str) -> None:
        hostile = replace(info("ja"), headline=f"a{text}b", description=f"c{text}d", instruction=f"e{text}f")
        entry = read(rendered(edition(alert(infos=(hostile,))), languages=())[name]).entries[0]
        wanted = "\n".join((*lines(hostile.instruction), *lines(hostile.description)))
        got = "".join(re.sub(r"<[^>]+>", "", html_of(entry)).split())
        for line in wanted.split("\n"):
            assert "".join(clean(line).split()) in "".join(unescape(got).split())

    @pytest.mark.parametrize("text", ["<b>&amp;</b>", "]]>", "<script>x</script>", "{{ x }}", "a\x0bb\x00c\ufffed"])
    @pytest.mark.parametrize("name", FEEDS)
    @pytest.mark.fault(93)
    @pytest.mark.fault(97)
    def test_markup_and_control_characters(self, name: str, text: str) -> None:
        one = replace(info("ja"), headline=text, instruction=text)
        entry = read(rendered(edition(alert(infos=(one,))))[name]).entries[0]
        assert "\n".join(lines(text)) in body(entry)
        assert entry.title == " ".join(lines(text))


class TestEntries:
    @pytest.mark.parametrize("name", FEEDS)
    def test_alerts_in_force_never_drop_out(self, name: str) -> None:
        many = [alert(number) for number in range(1, 251)]
        over = tuple(ended(alert(number)) for number in range(300, 400))
        found = read(rendered(edition(*many, over=over), history=3)[name])
        assert len(found.entries) == 253
        assert {f"https://city.example.lg.jp/alerts/{number}-1.html" for number in range(1, 251)} <= {
            entry.link for entry in found.entries
        }

    @pytest.mark.parametrize("name", FEEDS)
    def test_an_update_keeps_the_id_and_moves_the_time(self, name: str) -> None:
        first = read(rendered(edition(alert()))[name]).entries[0]
        second = read(rendered(edition(alert(14, 2), over=(ended(alert()),)))[name])
        assert len(second.entries) == 1
        assert second.entries[0].id == first.id
        key = "updated_parsed" if name == "atom.xml" else "published_parsed"
        assert second.entries[0][key] > first[key]

    def test_ids_differ_between_incidents_languages_and_modes(self) -> None:
        ids = [
            entry.id
            for mode in Mode
            for name in ("atom.xml", "atom.en.xml", "cap/index.xml")
            for entry in read(rendered(edition(alert(1), alert(2), mode=mode))[name]).entries
        ]
        assert len(ids) == len(set(ids)) == 12

    def test_the_end_of_an_incident_is_an_update_too(self) -> None:
        lifted = alert(14, 2, kind=Kind.ALL_CLEAR, infos=(replace(info("ja"), headline="解除しました"),))
        over = (ended(lifted, Ending.CLEARED, lifted.sent), ended(alert(), Ending.CLEARED))
        entries = read(rendered(edition(over=over))["atom.xml"]).entries
        assert [entry.title for entry in entries] == ["解除しました"]
        assert entries[0].id == read(rendered(edition(alert()))["atom.xml"]).entries[0].id

    def test_running_out_moves_the_time_and_is_no_lifting(self) -> None:
        over = (ended(alert(), Ending.EXPIRED, NOW),)
        entry = read(rendered(edition(over=over))["atom.xml"]).entries[0]
        assert entry.title.startswith("[期限切れ（解除の発表ではありません）]")
        assert entry.updated == "2026-11-23T14:05:00+09:00"

    def test_without_entries_it_is_still_a_feed(self) -> None:
        files = rendered(edition())
        for name in (*FEEDS, "cap/index.xml"):
            assert read(files[name]).entries == []

    @pytest.mark.parametrize("name", [*FEEDS, "atom.en.xml"])
    def test_every_text_of_a_drill_begins_and_ends_with_the_mark(self, name: str) -> None:
        found = read(rendered(busy(Mode.DRILL))[name])
        assert len(found.entries) == 7
        for text in (found.feed.title, found.feed.subtitle):
            assert text.startswith(DRILL_MARK)
            assert text.endswith(DRILL_MARK)
        for entry in found.entries:
            for text in (entry.title, body(entry)):
                assert text.startswith(DRILL_MARK)
                assert text.endswith(DRILL_MARK)

    def test_nothing_of_a_drill_is_in_live_feeds(self) -> None:
        assert not [name for name, data in rendered(busy()).items() if "訓練" in data.decode()]

    def test_a_person_found_leaves_the_feeds(self) -> None:
        person = replace(info("ja"), category=(Category.RESCUE,), headline="80歳代の女性を捜しています")
        search = alert(7, infos=(person,))
        found = alert(7, 2, kind=Kind.ALL_CLEAR, infos=(replace(person, headline="見つかりました"),))
        files = rendered(edition(over=(ended(found, Ending.CLEARED, found.sent), ended(search, Ending.CLEARED))))
        assert not [name for name, data in files.items() if "80歳代" in data.decode()]
        assert [name for name in files if name.startswith("cap/")].__len__() == 2
        expired = rendered(edition(over=(ended(search, Ending.EXPIRED),)))
        assert not [name for name, data in expired.items() if "80歳代" in data.decode()]
        assert len(read(expired["atom.xml"]).entries) == 1

    def test_the_bytes_stay_while_nothing_changes_so_that_readers_get_304(self) -> None:
        later = replace(busy(), number=43, issued_at=NOW + timedelta(minutes=1))
        assert rendered(busy()) == rendered(later)


class TestAtomByTheRules:
    @pytest.mark.parametrize("name", ["atom.xml", "atom.en.xml", "cap/index.xml"])
    @pytest.mark.parametrize("mode", Mode)
    def test_what_rfc_4287_demands(self, name: str, mode: Mode) -> None:
        root = etree.fromstring(rendered(busy(mode))[name])
        assert root.tag == ATOM + "feed"
        for node in (root, *root.findall(ATOM + "entry")):
            for tag in ("id", "title", "updated"):
                assert len(node.findall(ATOM + tag)) == 1
            number = node.findtext(ATOM + "id") or ""
            assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", number)
            assert datetime.fromisoformat(node.findtext(ATOM + "updated") or "").utcoffset() is not None
            links = [(one.get("rel"), one.get("type")) for one in node.findall(ATOM + "link")]
            assert len(links) == len(set(links))
            assert "alternate" in [relation for relation, _ in links]
        assert root.findtext(f"{ATOM}author/{ATOM}name")
        assert len({node.findtext(ATOM + "id") for node in root.iter(ATOM + "entry")}) == len(
            root.findall(ATOM + "entry")
        )
        latest = max(node.findtext(ATOM + "updated") or "" for node in root.findall(ATOM + "entry"))
        assert root.findtext(ATOM + "updated") == latest

    def test_entries_lead_to_their_page_and_their_cap_message(self) -> None:
        files = rendered(edition(alert()))
        entry = etree.fromstring(files["atom.xml"]).find(ATOM + "entry")
        assert entry is not None
        links = {one.get("rel"): (one.get("type"), one.get("href") or "") for one in entry.findall(ATOM + "link")}
        assert links["alternate"] == ("text/html", "https://city.example.lg.jp/alerts/14-1.html")
        assert links["related"][0] == "application/cap+xml"
        assert links["related"][1].removeprefix(BASE) in files

    def test_the_cap_index_leads_to_every_message(self) -> None:
        files = rendered(busy())
        root = etree.fromstring(files["cap/index.xml"])
        links = {
            (one.get("href") or "").removeprefix(BASE)
            for one in root.iterfind(f"{ATOM}entry/{ATOM}link[@type='application/cap+xml']")
        }
        assert links == {name for name in files if name.startswith("cap/")} - {"cap/index.xml"}
        assert len(links) == 9


class TestRssByTheRules:
    def test_what_the_advisory_board_demands(self) -> None:
        root = etree.fromstring(rendered(busy())["rss.xml"])
        assert (root.tag, root.get("version")) == ("rss", "2.0")
        channel = root.find("channel")
        assert channel is not None
        for tag in ("title", "link", "description", "language"):
            assert len(channel.findall(tag)) == 1
        for item in channel.findall("item"):
            assert item.findtext("title")
            assert item.findtext("description")
            assert (item.findtext("link") or "").startswith("https://")
            guid = item.find("guid")
            assert guid is not None
            assert guid.get("isPermaLink") == "false"
        for date in [*root.iter("pubDate"), *root.iter("lastBuildDate")]:
            assert re.fullmatch(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} \+0900", date.text or "")
            assert parsedate_to_datetime(date.text or "").tzinfo is not None

    def test_guids_are_those_of_the_atom_feed(self) -> None:
        files = rendered(busy())
        assert [entry.id for entry in read(files["rss.xml"]).entries] == [
            entry.id for entry in read(files["atom.xml"]).entries
        ]
