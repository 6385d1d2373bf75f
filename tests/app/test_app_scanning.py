"""`outgate scan` by the command line: what it reads, and that it leaves no trace."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from scan_samples import put

from app.scanning import must_be_writable
from core.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
STRACE = shutil.which("strace")
_WRITES = (
    "mkdir mkdirat unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat truncate ftruncate"
    " chmod fchmod fchmodat chown fchown lchown fchownat mknod mknodat utimensat utime setxattr fsetxattr creat"
)
_TALKS = "socket socketpair connect bind listen accept accept4 sendto sendmsg"


def ran(
    home: Path, *arguments: str, before: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "app.cli", *arguments]
    environment = os.environ | {"OUTGATE_HOME": str(home), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*before, *program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


_NO_CALLS = "unfinished", "resumed", "???( <detached"
"""Halves of calls that are told elsewhere, and a thread that ended before it could be asked."""


_NAME_SERVICE = ("socket(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK",)
"""What the C library does before it asks this machine whose account a number is."""


@pytest.mark.skipif(STRACE is None, reason="strace is not installed")
def test_a_scan_opens_no_socket_and_writes_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the system calls: nothing leaves the machine, and nothing is written but the report."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")  # else what is not compiled yet is kept
    machine, trace, out = tmp_path / "machine", tmp_path / "trace", tmp_path / "report.html"
    put(machine, "srv/job.py", "import openai\neval(x)\n")
    put(machine, "srv/book.ipynb", '{"cells": []}')
    calls = ",".join((*_WRITES.split(), *_TALKS.split(), "open", "openat"))
    before = (
        str(STRACE),
        "-f",
        "-qq",
        "-o",
        str(trace),
        "-e",
        f"trace={calls}",
        "-e",
        "signal=none",
    )
    home = tmp_path / "home"

    done = ran(
        home,
        "scan",
        "--at-once",
        "--format",
        "html",
        "--out",
        str(out),
        str(machine),
        before=before,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    lines = [
        line.split(None, 1)[1] for line in trace.read_text().splitlines() if " = -1 " not in line
    ]
    opened = [line for line in lines if line.startswith(("open(", "openat("))]
    written = [
        line for line in opened if any(flag in line for flag in ("O_WRONLY", "O_RDWR", "O_CREAT"))
    ]
    written = [line for line in written if '"/dev/' not in line]
    others = [
        line
        for line in lines
        if line not in opened and not any(words in line for words in _NO_CALLS)
    ]
    others = [line for line in others if not line.startswith(_NAME_SERVICE)]
    assert others == []
    assert len(written) == 1
    assert str(out) in written[0]
    assert not home.exists()


def test_the_report_goes_where_it_is_asked_to(tmp_path: Path) -> None:
    """Without a file the report is printed; a missing folder is an error of one line."""
    put(tmp_path, "machine/job.py", "eval(x)\n")

    printed = ran(
        tmp_path / "home", "scan", "--at-once", "--format", "json", str(tmp_path / "machine")
    )
    assert json.loads(printed.stdout)["scripts"][0]["flaws"][0]["rule"] == "S307"
    missing = ran(tmp_path / "home", "scan", "--at-once", str(tmp_path / "gone"))
    assert (missing.returncode, missing.stdout) == (2, "")
    assert missing.stderr.startswith("outgate: There is no ")


def test_the_list_of_accounts_is_checked(tmp_path: Path) -> None:
    """A list without a heading is refused with what to do."""
    put(tmp_path, "a.csv", "anna,true\n")
    done = ran(
        tmp_path / "home", "scan", "--at-once", "--accounts", str(tmp_path / "a.csv"), str(tmp_path)
    )

    assert done.returncode == 2
    assert "Give it a heading" in done.stderr


@pytest.mark.parametrize(
    "place", ["none/report.html", "", "file/report.html", "locked/report.html"]
)
def test_a_place_that_takes_no_report_is_refused_before_the_scan(
    tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits minutes for a report that cannot be written, and what lies there stays."""
    (tmp_path / "file").write_text("kept")
    (tmp_path / "locked").mkdir()
    monkeypatch.setattr(os, "access", lambda path, _: "locked" not in str(path))
    with pytest.raises(InputError):
        must_be_writable(tmp_path / place)
    must_be_writable(tmp_path / "file")
    must_be_writable(tmp_path / "new.html")
    must_be_writable(None)
    assert (tmp_path / "file").read_text() == "kept"
    assert not (tmp_path / "new.html").exists()
