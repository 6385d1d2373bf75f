"""What tests start ends with them."""

import subprocess
import time
from pathlib import Path

import psutil
import pytest
from patience import eventually
from whole_group import run_to_end


def test_what_a_command_said_is_returned(tmp_path: Path) -> None:
    """As `subprocess.run` returns it, from the folder in which it worked."""
    done = run_to_end(["sh", "-c", "pwd; echo no >&2; exit 3"], tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (3, f"{tmp_path}\n", "no\n")


def test_all_that_a_cut_command_started_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit of time ends the wait anywhere: what runs behind the command ends as well."""
    started = tmp_path / "started"

    def cut(*_: object) -> None:
        while not (started.exists() and started.read_text().endswith("\n")):
            time.sleep(0.01)
        raise TimeoutError

    monkeypatch.setattr(subprocess.Popen, "communicate", cut)
    with pytest.raises(TimeoutError):
        run_to_end(["sh", "-c", f"sleep 600 & echo $! > {started}; wait"])

    pid = int(started.read_text())
    eventually(
        lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE,
        "it still runs",
    )
