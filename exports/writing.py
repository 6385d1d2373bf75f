"""Writes an export: whole or not at all, for the owner only; or to a stream."""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from core.errors import InputError
from evidence.store import Store
from exports.contents import Contents
from exports.formats import Format, format_named
from exports.selection import Selection, sealer_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How much was written."""

    records: int
    acts: int
    changed: int = 0
    """Of both, how many are not what was chained."""


def export(
    name: str,
    store: Store,
    selection: Selection,
    out: Path | BinaryIO,
    *,
    by: str,
    overwrite: bool = False,
    at: datetime | None = None,
) -> Written:
    """Write the selection in the format called `name`, with its signed head.

    A file appears under its name only when it is complete; an existing one is replaced only with
    `overwrite`. Raises InputError, or EvidenceError from the store.
    """
    format_ = format_named(name)
    selection = selection.held(store)
    sealer = sealer_of(store, selection, name, by, at)
    contents = selection.contents(store)
    return write(
        out, contents, lambda file: format_.write(contents, sealer, file), overwrite=overwrite
    )


def export_bare(format_: Format, contents: Contents, out: BinaryIO) -> None:
    """Write contents that come from no evidence file, and so have no head."""
    format_.write(contents, None, out)


def write(
    out: Path | BinaryIO,
    contents: Contents,
    write_to: Callable[[BinaryIO], None],
    *,
    overwrite: bool = False,
) -> Written:
    """Let `write_to` write a file of these contents, whole or not at all. Raises as `export`."""
    if isinstance(out, Path):
        write_file(out, write_to, overwrite=overwrite)
    else:
        write_to(out)
    return Written(
        records=contents.counted.count,
        acts=contents.acts_counted.count,
        changed=contents.changed,
    )


def write_file(out: Path, write_to: Callable[[BinaryIO], None], *, overwrite: bool = False) -> None:
    """Let `write_to` write the file, whole or not at all, for its owner only. Raises InputError."""
    if out.is_dir():
        raise InputError("The export's name is that of a folder.", remedy="Name a file in it.")
    if out.exists() and not overwrite:
        raise InputError(
            "There is a file of that name already.",
            remedy="Choose another name, or allow overwriting.",
        )
    try:
        _write_whole(out, write_to, overwrite=overwrite)
    except OSError as error:
        raise InputError(
            f"The export cannot be written: {error.strerror}.", remedy="Check the folder."
        ) from None


def _write_whole(out: Path, write_to: Callable[[BinaryIO], None], *, overwrite: bool) -> None:
    # Such a file is the owner's only, whatever the umask.
    handle, name = tempfile.mkstemp(prefix=".outgate-export-", dir=out.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "w+b") as file:
            write_to(file)
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            unfinished.replace(out)
        else:
            _publish(unfinished, out)
    finally:
        unfinished.unlink(missing_ok=True)


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
