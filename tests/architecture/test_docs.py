"""Documentation is tested: each command, channel and file it names is there, and the other way round."""

import json
import re
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from benchmarks import frame, pictures
from broadcaster.bootstrap import filled_for
from broadcaster.cli.app import COMMANDS, HIDDEN
from broadcaster.config import load_city
from docs import measured, tables

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.ja.md")
DOCUMENTS = [
    *READMES,
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/architecture.md",
    "docs/delivery.md",
    "docs/desk.md",
    "docs/operations.md",
]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_every_fault_is_brought_about_by_a_test_or_it_is_said_why_not() -> None:
    sections = tomllib.loads(text("tests/faults/catalogue.toml"))
    untried = set(sections.pop("not tried"))
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    marked = {
        number for numbers in re.findall(r"mark\.fault\(([\d, ]+)\)", sources) for number in re.findall(r"\d+", numbers)
    }
    assert marked | untried == {number for faults in sections.values() for number in faults}
    assert not marked & untried


def commands() -> set[str]:
    return set(COMMANDS) - set(HIDDEN)


@pytest.mark.parametrize("name", READMES)
def test_every_command_is_in_the_table_and_every_named_command_exists(name: str) -> None:
    table = "\n".join(line for line in text(name).splitlines() if line.startswith("| `broadcaster "))
    named = {
        word for span in re.findall(r"`([^`]+)`", table) for word in re.findall(r"^(?:broadcaster )?([a-z]+)", span)
    }
    missing = commands() - named
    assert missing == set()
    assert set(re.findall(r"broadcaster ([a-z]+) ", text(name))) <= commands()


@pytest.mark.parametrize("name", READMES)
def test_every_channel_is_in_the_table(name: str) -> None:
    channels = {entry.name for entry in entry_points(group="broadcaster.channels")}
    assert {channel for channel in channels if f"| `{channel}` |" not in text(name)} == set()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", text(name))
    base = (ROOT / name).parent
    assert [link for link in links if "://" not in link and not (base / link).exists()] == []


def test_decisions_are_numbered_one_after_the_other_and_bear_their_numbers() -> None:
    decisions = sorted((ROOT / "docs/adr").glob("*.md"))
    assert [int(path.name[:4]) for path in decisions] == [*range(1, len(decisions) + 1)]
    assert [
        path.name for path in decisions if not path.read_text("utf-8").startswith(f"# {int(path.name[:4])}. ")
    ] == []


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_every_path_that_is_named_is_there(name: str) -> None:
    paths = re.findall(r"`((?:broadcaster|channels|templates|tests|docs)/[\w./-]*)`", text(name))
    assert [path for path in paths if "pager" not in path and not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", READMES)
def test_the_order_that_is_shown_fills_its_template(name: str) -> None:
    shown = re.search(r"broadcaster send --template (\S+)((?:[\s\\]+--set \S+)+)", text(name))
    assert shown is not None
    given = dict(pair.split("=", 1) for pair in re.findall(r"--set (\S+)", shown[2]))
    draft = filled_for(load_city(ROOT / "config.example.toml"), shown[1], given)
    assert draft.infos[0].areas


def test_the_commands_of_make_are_those_the_documents_name() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))
    named = {target for name in DOCUMENTS for target in re.findall(r"(?:^|`)make ([a-z-]+)", text(name), re.MULTILINE)}
    assert named <= targets


@pytest.mark.parametrize(("name", "language"), tables.READMES.items())
def test_the_tables_say_what_the_committed_results_say(name: str, language: str) -> None:
    """`make tables` writes them anew."""
    assert tables.filled(text(name), language) == text(name)


def test_every_figure_that_was_measured_is_told_in_both_languages() -> None:
    summary = json.loads((tables.RESULTS / "summary.json").read_text(encoding="utf-8"))
    measured_figures = {(report, figure["name"]) for report in summary for figure in summary[report]["figures"]}
    assert measured_figures <= {(report, name) for report, names in measured.WORDS.items() for name in names}


def test_a_block_without_a_place_is_refused() -> None:
    with pytest.raises(LookupError, match="bench"):
        tables.filled("# A README\n", "en")


@pytest.mark.parametrize(("at_least", "reached"), [(True, False), (False, True)])
def test_a_figure_that_was_not_reached_says_so(at_least: bool, reached: bool) -> None:
    ours = frame.Series("ours", (40.0, 50.0, 60.0), peer=False)
    peer = frame.Series("theirs", (100.0,), peer=True)
    name = next(iter(measured.WORDS["hanging"]))
    figure = frame.Figure(name, 0.5, 1.0, at_least=at_least, **frame.beside(ours, peer, "Peer"))
    machine = {"cores": 2, "load": [0.1], "python": "3", "sqlite": "3", "when": "2026-11-25T00:00:00Z"}
    report = frame.Report("hanging", "", (ours, peer), (figure,), machine=machine)
    row = measured.table({"hanging": frame.summary(report)}, "en").splitlines()[2]
    assert ("not reached" in row) is not reached
    assert "| 50 ms | Peer 100 ms |" in row
    assert "`make bench ONLY=hanging`" in row


def test_every_chart_the_readme_may_show_is_drawn_by_the_benchmarks() -> None:
    assert {file: name for name, (file, *_) in measured.CHARTS.items()} == {
        file: result for file, (result, _) in pictures.PICTURES.items()
    }
