"""Heavy or foreign libraries stay where they belong: shown in a process of its own."""

import subprocess
import sys

import pytest


def loaded_by(module: str) -> set[str]:
    code = f"import sys, {module}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("module", "foreign"),
    [
        ("broadcaster.desk", {"textual", "tweepy", "psycopg", "aiosmtplib", "jinja2"}),
        ("broadcaster.dispatcher", {"textual", "tweepy", "psycopg", "aiosmtplib", "jinja2", "aiohttp"}),
        ("broadcaster.cli", {"textual", "tweepy", "aiohttp", "lxml", "sqlite_utils", "jinja2", "pydantic"}),
        ("broadcaster.cli.board, broadcaster.client", {"textual", "asyncio", "aiohttp", "pydantic"}),
        ("broadcaster.tui", {"textual", "aiohttp", "pydantic"}),
        ("broadcaster.pages", {"tweepy", "aiohttp", "sqlite_utils", "jinja2", "sqlite3", "pysqlite3"}),
        ("channels.twitter", {"tweepy"}),
    ],
)
def test_importing_a_room_loads_no_foreign_library(module: str, foreign: set[str]) -> None:
    assert loaded_by(module) & foreign == set()
