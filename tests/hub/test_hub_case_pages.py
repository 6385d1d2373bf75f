"""Pages of the desk's list: the database shows, for each filter and order, what the words say."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from families import with_each
from fleet_world import NOW, a_world

from core.case_keys import case_id
from core.case_vocabulary import shown as meaning
from core.case_vocabulary import shown_as
from core.case_words import parse
from core.findings import NOT_INSPECTED
from core.review import About, Case, CaseFilter, CaseStatus, Condition, Order
from core.risk import risk_of
from core.vocabulary.desk import State
from hub import case_list, desk
from hub.case_pages import untold
from hub.council import Agreed, Council
from hub.database import Database
from hub.own_postgres import OwnPostgres
from hub.review_cases import case_of, derived, key_of_case
from tui.case_remarks import case_remark

NAMES_SHOWN = Council(agreed=Agreed(), key=b"")
NAMES = ("report.py", "Straße.py", "STRASSE.py", "größe.PY", "100%_done.py", "a'b\\c.py")
HOSTS = ("api.openai.com", "s3.amazonaws.com", "upload.example", "Ünicode.example")
KINDS = (
    [""],
    ["iban", "iban,name"],
    ["name", ""],
    ["api_key"],
    ["not_inspected"],
    ["iban,not_inspected"],
)
OUTCOMES = (["allow"], ["block", "watch"], ["observed"])


def a_row(number: int) -> dict[str, Any]:
    """Return a row as the database adds it up; each field goes round by a number of its own."""
    outcomes = OUTCOMES[number % 3]
    return {
        "listed": None,
        "number": number,
        "family": number,
        "name": NAMES[number % 6],
        "destination": HOSTS[number % 4],
        "account": ("corporate", "personal", "")[number % 3],
        "endpoints": 1 + number % 5,
        "open_on": number % 4,
        "records": number * 7 % 31 + 1,
        "bytes": number,
        "found": number * 3 % 1100,
        "went": number % 3,
        "most_rows": (0, 9, 10, 1200)[number % 4],
        "people": (0, 3, 150)[number % 3],
        "most_values": number % 50,
        "first_at": NOW + timedelta(hours=number * 5 % 23),
        "last_at": NOW + timedelta(hours=24 + number * 11 % 19),
        "certain": ("exact", "likely", "unknown", "")[number % 4],
        "endings": ([], ["hold:approved"], ["hold:timed_out", "hold:refused"])[number % 3],
        "rules": (["watch-Personal"], [], ["no-secrets", "watch-models"])[number % 3],
        "models": ([], ["gpt-5", "claude-haiku"])[number % 2],
        "outcomes": outcomes,
        "times": [number * 7 % 31 + 1, *[0] * (len(outcomes) - 1)],
        "lefts": [0] * len(outcomes),
        "newest": outcomes[-1],
        "kindsets": KINDS[number % 6],
        "closed_here": number % 7 == 0,
        "disposition": "test-data" if number % 7 in {0, 3} else None,
        "assigned_to": "Ada" if number % 5 == 0 else None,
        "comments": 0,
    }


ROWS = [a_row(number) for number in range(1, 121)]
CERTAIN_OF = {key_of_case(row["number"]): row["certain"] for row in ROWS}


@pytest.fixture(scope="module", name="listed")
def listed_fixture(
    postgres: OwnPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A list of many cases, in a hub of its own."""
    with a_world(postgres, tmp_path_factory.mktemp("hub")) as world:
        with world.hub.database.work() as connection:
            case_list._put(connection, ROWS)
        yield world.hub.database


