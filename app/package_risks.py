"""Says for the gate what is the matter with a script's packages, by the advisories that were
imported last; a request only looks up what was learnt in a thread before.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from core.errors import InputError
from core.vocabulary.packages import PackageState

_REMEMBERED = 50_000
_NOTHING: frozenset[PackageState] = frozenset()

type Package = tuple[str, str]
"""Name and version of a distribution."""


class PackageRisks:
    """Knows of each package that was learnt whether an advisory names it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read_at: int | None = None
        self._states: dict[Package, frozenset[PackageState]] = {}
        self._malicious: frozenset[Package] = frozenset()
        """Of these: each request asks, and hundreds may be installed."""
        self.advised = False
        """True where advisories were imported and can be read."""

    def learn(self, packages: Sequence[Package]) -> None:
        """Look these up, and all others again when advisories were imported since. May take tens of
        milliseconds: not on the event loop.
        """
        from inventory.advisories.kept import load

        changed = self._changed_at()
        known = {} if changed != self._read_at else self._states
        wanted = {*packages, *self._states} if changed != self._read_at else set(packages)
        new = [package for package in wanted if package not in known]
        if not new and changed == self._read_at:
            return
        try:
            advisories = load(self._folder)
            found = {
                package: _NOTHING
                if advisories is None
                else frozenset(
                    PackageState.MALICIOUS if risk.malicious else PackageState.VULNERABLE
                    for risk in advisories.at_risk(*package)
                )
                for package in new
            }
            self.advised = advisories is not None
        except InputError:
            self.advised = False
            return
        if len(known) + len(found) > _REMEMBERED:
            known = {}
        states = {**known, **found}
        self._malicious = frozenset(p for p, s in states.items() if PackageState.MALICIOUS in s)
        self._states = states
        self._read_at = changed

    def states(
        self, imported: Sequence[Package], installed: Sequence[Package], allowed: frozenset[str]
    ) -> frozenset[PackageState]:
        """Return what is the matter. Of what is only installed, malicious packages count: they run
        when an interpreter starts.
        """
        found: set[PackageState] = set()
        for package in imported:
            found |= self._states.get(package, _NOTHING)
            if allowed and package[0] not in allowed:
                found.add(PackageState.NOT_ALLOWED)
        if self._malicious and not self._malicious.isdisjoint(installed):
            found.add(PackageState.MALICIOUS)
        return frozenset(found)

    def _changed_at(self) -> int:
        try:
            return os.stat(self._folder / "index.json").st_mtime_ns  # noqa: PTH116 - at each script
        except OSError:
            return 0
