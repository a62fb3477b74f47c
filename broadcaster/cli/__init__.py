"""The command line. `main` never lets a traceback reach a person, and imports little: a status must come at once."""

from broadcaster.cli.app import main

__all__ = ["main"]
