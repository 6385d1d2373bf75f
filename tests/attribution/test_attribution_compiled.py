"""What is said of scripts that Python imports, of which a compiled file may be what ran."""

import importlib.util
import marshal
import os
import py_compile
import time
from pathlib import Path

import pytest

from attribution import compiled
from attribution.facts import ProcessFacts
from attribution.filesystem import HostFiles
from attribution.resolution import Resolution
from core.attribution import LaunchedAs


def asked(
    folder: Path, *words: str, kind: LaunchedAs = LaunchedAs.MODULE, age: float = -1.0
) -> str | None:
    """Return the doubt of a module `job` in the folder, started so many seconds ago."""
    owner = ProcessFacts(
        pid=os.getpid(),
        start=1,
        exe="/usr/bin/python3.13",
        argv=("python", *words, "-m", "job"),
        start_folder=str(folder),
        image_from=time.time() - age,
    )
    path = str(folder / "job.py")
    run = Resolution(launched_as=kind, name="job", path=path, spelled=path, word="job")
    return compiled.doubt(owner, run, None, HostFiles(pid=os.getpid()))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a module."""
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    (tmp_path / "job.py").write_text(
        "LIMIT = 1_000\ndef main():\n    return {'a': LIMIT, 1: 2.5}\n"
    )
    return tmp_path.resolve()


def cached(folder: Path, code: str, flags: int, tag: str = "cpython-313") -> None:
    """Write a compiled file of any code, as made of the module."""
    place = folder / "__pycache__" / f"job.{tag}.pyc"
    place.parent.mkdir(exist_ok=True)
    made = marshal.dumps(compile(code, str(folder / "job.py"), "exec"))
    found = (folder / "job.py").stat()
    source = int(found.st_mtime).to_bytes(4, "little") + found.st_size.to_bytes(4, "little")
    head = importlib.util.MAGIC_NUMBER + flags.to_bytes(4, "little") + source
    place.write_bytes(head + made)


def test_what_python_itself_compiled_is_no_doubt(folder: Path) -> None:
    """A module that was compiled at an earlier run is certain, and one that never was."""
    assert asked(folder) is None
    py_compile.compile(str(folder / "job.py"))
    assert asked(folder) is None
    assert asked(folder, kind=LaunchedAs.WORKER) is None
    cached(folder, "evil = 1", 0, "cpython-312")
    assert asked(folder) is None


@pytest.mark.parametrize("flags", [0, 1, 3])
def test_a_compiled_file_of_another_program_is_one(folder: Path, flags: int) -> None:
    """Whatever it says of the source that it was made of: Python does not look inside."""
    cached(folder, "evil = 1", flags)
    assert asked(folder) == compiled.ANOTHER
    assert asked(folder, kind=LaunchedAs.WORKER) == compiled.ANOTHER
    assert asked(folder, kind=LaunchedAs.STDIN) is None


def test_a_compiled_file_that_python_leaves_aside_is_none(folder: Path) -> None:
    """It says itself that it was made of an earlier source."""
    cached(folder, "evil = 1", 0)
    os.utime(folder / "job.py", (1, 1))
    assert asked(folder) is None


def test_one_that_came_or_went_since_the_start_is_one(folder: Path) -> None:
    """What lay there at the start nobody can know any more."""
    assert asked(folder, age=10) == compiled.WRITTEN_SINCE
    py_compile.compile(str(folder / "job.py"))
    assert asked(folder, age=10) == compiled.WRITTEN_SINCE


def test_the_file_for_optimised_code_is_looked_at_too(folder: Path) -> None:
    """Another option reads another file."""
    for level in (0, 1):
        py_compile.compile(str(folder / "job.py"), optimize=level)
    assert asked(folder, "-O") is None
    cached(folder, "evil = 1", 1, "cpython-313.opt-1")
    assert asked(folder) is None
    assert asked(folder, "-EO") == compiled.ANOTHER


def test_compiled_files_kept_elsewhere_are_one(folder: Path) -> None:
    """They are not looked for."""
    assert asked(folder, "-Xpycache_prefix=/x") == compiled.ANOTHER


@pytest.mark.parametrize("name", ["job.pyc", "job/__init__.pyc"])
def test_a_compiled_module_at_an_earlier_place_is_one(folder: Path, name: str) -> None:
    """Python would have taken it."""
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"x")
    assert asked(folder) == compiled.BEFORE_IT
