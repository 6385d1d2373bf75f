"""Cases of the fleet as the review reads them: rows of the desk's list as cases, and what is inside
one. Pure.
"""

from datetime import UTC, date, datetime

from core.attribution import Certainty
from core.case_inside import Inside, KindInside, Seen
from core.case_keys import case_id
from core.observation import OBSERVED
from core.review import Case, CaseStatus
from core.risk import risk_of
from destinations.catalogue import find
from hub.council import Council
from hub.questions import Row
from hub.telling import bytes_exact

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
        status=CaseStatus.OPEN if row["is_open"] else CaseStatus.CLOSED,
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
        values=int(row["most_values"]),
        records=int(row["most_rows"]) or None,
        bytes_sent=int(row["bytes"]),
        last_record="",
        disposition=row["disposition"],
        inside=_in_the_list(row),
        likely=row["certain"] == Certainty.LIKELY,
    )


def _in_the_list(row: Row) -> Inside:
    """Return what the list tells of the inside: by what a case is urgent. People are the most in
    one request: those of others may be the same.
    """
    first, last = _days_since(row["first_at"]), _days_since(row["last_at"])
    count = int(row["records"])
    return Inside(
        outcomes=dict.fromkeys((*row["outcomes"], *row["endings"]), count),
        rules=dict.fromkeys(row["rules"], count),
        models=dict.fromkeys(row["models"], count),
        days=dict.fromkeys((first, last), count),
        people=int(row["people"]),
        people_exact=False,
        most_exact=False,
        left=int(row["went"]),
        least=int(not bytes_exact(row)),
        machines=int(row["endpoints"]),
    )


def _days_since(at: datetime) -> int:
    return (at.astimezone(UTC).date() - _EPOCH).days


def _is_open(row: Row) -> bool:
    return bool(row["open_on"]) and not row["closed_here"]


def _on_machines(row: Row) -> str:
    count = row["endpoints"]
    told = f"{count:,} machine{'' if count == 1 else 's'}"
    return f"{told}, given to {row['assigned_to']}" if row["assigned_to"] else told


def inside_of(row: Row, told: Row, shown: Council) -> Inside:
    """Return what is inside a case, people as far as was agreed on."""
    records = int(row["records"])
    return Inside(
        kinds={
            kind: KindInside(requests=records, distinct=0, exact=False) for kind in row["kinds"]
        },
        versions={
            one["sha256"]: Seen(
                count=one["records"],
                first_at=_day(one["since"]),
                last_at=one["last_at"],
            )
            for one in told["versions"]
            if one["sha256"]
        },
        users={shown.person(name): 1 for name in told["people"]},
        outcomes=dict.fromkeys((*told["outcomes"], *row["endings"]), records),
        rules=dict.fromkeys(row["rules"], records),
        models=dict.fromkeys(row["models"], records),
        days={
            _days_since(row["first_at"]): 1,  # may be long before what is drawn
            **{(date.fromisoformat(day) - _EPOCH).days: on for day, on in told["spread"].items()},
        },
        people=int(row["people"]),
        people_exact=False,
        most_exact=False,
        left=int(row["went"]),
        least=int(not bytes_exact(row)),
        machines=told["endpoints"],
        groups=tuple(told["groups"]),
        named_machines=tuple(told["machines"]),
    )


def _day(text: str) -> datetime:
    found = date.fromisoformat(text)
    return datetime(found.year, found.month, found.day, tzinfo=UTC)


COLUMNS = ("kinds", "is_open", "verdict", "risk", "folded", "folded_kinds")
"""What the list keeps beside what the database adds up."""
FOLDED = ("script", "host", "service", "user", "account", "verdict", "risk", "disposition", "case")
"""What stands in `folded`, in order; compared without regard to upper and lower case."""


def derived(row: Row) -> Row:
    """Return what the review calls a row of the list, by `COLUMNS`."""
    kinds = sorted({kind for one in row["kindsets"] for kind in one.split(",") if kind})
    is_open = _is_open(row)
    case = case_of({**row, "kinds": kinds, "is_open": is_open})
    risk = risk_of(case)
    told = (
        *(case.script, case.host, case.service or "", case.user or "", case.account_kind),
        *(case.verdict, risk.level.value, case.disposition or "", case_id(case.key)),
    )
    return {
        "kinds": kinds,
        "is_open": is_open,
        "verdict": case.verdict,
        "risk": risk.points,
        "folded": [text.casefold() for text in told],
        "folded_kinds": [kind.casefold() for kind in kinds],
    }
