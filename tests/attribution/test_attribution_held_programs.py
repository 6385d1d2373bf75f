"""A program that was looked at is known by what the kernel keeps of it, and only while it runs."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from attribution.backends import held_programs, process_facts, procfs
from attribution.backends.held_programs import HeldPrograms
from attribution.facts import ProcessFacts

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc of the Linux kernel")

_WAITS = "import os; os.write(1, b'!'); os.read(0, 1); os.execvp('cat', ['cat'])"
_NOT_AT_RANDOM = (
    "import ctypes, os; ctypes.CDLL(None).personality(0x40000); os.execvp('cat', ['cat'])"
)


@pytest.fixture
def held() -> Iterator[HeldPrograms]:
    made = HeldPrograms(most=2)
    yield made
    made.close()


@pytest.fixture
def waiting() -> Iterator[subprocess.Popen[bytes]]:
    """A program that becomes `cat` when it is given a letter."""
    yield from _running(_WAITS, b"!", b"")


@pytest.fixture
def fixed() -> Iterator[subprocess.Popen[bytes]]:
    """`cat`, at the places that all programs of its kind get."""
    yield from _running(_NOT_AT_RANDOM, b"x", b"x")


def _running(code: str, told: bytes, given: bytes) -> Iterator[subprocess.Popen[bytes]]:
    pipe = subprocess.PIPE
    words = [sys.executable, "-c", code]
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, bufsize=0) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdin.write(given)
        assert running.stdout.read(1) == told
        yield running
        running.kill()


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[ProcessFacts]:
    looked: list[ProcessFacts] = []
    look = held_programs.looks_same

    def count(fields: list[bytes], facts: ProcessFacts, seconds: float) -> bool:
        looked.append(facts)
        return look(fields, facts, seconds)

    monkeypatch.setattr(held_programs, "looks_same", count)
    return looked


def _facts(pid: int) -> ProcessFacts:
    facts = process_facts.process(pid)
    assert facts is not None
    return facts


def _becomes_cat(running: subprocess.Popen[bytes]) -> None:
    assert running.stdin is not None
    assert running.stdout is not None
    running.stdin.write(b"ax")
    assert running.stdout.read(1) == b"x"


def test_a_known_program_is_looked_at_once(
    held: HeldPrograms, waiting: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of its memory is read while it is in use."""
    facts, looked = _facts(waiting.pid), _counted(monkeypatch)
    fields = procfs.stat_fields(waiting.pid)
    assert procfs.is_placed_at_random(fields)
    assert [held.is_same(fields, facts) for _ in range(3)] == [True] * 3
    assert len(looked) == 1


def test_a_program_that_was_left_is_not_the_same_whatever_the_next_one_shows(
    held: HeldPrograms, waiting: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may put its marks and its command line where and as they were (`prctl`)."""
    facts, before = _facts(waiting.pid), procfs.stat_fields(waiting.pid)
    assert held.is_same(before, facts)
    _becomes_cat(waiting)
    monkeypatch.setattr(held_programs, "looks_same", lambda *_: True)
    assert not held.is_same(before, facts)
    assert not held.is_same(procfs.stat_fields(waiting.pid), facts)


def test_what_was_left_before_it_could_be_held_is_not_held(
    held: HeldPrograms, waiting: subprocess.Popen[bytes]
) -> None:
    """The fields of before say nothing of what is opened after."""
    facts, before = _facts(waiting.pid), procfs.stat_fields(waiting.pid)
    _becomes_cat(waiting)
    assert not held.is_same(before, facts)
    assert not held.is_same(before, facts)


def test_memory_that_another_process_keeps_in_use_does_not_speak_for_new_marks(
    held: HeldPrograms, waiting: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child may share it when the program is left."""
    facts = _facts(waiting.pid)
    assert held.is_same(procfs.stat_fields(waiting.pid), facts)
    _becomes_cat(waiting)
    monkeypatch.setattr(held_programs, "_is_in_use", lambda _: True)
    assert not held.is_same(procfs.stat_fields(waiting.pid), facts)


def test_where_places_are_not_drawn_at_random_each_look_is_one_at_the_memory(
    held: HeldPrograms, fixed: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next program gets the very same places."""
    facts, looked = _facts(fixed.pid), _counted(monkeypatch)
    fields = procfs.stat_fields(fixed.pid)
    assert not procfs.is_placed_at_random(fields)
    assert [held.is_same(fields, facts) for _ in range(3)] == [True] * 3
    assert len(looked) == 3


def test_who_may_not_be_held_is_looked_at_each_time(
    held: HeldPrograms, waiting: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As before there was anything to hold."""
    facts, looked = _facts(waiting.pid), _counted(monkeypatch)
    monkeypatch.setattr(held_programs, "_opened", lambda _: None)
    fields = procfs.stat_fields(waiting.pid)
    assert held.is_same(fields, facts)
    assert held.is_same(fields, facts)
    assert len(looked) == 2


def test_only_so_many_are_held_and_none_after_the_end(
    held: HeldPrograms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that was asked for longest ago is let go."""
    opened: list[int] = []
    real = held_programs._opened

    def note(pid: int) -> int | None:
        found = real(pid)
        assert found is not None
        opened.append(found)
        return found

    monkeypatch.setattr(held_programs, "_opened", note)
    fields = procfs.stat_fields(os.getpid())
    several = [_facts(os.getpid()) for _ in range(3)]
    assert all(held.is_same(fields, facts) for facts in several)
    assert len(held._held) == 2
    assert id(several[0]) not in held._held
    held.close()
    assert not held._held
    targets = [procfs.link(f"/proc/self/fd/{each}") or "" for each in set(opened)]
    assert not any(target.endswith("/pagemap") for target in targets)
