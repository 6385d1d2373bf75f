"""Sums of cases as an earlier version kept them: each outcome was a case of its own. Pure."""

from collections.abc import Mapping
from typing import Any

from core.case_keys import case_of_key
from core.decision import left_by
from core.fate import Fate
from core.vocabulary.kinds import tells_of_people
from evidence.case_sums import PLAIN, CaseSums, KindSums
from evidence.times import DAY_US

_NOT_BEFORE = frozenset({"key", "left_count", "degraded_us"})


def sums_before(case: Mapping[str, Any]) -> CaseSums:
    """Return the sums that an earlier version kept of records of one outcome and some kinds, as
    those of the case they belong to now. Raises KeyError, TypeError.
    """
    count, last, verdict = case["count"], case["last_us"], case["verdict"]
    sha256, kinds = case["script_sha256"], [kind for kind in case["kinds"].split(",") if kind]
    values, rows = case["most_values"], case["most_records"]
    people = rows if rows is not None else values
    plain = {name: case[name] for name in PLAIN if name not in _NOT_BEFORE}
    return CaseSums(
        key=case_of_key(case["key"]),
        left_count=count if verdict == Fate.PAST or left_by(verdict) else 0,
        most_people=people if any(map(tells_of_people, kinds)) else 0,
        kinds={kind: KindSums(count, values, count * values, False) for kind in kinds},
        versions={sha256 or "": [count, case["first_us"], last]},
        users={case["user"]: count} if case["user"] else {},
        accounts={case["account_kind"]: count},
        outcomes={verdict: count},
        days={last // DAY_US: count},
        degraded_us=last if case["degraded"] else None,
        **plain,
    )
