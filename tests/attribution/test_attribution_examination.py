"""Whose script a process runs: its own, or that of what started it, and why that is uncertain."""

from dataclasses import replace

import pytest

from attribution import examination
from attribution.examination import _CHAINED, _read_line, _script_of
from attribution.facts import ProcessFacts
from attribution.resolution.titles import BY_MODULE

PYTHON = "/usr/bin/python3"
SPAWNS = "from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5, pipe_handle=7)"


def _process(pid: int, *words: str, parent: int = 1, image: int = 1) -> ProcessFacts:
    words = (PYTHON, *words)
    line = b"\0".join(word.encode() for word in words) + b"\0"
    return ProcessFacts(
        pid=pid,
        start=pid,
        parent=parent,
        exe=PYTHON,
        argv=words,
        command_line=line,
        image=image,
        image_from=float(image),
    )


SCRIPT = _process(8, "/w/job.py")


@pytest.mark.parametrize(
    ("worker", "why"),
    [
        (_process(9, "-c", SPAWNS, parent=8, image=2), None),
        (replace(_process(9, "-c", SPAWNS, parent=8, image=2), chained=True), _CHAINED),
        (replace(_process(9, "", parent=8), chained=True, line_intact=False), None),
        (_process(9, "-m", "loky.backend.popen_loky_posix", parent=8, image=2), BY_MODULE),
        (_process(9, "-m", "ipykernel_launcher", "-f", "x", parent=8, image=2), BY_MODULE),
    ],
)
def test_a_worker_is_its_parents_unless_another_one_may_have_told_it_what_to_run(
    monkeypatch: pytest.MonkeyPatch, worker: ProcessFacts, why: str | None
) -> None:
    """What started a worker with its words, or feeds a module of such a name, may be anybody."""
    monkeypatch.setattr(examination._programs, "is_interpreter", lambda facts: True)
    line = (worker, SCRIPT)
    at, run, told = _script_of(line, _read_line(worker, (SCRIPT,)), frozenset())
    assert (at, told) == (1, why)
    assert run is not None and run.path == "/w/job.py"
