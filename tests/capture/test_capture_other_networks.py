"""Unix sockets of programs in networks of their own: found by those networks' tables."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_door import fake_door, sealed

from capture.availability import obstacle
from capture.other_networks import OtherNetworks

HEAD = "Num       RefCount Protocol Flags    Type St Inode Path\n"
LISTENS = "   0: {:032X}:{:04X} {:032X}:0000 0A 00000000:00000000\n"
IN_A_NETWORK_OF_ITS_OWN = """
import os, socket, sys
os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET)
daemon = socket.socket(socket.AF_UNIX)
daemon.bind(sys.argv[1])
daemon.listen()
print("listens", flush=True)
sys.stdin.read()
"""
ASKS = """
import socket, sys
print(socket.socket(socket.AF_UNIX).connect_ex(sys.argv[1]) == 0)
"""


class FakeProc:
    """Processes with tables of their own; those of one network are links to one file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tables: dict[str, Path] = {}

    def add(
        self,
        pid: int | str,
        network: str,
        names: str = "",
        parent: int = 1,
        port: int = 0,
        mounts: str = "8:1 / /",
    ) -> None:
        """`names`: of the sockets in that network; `port`: at which something listens there;
        `mounts`: device, root and place of each, a line each.
        """
        own = self.folder / str(pid)
        (own / "net").mkdir(parents=True)
        lines = [f"20 1 {one} rw - ext4 /dev/sda1 rw\n" for one in mounts.splitlines()]
        (own / "mountinfo").write_text("".join(lines))
        (own / "stat").write_text(f"{pid} (a ) name) S {parent} 1 1 0")
        (own / "net/tcp6").write_text(LISTENS.format(0, port, 0) if port else "")
        table = own / "net/unix"
        if network in self._tables:
            table.hardlink_to(self._tables[network])
            return
        self._tables[network] = table
        rows = [
            f"{0:016x}: 2 0 10000 0001 01 {pid}{at} {one}" for at, one in enumerate(names.split())
        ]
        table.write_text(HEAD + "\n".join(rows))

    def names(self, looks: OtherNetworks) -> list[str]:
        return sorted(name for _, name in looks.rows())


@pytest.fixture
def proc(tmp_path: Path) -> FakeProc:
    made = FakeProc(tmp_path)
    made.add("self", "home", "/run/docker.sock")
    made.add(1, "home")
    made.add(70, "home")
    return made


def test_only_networks_beside_ones_own_are_told(proc: FakeProc) -> None:
    """What is at home stands in the table that is read anyway."""
    proc.add(80, "container", "/srv/one /srv/two", parent=70)
    proc.add(81, "container", parent=80)
    assert proc.names(OtherNetworks(proc.folder)) == ["/srv/one", "/srv/two"]


def test_sealed_runs_reach_each_other(proc: FakeProc) -> None:
    """What is in a sealed network, or in one that a program there made, gets out by the gate."""
    proc.add(80, "seal", "/tmp/server", parent=70, port=15001)
    proc.add(90, "made inside", "/tmp/zygote", parent=80)
    proc.add(95, "beside", "/tmp/proxy", parent=70, port=8080)
    assert proc.names(OtherNetworks(proc.folder)) == ["/tmp/proxy"]


def test_ones_own_seal_is_one_though_its_gate_is_gone(proc: FakeProc) -> None:
    """Whoever looks has gone into a network of its own by then."""
    looks = OtherNetworks(proc.folder)
    for name in ("net/unix", "net/tcp6", "stat", "mountinfo", "net", ""):
        path = proc.folder / "self" / name
        path.rmdir() if path.is_dir() else path.unlink()
    proc.add("self", "seal", "/tmp/own")
    proc.add(80, "seal", parent=70)
    proc.add(90, "made inside", "/tmp/zygote", parent=80)
    assert proc.names(looks) == []


def test_a_name_that_a_sealed_program_has_bound_too_is_left(proc: FakeProc) -> None:
    """A container sees other folders: its server's file is not that of the program's own."""
    proc.add(80, "seal", "/tmp/.s.PGSQL.5432", parent=70, port=15001)
    proc.add(90, "container", "/tmp/.s.PGSQL.5432 /srv/proxy", parent=70)
    assert proc.names(OtherNetworks(proc.folder)) == ["/srv/proxy"]


def test_a_folder_that_a_container_shares_has_another_name_here(proc: FakeProc) -> None:
    """Whichever of its processes sees the folder: those of one network can see different ones."""
    proc.add(80, "pod", "/data/d.sock /run/d.sock", mounts="0:90 / /\n0:91 / /run")
    proc.add(81, "pod", mounts="0:95 / /\n8:1 /home/eve/shared /data")
    there = ["/data/d.sock", "/home/eve/shared/d.sock", "/run/d.sock"]
    assert proc.names(OtherNetworks(proc.folder)) == there


def test_a_process_that_ends_meanwhile_is_passed_over(proc: FakeProc) -> None:
    """Its files are gone."""
    (proc.folder / "99").mkdir()
    assert proc.names(OtherNetworks(proc.folder)) == []


IN_A_CONTAINER = """
import ctypes, os, socket, sys
uid = os.getuid()
os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET | os.CLONE_NEWNS)
open("/proc/self/setgroups", "w").write("deny")
open("/proc/self/uid_map", "w").write(f"0 {uid} 1")
libc = ctypes.CDLL(None, use_errno=True)
def mount(what, where, flags):
    if libc.mount(what.encode(), where.encode(), None, flags, None):
        raise OSError(ctypes.get_errno(), where)
mount("none", "/", 0x4000 | 0x40000)
mount(sys.argv[1], sys.argv[2], 0x1000)
daemon = socket.socket(socket.AF_UNIX)
daemon.bind(sys.argv[2] + "/daemon.sock")
daemon.listen()
print("listens", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(obstacle() is not None, reason=str(obstacle()))
def test_a_server_in_a_folder_that_a_container_shares_is_shut(tmp_path: Path) -> None:
    """It binds its socket under the name that the folder has inside."""
    shared, inside = tmp_path / "shared", tmp_path / "inside"
    shared.mkdir()
    inside.mkdir()
    command = [sys.executable, "-c", IN_A_CONTAINER, str(shared), str(inside)]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as started,
        fake_door(tmp_path) as door,
    ):
        assert started.stdout is not None
        assert started.stdout.readline() == b"listens\n"
        ended = sealed(door, sys.executable, "-c", ASKS, str(shared / "daemon.sock"))
        started.communicate()
    assert (ended.code, ended.said.strip()) == (0, "False")


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Path]:
    """A server outside, in a network of its own."""
    path = tmp_path / "daemon.sock"
    with subprocess.Popen(
        [sys.executable, "-c", IN_A_NETWORK_OF_ITS_OWN, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == b"listens\n"
        yield path
        started.communicate()


@pytest.mark.skipif(obstacle() is not None, reason=str(obstacle()))
def test_a_server_outside_in_a_network_of_its_own_is_shut(daemon: Path, tmp_path: Path) -> None:
    """It may have a way out that is not the gate's."""
    assert os.path.exists(daemon)  # noqa: PTH110 - a socket
    with fake_door(tmp_path) as door:
        ended = sealed(door, sys.executable, "-c", ASKS, str(daemon))
    assert (ended.code, ended.said.strip()) == (0, "False")
