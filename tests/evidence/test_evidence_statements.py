"""What the writer remembers of cases: so much as is inside them, the oldest is forgotten first."""

from evidence.case_sums import CaseSums
from evidence.statements import _MOST_BYTES, _MOST_REMEMBERED, Remembered, forget_oldest


def known(count: int, size: int) -> Remembered:
    return {str(n): (CaseSums(str(n), 0, 0), {}, size) for n in range(count)}


def test_small_cases_are_remembered_up_to_a_number() -> None:
    cases = known(_MOST_REMEMBERED + 3, 1)
    forget_oldest(cases)
    assert len(cases) == _MOST_REMEMBERED and next(iter(cases)) == "3"


def test_large_cases_are_remembered_up_to_their_bytes() -> None:
    cases = known(9, _MOST_BYTES // 4)
    forget_oldest(cases)
    assert list(cases) == ["5", "6", "7", "8"]


def test_what_fits_is_kept() -> None:
    cases = known(4, _MOST_BYTES // 4)
    forget_oldest(cases)
    assert len(cases) == 4
