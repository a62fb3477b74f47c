"""Whether a watched feed can be trusted to speak."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from broadcaster.ports.store import FeedState
from broadcaster.rules import feeds
from broadcaster.rules.feeds import Trouble
from tests.unit.values import NOW, after

SILENT = timedelta(minutes=10, seconds=30)
GOOD = FeedState(name="jma", read_at=NOW, newest_at=NOW)


def test_a_reading_ends_the_trouble_and_remembers_the_newest() -> None:
    red = feeds.failed(GOOD, "feed_status", {"status": "503"}, after(10))
    assert feeds.read_well(red, after(5), after(20)) == replace(GOOD, read_at=after(20), newest_at=after(5))
    assert feeds.read_well(red, None, after(20)) == replace(GOOD, read_at=after(20))
    assert feeds.unchanged(red, after(20)) == replace(GOOD, read_at=after(20))
    assert feeds.read_well(FeedState(name="jma"), None, NOW) == FeedState(name="jma", read_at=NOW)


@pytest.mark.parametrize(("seconds", "back"), [(-1, False), (-1.5, True)])
def test_a_feed_that_goes_back_by_more_than_a_second_is_not_believed(seconds: float, back: bool) -> None:
    found = feeds.read_well(GOOD, after(seconds), after(60))
    assert found.trouble == ("feed_backwards" if back else "")
    assert found.newest_at == NOW
    if back:
        assert found.params == {"newest": after(seconds).isoformat(), "known": NOW.isoformat()}
        assert (found.since, found.read_at) == (after(60), NOW)


def test_trouble_is_told_since_it_began() -> None:
    first = feeds.failed(GOOD, "feed_status", {"status": "503"}, after(10))
    later = feeds.failed(first, "feed_empty", {}, after(70))
    assert (later.trouble, later.params, later.since) == ("feed_empty", {}, after(10))
    assert feeds.trouble(later, SILENT, after(80)) == Trouble(code="feed_empty", params={}, since=after(10))
    assert feeds.failed(replace(GOOD, since=NOW), "feed_empty", {}, after(9)).since == after(9)
    assert feeds.failed(replace(first, since=None), "feed_empty", {}, after(9)).since == after(9)
    unknown = replace(first, since=None)
    assert feeds.trouble(unknown, SILENT, after(80)) == Trouble(
        code="feed_status", params={"status": "503"}, since=after(80)
    )


def test_one_that_brings_nothing_new_is_silent_in_time() -> None:
    assert feeds.trouble(GOOD, SILENT, NOW + SILENT) is None
    silent = Trouble(code="feed_silent", params={"minutes": 10}, since=NOW + SILENT)
    assert feeds.trouble(GOOD, SILENT, NOW + SILENT + timedelta(seconds=1)) == silent
    assert feeds.trouble(FeedState(name="jma", read_at=NOW), SILENT, after(9999)) is None


def test_a_reading_is_written_down_once_a_minute_or_when_it_says_something() -> None:
    assert feeds.as_good_as(GOOD, replace(GOOD, read_at=after(59)))
    assert not feeds.as_good_as(GOOD, replace(GOOD, read_at=after(60)))
    assert not feeds.as_good_as(GOOD, replace(GOOD, read_at=after(1), newest_at=after(1)))
    new = FeedState(name="jma")
    assert feeds.as_good_as(new, new)
    assert not feeds.as_good_as(new, GOOD)
    assert not feeds.as_good_as(new, replace(new, read_at=NOW)), "the first reading is news"
    assert not feeds.as_good_as(GOOD, new)
