"""Who was born since a moment: the only ones that can have inherited a socket since."""

import os
import subprocess
import sys
import threading
import time

import pytest

from attribution.backends import procfs, recent_pids
from attribution.backends.recent_pids import Births, is_process

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def pids(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The last pid given out, as the test says it is; every pid is a process."""
    last = [100]
    monkeypatch.setattr(procfs, "last_pid", lambda: last[0])
    monkeypatch.setattr(recent_pids, "is_process", lambda pid: True)
    return last


def test_nothing_is_said_of_a_time_before_the_first_look(pids: list[int]) -> None:
    """Without an earlier look there is no telling who was born since."""
    births = Births()
    before = time.time()
    assert births.since(before) is None
    assert births.since(before) is None


def test_those_born_since_are_named_and_no_others(pids: list[int]) -> None:
    """Between two looks exactly the pids given out since the first are named."""
    births = Births()
    births.since(0)
    moment = time.time()
    assert births.since(moment) == []
    pids[0] = 103
    assert births.since(moment) == [101, 102, 103]
    assert births.since(time.time()) == []


def test_a_look_taken_after_the_moment_is_never_used(pids: list[int]) -> None:
    """A process born between the moment and the look would be missed: then nothing is said."""
    births = Births()
    moment = time.time()
    pids[0] = 105
    births.since(0)
    assert births.since(moment) is None


def test_pids_that_begin_anew_say_nothing(pids: list[int]) -> None:
    """When the numbers wrap around, or too many were given out, a search has to look."""
    births = Births()
    births.since(0)
    moment = time.time()
    pids[0] = 7
    assert births.since(moment) is None
    births = Births()
    births.since(0)
    moment = time.time()
    pids[0] = 7 + 1000
    assert births.since(moment) is None


def test_a_real_child_is_named_and_a_thread_is_not() -> None:
    """A thread has a number like a process, but inherits nothing; a child is named while it
    lives.
    """
    births = Births()
    births.since(0)
    moment = time.time()
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        born = births.since(moment)
        if born is None:
            pytest.skip("other programs of this machine make too many processes just now")
        assert child.pid in born
        assert thread.native_id not in born
        assert os.getpid() not in born
    finally:
        stop.set()
        thread.join()
        child.communicate(b"\n")
    assert not is_process(child.pid)
