"""Mails as octets: headers by the standards, nothing smuggled in, one building for all recipients."""

from __future__ import annotations

import re
from datetime import datetime
from email.parser import BytesParser
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.demo.smtp import SmtpProvider
from broadcaster.errors import Reason
from broadcaster.model import Grade, Mode, Recipient, Text
from channels._mail_letter import Sender, UnsafeHeader, build_letter, key_part, mailbox, message_ids
from tests.channels.kit import NOW, TOKYO, refusal, world
from tests.channels.mailkit import Accounts, channel, message, only, people

SENDER = Sender(
    name="東大和市 防災安全課",
    address="bousai@city.example.lg.jp",
    bounces="bounce@city.example.lg.jp",
    domain="city.example.lg.jp",
    list_id="alerts.city.example.lg.jp",
    unsubscribe="mailto:yamemasu@city.example.lg.jp?subject=unsubscribe",
)
WHEN: datetime = NOW.astimezone(TOKYO)


def written(body: str, subject: str = "件名", language: str = "ja") -> bytes:
    letter = build_letter(Text(language=language, subject=subject, body=body), SENDER, WHEN)
    return letter.to(b"r1@example.jp", b"key.t1@city.example.lg.jp")


async def test_headers_as_a_reader_sees_them(tmp_path: Path) -> None:
    async with SmtpProvider() as smtp, channel(world(tmp_path), smtp.port) as mail:
        await mail.deliver_all(message(mail), "key-1", Accounts(people(1)))
        seen = only(smtp, "r1@example.jp")
    assert seen["From"] == "東大和市 <bousai@city.example.lg.jp>"
    assert seen["To"] == "r1@example.jp"
    assert seen["Subject"] == "芋窪、蔵敷に避難指示 全員避難（第14-1報）"
    assert seen["Message-ID"] == "<key-1.t1@city.example.lg.jp>"
    assert seen["List-Id"] == "<alerts.city.example.lg.jp>"
    assert seen["List-Unsubscribe"] == "<mailto:yamemasu@city.example.lg.jp?subject=unsubscribe>"
    assert seen["List-Unsubscribe-Post"] is None
    assert seen["Auto-Submitted"] == "auto-generated"
    assert parsedate_to_datetime(seen["Date"]) == NOW
    assert seen.get_content_type() == "text/plain"
    assert seen.get_content_charset() == "utf-8"
    assert "https://city.example.lg.jp/" in seen.get_content()
    assert all(seen.get_all(name, []) == [seen[name]] for name in ("To", "Message-ID", "Subject", "From", "Date"))


@pytest.mark.parametrize(
    ("grade", "precedence"),
    [(Grade.DRILL, "list"), (Grade.INFORMATION, "list"), (Grade.WARNING, None), (Grade.EMERGENCY, None)],
)
async def test_grave_mail_is_not_put_last(tmp_path: Path, grade: Grade, precedence: str | None) -> None:
    async with SmtpProvider() as smtp, channel(world(tmp_path), smtp.port) as mail:
        await mail.deliver_all(message(mail), "key-1", Accounts(people(1), grade=grade))
        assert only(smtp, "r1@example.jp")["Precedence"] == precedence


async def test_each_reader_gets_his_language_and_his_own_copy(tmp_path: Path) -> None:
    readers = [Recipient(id=n, address=f"r{n}@example.jp", language=tag, token=f"t{n}", attempt=1)
               for n, tag in enumerate(("ja", "en", "vi"))]  # fmt: skip
    async with SmtpProvider() as smtp, channel(world(tmp_path, mode=Mode.DRILL), smtp.port) as mail:
        await mail.deliver_all(message(mail, "ja", "en"), "key-1", Accounts(readers))
        languages = [only(smtp, f"r{n}@example.jp")["Content-Language"] for n in range(3)]
    assert languages == ["ja", "en", "mul"]
    assert set(smtp.received.by_message_id) == {f"<key-1.t{n}@city.example.lg.jp>" for n in range(3)}


async def test_a_copy_bears_the_same_message_id(tmp_path: Path) -> None:
    async with SmtpProvider() as smtp, channel(world(tmp_path), smtp.port) as mail:
        for _ in range(2):
            await mail.deliver_all(message(mail), "key-1", Accounts(people(1)))
    assert smtp.received.by_message_id == {"<key-1.t1@city.example.lg.jp>": 2}
    assert smtp.received.copies == 1


def test_japanese_is_base64_and_english_stays_legible() -> None:
    assert b"Content-Transfer-Encoding: base64" in written("空堀川があふれるおそれがあります。")
    assert b"Leave now" in written("Leave now. 芋窪" + " Go to high ground." * 10)


