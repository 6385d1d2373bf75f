"""Time stamps by the command line, from a server on loopback."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from invented_day import sample_records
from stamp_server import Authority, stamp_server

from evidence import open_evidence
from tests.app.conftest import Runs

NOW = datetime(2026, 11, 20, 14, 14, tzinfo=UTC)
AUTHORITY = Authority()


@pytest.fixture
def root(home: Path, tmp_path: Path) -> Path:
    """Evidence of one record, and the root of the server."""
    evidence, done = open_evidence(home / "evidence.db"), threading.Event()
    evidence.writer.close_record(sample_records(NOW)[0], lambda _: done.set())
    assert done.wait(30)
    evidence.close()
    return AUTHORITY.write_root(tmp_path / "root.pem")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with stamp_server(AUTHORITY) as url:
        yield url


def test_a_stamp_is_taken_kept_and_checked(
    outgate: Runs, root: Path, server: str, home: Path
) -> None:
    """Taken once over the network, it is checked ever after without; taken away, it is missed."""
    told = outgate("checkpoint", "--stamp", server, "--stamp-root", str(root))
    assert (told.code, "Time stamp: " in told.out) == (0, True), told
    (home / "settings.yaml").write_text(f"stamp_url: {server}\nstamp_root: {root}\n")
    told = outgate("verify")
    assert (told.code, "Stamped at 20" in told.out) == (0, True), told
    assert outgate("checkpoint").code == 0  # by the settings alone
    stamps = sorted((home / "stamps").glob("*.json"))
    assert len(stamps) == 2
    stamps[0].unlink()
    told = outgate("verify")
    assert (told.code, "was taken away" in told.out) == (1, True), told


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://127.0.0.1/x", "http or https"),
        ("127.0.0.1:9", "http or https"),
        ("http://", "http or https"),
        ("http://[::1", "http or https"),
        ("notaurl", "http or https"),
    ],
)
def test_a_wrong_address_is_told_before_anything_is_signed(
    outgate: Runs, root: Path, home: Path, url: str, words: str
) -> None:
    """What is asked for is refused whole: no head is printed, and none is appended."""
    stick = home / "stick"
    told = outgate("checkpoint", "--stamp", url, "--stamp-root", str(root), "--append", str(stick))
    assert (told.code, words in told.err, told.out) == (2, True, ""), told
    assert not stick.exists()


def test_a_server_that_does_not_answer_keeps_no_checkpoint_back(outgate: Runs, root: Path) -> None:
    """The checkpoint is taken and printed all the same."""
    told = outgate("checkpoint", "--stamp", "http://127.0.0.1:9/tsr", "--stamp-root", str(root))
    assert told.code == 1 and "did not answer" in told.err, told
    assert "outgate/records:" in told.out


def test_without_a_root_nothing_is_asked(outgate: Runs, root: Path, server: str) -> None:
    """A stamp that nobody can check is none."""
    told = outgate("checkpoint", "--stamp", server)
    assert (told.code, "root certificate" in told.err) == (2, True), told
    told = outgate("checkpoint", "--stamp", server, "--stamp-root", str(root.with_name("none")))
    assert (told.code, "no certificate in PEM" in told.err) == (2, True), told
    assert told.out == ""


@pytest.mark.parametrize("answer", [b"", b"garbage", AUTHORITY.token(b"another text")])
def test_an_answer_that_proves_nothing_is_refused(
    outgate: Runs, root: Path, home: Path, answer: bytes
) -> None:
    """Nothing is kept, and nothing told, that a later check would not believe."""
    with stamp_server(AUTHORITY, answer) as url:
        told = outgate("checkpoint", "--stamp", url, "--stamp-root", str(root))
    assert told.code in {1, 2} and "refused" in told.err, told
    assert not list(home.glob("stamps/*.json"))
    report = json.loads(outgate("verify", "--json").out)
    assert report["ok"]
