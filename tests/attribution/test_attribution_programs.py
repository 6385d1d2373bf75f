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


NO_PYTHON, PYTHON = b"a library", b"Fatal Python error: "


def maps_the_same(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """Have every process run code of this file, under one number."""
    library = (b"fe:00", b"77", os.fsencode(path))
    monkeypatch.setattr(programs, "_libraries", lambda _: iter([library]))


def test_what_a_container_calls_the_systems_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a file system of their own users write below /usr/lib."""
    maps_the_same(monkeypatch, "/usr/lib/one.so")
    library = tmp_path / "usr/lib/one.so"
    library.parent.mkdir(parents=True)
    library.write_bytes(NO_PYTHON)
    known, root = Programs(), str(tmp_path)
    assert not known.has_loaded_python(ProcessFacts(pid=os.getpid(), start=1, root=root))
    library.write_bytes(PYTHON)
    assert known.has_loaded_python(ProcessFacts(pid=os.getpid(), start=2, root=root))


def test_what_could_not_be_read_is_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that ends while it is looked at says nothing of the next one."""
    monkeypatch.setattr(programs, "_OF_SYSTEM", (os.fsencode(tmp_path),))
    library = tmp_path / "one.so"
    maps_the_same(monkeypatch, str(library))
    known = Programs()
    assert not known.has_loaded_python(ProcessFacts(pid=os.getpid(), start=1))
    library.write_bytes(PYTHON)
    assert known.has_loaded_python(ProcessFacts(pid=os.getpid(), start=2))
