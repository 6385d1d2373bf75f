"""A machine in memory: pid reuse, exec, orphans and shared sockets, forced one by one."""

from dataclasses import replace

import pytest
from machine_in_memory import HERE, FakeMachine, attributor, connection

from attribution.attributor import SocketAttributor
from attribution.line.sampler import LineSampler
from attribution.os_users import People
from core.attribution import Certainty


@pytest.fixture
def machine() -> FakeMachine:
    made = FakeMachine()
    made.run(1, 0, "/sbin/init", exe="/usr/lib/systemd/systemd", parent=0)
    made.run(40, 5, "gnome-terminal", exe="/usr/libexec/gnome-terminal-server")
    made.run(50, 10, "-bash", exe="/usr/bin/bash", terminal=True, parent=40)
    return made


def test_a_reused_pid_is_another_process(machine: FakeMachine) -> None:
    """When a pid is given to another process, nothing known of the first is said of the second."""
    machine.run(100, 20, "python3", "first.py", parent=50)
    machine.holders = (100,)
    subject = attributor(machine)
    first = subject.attribute(connection("a"))
    machine.run(100, 90, "python3", "second.py", parent=50)
    second = subject.attribute(connection("b"))
    assert [f.script and f.script.name for f in (first, second)] == ["first.py", "second.py"]
    assert first.process is not None
    assert second.process is not None
    assert first.process.started_at != second.process.started_at


def test_a_pid_reused_between_two_looks_is_not_answered_from_memory(machine: FakeMachine) -> None:
    """A quick answer is never given for a process that took over a pid."""
    machine.run(100, 20, "python3", "first.py", parent=50)
    machine.holders = (100,)
    subject = attributor(machine)
    same = connection()
    subject.attribute(same)
    assert subject.attribute_now(same) is None, "the first request is searched for"
    subject.attribute(same)
    assert subject.attribute_now(same) is not None
    machine.run(100, 90, "python3", "second.py", parent=50)
    assert subject.attribute_now(same) is None


def test_a_pid_reused_while_it_is_read_names_nobody(machine: FakeMachine) -> None:
    """A process that took over the pid between the finding and the reading is not the sender."""
    machine.run(100, 20, "python3", "first.py", parent=50)
    machine.holders = (100,)
    machine.after_search = lambda: machine.run(100, 90, "python3", "innocent.py", parent=50)
    found = attributor(machine).attribute(connection())
    assert (found.certainty, found.process, found.script) == (Certainty.UNKNOWN, None, None)


def test_a_process_that_exits_while_it_is_read_is_unknown(machine: FakeMachine) -> None:
    """A sender that is gone before its facts are read is unknown, with that reason."""
    machine.run(100, 20, "python3", "first.py")
    machine.holders = (100,)
    machine.after_search = lambda: machine.processes.pop(100)
    found = attributor(machine).attribute(connection())
    assert (found.certainty, found.process) == (Certainty.UNKNOWN, None)
    assert "exited" in str(found.reason)


def test_the_reason_of_the_machine_is_passed_on(machine: FakeMachine) -> None:
    """Why nobody was found stands in the record, in words."""
    machine.reason = "the socket belongs to user 33"
    found = attributor(machine).attribute(connection())
    assert found.certainty is Certainty.UNKNOWN
    assert found.reason == "the socket belongs to user 33"


def test_own_processes_are_never_named(machine: FakeMachine) -> None:
    """Neither the gate nor its workers appear as senders, alone or among others."""
    machine.run(100, 20, "python3", "job.py", parent=50)
    machine.run(200, 20, "outgate", parent=50)
    subject = attributor(machine, frozenset({200}))
    machine.holders = (200,)
    assert subject.attribute(connection("a")).process is None
    machine.holders = (100, 200)
    shared = subject.attribute(connection("b"))
    assert shared.certainty is Certainty.LIKELY
    assert [p.pid for p in shared.candidates] == [100]


def test_shared_sockets_name_all_holders_and_no_sender_that_is_not_seen_waiting(
    machine: FakeMachine,
) -> None:
    """When several scripts hold one connection and none is seen waiting, none of them is called the
    sender.
    """
    machine.run(100, 20, "python3", "a.py", parent=50)
    machine.run(101, 21, "python3", "b.py", parent=50)
    machine.holders = (100, 101)
    found = attributor(machine).attribute(connection())
    assert found.certainty is Certainty.LIKELY
    assert (found.process, found.script) == (None, None)
    assert {p.pid for p in found.candidates} == {100, 101}


