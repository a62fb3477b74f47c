"""Values to JSON and back, and their digests.

`dump` and `load` are inverse for every frozen value of the model and the ports. Alert files, which people write, are
read by `read_draft`: it is stricter, and names the place of each problem.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, to_json, to_jsonable_python

from broadcaster.errors import Refused
from broadcaster.model import Problem

T = TypeVar("T")


def dump(value: object) -> Any:
    """Return the value as lists, mappings, strings and numbers; times as ISO 8601 with their offset."""
    return to_jsonable_python(value)


def dumps(value: object) -> bytes:
    """Return the JSON text of what `dump` returns, in less than half the time: a board goes out at each change."""
    return to_json(value)


def load(cls: type[T], data: object) -> T:
    """Return what `dump` was given, or raise `Refused` with every problem and its place.

    Strict: nothing is converted that `dump` would not have written (`"1"` is no number).
    """
    return loads(cls, json.dumps(data))


def loads(cls: type[T], text: str) -> T:
    """Do as `load` with the JSON text."""
    try:
        loaded: T = _adapter(cls).validate_json(text, strict=True)
    except ValidationError as error:
        raise Refused(validation_problems(error)) from None
    return loaded


def canonical(value: object) -> str:
    """Return one JSON spelling of the value: keys sorted, no spaces, ASCII only."""
    return json.dumps(dump(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def digest(value: object) -> str:
    """Return the SHA-256 of the canonical JSON of any value of the model, in lower-case hexadecimal."""
    return hashlib.sha256(canonical(value).encode("ascii")).hexdigest()


_adapters: dict[Any, TypeAdapter[Any]] = {}


def _adapter(cls: Any) -> TypeAdapter[Any]:
    """Return the adapter for a class, built once: building takes milliseconds, using it microseconds."""
    if cls not in _adapters:
        _adapters[cls] = TypeAdapter(cls)
    return _adapters[cls]


# ------------------------------------------------------------------ what pydantic says, in our codes

OWN = "say."
"""Before the code, in the type of a validator's own `PydanticCustomError`."""

_CODES = {
    "missing": "field_missing",
    "extra_forbidden": "field_unknown",
    "unexpected_keyword_argument": "field_unknown",
    "enum": "choice_unknown",
    "literal_error": "choice_unknown",
    "greater_than": "too_small",
    "greater_than_equal": "too_small",
    "less_than": "too_large",
    "less_than_equal": "too_large",
    "string_too_short": "too_short",
    "too_short": "too_short",
    "string_too_long": "too_long",
    "too_long": "too_long",
    "string_pattern_mismatch": "pattern_mismatch",
}


_SHAPES = {"model": "table", "dict": "table", "dataclass": "table", "tuple": "list"}
"""pydantic's words for what stands in a file -> what people call it."""


def validation_problems(error: ValidationError, prefix: str = "") -> tuple[Problem, ...]:
    """Return each of pydantic's complaints as a `Problem`. No input value is repeated: it may be a secret."""
    return tuple(
        Problem(code=code, place=place_of(path, prefix), params=params)
        for code, path, params in validation_codes(error)
    )


def validation_codes(error: ValidationError) -> Iterator[tuple[str, tuple[str | int, ...], dict[str, str]]]:
    """Yield code, path and parameters of each complaint. An own error `say.x` of a validator is code `x`."""
    for detail in error.errors(include_url=False, include_input=False):
        yield _code(detail["type"]), detail["loc"], _params(detail)


def place_of(path: Sequence[str | int], prefix: str = "") -> str:
    """Return `infos[0].headline` for ("infos", 0, "headline")."""
    text = prefix
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _code(kind: str) -> str:
    if kind.startswith(OWN):
        return kind.removeprefix(OWN)
    return _CODES.get(kind) or ("type_wrong" if kind.endswith(("_type", "_parsing")) else "value_refused")


def _params(detail: ErrorDetails) -> dict[str, str]:
    context = detail.get("ctx", {})
    match _code(detail["type"]):
        case "choice_unknown":
            return {"allowed": str(context.get("expected", "")).replace(" or ", ", ")}
        case "too_small" | "too_large" | "too_short" | "too_long":
            return {"bound": str(_bound(context))}
        case "pattern_mismatch":
            return {"pattern": str(context.get("pattern", ""))}
        case "type_wrong":
            wanted = detail["type"].rsplit("_", 1)[0]
            return {"wanted": _SHAPES.get(wanted, wanted)}
        case "value_refused":
            return {"why": detail["msg"]}
        case _:
            return {name: str(value) for name, value in context.items()}


def _bound(context: dict[str, Any]) -> object:
    return next((context[name] for name in ("gt", "ge", "lt", "le", "min_length", "max_length") if name in context), "")
