"""Values to JSON and back, their digests, and the alert files that people write. Import names from here."""

from broadcaster.documents.drafts import draft_from, read_draft
from broadcaster.documents.values import canonical, digest, dump, load, place_of, validation_codes, validation_problems

__all__ = [
    "canonical",
    "digest",
    "draft_from",
    "dump",
    "load",
    "place_of",
    "read_draft",
    "validation_codes",
    "validation_problems",
]
