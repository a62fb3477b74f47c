"""Which endpoints an instance may reach. A drill never reaches a live one (docs/delivery.md, I8).

Asked right before each connection, so that no redirect, setting or bug further up can get around it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from broadcaster.errors import EgressRefused
from broadcaster.model import Mode


class Endpoints:
    """Serves the port `Egress`. `drill` lists test endpoints as `host` or `host:port`.

    A drill instance reaches loopback and the list, nothing else. A live one reaches anything but the list, which
    holds test accounts (residents would hear nothing), and addresses that are no host of anybody.
    """

    def __init__(self, mode: Mode, drill: Iterable[str] = ()) -> None:
        self._mode = mode
        self._drill = frozenset(_normal(entry) for entry in drill)

    def check(self, host: str, port: int) -> None:
        """Return if allowed, else raise `EgressRefused`."""
        name = _normal(host)
        listed = bool(self._drill & {name, f"{name}:{port}", f"[{name}]:{port}"})
        if self._mode is Mode.DRILL and not (listed or is_loopback(name)):
            raise EgressRefused("egress_drill", host=host, port=port)
        if self._mode is Mode.LIVE and (listed or _is_nobody(name)):
            raise EgressRefused("egress_live", host=host, port=port)


class Among:
    """Serves the port `Egress`: exactly these places, and of them only what the instance may reach at all."""

    def __init__(self, instance: Endpoints, places: Iterable[tuple[str, int]]) -> None:
        self._instance = instance
        self._places = frozenset((_normal(host), port) for host, port in places)

    def check(self, host: str, port: int) -> None:
        """Return if allowed, else raise `EgressRefused`."""
        if (_normal(host), port) not in self._places:
            raise EgressRefused("egress_unnamed", host=host, port=port)
        self._instance.check(host, port)


def is_loopback(host: str) -> bool:
    """Return whether this name surely is this machine: `localhost`, 127.0.0.0/8 or ::1, written plainly."""
    if _normal(host) == "localhost":
        return True
    address = _address(_normal(host))
    return address is not None and address.is_loopback


def _normal(host: str) -> str:
    bare = host.strip().casefold().rstrip(".")
    return bare[1:-1] if bare.startswith("[") and bare.endswith("]") else bare


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_nobody(host: str) -> bool:
    """Link-local addresses serve a cloud's secrets to whoever asks; the others name no single host."""
    address = _address(host)
    return address is not None and (address.is_link_local or address.is_multicast or address.is_unspecified)
