"""What the writer remembers of cases: so much as is inside them, the oldest is forgotten first."""

from hypothesis import given
from hypothesis import strategies as st

from evidence.case_sums import CaseSums
from evidence.statements import _MOST_BYTES, _MOST_REMEMBERED, Remembered


def known(count: int, size: int) -> Remembered:
    cases = Remembered()
    for n in range(count):
        cases.put(str(n), CaseSums(str(n), 0, 0), {}, size)
    return cases


def test_small_cases_are_remembered_up_to_a_number() -> None:
    cases = known(_MOST_REMEMBERED + 3, 1)
    cases.forget_oldest()
    assert len(cases) == _MOST_REMEMBERED
    assert cases.taken("2") is None
    assert cases.taken("3") is not None


def test_large_cases_are_remembered_up_to_their_bytes() -> None:
    cases = known(9, _MOST_BYTES // 4)
    cases.forget_oldest()
    assert [n for n in range(9) if cases.taken(str(n)) is not None] == [5, 6, 7, 8]


def test_what_fits_is_kept() -> None:
    cases = known(4, _MOST_BYTES // 4)
    cases.forget_oldest()
    assert len(cases) == 4


SIZES = st.sampled_from([1, _MOST_BYTES // 5, _MOST_BYTES // 2, _MOST_BYTES + 1])


@given(st.lists(st.tuples(st.integers(0, 6), SIZES), max_size=40))
def test_its_size_is_that_of_the_cases_in_it(steps: list[tuple[int, int]]) -> None:
    """Seen again, with more inside or less, a case counts once: what is kept is what a sum over
    all of them, made anew each time, would keep.
    """
    cases, plain = Remembered(), dict[str, int]()
    for n, size in steps:
        key = str(n)
        found = cases.taken(key)
        assert (None if found is None else found[2]) == plain.pop(key, None)
        cases.put(key, CaseSums(key, 0, 0), {}, size)
        plain[key] = size
        cases.forget_oldest()
        while sum(plain.values()) > _MOST_BYTES:
            del plain[next(iter(plain))]
        assert len(cases) == len(plain)


def test_all_can_be_forgotten() -> None:
    cases = known(3, _MOST_BYTES // 4)
    cases.clear()
    assert len(cases) == 0
    cases.put("1", CaseSums("1", 0, 0), {}, _MOST_BYTES)
    cases.forget_oldest()
    assert len(cases) == 1
