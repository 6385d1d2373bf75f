"""The order of versions: PEP 440, and before all of these what is none, as installers had it before
(pure).

A version's place in the order is a text, so that records are kept with the places of their versions
and to compare two costs no more than to compare two words.
"""

from functools import lru_cache

from packaging.utils import canonicalize_version
from packaging.version import InvalidVersion, Version

_LONGEST = 200
_BEFORE = {"pre": "c", "preview": "c", "-": "final-", "rc": "c", "dev": "@"}


_NONE, _VERSION = "0", "1"
"""How the places begin of what is no version, and of versions."""
_END = "!"
"""Ends the numbers of a release: before any further number."""
_PRE = {"a": "b", "b": "c", "rc": "d"}


@lru_cache(maxsize=50_000)
def order(text: str) -> str:
    """Return a version's place in the order. Local parts (`+cu118`) do not count: a build of a
    version has its holes.
    """
    try:
        version = Version(text[:_LONGEST].partition("+")[0])
    except InvalidVersion:
        return _NONE + "\0".join(_legacy_parts(text[:_LONGEST]))
    release = list(version.release)
    while len(release) > 1 and not release[-1]:
        release.pop()
    numbers = "".join(map(_number, release))
    return f"{_VERSION}{_number(version.epoch)}{numbers}{_END}{_stage(version)}"


def is_version(text: str) -> bool:
    """True for what PEP 440 knows; anything else is in the order before all of these."""
    return order(text).startswith(_VERSION)


def _number(number: int) -> str:
    """Return a number as texts of numbers are in order: how many digits there are comes first."""
    digits = str(number)
    return chr(ord("0") + len(digits)) + digits


def _stage(version: Version) -> str:
    """Return what tells apart versions of one release: before it, itself, after it."""
    if version.pre is not None:
        pre = _PRE[version.pre[0]] + _number(version.pre[1])
    else:
        pre = "a" if version.dev is not None and version.post is None else "e"
    post = "a" if version.post is None else "b" + _number(version.post)
    dev = "b" if version.dev is None else "a" + _number(version.dev)
    return pre + post + dev


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
