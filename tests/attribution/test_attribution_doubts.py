"""When a name is not certain though it is the only one: what happened between two looks, forced one
by one.
"""

import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal

import pytest
from machine_in_memory import FakeMachine, attributor, connection

from attribution.agreement import ALONE, BY_TOOL, MOVABLE, TEXT_ALONE, agree
from attribution.ambiguity import SHARED, UNUSED
from attribution.facts import ProcessFacts, Witness
from attribution.resolution import Resolution, resolve
from attribution.resolution.runners import BELOW_TOOL
from core.attribution import Certainty

CURL = "/usr/bin/curl"


@pytest.fixture
def machine() -> FakeMachine:
    made = FakeMachine()
    made.run(1, 0, "/sbin/init", exe="/usr/lib/systemd/systemd", parent=0)
    made.run(40, 5, "gnome-terminal", exe="/usr/libexec/gnome-terminal-server")
    made.run(50, 10, "-bash", exe="/usr/bin/bash", parent=40)
    made.run(100, 20, "curl", "good", exe=CURL, parent=50, image=1, born_at=20.0)
    made.holders = (100,)
    return made


def test_who_held_it_at_both_looks_is_certain(machine: FakeMachine) -> None:
    """One process that held the connection alone from its opening to its request is its sender."""
    subject, same = attributor(machine), connection()
    assert subject.attribute(same).certainty is Certainty.EXACT
    assert subject.attribute(same).certainty is Certainty.EXACT


@pytest.mark.parametrize(
    ("pid", "image", "argv"),
    [
        (100, 2, ("curl", "evil")),
        (100, 2, ("curl", "good")),
        (101, 2, ("curl", "evil")),
        (101, 1, ("curl", "good")),
    ],
    ids=["another script", "the same once more", "another process", "a fork"],
)
def test_what_was_opened_by_another_program_stays_in_doubt(
    machine: FakeMachine, pid: int, image: int, argv: tuple[str, ...]
) -> None:
    """Whoever opened the connection may have sent before it was handed on: the first request and
    every later one are not certain, for what was written at once may be read late.
    """
    subject, same = attributor(machine), connection()
    subject.attribute(same)
    machine.processes.pop(100)
    machine.run(pid, 30, *argv, exe=CURL, parent=50, image=image, born_at=30.0)
    machine.holders = (pid,)
    for _ in range(3):
        found = subject.attribute(same)
        assert found.certainty is Certainty.LIKELY
        assert "opened the connection" in str(found.reason)
        assert {one.pid for one in found.candidates} == {100, pid}
    assert subject.attribute(connection("another")).certainty is Certainty.EXACT


def test_what_several_held_stays_in_doubt(machine: FakeMachine) -> None:
    """One of several holders may have sent and gone before the next look."""
    machine.run(101, 21, "curl", "evil", exe=CURL, parent=50, image=2)
    machine.holders = (100, 101)
    subject, same = attributor(machine), connection()
    subject.attribute(same)
    machine.holders = (100,)
    for _ in range(2):
        found = subject.attribute(same)
        assert found.reason == SHARED
        assert {one.pid for one in found.candidates} == {100, 101}


@pytest.mark.parametrize("image", [1, 2])
def test_a_child_between_its_fork_and_its_exec_casts_no_doubt(
    machine: FakeMachine, image: int
) -> None:
    """A copy of the very program that is gone a moment later was a start of something else; another
    program was not.
    """
    machine.run(101, 21, "curl", "good", exe=CURL, image=image, parent=100)
    machine.holders = (100, 101)
    looks = iter([(100, 101), (100,)])
    machine.after_search = lambda: setattr(machine, "holders", next(looks, (100,)))
    next(looks)
    found = attributor(machine).attribute(connection())
    assert (found.certainty is Certainty.EXACT) is (image == 1)


@pytest.mark.parametrize(
    ("values", "exact"),
    [
        ({"image_from": 10.0, "image_until": 10.0}, True),
        ({"image_from": -5.0, "image_until": -5.0}, True),
        ({"image_from": 70.0, "image_until": 70.0}, False),
        ({"born_at": 61.0}, False),
        ({"born_at": 59.0}, True),
        ({"image_from": 70.0, "image_until": None}, True),
        ({"image_from": None, "image_until": 70.0}, False),
        ({"image_from": None, "image_until": 50.0}, True),
    ],
)
def test_a_program_younger_than_the_connection_is_in_doubt(
    machine: FakeMachine, values: dict[str, Any], exact: bool
) -> None:
    """What was loaded or born after the connection was accepted cannot have opened it."""
    accepted = replace(connection(), at=datetime.fromtimestamp(60.0, UTC))
    machine.processes[100] = replace(machine.processes[100], **values)
    found = attributor(machine).attribute(accepted)
    assert (found.certainty is Certainty.EXACT) is exact


