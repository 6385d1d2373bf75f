"""The file: private whatever the umask, brought forward, refused when newer or foreign, and with
nothing in clear.
"""

import os
import sqlite3
import stat
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

import evidence
from core.decision import Decision, Verdict
from core.errors import EvidenceError
from core.findings import Confidence, Finding
from core.record import Record
from core.text import mask
from evidence.database import connect
from evidence.schema import APPLICATION_ID, VERSION
from evidence.sqlite_errors import evidence_error
from evidence.store import Store
from evidence.writer import Writer
from tests.evidence.conftest import Told

Make = Callable[..., Record]
needs_modes = pytest.mark.skipif(sys.platform == "win32", reason="file modes are those of POSIX")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@needs_modes
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777], ids=oct)
def test_only_the_owner_can_read_the_evidence_whatever_the_umask(
    place: Path, make_record: Make, told: Callable[[], Told], umask: int
) -> None:
    """The file, its write-ahead log and its folder are closed to everybody else from the first
    moment.
    """
    before = os.umask(umask)
    try:
        writer = Writer(place)
        answer = told()
        writer.open(make_record(), answer)
        answer.wait()
        names = {path.name: mode(path) for path in place.parent.iterdir()}
        writer.stop()
    finally:
        os.umask(before)
    assert {"evidence.db", "evidence.db-wal", "evidence.db-shm"} <= set(names)
    assert set(names.values()) == {0o600}
    assert mode(place.parent) == 0o700


@needs_modes
def test_a_file_left_open_to_others_is_closed(place: Path) -> None:
    """A file restored from a backup with other rights is made private again; the user's own folder
    is not changed.
    """
    place.parent.mkdir(0o755)
    place.parent.chmod(0o755)
    Store(place).close()
    place.chmod(0o644)
    Store(place).close()
    assert mode(place) == 0o600
    assert mode(place.parent) == 0o755


def test_a_newer_schema_is_refused_in_words_and_left_alone(place: Path) -> None:
    """An old Outgate does not touch what a newer one wrote."""
    Store(place).close()
    with sqlite3.connect(place) as connection:
        connection.execute(f"PRAGMA user_version={VERSION + 1}")
    before = place.read_bytes()
    for use in (Store, Writer, evidence.verify):
        with pytest.raises(EvidenceError, match="newer Outgate") as caught:
            use(place)
        assert "Use that newer version" in caught.value.for_officer()
    assert place.read_bytes() == before


def test_another_programs_database_is_refused_and_left_alone(place: Path) -> None:
    """A wrong path in the settings does not turn somebody's database into evidence."""
    place.parent.mkdir()
    with sqlite3.connect(place) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.close()
    place.chmod(0o644)
    before = place.read_bytes()
    with pytest.raises(EvidenceError, match="some other program"):
        Store(place)
    assert place.read_bytes() == before
    assert mode(place) == 0o644


def test_the_file_says_whose_it_is(place: Path) -> None:
    """Its header names the program, for whoever finds it."""
    Store(place).close()
    assert int.from_bytes(place.read_bytes()[68:72], "big") == APPLICATION_ID


def test_faults_of_the_database_show_no_parameter(place: Path) -> None:
    """An error text never shows what was to be written."""
    Store(place).close()
    canary = "canary" + "-7f3a"
    with closing(connect(place)) as connection, pytest.raises(Exception) as caught:
        connection.execute("INSERT INTO meta (key, nothing) VALUES (?, ?)", (canary, canary))
    assert canary not in str(caught.value)
    assert canary not in repr(evidence_error(caught.value))


SECRET_VALUES = (
    "AKIA" + "Q3EGVXKPLM7T2WZ9",
    "jane.roe" + "@example.org",
    "DE" + "89370400440532013000",
)


def test_no_value_in_clear_is_in_any_byte_on_disk(
    place: Path, make_record: Make, told: Callable[[], Told]
) -> None:
    """What a thief of the files reads is masked: not in the database, not in its log, not in its
    shared memory.
    """
    findings = tuple(
        Finding(
            kind=kind,
            detector="detector",
            confidence=Confidence.CERTAIN,
            count=1,
            distinct=1,
            where=("body.text",),
            excerpt=mask(value),
            note=f"{mask(value)} was masked",
        )
        for kind, value in zip(("secret", "email", "iban"), SECRET_VALUES, strict=True)
    )
    held = Decision(
        verdict=Verdict.WATCH, headers=tuple(("X-Tenant", value) for value in SECRET_VALUES)
    )
    record = make_record(findings=findings, decision=held)
    writer = Writer(place)
    answer = told()
    writer.open(record, answer)
    answer.wait()
    writer.close_record(record, answer)
    writer.open(make_record(1, findings=findings, decision=held), answer)
    answer.wait(3)
    on_disk = b"".join(path.read_bytes() for path in sorted(place.parent.iterdir()))
    writer.stop()
    assert mask(SECRET_VALUES[0]).encode() in on_disk
    for value in SECRET_VALUES:
        assert value.encode() not in on_disk
        assert value.encode("utf-16-le") not in on_disk
        assert value[3:-3].encode() not in on_disk
    assert all(value not in str(path) for value in SECRET_VALUES for path in place.parent.iterdir())
