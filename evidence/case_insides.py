"""What is inside a case, as the review shows it, read from the row of the case alone: a page of two
hundred is read for every key that a person presses.
"""

from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any

import orjson

from core.case_inside import Inside, KindInside, Seen, kind_inside, people_in
from core.errors import EvidenceError
from evidence.sketch import told_by
from evidence.times import from_micros

_MOST_KEPT = 16_384
_LEAST = 5
"""Where a row of a kind says that its numbers are the least that there are."""


def inside_of(row: Mapping[Any, Any]) -> Inside:
    """Return what is inside, read when it is first asked for; nothing where somebody else changed
    the row, which verification tells.
    """
    return _Unread.of(row["inside"], row["left_count"])


class _Unread(Inside):
    """What is inside, taken apart at first use: of a page, most cases are below the screen."""

    __slots__ = ("_told",)
    _told: tuple[bytes, int]

    @classmethod
    def of(cls, text: bytes, left: int) -> Inside:
        """Return it with no field set: whatever is asked for first comes to `__getattr__`."""
        made = object.__new__(cls)
        object.__setattr__(made, "_told", (text, left))
        return made

    def __getattr__(self, name: str) -> Any:
        if name not in _FIELDS:
            raise AttributeError(name)
        read = _read(*self._told)
        for one in _FIELDS:
            object.__setattr__(self, one, getattr(read, one))
        return getattr(read, name)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Inside):
            return NotImplemented
        return all(getattr(self, one) == getattr(other, one) for one in _FIELDS)

    __hash__ = Inside.__hash__


_FIELDS = tuple(one.name for one in fields(Inside))


def _read(text: bytes, left: int) -> Inside:
    try:
        return _inside(text, left) if len(text) > _MOST_KEPT else _known(text, left)
    except (KeyError, TypeError, ValueError, AttributeError, EvidenceError):
        return Inside(people_exact=False)


def _inside(text: bytes, left: int) -> Inside:
    told = orjson.loads(text)
    days = told["days"]
    kinds = {kind: _kind(*row) for kind, row in told["kinds"].items()}
    people, exact = people_in(told["most_people"], kinds)
    return Inside(
        kinds=kinds,
        versions={
            sha256: Seen(count=count, first_at=from_micros(first), last_at=from_micros(last))
            for sha256, (count, first, last) in told["versions"].items()
        },
        users=told["users"],
        accounts=told["accounts"],
        outcomes=told["outcomes"],
        rules=told["rules"],
        models=told["models"],
        days=dict(zip(map(int, days), days.values(), strict=True)),
        people=people,
        people_exact=exact,
        most_exact=not any(row[_LEAST:] for row in told["kinds"].values()),
        left=left,
        least=told.get("least", 0),
    )


_known = lru_cache(maxsize=512)(_inside)
"""Most of a page are the cases of the page before."""


def _kind(
    requests: int, largest: int, total: int, complete: Any, values: str, is_least: Any = False
) -> KindInside:
    told, exact = told_by(values)
    sizes = requests, largest, total, told
    return kind_inside(*sizes, complete and exact, is_least=bool(is_least))
