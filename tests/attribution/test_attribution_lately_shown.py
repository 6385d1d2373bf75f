"""What was shown of ancestors is not shown again within a second, and not one moment longer than
the kernel tells that they are the same.
"""

import sys
from dataclasses import replace

import pytest

from attribution import examination
from attribution.examination import Examined, examine
from attribution.facts import ProcessFacts, Witness
from attribution.lately_shown import LatelyShown
from attribution.programs import Programs

PYTHON = "/usr/bin/python3"
HEARD = (1.0, 2.0, 2.0)


def _process(pid: int, *words: str, parent: int = 1) -> ProcessFacts:
    line = b"\0".join(word.encode() for word in words) + b"\0"
    return ProcessFacts(
        pid=pid,
        start=pid,
        parent=parent,
        exe=words[0],
        argv=words,
        command_line=line,
        image=pid,
        image_from=float(pid),
        heard=HEARD,
    )


SHELL = _process(7, "/bin/sh", "all.sh")
SCRIPT = _process(8, PYTHON, "/w/job.py", parent=7)
ABOVE = (SCRIPT, SHELL)


class Now:
    """A clock set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Now:
    """A clock set by hand."""
    return Now()


@pytest.fixture
def lately(clock: Now) -> LatelyShown:
    """What remembers."""
    return LatelyShown(clock)


def test_what_was_shown_stands_for_a_second_from_when_the_look_began(
    lately: LatelyShown, clock: Now
) -> None:
    lately.of(ABOVE)["line", 8] = "shown"
    for at, stands in ((100.5, True), (100.99, True), (101.0, False)):
        clock.now = at
        assert (("line", 8) in lately.of((replace(SCRIPT), SHELL))) is stands


@pytest.mark.parametrize(
    "line",
    [
        (replace(SCRIPT, heard=(1.0, 3.0, 2.0)), SHELL),
        (replace(SCRIPT, start=9), SHELL),
        (replace(SCRIPT, traced=True), SHELL),
        (replace(SCRIPT, line_intact=False), SHELL),
        (SCRIPT, replace(SHELL, heard=(1.0, 3.0, 2.0))),
        (SCRIPT, replace(SHELL, adopted=True)),
        (SCRIPT,),
        (SHELL,),
        (),
    ],
)
def test_nothing_is_remembered_of_another_line(
    lately: LatelyShown, line: tuple[ProcessFacts, ...]
) -> None:
    lately.of(ABOVE)["line", 8] = "shown"
    assert lately.of(line) == {}


def test_of_what_the_kernel_does_not_tell_nothing_is_remembered(lately: LatelyShown) -> None:
    for line in ((replace(SCRIPT, heard=None), SHELL), (SCRIPT, replace(SHELL, heard=None))):
        lately.of(line)["line", 8] = "shown"
        assert lately.of(line) == {}


def test_no_more_lines_are_remembered_than_are_worth_it(lately: LatelyShown) -> None:
    for pid in range(1000, 1200):
        lately.of((_process(pid, PYTHON),))["line", pid] = "shown"
    assert lately.of((_process(1199, PYTHON),))
    assert lately.of((_process(1000, PYTHON),)) == {}


# --- examined


class Asked:
    """Interpreters that tell who was asked; `hears`: whether one answers."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.read: list[int] = []
        self.hears = True

    def ask(self, facts: ProcessFacts, *, frozen: bool) -> Witness | None:
        self.asked.append(facts.pid)
        return Witness(source="interpreter", main="/w/job.py") if self.hears else None

    def is_interpreter(self, facts: ProcessFacts) -> bool:
        self.read.append(facts.pid)
        return facts.exe == PYTHON


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, clock: Now) -> Asked:
    """Where examination asks."""
    made = Asked()
    monkeypatch.setattr(examination, "_lately", LatelyShown(clock), raising=False)
    monkeypatch.setattr(examination, "_interpreters", made)
    monkeypatch.setattr(examination._programs, "is_interpreter", made.is_interpreter)
    monkeypatch.setattr(Programs, "has_loaded_python", lambda *_: False)
    return made


def _curl(pid: int) -> ProcessFacts:
    return _process(pid, "/usr/bin/curl", "https://localhost", parent=8)


def _examined(*line: ProcessFacts) -> Examined:
    return examine(line, frozenset())


needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="a Linux matter")


@needs_proc
def test_the_next_program_that_a_script_starts_has_nothing_of_the_script_read_again(
    asked: Asked,
) -> None:
    first, second = _examined(_curl(21), *ABOVE), _examined(_curl(22), *ABOVE)
    assert first == second
    assert first.owner == 1
    assert asked.asked == [8]
    assert asked.read.count(8) == 1


@needs_proc
def test_who_sends_is_read_each_time_and_so_are_ancestors_that_changed(
    asked: Asked, clock: Now
) -> None:
    _examined(*ABOVE)
    _examined(*ABOVE)
    assert asked.asked == [8, 8]
    _examined(_curl(21), *ABOVE)
    _examined(_curl(22), replace(SCRIPT, heard=(1.0, 3.0, 2.0)), SHELL)
    assert asked.asked == [8, 8, 8, 8]
    clock.now += 1.0
    _examined(_curl(23), replace(SCRIPT, heard=(1.0, 3.0, 2.0)), SHELL)
    assert asked.asked == [8, 8, 8, 8, 8]


@needs_proc
def test_an_interpreter_that_did_not_speak_yet_is_asked_again(asked: Asked) -> None:
    asked.hears = False
    assert _examined(_curl(21), *ABOVE).unheard
    asked.hears = True
    assert not _examined(_curl(22), *ABOVE).unheard


@needs_proc
def test_a_child_that_is_older_than_its_parents_program_is_in_doubt_whatever_was_shown(
    asked: Asked,
) -> None:
    """What is said of a child and its parent together is not what was shown of the parent."""
    assert _examined(replace(_curl(21), born_at=9.0), *ABOVE).note != examination._BECAME
    assert _examined(replace(_curl(22), born_at=7.5), *ABOVE).note == examination._BECAME
