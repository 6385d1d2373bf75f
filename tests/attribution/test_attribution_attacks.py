"""Programs that try to be taken for another one, behind a live gate: none is recorded as EXACT
under a wrong name.
"""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from attribution.agreement import MOVABLE
from attribution.identity.version import TURNED
from attribution.reader import HelperReader
from attribution.resolution.titles import UNREAD
from benchmarks.attribution_attacks import ATTACKS, HONEST, REQUESTS, Arena, cases
from benchmarks.attribution_attacks.arena import SEND, interpreter, settled
from benchmarks.attribution_truth import told_wrongly
from core.attribution import Certainty
from tests.attribution.conftest import Gate

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="these are tried on Linux")


@pytest.fixture(scope="module")
def shared() -> Iterator[Gate]:
    """One gate for all: what it remembers of earlier programs must not name a later one."""
    gate = Gate()
    gate.attributor.warm()
    yield gate
    gate.close()


@pytest.fixture
def gate(shared: Gate) -> Gate:
    """The gate, asked nothing yet by the programs of this test."""
    shared.begin()
    return shared


@pytest.fixture
def arena(gate: Gate, tmp_path: Path) -> Iterator[Arena]:
    """A folder for the programs, and their end."""
    place = Arena(folder=tmp_path.resolve() / "arena", port=gate.port)
    place.folder.mkdir()
    gate.begin(str(place.folder / "go"))
    yield place
    place.end()


@pytest.mark.parametrize(
    ("name", "make"), list(cases()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_no_program_passes_for_another_one(
    gate: Gate, arena: Arena, mounts: select.poll, name: str, make: Callable[..., Any]
) -> None:
    """What a program claims, or what lies there now, never becomes the name of another script that
    is called EXACT.
    """
    make(arena)
    for seen in gate.wait(REQUESTS.get(name, 1)):
        found = seen.at_request
        assert told_wrongly(seen.truth, found) is None
        if found.certainty is not Certainty.EXACT:
            assert found.reason
        if name in HONEST:
            # What a program began with is read in time, unless the machine is too busy for that.
            excused = {MOVABLE, UNREAD} | ({TURNED} if mounts.poll(0) else set())
            assert found.certainty is Certainty.EXACT or found.reason in excused
            assert found.script is not None
            assert found.script.sha256 == seen.truth["sha256"]


def test_a_program_that_an_earlier_test_left_behind_is_not_taken_for_one_of_this(
    gate: Gate, arena: Arena, tmp_path: Path
) -> None:
    """A tracker or server of workers outlives whom it served, and may ask late."""
    earlier = Arena(folder=tmp_path.resolve() / "earlier", port=gate.port)
    earlier.write("late.py", note="late")
    arena.write("job.py")
    settled()
    try:
        earlier.python("late.py").wait()
        arena.python("job.py")
        (seen,) = gate.wait(1)
    finally:
        earlier.end()
    assert str(seen.truth["script"]).endswith("job.py")


def test_the_programs_run_in_an_environment_that_nobody_else_changes() -> None:
    """Whoever imports a module first writes into the environment of these tests: what is imported
    there by a program that runs is in doubt then, and rightly.
    """
    packages = list(Path(interpreter()).parents[1].rglob("site-packages"))
    assert packages and not any(list(folder.iterdir()) for folder in packages)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts, as root alone may")
def test_a_reader_forked_after_a_mount_went_does_not_trust_what_lies_there(
    gate: Gate, arena: Arena
) -> None:
    """Whatever lay over a script at its start, its version is not taken from what lies there now,
    also by a helper that began later.
    """
    job, other = arena.write("m/job.py", f"wait()\n{SEND}"), arena.folder / "other"
    arena.write("other/job.py", f"wait()\n{SEND}", note="what ran")
    subprocess.run(["mount", "--bind", other, job.parent], check=True)
    settled()
    arena.python(str(job))
    arena.until("go.ready")
    subprocess.run(["umount", "-l", job.parent], check=True)
    reader = gate.attributor._reader
    assert isinstance(reader, HelperReader)
    while reader._idle:
        reader._idle.pop().end()
    arena.go()
    (seen,) = gate.wait(1)
    assert seen.at_request.certainty is Certainty.LIKELY


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts, as root alone may")
def test_what_was_mounted_while_nobody_was_told_of_mounts_is_in_doubt(
    gate: Gate, arena: Arena
) -> None:
    """Where the process that is told of mounts has ended, what began until the next one listened
    may have been covered by then.
    """
    job = arena.write("job.py", f"wait()\n{SEND}")
    arena.write("other.py", f"wait()\n{SEND}", note="what ran")
    reader = gate.attributor._reader
    assert isinstance(reader, HelperReader)
    (told,) = reader.processes()
    while reader._idle:
        reader._idle.pop().end()
    os.kill(told, signal.SIGKILL)
    arena.shell('mount --bind other.py job.py; exec "$PY" $PWD/job.py')
    arena.until("go.ready")
    subprocess.run(["umount", "-l", job], check=True)
    arena.go()
    (seen,) = gate.wait(1)
    assert told_wrongly(seen.truth, seen.at_request) is None
    assert seen.at_request.certainty is Certainty.LIKELY
    assert reader.processes() - {told}
    arena.python(str(arena.write("later.py")))
    assert gate.wait(2)[1].at_request.reason is None


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="fewer cases can be tried elsewhere")
def test_readme_tells_how_many_requests_are_tried() -> None:
    """The number that people read is that of the cases there are."""
    tried = sum(REQUESTS.get(name, 1) for name in ATTACKS)
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    assert f"0 of {tried} requests" in readme
