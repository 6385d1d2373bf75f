"""Cases of the fleet as the review reads them: rows of the desk as cases, and which of them a
filter shows. Pure.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from core.case_inside import Inside, KindInside, Seen
from core.case_keys import case_id
from core.case_vocabulary import shown_as
from core.observation import OBSERVED
from core.review import About, Case, CaseFilter, CaseStatus, Condition, Order
from core.risk import risk_of
from destinations.catalogue import find
from hub.council import Council
from hub.questions import Row

_KEY = "fleet\x1f"
_EPOCH = date(1970, 1, 1)


def key_of_case(number: int) -> str:
    """Return the key of a fleet's case in the review."""
    return f"{_KEY}{number}"


def number_of(key: str) -> int:
    """Return the number of a fleet's case; 0 for any other key."""
    told = key.removeprefix(_KEY)
    return int(told) if key.startswith(_KEY) and told.isdigit() and len(told) < 10 else 0


def case_of(row: Row) -> Case:
    """Return a row of the list as a case: on how many machines stands where one machine's review
    names its user.
    """
    service = find(row["destination"])
    outcomes = list(row["outcomes"])
    return Case(
        key=key_of_case(row["number"]),
        status=CaseStatus.OPEN if _is_open(row) else CaseStatus.CLOSED,
        first_at=row["first_at"],
        last_at=row["last_at"],
        count=int(row["records"]),
        verdict=OBSERVED if outcomes == [OBSERVED] else row["newest"],
        script=row["name"],
        script_path=None,
        user=_on_machines(row),
        host=row["destination"],
        service=None if service is None else service.name,
        category="other" if service is None else service.category.value,
        account_kind=row["account"],
        kinds=tuple(row["kinds"]),
        values=int(row["found"]),
        records=None,
        bytes_sent=int(row["bytes"]),
        last_record="",
        disposition=row["disposition"],
    )


def _is_open(row: Row) -> bool:
    return bool(row["open_on"]) and not row["closed_here"]


def _on_machines(row: Row) -> str:
    count = row["endpoints"]
    told = f"{count:,} machine{'' if count == 1 else 's'}"
    return f"{told}, {row['assigned_to']}" if row["assigned_to"] else told


def inside_of(row: Row, told: Row, shown: Council) -> Inside:
    """Return what is inside a case, people as far as was agreed on."""
    few = told["people_told"].startswith("fewer")
    people = 0 if few else int(told["people_told"])
    records = int(row["records"])
    return Inside(
        kinds={
            kind: KindInside(requests=records, distinct=int(row["found"]), exact=False)
            for kind in row["kinds"]
        },
        versions={
            one["sha256"]: Seen(
                count=one["on"],
                first_at=_day(one["since"]),
                last_at=row["last_at"],
            )
            for one in told["versions"]
            if one["sha256"]
        },
        users={shown.person(name): 1 for name in told["people"]},
        outcomes=dict.fromkeys(told["outcomes"], records),
        days={(date.fromisoformat(day) - _EPOCH).days: on for day, on in told["spread"].items()},
        people=people,
        machines=told["endpoints"],
        groups=tuple(told["groups"]),
        named_machines=tuple(told["machines"]),
    )


def _day(text: str) -> datetime:
    found = date.fromisoformat(text)
    return datetime(found.year, found.month, found.day, tzinfo=UTC)


_VALUES: Mapping[About, Callable[[Case], Iterable[str]]] = {
    About.USER: lambda case: (case.user or "",),
    About.ACCOUNT: lambda case: (case.account_kind,),
    About.KIND: lambda case: case.kinds,
    About.SCRIPT: lambda case: (case.script,),
    About.DESTINATION: lambda case: (case.host, case.service or ""),
    About.OUTCOME: lambda case: (case.verdict,),
    About.RISK: lambda case: (str(risk_of(case)).lower(),),
    About.DISPOSITION: lambda case: (case.disposition or "",),
    About.CASE: lambda case: (case_id(case.key),),
    About.TEXT: lambda case: (case.script, case.host, case.service or "", *case.kinds),
}
"""What the hub's rows say of a case; of rules, models, people and rows they say nothing."""
_WHOLE = frozenset({About.KIND, About.OUTCOME, About.RISK, About.ACCOUNT, About.DISPOSITION})


def matches(case: Case, wanted: CaseFilter) -> bool:
    """Return whether a filter shows a case."""
    parts = (
        (wanted.text, (case.script, case.host, case.service or "", *case.kinds)),
        (wanted.script, (case.script,)),
        (wanted.destination, (case.host, case.service or "")),
    )
    return (
        (wanted.status is None or case.status is wanted.status)
        and (wanted.verdict is None or case.verdict == wanted.verdict)
        and (wanted.kind is None or wanted.kind in case.kinds)
        and _is_within(case.last_at, wanted.since, wanted.until)
        and all(not part or _has(part, texts) for part, texts in parts)
        and all(_holds(case, one) for one in wanted.conditions)
    )


def _is_within(at: datetime, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or at >= since) and (until is None or at < until)


def _has(part: str, texts: Iterable[str]) -> bool:
    return any(part.casefold() in text.casefold() for text in texts)


def _holds(case: Case, condition: Condition) -> bool:
    if condition.about is About.SHOWN:
        parts = [shown_as(value) for value in condition.values]
        each = (_holds(case, Condition(about=about, values=(value,))) for about, value in parts)
        return any(each) is not condition.negated
    if condition.about is About.TIMES:
        return (case.count >= min(map(int, condition.values))) is not condition.negated
    texts = list(_VALUES.get(condition.about, _none)(case))
    if condition.about in _WHOLE:
        found = bool({v.casefold() for v in condition.values} & {t.casefold() for t in texts})
    else:
        found = any(_has(value, texts) for value in condition.values)
    return found is not condition.negated


def _none(case: Case) -> Iterable[str]:
    return ()


_BY: Mapping[Order, Callable[[Case], Any]] = {
    Order.NEWEST: lambda case: -case.last_at.timestamp(),
    Order.OLDEST: lambda case: case.first_at.timestamp(),
    Order.SCRIPT: lambda case: case.script.casefold(),
    Order.DESTINATION: lambda case: case.host.casefold(),
    Order.OUTCOME: lambda case: case.verdict,
    Order.KIND: lambda case: case.kinds,
    Order.TIMES: lambda case: -case.count,
}
"""Else as the desk has them: on most machines first."""


def ordered(cases: Iterable[Case], order: Order) -> list[Case]:
    """Return cases as they are listed."""
    by = _BY.get(order)
    return list(cases) if by is None else sorted(cases, key=by)
