"""CAP 1.2 (OASIS Standard, 1 July 2010): one message per alert version, valid against its XSD.

The standard's pitfalls, kept here: elements in the order of the schema; times with a numeric offset, never `Z` (3.3.2);
`identifier` and `sender` without spaces, commas, `<`, `&` (3.2.1), since `references` is cut at them; nothing empty.
"""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from broadcaster.model import Alert, Area, Info, Kind, Mode, Reference, ResponseType, Status
from broadcaster.ports.world import City
from channels._text import DRILL_MARK, clean, file_name, link, marked
from channels._views import speaker
from channels._xml import Element, child, document, dump, optional, stamp

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
_FORBIDDEN = re.compile(r"[\s,<&]+")


def cap_path(alert: Alert) -> str:
    """Return where the message of one alert lies."""
    return f"cap/{file_name(_token(alert.identifier))}.xml"


def cap_xml(alert: Alert, city: City, mode: Mode, page: str) -> bytes:
    """Return one alert as a CAP message. In a drill its status is Exercise and every text stands between marks.

    `page` is the residents' page of the alert, for infos that name no other place.
    """
    drill = mode is Mode.DRILL
    root = document("alert", NAMESPACE)
    child(root, _tag("identifier"), _token(alert.identifier))
    child(root, _tag("sender"), _token(alert.sender))
    child(root, _tag("sent"), stamp(alert.sent, city.zone))
    child(root, _tag("status"), Status.EXERCISE if drill and alert.kind is not Kind.TEST else alert.status)
    child(root, _tag("msgType"), alert.msg_type)
    child(root, _tag("scope"), "Public")
    optional(root, _tag("note"), marked(alert.note, drill=drill) or (DRILL_MARK if drill else ""))
    optional(root, _tag("references"), " ".join(_reference(one, city.zone) for one in alert.references))
    child(root, _tag("incidents"), str(alert.incident))
    for info in alert.infos:
        _info(root, alert, info, city, page, drill=drill)
    return dump(root)


def _info(root: Element, alert: Alert, info: Info, city: City, page: str, *, drill: bool) -> None:
    node = child(root, _tag("info"))
    child(node, _tag("language"), info.language)
    for category in info.category:
        child(node, _tag("category"), category)
    child(node, _tag("event"), marked(info.event, drill=drill))
    for response in info.response_type or _responses(alert):
        child(node, _tag("responseType"), response)
    child(node, _tag("urgency"), info.urgency)
    child(node, _tag("severity"), info.severity)
    child(node, _tag("certainty"), info.certainty)
    child(node, _tag("effective"), stamp(info.effective or alert.sent, city.zone))
    child(node, _tag("expires"), stamp(info.expires, city.zone))
    child(node, _tag("senderName"), speaker(city, info.language))
    for name in ("headline", "description", "instruction"):
        optional(node, _tag(name), marked(clean(getattr(info, name)).strip(), drill=drill))
    optional(node, _tag("web"), page if link(info.web) in ("", city.public_url) else link(info.web))
    optional(node, _tag("contact"), info.contact)
    _parameters(node, alert)
    for area in info.areas:
        _area(node, area)


def _responses(alert: Alert) -> tuple[ResponseType, ...]:
    """A message that ends its incident says so to machines too, even where its author did not."""
    return (ResponseType.ALL_CLEAR,) if alert.kind.ends else ()


def _parameters(node: Element, alert: Alert) -> None:
    """What a city says beyond CAP, as CAP's own place for it (3.2.2, `parameter`)."""
    values = {"kind": alert.kind.value, "serial": alert.serial, "version": str(alert.version)}
    if alert.level is not None:
        values = {"evacuationLevel": str(alert.level)} | values
    for name, value in values.items():
        parameter = child(node, _tag("parameter"))
        child(parameter, _tag("valueName"), name)
        child(parameter, _tag("value"), value)


def _area(node: Element, area: Area) -> None:
    made = child(node, _tag("area"))
    child(made, _tag("areaDesc"), area.area_desc)
    for geocode in area.geocodes:
        code = child(made, _tag("geocode"))
        child(code, _tag("valueName"), geocode.value_name)
        child(code, _tag("value"), geocode.value)


def _reference(one: Reference, zone: ZoneInfo) -> str:
    return f"{_token(one.sender)},{_token(one.identifier)},{stamp(one.sent, zone)}"


def _token(text: str) -> str:
    return _FORBIDDEN.sub("_", clean(text).strip())


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
