"""What a person is asked that must not be seen: never an option or an argument, which every user of the machine can
read in the list of processes; typed without echo, or read from standard input line by line.
"""

from __future__ import annotations

import getpass
import sys

from broadcaster.cli.words import words
from broadcaster.client import Client
from broadcaster.errors import Refused
from broadcaster.model import Problem


def secret(code: str) -> str:
    """Ask for it by the sentence of this code. Raise `Refused` where nothing more can be read."""
    if sys.stdin.isatty():
        return getpass.getpass(f"{words(code)}: ")
    line = sys.stdin.readline()
    if not line:
        raise Refused([Problem(code="input_missing", place=code.removeprefix("ask_"))])
    return line.rstrip("\r\n")


def code_for(client: Client) -> str:
    """Ask for a code of the second factor if whoever is logged in has one."""
    officer = client.me()["officer"]
    return secret("ask_code") if officer and officer["second_factor"] else ""
