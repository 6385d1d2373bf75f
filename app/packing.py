"""A pack of evidence with what belongs to it: the policies, and the sources that were kept."""

import hashlib
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO

from app.home import Home
from app.kept_sources import seal_trouble, source_store
from app.policy_in_force import machine_policy
from evidence.store import Store
from exports.pack.building import Packed, Sources, build
from exports.selection import Selection
from exports.writing import write_file


def pack(
    home: Home,
    store: Store,
    selection: Selection,
    to: Path | BinaryIO,
    *,
    by: str,
    also: Collection[str] = (),
    overwrite: bool = False,
) -> Packed:
    """Write a pack and return what it holds. Raises OutgateError."""
    policies = {}
    for path in filter(Path.is_file, (home.policy, machine_policy() or home.policy)):
        text = path.read_bytes()
        policies[hashlib.sha256(text).hexdigest()[:16]] = text
    kept = source_store(home)
    sources = Sources(
        policies=policies, script=kept.text, seal=lambda one: seal_trouble(kept, one) or ""
    )
    packed: list[Packed] = []

    def write(file: BinaryIO) -> None:
        packed.append(build(store, selection, file, by=by, sources=sources, also=also))

    if isinstance(to, Path):
        write_file(to, write, overwrite=overwrite)
    else:
        write(to)
    return packed[0]
