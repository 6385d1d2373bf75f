"""What is inside a case is taken apart when it is asked for, and is the same then."""

import copy
import pickle
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import orjson
import pytest

from core.case_inside import Inside
from core.record import Record
from core.review import Case, CaseFilter
from evidence import case_insides
from evidence.case_insides import inside_of
from evidence.store import Store


@pytest.fixture
def page(place: Path, write: Callable[..., None], make_record: Callable[..., Record]) -> list[Case]:
    write(*(make_record(n) for n in range(6)))
    return list(Store(place).page(CaseFilter(), 0, 200))


def test_a_page_takes_nothing_apart(
    place: Path,
    write: Callable[..., None],
    make_record: Callable[..., Record],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What no row shows is never read; what one shows is read once."""
    write(*(make_record(n) for n in range(6)))
    asked: list[bytes] = []
    read = case_insides._read

    def noted(text: bytes, left: int) -> Inside:
        asked.append(text)
        return read(text, left)

    monkeypatch.setattr(case_insides, "_read", noted)
    first, *_ = Store(place).page(CaseFilter(), 0, 200)
    assert asked == []
    assert first.inside.outcomes and first.inside.days
    assert len(asked) == 1


def test_what_is_taken_apart_late_is_the_same(page: list[Case]) -> None:
    """It equals what holds the same, can be copied, changed and sent to another process."""
    inside = page[0].inside
    plain = Inside(**{one.name: getattr(inside, one.name) for one in fields(Inside)})
    again = page[0].inside
    assert again == plain and plain == again
    assert pickle.loads(pickle.dumps(again)) == plain
    assert copy.copy(again) == plain
    changed = replace(again, machines=3)
    assert changed != plain and changed == replace(plain, machines=3)
    assert not hasattr(inside, "anything")


@pytest.mark.parametrize("text", [b"", b"5", b"{}", b'{"days": 5}', orjson.dumps([1])])
def test_a_row_that_somebody_changed_has_nothing_inside(text: bytes) -> None:
    """Nobody falls over it, and nothing of it is said for certain."""
    assert inside_of({"inside": text, "left_count": 2}) == Inside(people_exact=False)
