"""The renderer: templates by name or by text, within bounds, all errors as `RenderingError`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import CodeType
from zoneinfo import ZoneInfo

from jinja2 import (
    BytecodeCache,
    FileSystemLoader,
    Template,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
)
from jinja2.bccache import Bucket

from broadcaster.errors import RenderingError
from broadcaster.rendering.meter import CURRENT, PAGE, TEXT, Bounds, Meter
from broadcaster.rendering.sandbox import Sandbox
from broadcaster.rendering.times import Times

_PACKAGE = Path(__file__).parents[1]
_LARGE = ("site/",)
"""Folders of templates that are whole pages."""
_LONGEST_SOURCE = 256 * 1024


def templates_dir() -> Path:
    """Return the folder of templates: inside the package in a wheel, beside it in a checkout."""
    inside = _PACKAGE / "templates"
    return inside if inside.is_dir() else _PACKAGE.parent / "templates"


class _Once(BytecodeCache):
    """What a file was compiled to, for every renderer of this process: it depends on the file alone."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what there is."""
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it."""
        if bucket.code is not None:
            self._code[bucket.key, bucket.checksum] = bucket.code


_once = _Once()


class Templates:
    """Serves the ports `Renderer` and `TextRenderer`. Compiled templates are kept; files are read once by each, and
    compiled once per process.
    """

    def __init__(
        self, zone: ZoneInfo, folder: Path | None = None, *, text: Bounds = TEXT, page: Bounds = PAGE, keep: int = 400
    ) -> None:
        self._folder = folder or templates_dir()
        self._bounds, self._page = text, page
        self._sandbox = Sandbox(loader=FileSystemLoader(self._folder), cache_size=keep, bytecode_cache=_once)
        times = self._folder / "times.toml"
        for name, function in (
            Times.read(zone, times if times.exists() else templates_dir() / "times.toml").filters().items()
        ):
            self._sandbox.add_filter(name, function)
        self._compiled = lru_cache(maxsize=keep)(self._compile)

    def render(self, template: str, values: Mapping[str, object]) -> str:
        """Return the text of the template at this path under templates/, or raise `RenderingError`."""
        bounds = self._page if template.startswith(_LARGE) else self._bounds
        try:
            return _twice(self._sandbox.get_template(template), template, values, bounds)
        except RenderingError:
            raise
        except Exception as error:
            raise _said(error, template) from error

    def render_text(self, source: str, values: Mapping[str, object]) -> str:
        """Return the plain text, or raise `RenderingError`."""
        if len(source) > _LONGEST_SOURCE:
            raise RenderingError("template_size", template=source[:20], bytes=_LONGEST_SOURCE)
        try:
            return _twice(self._compiled(source), "-", values, self._bounds)
        except RenderingError:
            raise
        except Exception as error:
            raise _said(error, "-") from error

    def _compile(self, source: str) -> Template:
        return self._sandbox.from_string(source)


def _twice(compiled: Template, name: str, values: Mapping[str, object], bounds: Bounds) -> str:
    """Render; what took too long once is tried again, since the first time may have compiled what it includes, or paid
    for a collection of garbage: a good alert must not be refused because the machine is busy.
    """
    try:
        return _run(compiled, name, values, bounds)
    except RenderingError as error:
        if error.code != "template_time":
            raise
        return _run(compiled, name, values, bounds)


def _run(compiled: Template, name: str, values: Mapping[str, object], bounds: Bounds) -> str:
    meter = Meter(name, bounds)
    token = CURRENT.set(meter)
    length, parts = 0, list[str]()
    try:
        for part in compiled.generate(values):
            length += len(part)
            if length > bounds.size:
                meter.hold(length)
            meter.tick()
            parts.append(part)
    finally:
        CURRENT.reset(token)
    text = "".join(parts)
    meter.hold(len(text.encode("utf-8")))
    return text


def _said(error: Exception, template: str) -> RenderingError:
    """Return what went wrong as our error: a template may raise anything, since values have methods."""
    if isinstance(error, TemplateNotFound):
        return RenderingError("template_missing", template=str(error.name or template))
    if isinstance(error, UndefinedError):
        return RenderingError("template_undefined", template=template, why=str(error))
    if isinstance(error, TemplateSyntaxError):
        return RenderingError(
            "template_syntax", template=error.name or template, line=error.lineno, why=str(error.message)
        )
    why = str(error) if isinstance(error, TemplateError) else type(error).__name__
    return RenderingError("template_failed", template=template, why=why)
