"""Compiles every template of the channels, once, in the process the cores are forked from."""

from zoneinfo import ZoneInfo

from broadcaster.rendering import Templates, templates_dir

_templates = Templates(ZoneInfo("Asia/Tokyo"))
for _path in templates_dir().rglob("*.j2"):
    _templates._sandbox.get_template(str(_path.relative_to(templates_dir())))
