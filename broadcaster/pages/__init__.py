"""The residents' page server: a process of its own that hands out editions from memory.

`serve(options)` runs it until it is told to stop. It imports nothing of the core and no library but httptools, brotli
and uvloop, so that the only thing a flood of residents can reach is small.

    Options ── what to serve and all limits          Watch ─── notices new editions on disk, verifies, prepares
    Site ───── path -> prepared responses            Gate ──── who may hold a connection, and who goes when it is full
    Connection one client: parse, look up, write     Server ── the current site, the clock, the sweep of time limits
"""

from broadcaster.pages.options import Limits, Options, Root
from broadcaster.pages.server import serve

__all__ = ["Limits", "Options", "Root", "serve"]
