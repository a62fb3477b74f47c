"""Where the service listens, read from the configuration without the weight of checking all of it."""

from __future__ import annotations

import tomllib
from pathlib import Path

from broadcaster.errors import ConfigError
from broadcaster.model import Problem


def socket_of(config: Path) -> Path:
    """Return the socket's path as `config.load_config` would. Raise `ConfigError`."""
    base = config.absolute().parent
    try:
        document = tomllib.loads(config.read_text(encoding="utf-8-sig"))
        given, data = document.get("socket"), document.get("data_dir", "data")
        return base / Path(given).expanduser() if given else base / Path(data).expanduser() / "desk.sock"
    except OSError as error:
        raise _unreadable(config, error.strerror or "") from None
    except (ValueError, TypeError) as error:
        raise _unreadable(config, str(error)) from None


def _unreadable(config: Path, why: str) -> ConfigError:
    return ConfigError([Problem(code="config_unreadable", place=config.name, params={"path": str(config), "why": why})])
