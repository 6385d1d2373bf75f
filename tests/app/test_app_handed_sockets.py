"""Listeners that were handed over: taken by whom they were meant for, and nobody else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.handed_sockets import handed_over
from core.errors import SettingsError

ROOT = Path(__file__).resolve().parents[2]

_TAKE = """
import os, socket, sys
kind = sys.argv[1]
if kind == "listener":
    one = socket.socket(); one.bind(("127.0.0.1", 0)); one.listen()
elif kind == "unbound":
    one = socket.socket()
elif kind == "unix":
    one = socket.socket(socket.AF_UNIX); one.bind("\\0outgate-test-%d" % os.getpid()); one.listen()
elif kind == "file":
    one = open(os.devnull)
if kind != "none":
    number = one.fileno()
    if number != 3:
        os.dup2(number, 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "x"}
from app.handed_sockets import handed_over
from core.errors import SettingsError
try:
    [found] = handed_over()
    print(found.getsockname()[0], os.get_inheritable(found.fileno()))
except SettingsError as error:
    print(error.message)
print([name for name in os.environ if name.startswith("LISTEN_")])
"""


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("listener", "127.0.0.1 False"),
        ("unbound", "Descriptor 3, which was handed over, takes no connections."),
        ("unix", "Descriptor 3, which was handed over, takes no connections."),
        ("file", "Descriptor 3, which was handed over, takes no connections."),
    ],
)
def test_only_what_takes_connections_is_taken(kind: str, said: str) -> None:
    """A listener of TCP is taken and given to no child; anything else is refused in words."""
    done = subprocess.run(
        [sys.executable, "-c", _TAKE, kind], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == [said, "[]"], done.stderr


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"LISTEN_FDS": "1"},
        {"LISTEN_PID": "1", "LISTEN_FDS": "1"},
        {"LISTEN_PID": "this"},
        {"LISTEN_PID": "this", "LISTEN_FDS": "x"},
    ],
)
def test_what_is_meant_for_another_is_left_alone(given: dict[str, str]) -> None:
    """A variable that a parent left behind opens nothing."""
    own = str(os.getpid())
    given = {name: own if value == "this" else value for name, value in given.items()}
    before = dict(given)
    assert handed_over(given) == []
    assert given == before


@pytest.mark.parametrize("count", ["0", "17", "99999999999"])
def test_a_number_that_cannot_be_is_refused(count: str) -> None:
    """No sockets, or more than anybody names, is a fault of the unit."""
    with pytest.raises(SettingsError, match="names no sockets"):
        handed_over({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": count})
