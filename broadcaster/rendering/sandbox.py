"""Jinja2's sandbox, narrowed until every step is counted and no step is without bound.

Each turn of a loop, each call and each filter counts (a step is put into the syntax tree of every loop); whatever
multiplies a value checks the size before; whatever adds to one checks it after; filters and methods that make a long
text out of a number are not there.

What is asked thousands of times for one page is kept quick: the steps that we put into templates are filters of names
that no template can write, since a filter is called directly; a macro, which is a template itself, is called without
asking whether it is safe; and whether an attribute is safe is asked once for each type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import wraps
from typing import Any

from jinja2 import StrictUndefined, Undefined, nodes, pass_context, pass_eval_context
from jinja2.exceptions import SecurityError
from jinja2.filters import do_join, do_replace
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment

from broadcaster.rendering.meter import CURRENT, hold, tick

_NO_FILTERS = (
    *("batch", "center", "filesizeformat", "format", "forceescape", "indent", "pprint", "random"),
    *("safe", "slice", "tojson", "urlize", "wordwrap", "xmlattr"),
)
_NO_METHODS = frozenset(
    {
        "center",
        "expandtabs",
        "format",
        "format_map",
        "join",
        "ljust",
        "replace",
        "rjust",
        "to_bytes",
        "translate",
        "zfill",
    }
)
_MOST_BYTES, _MOST_DIGITS = 4, 4096
_TICK, _BOUNDED = "step of a loop", "bounded text"
"""Names of our own filters: no template can call them, nor do without them."""
_MOST_KNOWN = 4096


def escapes(name: str | None) -> bool:
    """Whether a template of this name is HTML or XML."""
    return name is not None and name.endswith((".html.j2", ".xml.j2", ".html", ".xml"))


class Sandbox(ImmutableSandboxedEnvironment):
    """See the module."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, **options: Any) -> None:
        super().__init__(
            undefined=StrictUndefined,
            autoescape=escapes,
            finalize=_written,
            optimized=False,  # nothing of a template runs before its rendering is counted
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            **options,
        )
        self.globals.pop("lipsum", None)
        for name in _NO_FILTERS:
            self.filters.pop(name, None)
        self.filters.update({"join": _join, "replace": _replace})
        self.filters = {name: _counted(function) for name, function in self.filters.items()}
        self.filters |= {_TICK: _step, _BOUNDED: _bounded}
        self._safe: dict[tuple[type, str], bool] = {}

    def add_filter(self, name: str, function: Callable[..., Any]) -> None:
        """Offer a filter to all templates, counted as the others are."""
        self.filters[name] = _counted(function)

    def _generate(self, source: nodes.Template, *args: Any, **options: Any) -> str:
        for loop in source.find_all(nodes.For):
            loop.body.insert(0, nodes.ExprStmt(_own(_TICK, nodes.Const("")), lineno=loop.lineno))
        for concat in tuple(source.find_all(nodes.Concat)):
            inner = nodes.Concat(concat.nodes, lineno=concat.lineno)
            concat.nodes = [_own(_BOUNDED, inner)]
        source.set_environment(self)
        return super()._generate(source, *args, **options)

    def call(self, context: Context, function: Any, /, *args: Any, **named: Any) -> Any:
        """Call what a template calls, counted."""
        tick()
        if type(function) is Macro:
            named.pop("_loop_vars", None)
            named.pop("_block_vars", None)
            return function(context.eval_ctx, *args, **named)
        name, owner = getattr(function, "__name__", ""), getattr(function, "__self__", None)
        if name in _NO_METHODS and isinstance(owner, str | int):
            raise _refused("method", name)
        return super().call(context, function, *args, **named)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether templates may have this attribute: a matter of its name and of the object's type alone."""
        asked = (type(obj), attr)
        known = self._safe.get(asked)
        if known is None:
            known = super().is_safe_attribute(obj, attr, value)
            if len(self._safe) < _MOST_KNOWN:
                self._safe[asked] = known
        return known

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """Refuse `str.format`: a width makes any length."""
        if super().wrap_str_format(value) is not None:
            raise _refused("method", "format")
        return None

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Compute `left operator right`, unless the result would be too long."""
        if operator in ("**", "%") and not _are_small(left, right):
            raise _refused("large numbers with operator", operator)
        if operator == "*":
            _hold_product(left, right)
        result = super().call_binop(context, operator, left, right)
        if operator == "+":
            hold(_length(result))
        return result


def _refused(what: str, name: str) -> SecurityError:
    return SecurityError(f"{what} {name} is not offered")


def _own(name: str, value: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(value, name, [], [], None, None)


def _step(value: str) -> str:
    """Count one turn of a loop (called from compiled templates)."""
    tick()
    return value


def _bounded(value: Any) -> Any:
    """Return the value unless it is too long (called from compiled templates)."""
    hold(len(value))
    return value


def _length(value: Any) -> int:
    if isinstance(value, int):
        return value.bit_length() // 8
    return len(value) if hasattr(value, "__len__") else 0


def _are_small(left: Any, right: Any) -> bool:
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
    return numbers and _length(left) <= _MOST_BYTES and abs(right) <= _MOST_DIGITS


def _hold_product(left: Any, right: Any) -> None:
    for value, times in ((left, right), (right, left)):
        if isinstance(times, int) and not isinstance(value, int | float):
            hold(_length(value) * max(0, times))
    if isinstance(left, int) and isinstance(right, int):
        hold(_length(left) + _length(right))


@pass_context
def _written(_context: Context, value: Any) -> Any:
    """Count what is written. Refused are `None`, and moments that no filter has put into the city's zone."""
    if isinstance(value, str):
        text = value
    elif value is None or isinstance(value, datetime):
        raise _refused("writing a bare", type(value).__name__)
    elif isinstance(value, Undefined):
        return value
    else:
        text = str(value)
    if meter := CURRENT.get():
        meter.write(len(text))
    return text


def _counted(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def counted(*args: Any, **named: Any) -> Any:
        tick()
        result = function(*args, **named)
        if isinstance(result, str | list | tuple):
            hold(len(result))
        return result

    return counted


@pass_eval_context
def _join(context: EvalContext, value: Iterable[Any], d: str = "", attribute: str | int | None = None) -> Any:
    """As Jinja2's `join`, with the size known before."""
    items = list(value)
    hold(len(items) * len(d))
    return do_join(context, items, d, attribute)


@pass_eval_context
def _replace(context: EvalContext, s: str, old: str, new: str, count: int | None = None) -> str:
    """As Jinja2's `replace`, with the size known before."""
    hold(len(s) + str(s).count(old) * len(new))
    replaced: str = do_replace(context, s, old, new, count)
    return replaced
