"""Protection and login: what is asked for is done, or nothing goes out."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme
from pydantic import ValidationError

from broadcaster.demo.smtp import Phase, SmtpProvider, hang, noise, reply
from broadcaster.errors import ConfigError, DeliveryError, Reason
from channels.mail import build
from tests.channels.kit import refusal, world
from tests.channels.mailkit import LOGIN, PASSWORD, USUAL, Accounts, channel, message, people, settings


class Authority:
    """An authority of our own, and contexts of servers it vouches for."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self.file = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.file))

    def server(self, name: str = "127.0.0.1", **kwargs: object) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(name, **kwargs).configure_cert(context)  # type: ignore[arg-type]
        return context

    def client(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.file)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


async def attempt(tmp_path: Path, port: int, **changes: object) -> tuple[DeliveryError | None, Accounts]:
    ledger = Accounts(people(3))
    async with channel(world(tmp_path), port, **changes) as mail:
        try:
            await mail.deliver_all(message(mail), "key-1", ledger)
        except DeliveryError as error:
            return error, ledger
    return None, ledger


@pytest.mark.parametrize("policy", ["starttls", "tls"])
async def test_protected_and_logged_in(tmp_path: Path, authority: Authority, policy: str) -> None:
    users = {LOGIN: PASSWORD}
    async with SmtpProvider(users=users, tls=authority.server(), implicit_tls=policy == "tls") as smtp:
        error, ledger = await attempt(
            tmp_path, smtp.port, tls=policy, ca_file=authority.file, username=LOGIN, password=PASSWORD
        )
        assert error is None
        assert ledger.count() == {"accepted": 3}
        assert smtp.seen == ({"AUTH", "STARTTLS"} if policy == "starttls" else {"AUTH"})


@pytest.mark.fault(71)
async def test_a_stripped_starttls_is_refused(tmp_path: Path, authority: Authority) -> None:
    async with SmtpProvider(users={LOGIN: PASSWORD}) as smtp:
        error, ledger = await attempt(
            tmp_path, smtp.port, tls="starttls", ca_file=authority.file, username=LOGIN, password=PASSWORD
        )
        assert error is not None
        assert (error.reason, error.maybe_sent) == (Reason.TLS, False)
        assert smtp.seen == set(), "no password went out in clear"
    assert smtp.received.total == 0
    assert sorted(ledger.returned) == [1, 2, 3]


@pytest.mark.fault(71)
@pytest.mark.parametrize("answer", ["454 4.7.0 Not now", "502 5.5.1 Never"])
async def test_a_refused_starttls_is_refused(tmp_path: Path, authority: Authority, answer: str) -> None:
    async with SmtpProvider(tls=authority.server()) as smtp:
        smtp.script(Phase.STARTTLS, reply(answer), always=True)
        error, _ = await attempt(tmp_path, smtp.port, tls="starttls", ca_file=authority.file)
    assert error is not None
    assert not error.maybe_sent
    assert smtp.received.total == 0


@pytest.mark.fault(43)
@pytest.mark.parametrize("policy", ["starttls", "tls"])
@pytest.mark.parametrize("wrong", ["name", "authority", "expired"])
async def test_a_certificate_is_always_verified(tmp_path: Path, authority: Authority, policy: str, wrong: str) -> None:
    import datetime as dt

    past = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    server = authority.server("mail.example.jp") if wrong == "name" else authority.server()
    if wrong == "expired":
        server = authority.server(not_before=past, not_after=past + dt.timedelta(days=1))
    ca_file = None if wrong == "authority" else authority.file
    async with SmtpProvider(tls=server, implicit_tls=policy == "tls") as smtp:
        error, ledger = await attempt(tmp_path, smtp.port, tls=policy, ca_file=ca_file)
    assert error is not None
    assert (error.reason, error.maybe_sent) == (Reason.TLS, False)
    assert smtp.received.total == 0
    assert sorted(ledger.returned) == [1, 2, 3]