# What the words of a filter say, told once more over rows in memory.
VALUES: Mapping[About, Callable[[Case], Iterable[str]]] = {
    About.USER: lambda case: (),  # nobody sent any of these
    About.ACCOUNT: lambda case: (case.account_kind,),
    About.KIND: lambda case: case.kinds,
    About.SCRIPT: lambda case: (case.script,),
    About.DESTINATION: lambda case: (case.host, case.service or ""),
    About.OUTCOME: lambda case: case.inside.outcomes,
    About.RULE: lambda case: case.inside.rules,
    About.MODEL: lambda case: case.inside.models,
    About.CERTAIN: lambda case: (CERTAIN_OF[case.key],),
    About.RISK: lambda case: (risk_of(case).level.value,),
    About.DISPOSITION: lambda case: (case.disposition or "",),
    About.CASE: lambda case: (case_id(case.key),),
    About.STATE: lambda case: (
        *((State.LIKELY,) if case.likely else ()),
        *((State.NOTHING_KNOWN,) if not case.kinds else ()),
        *((State.UNREAD,) if case.kinds == (NOT_INSPECTED,) else ()),
        *((State.PARTLY_UNREAD,) if case.unread else ()),
        *((State.NOTHING_LEFT,) if not case.inside.left and case.verdict != "observed" else ()),
        *((State.FIRST_TIME,) if case.first_at.date() == case.last_at.date() else ()),
    ),
    About.TEXT: lambda case: (case.script, case.host, case.service or "", *case.kinds),
}
WHOLE = {
    About.CERTAIN,
    About.STATE,
    About.KIND,
    About.OUTCOME,
    About.RISK,
    About.ACCOUNT,
    About.DISPOSITION,
    About.CASE,
}
AMOUNTS: Mapping[About, Callable[[Case], int]] = {
    About.TIMES: lambda case: case.count,
    About.PEOPLE: lambda case: case.inside.people,
    About.ROWS: lambda case: case.records or 0,
}
BY: Mapping[Order, Callable[[Case], Any]] = {
    Order.RISK: lambda case: -risk_of(case).points,
    Order.PEOPLE: lambda case: -case.inside.people,
    Order.ROWS: lambda case: -(case.records or 0),
    Order.NEWEST: lambda case: -case.last_at.timestamp(),
    Order.OLDEST: lambda case: case.first_at.timestamp(),
    Order.SCRIPT: lambda case: case.script.casefold(),
    Order.DESTINATION: lambda case: case.host.casefold(),
    Order.OUTCOME: lambda case: case.verdict,
    Order.KIND: lambda case: case.kinds,
    Order.TIMES: lambda case: -case.count,
}


def has(part: str, texts: Iterable[str]) -> bool:
    return any(part.casefold() in text.casefold() for text in texts)


def holds(case: Case, condition: Condition) -> bool:
    if condition.about is About.RETURNED:
        return (case_remark(case) == "came back") is not condition.negated
    if condition.about in AMOUNTS:
        told = AMOUNTS[condition.about](case)
        return (told >= min(map(int, condition.values))) is not condition.negated
    if condition.about is About.SHOWN:
        parts = (Condition(about=a, values=(v,)) for a, v in map(shown_as, condition.values))
        return any(holds(case, one) for one in parts) is not condition.negated
    texts = list(VALUES[condition.about](case)) if condition.about in VALUES else []
    if condition.about in WHOLE:
        folded = {text.casefold() for text in texts}
        found = any(value.casefold() in folded for value in condition.values)
    else:
        found = any(has(value, texts) for value in condition.values)
    return found is not condition.negated


def matches(case: Case, wanted: CaseFilter) -> bool:
    texts = list(VALUES[About.TEXT](case))
    return (
        (wanted.status is None or case.status is wanted.status)
        and (wanted.verdict is None or wanted.verdict in case.inside.outcomes)
        and (wanted.kind is None or wanted.kind.casefold() in case.kinds)
        and (wanted.since is None or case.last_at >= wanted.since)
        and (wanted.until is None or case.last_at < wanted.until)
        and all(has(word, texts) for word in wanted.text.split())
        and (not wanted.script or has(wanted.script, [case.script]))
        and (not wanted.destination or has(wanted.destination, [case.host, case.service or ""]))
        and all(holds(case, one) for one in wanted.conditions)
    )


def in_memory() -> list[Case]:
    """Return all rows as cases, in the order of the desk."""
    ordered = sorted(
        ROWS,
        key=lambda row: (
            row["closed_here"],
            -row["open_on"],
            -row["last_at"].timestamp(),
            row["number"],
        ),
    )
    more = ({name: derived(row)[name] for name in ("kinds", "is_open")} for row in ordered)
    return [case_of({**row, **told}) for row, told in zip(ordered, more, strict=True)]


CASES = in_memory()


def expected(wanted: CaseFilter) -> list[Case]:
    shown = [case for case in CASES if matches(case, wanted)]
    by = BY.get(wanted.order)
    return shown if by is None else sorted(shown, key=by)


def page(database: Database, wanted: CaseFilter, offset: int, limit: int) -> list[Case]:
    with database.work() as connection:
        return [case_of(row) for row in desk.page(connection, wanted, offset, limit, NAMES_SHOWN)]


