"""The collectors: one file each, found in this folder."""

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from core.activity import Collector, ProgramRuns, SocketTable
from core.errors import EvidenceError
from core.ids import utc_now
from core.observation import Kind
from core.ports import Attributor


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What collectors look with."""

    sockets: SocketTable
    attributor: Attributor
    clock: Callable[[], datetime] = utc_now
    runs: ProgramRuns | None = None
    """None: nobody follows runs here."""
    own_scripts: frozenset[str] = frozenset()
    """Places of our own scripts: what they do beside requests is no observation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorKind:
    """One kind of collector."""

    name: str
    collects: frozenset[Kind]
    make: Callable[[Means], Collector]


@cache
def collector_kinds() -> Sequence[CollectorKind]:
    """Return all kinds, by name. Raises EvidenceError for a module here that is none."""
    found: dict[str, CollectorKind] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        kind = getattr(importlib.import_module(f"{__name__}.{module.name}"), "COLLECTOR", None)
        if not isinstance(kind, CollectorKind) or kind.name in found:
            raise EvidenceError(
                f"The collector in {module.name} is not usable.", remedy="Reinstall Outgate."
            )
        found[kind.name] = kind
    return tuple(found.values())
