"""The stand-ins of a drill instance: they listen where its configuration leads, and relay nothing to anybody.

A child of `broadcaster run`, in a process of its own: the core cannot tell them from real providers. What is not on
this machine (a test account that the drill list names) is left to whoever it is.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from typing import cast
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr

from broadcaster.config import Config
from broadcaster.demo.front import Front
from broadcaster.demo.pop3 import Pop3Provider
from broadcaster.demo.providers import Cast, playing
from broadcaster.demo.smtp import SmtpProvider
from broadcaster.demo.trouble import Trouble
from broadcaster.demo.x import XProvider
from broadcaster.rules.egress import is_loopback
from channels.mail import Settings as MailSettings
from channels.twitter import Settings as TwitterSettings

_LOG = logging.getLogger(__name__)


def cast_of(config: Config) -> Cast:
    """Return who stands in for what this configuration reaches on this machine."""
    relay, mailbox = _mail(_settings(config, "mail"))
    return Cast(x=_x(_settings(config, "twitter")), smtp=relay, pop3=mailbox, front=_front(config))


async def stand_in(config: Config, trouble: Trouble) -> None:
    """Play until SIGTERM or SIGINT. Raise `OSError` for a port that is taken."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    async with playing(cast_of(config), trouble):
        _LOG.info("listening", extra={"event": "stand_ins_listening", "trouble": list(trouble.options)})
        await told.wait()


def _settings(config: Config, name: str) -> BaseModel | None:
    return config.channels[name].settings if name in config.channels else None


def _x(settings: BaseModel | None) -> XProvider | None:
    if not isinstance(settings, TwitterSettings):
        return None
    parts = urlsplit(settings.base_url)
    if parts.scheme != "http" or not is_loopback(parts.hostname or ""):
        return None
    x = XProvider(port=parts.port or 80, limit_15min=settings.posts_per_15_min, limit_24h=settings.posts_per_24_h)
    x.renew(**{name: cast("SecretStr", getattr(settings, name)).get_secret_value() for name in x.keys})
    if settings.canary is not None:
        tests = {name: cast("SecretStr", getattr(settings.canary, name)).get_secret_value() for name in x.test_keys}
        x.renew_tests(**tests)
    return x


def _mail(settings: BaseModel | None) -> tuple[SmtpProvider | None, Pop3Provider | None]:
    if not isinstance(settings, MailSettings) or settings.tls.value != "none" or not is_loopback(settings.host):
        return None, None
    readback = settings.readback if settings.readback and settings.readback.tls == "none" else None
    users = {settings.username: settings.password.get_secret_value()} if settings.username else {}
    smtp = SmtpProvider(users=users, keep=(readback.username,) if readback else (), port=settings.port)
    if readback is None or not is_loopback(readback.host):
        return smtp, None
    logins = {readback.username: readback.password.get_secret_value()}
    return smtp, Pop3Provider(smtp.mailboxes, logins, port=readback.port)


def _front(config: Config) -> Front | None:
    """Between residents and page server, where the configuration gives them two ports."""
    parts, server = urlsplit(config.city.public_url), config.page_server
    here = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if not here or not server.enabled or parts.port in (None, server.port):
        return None
    return Front(server.port, port=parts.port or 0)
