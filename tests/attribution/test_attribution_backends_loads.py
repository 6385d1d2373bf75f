"""Whose hands a program may have been in before it began, and who started it: by events and by what
it began with.
"""

import sys
from collections.abc import Iterator

import pytest

from attribution.backends import procfs
from attribution.backends.beginnings import Beginning
from attribution.backends.beginnings_process import EXEC
from attribution.backends.exec_events import ExecEvents
from attribution.backends.loads import Load
from attribution.backends.process_connector import FORK
from tests.attribution.test_attribution_beginnings import Kernel, Teller, World

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="events of the Linux kernel")

_SHELL, _EVIL, _BETWEEN, _GOOD = range(900_000_001, 900_000_005)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """All processes live but those that a test lets end."""
    kernel, teller = Kernel(), Teller()
    made = World(kernel, teller, ExecEvents(lambda: kernel, lambda: teller))  # type: ignore[arg-type, return-value]
    monkeypatch.setattr(procfs, "start_of", lambda pid: None if pid in _ended else 1)
    yield made
    _ended.clear()
    made.events.close()


_ended: set[int] = set()


def _tell(world: World, what: int, *pids: int) -> None:
    world.clock += 1_000_000
    world.kernel.tell(what, world.clock, *pids)
    world.events.catch_up()


def _fork(world: World, parent: int, child: int) -> None:
    _tell(world, FORK, parent, parent, child, child)


def _exec(world: World, pid: int, begun: Beginning | None = None) -> Load:
    _tell(world, EXEC, pid, pid)
    load = world.events.load(pid)
    assert load is not None
    load.begun = begun
    return load


@pytest.mark.parametrize(
    ("parent", "stops", "held"),
    [(_EVIL, 0, False), (_EVIL, 2, False), (1, 0, False), (1, 1, True)],
)
def test_one_whose_parent_ended_while_it_stood_still_may_have_been_held(
    world: World, parent: int, stops: int, held: bool
) -> None:
    """What lives is seen to trace it; what was left behind and never stood still was held by
    nobody.
    """
    _fork(world, _SHELL, _EVIL)
    _exec(world, _EVIL)
    _fork(world, _EVIL, _GOOD)
    load = _exec(world, _GOOD, Beginning(line=b"x", parent=parent, stops=stops))
    assert load.may_have_been_held is held


def test_so_may_one_whose_parent_lives_and_is_a_fork_of_what_has_ended(world: World) -> None:
    """What is traced has its forks traced as well. What had become a program of its own was seen
    then.
    """
    for loads in (False, True):
        _fork(world, _SHELL, _EVIL)
        _exec(world, _EVIL)
        _fork(world, _EVIL, _BETWEEN)
        if loads:
            _exec(world, _BETWEEN)
        _fork(world, _BETWEEN, _GOOD)
        _ended.add(_EVIL)
        load = _exec(world, _GOOD, Beginning(line=b"x", parent=_BETWEEN, stops=2))
        assert load.may_have_been_held is not loads
        _ended.clear()


def test_what_was_not_read_in_time_says_nothing(world: World) -> None:
    """It is doubted for that already."""
    _fork(world, _EVIL, _GOOD)
    load = _exec(world, _GOOD)
    assert not load.may_have_been_held
    load.begun = Beginning(parent=1, stops=3)
    assert not load.may_have_been_held


def test_a_program_behind_another_one_in_the_same_process_is_known(world: World) -> None:
    """`bash -c 'exec python …'`; one that is loaded at once, and forks of it, are none."""
    _fork(world, _SHELL, _EVIL)
    assert not _exec(world, _EVIL).chained
    assert _exec(world, _EVIL).chained
    _fork(world, _EVIL, _GOOD)
    assert not _exec(world, _GOOD).chained


def test_who_was_taken_in_by_another_parent_is_known(world: World) -> None:
    """Of those of whose birth nothing was told, nobody can tell."""
    _fork(world, _EVIL, _GOOD)
    assert not world.events.is_adopted(_GOOD, _EVIL)
    assert world.events.is_adopted(_GOOD, 1)
    assert not world.events.is_adopted(_SHELL, 1)
