"""What stands on the screen is a word of filters, by the names that the screen uses."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.demo.fictional_year import PRESENT, make_year
from core.case_telling import in_words
from core.case_words import parse
from core.review import Case, CaseFilter
from core.review_ports import CaseStore
from core.risk import risk_of
from core.vocabulary.times import clock_time
from evidence.store import Store
from examples import most
from tui.case_names import understood, understood_here
from tui.case_remarks import sender_told
from tui.wording import case_found, case_place, case_words

SAID_OF_NO_CASE = frozenset(
    "and or · other kind kinds sender could not all be read nothing".split()
)
"""What a cell says of an amount or of what is not known: no property that cases are chosen by."""


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The fictional year, made once."""
    path = tmp_path_factory.mktemp("names") / "evidence.db"
    make_year(path)
    store = Store(path, clock=lambda: PRESENT)
    yield store
    store.close()


def cells(case: Case) -> Iterator[str]:
    """Yield the words of the cells of a case, as a person who reads them would write them."""
    told = (str(risk_of(case).level), sender_told(case), case_place(case), case_found(case))
    for word in " ".join(told).replace(",", " ").split():
        if not word[:1].isdecimal() and word.lower() not in SAID_OF_NO_CASE:
            yield word.lower()


def keys(store: CaseStore, line: str, now: datetime) -> set[str]:
    parsed = understood(store, line, now, UTC)
    assert parsed.problem is None, (line, parsed.problem)
    again = understood(store, in_words(parsed.wanted), now, UTC)
    assert again.wanted == parsed.wanted, line
    return {case.key for case in store.page(parsed.wanted, 0, 200)}


def test_every_word_of_a_row_finds_it(year: Store) -> None:
    """Risk, sender, place, account and what was found, in the words of the screen; the same word
    behind `not` leaves the case out.
    """
    cases = year.page(CaseFilter(status=None), 0, 200)
    told = {case.key: set(cells(case)) for case in cases}
    for word in set().union(*told.values()):
        found = keys(year, f"all {word}", PRESENT)
        assert {key for key, words in told.items() if word in words} <= found, word
        assert keys(year, f"all not {word}", PRESENT) == set(told) - found


def test_the_day_of_a_row_is_a_word(year: Store) -> None:
    """`5 Nov`, `Sun`: as the column says it."""
    for case in year.page(CaseFilter(status=None), 0, 50):
        day = clock_time(case.last_at, PRESENT, UTC).rsplit(" ", 1)[0]
        if ":" not in day:
            assert case.key in keys(year, f'all when:"{day}"', PRESENT), day


def test_the_outcome_of_a_row_is_a_word(year: Store) -> None:
    """Whatever ended so."""
    for case in year.page(CaseFilter(status=None), 0, 50):
        assert case.key in keys(year, f"all {case_words(case).word}", PRESENT)


@pytest.mark.parametrize(
    ("line", "scripts"),
    [
        ("amazon", {"sync_crm.py"}),
        ("to:amazon", {"sync_crm.py"}),
        ("bank account numbers and names of people", {"summarise_claims.py"}),
        ("health not telegram", {"ward_notes.py"}),
        ("sender:ward", {"ward_notes.py"}),
        ("times:100", {"summarise_claims.py"}),
        ("people:1,000", {"ledger_upload.py"}),
        ("closed people:1000", {"newsletter.py"}),
        ("not people:40 not times:20", {"debug_dump.py"}),
        ("when:sun", {"notify.py", "sync_crm.py"}),
        ("closed allowed purpose", {"newsletter.py"}),
        ("false alarm", set()),
        ("no account", {"debug_dump.py"}),
    ],
)
def test_columns_and_names_choose_what_they_say(year: Store, line: str, scripts: set[str]) -> None:
    """And no more than that."""
    found = keys(year, line, PRESENT)
    known = {case.key: case.script for case in year.page(CaseFilter(status=None), 0, 50)}
    assert {known[key] for key in found} == scripts


@pytest.mark.parametrize(
    ("line", "nearest"),
    [
        ("amazn", "amazon s3"),
        ("teelgram", "telegram"),
        ("sendr:ward", "sender:"),
        ("wehn:sun", "when:"),
        ("since:mondya", "since:monday"),
        ("when:yesterdy", "when:yesterday"),
        ("peple:10", "people:"),
        ("people:many", "people:100"),
        ("times:-1", "times:100"),
    ],
)
def test_a_word_that_is_misspelt_names_the_nearest(year: Store, line: str, nearest: str) -> None:
    """By the names of the screen, too."""
    problem = understood(year, line, PRESENT, UTC).problem
    assert problem is not None and nearest in problem.lower()


@pytest.mark.parametrize(
    ("line", "nearest"),
    [
        ("user:clinc", "user:clinic"),
        ("not user:fin-opps", "user:fin-ops"),
        ("script:ledger_uplod.py", "script:ledger_upload.py"),
        ("sender:ward_nots.py", "script:ward_notes.py"),
        ("to:opneai", "to:openai"),
        ("rule:watch-personal-dta", "rule:watch-personal-data"),
        ("model:claude-haiku-4-6", "model:claude-haiku-4-5"),
        ('user:"clinc"', ""),
        ("user:zaphod", ""),
        ("script:ward", ""),
        ("to:amazon", ""),
        ("rule:watch model:claude", ""),
    ],
)
def test_a_name_that_is_nearly_one_is_a_slip(year: Store, line: str, nearest: str) -> None:
    """Who waits for the answer is told; parts of names, names that are not there at all, and what
    stands in quotation marks are meant, and so is all that is kept for later.
    """
    problem = understood_here(year, line, PRESENT, UTC).problem or ""
    assert (nearest in problem.lower()) if nearest else not problem
    assert understood(year, line, PRESENT, UTC).problem is None


@given(st.text(max_size=40))
@settings(max_examples=most(150), deadline=None)
def test_no_line_breaks_it(line: str) -> None:
    """Whatever is written is a filter that can be written again, or a problem in words."""
    parsed = parse(line, PRESENT, UTC, lambda word: "a" in word, {}, lambda word: (f"a-{word}",))
    if parsed.problem is None:
        assert isinstance(in_words(parsed.wanted), str)
