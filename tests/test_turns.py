"""Files of tests are begun the longest first, those that wait beside those that work, and none is
lost.
"""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from turns import MOST_SLOW, SLOW, SLOW_S, UNKNOWN_S, Turns, Unit, assumed

ROOT = Path(__file__).resolve().parents[1]


def taken(turns: Turns) -> list[str]:
    """Return all files that are left, each ended before the next is taken."""
    found = []
    while unit := turns.take():
        found.append(unit.file)
        turns.ended(unit)
    return found


def test_the_longest_file_is_begun_first() -> None:
    """What took long when it last ran here is begun first, where it stands matters no more."""
    files = {name: [at] for at, name in enumerate("abcd")}
    assert taken(Turns(files, {"a": 1, "b": 9, "c": 4, "d": 30})) == list("dbca")


def test_who_knows_nothing_begins_with_what_waits() -> None:
    """On a new machine the folders that wait for gates and databases are begun first; else files
    come as they were collected.
    """
    files = {"tests/app/a.py": [0], "tests/core/b.py": [1], f"{SLOW[0]}c.py": [2]}
    assert taken(Turns(files, {})) == [f"{SLOW[0]}c.py", "tests/app/a.py", "tests/core/b.py"]


def test_what_waits_runs_beside_what_works() -> None:
    """No more than some of those that wait are under way, while there are others."""
    slow = [f"{SLOW[0]}{n}.py" for n in range(MOST_SLOW + 2)]
    files = {name: [0] for name in [*slow, "a", "b"]}
    turns = Turns(files, {})
    begun = [unit for _ in range(MOST_SLOW + 1) if (unit := turns.take())]
    assert [unit.file for unit in begun] == [*slow[:MOST_SLOW], "a"]
    turns.ended(begun[0])
    assert taken(turns)[0] == slow[MOST_SLOW]


def test_when_only_such_are_left_all_run_them() -> None:
    """Nobody stands idle because too many wait."""
    slow = [f"{SLOW[0]}{n}.py" for n in range(MOST_SLOW + 2)]
    turns = Turns({name: [0] for name in slow}, {})
    assert [unit.file for _ in slow if (unit := turns.take())] == slow
    assert turns.take() is None


def test_what_is_given_back_is_next() -> None:
    """The rest of a file runs elsewhere; of one that has ended nothing does."""
    turns = Turns({"a": [0, 1, 2], "b": [3]}, {"a": 9})
    unit = turns.take()
    assert unit is not None
    del unit.tests[:2]
    turns.give_back(unit)
    assert turns.left == ["a", "b"]
    assert turns.take() == Unit(file="a", tests=[2])
    turns.give_back(Unit(file="a", tests=[]))
    assert turns.left == ["b"]


def test_the_slow_folders_are_there() -> None:
    """A folder that was moved is moved in the list."""
    for folder in SLOW:
        assert (ROOT / folder).is_dir()
    waits = Unit(file=f"{SLOW[0]}test_x.py", tests=[0])
    few, many = (Unit(file="tests/core/test_x.py", tests=list(range(n))) for n in (1, 600))
    assert assumed(waits, {}) == SLOW_S
    assert UNKNOWN_S <= assumed(few, {}) < SLOW_S < assumed(many, {})
    assert assumed(many, {"tests/core/test_x.py": 7}) == 7


@given(
    files=st.lists(st.booleans(), min_size=1, max_size=12),
    seconds=st.lists(st.floats(0, 99), min_size=12, max_size=12),
    ends=st.lists(st.integers(0, 12), max_size=40),
)
def test_each_file_is_taken_once(files: list[bool], seconds: list[float], ends: list[int]) -> None:
    """Whoever ends when: none is lost, none is taken twice."""
    names = [f"{SLOW[0] if slow else ''}{n}.py" for n, slow in enumerate(files)]
    turns = Turns(
        {name: [n] for n, name in enumerate(names)}, dict(zip(names, seconds, strict=False))
    )
    begun: list[Unit] = []
    found = []
    for end in ends:
        if unit := turns.take():
            found.append(unit.file)
            begun.append(unit)
        if begun and end < len(begun):
            turns.ended(begun.pop(end))
    assert sorted([*found, *taken(turns)]) == sorted(names)
