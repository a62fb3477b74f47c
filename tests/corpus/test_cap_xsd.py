"""Our CAP messages against the schema of the standard; the schema itself against the standard's examples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from broadcaster.model import Alert, Kind, Mode
from channels._cap import cap_xml
from tests.channels.editions import CITY, alert, busy, info

DATA = Path(__file__).parents[2].parent / "shared/data/cap"
pytestmark = [pytest.mark.corpus, pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not there")]

BARE = replace(info("ja"), headline="", description="", instruction="", web="", contact="", areas=(), response_type=())
ODD = replace(info("ja"), language="zh-Hant-TW", headline="<&>]]>\x0b\x00", contact="a\nb")
ALERTS = (
    *busy().in_force,
    *(one.alert for one in busy().ended),
    *(alert(14, 3, kind=kind, note="note") for kind in Kind),
    alert(infos=(BARE,), references=()),
    alert(infos=(ODD,), identifier="x y,z&<", sender="a b"),
)


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(DATA / "cap12.xsd"))


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("one", ALERTS, ids=lambda one: f"{one.serial}-{one.kind}")
def test_every_message_is_valid(schema: etree.XMLSchema, one: Alert, mode: Mode) -> None:
    schema.assertValid(etree.fromstring(cap_xml(one, CITY, mode, "https://city.example.lg.jp/alerts/14-1.html")))


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_the_schema_takes_the_examples_of_the_standard(schema: etree.XMLSchema, number: int) -> None:
    schema.assertValid(etree.parse(DATA / f"v1dot2_appendix_adot{number}.xml"))


def test_the_schema_refuses_what_is_wrong(schema: etree.XMLSchema) -> None:
    data = cap_xml(alert(), CITY, Mode.LIVE, "")
    assert not schema.validate(etree.fromstring(data.replace(b"+09:00</sent>", b"Z</sent>")))
    assert not schema.validate(etree.fromstring(data.replace(b"<status>Actual", b"<status>Live")))
