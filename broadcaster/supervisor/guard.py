"""Run as a script: `python guard.py PARENT PROGRAM ARGUMENT...` becomes PROGRAM, which dies when PARENT dies.

Linux delivers the signal asked for by prctl(PR_SET_PDEATHSIG) even if the parent was killed with -9, and the wish
outlives exec. Asking for it here, not between fork and exec of the supervisor, keeps Python code out of that gap.
Nothing is imported that is not needed: this runs before every start of a child.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Tie this process to its parent, then become the program. Raise `OSError` if there is no such program."""
    parent, program = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit(1)  # it died before we asked
    os.execvp(program[0], program)  # noqa: S606 - what the supervisor was told to run


if __name__ == "__main__":
    main(sys.argv[1:])
