"""Who may hold a connection. When the house is full, the one that has waited longest without asking goes."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Protocol

_HOUSEHOLD = 64
"""Bits of an IPv6 address that a provider gives to one customer, who then has endless addresses below them."""


def household(address: str) -> str:
    """Return what counts as one address: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv4Address):
        return address
    mapped = found.ipv4_mapped
    return str(mapped) if mapped else str(ip_network((int(found) >> _HOUSEHOLD << _HOUSEHOLD, _HOUSEHOLD)))


class Guest(Protocol):
    """A connection, as far as the gate cares."""

    @property
    def busy(self) -> bool:
        """Whether an answer is on its way out."""
        ...

    def drop(self) -> None:
        """End it now."""
        ...


class Gate:
    """Counts connections, in all and per address.

    A full house is a flood or slow clients that never finish: closing the oldest waiting one keeps a seat for whoever
    comes next, which a fixed "no" would not. Loopback is not counted per address: a reverse proxy brings everybody.
    """

    def __init__(self, total: int, per_address: int, unlimited: Iterable[str]) -> None:
        self._total, self._per_address, self._unlimited = total, per_address, frozenset(unlimited)
        self._inside = OrderedDict[Guest, str]()
        self._by_address = Counter[str]()
        self.refused = 0

    def enter(self, guest: Guest, address: str) -> bool:
        """Return whether `guest` may stay; if so it is counted until `leave`."""
        counted = address if address in self._unlimited else household(address)
        if address not in self._unlimited and self._by_address[counted] >= self._per_address:
            self.refused += 1
            return False
        if len(self._inside) >= self._total and not self._make_room():
            self.refused += 1
            return False
        self._inside[guest] = counted
        self._by_address[counted] += 1
        return True

    def leave(self, guest: Guest) -> None:
        """Forget `guest`; done also when it never entered or has been sent out."""
        address = self._inside.pop(guest, None)
        if address is None:
            return
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]

    def guests(self) -> tuple[Guest, ...]:
        """Return everybody, the oldest first."""
        return tuple(self._inside)

    def __len__(self) -> int:
        return len(self._inside)

    def _make_room(self) -> bool:
        """Send out the oldest guest that is not being answered. The busy ones met go to the end: they are alive."""
        for _ in range(len(self._inside)):
            guest = next(iter(self._inside))
            if not guest.busy:
                self.refused += 1
                self.leave(guest)
                guest.drop()
                return True
            self._inside.move_to_end(guest)
        return False
