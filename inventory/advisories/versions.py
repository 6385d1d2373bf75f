"""The order of versions: PEP 440, and before all of these what is none, as installers had it before
(pure).
"""

from functools import lru_cache
from typing import Any

from packaging.utils import canonicalize_version
from packaging.version import InvalidVersion, Version

_LONGEST = 200
_BEFORE = {"pre": "c", "preview": "c", "-": "final-", "rc": "c", "dev": "@"}


type Order = tuple[bool, Any]
"""A version's place: whether it is one at all, and what it is compared by."""


@lru_cache(maxsize=50_000)
def order(text: str) -> Order:
    """Return a version's place in the order. Local parts (`+cu118`) do not count: a build of a
    version has its holes.
    """
    try:
        return True, Version(text[:_LONGEST].partition("+")[0])
    except InvalidVersion:
        return False, tuple(_legacy_parts(text[:_LONGEST]))


@lru_cache(maxsize=50_000)
def same(text: str) -> str:
    """Return the one spelling of all that are the same version: `1` for `1.0.0` and `v1+cu118`;
    what is no version is itself.
    """
    return canonicalize_version(text.partition("+")[0])


def _legacy_parts(text: str) -> list[str]:
    """Return what versions before PEP 440 were compared by: runs of digits and of letters."""
    parts: list[str] = []
    for found in _runs(text.lower()):
        run = _BEFORE.get(found, found)
        if run == ".":
            continue
        if run[0].isdecimal():
            parts.append(run.zfill(8))
            continue
        parts.append(f"*{run}")
        if run < "final":
            while len(parts) > 1 and parts[-2] == "00000000":
                del parts[-2]
    return [*parts, "*final"]


def _runs(text: str) -> list[str]:
    runs: list[str] = []
    for sign in text:
        kind = _kind(sign)
        if runs and kind and kind == _kind(runs[-1][-1]):
            runs[-1] += sign
        else:
            runs.append(sign)
    return runs


def _kind(sign: str) -> str:
    if sign.isdecimal():
        return "digit"
    return "letter" if sign.isalpha() else ""
