"""`[canary]`: how we find out that a channel or a public address does not speak any more, and whom that is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from broadcaster.documents import RuleTable, rule_contradictions
from broadcaster.model import Rule
from broadcaster.rules.canary import Habits
from broadcaster.rules.egress import is_loopback

_PORTS = {"http": 80, "https": 443}


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        plain = parts.scheme == "http" and is_loopback(parts.hostname or "")
        fine = not url or (parts.hostname and parts.port != 0 and (parts.scheme == "https" or plain))
    except ValueError:
        fine = False
    if not fine:
        raise PydanticCustomError("say.canary_url_wrong", "no address")
    return url


def _base(url: str) -> str:
    if not url.endswith("/"):
        raise PydanticCustomError("say.url_wrong", "not a base address")
    return url


Address = Annotated[str, AfterValidator(_address), Field(max_length=500)]
"""HTTPS, or HTTP on this machine: whoever stands between could say that all is well."""
Mailbox = Annotated[str, Field(pattern=r"^[^\s@]+@[^\s@]+$", max_length=254)]
Minutes = Annotated[int, Field(ge=1, le=1440)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MirrorSettings(_Table):
    """`[[canary.readback.mirrors]]`: a further address at which a channel's files are to be found."""

    channel: Annotated[str, Field(min_length=1, max_length=60)]
    url: Annotated[Address, AfterValidator(_base)]


class ReadbackSettings(_Table):
    """`[canary.readback]`: looking at the public addresses as residents do."""

    every_s: Annotated[int, Field(ge=5, le=3600)] = 60
    max_age_s: Annotated[int, Field(ge=60, le=86_400)] = 600
    silent_after_s: Annotated[int, Field(ge=0, le=3600)] = 180
    mirrors: tuple[MirrorSettings, ...] = ()


class RelaySettings(_Table):
    """`[canary.alarm.relay]`: a relay for alarms alone, so that they arrive when the mail channel is what is silent."""

    host: Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9._:-]+$")]
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    username: Annotated[str, Field(max_length=254)] = ""
    password: SecretStr = SecretStr("")
    from_address: Mailbox
    ca_file: Path | None = None


class AlarmSettings(_Table):
    """`[canary.alarm]`: who is told of silence, and how."""

    mail_to: tuple[Mailbox, ...] = ()
    relay: RelaySettings | None = None
    webhook: Address = ""
    webhook_secret: SecretStr = SecretStr("")


class CanarySettings(_Table):
    """`[canary]`. Without `when` nothing is tested by itself; the public addresses are looked at all the same."""

    when: tuple[RuleTable, ...] = ()
    channels: tuple[Annotated[str, Field(min_length=1, max_length=60)], ...] = ()
    answer_minutes: Annotated[int, Field(ge=1, le=120)] = 15
    late_minutes: Minutes = 10
    overdue_hours: Annotated[int, Field(ge=1, le=24 * 62)] = 50
    announce_minutes: Annotated[int, Field(ge=0, le=1440)] = 60
    heartbeat: Address = ""
    readback: ReadbackSettings = ReadbackSettings()
    alarm: AlarmSettings = AlarmSettings()

    @model_validator(mode="after")
    def _rules_fit(self) -> Self:
        for table in self.when:
            for code, key in rule_contradictions(table):
                raise PydanticCustomError("say.canary_when_wrong", "contradiction", {"key": key, "why": code})
        return self

    @property
    def rules(self) -> tuple[Rule, ...]:
        """When tests come round."""
        return tuple(table.rule() for table in self.when)

    @property
    def habits(self) -> Habits:
        """The times, as the rules take them."""
        return Habits(
            answer=timedelta(minutes=self.answer_minutes),
            late=timedelta(minutes=self.late_minutes),
            overdue=timedelta(hours=self.overdue_hours),
            announce=timedelta(minutes=self.announce_minutes),
            every=timedelta(seconds=self.readback.every_s),
            max_age=timedelta(seconds=self.readback.max_age_s),
            patience=timedelta(seconds=self.readback.silent_after_s),
        )

    @property
    def endpoints(self) -> Mapping[str, tuple[str, int]]:
        """Host and port of all it connects to, by setting. A drill is refused with one outside of the drill list."""
        return dict(self._endpoints())

    def _endpoints(self) -> Iterator[tuple[str, tuple[str, int]]]:
        addresses = {"heartbeat": self.heartbeat, "alarm.webhook": self.alarm.webhook}
        addresses |= {f"readback.mirrors.{index}.url": each.url for index, each in enumerate(self.readback.mirrors)}
        for name, url in addresses.items():
            if url:
                yield name, web_place(url)
        if self.alarm.relay:
            yield "alarm.relay.host", (self.alarm.relay.host, self.alarm.relay.port)


def web_place(url: str) -> tuple[str, int]:
    """Return host and port of a web address."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