ANY = CaseFilter(status=None)
CONDITIONS = [
    *(
        (about, (value,))
        for about in About
        if about not in AMOUNTS
        for value in ("a", "", "iban", "high", "medium", "low")
    ),
    (About.SCRIPT, ("strasse", "100%")),
    (About.SCRIPT, ("a'b\\",)),
    (About.SCRIPT, ("%",)),
    (About.SCRIPT, ("_",)),
    (About.USER, ("ada",)),
    (About.ACCOUNT, ("PERSONAL", "corporate")),
    (About.OUTCOME, ("Watch", "observed")),
    (About.RISK, ("HIGH", "low")),
    (About.OUTCOME, ("hold:refused",)),
    (About.RULE, ("PERSONAL", "secrets")),
    (About.MODEL, ("gpt",)),
    (About.CERTAIN, ("exact",)),
    (About.CERTAIN, ("likely", "unknown")),
    (About.STATE, (State.LIKELY,)),
    (About.DISPOSITION, ("test-data",)),
    (About.CASE, (case_id("fleet\x1f12"),)),
    (About.TEXT, ("ÜNICODE", "API_k")),
    (About.KIND, ("name", "api_key")),
    (About.KIND, ()),
    (About.TIMES, ("20",)),
    (About.TIMES, ("25", "9")),
    (About.PEOPLE, ("1",)),
    (About.PEOPLE, ("150", "151")),
    (About.ROWS, ("10",)),
    (About.STATE, (State.NOTHING_KNOWN, State.UNREAD)),
    (About.STATE, (State.FIRST_TIME,)),
    (About.STATE, (State.PARTLY_UNREAD,)),
    (About.STATE, (State.NOTHING_LEFT,)),
    (About.SHOWN, ("strasse", meaning(About.STATE, State.UNREAD))),
    (About.SHOWN, ("strasse", meaning(About.KIND, "Api_Key"))),
    (About.SHOWN, (meaning(About.RISK, "high"), meaning(About.DESTINATION, "amazon"))),
]


@pytest.mark.parametrize("negated", [False, True])
def test_each_condition_shows_what_it_says(listed: Database, negated: bool) -> None:
    """Parts of words and whole words, in any case of letters, and signs that databases read
    otherwise; a condition that is turned round shows the rest.
    """
    for about, values in CONDITIONS:
        condition = Condition(about=about, values=values, negated=negated)
        wanted = CaseFilter(status=None, conditions=(condition,))
        found = page(listed, wanted, 0, 1000)
        assert found == expected(wanted), (about, values)


@with_each(
    "wanted",
    [
        CaseFilter(),
        CaseFilter(status=CaseStatus.CLOSED),
        CaseFilter(text="STRASSE"),
        CaseFilter(text="nothing is called so"),
        CaseFilter(text="report amazon"),
        CaseFilter(status=None, verdict="hold:approved"),
        CaseFilter(status=None, script="PY", destination="amazon", verdict="watch"),
        CaseFilter(status=None, kind="iban"),
        CaseFilter(status=None, kind="IBAN"),
        CaseFilter(status=None, since=NOW + timedelta(hours=30), until=NOW + timedelta(hours=40)),
        CaseFilter(
            text="e",
            conditions=(
                Condition(about=About.KIND, values=("iban",)),
                Condition(about=About.SCRIPT, values=("report",), negated=True),
            ),
        ),
    ],
)
@with_each("order", list(Order))
def test_pages_are_parts_of_one_order(listed: Database, wanted: CaseFilter, order: Order) -> None:
    """Each case stands on one page, the total is that of all pages, and equals keep their order."""
    ordered = replace(wanted, order=order)
    whole = [case.key for case in expected(ordered)]
    paged: list[str] = []
    while found := page(listed, ordered, len(paged), 17):
        paged += [case.key for case in found]
    assert paged == whole
    with listed.work() as connection:
        told = desk.totals(connection, ordered, NAMES_SHOWN)
    assert told["cases"] == len(whole)
    last: datetime | None = max((c.last_at for c in expected(ordered)), default=None)
    assert told["last_at"] == last


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("rule:hold", True),
        ("model:gpt", True),
        ("people:10", True),
        ("rows:10", True),
        ("not people:10", True),
        ("all probably", True),
        ("expired", True),
        ("by the sender: closed", False),
        ("certain:exact", True),
        ("not checked", True),
        ("nothing has left", True),
        ("hash:9f2c41d8", True),
        ("rows", True),
        ("came back", True),
        ("nothing known", True),
        ("could not all be read", True),
        ("for the first time", True),
        ("people", True),
        ("times:10 risk:high user:ada held", True),
        ("case:0123456789ab", True),
        ("case:0198f3c0-0000-7000-8000-000000000001", False),
    ],
)
def test_what_the_sums_do_not_hold_is_said(line: str, told: bool) -> None:
    """An empty list would say that there is none; of kinds that are called so the word is told."""
    parsed = parse(line, NOW, occurs=lambda word: word == "person")
    assert parsed.problem is None
    missing = [untold(condition) for condition in parsed.wanted.conditions]
    assert any(missing) is not told
