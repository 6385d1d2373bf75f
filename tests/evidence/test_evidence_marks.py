"""By what values are looked up: whether the list is that of the records."""

import math
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from evidence_file import run
from hypothesis import example, given
from hypothesis import strategies as st

import evidence
from core.record import Record
from evidence import marks
from evidence.compiled import CREATE
from evidence.database import Connection, connect
from evidence.erasure import Wanted, erase_now
from evidence.marks import (
    MORE_VALUES,
    PRIME,
    Listed,
    marks_in,
    marks_in_text,
    pair,
    parts,
    product,
    product_of_part,
    secret,
)
from evidence.notary import Notary
from evidence.retention import expire
from evidence.store import Store
from evidence.times import micros

NUMBERS = st.integers(-(2**63), 2**63 - 1)
PAIRS = st.lists(st.tuples(NUMBERS, NUMBERS), max_size=30)


@given(PAIRS, PAIRS, st.randoms())
def test_two_lists_are_told_apart_in_any_order(
    one: list[tuple[int, int]], other: list[tuple[int, int]], rng: object
) -> None:
    """The same pairs give the same number whatever their order; others give another."""
    r = secret()
    first = product([pair(*p) for p in one], r)
    shuffled = sorted(one, key=lambda _: rng.random())  # type: ignore[attr-defined]
    half = len(shuffled) // 2
    begun = product([pair(*p) for p in shuffled[:half]], r)
    assert product([pair(*p) for p in shuffled[half:]], r, begun) == first
    assert (product([pair(*p) for p in other], r) == first) == (sorted(one) == sorted(other))


@pytest.mark.parametrize(
    ("findings", "marks"),
    [
        ([], set()),
        (None, set()),
        ("x", set()),
        ([None, 7, "x"], set()),
        ([{"fingerprints": ["0000000000000002"], "distinct": 1}], {1}),
        ([{"fingerprints": ["0000000000000002"], "distinct": 2}], {1, MORE_VALUES}),
        ([{"fingerprints": [], "distinct": 2}], set()),
        ([{"fingerprints": ["no hex", 7, None]}], set()),
        ([{"fingerprints": ["02"] * 3, "distinct": 1}, {"fingerprints": ["04"]}], {1, 2}),
    ],
)
def test_the_marks_of_a_record(findings: object, marks: set[int]) -> None:
    """Each value once; that there are more values than marks is told; what is none is left out."""
    assert marks_in(findings) == marks


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b'{"findings":[{"fingerprints":["'])
def test_what_is_no_record_has_no_marks(text: bytes) -> None:
    """Damaged texts are looked up by nothing."""
    assert marks_in_text(text) == set()


def test_a_rebuild_makes_the_list_anew(full: Path) -> None:
    """Who removed what a person is found by has it made anew from the records."""
    run(full, "DELETE FROM marks", "INSERT INTO marks VALUES (7, 1)")
    assert "looked up" in (evidence.verify(full).first_problem or "")
    store = Store(full)
    store.rebuild_cases()
    store.close()
    assert evidence.verify(full).ok


def test_the_list_is_right_after_erasing_and_expiring(
    full: Path, write: Callable[..., None], make_record: Callable[..., Record]
) -> None:
    """What was erased or has expired is looked up by nothing, and nothing is said to be wrong."""
    erase_now(full, Wanted(fingerprints=frozenset({"0123456789abcdef"})), who="o", why="asked")
    assert evidence.verify(full).ok
    erase_now(full, Wanted(users=frozenset({"analyst"})), who="o", why="asked")
    assert evidence.verify(full).ok
    write(make_record(8), make_record(9))
    Notary(full).take_now("test")
    expire(full, micros(make_record(9).at), "test", rest=lambda _: None)
    report = evidence.verify(full)
    assert (report.ok, report.problems) == (True, ())
    with closing(connect(full)) as connection:
        assert connection.value("SELECT count(*) FROM marks WHERE mark <> -1") == 1


@pytest.fixture(scope="module")
def listed() -> Iterator[Connection]:
    """Give a list of marks as the file has it, empty, in memory."""
    made = sqlite3.connect(":memory:", isolation_level=None, factory=Connection)
    with closing(made):
        (statement,) = (one for one in CREATE if one.startswith("CREATE TABLE marks "))
        made.execute(statement)
        yield made


@given(PAIRS, st.integers(1, 5), st.integers(1, 3))
@example([(-(2**63), -(2**63)), (2**63 - 1, 2**63 - 1), (0, 1), (0, 2)], 3, 1)
def test_the_list_is_read_whole_in_pieces_of_any_size(
    listed: Connection, pairs: list[tuple[int, int]], several: int, piece: int
) -> None:
    """No row is left out or taken twice where a piece or a part of the list ends, at the smallest
    and the largest numbers neither.
    """
    rows, r = {one for one in pairs if one[0] != MORE_VALUES}, secret()
    listed.execute("DELETE FROM marks")
    listed.executemany("INSERT INTO marks VALUES (?, ?)", rows)
    right = product([pair(*one) for one in rows], r)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(marks, "_CHUNK", piece)
        assert Listed(listed, 0, ()).product(r) == right
        of_parts = [product_of_part(listed, r, one, 2**63 - 1) for one in parts(several)]
        assert math.prod(of_parts) % PRIME == right


@pytest.mark.parametrize(
    "foreign",
    [
        (-1e300, 1),
        (1e300, 1),
        (5, 1.5),
        (5, 0.1 + 0.2),
        (5, -1e300),
        ("x", 1),
        (5, "x"),
        (b"x", 1),
        (5, b"x"),
    ],
)
@pytest.mark.parametrize("piece", [1, 4096])
def test_what_is_no_whole_number_is_never_left_out(
    listed: Connection, foreign: tuple[object, object], piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever SQLite puts it in order, before all numbers or behind them, the list does not pass
    for that of the records, and reading it ends.
    """
    monkeypatch.setattr(marks, "_CHUNK", piece)
    rows, r = [(3, 1), (5, 1), (5, 2), (7, 9)], secret()
    listed.execute("DELETE FROM marks")
    listed.executemany("INSERT INTO marks VALUES (?, ?)", [*rows, foreign])
    try:
        found = Listed(listed, 0, ()).product(r)
    except (TypeError, ValueError, OverflowError, sqlite3.OperationalError):
        return
    assert found != product([pair(*one) for one in rows], r)