@pytest.mark.fault(43)
async def test_a_handshake_that_hangs_ends(tmp_path: Path, authority: Authority) -> None:
    async with SmtpProvider() as smtp:
        smtp.script(Phase.CONNECT, hang(), always=True)
        error, _ = await attempt(tmp_path, smtp.port, tls="tls", ca_file=authority.file, connect_timeout_s=0.2)
    assert error is not None
    assert (error.reason, error.maybe_sent) == (Reason.CONNECT, False)


async def test_words_injected_before_the_handshake_are_not_believed(tmp_path: Path, authority: Authority) -> None:
    async with SmtpProvider(tls=authority.server()) as smtp:
        smtp.script(Phase.STARTTLS, noise(b"220 go\r\n250-localhost\r\n250 AUTH PLAIN\r\n"), always=True)
        error, _ = await attempt(tmp_path, smtp.port, tls="starttls", ca_file=authority.file, connect_timeout_s=0.2)
    assert error is not None
    assert smtp.received.total == 0


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("535 5.7.8 Wrong", Reason.CREDENTIALS),
        ("534 5.7.9 Too weak", Reason.CREDENTIALS),
        ("454 4.7.0 Temporary", Reason.BUSY),
    ],
)
async def test_refused_logins(tmp_path: Path, answer: str, reason: Reason) -> None:
    async with SmtpProvider(users={LOGIN: PASSWORD}) as smtp:
        smtp.script(Phase.AUTH, reply(answer), always=True)
        error, ledger = await attempt(tmp_path, smtp.port, username=LOGIN, password=PASSWORD)
    assert error is not None
    assert (error.reason, error.maybe_sent) == (reason, False)
    assert len(ledger.returned) == 3


async def test_a_server_without_login_gets_no_password(tmp_path: Path) -> None:
    async with SmtpProvider() as smtp:
        error, _ = await attempt(tmp_path, smtp.port, username=LOGIN, password=PASSWORD)
    assert error is not None
    assert error.reason is Reason.CREDENTIALS
    assert smtp.received.total == 0


async def test_a_password_revoked_under_way(tmp_path: Path) -> None:
    async with (
        SmtpProvider(users={LOGIN: PASSWORD}) as smtp,
        channel(world(tmp_path), smtp.port, username=LOGIN, password=PASSWORD) as mail,
    ):
        await mail.deliver_all(message(mail), "key-1", Accounts(people(5)))
        smtp.users[LOGIN] = "changed"
        smtp.cut_all()
        error = await refusal(mail.deliver_all(message(mail), "key-2", Accounts(people(5))))
    assert error.reason is Reason.CREDENTIALS
    assert smtp.received.total == 5


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"host": "relay.example.jp"}, "say.mail_tls_needed"),
        ({"host": "192.0.2.1"}, "say.mail_tls_needed"),
        ({"username": "city"}, "say.mail_password_missing"),
        (
            {"readback": {"host": "pop.example.jp", "username": "u", "password": "p", "tls": "none"}},
            "say.mail_tls_needed",
        ),
    ],
)
def test_settings_that_would_be_careless_are_refused(changes: dict[str, object], code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(25, **changes)
    assert code in {error["type"] for error in caught.value.errors()}


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_loopback_needs_no_protection(host: str) -> None:
    assert settings(25, host=host).tls == "none"


def test_starttls_is_what_one_gets_without_asking() -> None:
    usual = {name: value for name, value in USUAL.items() if name != "tls"}
    assert type(settings(25)).model_validate(usual).tls == "starttls"


def test_certificates_that_cannot_be_read_stop_the_start(tmp_path: Path) -> None:
    broken = tmp_path / "ca.pem"
    broken.write_text("nothing of the kind")
    for path in (broken, tmp_path / "absent.pem"):
        with pytest.raises(ConfigError) as caught:
            build(settings(25, tls="tls", ca_file=path), world(tmp_path))
        assert [each.code for each in caught.value.problems] == ["mail_ca_unreadable"]
