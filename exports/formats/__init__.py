"""The export formats: one file each, found in this folder."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from core.errors import EvidenceError, InputError
from exports.contents import Contents
from exports.head import Sealer


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One entry as an exported file holds it."""

    where: str
    """For a person: `line 17`, `row 3 of the sheet records`."""
    seq: int
    hash: str
    """Hex, as the file states it."""
    act: bool = False
    """Whether it is of the chain of acts; else it is a record."""
    prev: str | None = None
    """Hash of the entry before, where the file holds it."""
    body: bytes | None = None
    """What was hashed, where the file holds it."""
    seal: Mapping[str, Any] | None = None
    """How it was hashed by parts, where it was."""
    problem: str | None = None
    """What is wrong with it by itself."""

    def __post_init__(self) -> None:
        """Raise ValueError where a file holds a value of another type there."""
        texts = isinstance(self.hash, str) and isinstance(self.prev, str | None)
        if type(self.seq) is not int or not texts:
            raise ValueError("this has no place in a chain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An exported file as it is read back."""

    head: bytes | None
    """The text of its head; None where it has none."""
    digest: str
    """SHA-256 of all that is not the head, hex."""
    places: Iterator[Place]
    """In the order of the file. Raises ValueError for what is none of its entries."""
    around: str | None = None
    """What is wrong with what stands around the head, where its signature does not reach."""
    acts_apart: bool = False
    """Whether acts are told beside their records only, and have no place of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One export format: what a user calls it, what it is for, and what writes and reads it."""

    name: str
    suffix: str
    """What the name of such a file ends in, with its dot; no two formats share one."""
    purpose: str
    """After the name, in a list: `for people with a spreadsheet program`."""
    write: Callable[[Contents, Sealer | None, BinaryIO], None]
    """Writes the contents to the open file, its sealed head first; without a sealer, no head.

    An entry that cannot be read hides no other.
    """
    recognises: Callable[[bytes], bool]
    """Whether a file that begins with these bytes (4,096 at most) is one."""
    read: Callable[[Path], Opened]
    """Opens such a file to be checked. Raises OSError, ValueError."""
    proposed: bool = False
    """What the review proposes to somebody who has not chosen; true of one format."""
    common: bool = False
    """Whether it stands before the others in lists."""


@cache
def formats() -> Mapping[str, Format]:
    """Return the formats by name.

    Raises EvidenceError for a module here that is not a format, or one used twice.
    """
    found: dict[str, Format] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        format_ = getattr(importlib.import_module(f"{__name__}.{module.name}"), "FORMAT", None)
        if not isinstance(format_, Format) or _taken(format_, found.values()):
            raise EvidenceError(
                f"The export format in {module.name} is not usable.", remedy="Reinstall Outgate."
            )
        found[format_.name] = format_
    return dict(sorted(found.items(), key=lambda item: (not item[1].common, item[0])))


def _taken(new: Format, known: Iterable[Format]) -> bool:
    return any(new.name == other.name or new.suffix == other.suffix for other in known)


def format_named(name: str, *besides: str, last: Sequence[str] = ()) -> Format:
    """Return the format of that name.

    Raises InputError, which says what there is; `besides` is there before them, `last` after.
    """
    if (format_ := formats().get(name)) is None:
        known = ", ".join((*besides, *formats(), *last))
        raise InputError(f"There is no export format of that name. Known: {known}.")
    return format_
