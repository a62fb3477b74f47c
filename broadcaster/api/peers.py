"""Who is at the other end of the socket: the kernel says (SO_PEERCRED, unix(7)), nobody can pretend. And who is logged
in there: a session or a machine token in the header `Authorization: Bearer` (RFC 6750, 2.1).
"""

from __future__ import annotations

import os
import pwd
import socket
import struct

from aiohttp import web

from broadcaster.errors import Forbidden, Refused
from broadcaster.model import Actor, Problem
from broadcaster.officers import Caller, Officers

_CREDENTIALS = struct.Struct("3i")
_ROOT = 0


async def caller_of(request: web.Request, officers: Officers, route: str, *, used: bool = True) -> Caller:
    """Return who asks, if they may ask this route. `used` False: nobody does anything, a stream just goes on.

    Raise `Unauthenticated`, `Forbidden`.
    """
    peer = peer_of(request)
    owner = peer.uid in (_ROOT, os.geteuid())
    caller = await officers.identify(_bearer(request), peer, owner=owner, used=used)
    officers.permit(caller, route)
    return caller


def peer_of(request: web.Request) -> Actor:
    """Return the Unix user of the peer. Raise `Forbidden` where the connection tells none."""
    peer = request.transport.get_extra_info("socket") if request.transport else None
    if peer is None or peer.family != socket.AF_UNIX:
        raise Forbidden("peer_unknown")
    _, uid, _ = _CREDENTIALS.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return Actor(name=user_name(uid), uid=uid)


def _bearer(request: web.Request) -> str:
    """Return what the header brings; a header of another kind is a secret that is not good, not no secret."""
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else kind


def user_id(name: str) -> int:
    """Return the number of a Unix account. Raise `Refused`."""
    try:
        return pwd.getpwnam(name).pw_uid
    except (KeyError, ValueError):
        raise Refused([Problem(code="unix_user_unknown", place="unix_user", params={"name": name})]) from None


def user_name(uid: int) -> str:
    """Return the account's name, or `uid:N` where the number has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid:{uid}"
