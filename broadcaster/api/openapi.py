"""The description of the API in OpenAPI 3.1, made from the route table and the shapes themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from broadcaster import __version__
from broadcaster.api.asking import Route
from broadcaster.api.routes import ROUTES
from broadcaster.api.shapes import Failure

_SESSION = {
    "type": "http",
    "scheme": "bearer",
    "description": "A session of POST /sessions, or a machine token. Needed as soon as one officer has an account.",
}
_REF = "#/components/schemas/{model}"


@cache
def description() -> dict[str, Any]:
    """Return the whole document."""
    adapters: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = [
        (_key(shape, mode), mode, TypeAdapter[Any](shape)) for shape, mode in _shapes(ROUTES)
    ]
    schemas, definitions = TypeAdapter.json_schemas(adapters, ref_template=_REF)
    found = {key: schema for (key, _), schema in schemas.items()}
    paths: dict[str, Any] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, found)
    for path, operation in _STREAMS.items():
        paths.setdefault(path, {}).update(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Broadcaster: the desk", "version": __version__},
        "paths": paths,
        "components": {"schemas": definitions.get("$defs", {}), "securitySchemes": {"session": _SESSION}},
        "security": [{"session": []}, {}],
    }


def _shapes(routes: Iterable[Route]) -> Iterator[tuple[Any, JsonSchemaMode]]:
    """Yield what is read and what is written: the two may differ in what must be there."""
    yield Failure, "serialization"
    for route in routes:
        if route.body is not None:
            yield route.body, "validation"
        if route.result is not None:
            yield route.result, "serialization"


def _key(shape: Any, mode: JsonSchemaMode) -> str:
    return f"{shape!r}:{mode}"


def _operation(route: Route, schemas: Mapping[str, Any]) -> dict[str, Any]:
    failure = _answer("an error", schemas[_key(Failure, "serialization")])
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "parameters": _parameters(route),
        "responses": {"200": {"description": "done"}, "default": failure},
    }
    if route.result is not None:
        operation["responses"]["200"] = _answer("done", schemas[_key(route.result, "serialization")])
    if route.body is not None:
        operation["requestBody"] = {"required": True, **_content(schemas[_key(route.body, "validation")])}
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    inside = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    return [
        *({"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in inside),
        *({"name": name, "in": "query", "required": False, "schema": {"type": "integer"}} for name in route.query),
    ]


def _answer(words: str, schema: Any) -> dict[str, Any]:
    return {"description": words, **_content(schema)}


def _content(schema: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _stream(summary: str, media: str) -> dict[str, Any]:
    answer = {"description": "until the client leaves", "content": {media: {}}}
    return {"get": {"summary": summary, "responses": {"200": answer}}}


_STREAMS = {
    "/events": _stream("The board, again at each change (Server-Sent Events)", "text/event-stream"),
    "/subscribers": _stream("Every subscriber, one JSON value a line", "application/x-ndjson"),
    "/openapi.json": _stream("This description", "application/json"),
}
