"""How much a case should worry."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.classification import AccountKind
from core.decision import HoldOutcome, Verdict
from core.fate import Fate
from core.review import Case, CaseStatus, HoldState
from core.risk import Level, Weighed, risk_of, weigh
from core.vocabulary.kinds import KINDS

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CASE = Case(
    key="a",
    status=CaseStatus.OPEN,
    first_at=NOW,
    last_at=NOW,
    count=1,
    verdict="watch",
    script="job.py",
    script_path="/srv/job.py",
    user="ops",
    host="files.example.com",
    service=None,
    category="other",
    account_kind="unknown",
    kinds=(),
    values=0,
    records=None,
    bytes_sent=100,
    last_record="r",
)


@pytest.mark.parametrize(
    ("case", "level"),
    [
        (replace(CASE, kinds=("iban",), values=3, records=15_000), Level.HIGH),
        (replace(CASE, kinds=("health_data",), values=1, account_kind="personal"), Level.HIGH),
        (replace(CASE, kinds=("secret",), values=1), Level.MEDIUM),
        (replace(CASE, kinds=("email",), values=12), Level.MEDIUM),
        (replace(CASE, kinds=("email",), values=1), Level.LOW),
        (replace(CASE, kinds=("not_inspected",), account_kind="personal"), Level.MEDIUM),
        (replace(CASE, verdict=Fate.PAST.value), Level.MEDIUM),
        (CASE, Level.LOW),
    ],
)
def test_a_level_follows_from_kinds_amounts_account_and_outcome(case: Case, level: Level) -> None:
    """Many rows, a grave kind or a personal account weigh; one address does not."""
    risk = risk_of(case)
    assert risk.level is level
    assert bool(risk.because) == (risk.points > 0)


@pytest.mark.parametrize("verdict", [Verdict.BLOCK, Fate.UNTRUSTED, Fate.FOREIGN, Fate.UNREACHED])
def test_what_did_not_leave_is_low(verdict: str) -> None:
    """A stop is no leak, whatever was in the request; and it says so."""
    grave = replace(CASE, kinds=("iban",), values=3, records=15_000, account_kind="personal")
    risk = risk_of(replace(grave, verdict=str(verdict)))
    assert risk.level is Level.LOW
    assert risk.because == ("nothing has left",)


def test_a_released_hold_left() -> None:
    """Released by a person it weighs as anything that left; expired it does not."""
    held = replace(CASE, verdict=Verdict.HOLD.value, kinds=("iban",), values=3, records=15_000)
    released = HoldState(outcome=HoldOutcome.APPROVED)
    assert risk_of(replace(held, hold=released)).level is Level.HIGH
    assert risk_of(replace(held, hold=replace(released, outcome=HoldOutcome.TIMED_OUT))).points == 0


@given(
    st.sets(st.sampled_from(sorted(KINDS)), max_size=4),
    st.integers(0, 10**6),
    st.sampled_from(list(AccountKind)),
)
def test_more_is_never_less(kinds: set[str], values: int, account: AccountKind) -> None:
    """More values and a personal account never lower the sum."""
    case = replace(CASE, kinds=tuple(kinds), values=values, account_kind=account.value)
    more = replace(case, values=values * 10)
    personal = replace(case, account_kind="personal")
    assert risk_of(more).points >= risk_of(case).points
    assert risk_of(personal).points >= risk_of(case).points


@pytest.mark.parametrize(
    ("amounts", "words"),
    [
        ({"people": 139, "rows": 1, "values": 418}, "139 people"),
        ({"people": 0, "rows": 1, "values": 418}, "418 values in one request"),
        ({"people": 1, "rows": 15_000, "values": 15_000}, "15,000 rows in one request"),
        ({"people": 12, "rows": 15_000, "values": 30_000}, "15,000 rows in one request"),
        ({"people": 1_472, "rows": 15_000}, "1,472 people"),
        ({"people": 9, "rows": 9, "values": 9}, None),
    ],
)
def test_the_amount_that_is_told_is_the_one_that_weighed(
    amounts: dict[str, int], words: str | None
) -> None:
    """“1 row in one request” explains no high risk: the points were for 418 values."""
    risk = weigh(Weighed(kinds=("secret",), people_exact=True, days=2, **amounts))  # type: ignore[arg-type]
    told = [part for part in risk.because if part[0].isdecimal()]
    assert told == ([] if words is None else [words])


def test_what_waits_is_weighed_as_if_it_had_left_too() -> None:
    """“Low: nothing has left” is no help to whoever decides whether it leaves."""
    held = replace(CASE, verdict=Verdict.HOLD.value, kinds=("iban",), values=3, records=15_000)
    assert risk_of(held).level is Level.LOW
    once = risk_of(held, if_left=True)
    assert once.level is Level.HIGH and "nothing has left" not in once.because
