"""Passphrases, hashed with argon2id: one at a time, and few may wait.

A hash takes 64 MiB and a fifth of a second on purpose (RFC 9106, 4: the second recommended option). A flood of logins
would take all memory, or keep the deliveries waiting: so there is one thread for it that gives way to all others, a
short queue, and in that queue at most two of any Unix user, so that one who floods does not keep the others out.
"""

from __future__ import annotations

import asyncio
import os
import threading
from base64 import b64encode
from collections import Counter
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress

from argon2 import Parameters, PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from broadcaster.errors import Busy

WAITING = 8
"""Logins under way, waiting ones included."""
EACH = 2
"""Of these, how many of one Unix user."""
_NICE = 10


class Hasher:
    """Makes and checks hashes, in turns. Belongs to one event loop."""

    def __init__(self, parameters: Parameters = RFC_9106_LOW_MEMORY) -> None:
        self._hasher = PasswordHasher.from_parameters(parameters)
        self._nobody = _matched_by_nothing(parameters)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="passphrase", initializer=_give_way)
        self._one = asyncio.Lock()
        self._under_way: Counter[int] = Counter()

    @asynccontextmanager
    async def turn(self, uid: int) -> AsyncGenerator[None, None]:
        """Wait for this Unix user's turn; within it nobody else's passphrase is looked at. Raise `Busy`."""
        if self._under_way.total() >= WAITING or self._under_way[uid] >= EACH:
            raise Busy("login_busy")
        self._under_way[uid] += 1
        try:
            async with self._one:
                yield
        finally:
            self._under_way[uid] -= 1

    async def matches(self, hashed: str, passphrase: str) -> bool:
        """Return whether this is the passphrase. For an empty hash nothing is, and it takes as long to say so."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._verify, hashed or self._nobody, passphrase)

    async def hashed(self, passphrase: str) -> str:
        """Return the hash, with its salt and parameters in it."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._hasher.hash, passphrase)

    def close(self) -> None:
        """Let go of the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _verify(self, hashed: str, passphrase: str) -> bool:
        try:
            return self._hasher.verify(hashed, passphrase)
        except (VerificationError, InvalidHashError):
            return False


def _give_way() -> None:
    """Let this thread, and the lanes argon2 starts from it, run behind everything else: deliveries come first."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


def _matched_by_nothing(of: Parameters) -> str:
    """Return a hash of the same cost that no known passphrase has: all zeros."""
    salt, digest = (b64encode(bytes(length)).decode().rstrip("=") for length in (of.salt_len, of.hash_len))
    return f"$argon2id$v={of.version}$m={of.memory_cost},t={of.time_cost},p={of.parallelism}${salt}${digest}"
