"""What the writer remembers of cases: so much as is inside them, the oldest is forgotten first."""

from evidence.case_sums import CaseSums
from evidence.statements import _MOST_BYTES, _MOST_REMEMBERED, Remembered


def known(count: int, size: int) -> Remembered:
    found = Remembered()
    for n in range(count):
        found.put(str(n), (CaseSums(str(n), 0, 0), {}, size))
    return found


def test_small_cases_are_remembered_up_to_a_number() -> None:
    cases = known(_MOST_REMEMBERED + 3, 1)
    cases.forget_oldest()
    assert len(cases.cases) == _MOST_REMEMBERED and next(iter(cases.cases)) == "3"


def test_large_cases_are_remembered_up_to_their_bytes() -> None:
    cases = known(9, _MOST_BYTES // 4)
    cases.forget_oldest()
    assert list(cases.cases) == ["5", "6", "7", "8"]


def test_what_fits_is_kept() -> None:
    cases = known(4, _MOST_BYTES // 4)
    cases.forget_oldest()
    assert len(cases.cases) == 4


def test_what_was_taken_or_cleared_counts_no_more() -> None:
    """Its bytes go with it; seen again, it stands last."""
    cases = known(4, _MOST_BYTES // 4)
    taken = cases.take("0")
    assert taken is not None and cases.take("0") is None
    cases.put("0", taken)
    cases.put("4", taken)
    cases.forget_oldest()
    assert list(cases.cases) == ["2", "3", "0", "4"]
    cases.clear()
    cases.put("5", taken)
    cases.forget_oldest()
    assert list(cases.cases) == ["5"]
