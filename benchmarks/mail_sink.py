"""The demonstration's mail server as a sink in a process of its own: `python -m benchmarks.mail_sink PORT`."""

from __future__ import annotations

import asyncio
import sys

from broadcaster.demo.smtp import SmtpProvider
from broadcaster.loops import loop_factory


async def main(port: int) -> None:
    """Take everything and keep nothing, until ended."""
    async with SmtpProvider(keep=(), port=port):
        await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(main(int(sys.argv[1])))
