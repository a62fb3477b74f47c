"""Mail to officers who are not at the desk."""

from __future__ import annotations

import logging

from broadcaster.catalog import LANGUAGES, say
from broadcaster.desk.values import Office
from broadcaster.errors import BroadcasterError
from broadcaster.model import Alert, Text
from broadcaster.ports.channel import Notifier
from broadcaster.ports.store import Breaking

log = logging.getLogger("broadcaster.desk")


async def tell(office: Office, breaking: Breaking, alert: Alert) -> None:
    """Tell of a countdown, in each of the desk's languages. Nobody is waited for, and no failure stops anything."""
    await _post(office, _text(office, breaking, alert), {"submission": breaking.submission})


async def tell_automatic(office: Office, rule: str, alert: Alert) -> None:
    """Tell of what a rule has sent without a person. Nobody is waited for, and no failure stops anything."""
    params = {
        "rule": rule,
        "serial": alert.serial,
        "headline": alert.primary.headline,
        "city": office.context.city.name,
    }
    subject = say("automatic_notice_subject", LANGUAGES[0], **params)
    body = "\n\n".join(say("automatic_notice", language, **params) for language in LANGUAGES)
    await _post(office, Text(language=LANGUAGES[0], subject=subject, body=body), {"alert": alert.identifier})


async def _post(office: Office, text: Text, about: dict[str, object]) -> None:
    notifiers = [each for each in office.channels.values() if isinstance(each, Notifier)]
    if not office.notice_to or not notifiers:
        return
    told = {"event": "notice_sent", "count": len(office.notice_to), **about}
    try:
        await notifiers[0].notify(office.notice_to, text)
    except BroadcasterError as error:
        log.warning("Officers could not be told by mail.", extra={**told, "event": "notice_failed", "code": str(error)})
    else:
        log.info("Officers were told by mail.", extra=told)


def _text(office: Office, breaking: Breaking, alert: Alert) -> Text:
    params = {
        "number": breaking.submission,
        "serial": alert.serial,
        "headline": alert.primary.headline,
        "by": breaking.actor.name,
        "reason": " ".join(breaking.reason.split()),
        "at": f"{breaking.due_at.astimezone(office.context.city.zone):%H:%M:%S}",
        "city": office.context.city.name,
    }
    subject = say("glass_notice_subject", LANGUAGES[0], **params)
    body = "\n\n".join(say("glass_notice", language, **params) for language in LANGUAGES)
    return Text(language=LANGUAGES[0], subject=subject, body=body)
