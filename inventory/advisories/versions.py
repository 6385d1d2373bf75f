"""The order of versions: PEP 440, and before all of these what is none, as installers had it before
(pure).
"""

from functools import lru_cache, total_ordering

from packaging.version import InvalidVersion, Version

_LONGEST = 200
_BEFORE = {"pre": "c", "preview": "c", "-": "final-", "rc": "c", "dev": "@"}


@total_ordering
class Order:
    """One version. Local parts (`+cu118`) do not count: a build of a version has its holes."""

    __slots__ = ("_legacy", "_version")

    def __init__(self, text: str) -> None:
        self._version: Version | None = None
        self._legacy: tuple[str, ...] = ()
        try:
            self._version = Version(Version(text[:_LONGEST]).public)
        except InvalidVersion:
            self._legacy = tuple(_legacy_parts(text[:_LONGEST]))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Order):
            return NotImplemented
        return self._version == other._version and self._legacy == other._legacy

    def __lt__(self, other: "Order") -> bool:
        if self._version is not None and other._version is not None:
            return self._version < other._version
        if self._version is None and other._version is None:
            return self._legacy < other._legacy
        return self._version is None

    def __hash__(self) -> int:
        return hash((self._version, self._legacy))


@lru_cache(maxsize=20_000)
def order(text: str) -> Order:
    """Return a version's place in the order."""
    return Order(text)


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
