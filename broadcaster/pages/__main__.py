"""`python -m broadcaster.pages --listen 127.0.0.1:8080 --root /=public/page --root /feeds/=public/feeds`.

The page server alone, on any machine that holds a published directory: a mirror needs no configuration and no core.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from broadcaster.pages.options import Options, Root
from broadcaster.pages.server import serve


def _root(text: str) -> Root:
    prefix, _, directory = text.partition("=")
    return Root(prefix, Path(directory))


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m broadcaster.pages", description="Serve published editions.")
    parser.add_argument("--listen", default="127.0.0.1:8080", metavar="HOST:PORT")
    parser.add_argument("--root", action="append", type=_root, required=True, metavar="PREFIX=DIR")
    parser.add_argument("--reuse-port", action="store_true", help="let several processes share the port")
    given = parser.parse_args()
    host, _, port = given.listen.rpartition(":")
    return Options(roots=tuple(given.root), host=host.strip("[]"), port=int(port), reuse_port=given.reuse_port)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    serve(_options())