def test_among_holders_of_one_script_the_script_is_named(machine: FakeMachine) -> None:
    """When all holders run the same script, the script is known though the process is not."""
    machine.run(100, 20, "python3", "a.py", parent=50)
    machine.run(101, 21, "python3", "a.py", parent=100)
    machine.holders = (100, 101)
    found = attributor(machine).attribute(connection())
    assert found.process is None
    assert found.script is not None
    assert found.script.name == "a.py"


def test_the_holder_that_waits_is_the_sender_and_still_only_likely(machine: FakeMachine) -> None:
    """Of two holders the one that waits for the answer sent the request; the sharing stays
    visible.
    """
    machine.run(100, 20, "python3", "a.py", parent=50)
    machine.run(101, 21, "python3", "b.py", parent=50)
    machine.holders, machine.waits = (100, 101), frozenset({101})
    found = attributor(machine).attribute(connection())
    assert found.certainty is Certainty.LIKELY
    assert found.process is not None
    assert found.process.pid == 101
    assert len(found.candidates) == 2


def test_a_parent_younger_than_its_child_is_no_parent(machine: FakeMachine) -> None:
    """A reused parent pid does not enter the ancestry."""
    machine.run(60, 500, "python3", "innocent.py")
    machine.run(100, 20, "curl", exe="/usr/bin/curl", parent=60)
    machine.holders = (100,)
    found = attributor(machine).attribute(connection())
    assert found.ancestry == ()
    assert found.script is None


def test_what_python_never_started_is_not_python(machine: FakeMachine) -> None:
    """A program started from a shell is not Python, and is not given a script."""
    machine.run(100, 20, "curl", exe="/usr/bin/curl", parent=50, terminal=True)
    machine.holders = (100,)
    found = attributor(machine).attribute(connection())
    assert (found.certainty, found.is_python, found.script) == (Certainty.EXACT, False, None)
    assert found.started_by == "terminal"


def test_the_command_that_puts_a_program_behind_the_gate_is_nobodys_script(
    machine: FakeMachine,
) -> None:
    """`outgate run -- curl` is not Python's traffic: the wrapper starts others and sends nothing of
    its own.
    """
    machine.run(90, 20, "python3", "/opt/outgate/bin/outgate", "run", "--", "curl", parent=50)
    machine.run(100, 21, "curl", exe="/usr/bin/curl", parent=90)
    machine.run(95, 21, "python3", "/tmp/outgate", "run", "--", "curl", parent=50)
    machine.run(101, 22, "curl", exe="/usr/bin/curl", parent=95)
    people, wrapper = People("clear", None), frozenset({"/opt/outgate/bin/outgate"})
    subject = SocketAttributor(
        machine, people, frozenset, LineSampler(HERE, program="/x"), HERE, wrapper
    )
    machine.holders = (100,)
    found = subject.attribute(connection("a"))
    assert (found.is_python, found.script) == (False, None)
    machine.holders = (101,)
    imitation = subject.attribute(connection("b"))
    assert imitation.is_python
    assert imitation.script is not None


def test_an_orphan_is_not_said_to_be_no_python(machine: FakeMachine) -> None:
    """When the parent has gone, nobody can say that Python did not start it."""
    machine.run(100, 20, "curl", exe="/usr/bin/curl", parent=1)
    machine.holders = (100,)
    found = attributor(machine).attribute(connection())
    assert found.is_python is None
    assert found.certainty is Certainty.LIKELY
    assert "parent has exited" in str(found.reason)


CRON = "/usr/sbin/cron"


@pytest.mark.parametrize(
    "line",
    [
        [("/usr/bin/bash", 1)],
        [("/usr/bin/dash", 1), ("/usr/bin/bash", 100)],
        [("/usr/bin/setsid", 1), ("/usr/bin/dash", 100)],
        [("/usr/bin/tmux", 1), ("/usr/bin/bash", 100)],
        [("/usr/bin/tmux", 50), ("/usr/bin/bash", 100)],
        [(CRON, 1), ("/usr/bin/dash", 100)],
        [("/usr/sbin/atd", 1), ("/usr/bin/dash", 100)],
        [("/usr/lib/systemd/systemd", 1), ("/usr/bin/bash", 100)],
        [("/usr/bin/containerd-shim-runc-v2", 1), ("/usr/bin/bash", 100)],
        [("/tmp/sshd", 1), ("/usr/bin/bash", 100)],
        [("/home/u/gnome-shell", 1), ("/usr/bin/bash", 100)],
    ],
    ids=lambda line: " ".join(f"{exe}<{parent}" for exe, parent in line),
)
def test_an_origin_that_cannot_be_shown_is_unknown(
    machine: FakeMachine, line: list[tuple[str, int]]
) -> None:
    """Orphans through shells, jobs of schedulers and imitations are not said to be no Python: what
    they send is read.
    """
    for at, (exe, parent) in enumerate(line):
        machine.run(100 + at, 20 + at, exe, exe=exe, parent=parent)
    last = 100 + len(line)
    machine.run(last, 40, "curl", exe="/usr/bin/curl", parent=last - 1)
    machine.holders = (last,)
    found = attributor(machine).attribute(connection())
    assert found.is_python is None
    assert found.certainty is Certainty.LIKELY


