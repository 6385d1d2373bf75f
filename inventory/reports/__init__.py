"""Reports of a scan: one file each format, found by themselves. Names and contents of files are
somebody else's: every format makes them inert.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.errors import InputError
from core.scanned import ScanResult


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFormat:
    """One format."""

    name: str
    purpose: str
    """For `--help`."""
    write: Callable[[ScanResult], str]


def formats() -> Mapping[str, ReportFormat]:
    """Return all formats by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found = [importlib.import_module(f"{__name__}.{name}").FORMAT for name in names]
    return {format_.name: format_ for format_ in found}


def format_named(name: str) -> ReportFormat:
    """Return a format. Raises InputError that lists those there are."""
    known = formats()
    if name not in known:
        raise InputError(f"There is no format {name!r}.", remedy=f"Known: {', '.join(known)}.")
    return known[name]
