"""Who is erased is erased from the sums of expired records, too: by name, and by value."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

import evidence
from core.record import Record
from evidence.chain import canonical
from evidence.database import connect
from evidence.erasure import Wanted, erase_now, plan
from evidence.past import Sums, digest
from evidence.retention import expire
from evidence.sketch import hashes_of
from evidence.store import Store
from evidence.times import micros
from evidence.writer import Writer

Make = Callable[..., Record]
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MARKS = [f"{n:016x}" for n in range(1, 40)]
VALUE = MARKS[6]
WANTED = Wanted(fingerprints=frozenset({VALUE}))


@pytest.fixture
def gone(
    write: Callable[..., None],
    place: Path,
    make_record: Make,
    writer: Writer,
) -> Path:
    """Records of forty days, each with three values; of ten days only sums are left."""
    for n in range(40):
        marks = (MARKS[n % 39], MARKS[(n + 1) % 39], MARKS[6 if n < 10 else 20])
        record = make_record(at=START + timedelta(days=n), script="/srv/a.py")
        own = tuple(dict.fromkeys(marks))
        found = replace(record.findings[0], fingerprints=own, distinct=len(own))
        write(replace(record, findings=(found,)))
    with closing(evidence.open_store(place)) as store:
        store.checkpoint("printed")
    writer.stop()
    limit = micros(START + timedelta(days=10))
    assert expire(place, limit, "older", rest=lambda _: None).records == 10
    return place


def kept(place: Path) -> list[bytes]:
    with closing(connect(place)) as connection:
        return [bytes(text) for (text,) in connection.execute("SELECT unpacked(body) FROM past")]


def hashes(place: Path) -> set[int]:
    """Return every hash of a value that the file holds, of cases and of sums."""
    found = set[int]()
    with closing(connect(place)) as connection:
        rows = connection.execute("SELECT inside FROM cases").fetchall()
    cases = [orjson.loads(one) for (one,) in rows]
    cases += [case["inside"] for text in kept(place) for case in orjson.loads(text)["cases"]]
    for case in cases:
        for _, _, _, _, values, *_ in case["kinds"].values():
            found |= {int(values[at : at + 8], 16) for at in range(0, len(values), 8)}
    return found


def test_no_hash_of_an_erased_value_is_left(gone: Path) -> None:
    """Whoever has the key of marks cannot tell by the sums that the value was ever sent."""
    (mine,) = hashes_of({VALUE})
    assert mine in hashes(gone)
    assert plan(gone, WANTED).past == 1
    made = erase_now(gone, WANTED, who="o", why="Art. 17")
    assert made.past == 1
    assert mine not in hashes(gone)
    assert evidence.verify(gone).problems == ()
    assert plan(gone, WANTED).nothing


def test_as_many_values_are_told_as_before(gone: Path) -> None:
    """That one was there still counts, as somebody of whom nothing is known."""
    before = [Sums.from_bytes(text) for text in kept(gone)]
    erase_now(gone, WANTED, who="o", why="Art. 17")
    after = [Sums.from_bytes(text) for text in kept(gone)]
    for one, other in zip(before, after, strict=True):
        for key, case in one.rollup.cases.items():
            for kind, sums in case.kinds.items():
                values = other.rollup.cases[key].kinds[kind].values
                assert (values.least, values.exact) == (sums.values.least, sums.values.exact)
                assert values != sums.values


def test_the_hash_of_what_was_there_confirms_no_guess(gone: Path) -> None:
    """The act of the expiry tells the hash of the sums as they were, for ever: putting the value's
    hash back in every place does not lead to it.
    """
    (old,) = kept(gone)
    (mine,) = hashes_of({VALUE})
    erase_now(gone, WANTED, who="o", why="Art. 17")
    (new,) = kept(gone)
    told = orjson.loads(new)
    ((key, kinds),) = ((case["key"], case["inside"]["kinds"]) for case in told["cases"])
    assert key
    for values in kinds.values():
        numbers = [int(values[4][at : at + 8], 16) for at in range(0, len(values[4]), 8)]
        for place in range(len(numbers)):
            guess = sorted({mine, *(one for at, one in enumerate(numbers) if at != place)})
            values[4] = "".join(f"{one:08x}" for one in guess)
            assert digest(canonical(told)) != digest(old)


def test_who_was_not_there_changes_nothing(gone: Path) -> None:
    """Another value's erasure leaves the sums as they are."""
    before = kept(gone)
    wanted = Wanted(fingerprints=frozenset({MARKS[30]}))
    assert plan(gone, wanted).past == 0
    erase_now(gone, wanted, who="o", why="Art. 17")
    assert kept(gone) == before
    with closing(Store(gone, clock=lambda: START + timedelta(days=300))) as store:
        store.rebuild_cases()
    assert evidence.verify(gone).problems == ()


def test_sums_of_earlier_versions_have_no_salt(gone: Path) -> None:
    """They read and write as they did."""
    value = orjson.loads(kept(gone)[0])
    assert len(bytes.fromhex(value.pop("salt"))) == 16
    text = canonical(value)
    assert Sums.from_bytes(text).to_bytes() == text
