"""One mail as octets: built once per language, completed per recipient by splicing two header lines in.

Nothing is encoded per recipient. Headers follow RFC 5322, RFC 2047 (words), RFC 2919 (List-Id), RFC 2369
(List-Unsubscribe) and RFC 3834 (Auto-Submitted, so that absence notices are not answered to a machine).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache

from broadcaster.errors import BroadcasterError
from broadcaster.model import Text

_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
_DOMAIN = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
_KEY = re.compile(r"[A-Za-z0-9_-]{1,80}")
_LONGEST = 254


class UnsafeHeader(BroadcasterError):
    """A header would carry CR, LF, NUL or another control character; nothing goes out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who the mail is from, and what all its headers share. `domain` is that of Message-IDs. Without `list_id` and
    `unsubscribe` it is no mail to a list.
    """

    name: str
    address: str
    bounces: str
    domain: str
    list_id: str
    unsubscribe: str
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail waiting for its recipient: everything before and after the two lines that differ."""

    before: bytes
    after: bytes

    def to(self, recipient: bytes, message_id: bytes) -> bytes:
        """Return the whole mail as it goes over the wire, final dot included."""
        return b"%bTo: <%b>\r\nMessage-ID: <%b>\r\n%b" % (self.before, recipient, message_id, self.after)


def checked(value: str) -> str:
    """Return `value` if it may stand in a header. Raise `UnsafeHeader`: the standard library lets NUL pass."""
    if _UNSAFE.search(value):
        raise UnsafeHeader("mail_header_unsafe")
    return value


def check_headers(text: Text, sender: Sender) -> None:
    """Raise `UnsafeHeader` if any header of this mail would be."""
    ours = (sender.name, sender.address, sender.reply_to, sender.list_id, sender.unsubscribe)
    for value in (text.subject, text.language, *ours):
        checked(value)


def build_letter(text: Text, sender: Sender, date: datetime, *, precedence: str = "") -> Letter:
    """Build the mail of one language. Raise `UnsafeHeader`."""
    dated = f"Date: {format_datetime(date)}\r\n".encode("ascii")
    return _cut(_undated(text, sender), dated + _listed(text, sender, precedence))


@lru_cache(maxsize=64)
def _undated(text: Text, sender: Sender) -> bytes:
    """Return what the library makes of it. That takes 2 ms: it is made with the preview, not between an acceptance and
    its first mail, and not again when a run goes on later.
    """
    check_headers(text, sender)
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(sender.name, addr_spec=sender.address)
    if sender.reply_to:
        mail["Reply-To"] = Address(addr_spec=sender.reply_to)
    mail["Subject"] = text.subject
    mail.set_content(text.body, charset="utf-8", cte=_encoding(text.body))
    return mail.as_bytes()


def shown_headers(letter: Letter) -> Mapping[str, str]:
    """Return the headers as a reader's program shows them, without those of one recipient."""
    read = message_from_bytes(letter.before, policy=SMTP)
    return {name: str(value) for name, value in read.items()}


def _listed(text: Text, sender: Sender, precedence: str) -> bytes:
    """The headers for machines, written as they are: the library would encode a long address as if it were prose."""
    headers = {
        "List-Id": f"<{sender.list_id}>" if sender.list_id else "",
        "List-Unsubscribe": f"<{sender.unsubscribe}>" if sender.unsubscribe else "",
        "Auto-Submitted": "auto-generated",
        "Precedence": precedence,
        "Content-Language": text.language,
    }
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value).encode("ascii")


def _encoding(body: str) -> str:
    """Japanese is shortest in base64; a text that is nearly all ASCII stays legible in quoted-printable, which an old
    phone or a filter can read even undecoded. Both keep lines under 998 octets (RFC 5322, 2.1.1).
    """
    foreign = len(body) - len(body.encode("ascii", "ignore"))
    return "quoted-printable" if foreign * 20 < len(body) else "base64"


def _cut(whole: bytes, listed: bytes) -> Letter:
    head, _, body = whole.partition(b"\r\n\r\n")
    stuffed = (b"\r\n" + body).replace(b"\r\n.", b"\r\n..").removeprefix(b"\r\n")
    ended = stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"
    return Letter(head + b"\r\n" + listed, b"\r\n" + ended + b".\r\n")


def key_part(key: str) -> str:
    """Return what a Message-ID of this delivery begins with: the key itself, or its hash where it is no plain word."""
    return key if _KEY.fullmatch(key) else hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:40]


def message_ids(key: str, domain: str) -> Callable[[str], bytes]:
    """Return what tells by a recipient's token the Message-ID without brackets: stable per delivery and recipient, so
    that a copy shows itself.
    """
    start = key_part(key)
    return lambda token: f"{start}.{key_part(token)}@{domain}".encode("ascii")


def mailbox(address: str) -> bytes | None:
    """Return the address as it stands in RCPT TO and To, or None if it is none.

    Old addresses of Japanese carriers have dots side by side or before the @, which only a quoted local part may
    (RFC 5321, 4.1.2).
    """
    local, at, domain = address.rpartition("@")
    if not at or len(address) > _LONGEST or not _LOCAL.fullmatch(local) or not _is_domain(domain):
        return None
    name = f'"{local}"' if ".." in f".{local}." else local
    return f"{name}@{domain}".encode("ascii")


@lru_cache(maxsize=1024)
def _is_domain(text: str) -> bool:
    """Most residents share a few providers."""
    return _DOMAIN.fullmatch(text) is not None
