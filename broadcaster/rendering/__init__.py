"""The only room that knows Jinja2 and where templates/ lies. Import names from here."""

from broadcaster.rendering.meter import PAGE, TEXT, Bounds
from broadcaster.rendering.templates import Templates, templates_dir

__all__ = ["PAGE", "TEXT", "Bounds", "Templates", "templates_dir"]
