"""One reader under the fuzzer, in a process of its own; the arguments are NAME SECONDS SEED FOLDER.

Our own modules are imported so that atheris sees which branches an input takes. Without atheris, good inputs are spoilt
at random.
"""

from __future__ import annotations

import importlib
import importlib.util
import random
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from tests.faults.kit.seeds import LARGEST, spoilt

atheris: Any = importlib.import_module("atheris") if importlib.util.find_spec("atheris") else None

with atheris.instrument_imports(include=["broadcaster", "channels"]) if atheris else nullcontext():
    from tests.faults.kit.parsers import PARSERS, Parser, check

HANGS_S = 10
"""Real seconds after which one reading is given up; what took so long is then measured without counting steps."""


def main(name: str, seconds: int, seed: int, folder: Path) -> None:
    """Read for so long; leave in the folder what the reader did not bear."""
    parser = PARSERS[name]
    for good in parser.seeds:
        check(parser, good)  # whatever is loaded at the first use is loaded now
    if atheris is None:
        _spoilt(parser, seconds, random.Random(seed), folder)
    else:
        with tempfile.TemporaryDirectory(prefix="broadcaster-fuzz-") as place:
            _guided(parser, seconds, seed, folder, Path(place))


def _spoilt(parser: Parser, seconds: int, chance: random.Random, folder: Path) -> None:
    runs, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        data = spoilt(chance.choice(parser.seeds), parser.words, chance)
        runs += 1
        try:
            check(parser, data)
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            (folder / f"{parser.name}-{type(error).__name__}-{runs}").write_bytes(data)
            break
    sys.stdout.write(f"Done {runs} runs\n")


def _guided(parser: Parser, seconds: int, seed: int, folder: Path, place: Path) -> None:
    """Hand over to atheris, which ends the process."""
    corpus, words = place / "corpus", place / "words"
    corpus.mkdir()
    for number, good in enumerate(parser.seeds):
        (corpus / str(number)).write_bytes(good)
    lines = ("".join(rf"\x{byte:02x}" for byte in word) for word in parser.words)
    words.write_text("".join(f'"{line}"\n' for line in lines), encoding="ascii")
    options = {
        "max_total_time": seconds,
        "max_len": LARGEST,
        "timeout": HANGS_S,
        "rss_limit_mb": 2048,
        "seed": seed,
        "dict": words,
        "artifact_prefix": f"{folder}/{parser.name}-",
    }
    arguments = [sys.argv[0], *(f"-{option}={value}" for option, value in options.items()), str(corpus)]
    atheris.Setup(arguments, lambda data: check(parser, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
