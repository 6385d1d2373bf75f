"""Whose a run is, by what the kernel says, and nobody's where it says nothing that can be read."""

import os
import sys
from pathlib import Path

import pytest

from proxy.run_users import user_of


@pytest.mark.skipif(sys.platform != "linux", reason="a Linux matter")
def test_it_is_the_user_who_runs_it() -> None:
    """This process is ours."""
    assert user_of(os.getpid()) == os.getuid()


@pytest.mark.parametrize(
    ("status", "user"),
    [
        (b"Name:\tUid: 7\nUid:\t1001\t0\t0\t0\n", 1001),
        (b"Uid:\n", None),
        (b"Uid:\tx\n", None),
        (b"", None),
        (None, None),
    ],
)
def test_it_is_the_real_one(tmp_path: Path, status: bytes | None, user: int | None) -> None:
    """Not the one that a program runs as, nor one that its name says."""
    if status is not None:
        (tmp_path / "7").mkdir()
        (tmp_path / "7" / "status").write_bytes(status)
    assert user_of(7, tmp_path) == user
