"""Values to JSON and back, their digests, and the alert files that people write. Import names from here."""

from broadcaster.documents.values import (
    canonical,
    digest,
    dump,
    is_aware,
    load,
    place_of,
    validation_codes,
    validation_problems,
)

__all__ = ["canonical", "digest", "dump", "is_aware", "load", "place_of", "validation_codes", "validation_problems"]
