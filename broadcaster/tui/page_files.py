"""The previewed page as files on this machine, for a look in the browser: in a folder only this user can open."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

FIRST = "index.html"
_PREFIX = "broadcaster-preview-"
_OURS = re.compile(rf"{_PREFIX}(\d{{1,9}})-.+")
"""A folder's name: whose it is, by the number of the process, and what `mkdtemp` adds."""


def write_page(shown: Any) -> Path | None:
    """Write the files of the channel that has a page, and return the page's path; None where there is none.

    The folder is made by `mkdtemp`: mode 0700, a name nobody can foresee. `remove` takes it away again, and `sweep`
    where a desk was killed before it could.
    """
    files = next((each["files"] for each in shown["channels"] if FIRST in each["files"]), None)
    if files is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    for name, text in files.items():
        path = (folder / name).resolve()
        if path.is_relative_to(folder.resolve()):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return folder / FIRST


def remove(page: Path | None) -> None:
    """Take the folder of a page away."""
    if page is not None:
        shutil.rmtree(page.parent, ignore_errors=True)


def sweep() -> None:
    """Take away what desks of this user have left behind that were killed. Nobody else's folder, and no link, is
    followed; where a process of that number runs, it is left for the next time.
    """
    with suppress(OSError):
        for each in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
            named = _OURS.fullmatch(each.name)
            if named and each.lstat().st_uid == os.getuid() and not _runs(int(named[1])):
                shutil.rmtree(each, ignore_errors=True)


def _runs(process: int) -> bool:
    """Return whether there is such a process (kill(2) with signal 0 only looks)."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
