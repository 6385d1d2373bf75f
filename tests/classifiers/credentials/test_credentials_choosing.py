"""The full pack of secret rules is made in a process of its own."""

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
    choosing._build(tmp_path)
    command(monkeypatch, "raise SystemExit(3)")
    with pytest.raises(subprocess.CalledProcessError):
        choosing._build(tmp_path)


def test_a_build_that_never_ends_is_ended(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a gate that looks for it again and again."""
    monkeypatch.setattr(choosing, "BUILD_LIMIT_S", 0.01)
    command(monkeypatch, "import time; time.sleep(3600)")
    with pytest.raises(subprocess.CalledProcessError) as ended:
        choosing._build(tmp_path)
    assert ended.value.returncode < 0


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
    choosing._build(tmp_path)
    assert limits == [None]
