"""Programs that carry their own Python: named for what the kernel loaded, and sure only where that
holds the script.
"""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from attribution.agreement import RUNS_ANOTHER, agree
from attribution.facts import ProcessFacts, Witness
from attribution.filesystem import HostFiles
from attribution.interpreter import Interpreters
from attribution.line.frames import Frame, Thread
from attribution.resolution import resolve

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="paths as on Linux and macOS")

UNPACKED = ProcessFacts(
    pid=10,
    start=2,
    parent=9,
    exe="/tmp/onefile_9_1_x/tool.bin",
    argv=("/home/u/tool.bin",),
    env={"NUITKA_ONEFILE_PARENT": "9"},
    embeds_python=True,
)
PACKED = ProcessFacts(pid=9, start=1, parent=8, exe="/home/u/tool.bin", argv=("/home/u/tool.bin",))


def test_what_was_unpacked_goes_by_its_packed_file_and_is_not_sure() -> None:
    """Each run unpacks it to another place, where it may be changed before it is loaded."""
    run = resolve(UNPACKED, HostFiles(), [PACKED])
    assert run is not None
    assert (run.path, run.note is None) == ("/home/u/tool.bin", False)


@pytest.mark.parametrize(
    "parent",
    [
        replace(PACKED, exe="/bin/sh"),
        replace(PACKED, pid=7),
        replace(PACKED, exe=None),
    ],
    ids=["a shell", "another process", "not to be read"],
)
def test_a_variable_names_no_program(parent: ProcessFacts) -> None:
    """Whoever starts a program gives it any environment: it is not taken for another one by that,
    nor its hash for that of an approved one.
    """
    told = replace(
        UNPACKED, env={"NUITKA_ONEFILE_PARENT": "9", "NUITKA_ONEFILE_BINARY": "/opt/approved"}
    )
    run = resolve(told, HostFiles(), [parent])
    assert run is not None
    assert (run.path, run.note) == (UNPACKED.exe, None)


@pytest.mark.parametrize(
    ("word", "seen", "sure"),
    [
        ("job.py", (), False),
        ("job", ("{here}/job",), False),
        ("table.csv", (), True),
        ("gone.py", (), True),
    ],
)
def test_a_frozen_program_that_is_given_a_source_may_run_it(
    tmp_path: Path, word: str, seen: tuple[str, ...], sure: bool
) -> None:
    """It holds an interpreter, which can run more than it was frozen with."""
    for name in ("job.py", "job", "table.csv"):
        (tmp_path / name).write_text("x = 1\n")
    facts = ProcessFacts(
        pid=10,
        start=1,
        exe="/opt/tool",
        argv=("/opt/tool", word),
        cwd=str(tmp_path),
        start_folder=str(tmp_path),
        embeds_python=True,
    )
    said = resolve(facts, HostFiles())
    assert said is not None
    others = tuple(one.format(here=tmp_path) for one in seen)
    agreed = agree(
        facts, said, Witness(source="interpreter", main="tool.py", others=others), HostFiles()
    )
    assert agreed.resolution.note == (None if sure else RUNS_ANOTHER)
    assert agreed.candidates == (() if sure else ("/opt/tool", str(tmp_path / word)))


@pytest.mark.parametrize("frozen", [True, False])
def test_frames_that_are_kept_otherwise_are_sampled(
    monkeypatch: pytest.MonkeyPatch, frozen: bool
) -> None:
    """Nuitka keeps no frame of C below its own: what lies in memory seems torn, and is no word."""
    facts = replace(UNPACKED, image=1)
    kept = Thread(
        id=10, name=None, active=False, frames=(Frame(file="tool.py", line=1, function="<module>"),)
    )
    subject = Interpreters("/bin/py-spy")
    monkeypatch.setattr("attribution.interpreter.is_readable", lambda *_: True)
    monkeypatch.setattr("attribution.interpreter.is_refused", lambda _: False)
    monkeypatch.setattr("attribution.interpreter.main_thread", lambda *_: None)
    monkeypatch.setattr("attribution.interpreter.dump", lambda *_: [kept])
    monkeypatch.setattr(
        "attribution.interpreter.procfs.start_and_image", lambda _: (facts.start, facts.image)
    )
    found = subject.ask(facts, frozen=frozen)
    assert found == (Witness(source="interpreter", main="tool.py") if frozen else None)
