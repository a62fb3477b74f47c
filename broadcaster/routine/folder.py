"""The plan files beside the configuration: one TOML file, one plan."""

from __future__ import annotations

import logging
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from broadcaster.documents import plan_document, read_plan, toml_of
from broadcaster.errors import Refused
from broadcaster.model import Plan, Problem

log = logging.getLogger("broadcaster.routine")


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """What the plan files say: the plans by id, the ids of files that cannot be read, and what is wrong with those."""

    plans: tuple[Plan, ...]
    broken: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_folder(folder: Path) -> Folder:
    """Read every plan file, whatever is wrong with another. No folder: no plans."""
    plans: list[Plan] = []
    broken: list[str] = []
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            plans.append(read_plan(path))
        except Refused as refused:
            broken.append(path.stem)
            problems += [replace(each, place=_placed(path.name, each.place)) for each in refused.problems]
    return Folder(plans=tuple(plans), broken=tuple(broken), problems=tuple(problems))


def _placed(file: str, place: str) -> str:
    return f"{file}: {place}" if place else file


@dataclass(frozen=True, slots=True)
class Shelf:
    """Keeps plans that are put in at the desk as files of the folder, where they can be read, copied and changed."""

    folder: Path

    def keep(self, plan: Plan) -> str:
        """Write the plan's file and return its name; empty where the folder cannot be written: then the store alone has
        the plan. What stood there before is kept beside it, with its comments.
        """
        path = self.folder / f"{plan.id}.toml"
        try:
            if path.exists():
                shutil.copy2(path, path.with_suffix(".toml.before"))
            new = path.with_suffix(".toml.new")
            with new.open("w", encoding="utf-8") as file:
                file.write(toml_of(plan_document(plan)))
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
        except OSError as error:
            told = {"event": "plan_not_filed", "plan": plan.id, "why": error.strerror or type(error).__name__}
            log.warning("A plan could not be written as a file; the store has it.", extra=told)
            return ""
        return path.name
