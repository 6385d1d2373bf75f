"""What a witness could not be told at the time is told late, and is no attack; lines that were
taken out are.
"""

import errno
from contextlib import closing
from pathlib import Path

import pytest

import evidence
from evidence.database import connect
from evidence.notary import Notary
from evidence.retelling import missing
from evidence.schema import prepare
from evidence.verify_report import VerifyReport
from evidence.witness import FileWitness, Sighting, beside


class Disk:
    """A disk that may be full where the witness lies."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_full = False
        tell = FileWitness.tell

        def told(witness: FileWitness, seen: Sighting) -> None:
            if self.is_full:
                raise OSError(errno.ENOSPC, "No space left on device")
            tell(witness, seen)

        monkeypatch.setattr(FileWitness, "tell", told)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def take(place: Path, *reasons: str) -> None:
    """Take checkpoints, each as a process of its own would."""
    for why in reasons:
        Notary(place).take_now(why)


def lines(place: Path) -> list[tuple[str, bool]]:
    """Return the lines of the witness: why, and whether it was told late."""
    return [(one.why, one.late) for one in beside(place).lines() or ()]


def without(place: Path, part: str) -> VerifyReport:
    """Take the lines that hold this out of the witness, and verify."""
    witness = beside(place).path
    kept = [line for line in witness.read_text().splitlines(keepends=True) if part not in line]
    witness.write_text("".join(kept))
    return evidence.verify(place)


@pytest.fixture
def recovered(place: Path, disk: Disk) -> Path:
    """A file whose witness could not be told for a while, and could again."""
    prepare(place)
    take(place, "start")
    disk.is_full = True
    take(place, "review", "hour", "export")
    disk.is_full = False
    take(place, "review", "stop")
    return place


def test_what_a_full_disk_kept_is_told_late(recovered: Path) -> None:
    """Every checkpoint has its line again, those that came late say so, and that is a note."""
    assert sorted(lines(recovered)) == [
        *(("export", False), ("hour", True), ("review", False), ("review", True)),
        *(("start", False), ("stop", False)),
    ]
    report = evidence.verify(recovered)
    assert report.problems == ()
    assert any("2 checkpoints at the time" in note for note in report.notes)
    with closing(connect(recovered)) as connection:
        assert missing(connection) == set()


def test_while_the_disk_is_full_that_is_no_attack(place: Path, disk: Disk) -> None:
    """The chain of acts says what the witness lacks, but for the newest, of which nobody can know
    that yet.
    """
    prepare(place)
    take(place, "start")
    disk.is_full = True
    take(place, "hour", "traffic", "hour", "stop")
    report = evidence.verify(place)
    assert report.problems == ()
    assert any("3 checkpoints at the time" in note for note in report.notes)


def test_busy_hours_with_a_full_disk_do_not_fill_the_chain(place: Path, disk: Disk) -> None:
    """A checkpoint that makes room for the next needs no word."""
    prepare(place)
    take(place, "start")
    disk.is_full = True
    take(place, "hour", *["traffic"] * 20)
    with closing(connect(place)) as connection:
        assert connection.value("SELECT count(*) FROM review_entries") == 1


@pytest.mark.parametrize("part", [" hour:", ":late", " start:", " export:"])
def test_lines_that_were_taken_out_are_named(recovered: Path, part: str) -> None:
    """Also those that were told late, and for good: nothing is told again but what the gate said
    it could not tell.
    """
    if part == " hour:":
        take(recovered, "hour", "stop")
    part = part.lstrip()
    assert "no witness tells of" in str(without(recovered, part).first_problem)
    take(recovered, "start", "stop")
    assert "no witness tells of" in str(evidence.verify(recovered).first_problem)


@pytest.mark.parametrize(
    "facts", ["5", "null", '{"missed": 5}', '{"missed": ["1", true, 1.5]}', '{"told": {}}']
)
def test_a_word_that_is_none_excuses_nothing(place: Path, facts: str) -> None:
    """Acts that say nothing of numbers are nobody's word."""
    prepare(place)
    with closing(connect(place)) as connection:
        connection.execute(
            "INSERT INTO review_entries VALUES (1, 'i', 0, '', 'witness_missed', NULL, NULL, x'',"
            " x'', ?, NULL, NULL)",
            (f'{{"facts": {facts}}}',),
        )
        assert missing(connection) == set()
