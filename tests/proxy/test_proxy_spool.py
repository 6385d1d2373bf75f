"""The spool: a kept body comes back as it went in, and its file tells nobody anything."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import DegradedError
from examples import most
from proxy.spool import PIECE, Spool


@given(st.binary(max_size=4000), st.lists(st.integers(1, 900), max_size=8))
@settings(max_examples=most(50), deadline=None)
def test_what_is_kept_comes_back(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, sizes: list[int]
) -> None:
    """However a body is split on its way, it comes back byte for byte."""
    kept = Spool(tmp_path_factory.getbasetemp(), 1 << 20)
    rest = body
    for size in [*sizes, len(body)]:
        kept.write(rest[:size])
        rest = rest[size:]
    kept.finish()

    assert b"".join(kept.pieces()) == body
    kept.close()


def test_several_pieces_come_back_more_than_once(tmp_path: Path) -> None:
    """A body is read twice: to inspect it, and to send it on."""
    body = os.urandom(2 * PIECE + 17)
    kept = Spool(tmp_path, 10 * PIECE)
    kept.write(body)
    kept.finish()

    assert [len(piece) for piece in kept.pieces()] == [PIECE, PIECE, 17]
    assert b"".join(kept.pieces()) == body == b"".join(kept.pieces())
    assert str(kept.size) in repr(kept)
    kept.close()


@pytest.mark.skipif(os.name == "nt", reason="there the name goes with the handle")
def test_the_file_has_no_name_and_holds_no_plain_text(tmp_path: Path) -> None:
    """Nobody finds the file, and who reads the disk below it finds nothing in it."""
    kept = Spool(tmp_path, 1 << 22)
    kept.write(b"jane.roe@acme.io " * 100_000)
    kept.finish()

    assert list(tmp_path.iterdir()) == []
    on_disk = Path(f"/proc/self/fd/{kept._file}").read_bytes()
    assert len(on_disk) > 1_600_000
    assert b"jane" not in on_disk
    assert os.fstat(kept._file).st_mode & 0o777 == 0o600
    kept.close()


@pytest.mark.skipif(os.name == "nt", reason="there the name goes with the handle")
def test_nothing_stays_of_a_gate_that_was_killed(tmp_path: Path) -> None:
    """A gate that is killed in the middle leaves no file behind, and with its memory the key is
    gone."""
    script = (
        "import sys, time, pathlib; from proxy.spool import Spool; s ="
        " Spool(pathlib.Path(sys.argv[1]), 1 << 24);s.write(b'x' * 3_000_000); print('kept',"
        " flush=True); time.sleep(60)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path.cwd()
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"kept\n"
    child.kill()
    child.wait(20)
    child.stdout.close()

    assert list(tmp_path.iterdir()) == []


def test_a_changed_file_is_not_read_back(tmp_path: Path) -> None:
    """What somebody changed in the file is never sent on as the body."""
    kept = Spool(tmp_path, 1 << 22)
    kept.write(b"x" * 100_000)
    kept.finish()
    os.pwrite(kept._file, b"?", 5000)

    with pytest.raises(DegradedError, match="cannot be read back"):
        list(kept.pieces())
    kept.close()


def test_a_body_above_the_limit_is_refused(tmp_path: Path) -> None:
    """The limit is kept to the byte, and named."""
    kept = Spool(tmp_path, 1 << 20)
    kept.write(b"x" * (1 << 20))
    with pytest.raises(DegradedError, match="larger than 1 MB"):
        kept.write(b"x")
    kept.close()


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk ends in a reason that a person understands."""
    kept = Spool(tmp_path, 1 << 30)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("proxy.spool.os.write", full)
    with pytest.raises(DegradedError, match="No space left"):
        kept.write(b"x" * PIECE)
    kept.close()


def test_no_folder_is_named(tmp_path: Path) -> None:
    """Where no file can be made, the reason says so."""
    with pytest.raises(DegradedError, match="cannot be kept"):
        Spool(tmp_path / "none", 1 << 20)
