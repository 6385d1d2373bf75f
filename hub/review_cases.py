"""Cases of the fleet as the review reads them: rows of the desk's list as cases, and what is inside
one. Pure.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from core.attribution import Certainty
from core.case_inside import Inside, KindInside, Seen
from core.case_keys import case_id
from core.decision import HoldOutcome, Verdict, hold_word, left_by
from core.observation import OBSERVED
from core.review import Case, CaseStatus
from core.risk import risk_of
from core.vocabulary.verdicts import counts_told
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


_HELD = Verdict.HOLD.value
_RELEASED = frozenset(hold_word(ending) for ending in HoldOutcome if ending.released)


def asks_held(row: Row) -> bool:
    """Return whether of the held requests of a case that left, some may have been cut: then
    records have to tell how many (`hub.desk.held_cut`).
    """
    endings, lefts = set(row["endings"]), dict(zip(row["outcomes"], row["lefts"], strict=False))
    return lefts.get(_HELD, 0) > 0 and bool(endings & _RELEASED) and bool(endings - _RELEASED)


def ended(row: Row, held_cut: int | None = None) -> dict[str, int]:
    """Return how often each outcome of a row of the list was, by the words of the review; those
    that were cut on their way first.
    """
    counts, cut = _ended(row, held_cut)
    return counts_told(counts, cut or 0)


def _ended(row: Row, held_cut: int | None) -> tuple[dict[str, int], int | None]:
    """Return how often each outcome was, and how many were stopped after a part of them had
    left.
    """
    if len(row["times"]) != len(row["outcomes"]):  # an older hub put it there
        words = (*row["outcomes"], *row["endings"])
        return dict.fromkeys(words, int(row["records"])), None
    counts = dict(zip(row["outcomes"], map(int, row["times"]), strict=True))
    lefts = dict(zip(row["outcomes"], map(int, row["lefts"]), strict=True))
    cut = sum(n for word, n in lefts.items() if word != _HELD and not left_by(word))
    held = (counts.pop(_HELD, 0), lefts.get(_HELD, 0))
    ended, was_cut = _held(row["endings"], held, held_cut)
    return counts | ended, cut + was_cut


def _held(
    endings: Sequence[str], held: tuple[int, int], held_cut: int | None
) -> tuple[dict[str, int], int]:
    """Return how often each ending was of so many that were held, of which so many left, and how
    many of these were cut. Sums do not tell how each hold ended: what cannot be told apart counts
    as held, and its endings are named with no count.
    """
    count, went = held
    counts = dict.fromkeys(endings, 0)
    out = [word for word in endings if word in _RELEASED]
    back = [word for word in endings if word not in _RELEASED]
    if out and back and went and held_cut is None:
        return {**counts, _HELD: count}, 0
    was_cut = (held_cut or 0) if out else went
    for some, words in ((went - was_cut, out), (count - went + was_cut, back)):
        word = words[0] if len(words) == 1 else _HELD
        if some:
            counts[word] = counts.get(word, 0) + some
    return counts, was_cut


def _in_the_list(row: Row) -> Inside:
    """Return what the list tells of the inside: by what a case is urgent. People are the most in
    one request: those of others may be the same.
    """
    first, last = _days_since(row["first_at"]), _days_since(row["last_at"])
    count = int(row["records"])
    outcomes, cut = _ended(row, None)
    return Inside(
        outcomes=outcomes,
        cut=cut,
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


def inside_of(row: Row, told: Row, shown: Council, held_cut: int | None = None) -> Inside:
    """Return what is inside a case, people as far as was agreed on; `held_cut`: how many of its
    held requests were cut, where somebody counted.
    """
    records = int(row["records"])
    outcomes, cut = _ended(row, held_cut)
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
        outcomes=outcomes,
        cut=cut,
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