@given(
    st.text(
        alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
    )
)
def test_every_body_arrives_as_it_was_written(body: str) -> None:
    raw = written(body)
    assert raw.endswith(b"\r\n.\r\n")
    content = raw.removesuffix(b".\r\n")
    assert b"\r\n.\r\n" not in content
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|[^\x00-\x7f]", content)
    unstuffed = content.replace(b"\r\n..", b"\r\n.")
    text: str = BytesParser(policy=default).parsebytes(unstuffed).get_content()
    assert text.replace("\r\n", "\n").rstrip("\n") == body.rstrip("\n")


def test_a_line_that_begins_with_a_dot_is_stuffed() -> None:
    raw = written(".\n..two\nend " + "x" * 50, language="en")
    assert b"\r\n..\r\n...two\r\n" in raw


def test_long_addresses_are_not_mistaken_for_prose() -> None:
    long = "mailto:" + "a" * 60 + "@" + "b" * 60 + ".example.jp?subject=unsubscribe"
    sender = Sender(name="市", address="a@b.jp", bounces="a@b.jp", domain="b.jp", list_id="x" * 90, unsubscribe=long)
    raw = build_letter(Text(language="ja", subject="s", body="b"), sender, WHEN).to(b"r@example.jp", b"1@b.jp")
    assert f"List-Unsubscribe: <{long}>\r\n".encode() in raw


@pytest.mark.fault(96)
@pytest.mark.parametrize(
    "bad", ["\r\nBcc: all@example.jp", "\n", "\r", "\0", "\x0b", "\x85", "\u2028", "\x1b[31m", "\ud800"]
)
def test_no_header_can_be_smuggled_in(bad: str) -> None:
    for subject, sender in (
        (f"a{bad}b", SENDER),
        ("a", Sender(**{**_fields(), "name": f"市{bad}"})),
        ("a", Sender(**{**_fields(), "list_id": f"x{bad}"})),
        ("a", Sender(**{**_fields(), "unsubscribe": f"mailto:x{bad}"})),
        ("a", Sender(**{**_fields(), "reply_to": f"x{bad}@example.jp"})),
    ):
        with pytest.raises(UnsafeHeader):
            build_letter(Text(language="ja", subject=subject, body=""), sender, WHEN)


def _fields() -> dict[str, str]:
    return {name: getattr(SENDER, name) for name in Sender.__dataclass_fields__}


@pytest.mark.fault(96)
async def test_an_unsafe_subject_goes_out_to_nobody(tmp_path: Path) -> None:
    async with SmtpProvider() as smtp, channel(world(tmp_path), smtp.port) as mail:
        bad = message(mail)
        text = Text(language="ja", subject="a\r\nBcc: all@example.jp", body="")
        unsafe = type(bad)(alert=bad.alert, channel=bad.channel, texts=(text,))
        error = await refusal(mail.deliver_all(unsafe, "key-1", Accounts(people(1))))
        assert (error.reason, error.maybe_sent) == (Reason.REJECTED, False)
        assert smtp.connections == 0


@pytest.mark.parametrize(
    ("address", "wire"),
    [
        ("a@example.jp", b"a@example.jp"),
        ("a.b+c=d@example.co.jp", b"a.b+c=d@example.co.jp"),
        ("a..b@docomo.example.jp", b'"a..b"@docomo.example.jp'),
        (".a@example.jp", b'".a"@example.jp'),
        ("a.@example.jp", b'"a."@example.jp'),
        ("a@localhost", b"a@localhost"),
    ],
)
def test_addresses(address: str, wire: bytes) -> None:
    assert mailbox(address) == wire


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "@example.jp",
        "a@",
        "a b@example.jp",
        'a"b@example.jp',
        "a@exa mple.jp",
        "a@-x.jp",
        "a@x..jp",
        "a<b>@x.jp",
        "a\n@x.jp",
        "a@x.jp\n",
        "あ@x.jp",
        "a@あ.jp",
        "a" * 65 + "@x.jp",
        "a@" + "b" * 250 + ".jp",
        "a\0@x.jp",
    ],
)
def test_what_is_no_address(address: str) -> None:
    assert mailbox(address) is None


@given(st.text(max_size=30))
def test_an_address_is_safe_on_the_wire_or_none(address: str) -> None:
    wire = mailbox(address)
    assert wire is None or re.fullmatch(rb"[!-~]+", wire)


def test_message_ids_belong_to_their_key() -> None:
    assert message_ids("k-1", "x.jp")("t") == b"k-1.t@x.jp"
    odd = message_ids("mail:14/2 <x>", "x.jp")("t").decode()
    assert re.fullmatch(r"[0-9a-f]{40}\.t@x\.jp", odd)
    assert odd.startswith(key_part("mail:14/2 <x>"))
    assert key_part("k-1") != key_part("k-10"), "and the dot keeps them apart"
