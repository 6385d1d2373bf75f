"""When checkpoints are taken, who is told of them, and that they cost a running gate nothing."""

import logging
import socket
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

import evidence
from core.errors import EvidenceError
from core.record import Record
from evidence.checkpoint import opened
from evidence.checkpointing import HOUR_S, MOST_ENTRIES, TRAFFIC_S, Checkpointing
from evidence.database import connect
from evidence.merkle import Tree, proves_consistency, proves_inclusion
from evidence.notary import Notary, key_file
from evidence.witness import FileWitness, SyslogWitness, beside
from evidence.writer import Writer


def kept(place: Path) -> list[tuple[str, int, int]]:
    with closing(sqlite3.connect(place)) as connection:
        return connection.execute(
            "SELECT why, records, reviews FROM checkpoints ORDER BY seq"
        ).fetchall()


@pytest.mark.parametrize(
    ("passed", "size", "why"),
    [
        (0.0, 0, None),
        (TRAFFIC_S - 1, 5, None),
        (TRAFFIC_S, 0, None),
        (TRAFFIC_S, 1, "traffic"),
        (0.0, MOST_ENTRIES, "traffic"),
        (0.0, MOST_ENTRIES - 1, None),
        (HOUR_S, 0, "hour"),
        (HOUR_S, 9, "hour"),
    ],
)
def test_a_checkpoint_is_due_by_time_and_by_traffic(
    place: Path, passed: float, size: int, why: str | None
) -> None:
    """Every hour, and within a minute of any record; an idle machine writes nothing in between."""
    Writer(place).stop()
    now = 1000.0
    checkpoints = Checkpointing(Notary(place), lambda: now)
    with closing(connect(place)) as connection:
        now += passed
        checkpoints.look(connection, size)
    assert [one[0] for one in kept(place)] == ([] if why is None else [why])


def test_a_gate_takes_one_at_start_and_stop(
    place: Path, write: Callable[..., None], make_record: Callable[..., Record]
) -> None:
    """What is there when a gate begins and ends is signed, records and acts."""
    write(make_record(1))
    opened_ = evidence.open_evidence(place)
    opened_.close()
    assert kept(place) == [("start", 1, 0), ("stop", 1, 0)]
    lines = beside(place).lines()
    assert lines is not None and [seen.why for seen in lines] == ["start", "stop"]


def test_of_those_for_traffic_the_newest_is_kept(place: Path) -> None:
    """A busy year does not fill the file with them; the witness has every line."""
    Writer(place).stop()
    notary = Notary(place)
    for why in ("start", "traffic", "traffic", "hour", "traffic"):
        notary.take_now(why)
    assert [one[0] for one in kept(place)] == ["start", "hour", "traffic"]
    assert len(beside(place).lines() or ()) == 5
    assert evidence.verify(place).ok


def test_a_record_can_be_shown_without_the_others(
    place: Path, write: Callable[..., None], make_record: Callable[..., Record]
) -> None:
    """From one checkpoint to the next the tree only grew, and each record is in it: both are shown
    with a few hashes.
    """
    write(*(make_record(n) for n in range(5)))
    first = Notary(place).take_now("printed")
    write(*(make_record(n) for n in range(5, 12)))
    second = Notary(place).take_now("printed")
    with closing(sqlite3.connect(place)) as connection:
        hashes = [row[0] for row in connection.execute("SELECT hash FROM entries ORDER BY seq")]
    before, now = (opened(one.note, one.public).records for one in (first, second))
    tree = Tree(hashes)
    assert (before.size, now.size, now.root) == (5, 12, tree.root())
    assert proves_consistency((5, before.root), (12, now.root), tree.consistency(5))
    assert proves_inclusion(hashes[3], 3, 12, tree.inclusion(3), now.root)


def test_the_key_is_the_owners_only_and_is_not_made_twice(place: Path) -> None:
    """The signing key lies apart from the evidence, private, and stays the same."""
    Writer(place).stop()
    first = Notary(place).take_now("start")
    assert Notary(place).take_now("start").public == first.public
    assert stat.S_IMODE(key_file(place).stat().st_mode) == 0o600
    key_file(place).write_bytes(b"short")
    with pytest.raises(EvidenceError, match="damaged"):
        Notary(place).take_now("start")


def test_a_new_key_is_told_in_the_chain(place: Path) -> None:
    """A key that was lost and made anew is no attack, and nothing that goes unsaid."""
    Writer(place).stop()
    Notary(place).take_now("start")
    key_file(place).unlink()
    Notary(place).take_now("start")
    report = evidence.verify(place)
    assert report.ok
    assert any("was changed: 1 times" in note for note in report.notes)


def test_a_witness_that_cannot_be_told_stops_nothing(
    place: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A share that is away is told in the log; the evidence is written all the same."""
    Writer(place).stop()
    with caplog.at_level(logging.ERROR):
        Notary(place, [FileWitness(tmp_path / "away" / "witness")]).take_now("hour")
    assert "could not be told" in caplog.text
    assert len(kept(place)) == 1


def test_the_systems_log_is_a_witness_only_where_somebody_listens(tmp_path: Path) -> None:
    """A message that nobody takes is a failure, and one that is taken names the head."""
    Writer(tmp_path / "e.db").stop()
    address = str(tmp_path / "log")
    taken = Notary(tmp_path / "e.db").take_now("hour")
    seen = (beside(tmp_path / "e.db").lines() or [])[0]
    with pytest.raises(OSError):
        SyslogWitness(address).tell(seen)
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as log:
        log.bind(address)
        SyslogWitness(address).tell(seen)
        told = log.recv(4096).decode()
    assert told.startswith("<85>outgate: outgate.witness/1 ")
    assert taken.checkpoint.records.chain in told
