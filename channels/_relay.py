"""How long a relay on this machine keeps trying: whether a mail that it has taken could arrive after its expiry.

SMTP gives a sender no way to say until when a mail is worth delivering (RFC 2852 would, and no common relay offers it).
A Postfix as it comes tries for five days, so an order that was lifted long ago would still go out when a mailbox
provider is back. Only the relay's own configuration ends that. Where it is a Postfix on this machine it can be asked;
of any other relay docs/operations.md says what to ask whoever runs it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
from datetime import timedelta

WISE = timedelta(hours=12)
"""What most alert templates are valid for: a relay that tries longer tells what is over."""
_PARAMETER = "maximal_queue_lifetime"
_PATIENCE_S = 5.0
_ADMIN = ("/usr/sbin", "/usr/local/sbin")
"""Where Postfix keeps its programs; a service's user may not have it in PATH."""
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


async def lifetime() -> timedelta | None:
    """Return how long the Postfix on this machine tries to deliver a mail; None where there is none that tells."""
    program = shutil.which("postconf", path=os.pathsep.join([os.environ.get("PATH", ""), *_ADMIN]))
    if program is None:
        return None
    try:
        return read(await _said(program, "-h", _PARAMETER))
    except OSError:
        return None


def read(text: str) -> timedelta | None:
    """Return the time Postfix means by a value of `maximal_queue_lifetime` (postconf(5); without a unit: days)."""
    found = re.fullmatch(r"(\d{1,6})([smhdw]?)", text.strip())
    return timedelta(**{_UNITS[found[2] or "d"]: int(found[1])}) if found else None


async def _said(*command: str) -> str:
    """Return what a program writes; nothing where it does not end in time. Raise `OSError`."""
    nowhere = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        *command, stdin=nowhere, stdout=asyncio.subprocess.PIPE, stderr=nowhere
    )
    try:
        async with asyncio.timeout(_PATIENCE_S):
            said, _ = await process.communicate()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        return ""
    return said.decode(errors="replace")
