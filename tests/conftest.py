"""What all tests share: a sentence that is missing from the catalogue is an error, in started processes too."""

import gc
import os
import signal

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # tests are not timed: a busy machine is no failure
settings.register_profile("few", deadline=None, max_examples=20)  # for `make mutants`
settings.load_profile("few" if os.environ.get("BROADCASTER_EXAMPLES") == "few" else "untimed")

os.environ["BROADCASTER_CATALOG"] = "strict"
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a run in the background: what is started must hear Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measure in one language which lines are reached: the other reaches the same, and measuring doubles the time."""
    for item in items:
        if isinstance(item, pytest.Function) and _language(item) == "en":
            item.add_marker("no_cover")


def _language(test: pytest.Function) -> object:
    return test.callspec.params.get("language") if hasattr(test, "callspec") else None


def pytest_collection_finish() -> None:
    """Keep the thousands of tests out of each search for garbage, which took a sixth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
