"""Everything the service must not forget, in one SQLite file. Nobody else writes SQL.

`opening` and `migrating` see to the file, `engine` to threads and commits, `statements` to the SQL in `sql/`; the other
modules are the parts of `Store`, each one job of the ports, and know only named statements and rows.
"""

from broadcaster.store.backup import Restored, back_up, restore, verify
from broadcaster.store.driver import sqlite_version
from broadcaster.store.opening import FILE, check_stamp, prepare
from broadcaster.store.spare import Spare
from broadcaster.store.store import Store, open_store

__all__ = [
    "FILE",
    "Restored",
    "Spare",
    "Store",
    "back_up",
    "check_stamp",
    "open_store",
    "prepare",
    "restore",
    "sqlite_version",
    "verify",
]
