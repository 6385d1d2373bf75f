"""No test is true on some days only: who acts on fixed days hands in the clock as well."""

from pathlib import Path

import pytest
from days_of_tests import clocked, file_of_tests, left_to_the_machine, places

THINGS = clocked(Path(__file__).resolve().parents[1])
"""What reads the machine's clock unless told another."""
TWO_PEOPLE = """
from datetime import UTC, datetime
import pytest
from evidence.store import Store

NOW = datetime(2026, 11, 20, 14, 14, tzinfo=UTC)

@pytest.fixture
def now() -> datetime:
    return NOW

def test_two_people_release_one_request(tmp_path, now: datetime) -> None:
    store = Store(tmp_path, acting=None{clock})
    store.append([asked(now)])
"""
"""The test that failed from seven days after it was written."""


def found(tmp_path: Path, text: str, **others: str) -> list[tuple[int, str]]:
    """What is found in a file of tests, beside others of its folder."""
    (tmp_path / "tests").mkdir()
    for name, other in others.items():
        (tmp_path / "tests" / f"{name}.py").write_text(other)
    path = tmp_path / "tests" / "test_them.py"
    path.write_text(text)
    return left_to_the_machine(file_of_tests(path, tmp_path), THINGS)


def test_whoever_acts_on_fixed_days_hands_in_the_clock() -> None:
    """A store, a gate or a hub that a test makes has the test's time, not that of the day on which
    the test is run.
    """
    assert places() == []


def test_what_failed_seven_days_later_is_seen(tmp_path: Path) -> None:
    """The fault that this is for is found where it stood, and not once it is mended."""
    for name, clock, seen in (("old", "", [(13, "Store")]), ("new", ", clock=lambda: now", [])):
        (tmp_path / name).mkdir()
        assert found(tmp_path / name, TWO_PEOPLE.replace("{clock}", clock)) == seen


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (
            "from evidence.store import Store as S\nf = lambda: 1\ndef t():\n    S(date(2026, 1, 2))",
            1,
        ),
        ("from evidence import Store\nD = datetime(2026, 1, 2)\ndef t():\n    Store(D)", 1),
        ("from certs import LeafMinter\nD = date(2026, 1, 2)\ndef t():\n    LeafMinter(D)", 1),
        (
            "from certs import LeafMinter\nD = date(2026, 1, 2)\nE = D\ndef t():\n    LeafMinter(E)",
            1,
        ),
        ("from certs import LeafMinter\ndef t():\n    LeafMinter(date.today())", 0),
        ("from certs import LeafMinter\ndef t():\n    LeafMinter(date(2026, 1, 2), **more)", 0),
        ("from other import LeafMinter\ndef t():\n    LeafMinter(date(2026, 1, 2))", 0),
        (
            "from inventory.scan import scan\ndef t():\n    scan(date.fromisoformat('2026-01-02'))",
            1,
        ),
        ("from inventory.scan import scan\ndef t():\n    scan(1, lambda: date(2026, 1, 2))", 0),
    ],
)
def test_what_counts_as_handed_in(tmp_path: Path, text: str, seen: int) -> None:
    """By name, by place, or among what is handed on; only what really reads the clock is asked."""
    assert len(found(tmp_path, text)) == seen


def test_days_of_others_count(tmp_path: Path) -> None:
    """A day that stands in the folder's own fixtures is as fixed as one in the file."""
    fixture = TWO_PEOPLE.partition("def test_")[0]
    test = "from evidence.store import Store\ndef test_it(now):\n    Store(now)\n"
    assert found(tmp_path, test, conftest=fixture) == [(3, "Store")]


def test_each_way_to_default_to_now_is_known() -> None:
    """A parameter, a named one, a field and a function in one line: all are read from the code."""
    assert {"Store", "LeafMinter", "Hub", "Parts", "scan", "Journal", "RunWatch"} <= THINGS.keys()
    assert [one.parameter for one in THINGS["Store"]] == ["clock"]
