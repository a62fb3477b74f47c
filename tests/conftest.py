"""What all tests share: a sentence that is missing from the catalogue is an error, in started processes too."""

import os

from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # tests are not timed: a busy machine is no failure
settings.load_profile("untimed")

os.environ["BROADCASTER_CATALOG"] = "strict"
