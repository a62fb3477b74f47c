"""What a test needs of the machine: missing, it is skipped at home and fails where everything must be there."""

from __future__ import annotations

import importlib.util
import os
import shutil

import pytest

REQUIRED = "BROADCASTER_REQUIRE_SERVICES"


def needs(*programs: str, module: str = "") -> None:
    """Skip the test unless all of it is installed; fail it instead under `BROADCASTER_REQUIRE_SERVICES=1`."""
    missing = [name for name in programs if shutil.which(name) is None]
    missing += [module] if module and importlib.util.find_spec(module) is None else []
    if missing:
        missing_service(f"not installed: {', '.join(missing)}")


def missing_service(why: str) -> None:
    """Skip, or fail where everything must be there."""
    if os.environ.get(REQUIRED):
        pytest.fail(why)
    pytest.skip(why)
