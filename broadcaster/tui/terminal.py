"""The terminal the desk is shown on, and its end: a line that is cut need not send SIGHUP (nohup, a supervisor that
ignores it, a lost session of `screen`). Textual would read the end of its input again and again, and wait for ever for
a writer that has died; here both end, and the app is told once.
"""

from __future__ import annotations

import select
import sys
from contextlib import suppress
from threading import Thread
from typing import IO, Any

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message


class HungUp(Message):
    """Nobody sees the screen any more."""


class Tolerant:
    """A file that takes no notice of a reader that is gone: what is drawn for nobody is lost, and nothing else."""

    def __init__(self, file: IO[str] | None) -> None:
        self._file = file or sys.stderr

    def write(self, text: str) -> None:
        """Write, if anybody is there."""
        with suppress(OSError, ValueError):
            self._file.write(text)

    def flush(self) -> None:
        """See `write`."""
        with suppress(OSError, ValueError):
            self._file.flush()

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._file.fileno()


class DeskTerminal(LinuxDriver):
    """Textual's driver, with an eye on the line."""

    def __init__(self, app: App[Any], **kwargs: Any) -> None:
        super().__init__(app, **kwargs)
        self._file = Tolerant(self._file)  # type: ignore[assignment]  # all that the writing thread asks of a file
        self._watcher: Thread | None = None

    def start_application_mode(self) -> None:
        """Take the terminal over, and watch it from now on."""
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's own
        if self._watcher is None:
            self._watcher = Thread(target=self._watch, name="terminal-watcher", daemon=True)
            self._watcher.start()

    def _watch(self) -> None:
        """Sleep until the other side is gone (poll(2): POLLHUP is told whether or not one asks for it)."""
        line = select.poll()
        line.register(self.fileno, 0)
        line.poll()
        self.exit_event.set()  # the thread that reads would find the end of the input for ever
        self._app.post_message(HungUp())

    def run_input_thread(self) -> None:
        """Read what is typed; a line that breaks is told by the watcher."""
        with suppress(OSError):
            super().run_input_thread()
