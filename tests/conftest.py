"""What all tests share: a sentence that is missing from the catalogue is an error, in started processes too."""

import os

os.environ["BROADCASTER_CATALOG"] = "strict"
