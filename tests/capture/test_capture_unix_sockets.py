"""Unix sockets of programs outside: found by the kernel's own table."""

import socket
from pathlib import Path

from capture.unix_sockets import HostSockets, paths


def test_only_paths_are_read() -> None:
    """Sockets without a name and abstract ones are none in the file system; a name may hold
    spaces.
    """
    lines = [
        "Num       RefCount Protocol Flags    Type St Inode Path",
        "00000000bf768651: 00000003 00000000 00000000 0001 03   546",
        "0000000000000001: 00000002 00000000 00010000 0001 01 1234 /run/docker.sock",
        "0000000000000002: 00000002 00000000 00010000 0001 01 1235 @/tmp/.X11-unix/X0",
        "0000000000000003: 00000002 00000000 00010000 0001 01 1236 /home/a b/ssh master",
    ]
    assert list(paths(lines)) == ["/run/docker.sock", "/home/a b/ssh master"]


def test_each_is_told_once_and_some_are_left(tmp_path: Path) -> None:
    """A socket is told when it has come, and what the settings leave is not told at all."""
    table = HostSockets([str(tmp_path / "left")])
    table.new()
    with socket.socket(socket.AF_UNIX) as one, socket.socket(socket.AF_UNIX) as two:
        one.bind(str(tmp_path / "daemon"))
        two.bind(str(tmp_path / "left-alone"))
        assert table.new() == [str(tmp_path / "daemon")]
        assert table.new() == []
    table.close()
