"""A program that is not there is told before anything is made ready for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.program_found import refuse_what_cannot_start
from core.errors import CannotRunError
from tests.app.conftest import Runs

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="programs are found otherwise")

_FILES = {
    "good": (b"#!/bin/sh\nexit 0\n", 0o755),
    "spaced": (b"#! \t /bin/sh \t -e\nexit 0\n", 0o755),
    "by_env": (b"#!/usr/bin/env sh\nexit 0\n", 0o755),
    "unended": (b"#!/bin/sh", 0o755),
    "windows": (b"#!/bin/sh\r\nexit 0\r\n", 0o755),
    "gone": (b"#!/nowhere/python\nexit 0\n", 0o755),
    "by_folder": (b"#!/etc\nexit 0\n", 0o755),
    "not_to_run": (b"#!/bin/sh\nexit 0\n", 0o644),
    "nothing": (b"#!\n", 0o755),
    "no_line": (b"exit 0\n", 0o755),
    "long": (b"#!/" + b"x" * 300 + b"\n", 0o755),
}

_OTHERS = ["dangling", "./dangling", "below", "./below", "no-such-program", "./no-such-program"]
_OTHERS += ["./good/x", "/", "sh", "a" * 300, "./a\0b"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Programs of all sorts, in the second folder of the path; in the first, some that fail."""
    first, second = tmp_path / "first", tmp_path / "second"
    for at in (first, second):
        at.mkdir()
        for name, (text, mode) in _FILES.items():
            (at / name).write_bytes(text)
            (at / name).chmod(mode)
    for name in ("good", "spaced"):
        (first / name).write_bytes(_FILES["gone"][0])
    (first / "by_env").chmod(0o600)
    (second / "dangling").symlink_to(second / "nowhere")
    (second / "below").mkdir()
    path = [str(tmp_path / "none"), str(second / "good"), str(first), str(second), "/usr/bin:/bin"]
    monkeypatch.setenv("PATH", os.pathsep.join(path))
    monkeypatch.chdir(second)
    return second


@pytest.mark.parametrize(
    "name",
    [*_FILES, *(f"./{name}" for name in _FILES), *_OTHERS],
)
def test_it_is_refused_as_the_kernel_would(folder: Path, name: str) -> None:
    """Nobody's program is refused that would have started, and what is refused has the code that
    a shell would exit with.
    """
    assert folder.is_dir()
    refused: int | None = None
    try:
        refuse_what_cannot_start(name)
    except CannotRunError as error:
        refused = error.code
    try:
        subprocess.run([name], check=False, capture_output=True)
        kernels = None
    except (FileNotFoundError, ValueError):
        kernels = 127
    except OSError:
        kernels = 126
    only_the_kernel_knows = {"nothing", "no_line", "long"}  # what kinds of program it can run
    if name.removeprefix("./") in only_the_kernel_knows:
        assert refused is None
    else:
        assert refused == kernels


def test_the_words_say_what_is_missing(folder: Path) -> None:
    """A script saved on Windows is told by its line's end, and nothing of it reaches the terminal
    as it stands.
    """
    (folder / "evil").write_bytes(b"#!/x\x1b[31m\n")
    (folder / "evil").chmod(0o755)
    with pytest.raises(CannotRunError) as evil:
        refuse_what_cannot_start("./evil")
    with pytest.raises(CannotRunError) as windows:
        refuse_what_cannot_start("./windows")

    assert "\x1b" not in str(evil.value)
    assert "/x·[31m, which is not there" in evil.value.message
    assert "end as on Windows" in windows.value.remedy


def test_nothing_is_made_ready_for_a_program_that_is_not_there(home: Path, outgate: Runs) -> None:
    """A mistyped name is told at once: no gate is started, and no authority made for it."""
    done = outgate("run", "--", "no-such-program-here")

    assert done.code == 127
    assert "There is no program 'no-such-program-here'" in done.err
    assert not list(home.iterdir())
