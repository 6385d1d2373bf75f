"""Of a family of tests a share is tried, each kind in it; all of it where all is asked for."""

import inspect
from collections.abc import Iterator
from itertools import product

import families
import pytest
from families import crossed, share, summary, with_each
from hypothesis import given, settings
from hypothesis import strategies as st

from examples import WHOLE

AXES = st.lists(st.integers(1, 12), min_size=1, max_size=3)


@pytest.fixture(autouse=True)
def counts_are_kept() -> Iterator[None]:
    """What these tests ask for is no part of what a run tells."""
    before = families.tried, families.members
    yield
    families.tried, families.members = before


def drawn(sizes: list[int]) -> tuple[list[tuple[int, ...]], list[tuple[object, ...]]]:
    """Return a family of so many values each, and the kinds of its members."""
    members = list(product(*map(range, sizes)))
    return members, [tuple(enumerate(member)) for member in members]


@given(sizes=AXES)
def test_each_kind_is_tried_and_the_share_is_kept(sizes: list[int]) -> None:
    """A quarter at least, each value of each parameter, in order, and none twice."""
    family, kinds = drawn(sizes)
    taken = share(family, kinds, [str(member) for member in family])
    assert taken == sorted(set(taken))
    assert {kind for member in taken for kind in enumerate(member)} == set().union(*kinds)
    whole = settings().max_examples
    least = len(family) * whole / WHOLE
    assert least <= len(taken) <= least + 1 + sum(sizes)


def test_the_same_members_are_tried_in_each_run() -> None:
    """Names decide, not what is beside them: who is first by name stays first."""
    family, kinds = drawn([8, 9])
    names = [str(member) for member in family]
    first = share(family, kinds, names)
    assert share(family, kinds, names) == first
    turned = share(family[::-1], kinds[::-1], names[::-1])
    assert sorted(turned) == first


def test_all_are_tried_where_all_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A night leaves out nothing."""
    monkeypatch.setattr(families, "settings", lambda: settings(max_examples=WHOLE))
    family, kinds = drawn([5, 6])
    assert share(family, kinds, [str(member) for member in family]) == family
    assert crossed(a="xyz", b=range(4)).args[1] == list(product("xyz", range(4)))


def test_what_is_left_out_is_told() -> None:
    """Who reads the end of a run knows that there is more, and how to try it."""
    before = families.tried, families.members
    mark = crossed(a=range(10), b=range(10))
    assert mark.args[0] == ("a", "b")
    assert families.members - before[1] == 100
    assert families.tried - before[0] == len(mark.args[1])
    assert summary(2300, 9000).startswith("2,300 of 9,000 members of families")
    assert "--deep" in summary(2300, 9000) and "--deep" not in summary(9, 9)


def test_every_member_is_tried_in_one_test_and_each_that_fails_is_shown() -> None:
    """One that fails hides no other; its value stands beside it."""
    asked = []

    @with_each("size", [1, 2, 3, 4])
    @with_each(("name", "word"), [("a", "x"), ("b", "y")])
    def trial(fixture: str, *, size: int, name: str, word: str) -> None:
        asked.append((fixture, size, name, word))
        assert size % 2, "even"

    assert list(inspect.signature(trial).parameters) == ["fixture"]
    with pytest.raises(ExceptionGroup) as told:
        trial("f")
    assert len(asked) == 8 and len(set(asked)) == 8
    assert [one.__notes__ for one in told.value.exceptions] == [
        ["with size: (2,)"],
        ["with size: (4,)"],
    ]
    assert len(told.value.exceptions[0].exceptions) == 2


def test_a_member_that_raises_nothing_hides_no_other() -> None:
    """What should have raised and did not is told like all else: with its value, beside others."""
    asked = []

    @with_each("size", [1, 2, 3])
    def trial(size: int) -> None:
        asked.append(size)
        with pytest.raises(ValueError, match="even"):
            if size == 2:
                raise ValueError("even")

    with pytest.raises(ExceptionGroup) as told:
        trial()
    assert asked == [1, 2, 3]
    assert [one.__notes__ for one in told.value.exceptions] == [
        ["with size: (1,)"],
        ["with size: (3,)"],
    ]


def test_a_member_that_is_skipped_leaves_out_no_other_and_is_told() -> None:
    """One test stands for all its members: a skip of one would pass for a skip of all."""
    asked = []

    @with_each("size", [1, 2, 3])
    def trial(size: int) -> None:
        asked.append(size)
        if size == 1:
            pytest.skip("not here")

    with pytest.raises(ExceptionGroup) as told:
        trial()
    assert asked == [1, 2, 3]
    assert [str(one) for one in told.value.exceptions] == ["skipped: not here"]


def test_what_ends_the_run_ends_the_test() -> None:
    """Who stops a run is not made to wait for the other members."""
    asked = []

    @with_each("size", [1, 2, 3])
    def trial(size: int) -> None:
        asked.append(size)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trial()
    assert asked == [1]


def test_a_test_of_nothing_is_none() -> None:
    """A list that became empty is no test that passed."""
    with pytest.raises(AssertionError):
        with_each("a", [])
