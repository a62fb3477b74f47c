"""I. What strangers do with residents' mail: subscribe a victim, follow every link before the resident does.

Broadcaster has no form for either: residents are put in by an admin, and leave by an empty mail to the city. So what is
held here is that nobody outside reaches a subscription, and that no link in a mail does anything.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest

from broadcaster.demo.smtp import SmtpProvider
from broadcaster.model import Subscriber
from broadcaster.pages import Root
from broadcaster.pages.server import Server
from tests.channels import kit
from tests.channels.mailkit import Accounts, channel, message, only, people
from tests.desk.world import OFFICER, World, world
from tests.pages.kit import connected, get, publish, request, serving

VICTIM = "Victim@example.jp"
FORM = f"email={VICTIM}&action=subscribe".encode()
LINK = re.compile(r"https?://[^\s<>\"]+")


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made


@asynccontextmanager
async def page(folder: Path) -> AsyncIterator[Server]:
    """All that strangers reach."""
    publish(folder / "public", 1)
    async with serving(Root("/", folder / "public")) as server:
        yield server


@pytest.mark.fault(116)
@pytest.mark.parametrize("path", ["/", "/subscribers", "/subscribe"])
async def test_a_stranger_subscribes_nobody(city: World, tmp_path: Path, path: str) -> None:
    async with page(tmp_path) as server:
        for method in ("POST", "PUT"):
            async with connected(server.port) as bomber:
                bomber.say(request(path, method, Content_Length=str(len(FORM))) + FORM)
                assert (await bomber.reply()).status == 405
    assert (await city.desk.subscriber_stats()).total == 0


@pytest.mark.fault(116)
async def test_whoever_was_put_in_a_hundred_times_gets_one_mail(city: World) -> None:
    """As a city's own form on its web site may hand it over."""
    names = {VICTIM[:cut].upper() + VICTIM[cut:].lower() for cut in range(len(VICTIM))}
    assert len(names) > 10
    for _ in range(10):
        await city.desk.put_subscribers([Subscriber(address=name) for name in sorted(names)], OFFICER)
    assert (await city.desk.subscriber_stats()).total == 1


@pytest.mark.fault(117)
async def test_a_scanner_that_follows_every_link_of_a_mail_ends_no_subscription(tmp_path: Path) -> None:
    """Each resident's mail holds the same links, so that none can be about one of them; following them only reads."""
    accounts = Accounts(people(2))
    async with SmtpProvider() as smtp, channel(kit.world(tmp_path), smtp.port) as mail:
        await mail.deliver_all(message(mail), "key", accounts)
        first, second = (_links(only(smtp, f"r{number}@example.jp")) for number in (1, 2))
    assert first == second
    assert first, "the mail leads to the page"
    async with page(tmp_path) as server:
        for link in first:
            assert link.startswith(kit.CITY.public_url), "every link leads to the residents' page"
            path = "/" + link.removeprefix(kit.CITY.public_url)
            assert (await get(server.port, path)).status == 200
            async with connected(server.port) as scanner:
                assert (await scanner.ask(path, "POST")).status == 405


def _links(mail: EmailMessage) -> list[str]:
    """Every link of its headers and its text."""
    return sorted(set(LINK.findall("\n".join([*map(str, mail.values()), mail.get_content()]))))
