"""strace as a fault: kill, or fail, a process at its Nth system call of a kind."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.faults.kit.core import Core
from tests.faults.kit.waiting import until


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """What happens at a system call: `signal=SIGKILL`, `error=ENOSPC`; `when` as strace has it: `3`, `2+`, `1..5`."""

    call: str
    what: str = "signal=SIGKILL"
    when: str = "1"

    @property
    def argument(self) -> str:
        """As strace takes it."""
        return f"inject={self.call}:{self.what}:when={self.when}"


@asynccontextmanager
async def struck(
    core: Core, *strikes: Strike, paths: Sequence[Path] = (), held: bool = True
) -> AsyncGenerator[None, None]:
    """Attach to a core that was started `held` (or runs), and let it go on with these strikes armed; `paths` limits
    them to calls that concern these files.
    """
    if held:
        await until(lambda: _state(core.pid) == "T", 20)
    calls = ",".join(sorted({strike.call for strike in strikes}))
    wanted = [f"--trace-path={path}" for path in paths]
    armed = [word for strike in strikes for word in ("-e", strike.argument)]
    tracer = await asyncio.create_subprocess_exec(
        *("strace", "-f", "-p", str(core.pid), "-o", "/dev/null", "-e", f"trace={calls}"),
        *wanted,
        *armed,
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        await _attached(tracer)
        if held:
            core.signal(signal.SIGCONT)
        yield
    finally:
        if tracer.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(tracer.pid, signal.SIGTERM)
        await tracer.wait()


async def _attached(tracer: asyncio.subprocess.Process) -> None:
    assert tracer.stderr is not None
    line = await asyncio.wait_for(tracer.stderr.readline(), 10)
    assert b"attached" in line, line.decode(errors="replace")


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]


def may_trace() -> bool:
    """Whether this machine lets us trace at all (ptrace_scope, seccomp)."""
    return os.geteuid() == 0 or _scope() == "0"


def _scope() -> str:
    with suppress(OSError), open("/proc/sys/kernel/yama/ptrace_scope", encoding="ascii") as file:  # noqa: PTH123
        return file.read().strip()
    return "0"
