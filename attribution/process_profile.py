"""One process painted whole: its facts, parents, script and launch context, joined into attribution values."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from attribution.facts import ProcessFacts
from attribution.filesystem import HostFiles
from attribution.identity.version import Identity, identify, identify_code
from attribution.launch import started_by
from attribution.os_users import People
from attribution.resolution import Resolution, resolve
from core.attribution import Certainty, ProcessRef, Script

_MOST_PARENTS = 32
_ORPHAN = "its parent has exited, so it cannot be said whether Python started it"
_NO_SCRIPT_PARENT = "the process that started this worker has exited"


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """Everything that is said of one process, ready to be recorded."""

    facts: ProcessFacts
    ref: ProcessRef
    ancestry: tuple[ProcessRef, ...]
    user: str | None
    script: Script | None
    script_facts: ProcessFacts | None
    """The Python process whose script it is: itself or an ancestor."""
    script_path: str | None
    """As its process sees it, whatever the setting for names: for reading, never for recording."""
    is_itself_python: bool
    started_by: str | None
    is_python: bool | None
    certainty: Certainty
    reason: str | None

    @property
    def script_ref(self) -> ProcessRef | None:
        """The ancestor whose script this is; None when it is the process itself."""
        if self.script_facts is None or self.script_facts.pid == self.facts.pid:
            return None
        return next((ref for ref in self.ancestry if ref.pid == self.script_facts.pid), None)


def parents_of(
    facts: ProcessFacts, process: Callable[[int], ProcessFacts | None]
) -> tuple[ProcessFacts, ...]:
    """Return the ancestors, nearest first. A "parent" younger than its child is a reused pid and ends the chain."""
    found: list[ProcessFacts] = []
    child = facts
    while child.parent > 0 and len(found) < _MOST_PARENTS:
        parent = process(child.parent)
        if parent is None or parent.start > child.start or parent.pid == child.pid:
            break
        found.append(parent)
        child = parent
    return tuple(found)


def paint(
    facts: ProcessFacts,
    parents: tuple[ProcessFacts, ...],
    people: People,
    wrappers: frozenset[str] = frozenset(),
) -> Portrait:
    """Join facts into a portrait.

    `wrappers`: scripts of our own that only start others (`outgate run`). As an ancestor they are nobody's script.
    """
    owner, resolution, note = _script_of(facts, parents, wrappers)
    identity = _identity(owner, resolution)
    itself = owner is facts or _is_python(facts)
    is_python = True if owner is not None or itself else _not_python(facts, parents)
    reason = note or (None if resolution is None else resolution.note) or identity.note
    if is_python is None:
        reason = _ORPHAN
    return Portrait(
        facts=facts,
        ref=_ref(facts, people),
        ancestry=tuple(_ref(parent, people) for parent in parents),
        user=people.name(user_name(facts)),
        script=None
        if resolution is None or owner is None
        else _script(resolution, identity, people),
        script_facts=owner,
        script_path=None if resolution is None else resolution.path,
        is_itself_python=itself,
        started_by=started_by(facts, parents),
        is_python=is_python,
        certainty=Certainty.EXACT if reason is None else Certainty.LIKELY,
        reason=reason,
    )


def _is_python(facts: ProcessFacts) -> bool:
    return resolve(facts, HostFiles(facts.root)) is not None


def _script_of(
    facts: ProcessFacts, parents: tuple[ProcessFacts, ...], wrappers: frozenset[str]
) -> tuple[ProcessFacts | None, Resolution | None, str | None]:
    """Return the nearest Python process that is no worker, what it runs, and why that is uncertain."""
    line = (facts, *parents)
    worker = False
    for at, process in enumerate(line):
        resolution = resolve(process, HostFiles(process.root), line[at + 1 :])
        if resolution is None or (at > 0 and resolution.path in wrappers):
            if worker:
                break
            continue
        if not resolution.by_parent:
            return process, resolution, _ORPHAN if worker and process.pid == 1 else None
        worker = True
    return None, None, _NO_SCRIPT_PARENT if worker else None


def _is_wrapper(process: ProcessFacts) -> bool:
    """Between a worker and its main process stand at most interpreters; a Windows venv launcher is one too."""
    return False if process.exe else not process.argv


def _not_python(facts: ProcessFacts, parents: tuple[ProcessFacts, ...]) -> bool | None:
    """False when the whole ancestry is known; None for an orphan, whose real parent has gone."""
    if not parents:
        return None
    nearest = parents[0]
    return (
        None
        if nearest.pid == 1 or nearest.name == "systemd" or len(parents) >= _MOST_PARENTS
        else False
    )


def _identity(owner: ProcessFacts | None, resolution: Resolution | None) -> Identity:
    if owner is None or resolution is None:
        return Identity()
    if resolution.code is not None:
        return identify_code(resolution.code)
    if resolution.path is None:
        return Identity()
    files = HostFiles(owner.root)
    return identify(
        files.outside(resolution.path), shown=resolution.path, started_at=owner.started_at
    )


def _script(resolution: Resolution, identity: Identity, people: People) -> Script:
    return Script(
        path=people.optional_path(resolution.path),
        sha256=identity.sha256,
        launched_as=resolution.launched_as,
        name=resolution.name,
        version=identity.to_json(people),
    )


def _ref(facts: ProcessFacts, people: People) -> ProcessRef:
    return ProcessRef(
        pid=facts.pid,
        started_at=facts.started_at,
        name=facts.name,
        exe=people.optional_path(facts.exe),
    )


def user_name(facts: ProcessFacts) -> str | None:
    """Return the account's name, or its number where it has none."""
    if facts.user is not None or facts.uid is None or os.name == "nt":
        return facts.user
    import pwd

    try:
        return pwd.getpwuid(facts.uid).pw_name
    except KeyError:
        return str(facts.uid)
