"""A run is named though its program had ended before anybody could look at it."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.command_given import BY_COMMAND, sender_by_command
from app.home import open_home
from app.runs import RunWatch
from app.settings import load_settings
from app.short_connections import ShortConnections
from app.wiring import own_attributor_of
from core.attribution import Certainty
from evidence import open_store


@pytest.fixture
def jobs(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs, in which commands are given."""
    assert home.parent.is_dir()
    folder = tmp_path / "jobs"
    folder.mkdir()
    (folder / "job.py").write_text("raise SystemExit(3)\n")
    for name, line in (("report", "#!/usr/bin/env python3"), ("tidy", "#!/bin/sh")):
        (folder / name).write_text(f"{line}\n")
        (folder / name).chmod(0o755)
    monkeypatch.chdir(folder)
    return folder


def test_what_had_ended_is_named_by_its_command(jobs: Path) -> None:
    """A script that fails at once is named, by its path and hash, and never as certain; what runs
    no script is not.
    """
    home = open_home()
    attributor = own_attributor_of(home, load_settings(home.settings))
    cases = [
        ([sys.executable, "job.py"], "job.py"),
        ([sys.executable, "-W", "ignore", str(jobs / "job.py"), "--month", "10"], "job.py"),
        (["./report", "--all"], "report"),
        (["./tidy", "job.py"], None),
        (["true"], None),
        (["no-such-program", "job.py"], None),
    ]
    try:
        for command, name in cases:
            found = sender_by_command(attributor, command, 0)
            if name is None:
                assert found is None, command
                continue
            assert found is not None and found.script is not None, command
            assert found.script.path == str(jobs / name)
            assert found.script.sha256 is not None
            assert (found.certainty, found.reason) == (Certainty.LIKELY, BY_COMMAND), command
    finally:
        attributor.close()


def test_the_run_of_a_script_that_fails_at_once_is_the_scripts(jobs: Path) -> None:
    """Its page shows the run and its exit code: nobody is told that it never ran."""
    home = open_home()
    command = [sys.executable, "job.py"]
    watched = RunWatch(home, load_settings(home.settings), command)
    watched.prepare()
    program = subprocess.Popen(command)
    code = program.wait()
    watched.started(program.pid)
    watched.ended(code, ShortConnections(places=()))
    [one] = [stored.observation for stored in open_store(home.evidence).observations()]
    assert one.sender.script is not None
    assert (one.about, one.value("exit_code")) == ("job.py", 3)
    assert one.sender.script.path == str(jobs / "job.py")
