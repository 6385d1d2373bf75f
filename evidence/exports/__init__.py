"""Exports: one file per format, found in this folder; written whole or not at all, for the owner only."""

import importlib
import os
import pkgutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

from core.errors import EvidenceError, InputError
from evidence.entries import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One export format: what a user calls it, what it is for, and the function that writes it."""

    name: str
    suffix: str
    """What the name of such a file ends in, with its dot; no two formats share one."""
    purpose: str
    """After the name, in a list: `for people with a spreadsheet program`."""
    write: Callable[[Iterable[Entry], BinaryIO], int]
    """Writes all entries to the open file; returns how many. One that cannot be read hides no other."""
    proposed: bool = False
    """What the review proposes to somebody who has not chosen; true of one format."""


@cache
def formats() -> Mapping[str, Format]:
    """Return the formats by name. Raises EvidenceError for a module here that is not a format, or one used twice."""
    found: dict[str, Format] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        format_ = getattr(importlib.import_module(f"{__name__}.{module.name}"), "FORMAT", None)
        if not isinstance(format_, Format) or _taken(format_, found.values()):
            raise EvidenceError(
                f"The export format in {module.name} is not usable.", remedy="Reinstall Outgate."
            )
        found[format_.name] = format_
    return dict(sorted(found.items()))


def _taken(new: Format, known: Iterable[Format]) -> bool:
    return any(new.name == other.name or new.suffix == other.suffix for other in known)


def format_named(name: str, *besides: str) -> Format:
    """Return the format of that name. Raises InputError, which says what there is; `besides` is there, too."""
    if (format_ := formats().get(name)) is None:
        known = ", ".join((*besides, *formats()))
        raise InputError(f"There is no export format of that name. Known: {known}.")
    return format_


def export(name: str, entries: Iterable[Entry], out: Path, *, overwrite: bool = False) -> int:
    """Write the entries to the file `out`; return how many. Raises InputError, or EvidenceError from the store.

    The file appears under its name only when it is complete; an existing one is replaced only with `overwrite`.
    """
    format_ = format_named(name)
    if out.is_dir():
        raise InputError("The export's name is that of a folder.", remedy="Name a file in it.")
    if out.exists() and not overwrite:
        raise InputError(
            "There is a file of that name already.",
            remedy="Choose another name, or allow overwriting.",
        )
    try:
        return _write_whole(format_, entries, out, overwrite=overwrite)
    except OSError as error:
        raise InputError(
            f"The export cannot be written: {error.strerror}.", remedy="Check the folder."
        ) from None


def _write_whole(format_: Format, entries: Iterable[Entry], out: Path, *, overwrite: bool) -> int:
    # Such a file is the owner's only, whatever the umask.
    handle, name = tempfile.mkstemp(prefix=".outgate-export-", dir=out.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            count = format_.write(entries, file)
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            unfinished.replace(out)
        else:
            _publish(unfinished, out)
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def _publish(unfinished: Path, out: Path) -> None:
    try:
        os.link(unfinished, out)
    except FileExistsError:
        raise InputError(
            "There is a file of that name already.", remedy="Choose another name."
        ) from None
    except OSError:
        # File systems without hard links: the check before must do.
        unfinished.replace(out)
