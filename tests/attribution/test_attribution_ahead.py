"""Looks that are made beside a request, so that none has to wait for them."""

import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from machine_in_memory import FakeMachine, attributor, connection

from attribution.attributor import SocketAttributor
from core.attribution import Certainty

SAME = connection()
_NOW = time.time()


class World:
    """A client that has used its connection for a while; the clock is the test's."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.passed = 0.0
        clock = SimpleNamespace(
            time=lambda: _NOW + self.passed,
            monotonic=lambda: _NOW + self.passed,
            sleep=lambda _: None,
        )
        monkeypatch.setattr("attribution.attributor.time", clock)
        self.machine = FakeMachine()
        self.machine.run(1, 0, "/sbin/init", exe="/usr/lib/systemd/systemd", parent=0)
        terminal = "/usr/libexec/gnome-terminal-server"
        self.machine.run(40, 5, "gnome-terminal", exe=terminal)
        self.machine.run(50, 10, "-bash", exe="/usr/bin/bash", terminal=True, parent=40)
        self.machine.run(100, 20, "curl", exe="/usr/bin/curl", parent=50)
        self.machine.run(200, 21, "wget", exe="/usr/bin/wget", parent=50)
        self.machine.holders = (100,)
        self.subject: SocketAttributor = attributor(self.machine)
        for _ in range(2):  # what one look found counts once another one found the same
            assert self.subject.attribute(SAME).certainty is Certainty.EXACT

    def look(self) -> Callable[[], object]:
        """Return the look that is due soon."""
        self.passed = 0.8
        look = self.subject.ahead(SAME)
        assert look is not None
        return look


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


@pytest.mark.parametrize("is_made", [False, True])
def test_a_look_ahead_spares_the_next_request_its_own(world: World, is_made: bool) -> None:
    """It counts for a second from when it was made, and not longer."""
    assert world.subject.ahead(SAME) is None
    look = world.look()
    if is_made:
        look()
        assert world.subject.ahead(SAME) is None
        world.passed = 1.3
        assert world.subject.ahead(SAME) is None
        assert world.subject.ahead(SAME, beside=True) is not None
    world.passed = 1.7
    assert (world.subject.attribute_now(SAME) is not None) is is_made
    world.passed = 1.9
    assert world.subject.attribute_now(SAME) is None


def test_who_was_seen_to_share_the_connection_is_not_forgotten(world: World) -> None:
    """The next request is not at once ascribed to who holds it alone again, nor for certain."""
    look = world.look()
    world.machine.holders = (100, 200)
    look()
    world.machine.holders = (100,)
    assert world.subject.attribute_now(SAME) is None
    assert world.subject.attribute(SAME).certainty is Certainty.LIKELY


def test_nor_where_it_was_seen_while_another_answer_was_given(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one look doubts, an answer of the same moment does not hide."""
    look = world.look()

    def meanwhile(*_: object) -> bool:
        world.machine.holders = (100, 200)
        look()
        world.machine.holders = (100,)
        return True

    with monkeypatch.context() as patched:
        patched.setattr(world.machine, "still_sole", meanwhile)
        found = world.subject.attribute_now(SAME)
    assert found is not None
    assert found.certainty is Certainty.LIKELY
    assert world.subject.attribute(SAME).certainty is Certainty.LIKELY


def test_who_has_had_its_answer_is_looked_at_as_ever(world: World) -> None:
    """A holder that does not use its connection at that moment is asked about when it sends."""
    look = world.look()
    world.machine.found = {"used": False}
    look()
    world.machine.found = {}
    world.passed = 1.7
    assert world.subject.attribute_now(SAME) is None
    assert world.subject.attribute(SAME).certainty is Certainty.EXACT


def test_nothing_is_kept_of_a_connection_that_was_closed_meanwhile(world: World) -> None:
    """Nor is what another look has found since replaced by an older one."""
    look = world.look()
    world.machine.after_search = lambda: world.subject.forget(SAME)
    look()
    assert world.subject.health()["open_connections"] == 0
    assert world.subject.ahead(SAME) is None