@pytest.mark.parametrize(("born_at", "exact"), [(59.0, True), (59.5, False), (60.5, False)])
def test_a_fork_younger_than_the_connection_is_in_doubt_though_a_busy_gate_took_it_later(
    machine: FakeMachine, born_at: float, exact: bool
) -> None:
    """Its parent may have opened it, sent, and let go of it before the gate could look."""
    accepted = replace(connection(), at=datetime.fromtimestamp(60.0, UTC))
    machine.processes[100] = replace(machine.processes[100], born_at=born_at)
    machine.found = {"opened_at": 59.4}
    found = attributor(machine).attribute(accepted)
    assert (found.certainty is Certainty.EXACT) is exact
    machine.found = {"opened_at": 61.0}
    found = attributor(machine).attribute(replace(accepted, id="answered"))
    assert (found.certainty is Certainty.EXACT) is (born_at < 60.0)


@pytest.mark.parametrize(
    ("parents", "told"),
    [
        ((), [100, 50]),
        (((50, 59.5),), [100, 50, 40]),
        (((50, 59.5), (40, 59.4)), [100, 50, 40]),
        (((50, 50.0),), [100, 50]),
    ],
    ids=["the shell", "a forked shell, too", "not who takes in others", "no further than needed"],
)
def test_a_fork_younger_than_the_connection_is_told_with_its_parents(
    machine: FakeMachine, parents: tuple[tuple[int, float], ...], told: list[int]
) -> None:
    """Whoever it has the connection from may have sent: each is a candidate, for good."""
    accepted = replace(connection(), at=datetime.fromtimestamp(59.0, UTC))
    times = {pid: datetime.fromtimestamp(at, UTC) for pid, at in ((50, 10.0), (40, 5.0), *parents)}
    for pid, began in times.items():
        machine.processes[pid] = replace(machine.processes[pid], started_at=began)
    machine.processes[100] = replace(machine.processes[100], born_at=60.0)
    subject = attributor(machine)
    for _ in range(2):
        found = subject.attribute(accepted)
        assert [one.pid for one in found.candidates] == told
        assert found.process is not None and found.process.pid == 100
    machine.processes[100] = replace(machine.processes[100], born_at=58.0)
    assert attributor(machine).attribute(accepted).candidates == ()


def test_an_orphans_new_parent_gave_it_nothing(machine: FakeMachine) -> None:
    """Of whom nobody knows what it was forked from, nobody else is told."""
    accepted = replace(connection(), at=datetime.fromtimestamp(59.0, UTC))
    machine.processes[100] = replace(machine.processes[100], born_at=60.0, adopted=True)
    found = attributor(machine).attribute(accepted)
    assert found.certainty is Certainty.LIKELY
    assert found.candidates == ()
    machine.processes[100] = replace(machine.processes[100], adopted=False, parent=1)
    assert attributor(machine).attribute(accepted).candidates == ()


def test_data_older_than_the_program_is_anothers(machine: FakeMachine) -> None:
    """Where all data went out before the program was loaded, an earlier one in its process sent it,
    however late the gate came to look.
    """
    now = connection().at.timestamp()
    loaded = replace(machine.processes[100], image_from=now - 0.1, image_until=now - 0.1)
    machine.processes[100] = loaded
    machine.found = {"sent_at": now - 0.2}
    assert attributor(machine).attribute(connection()).certainty is Certainty.LIKELY
    machine.found = {"sent_at": now - 0.05}
    assert attributor(machine).attribute(connection()).certainty is Certainty.EXACT


def test_an_interpreter_opens_no_socket_that_outlives_an_exec(machine: FakeMachine) -> None:
    """Such a socket was given to it, perhaps while the gate was slow to accept: a young program is
    not certain to have sent, an old one is.
    """
    now = connection().at.timestamp()
    machine.found = {"inheritable": True}
    for age, exact in ((0.2, False), (2.0, True)):
        dated: dict[str, Any] = {"image_from": now - age, "image_until": now - age, "image": 1}
        machine.run(100, 20, "python3", os.__file__, parent=50, **dated)
        found = attributor(machine).attribute(connection())
        assert (found.certainty is Certainty.EXACT) is exact


def test_who_is_not_seen_to_wait_is_likely_until_it_is(machine: FakeMachine) -> None:
    """The holder that does not wait for an answer may keep what another one used. It is doubted for
    that look, and for no later one.
    """
    subject, same = attributor(machine), connection()
    machine.found = {"used": False}
    assert subject.attribute(same).reason == UNUSED
    machine.found = {"used": True}
    assert subject.attribute(same).certainty is Certainty.EXACT


