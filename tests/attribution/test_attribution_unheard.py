"""Programs of whose beginning the kernel told nobody: it tells nothing here, or began before the
gate. What they show of themselves is no proof.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from attribution.backends import beginnings, exec_events, process_facts, supervisors
from attribution.backends.linux import LinuxBackend
from attribution.facts import OLDER, UNTOLD
from benchmarks.attribution_attacks import ATTACKS, REQUESTS, Arena
from benchmarks.attribution_attacks.arena import interpreter, settled
from benchmarks.attribution_truth import told_wrongly
from core.attribution import Certainty
from tests.attribution.conftest import Gate

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="these are tried on Linux")

_TRIED = (
    "command_line_and_name_of_the_code_written_over",
    "a_variable_behind_very_many_others",
    "made to send by a tracer, which ends",
    "given by number before it was connected",
    "held_by_what_started_it_until_its_exec",
)
"""Wrong as EXACT in November 2026 where the kernel told nothing."""


def _refuses(_: object) -> None:
    raise PermissionError(1, "not for this user")


@pytest.fixture
def untold(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel tells nobody when programs begin: Linux before 6.6 without root, a container."""
    monkeypatch.setattr(exec_events, "subscribed", _refuses)
    monkeypatch.setattr(beginnings, "subscribed", _refuses)


@pytest.fixture
def make_gate() -> Iterator[Callable[[], Gate]]:
    """Make gates that are closed afterwards."""
    made: list[Gate] = []

    def make() -> Gate:
        made.append(Gate())
        made[-1].attributor.warm()
        return made[-1]

    yield make
    for gate in made:
        gate.close()


def _arena(folder: Path, port: int) -> Arena:
    place = Arena(folder=folder.resolve() / "arena", port=port)
    place.folder.mkdir()
    return place


@pytest.mark.usefixtures("untold")
@pytest.mark.parametrize("name", _TRIED)
def test_where_the_kernel_tells_nothing_no_disguise_is_exact(
    make_gate: Callable[[], Gate], tmp_path: Path, name: str
) -> None:
    """A command line may have been written over, and a tracer may have come and gone, unseen."""
    if name not in ATTACKS:
        pytest.skip("it cannot be tried on this processor")
    gate = make_gate()
    arena = _arena(tmp_path, gate.port)
    try:
        ATTACKS[name](arena)
        for seen in gate.wait(REQUESTS.get(name, 1)):
            assert told_wrongly(seen.truth, seen.at_request) is None
            assert seen.at_request.reason
    finally:
        arena.end()


@pytest.mark.usefixtures("untold")
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="by the numbers of its system calls")
def test_a_program_that_takes_the_marks_of_an_earlier_one_is_not_exact(
    make_gate: Callable[[], Gate], tmp_path: Path
) -> None:
    """While a child keeps the memory of what it was before in use, it seems to be that still."""
    gate = make_gate()
    arena = _arena(tmp_path, gate.port)
    try:
        ATTACKS["marks_of_an_earlier_program_while_a_child_keeps_its_memory"](arena)
        seen = gate.until(lambda one: str(one.truth["script"]).endswith("evil.py"))
        assert told_wrongly(seen.truth, seen.at_request) is None
        assert seen.at_request.certainty is Certainty.LIKELY
        assert seen.at_request.reason
    finally:
        arena.end()


@pytest.mark.usefixtures("untold")
def test_an_honest_program_is_likely_and_named_where_the_kernel_tells_nothing(
    make_gate: Callable[[], Gate], tmp_path: Path
) -> None:
    """The name is still found, and the record says what is missing."""
    gate = make_gate()
    arena = _arena(tmp_path, gate.port)
    try:
        job = arena.write("job.py")
        settled()
        arena.python(str(job))
        (seen,) = gate.wait(1)
        found = seen.at_request
        assert found.certainty is Certainty.LIKELY
        assert found.reason == UNTOLD
        assert found.script is not None
        assert found.script.path == str(job)
    finally:
        arena.end()


