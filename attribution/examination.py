"""Everything that is read of a sender's files, in the helper process: which script, which version, made of what."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from attribution.facts import ProcessFacts
from attribution.filesystem import files_of
from attribution.identity.composition import Composer, Composition
from attribution.identity.version import Identity, identify, identify_code
from attribution.plain_files import text_of
from attribution.resolution import Resolution, resolve, search_paths

_ORPHAN = "its parent has exited, so it cannot be said whether Python started it"
_NO_SCRIPT_PARENT = "the process that started this worker has exited"

_composer = Composer()


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What the files of a process and of its ancestors tell of its script."""

    owner: int | None
    """Whose script it is: 0 the process itself, 1 its parent, and so on; None when no Python process is among them."""
    resolution: Resolution | None
    """Without the program text of `-c`."""
    is_itself_python: bool
    identity: Identity = field(default_factory=Identity)
    note: str | None = None
    """Why the owner is not certain."""


def examine(line: Sequence[ProcessFacts], wrappers: frozenset[str]) -> Examined:
    """Find the script of a process. `line`: the process, then its ancestors, nearest first.

    `wrappers`: scripts of our own that only start others (`outgate run`). As an ancestor they are nobody's script.
    """
    owner, resolution, note = _script_of(line, wrappers)
    itself = owner == 0 or resolve(line[0], files_of(line[0])) is not None
    if owner is None or resolution is None:
        return Examined(owner=None, resolution=None, is_itself_python=itself, note=note)
    return Examined(
        owner=owner,
        resolution=replace(resolution, code=None),
        is_itself_python=itself,
        identity=_identity(line[owner], resolution),
        note=note,
    )


def composition(facts: ProcessFacts, path: str | None, sha256: str | None) -> Composition:
    """Return what the script at `path` (as its process sees it) with this hash is made of. May take 100 ms."""
    return _composer.compose(sha256, path, facts)


def source(facts: ProcessFacts, path: str, sha256: str, most: int) -> bytes | None:
    """Return the script's source when it still has this hash and is no longer than `most` bytes."""
    data = text_of(files_of(facts).outside(path), most + 1)
    return data if len(data) <= most and hashlib.sha256(data).hexdigest() == sha256 else None


def absolute(facts: ProcessFacts, names: Sequence[str]) -> dict[str, str]:
    """Return the absolute paths of these relative file names of a process, where there is one answer."""
    files = files_of(facts)
    found = {name: search_paths.locate(facts, name, files).path for name in names}
    return {name: path for name, path in found.items() if path is not None}


def ready() -> int:
    """Return the process that reads: asked once, to start it before it is needed."""
    return os.getpid()


def _script_of(
    line: Sequence[ProcessFacts], wrappers: frozenset[str]
) -> tuple[int | None, Resolution | None, str | None]:
    """Return the nearest Python process that is no worker, what it runs, and why that is uncertain."""
    worker = False
    for at, process in enumerate(line):
        resolution = resolve(process, files_of(process), line[at + 1 :])
        if resolution is None or (at > 0 and resolution.path in wrappers):
            if worker:
                break
            continue
        if not resolution.by_parent:
            return at, resolution, _ORPHAN if worker and process.pid == 1 else None
        worker = True
    return None, None, _NO_SCRIPT_PARENT if worker else None


def _identity(owner: ProcessFacts, resolution: Resolution) -> Identity:
    if resolution.code is not None:
        return identify_code(resolution.code)
    if resolution.path is None:
        return Identity()
    return identify(
        files_of(owner).outside(resolution.path), shown=resolution.path, started_at=owner.started_at
    )
