"""Reading the chain by several processes says what one says."""

from contextlib import closing
from pathlib import Path

import pytest
from evidence_file import run

from benchmarks.evidence_records import records
from evidence import passage, stretch
from evidence.batch import Appender, Batch, Items
from evidence.database import connect
from evidence.notary import Notary
from evidence.schema import prepare
from evidence.verification import verify

COUNT = 300


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of some hundred records with checkpoints between them."""
    place = tmp_path_factory.mktemp("written") / "evidence.db"
    prepare(place)
    made, notary = list(records(COUNT, 3)), Notary(place)
    with closing(connect(place)) as connection:
        appender, items = Appender(connection, "test"), Items()
        for first in range(0, COUNT, 50):
            some = [items.closed(one) for one in made[first : first + 50]]
            appender.write(Batch(closes=some))
            notary.take(connection, "hour")
    return place


@pytest.fixture
def file(written: Path, tmp_path: Path) -> Path:
    place = tmp_path / "evidence.db"
    with closing(connect(written)) as connection:
        connection.execute("VACUUM INTO ?", (str(place),))
    key = tmp_path / "keys" / "checkpoint.key"
    key.parent.mkdir()
    key.write_bytes((written.parent / "keys" / "checkpoint.key").read_bytes())
    return place


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stretches of some entries, so that a small file has many."""
    monkeypatch.setattr(stretch, "STRETCH", 32)


@pytest.mark.usefixtures("short")
def test_stretches_say_what_one_reading_says(file: Path) -> None:
    """Cut in short stretches, the chain, its tree and its sums are found to be whole."""
    report = verify(file, workers=1)
    assert (report.ok, report.entries, report.seq) == (True, COUNT, COUNT)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("seq", [1, 31, 32, 33, 64, 65, COUNT])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET hash = zeroblob(32) WHERE seq = {seq}",
        "DELETE FROM entries WHERE seq = {seq}",
        "UPDATE entries SET id = 'x' WHERE seq = {seq}",
        "UPDATE entries SET body = x'01' WHERE seq = {seq}",
        "UPDATE entries SET body = 5 WHERE seq = {seq}",
        "UPDATE entries SET at_us = 'now' WHERE seq = {seq}",
        "UPDATE entries SET salt = 'text' WHERE seq = {seq}",
        "UPDATE entries SET cuts = x'0200' WHERE seq = {seq}",
        "UPDATE entries SET prev = 'none' WHERE seq = {seq}",
        "UPDATE entries SET seq = -{seq} WHERE seq = {seq}",
    ],
)
def test_what_is_wrong_at_the_edge_of_a_stretch_is_named(
    file: Path, statement: str, seq: int
) -> None:
    """An entry that was tampered with is named wherever a stretch begins or ends."""
    run(file, statement.format(seq=seq))
    report = verify(file, workers=1)
    assert not report.ok and report.problems


def test_several_processes_say_what_one_says(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes find a file whole, and what is wrong is named in the same words as by one."""
    monkeypatch.setattr(passage, "MANY", 1)
    told: list[tuple[int, int]] = []
    by_two = verify(file, workers=2, progress=lambda done, of: told.append((done, of)))
    assert by_two == verify(file, workers=1)
    assert (by_two.ok, told[-1]) == (True, (COUNT, COUNT))
    run(file, "UPDATE hours SET found = found + 1")
    assert verify(file, workers=2) == verify(file, workers=1)
    run(file, "UPDATE entries SET hash = zeroblob(32) WHERE seq = 200")
    by_two = verify(file, workers=2)
    assert by_two == verify(file, workers=1)
    assert "entry 200 was changed" in str(by_two.first_problem)
