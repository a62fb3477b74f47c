"""What may be said without a person: each rule with its bounds and its words, and by whose word it may."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import indent
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content

from broadcaster.client import Client
from broadcaster.papers.automatic import rule_bounds, rule_standing
from broadcaster.tui.drawing import BAD, GOOD, WARNING
from broadcaster.tui.screens.paper import PaperScreen
from broadcaster.tui.screens.plan import SeriesScreen
from broadcaster.tui.words import plain

STYLES = {"approved": GOOD, "broken": BAD}
"""A colour for what the word says too; whatever else waits for a person."""


class RuleScreen(SeriesScreen):
    """The same question about a rule."""

    NAME: ClassVar[str] = "tui_rule_name"


class AutomaticScreen(PaperScreen):
    """The rules as an approver looks at them. `a` gives one's word for the first that still waits for it."""

    NAME: ClassVar[str] = "tui_automatic_name"
    ABOUT: ClassVar[str] = "tui_automatic_about"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "approve", "tui_key_approve_rule"),
        Binding("l", "release", "tui_key_release_automatic"),
    ]

    def on_mount(self) -> None:
        """Fetch it again whenever the board changes."""
        self.watch(self.app, "board", self._again, init=False)

    def _again(self, _: object = None) -> None:
        self.action_fetch_again()

    def fetch(self, core: Client) -> Any:
        """Return all rules."""
        return core.automatic()

    def title_line(self) -> str:
        """Return whether anything may be said so, or what stops it."""
        if not self.found["rules"]:
            return self.words("automatic_none")
        return self.words("automatic_stopped" if self.found["stop"] else "tui_automatic_name", rule="")

    def lines(self) -> Iterator[Content]:
        """Yield each rule: how it stands, what bounds it, what it would say."""
        for rule in self.found["rules"]:
            yield plain(rule["rule"], "bold underline")
            yield plain(f"  {rule_standing(rule, self.words)}", STYLES.get(rule["state"], WARNING))
            yield from (plain(f"  {line}") for line in rule_bounds(rule, self.words))
            if rule["words"]:
                yield plain(f"  {self.words('automatic_example')}", "dim")
            for info in (rule["words"] or {"infos": ()})["infos"]:
                yield plain(f"  [{self.words.tongue(info['language'])}] {info['headline']}", "bold")
                yield from (plain(indent(info[name], "    ")) for name in ("description", "instruction"))
            yield plain("")

    @property
    def _waiting(self) -> Any:
        rules = self.found["rules"] if self.found else ()
        return next((rule for rule in rules if rule["state"] not in ("approved", "broken")), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's own)
        """Offer what can be done as it stands."""
        if action == "approve":
            return self._waiting is not None and self.desk.may("approver")
        if action == "release":
            return bool(self.found and self.found["stop"]) and self.desk.may("approver")
        return True

    def action_approve(self) -> None:
        """Ask for the rule's name, then give one's word."""
        rule = self._waiting
        self.app.push_screen(
            RuleScreen(rule["rule"], "tui_automatic_ask", lambda core: _approve(core, rule)), self._approved
        )

    def _approved(self, given: Any) -> None:
        if given is not None:
            code = "automatic_approved_now" if given["second"] else "automatic_proposed_now"
            self.desk.tell(self.words(code, rule=given["rule"]))
            self.action_fetch_again()

    @work(exclusive=True, group="release")
    async def action_release(self) -> None:
        """Let it go on."""
        with self.failing():
            await self.ask(lambda core: core.release_automatic())
            self.desk.tell(self.words("automatic_released"))
            self.action_fetch_again()


def _approve(core: Client, rule: Any) -> Any:
    return core.approve_automatic(rule["rule"], rule["digest"])
