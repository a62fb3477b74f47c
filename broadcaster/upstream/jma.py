"""Telegrams of the Japan Meteorological Agency (気象庁防災情報XMLフォーマット), read by code and never by name.

One code has two names in telegrams of the same day, since the warnings were renamed in May 2026; both forms have the
same codes. What an area is warned of stands in the headline and again, with its state, in the body; the body wins.
Each telegram names its areas several times over, from prefecture to municipality: all are kept, each with its own code.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from broadcaster.errors import FeedUnreadable
from broadcaster.model import Change, Notice, Place, Warned
from broadcaster.upstream.xml import Element, children, find, moment, name, parse, text

NAMESPACE = "http://xml.kishou.go.jp/jmaxml1/"
NORMAL = "通常"
"""The only `Control/Status` that is meant; 訓練 and 試験 are not, nor is anything unknown."""
_CHANGES = {"発表": Change.ISSUED, "訂正": Change.CORRECTED, "取消": Change.CANCELLED, "遅延": Change.ISSUED}
_ENDED_CODES = frozenset({"00"})
_ENDED_STATES = frozenset({"解除", "なし", "発表警報・注意報はなし"})
_FELT = "VXSE51"
"""The first telegram of an earthquake knows no origin yet: its target time is that of the shock."""
_TAG = "情報タグ"
"""A kind of VPBS50 that has no code: its condition tells what it is."""


def read(data: bytes, type_: str, identifier: str) -> Notice:
    """Return what a telegram says. Its type is not written inside: the feed's entry names it.

    Raise `FeedUnreadable`.
    """
    root = parse(data)
    if root.tag != f"{{{NAMESPACE}}}Report":
        raise FeedUnreadable("feed_no_telegram", found=name(root))
    control, head = find(root, "Control"), find(root, "Head")
    if control is None or head is None:
        raise FeedUnreadable("feed_no_telegram", found="Report")
    body = find(root, "Body")
    return Notice(
        identifier=identifier,
        type=type_,
        live=text(control, "Status") == NORMAL,
        change=_change(text(head, "InfoType")),
        sender=text(control, "PublishingOffice"),
        reported_at=moment(text(head, "ReportDateTime"), "ReportDateTime"),
        event_id=text(head, "EventID"),
        serial=_serial(text(head, "Serial")),
        headline=text(head, "Headline", "Text"),
        title=text(head, "Title"),
        expires_at=_until(text(head, "ValidDateTime")),
        occurred_at=_occurred(head, body, type_),
        warnings=tuple(_merged([*_said(head), *(_said(body) if body is not None else ())])),
    )


def _change(written: str) -> Change:
    if written not in _CHANGES:
        raise FeedUnreadable("feed_unknown_word", place="InfoType", text=written[:40])
    return _CHANGES[written]


def _serial(written: str) -> int:
    if not written:
        return 0
    if not (written.isascii() and written.isdigit() and len(written) < 10):  # noqa: PLR2004 (no event has a milliard)
        raise FeedUnreadable("feed_unknown_word", place="Serial", text=written[:40])
    return int(written)


def _until(written: str) -> datetime | None:
    return moment(written, "ValidDateTime") if written else None


def _occurred(head: Element, body: Element | None, type_: str) -> datetime | None:
    origin = "" if body is None else text(body, "Earthquake", "OriginTime")
    written = origin or (text(head, "TargetDateTime") if type_ == _FELT else "")
    return moment(written, "OriginTime" if origin else "TargetDateTime") if written else None


def _merged(found: list[Warned]) -> Iterator[Warned]:
    """Yield each warning of each area once, as it was said last."""
    last = {(each.code, each.place.code): each for each in found}
    yield from last.values()


def _said(part: Element) -> Iterator[Warned]:
    """Yield what a headline or a body says: items of kinds and areas, and observed intensities."""
    for element in part.iter():
        if name(element) == "Item":
            yield from _item(element)
        elif name(element) in ("Area", "City") and find(element, "MaxInt") is not None:
            yield _shaken(element)


def _item(item: Element) -> Iterator[Warned]:
    kinds = [*children(item, "Kind"), *(kind for each in children(item, "Category") for kind in children(each, "Kind"))]
    for place in _places(item):
        yield from (said for kind in kinds if (said := _warned(kind, place)) is not None)


def _places(item: Element) -> list[Place]:
    areas = [*children(item, "Area"), *(area for each in children(item, "Areas") for area in children(each, "Area"))]
    return [Place(code=code, name=text(area, "Name")) for area in areas for code in _codes(area) or ("",)]


def _codes(area: Element) -> list[str]:
    """Return what an area is known by: its own code, or where it could be under water (VXKO) the municipalities'."""
    found = [text(area, "Code"), text(area, "CityCode"), *text(area, "CityCodeList").split()]
    return [code for code in found if code]


def _warned(kind: Element, place: Place) -> Warned | None:
    """Return what a kind says of a place; None where it is told by its name alone, as intensities of a headline are."""
    code, word = text(kind, "Code"), text(kind, "Name")
    if not code and word == _TAG:
        code = word = text(kind, "Condition")
    state = text(kind, "Status") or text(kind, "Condition")
    ended = code in _ENDED_CODES or state in _ENDED_STATES or word in _ENDED_STATES
    if not code and not ended:
        return None
    return Warned(code="" if code in _ENDED_CODES else code, name=word, place=place, ended=ended)


def _shaken(area: Element) -> Warned:
    """Seismic intensity has no code in a kind; its value is one: 1 to 4, 5-, 5+, 6-, 6+, 7."""
    strength = text(area, "MaxInt")
    place = Place(code=text(area, "Code"), name=text(area, "Name"))
    return Warned(code=f"intensity:{strength}", name=f"震度{strength}", place=place)
