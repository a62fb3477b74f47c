"""The alert the end-to-end tests send: a template filled with its own examples."""

import json
from pathlib import Path

from broadcaster.bootstrap import filled
from broadcaster.config import load_config
from broadcaster.documents import dump
from tests.e2e.house import House


def flood(home: House, template: str = "flood-level4") -> Path:
    """Return an alert file."""
    path = home.folder / f"{template}.json"
    if not path.exists():
        path.write_text(json.dumps(dump(filled(load_config(home.stage.config), template))), encoding="utf-8")
    return path
