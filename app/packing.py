"""A pack of evidence with what belongs to it: the policies, and the sources that were kept."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from app.home import Home
from app.kept_sources import seal_trouble, source_store
from app.policy_in_force import deciding_path, machine_policy
from evidence.store import Store
from exports.pack.building import Packed, Sources, build
from exports.selection import Selection
from exports.writing import write_file
from policy.loading import preset_names, preset_text, version_of


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
    kept = source_store(home)
    sources = Sources(
        policies={version_of(text): text for text in _policies(home)},
        script=kept.text,
        seal=lambda one: seal_trouble(kept, one) or "",
    )
    packed: list[Packed] = []

    def write(file: BinaryIO) -> None:
        packed.append(build(store, selection, file, by=by, sources=sources, also=also))

    if isinstance(to, Path):
        write_file(to, write, overwrite=overwrite)
    else:
        write(to)
    return packed[0]


def _policies(home: Home) -> Iterator[bytes]:
    """Yield the texts that can be told: the presets, which are ours, and the files in force."""
    yield from (preset_text(name).encode() for name in preset_names())
    for path in {home.policy, machine_policy(), deciding_path(home)}:
        if path is not None and path.is_file():
            yield path.read_bytes()
