"""Typed, stable placeholders: `<IBAN_1>`; the same value gives the same one within a script and
day.
"""

import re
from collections import OrderedDict
from datetime import datetime

from core.fingerprint import Fingerprinter

PLACEHOLDER = re.compile(r"<[A-Z][A-Z0-9_]{0,38}_[0-9]{1,6}>")
LONGEST = 48
"""No placeholder has more characters."""
_SCOPES = 512


class Placeholders:
    """Numbers values per scope and kind. Keeps keyed fingerprints only, and only in memory."""

    def __init__(self, fingerprinter: Fingerprinter) -> None:
        self._fingerprinter = fingerprinter
        self._scopes: OrderedDict[tuple[str, str], dict[str, dict[str, int]]] = OrderedDict()

    def of(self, script: str, at: datetime, kind: str, value: str) -> str:
        """Return the placeholder of a value (normalised, so that spellings share one)."""
        scope = (script, at.date().isoformat())
        numbers = self._scopes.setdefault(scope, {})
        self._scopes.move_to_end(scope)
        if len(self._scopes) > _SCOPES:
            self._scopes.popitem(last=False)
        known = numbers.setdefault(kind, {})
        number = known.setdefault(self._fingerprinter.of(kind, value), len(known) + 1)
        return f"<{kind.upper()[:38]}_{number}>"

    def __repr__(self) -> str:
        return f"<Placeholders {len(self._scopes)} scopes>"
