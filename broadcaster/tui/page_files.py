"""The previewed page as files on this machine, for a look in the browser: in a folder only this user can open."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

FIRST = "index.html"


def write_page(shown: Any) -> Path | None:
    """Write the files of the channel that has a page, and return the page's path; None where there is none.

    The folder is made by `mkdtemp`: mode 0700, a name nobody can foresee. `remove` takes it away again.
    """
    files = next((each["files"] for each in shown["channels"] if FIRST in each["files"]), None)
    if files is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="broadcaster-preview-"))
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
