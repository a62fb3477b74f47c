"""Where the traceback of an unexpected error is kept: never on an officer's screen."""

from __future__ import annotations

import os
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

from broadcaster.cli.keeping import state_folder


def keep(error: BaseException) -> Path:
    """Append the traceback to the user's log and return its path; to a file in the temporary folder if that fails."""
    text = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n{''.join(traceback.format_exception(error))}\n"
    for folder in (state_folder(), Path(tempfile.gettempdir())):
        try:
            return _append(folder / f"broadcaster-{os.getuid()}.log", text)
        except OSError:
            continue
    return Path(os.devnull)


def _append(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        file.write(text)
    return path
