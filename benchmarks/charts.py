"""SVG charts for the README, drawn by hand: readable in light and in dark, without colour, and by a screen reader.

Each chart carries its own background for both schemes, since a picture in a README cannot know the page around it.
What is ours and what is the peer's is told by words at each bar or line, never by colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from benchmarks.frame import Curve, shown

WIDTH = 760
_STYLE = """
svg { font: 13px system-ui, "Segoe UI", Helvetica, Arial, sans-serif }
.ground { fill: #ffffff } .word { fill: #1f2328 } .soft { fill: #59636e } .line { stroke: #d1d9e0 }
.ours { fill: #0969da } .peer { fill: #8c959f } .goal { stroke: #cf222e; stroke-dasharray: 5 4; stroke-width: 1.5 }
.path { fill: none; stroke-width: 2.2 } .c0 { stroke: #0969da } .c1 { stroke: #bc4c00 } .c2 { stroke: #1a7f37 }
.c3 { stroke: #8250df } .c4 { stroke: #59636e } .goalword { fill: #cf222e }
@media (prefers-color-scheme: dark) {
.ground { fill: #0d1117 } .word { fill: #f0f6fc } .soft { fill: #9198a1 } .line { stroke: #3d444d }
.ours { fill: #4493f8 } .peer { fill: #656c76 } .goal { stroke: #ff7b72 } .goalword { fill: #ff7b72 }
.c0 { stroke: #4493f8 } .c1 { stroke: #db6d28 } .c2 { stroke: #3fb950 } .c3 { stroke: #ab7df8 } .c4 { stroke: #9198a1 }
}
"""


@dataclass(frozen=True)
class Bar:
    """One bar: its label, its median, and (where known) the 99th percentile as a thin whisker."""

    label: str
    value: float
    unit: str
    peer: bool = False
    p99: float | None = None


def _text(x: float, y: float, words: str, kind: str = "word", anchor: str = "start", *, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}" {more}>{escape(words)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, kind: str = "line") -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def _page(title: str, subtitle: str, height: float, parts: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" '
        f'height="{height:.0f}" role="img" aria-label="{escape(f"{title}. {subtitle}", quote=True)}">'
    )
    ground = f'<rect width="{WIDTH}" height="{height:.0f}" rx="8" class="ground"/>'
    titles = [_text(20, 30, title, more='font-size="16" font-weight="600"'), _text(20, 50, subtitle, "soft")]
    return "\n".join([head, f"<style>{_STYLE}</style>", ground, *titles, *parts, "</svg>", ""])


def bars(title: str, subtitle: str, entries: Sequence[Bar]) -> str:
    """Horizontal bars of one unit; the number stands at the end of each, the whisker shows the p99."""
    left, right, top, step = 300.0, 150.0, 68.0, 32.0
    reach = max(max(b.value, b.p99 or 0) for b in entries) or 1.0
    scale = (WIDTH - left - right) / reach
    parts = []
    for place, bar in enumerate(entries):
        y = top + place * step
        length = max(1.5, bar.value * scale)
        end = max(length, (bar.p99 or 0) * scale)
        parts.append(_text(left - 10, y + 17, bar.label, anchor="end"))
        parts.append(
            f'<rect x="{left}" y="{y + 3:.1f}" width="{length:.1f}" height="20" rx="3" '
            f'class="{"peer" if bar.peer else "ours"}"/>'
        )
        said = shown(bar.value, bar.unit)
        if bar.p99 is not None:
            tip = left + bar.p99 * scale
            parts += [_line(left + length, y + 13, tip, y + 13, "line c4"), _line(tip, y + 7, tip, y + 19, "line c4")]
            said += f" · p99 {shown(bar.p99, '')}"
        parts.append(_text(left + end + 8, y + 17, said))
    return _page(title, subtitle, top + len(entries) * step + 14, parts)


@dataclass(frozen=True)
class _Field:
    """Where the points of a growth chart fall: both axes logarithmic."""

    sizes: tuple[float, float]
    values: tuple[float, float]
    left: float = 80.0
    top: float = 76.0
    width: float = 330.0
    height: float = 230.0

    def x(self, size: float) -> float:
        low, high = math.log10(self.sizes[0]), math.log10(self.sizes[1])
        return self.left + self.width * (math.log10(size) - low) / ((high - low) or 1)

    def y(self, value: float) -> float:
        low, high = math.log10(self.values[0]), math.log10(self.values[1])
        return self.top + self.height * (1 - (math.log10(max(value, self.values[0])) - low) / ((high - low) or 1))

    def grid(self, unit: str) -> list[str]:
        parts = []
        for power in range(round(math.log10(self.values[0])), round(math.log10(self.values[1])) + 1):
            y = self.y(10**power)
            parts += [
                _line(self.left, y, self.left + self.width, y),
                _text(self.left - 8, y + 4, f"{10**power:,g} {unit}", "soft", "end"),
            ]
        for power in range(round(math.log10(self.sizes[0])), round(math.log10(self.sizes[1])) + 1):
            parts.append(_text(self.x(10**power), self.top + self.height + 20, f"{10**power:,}", "soft", "middle"))
        return parts


def _decades(values: Sequence[float]) -> tuple[float, float]:
    low = 10 ** math.floor(math.log10(min(values)))
    high = 10 ** math.ceil(math.log10(max(values)))
    return low, max(high, low * 10)


def growth(title: str, subtitle: str, curves: Sequence[Curve], limit: tuple[str, float] | None = None) -> str:
    """Lines on logarithmic axes, each named at its end; `limit` is a dashed line with its words."""
    values = [v for c in curves for _, v in c.points if v > 0] + ([limit[1]] if limit else [])
    sizes = [s for c in curves for s, _ in c.points]
    field = _Field((min(sizes), max(sizes)), _decades(values))
    parts = field.grid(curves[0].unit)
    if limit:
        y = field.y(limit[1])
        parts += [
            _line(field.left, y, field.left + field.width, y, "goal"),
            _text(field.left + 6, y - 5, limit[0], "goalword"),
        ]
    taken: list[float] = []
    for place, curve in enumerate(sorted(curves, key=lambda c: field.y(c.points[-1][1]))):
        parts += _drawn(field, curve, place % 5, taken)
    return _page(title, subtitle, field.top + field.height + 40, parts)


def _drawn(field: _Field, curve: Curve, colour: int, taken: list[float]) -> list[str]:
    points = [(field.x(s), field.y(v)) for s, v in curve.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    parts = [f'<polyline points="{path}" class="path c{colour}"/>']
    parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" class="path c{colour}"/>' for x, y in points]
    end_x, end_y = points[-1]
    word_y = max(end_y + 4, taken[-1] + 17 if taken else 0)
    taken.append(word_y)
    parts.append(_text(end_x + 12, word_y, f"{curve.name}: {shown(curve.points[-1][1], curve.unit)}"))
    return parts


def draw(path: Path, svg: str) -> None:
    """Write a chart."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(svg, encoding="utf-8")
