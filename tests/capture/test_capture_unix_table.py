"""The kernel's table of Unix sockets, read."""

from capture.unix_table import rows

TABLE = (
    "Num       RefCount Protocol Flags    Type St Inode Path\n"
    "00000000bf768651: 00000003 00000000 00000000 0001 03   546\n"
    "0000000000000001: 00000002 00000000 00010000 0001 01 1234 /run/docker.sock\n"
    "0000000000000002: 00000002 00000000 00010000 0001 01 1235 @/tmp/.X11-unix/X0\n"
    "0000000000000003: 00000002 00000000 00010000 0001 01 1236 /home/a b/ssh master\n"
    "0000000000000004: 00000002 00000000 00010000 0001 01 1237 here/control\n"
)


def test_only_paths_are_read() -> None:
    """Sockets without a name and abstract ones are none in the file system; a name may hold
    spaces, and be told from where its program stood.
    """
    assert list(rows(TABLE)) == [
        ("1234", "/run/docker.sock"),
        ("1236", "/home/a b/ssh master"),
        ("1237", "here/control"),
    ]


def test_a_name_may_hold_what_ends_a_line() -> None:
    """It goes on in the next one; what follows is read as ever."""
    first, *others = TABLE.splitlines(keepends=True)
    odd = "0000000000000005: 00000002 00000000 00010000 0001 01 1238 /tmp/a\n\n: b\n\n"
    assert list(rows(first + odd + "".join(others)))[:2] == [
        ("1238", "/tmp/a\n\n: b\n"),
        ("1234", "/run/docker.sock"),
    ]


def test_nothing_is_told_where_there_is_nothing() -> None:
    """A table that cannot be read is empty."""
    assert list(rows("")) == []
