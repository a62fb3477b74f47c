"""The size budgets: a function one can take in at a glance, a module one can read in a sitting."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MEDIAN, NINE_IN_TEN, LONGEST, MODULE = 10, 25, 40, 400


def sources() -> list[Path]:
    return sorted([*ROOT.glob("broadcaster/**/*.py"), *ROOT.glob("channels/**/*.py")])


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield place and length of the body, its docstring left out."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", (body[-1].end_lineno or 0) - body[0].lineno + 1


def test_functions_are_short() -> None:
    found = [entry for path in sources() for entry in functions(path)]
    lengths = sorted(length for _, length in found)
    assert statistics.median(lengths) < MEDIAN
    assert lengths[int(0.9 * len(lengths))] <= NINE_IN_TEN
    assert [entry for entry in found if entry[1] > LONGEST] == []


def test_modules_are_short() -> None:
    lines = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in sources()}
    assert {name: count for name, count in lines.items() if count > MODULE} == {}
