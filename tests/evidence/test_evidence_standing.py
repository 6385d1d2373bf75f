"""An approval until a day: what it covers, and what it does not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.attribution import Certainty
from core.case_inside import Scope
from core.case_keys import case_key
from core.decision import Decision, Verdict
from core.errors import EvidenceError
from core.findings import Confidence, Finding, not_inspected
from core.ids import uuid7
from core.record import Record
from core.review import Acting, Action, ReviewEvent
from evidence.holds import HeldRequests
from evidence.store import Store

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
NONE: frozenset[str] = frozenset()
type Make = Callable[..., Record]


def found(kind: str, distinct: int) -> Finding:
    return Finding(
        kind=kind, detector=kind, confidence=Confidence.CERTAIN, count=distinct, distinct=distinct
    )


def held(make: Make, **more: Any) -> Record:
    made = replace(make(), decision=Decision(verdict=Verdict.HOLD, rule="ask", hold_seconds=60.0))
    sender = replace(made.sender, certainty=Certainty.EXACT)
    findings = (found("email", 40), found("iban", 3))
    return replace(made, id=uuid7(START), at=START, sender=sender, findings=findings, **more)


def answer(
    record: Record, action: Action = Action.APPROVE, until: datetime | None = START + 30 * DAY
) -> ReviewEvent:
    scope = Scope(versions=NONE, kinds=NONE, accounts=NONE, people=0, rows=0, until=until)
    return ReviewEvent(
        id=uuid7(START),
        at=START,
        case_key=case_key(record),
        action=action,
        who="ada",
        record_id=record.id,
        scope=scope if action is Action.APPROVE else None,
    )


@pytest.fixture
def approved(make_record: Make, write: Callable[..., None]) -> Record:
    made = held(make_record)
    write(made)
    return made


@pytest.fixture
def store(place: Path, approved: Record) -> Store:
    opened = Store(place, clock=lambda: START + 300 * DAY)
    opened.append([answer(approved)])
    return opened


def later(record: Record, **more: Any) -> Record:
    at = START + DAY
    return replace(record, **{"id": uuid7(at), "at": at, **more})


def test_the_same_again_passes_until_the_day(store: Store, approved: Record) -> None:
    """From the moment that somebody said so, and not a moment longer than was said."""
    holds = HeldRequests(store)
    said = holds.standing(later(approved))
    assert said is not None and (said.who, said.approved) == ("ada", True)
    assert holds.standing(replace(approved, at=START + 30 * DAY)) is None
    assert holds.standing(replace(approved, at=START - timedelta(seconds=1))) is None


@pytest.mark.parametrize(
    ("findings", "covered"),
    [
        ((found("email", 40),), True),
        ((), True),
        ((found("email", 79), found("iban", 5)), True),
        ((found("email", 80),), False),
        ((found("email", 1), found("health_data", 1)), False),
        ((found("email", 1), not_inspected("body", "too large", unread="size")), False),
    ],
)
def test_it_covers_these_kinds_and_about_so_many(
    store: Store, approved: Record, findings: tuple[Finding, ...], covered: bool
) -> None:
    """Another kind, twice the people, or what nobody read is asked for again."""
    made = later(approved, findings=findings)
    assert (HeldRequests(store).standing(made) is not None) is covered


def test_it_covers_nobody_else(store: Store, approved: Record) -> None:
    """Another version, an unproven sender, another host or another account is held."""
    holds, sender, where = HeldRequests(store), approved.sender, approved.destination
    assert sender.script is not None
    account = replace(where.account, id="eve@example.org")
    others = (
        {"sender": replace(sender, script=replace(sender.script, sha256="ff" * 32))},
        {"sender": replace(sender, script=replace(sender.script, sha256=None))},
        {"sender": replace(sender, script=replace(sender.script, path="/srv/other.py"))},
        {"sender": replace(sender, certainty=Certainty.LIKELY)},
        {"destination": replace(where, host="other.example")},
        {"destination": replace(where, account=account)},
        {"decision": replace(approved.decision, degraded=("names: late",))},
    )
    for more in others:
        assert holds.standing(later(approved, **more)) is None, more


def test_a_refusal_ends_it(store: Store, approved: Record) -> None:
    """Whoever refuses anything of the case means what stands, too."""
    store.append([answer(approved, Action.REFUSE)])
    assert HeldRequests(store).standing(later(approved)) is None
    store.append([answer(approved)])
    assert HeldRequests(store).standing(later(approved)) is not None


@pytest.mark.parametrize("until", [None, START, START - DAY])
def test_it_needs_a_day_to_come(place: Path, approved: Record, until: datetime | None) -> None:
    """Nothing stands for ever."""
    with pytest.raises(EvidenceError, match="a day to come"):
        Store(place).append([answer(approved, until=until)])


def test_what_is_not_known_is_approved_once_only(
    place: Path, make_record: Make, write: Callable[..., None]
) -> None:
    """Where the sender is only likely, or something was not read, nothing stands."""
    made = held(make_record)
    doubtful = replace(made, sender=replace(made.sender, certainty=Certainty.LIKELY))
    write(doubtful)
    store = Store(place)
    with pytest.raises(EvidenceError, match="approved once, not for longer"):
        store.append([answer(doubtful)])
    store.append([replace(answer(doubtful), scope=None)])
    assert HeldRequests(store).standing(later(doubtful)) is None


def test_an_answer_for_longer_takes_two_where_that_is_set(place: Path, approved: Record) -> None:
    """The request of the first covers nothing."""
    store = Store(place, acting=Acting(channel="review", two_for_approvals=True))
    (asked,) = store.append([answer(approved)])
    assert (asked.action, asked.scope) == (Action.ASK_APPROVE, None)
    assert HeldRequests(store).standing(later(approved)) is None
    (said,) = store.append([replace(answer(approved), who="bo")])
    assert said.action is Action.APPROVE
    assert HeldRequests(store).standing(later(approved)) is not None
