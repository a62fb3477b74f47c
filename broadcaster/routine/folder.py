"""The plan files beside the configuration: one TOML file, one plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from broadcaster.documents import read_plan
from broadcaster.errors import Refused
from broadcaster.model import Plan, Problem


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
