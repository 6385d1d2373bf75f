"""Whether a text names somebody, or a script, whose records are erased. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from evidence.case_sums import SEPARATOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """The names of people, and the path or name of a script."""

    users: Collection[str] = ()
    script: str | None = None

    def __bool__(self) -> bool:
        return bool(self.users or self.script)

    def is_in(self, value: object) -> bool:
        """Return whether a text is one of the names, or a list of which one is; or a path in which
        one of the people stands by itself: `mia` in `/home/mia/x.py`, not in `/srv/damian.py`.
        """
        if not isinstance(value, str):
            return False
        pieces = value.split(SEPARATOR)
        if self.script in pieces or not set(self.users).isdisjoint(pieces):
            return True
        is_path = "/" in value or value.count("\\") > 1  # one: a domain before a name
        return is_path and any(_by_itself(user, value) for user in self.users)

    def is_anywhere_in(self, value: Any) -> bool:
        """Return whether a text anywhere in what was read from JSON names one of them."""
        if isinstance(value, dict):
            return any(map(self.is_anywhere_in, (*value, *value.values())))
        if isinstance(value, list):
            return any(map(self.is_anywhere_in, value))
        return self.is_in(value)


def _by_itself(name: str, text: str) -> bool:
    """Return whether a name stands in a text with no letter or digit beside it."""
    at = text.find(name)
    while name and at >= 0:
        end = at + len(name)
        if not text[max(0, at - 1) : at].isalnum() and not text[end : end + 1].isalnum():
            return True
        at = text.find(name, at + 1)
    return False
