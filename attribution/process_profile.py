"""One process painted whole: its facts, parents, script and launch context, joined into attribution
values.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from attribution.examination import Examined, became_another, examine
from attribution.facts import UNTOLD, ProcessFacts
from attribution.identity.version import Identity
from attribution.interpreters import is_python_program
from attribution.launch import started_by
from attribution.origins import adopts, is_origin
from attribution.os_users import People
from attribution.reader import Reader
from attribution.reader_helpers import Unread
from attribution.resolution import Resolution
from core.attribution import Certainty, ProcessRef, Script

_MOST_PARENTS = 32
_ORPHAN = "its parent has exited, so it cannot be said whether Python started it"
_TRACED = (
    "another program had this one, or one above it, in its hands (ptrace), as a debugger has: that"
    " one may have made it send"
)
_HELD = (
    "what started it ended before it began, and may have had it in its hands (ptrace) until then: "
    "that one may have put another program in its place"
)
_SUPERVISED = (
    "its system calls are filtered (seccomp), and what set that up may have given it another file, "
    "or have sent in its place"
)
_HOLDS_UP = (
    "it keeps its command line from being read (whoever looks at it waits, `ps` too), so what it"
    " runs is not known"
)
_AGAIN_S, _SOON_S, _SELDOM_S = 5.0, 0.05, 60.0
_STARTING_S = 10.0
_EXAMINE_S = 1.5
"""Less than the gate waits for an attribution."""


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
    script_candidates: tuple[str, ...]
    """Paths of all scripts that were named, where the witnesses differ; as they may be recorded."""
    again_s: float | None
    """So much later another look may tell more: its files could not be read, its interpreter did
    not speak yet.
    """
    has_beacon: bool
    """True when the script's process told its start itself: it may tell of its requests."""
    unread: bool = False
    """True where its files could not be read in time: what it runs is not known yet."""

    @property
    def script_ref(self) -> ProcessRef | None:
        """The ancestor whose script this is; None when it is the process itself."""
        if self.script_facts is None or self.script_facts.pid == self.facts.pid:
            return None
        return next((ref for ref in self.ancestry if ref.pid == self.script_facts.pid), None)


def parents_of(
    facts: ProcessFacts, process: Callable[[int], ProcessFacts | None]
) -> tuple[ProcessFacts, ...]:
    """Return the ancestors, nearest first. A "parent" younger than its child is a reused pid and
    ends the chain.
    """
    found: list[ProcessFacts] = []
    child = facts
    while child.parent > 0 and len(found) < _MOST_PARENTS:
        parent = process(child.parent)
        if parent is None or parent.start > child.start or parent.pid == child.pid:
            break
        found.append(parent)
        child = parent
    return tuple(found)


def _doubt(seen: Examined) -> str | None:
    """Return why the script is not certain; None where nothing speaks against it."""
    noted = None if seen.resolution is None else seen.resolution.note
    return seen.note or noted or seen.identity.note


def paint(
    facts: ProcessFacts,
    parents: tuple[ProcessFacts, ...],
    people: People,
    reader: Reader,
    wrappers: frozenset[str] = frozenset(),
) -> Portrait:
    """Join facts into a portrait.

    `wrappers`: scripts of our own that only start others (`outgate run`). As an ancestor they are
    nobody's script.
    """
    line = (facts, *parents)
    unread = None
    try:
        seen = reader.ask(_EXAMINE_S, examine, line, wrappers)
    except Unread as error:
        unread = str(error)
        seen = Examined(
            owner=None, resolution=None, is_itself_python=_is_called_python(facts), note=unread
        )
    owner = None if seen.owner is None else line[seen.owner]
    is_python = True if owner is not None or seen.is_itself_python else _not_python(facts, parents)
    reason = _doubt(seen)
    if unread is not None:
        is_python = is_python or None
    elif is_python is None:
        reason = _ORPHAN
    reason = _of_process(line, seen) or reason
    return Portrait(
        facts=facts,
        ref=ref_of(facts, people),
        ancestry=tuple(ref_of(parent, people) for parent in parents),
        user=people.name(user_name(facts)),
        script=None if seen.resolution is None else _script(seen.resolution, seen.identity, people),
        script_facts=owner,
        script_path=None if seen.resolution is None else seen.resolution.path,
        is_itself_python=seen.is_itself_python,
        started_by=started_by(facts, parents),
        is_python=is_python,
        certainty=Certainty.EXACT if reason is None else Certainty.LIKELY,
        reason=reason,
        script_candidates=tuple(people.path(path) for path in seen.candidates),
        again_s=_again(owner or facts, seen, unread is not None),
        has_beacon=seen.has_beacon,
        unread=unread is not None,
    )


def _of_process(line: tuple[ProcessFacts, ...], seen: Examined) -> str | None:
    """Return why nothing is certain of these processes, whatever they seem to run."""
    line = line[: (seen.owner or 0) + 1]
    if any(facts.unheard == UNTOLD for facts in line):
        return UNTOLD
    if any(facts.holds_up for facts in line):
        return _HOLDS_UP
    if any(facts.traced for facts in line):
        return _TRACED
    if any(facts.filters > 0 for facts in line):
        return _SUPERVISED
    # Whose own script it is, is no matter of its parent's.
    if any(facts.adopted for facts in line[:-1]):
        return _ORPHAN
    return _HELD if any(facts.held for facts in line) else None


def _again(facts: ProcessFacts, seen: Examined, unread: bool) -> float | None:
    if unread or not seen.is_itself_python:
        return _AGAIN_S  # a program that is no Python may load one
    if not seen.unheard and not facts.undated:
        return None
    settled = facts.born_at is not None and time.time() - facts.born_at > _STARTING_S
    return _SELDOM_S if settled else _SOON_S


def _is_called_python(facts: ProcessFacts) -> bool:
    return facts.embeds_python or is_python_program(facts.exe or "")


def _not_python(facts: ProcessFacts, parents: tuple[ProcessFacts, ...]) -> bool | None:
    """False when the whole ancestry is known, up to where a person's session or a device begins;
    else None.

    Whoever loses its parent gets another one, and looks as if that had started it. So what stands
    directly below the first process, or below a manager of services, has an origin only where it is
    such a beginning itself, and was not taken in by what is above it now. Nor is an ancestor one
    that became another program after its child was born, or that only carries out what others ask
    for.
    """
    line = (facts, *parents)
    if any(became_another(parent, child) for child, parent in zip(line, parents, strict=False)):
        return None
    origin = next((at for at, parent in enumerate(parents) if is_origin(parent)), None)
    if origin is None or len(parents) >= _MOST_PARENTS:
        return None
    if any(one.adopted for one in line[: origin + 2]):
        return None
    return None if any(adopts(parent) for parent in parents[:origin]) else False


def _script(resolution: Resolution, identity: Identity, people: People) -> Script:
    return Script(
        path=people.optional_path(resolution.path),
        sha256=identity.sha256,
        launched_as=resolution.launched_as,
        name=resolution.name,
        version=identity.to_json(people),
    )


def ref_of(facts: ProcessFacts, people: People) -> ProcessRef:
    """Return a process as it is recorded."""
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
