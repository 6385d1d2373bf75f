"""Whether a program holds Python is asked of its files as they are now."""

import os
import sys
from pathlib import Path

import pytest

from attribution import programs
from attribution.facts import ProcessFacts
from attribution.programs import Programs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a Linux matter")


def test_a_library_that_was_written_over_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Harmless when the first program had it loaded, and Python with the same number later."""
    library = tmp_path / "plugin.so"
    library.write_bytes(b"harmless" * 9)
    there = (b"00:1", b"%d" % library.stat().st_ino, os.fsencode(library))
    monkeypatch.setattr(programs, "_libraries", lambda pid: iter([there]))
    known = Programs()
    assert not known.has_loaded_python(ProcessFacts(pid=os.getpid(), start=1))
    with library.open("r+b") as file:
        file.write(b"Fatal Python error: ")
    assert library.stat().st_ino == int(there[1])
    assert known.has_loaded_python(ProcessFacts(pid=os.getpid(), start=2))


def test_only_files_that_run_are_libraries() -> None:
    """The interpreter that runs this is among them, once; the data that it maps is not."""
    paths = [path for _, _, path in programs._libraries(os.getpid())]
    assert len(paths) == len(set(paths))
    mapped = Path("/proc/self/maps").read_bytes().splitlines()
    running = {
        line.split(None, 5)[5] for line in mapped if b"x" in line.split()[1] and b"/" in line
    }
    assert set(paths) == running
