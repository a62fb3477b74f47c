"""What all tests share: a sentence that is missing from the catalogue is an error, in started processes too."""

import os
import signal

from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # tests are not timed: a busy machine is no failure
settings.register_profile("few", deadline=None, max_examples=20)  # for `make mutants`
settings.load_profile("few" if os.environ.get("BROADCASTER_EXAMPLES") == "few" else "untimed")

os.environ["BROADCASTER_CATALOG"] = "strict"
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a run in the background: what is started must hear Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)
