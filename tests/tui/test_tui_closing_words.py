"""How long a closed case stays closed, in words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from invented_day import finding, place, record, sender
from present import there

from core.classification import AccountKind, Category
from core.review import RETURNS, Case, CaseStatus, Disposition
from evidence.closed import comes_back
from evidence.scopes import scope_json
from tui.closing_words import came_back, holds
from tui.holds import case_alone

NOW = datetime(2026, 11, 20, 14, 14, tzinfo=UTC)


def closed(disposition: Disposition, until: datetime | None = None) -> Case:
    """Return a case of twelve people that was closed as it stood."""
    away = place("files.example", None, Category.OTHER, AccountKind.UNKNOWN)
    case = case_alone(record(NOW, sender("claims.py"), away, finding("person", 12)))
    scope = replace(case.reach.scope(), people=12, until=until)
    return replace(case, status=CaseStatus.CLOSED, disposition=disposition, scope=scope)


@pytest.mark.parametrize("disposition", Disposition)
def test_a_closing_says_what_ends_it(disposition: Disposition) -> None:
    """No bound is told for what comes back at once."""
    case = closed(disposition)
    kept = orjson.dumps(scope_json(there(case.scope))).decode()
    back = comes_back({"disposition": disposition.value, "closed": kept}, case.reach)
    told = holds(case, NOW, UTC)
    assert back == (disposition in RETURNS)
    assert (told == "It comes back if it happens again.") == (disposition in RETURNS)
    assert ("fewer than 120 people" in told) == (disposition not in RETURNS)


def test_a_closing_says_its_day() -> None:
    """Also where it may end before."""
    until = NOW + timedelta(days=90)
    assert "on 18 Feb 2027 in any case" in holds(
        closed(Disposition.CONFIRMED_LEAK, until), NOW, UTC
    )
    assert "until 18 Feb 2027" in holds(closed(Disposition.TEST_DATA, until), NOW, UTC)
    assert holds(replace(closed(Disposition.TEST_DATA), scope=None), NOW, UTC) == ""


@pytest.mark.parametrize(
    ("before", "now", "bound", "why"),
    [
        (0, 1, "", "checks of 1 request failed"),
        (0, 7, "", "checks of 7 requests failed"),
        (
            3,
            30,
            "fewer than 30 requests of which a check failed",
            "checks of 30 requests failed, 3",
        ),
    ],
)
def test_a_case_whose_checks_fail_says_that_this_is_why_it_is_back(
    before: int, now: int, bound: str, why: str
) -> None:
    """How many there were when it was closed is told where there were some."""
    case = closed(Disposition.FALSE_ALARM)
    scope = replace(there(case.scope), unchecked=before)
    assert bound in holds(replace(case, scope=scope), NOW, UTC)
    assert ("a check failed" in holds(replace(case, scope=scope), NOW, UTC)) == bool(bound)
    again = replace(case, scope=scope, status=CaseStatus.OPEN, unchecked=now)
    assert came_back(again, NOW).startswith(why)
