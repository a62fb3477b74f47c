"""Telegrams, CAP alerts and feeds written by hand in the real formats."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

CITY = "1322000"
"""東大和市 as the agency's telegrams write it."""
MUNICIPALITIES = "気象警報・注意報（市町村等）"


def kind(code: str, name: str, status: str = "") -> str:
    state = f"<Status>{status}</Status>" if status else ""
    return f"<Kind><Name>{name}</Name><Code>{code}</Code>{state}</Kind>"


def item(*kinds: str, area: str = CITY, name: str = "東大和市") -> str:
    return f"<Item>{''.join(kinds)}<Area><Name>{name}</Name><Code>{area}</Code></Area></Item>"


def telegram(
    *items: str,
    status: str = "通常",
    info_type: str = "発表",
    reported: str = "2026-06-20T14:05:00+09:00",
    event_id: str = "",
    serial: str = "",
    headline: str = "東大和市では、低い土地の浸水に警戒してください。",
    body: str = "",
) -> bytes:
    said = body or f'<Warning type="{MUNICIPALITIES}">{"".join(items)}</Warning>'
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Report xmlns="http://xml.kishou.go.jp/jmaxml1/">
<Control><Title>気象警報・注意報</Title><DateTime>2026-06-20T05:05:00Z</DateTime><Status>{status}</Status>
<EditorialOffice>気象庁本庁</EditorialOffice><PublishingOffice>気象庁</PublishingOffice></Control>
<Head xmlns="http://xml.kishou.go.jp/jmaxml1/informationBasis1/"><Title>東京都気象警報・注意報</Title>
<ReportDateTime>{reported}</ReportDateTime><TargetDateTime>{reported}</TargetDateTime>
<EventID>{event_id}</EventID><InfoType>{info_type}</InfoType><Serial>{serial}</Serial>
<InfoKind>気象警報・注意報</InfoKind><Headline><Text>{headline}</Text></Headline></Head>
<Body xmlns="http://xml.kishou.go.jp/jmaxml1/body/meteorology1/">{said}</Body></Report>""".encode()


def quake(
    *cities: tuple[str, str], serial: str = "1", event_id: str = "20260620140501", origin: str = "", **head: str
) -> bytes:
    """An earthquake as VXSE53 tells it: municipality codes with their intensities."""
    seen = "".join(f"<City><Name>市</Name><Code>{code}</Code><MaxInt>{value}</MaxInt></City>" for code, value in cities)
    pref = f"<Pref><Name>東京都</Name><Code>13</Code><Area><Name>多摩東部</Name><Code>351</Code>{seen}</Area></Pref>"
    told = f"<Earthquake><OriginTime>{origin}</OriginTime></Earthquake>" if origin else ""
    body = f"{told}<Intensity><Observation>{pref}</Observation></Intensity>"
    return telegram(body=body, event_id=event_id, serial=serial, **head)


def tsunami(*regions: tuple[str, str], at: datetime, event_id: str = "20260620140501", **head: str) -> bytes:
    """A warning as VTSE41 tells it: regions of the coast with the code in force."""
    kind_ = "<Category><Kind><Name>津波</Name><Code>{1}</Code></Kind><LastKind><Code>00</Code></LastKind></Category>"
    item_ = "<Item><Area><Name>区</Name><Code>{0}</Code></Area>" + kind_ + "</Item>"
    said = "".join(item_.format(*region) for region in regions)
    body = f"<Tsunami><Forecast>{said}</Forecast></Tsunami>"
    return telegram(body=body, event_id=event_id, reported=at.isoformat(timespec="seconds"), **head)


def cap(
    identifier: str = "1",
    *,
    status: str = "Actual",
    msg_type: str = "Alert",
    references: str = "",
    severity: str = "Severe",
    geocodes: Sequence[str] = ("132209",),
    response: str = "Evacuate",
) -> bytes:
    codes = "".join(f"<geocode><valueName>LASDEC</valueName><value>{code}</value></geocode>" for code in geocodes)
    refers = f"<references>{references}</references>" if references else ""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{identifier}</identifier>
<sender>pref.example.jp</sender><sent>2026-06-20T14:05:00+09:00</sent><status>{status}</status>
<msgType>{msg_type}</msgType><scope>Public</scope>{refers}
<info><language>ja</language><category>Met</category><event>洪水</event><responseType>{response}</responseType>
<urgency>Immediate</urgency><severity>{severity}</severity><certainty>Likely</certainty>
<expires>2026-06-20T20:00:00+09:00</expires><headline>空堀川が増水しています</headline>
<area><areaDesc>東大和市</areaDesc>{codes}</area></info></alert>""".encode()


def entry(number: int, type_: str = "VPWW55", updated: str = "2026-06-20T05:05:00Z", host: str = "") -> str:
    at = f"20260620050500_{number}_{type_}_130000"
    link = f"{host or 'https://www.data.jma.go.jp'}/developer/xml/data/{at}.xml"
    return f"""<entry><title>気象警報・注意報（Ｒ０６）（大雨）</title><id>{link}</id><updated>{updated}</updated>
<author><name>気象庁</name></author><link type="application/xml" href="{link}"/>
<content type="text">【東京都気象警報・注意報】</content></entry>"""


def atom(*entries: str, updated: str = "2026-06-20T05:06:00Z") -> bytes:
    return f"""<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" lang="ja"><title>高頻度（随時）</title><updated>{updated}</updated>
<id>https://www.data.jma.go.jp/developer/xml/feed/extra.xml</id>{"".join(entries)}</feed>""".encode()
