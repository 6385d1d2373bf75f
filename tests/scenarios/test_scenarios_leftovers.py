"""What outlives a run: background children keep their gate, and a gate that ends is told."""

import signal
import socket
import subprocess
import sys

import pytest

from tests.scenarios.conftest import Outgate, summary

_SENDS = """
import os, time, urllib.request
from pathlib import Path
here = Path({folder!r})
(here / "told").write_text(os.environ["OUTGATE_GATE"])
(here / "told").rename(here / "gate")
while not (here / "go").exists():
    time.sleep(0.02)
try:
    answer = str(urllib.request.urlopen("https://later.example/", data=b"x", timeout=20).status)
except Exception as error:
    answer = repr(error)
(here / "part").write_text(answer)
(here / "part").rename(here / "answer")
"""
_DAEMON = """
import os, sys
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
os.closerange(0, 256)
os.open(os.devnull, os.O_RDWR), os.dup(0), os.dup(0)
os.execv(sys.executable, [sys.executable, {script!r}])
"""
_FORKED = """
import os, runpy
if os.fork():
    os._exit(0)
os.closerange(0, 256)
os.open(os.devnull, os.O_RDWR), os.dup(0), os.dup(0)
runpy.run_path({script!r}, run_name="__main__")
"""
_QUIET = "> /dev/null 2>&1 < /dev/null &"


def _listens(url: str) -> bool:
    host, _, port = url.removeprefix("http://").rpartition(":")
    try:
        socket.create_connection((host, int(port)), 1).close()
    except OSError:
        return False
    return True


_WAITED_FOR = """
import os, time, urllib.request
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    answer = str(urllib.request.urlopen("https://daemon.example/", timeout=20).status)
    open("part", "w").write(answer)
    os.rename("part", "told")
    os._exit(0)
while not os.path.exists("told"):
    time.sleep(0.02)
print(open("told").read())
"""


def test_what_a_daemon_sent_meanwhile_is_told(outgate: Outgate) -> None:
    """A child that has let go of its parents is of the run: the summary does not say that nothing
    was sent.
    """
    done = outgate.run(sys.executable, str(outgate.script("leaves.py", _WAITED_FOR)))
    assert done.stdout == "200\n", done.stderr
    assert "outgate: 1 request," in done.stderr


@pytest.mark.parametrize("way", ["nohup", "setsid", "daemon", "forked"])
def test_a_child_in_the_background_keeps_its_gate(outgate: Outgate, way: str) -> None:
    """Whatever way a child is left behind, its later request is inspected and on record like any
    other; the summary names it, and the gate ends with it.
    """
    script = str(outgate.script("later.py", _SENDS.format(folder=str(outgate.folder))))
    program = {
        "nohup": ["sh", "-c", f"nohup {sys.executable} {script} {_QUIET}"],
        "setsid": ["sh", "-c", f"setsid {sys.executable} {script} {_QUIET}"],
        "daemon": [sys.executable, "-c", _DAEMON.format(script=script)],
        "forked": [sys.executable, "-c", _FORKED.format(script=script)],
    }[way]
    done = outgate.run(*program)

    assert done.returncode == 0
    assert "1 process of this program still runs" in done.stderr
    assert "The gate stays until the last of them has ended" in done.stderr
    outgate.wait_for((outgate.folder / "gate").exists)
    gate = (outgate.folder / "gate").read_text()
    assert _listens(gate)
    (outgate.folder / "go").touch()
    outgate.wait_for((outgate.folder / "answer").exists)
    assert (outgate.folder / "answer").read_text() == "200"
    outgate.wait_for(lambda: not _listens(gate))
    [record] = outgate.records()
    assert record["destination"]["host"] == "later.example"


def test_whoever_leaves_nothing_behind_is_told_nothing(outgate: Outgate) -> None:
    """A child that is waited for is none in the background, and its gate is gone at once."""
    done = outgate.run(
        sys.executable,
        "-c",
        "import os, subprocess, sys; subprocess.run([sys.executable, '-c', 'pass']);"
        " print(os.environ['OUTGATE_GATE'])",
    )

    assert "still run" not in done.stderr
    assert not _listens(done.stdout.strip())


def test_a_gate_that_ends_under_its_program_is_told(outgate: Outgate) -> None:
    """Nobody is told that nothing left where nobody was looking any more."""
    outgate.start()
    kills = (
        "import json, os, signal, sys, time; from pathlib import Path;"
        "os.kill(json.loads(Path(sys.argv[1]).read_text())['pid'], signal.SIGKILL); time.sleep(1)"
    )
    done = outgate("run", "--", sys.executable, "-c", kills, str(outgate.home / "gate.json"))

    assert done.returncode == 0
    assert "the gate ended while this program ran" in done.stderr
    assert "no connection past it was seen" not in done.stderr

    outgate.start()
    again = outgate("run", "--json", "--", sys.executable, "-c", "pass")
    told = summary(again)
    assert (told["gate_ended"], told["still_running"]) == (False, [])


def test_a_run_that_is_killed_leaves_its_program_a_gate(outgate: Outgate) -> None:
    """Even where `outgate run` itself is killed, its program is still behind the gate: what it
    sends is on record, the evidence is whole, and says that nobody saw the end of the run.
    """
    script = str(outgate.script("later.py", _SENDS.format(folder=str(outgate.folder))))
    program = f"import os, runpy; os.kill(os.getppid(), {int(signal.SIGKILL)}); "
    done = outgate.run(
        sys.executable,
        "-c",
        f"{program}runpy.run_path({script!r}, run_name='__main__')",
        capture_output=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    assert done.returncode == -signal.SIGKILL
    outgate.wait_for((outgate.folder / "gate").exists)
    gate = (outgate.folder / "gate").read_text()
    (outgate.folder / "go").touch()
    outgate.wait_for((outgate.folder / "answer").exists)
    assert (outgate.folder / "answer").read_text() == "200"
    outgate.wait_for(lambda: not _listens(gate))
    [record] = outgate.records()
    assert record["destination"]["host"] == "later.example"
    assert record["sender"]["script"]["name"] == "python -c …"
    assert outgate("verify").returncode == 0
    # Other programs of this machine may end short connections meanwhile, which are told, too.
    runs = [one for one in outgate.observations() if one["about"] == "outgate run"]
    assert sum("was killed" in one["facts"]["exit_code"]["how"] for one in runs) == 1


def test_a_program_that_does_not_exist_is_no_run_that_was_lost(outgate: Outgate) -> None:
    """`outgate run` ended by itself, and had nothing to ask."""
    outgate.start()
    assert outgate("run", "--", "no-such-program").returncode == 127
    assert outgate("stop").returncode == 0
    # Other programs of this machine, which are behind no gate of ours, may be seen as well.
    runs = [one["about"] for one in outgate.observations() if one["kind"] == "run"]
    assert not {"outgate run", "no-such-program"}.intersection(runs)
