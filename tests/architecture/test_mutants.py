"""Every rule stands in the mutation check, with tests that are there."""

from pathlib import Path

from tests.faults.loops.mutants import TESTS, VALUES

ROOT = Path(__file__).parents[2]


def test_every_rule_is_changed_or_is_nothing_but_values() -> None:
    rules = {str(path.relative_to(ROOT)) for path in (ROOT / "broadcaster" / "rules").rglob("*.py")}
    assert rules ^ {name for name in TESTS if name.startswith("broadcaster/rules/")} == VALUES


def test_the_tests_that_have_to_notice_it_are_there() -> None:
    assert {test for tests in TESTS.values() for test in tests if not (ROOT / test).exists()} == set()