def _hears() -> bool:
    backend = LinuxBackend()
    try:
        os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
        backend._execs.catch_up()
        return backend._execs.since() is not None
    finally:
        backend.close()


_DISGUISE = """
import ctypes
name = sys._getframe().f_code.co_filename
ctypes.memmove(id(name) + sys.getsizeof("") - 1, {good!r}, len(name))
with open("/proc/self/cmdline", "rb") as file:
    overwrite_line(file.read().replace(b"evil.py", b"good.py"))
wait()
os.environ["GATE_PORT"] = open("port").read()
ask(dial())
"""


def test_a_disguise_from_before_the_gate_began_is_not_exact(
    make_gate: Callable[[], Gate], tmp_path: Path
) -> None:
    """A gate that is started anew knows nothing of what had begun by then."""
    if not _hears():
        pytest.skip("the kernel tells nobody of our rights")
    arena = _arena(tmp_path, 0)
    good = arena.write("good.py", note="good")
    evil = arena.write("evil.py", _DISGUISE.format(good=str(good).encode()))
    settled()
    try:
        arena.python(str(evil))
        arena.until("go.ready")
        settled()
        gate = make_gate()
        arena.data("port", str(gate.port))
        arena.run(interpreter(), "-c", "0").wait()  # the kernel tells of it: it is heard
        arena.go()
        (seen,) = gate.wait(1)
        assert told_wrongly(seen.truth, seen.at_request) is None
        assert seen.at_request.reason == OLDER
    finally:
        arena.end()


@pytest.mark.parametrize(
    ("status", "filters"),
    [
        (b"Name:\tx\nSeccomp:\t0\nSeccomp_filters:\t0\n", 0),
        (b"Name:\tx\nSeccomp:\t2\nSeccomp_filters:\t3\nSpeculation:\tx\n", 3),
        (b"Name:\tSeccomp_filters:\t9\nSeccomp:\t0\nSeccomp_filters:\t1\n", 1),
        (b"Name:\tx\nSeccomp:\t2\n", 1),
        (b"Name:\tx\nSeccomp:\t1\n", 0),
        (b"Name:\tx\n", 0),
        (b"", 0),
    ],
)
def test_filters_of_system_calls_are_counted_as_the_kernel_tells_them(
    status: bytes, filters: int
) -> None:
    """Before Linux 5.9 it tells only that there are some; a program's name is no answer."""
    assert process_facts.filters_of(status) == filters


def test_no_program_of_this_machine_has_more_filters_than_the_gate_by_itself() -> None:
    """What is in the same container, or service, as the gate is in no doubt for that."""
    facts = process_facts.process(os.getpid())
    assert facts is not None
    assert facts.filters == 0


LISTENS = """
import ctypes, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
code = b"".join(struct.pack("<HBBI", *one) for one in (
    (0x20, 0, 0, 0), (0x15, 0, 1, 500), (6, 0, 0, 0x7FC00000), (6, 0, 0, 0x7FFF0000)))
kept = ctypes.create_string_buffer(code)
told = struct.pack("<HxxxxxxQ", len(code) // 8, ctypes.addressof(kept))
assert libc.prctl(38, 1, 0, 0, 0) == 0
print(libc.syscall(317, 1, 8, told), flush=True)
sys.stdin.read()
"""


def test_who_answers_calls_of_others_is_found_by_the_open_file() -> None:
    """So one filter more is the seal's own only where nobody of the user does so."""
    facts = process_facts.process(os.getpid())
    assert facts is not None
    sealed, twice = replace(facts, filters=1), replace(facts, filters=2)
    assert supervisors.filters_but_the_seals(sealed) == 0
    assert supervisors.filters_but_the_seals(twice) == 1
    with subprocess.Popen(
        [sys.executable, "-c", LISTENS], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as listener:
        assert listener.stdin is not None
        assert listener.stdout is not None
        if int(listener.stdout.readline()) < 0:
            pytest.skip("no filter may be set up here")
        assert supervisors.filters_but_the_seals(sealed) == 1
        listener.stdin.close()
    assert supervisors.filters_but_the_seals(sealed) == 0
