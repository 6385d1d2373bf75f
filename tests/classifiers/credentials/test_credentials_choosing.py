"""The full pack of secret rules is made in a process of its own."""

import os
import pathlib
import subprocess
import sys

import pytest

from classifiers.credentials.engines import choosing

_STARTED = subprocess.Popen


def command(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Have this run in place of what makes the pack."""

    def started(_command: list[str], **given: object) -> object:
        return _STARTED([sys.executable, "-c", script], stdin=subprocess.DEVNULL)

    monkeypatch.setattr(subprocess, "Popen", started)


def test_a_build_that_fails_is_told(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that works is not."""
    command(monkeypatch, "")
    choosing._build(tmp_path, tmp_path / "lock")
    command(monkeypatch, "raise SystemExit(3)")
    with pytest.raises(subprocess.CalledProcessError):
        choosing._build(tmp_path, tmp_path / "lock")


def test_nobody_is_woken_while_it_is_built(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To wait with a limit asks the system again and again."""
    limits: list[float | None] = []
    theirs = subprocess.Popen.wait

    def waited(process: subprocess.Popen[bytes], timeout: float | None = None) -> int:
        limits.append(timeout)
        return theirs(process, timeout)

    monkeypatch.setattr(subprocess.Popen, "wait", waited)
    command(monkeypatch, "")
    choosing._build(tmp_path, tmp_path / "lock")
    assert limits == [None]


def test_a_pack_that_is_waited_for_is_not_given_up(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the maker waits for a processor, others see that the pack is being made."""
    lock = tmp_path / "lock"
    lock.touch()
    os.utime(lock, (0, 0))
    monkeypatch.setattr(choosing, "_BEAT_S", 0.001)
    told = f"import os\nwhile os.stat({str(lock)!r}).st_mtime == 0: os.sched_yield()"
    command(monkeypatch, told)
    choosing._build(tmp_path, lock)
    assert lock.stat().st_mtime > 0
