"""CAP 1.2 alerts of others (OASIS Standard, 1 July 2010), read into a `Notice`.

Its event is what `incidents` names, else the first message it refers to, else itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from broadcaster.errors import FeedUnreadable
from broadcaster.model import Change, MsgType, Notice, Place, Severity, Status, Warned
from broadcaster.upstream.xml import Element, children, find, moment, name, parse, text

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
TYPE = "CAP"
_REQUIRED = ("identifier", "sender", "sent", "status", "msgType", "scope")
_NEUTRAL = frozenset({"Ack", "Error"})
"""`msgType`s that speak between systems: nothing for residents."""
_SEVERITIES = [each.value for each in Severity]


def read(data: bytes) -> Notice:
    """Return what an alert says, in its first language. Raise `FeedUnreadable`."""
    root = parse(data)
    if root.tag != f"{{{NAMESPACE}}}alert":
        raise FeedUnreadable("feed_no_cap", found=name(root))
    for wanted in _REQUIRED:
        if not text(root, wanted):
            raise FeedUnreadable("feed_cap_missing", element=wanted)
    infos = list(children(root, "info"))
    first = infos[0] if infos else root
    sender, identifier = text(root, "sender"), text(root, "identifier")
    references = tuple(",".join(each.split(",")[:2]) for each in text(root, "references").split())
    expires = text(first, "expires")
    return Notice(
        identifier=f"{sender},{identifier}",
        type=TYPE,
        live=text(root, "status") == Status.ACTUAL and text(root, "msgType") not in _NEUTRAL,
        change=Change.CANCELLED if text(root, "msgType") == MsgType.CANCEL else Change.ISSUED,
        sender=sender,
        reported_at=moment(text(root, "sent"), "sent"),
        event_id=text(root, "incidents") or (*references, f"{sender},{identifier}")[0],
        headline=text(first, "headline") or text(first, "event"),
        title=text(first, "event"),
        web=text(first, "web"),
        expires_at=moment(expires, "expires") if expires else None,
        references=references,
        warnings=tuple(sorted((each for info in infos for each in _warnings(info)), key=_gravity)),
    )


def _gravity(warned: Warned) -> int:
    """Of several things said of one area the last holds for a rule: it shall be the gravest."""
    return -_SEVERITIES.index(warned.code)


def _warnings(info: Element) -> Iterator[Warned]:
    """One for each area of an info: its code is the severity, by which rules tell CAP alerts apart."""
    severity = text(info, "severity")
    if severity not in _SEVERITIES:
        raise FeedUnreadable("feed_unknown_word", place="severity", text=severity[:40])
    ended = any((each.text or "").strip() == "AllClear" for each in children(info, "responseType"))
    for area in children(info, "area"):
        for place in _places(area):
            yield Warned(code=severity, name=text(info, "event"), place=place, ended=ended)


def _places(area: Element) -> list[Place]:
    """By each geocode; by its description where it has none: then no rule by code meets it, and a person must look."""
    described = text(area, "areaDesc")
    codes = [text(code, "value") for code in children(area, "geocode") if find(code, "value") is not None]
    return [Place(code=code, name=described) for code in codes or [""]]
