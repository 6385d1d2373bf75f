"""The list of approvals as what was said since an endpoint had it: the hub gives how the newest
list begins and ends, the endpoint puts what it keeps of its own between. Nothing of that is
believed: what comes of it counts where it is, letter for letter, what the organisation signed.
"""

from collections.abc import Mapping
from typing import Any

import orjson

_ENTRIES, _ENTRY = b',"approvals":[', b'{"sha256":"'
"""As the hub writes them. Neither stands in a text of the list, where quotes are escaped."""
_MOST_ENTRIES = 1000
"""Said since; who was away for longer is given all."""


def since(body: bytes, count: int) -> Mapping[str, str] | None:
    """Return how a signed list begins, and its last entries, so many; None where it has no more, or
    they are too many.
    """
    begin, _, entries = body.partition(_ENTRIES)
    if not 0 < count <= _MOST_ENTRIES or not entries:
        return None
    at = len(entries)
    for _ in range(count):
        at = entries.rfind(_ENTRY, 0, at)
        if at <= 0:
            return None
    return {"begin": begin.decode(), "end": entries[at:].decode()}


def whole(body: str, told: object) -> str | None:
    """Return the list of which `told` is what was said since this one, whose signature is checked
    by the caller; None where they do not fit.
    """
    if not isinstance(told, dict):
        return None
    begin, end = told.get("begin"), told.get("end")
    if not isinstance(begin, str) or not isinstance(end, str):
        return None
    try:
        said = {one["sha256"] for one in orjson.loads("[" + end.removesuffix("}"))}
        known: list[dict[str, Any]] = orjson.loads(body)["approvals"]
        kept = [orjson.dumps(one).decode() for one in known if one["sha256"] not in said]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return begin + _ENTRIES.decode() + ",".join([*kept, end])
