"""Programs that try to make the gate lose its own evidence, and a gate whose evidence was taken
away from it.
"""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.conftest import Outgate

posix = pytest.mark.skipif(
    sys.platform != "linux", reason="descriptors of other processes are seen on Linux"
)

SEND = """
import os, sys, urllib.request as u
for n in range(2):
    u.urlopen(f"https://files.example/{sys.argv[1]}-{n}", data=b"x", timeout=30).read()
"""
"""Sends twice: what was found for the first connection of a process is used again for its
second.
"""

TURN = """
import os, sys
os.unlink(sys.argv[0])
{turn}
"""


def _turned(outgate: Outgate, name: str, turn: str) -> list[list[str]]:
    script = outgate.script(f"{name}.py", TURN.format(turn=turn) + SEND)
    return [[str(script), name]]


def _open_evidence(outgate: Outgate) -> tuple[int, list[int]]:
    """Return the gate's process and the numbers of its descriptors of the evidence."""
    pid = json.loads((outgate.home / "gate.json").read_text())["pid"]
    numbers = []
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            if str(descriptor.readlink()).startswith(str(outgate.home / "evidence.")):
                numbers.append(int(descriptor.name))
    assert numbers
    return pid, numbers


def _descriptors(outgate: Outgate) -> list[list[str]]:
    """Scripts whose paths name descriptors of their own by the numbers that the gate's have."""
    job = outgate.script("job.py", SEND)
    _, numbers = _open_evidence(outgate)
    return [[f"/dev/fd/{n}", f"fd{n}", str(job), str(n)] for n in numbers]


def _by_link(outgate: Outgate) -> list[list[str]]:
    return _turned(
        outgate, "soft", f"os.symlink({str(outgate.home / 'evidence.db')!r}, sys.argv[0])"
    )


def _by_hard_link(outgate: Outgate) -> list[list[str]]:
    return _turned(outgate, "hard", f"os.link({str(outgate.home / 'evidence.db')!r}, sys.argv[0])")


def _by_log(outgate: Outgate) -> list[list[str]]:
    return _turned(
        outgate, "log", f"os.link({str(outgate.home / 'evidence.db-shm')!r}, sys.argv[0])"
    )


def _through_the_gates_descriptors(outgate: Outgate) -> list[list[str]]:
    pid, numbers = _open_evidence(outgate)
    turns = [(f"gate{n}", f"os.symlink('/proc/{pid}/fd/{n}', sys.argv[0])") for n in numbers]
    return [command for name, turn in turns for command in _turned(outgate, name, turn)]


@posix
@pytest.mark.parametrize(
    "attack",
    [_descriptors, _by_link, _by_hard_link, _by_log, _through_the_gates_descriptors],
    ids=lambda f: f.__name__,
)
def test_no_program_can_make_the_gate_lose_its_evidence(
    outgate: Outgate, attack: Callable[[Any], list[list[str]]]
) -> None:
    """A script whose path leads to the evidence file takes nothing from it: every request has its
    record afterwards.
    """
    gate = outgate.start()
    marks = [*_attack(outgate, attack(outgate))]
    for command in (
        ["export", "--format", "jsonl", "--out", "-"],
        ["status"],
        ["review", "--plain"],
    ):
        assert outgate(*command).returncode == 0
    later = outgate.script("later.py", SEND)
    for n in range(3):
        marks += _attack(outgate, [[str(later), f"later{n}"]])

    assert outgate("status").returncode == 0
    gate.terminate()
    assert gate.wait(30) == 0
    verified = json.loads(outgate("verify", "--json").stdout)
    assert verified["ok"] is True
    kept = sorted(
        r["destination"]["path"]
        for r in outgate.records()
        if r["destination"]["host"] == "files.example"
    )
    assert kept == sorted(f"/{mark}-{n}" for mark in marks for n in range(2))


def _attack(outgate: Outgate, commands: list[list[str]]) -> list[str]:
    """Run all of the commands at once; return the mark of each."""
    started = []
    for script, mark, *descriptor in commands:
        opened = f"{descriptor[1]}<{descriptor[0]}" if descriptor else ""
        line = f'exec "$0" "$1" "$2" {opened}'
        command = ["bash", "-c", line, sys.executable, script, mark]
        started.append((mark, subprocess.Popen(command, env=outgate.behind(), cwd=outgate.folder)))
        if len(started) % 4 == 0:
            started[-4][1].wait(60)
    for _, process in started:
        assert process.wait(60) == 0
    return [mark for mark, _ in started]


@posix
@pytest.mark.parametrize("ending", ["", "-wal", "-shm"])
def test_a_gate_whose_evidence_is_deleted_says_so_and_refuses(
    outgate: Outgate, ending: str
) -> None:
    """Whoever deletes the evidence under an idle gate stops the traffic: status, verify and stop
    all say so.
    """
    gate = outgate.start()
    script = outgate.script("job.py", SEND)
    _attack(outgate, [[str(script), "before"]])
    (outgate.home / f"evidence.db{ending}").unlink()
    outgate.wait_for(lambda: outgate("status").returncode == 1)
    assert "NOT HEALTHY: The " in outgate("status").stdout
    command = [sys.executable, str(script), "after"]
    refused = subprocess.run(
        command, env=outgate.behind(), capture_output=True, text=True, timeout=60, check=False
    )
    assert "HTTP Error 403" in refused.stderr
    verified = outgate("verify")
    assert verified.returncode == 1
    assert "moved or deleted while the gate was running" in verified.stdout + verified.stderr
    threading.Thread(target=gate.wait, daemon=True).start()  # its parent: else it stays a zombie
    stopped = outgate("stop")
    assert stopped.returncode == 1
    assert "NOT HEALTHY" in stopped.stderr
    assert gate.wait(30) == 1
