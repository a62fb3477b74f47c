"""The rules of the configuration, and the digest by which two persons let one of them speak by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from broadcaster.documents import city_document, digest
from broadcaster.errors import BroadcasterError
from broadcaster.model import Draft
from broadcaster.ports.store import Limits
from broadcaster.rules.watching import Watch
from broadcaster.sheet import Press


@dataclass(slots=True, kw_only=True)
class Rulebook:
    """All rules as they stand now, and the press that fills their templates. `total` bounds all rules together."""

    watches: tuple[Watch, ...]
    press: Press
    total: Limits

    @property
    def automatic(self) -> tuple[Watch, ...]:
        """Those that may speak by themselves once they are approved."""
        return tuple(watch for watch in self.watches if watch.automatic is not None)

    def named(self, name: str) -> Watch | None:
        """Return the rule of this name that may speak by itself."""
        return next((watch for watch in self.automatic if watch.name == name), None)

    def digests(self) -> Mapping[str, str]:
        """Return the digest of each rule that may speak by itself."""
        return {watch.name: self.digest(watch) for watch in self.automatic}

    def digest(self, watch: Watch) -> str:
        """Return what an approval is given for: rule, guards, the template word by word, the city. Empty where the
        template is gone or broken: then nobody approves it.
        """
        try:
            template = self.press.forms.template(watch.template).model_dump(mode="json")
        except BroadcasterError:
            return ""
        return digest(
            {"rule": _spelled(watch), "template": template, "city": city_document(self.press.city), "total": self.total}
        )

    def sample(self, watch: Watch, now: datetime) -> Draft | None:
        """Return words such as the rule would say, in its own areas and with the template's examples; None where the
        template cannot be filled so.
        """
        press = self.press
        try:
            examples = press.forms.examples(watch.template, press.city, now)
            given = {name: text for name, text in watch.values.items() if "{" not in text}
            values = {**examples, **given, "areas": "、".join(watch.places)}
            return press.forms.draft(watch.template, values, city=press.city, now=now)
        except BroadcasterError:
            return None


def _spelled(watch: Watch) -> Mapping[str, object]:
    """Return a rule in an order that does not change from one process to the next."""
    sets = {name: sorted(getattr(watch, name)) for name in ("areas", "feeds", "types", "codes")}
    return {
        **sets,
        "name": watch.name,
        "template": watch.template,
        "values": dict(watch.values),
        "places": watch.places,
        "automatic": watch.automatic,
    }
