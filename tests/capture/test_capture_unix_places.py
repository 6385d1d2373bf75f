"""Unix sockets of programs outside that go by other names than the kernel's table tells: none of
them leads out of a seal.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fake_door import FakeDoor, fake_door, sealed

from capture import kernel
from capture.availability import obstacle

pytestmark = pytest.mark.skipif(obstacle() is not None, reason=str(obstacle()))

_BIND = """
import os, socket, sys
os.makedirs(sys.argv[1], exist_ok=True)
folder = os.open(sys.argv[1], os.O_RDONLY)
os.chdir("/")
s = socket.socket(socket.AF_UNIX)
{how}
s.listen()
print("there", flush=True)
sys.stdin.read()
"""
DAEMONS = {
    "by its whole name": ("s.bind(sys.argv[1] + '/d')", "d"),
    "by a descriptor": ("s.bind(f'/proc/self/fd/{folder}/d')", "d"),
    "by the other name of descriptors": ("s.bind(f'/dev/fd/{folder}/d')", "d"),
    "by a descriptor of its thread": ("s.bind(f'/proc/thread-self/fd/{folder}/d')", "d"),
    "by a descriptor of its number": ("s.bind(f'/proc/{os.getpid()}/fd/{folder}/d')", "d"),
    "by a descriptor that it closes": (
        "s.bind(f'/proc/self/fd/{folder}/d'); os.close(folder)",
        "d",
    ),
    "by where it stands": ("os.chdir(sys.argv[1]); s.bind('d')", "d"),
    "by where it stands, and goes": ("os.chdir(sys.argv[1]); s.bind('d'); os.chdir('/')", "d"),
    "by way of its own place": ("os.chdir(sys.argv[1]); s.bind('/proc/self/cwd/d')", "d"),
    "in a folder that is renamed": (
        "os.mkdir(sys.argv[1] + '/a'); s.bind(sys.argv[1] + '/a/d')\\n"
        "os.rename(sys.argv[1] + '/a', sys.argv[1] + '/b')",
        "b/d",
    ),
    "and moved to another folder": (
        "os.mkdir(sys.argv[1] + '/a'); s.bind(sys.argv[1] + '/d')\\n"
        "os.rename(sys.argv[1] + '/d', sys.argv[1] + '/a/e')",
        "a/e",
    ),
    "and linked to another name": (
        "os.mkdir(sys.argv[1] + '/a'); s.bind(sys.argv[1] + '/d')\\n"
        "os.link(sys.argv[1] + '/d', sys.argv[1] + '/a/e')",
        "a/e",
    ),
    "by way of a link": (
        "os.mkdir(sys.argv[1] + '/a'); os.symlink(sys.argv[1] + '/a', sys.argv[1] + '/l')\\n"
        "s.bind(sys.argv[1] + '/l/d')",
        "a/d",
    ),
    "while another took its name": (
        "os.mkdir(sys.argv[1] + '/a'); s.bind(sys.argv[1] + '/d')\\n"
        "os.rename(sys.argv[1] + '/d', sys.argv[1] + '/a/e')\\n"
        "open(sys.argv[1] + '/d', 'w').close()",
        "a/e",
    ),
}
_ASK = """
import socket, sys
with socket.socket(socket.AF_UNIX) as asked:
    print("refused" if asked.connect_ex(sys.argv[1]) else "reached")
"""


@pytest.fixture
def door(tmp_path: Path) -> Iterator[FakeDoor]:
    with fake_door(tmp_path) as found:
        yield found


@pytest.mark.skipif(os.geteuid() != 0, reason="to mount takes root")
def test_a_second_place_of_a_file_system_leads_nowhere(door: FakeDoor, tmp_path: Path) -> None:
    """What is shut at one place is shut at each other where the same folder is seen."""
    there, second = tmp_path / "there", tmp_path / "a second"
    second.mkdir()
    with daemon(DAEMONS["by its whole name"][0], there):
        kernel.mount(str(there), str(second), None, kernel.MS_BIND)
        try:
            for folder in (there, second):
                said = sealed(door, sys.executable, "-c", _ASK, str(folder / "d")).said
                assert said.strip() == "refused"
        finally:
            subprocess.run(["umount", str(second)], check=True)


@contextmanager
def daemon(how: str, folder: Path) -> Iterator[None]:
    """Have a program listen there that is none of ours, until the end."""
    command = [sys.executable, "-c", _BIND.replace("{how}", how), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline() == b"there\n"
        try:
            yield
        finally:
            process.stdin.close()


@pytest.mark.parametrize("name", DAEMONS)
def test_no_name_of_a_socket_leads_out(
    door: FakeDoor, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However a daemon came to its socket, where it stands it is shut."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    how, place = DAEMONS[name]
    folder = tmp_path / "there"
    with daemon(how.replace("\\n", "\n"), folder):
        path = str(folder / place)
        told = subprocess.run([sys.executable, "-c", _ASK, path], capture_output=True, check=True)
        assert told.stdout.strip() == b"reached"  # from outside
        assert sealed(door, sys.executable, "-c", _ASK, path).said.strip() == "refused"
