"""Unix sockets of programs outside: found by the kernel's own table."""

import os
import socket
from pathlib import Path

import pytest

from capture.unix_sockets import HostSockets

NAMES = {
    "an empty line": "a\n\nb",
    "an end of line": "a\n",
    "another end of line": "a\x0cb\u2028c\x1cd",
    "spaces": " a  b ",
    "what is no text": os.fsdecode(b"a\xff"),
}


def new(table: HostSockets, folder: Path) -> list[str]:
    """Return what came below a folder: other programs of this machine have sockets as well."""
    return [path for path in table.new() if path.startswith(str(folder))]


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_names_are_anybodys(tmp_path: Path, name: str) -> None:
    """One of any name is told, and none keeps others from being told."""
    table = HostSockets()
    table.new()
    with socket.socket(socket.AF_UNIX) as odd, socket.socket(socket.AF_UNIX) as plain:
        odd.bind(str(tmp_path / name))
        plain.bind(str(tmp_path / "plain"))
        assert set(new(table, tmp_path)) == {str(tmp_path / name), str(tmp_path / "plain")}
    table.close()


def test_each_is_told_once_and_some_are_left(tmp_path: Path) -> None:
    """A socket is told when it has come, and what the settings leave is not told at all."""
    table = HostSockets([str(tmp_path / "left")])
    table.new()
    with socket.socket(socket.AF_UNIX) as one, socket.socket(socket.AF_UNIX) as two:
        one.bind(str(tmp_path / "daemon"))
        two.bind(str(tmp_path / "left-alone"))
        assert new(table, tmp_path) == [str(tmp_path / "daemon")]
        assert new(table, tmp_path) == []
    table.close()


def test_one_that_is_bound_anew_is_told_again(tmp_path: Path) -> None:
    """A daemon that is started again makes another file under the same name, be it at once."""
    path, table = tmp_path / "daemon", HostSockets()
    table.new()
    for _ in range(3):
        with socket.socket(socket.AF_UNIX) as daemon:
            daemon.bind(str(path))
            assert new(table, tmp_path) == [str(path)]
            assert new(table, tmp_path) == []
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
        assert new(table, tmp_path) == [str(tmp_path / "slow")]
        assert new(table, tmp_path) == []
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
        assert new(table, tmp_path) == [str(tmp_path / "control")]
    table.close()


def test_folders_into_which_we_may_not_look_end_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other people's programs have sockets, too, and folders of their own."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    shut, table = tmp_path / "shut" / "inner", HostSockets()
    table.new()
    shut.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as theirs, socket.socket(socket.AF_UNIX) as ours:
        theirs.bind(str(shut / "theirs"))
        (shut / "theirs").rename(shut / "elsewhere")
        ours.bind(str(tmp_path / "first"))
        (tmp_path / "first").rename(tmp_path / "second")
        shut.parent.chmod(0)
        try:
            assert str(tmp_path / "second") in new(table, tmp_path)
        finally:
            shut.parent.chmod(0o700)
    table.close()
