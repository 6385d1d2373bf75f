"""Unix sockets of programs outside: found by the kernel's own table."""

import socket
from pathlib import Path

import pytest

from capture.unix_sockets import HostSockets, rows


def test_only_paths_are_read() -> None:
    """Sockets without a name and abstract ones are none in the file system; a name may hold
    spaces, and be told from where its program stood.
    """
    lines = [
        "Num       RefCount Protocol Flags    Type St Inode Path",
        "00000000bf768651: 00000003 00000000 00000000 0001 03   546",
        "0000000000000001: 00000002 00000000 00010000 0001 01 1234 /run/docker.sock",
        "0000000000000002: 00000002 00000000 00010000 0001 01 1235 @/tmp/.X11-unix/X0",
        "0000000000000003: 00000002 00000000 00010000 0001 01 1236 /home/a b/ssh master",
        "0000000000000004: 00000002 00000000 00010000 0001 01 1237 here/control",
    ]
    assert list(rows(lines)) == [
        ("1234", "/run/docker.sock"),
        ("1236", "/home/a b/ssh master"),
        ("1237", "here/control"),
    ]


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


def test_one_that_is_bound_anew_is_told_again(tmp_path: Path) -> None:
    """A daemon that is started again makes another file under the same name, be it at once."""
    path, table = tmp_path / "daemon", HostSockets()
    table.new()
    for _ in range(3):
        with socket.socket(socket.AF_UNIX) as daemon:
            daemon.bind(str(path))
            assert table.new() == [str(path)]
            assert table.new() == []
        path.unlink()
    table.close()


def test_one_that_was_linked_to_another_name_is_found_there(tmp_path: Path) -> None:
    """As the masters of SSH connections are made, at once or while somebody looks; others in their
    folder are left.
    """
    table = HostSockets()
    table.new()
    with socket.socket(socket.AF_UNIX) as master, socket.socket(socket.AF_UNIX) as slow:
        master.bind(str(tmp_path / "master.Xy12"))
        (tmp_path / "master").hardlink_to(tmp_path / "master.Xy12")
        (tmp_path / "master.Xy12").unlink()
        (tmp_path / "beside").touch()
        assert str(tmp_path / "master") in table.new()
        slow.bind(str(tmp_path / "slow.Zz34"))
        assert str(tmp_path / "slow.Zz34") in table.new()
        (tmp_path / "slow.Zz34").rename(tmp_path / "slow")
        assert table.new() == [str(tmp_path / "slow")]
        assert table.new() == []
    table.close()


def test_one_that_was_bound_from_where_its_program_stands_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel tells its name as it was given."""
    table = HostSockets()
    table.new()
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.bind("control")
        assert table.new() == [str(tmp_path / "control")]
    table.close()
