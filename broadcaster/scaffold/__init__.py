"""`broadcaster init`: a configuration and folders for a city, or a drill instance beside its live one."""

from broadcaster.scaffold.beside import MONITOR, Maker, create_beside, home_beside
from broadcaster.scaffold.making import Start, configured, create, example, replaced, spelled

__all__ = [
    "MONITOR",
    "Maker",
    "Start",
    "configured",
    "create",
    "create_beside",
    "example",
    "home_beside",
    "replaced",
    "spelled",
]
