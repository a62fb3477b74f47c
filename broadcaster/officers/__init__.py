"""Persons at the desk: who is who, who is let in, and who may make others so (docs/adr/0014).

Everything a login needs is on this machine: no directory, no time server and no name service is asked. `rules.roles`
says who may do what, `rules.login` how long what lasts; this room brings in the time, the store, and the hashing.
"""

from broadcaster.officers.hashing import Hasher
from broadcaster.officers.keyfile import instance_key
from broadcaster.officers.machines import TokenWish
from broadcaster.officers.officers import Officers
from broadcaster.officers.values import (
    Asked,
    Begun,
    Bureau,
    Caller,
    Credentials,
    Enrolment,
    Issued,
    Member,
    Newcomer,
    Staff,
)

__all__ = [
    "Asked",
    "Begun",
    "Bureau",
    "Caller",
    "Credentials",
    "Enrolment",
    "Hasher",
    "Issued",
    "Member",
    "Newcomer",
    "Officers",
    "Staff",
    "TokenWish",
    "instance_key",
]
