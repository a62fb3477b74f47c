"""Who is at the other end of the socket: the kernel says (SO_PEERCRED, unix(7)), nobody can pretend."""

from __future__ import annotations

import pwd
import socket
import struct

from aiohttp import web

from broadcaster.errors import Forbidden
from broadcaster.model import Actor

_CREDENTIALS = struct.Struct("3i")


def actor_of(request: web.Request) -> Actor:
    """Return the Unix user of the peer. Raise `Forbidden` where the connection tells none."""
    peer = request.transport.get_extra_info("socket") if request.transport else None
    if peer is None or peer.family != socket.AF_UNIX:
        raise Forbidden("peer_unknown")
    _, uid, _ = _CREDENTIALS.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return Actor(name=user_name(uid), uid=uid)


def user_name(uid: int) -> str:
    """Return the account's name, or `uid:N` where the number has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid:{uid}"
