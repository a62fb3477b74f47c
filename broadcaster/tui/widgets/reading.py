"""A text in a box, as high as it is."""

from __future__ import annotations

from textual.containers import VerticalScroll
from textual.geometry import Size

_AROUND = 5
"""Lines of the screen that no box has: its margins and borders, and the keys."""


class Reading(VerticalScroll):
    """Leaves room for what stands in the box beside it, the bars over it, and the keys; what is longer is scrolled."""

    DEFAULT_CSS = "Reading { height: auto; }"

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the lines it takes: of CSS no unit means what others in a box of their own height leave."""
        wanted = super().get_content_height(container, viewport, width)
        beside = sum(each.get_content_height(container, viewport, width) for each in self.siblings if each.display)
        bars = max(1, self.screen.query_one(".top").outer_size.height)
        return max(1, min(wanted, viewport.height - _AROUND - bars - beside))