def test_who_became_a_shell_after_the_start_is_no_origin(machine: FakeMachine) -> None:
    """A parent that has become another program since may have been Python when it started the
    sender.
    """
    machine.run(90, 20, "bash", exe="/usr/bin/bash", parent=50, born_at=20.0, image_from=31.0)
    machine.run(100, 30, "curl", exe="/usr/bin/curl", parent=90, born_at=30.0, image_from=30.0)
    machine.holders = (100,)
    found = attributor(machine).attribute(connection())
    assert found.is_python is None


SPAWN = (
    "python3",
    "-c",
    "from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5, pipe_handle=7)",
)


def test_a_worker_without_its_parent_has_no_script(machine: FakeMachine) -> None:
    """A worker whose main process has gone keeps its process but gets no script."""
    machine.run(100, 20, *SPAWN, parent=1)
    machine.holders = (100,)
    found = attributor(machine).attribute(connection())
    assert found.process is not None
    assert found.script is None
    assert found.certainty is Certainty.LIKELY


def test_a_worker_of_a_forkserver_belongs_to_the_main_script(machine: FakeMachine) -> None:
    """Through the fork server, a worker is traced to the script that asked for it."""
    machine.run(90, 20, "python3", "main.py", parent=50)
    machine.run(
        95,
        21,
        "python3",
        "-c",
        "from multiprocessing.forkserver import main; main(4, 5)",
        parent=90,
    )
    machine.run(
        100,
        22,
        "python3",
        "-c",
        "from multiprocessing.forkserver import main; main(4, 5)",
        parent=95,
    )
    machine.holders = (100,)
    found = attributor(machine).attribute(connection())
    assert found.script is not None
    assert found.script.name == "main.py"
    assert found.script_process is not None
    assert found.script_process.pid == 90


def test_the_nearest_python_is_the_script(machine: FakeMachine) -> None:
    """A script started by a script is its own: the nearest Python is named, the other stays in the
    ancestry.
    """
    machine.run(90, 20, "python3", "outer.py", parent=50)
    machine.run(95, 21, "python3", "inner.py", parent=90)
    machine.run(100, 22, "git", "push", exe="/usr/bin/git", parent=95)
    machine.run(101, 23, "git-remote-https", exe="/usr/lib/git-core/git-remote-http", parent=100)
    machine.holders = (101,)
    found = attributor(machine).attribute(connection())
    assert found.script is not None
    assert found.script.name == "inner.py"
    assert [p.pid for p in found.ancestry] == [100, 95, 90, 50, 40, 1]


def test_a_closed_connection_is_forgotten(machine: FakeMachine) -> None:
    """What was kept for a connection goes with it."""
    machine.run(100, 20, "python3", "a.py", parent=50)
    machine.holders = (100,)
    subject = attributor(machine)
    subject.attribute(connection())
    assert subject.health()["open_connections"] == 1
    subject.forget(connection())
    assert subject.health()["open_connections"] == 0
    subject.forget(connection())


def test_names_follow_the_setting(machine: FakeMachine) -> None:
    """With pseudonyms, neither a user name nor a home folder appears anywhere in an attribution."""
    machine.run(
        100,
        20,
        "python3",
        "/home/jdoe/a.py",
        parent=50,
        user="jdoe",
        exe="/home/jdoe/.venv/bin/python3",
    )
    machine.holders = (100,)
    for setting, shown in (("pseudonym", "p-1"), ("none", None), ("clear", "jdoe")):
        people = People(setting, lambda _: "p-1")  # type: ignore[arg-type]
        found = SocketAttributor(
            machine, people, frozenset, LineSampler(HERE, program="/x"), HERE
        ).attribute(connection())
        assert found.user == shown
        assert ("jdoe" in repr(found)) is (setting == "clear")
        assert found.script is not None
        assert str(found.script.path).endswith("/a.py")


def test_a_line_is_not_asked_of_a_process_that_has_changed(machine: FakeMachine) -> None:
    """After an exec the old attribution gives no line of the new program."""
    machine.run(100, 20, "python3", "a.py", parent=50)
    machine.holders = (100,)
    subject = attributor(machine)
    found = subject.attribute(connection())
    machine.processes[100] = replace(machine.processes[100], argv=("python3", "b.py"))
    assert subject.line_of_code(found) is None
    assert subject.health()["lines"] == {"not_sampled": 1}
