"""Up to where a closing holds, as JSON: in its review event, and beside its case."""

from typing import Any

from core.case_inside import Scope
from core.ids import rfc3339
from core.json_fields import Fields

_SINCE = frozenset({"unchecked"})
"""What closings of earlier versions lack: they said nothing of checks that fail, and so hold for
none.
"""


def scope_json(scope: Scope) -> dict[str, Any]:
    """Return it as JSON values."""
    return {
        "versions": sorted(scope.versions),
        "kinds": sorted(scope.kinds),
        "accounts": sorted(scope.accounts),
        "people": scope.people,
        "rows": scope.rows,
        "until": None if scope.until is None else rfc3339(scope.until),
        "times": scope.times,
        "unchecked": scope.unchecked,
    }


def scope_of(value: object) -> Scope:
    """Read what `scope_json` gave. Raises ValueError."""
    fields = Fields(value, "scope", _SINCE)
    return Scope(
        versions=frozenset(fields.texts("versions")),
        kinds=frozenset(fields.texts("kinds")),
        accounts=frozenset(fields.texts("accounts")),
        people=fields.whole("people"),
        rows=fields.whole("rows"),
        until=fields.time_or_none("until"),
        times=fields.whole("times"),
        unchecked=fields.whole_or_none("unchecked") or 0,
    )