def test_what_changes_while_it_is_looked_at_is_not_certain(
    machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that ended or became another one during the look is not named as if it had stood
    still.
    """
    real, looks = machine.process, iter(range(100))

    def changing(pid: int) -> ProcessFacts | None:
        facts = real(pid)
        assert facts is not None
        machine.processes[pid] = replace(facts, argv=("curl", str(next(looks))))
        return facts

    monkeypatch.setattr(machine, "process", changing)
    found = attributor(machine).attribute(connection())
    assert found.certainty is Certainty.LIKELY
    assert "while it was being looked at" in str(found.reason)


class Everywhere:
    """A file system in which every path is a plain file, and no package."""

    def exists(self, path: str) -> bool:
        return not path.endswith(("/__main__.py", "/__init__.py"))

    def is_dir(self, path: str) -> bool:
        return False

    def realpath(self, path: str) -> str:
        return path

    def head(self, path: str, size: int) -> bytes:
        return b""

    def is_program(self, path: str) -> bool:
        return False


FILES = Everywhere()


def agreed(
    facts: ProcessFacts,
    main: str | None,
    source: Literal["interpreter", "beacon"] = "interpreter",
    *others: str,
) -> Resolution:
    said = resolve(facts, FILES)
    assert said is not None
    witness = None if main is None else Witness(source=source, main=main, others=others)
    return agree(facts, said, witness, FILES).resolution


def python(*words: str, **more: object) -> ProcessFacts:
    values = {"exe": "/usr/bin/python3", "cwd": "/now", "is_asked": True, "image": 1} | more
    return ProcessFacts(pid=9, start=1, argv=("python3", *words), **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("word", ["/w/job.py", "job.py", "-m", "-"])
def test_a_command_line_alone_makes_nothing_certain(word: str) -> None:
    """Whoever can write over a command line can write any path there: without a second witness no
    script is certain, whatever the reason for its silence.
    """
    words = ("-m", "job") if word == "-m" else (word,)
    assert agreed(python(*words), None).note is not None


def test_where_no_interpreter_can_be_asked_an_absolute_path_stands() -> None:
    """Systems that offer no second witness keep the word of the command line."""
    assert agreed(python("/w/job.py", is_asked=False), None).note is None


@pytest.mark.parametrize("words", [("job.py",), ("-m", "job")])
def test_a_relative_name_needs_the_folder_of_its_start(words: tuple[str, ...]) -> None:
    """A compiled file calls its source whatever its maker wants. Only the kernel's word on the
    folder at the start makes a relative name certain.
    """
    assert agreed(python(*words), "/w/job.py").note == MOVABLE
    assert agreed(python(*words, start_folder="/w"), "/w/job.py").note is None
    assert agreed(python(*words, start_folder="/w"), "/x/job.py").note is not None
    posing = agreed(python(*words, start_folder="/evil"), "/w/job.py")
    assert posing.note is not None


def test_the_text_of_a_command_is_the_command_lines_word_alone() -> None:
    """The interpreter tells that it runs a text, and not which."""
    assert agreed(python("-c", "print(1)"), "<string>").note == TEXT_ALONE


def test_what_a_tools_script_calls_is_not_what_it_runs() -> None:
    """Below a tool's own frames stands the script; frames further in may carry any name. That the
    tool runs nothing else is not known: it goes by its name.
    """
    facts = python("-m", "cProfile", "/w/good.py")
    tool = "/usr/lib/python3.13/cProfile.py"
    assert agreed(facts, tool, "interpreter", "/w/good.py").note == BELOW_TOOL
    assert agreed(facts, tool, "interpreter", "/w/evil.py", "/w/good.py").note == BY_TOOL
    relative = python("-m", "cProfile", "good.py", start_folder="/w")
    assert agreed(relative, tool, "interpreter", "good.py").note == BELOW_TOOL


def test_the_application_of_an_installed_server_may_be_certain() -> None:
    """Servers are a part of the installation, as the libraries of their application are."""
    facts = python("-m", "uvicorn", "job:app", start_folder="/w")
    tool = "/venv/lib/python3.13/site-packages/uvicorn/__main__.py"
    assert agreed(facts, tool, "interpreter", "/w/job.py").note != BELOW_TOOL


@pytest.mark.parametrize(
    ("words", "main", "path", "exact"),
    [
        (("/w/job.py",), "/w/job.py", "/w/job.py", True),
        (("/w/job.py",), "/w/other.py", "/w/job.py", False),
        (("-",), "<stdin>", None, True),
        (("-c", "x"), "<string>", None, False),
        (("-m", "pytest", "/w/job.py"), "/lib/pytest/__main__.py", "/w/job.py", False),
    ],
)
def test_a_beacon_confirms_and_overrules_nothing(
    words: tuple[str, ...], main: str, path: str | None, exact: bool
) -> None:
    """Where the interpreter may not be read, a process's own word beside its command line makes a
    name certain; a different word takes no name away.
    """
    found = agreed(python(*words), main, "beacon")
    assert found.path == path
    assert (found.note is None) is exact
    assert exact or found.note in {ALONE, found.note}


def test_a_beacon_gives_a_name_where_there_is_none() -> None:
    """A title says nothing of the script: then the process's own word is shown, and said to be no
    more.
    """
    found = agreed(python("nightly etl", line_intact=False), "/w/job.py", "beacon")
    assert (found.path, "beacon" in str(found.note)) == ("/w/job.py", True)
