"""Everything that is read of a sender's files, in the helper process: which script, which version,
made of what.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from attribution import beside, compiled, launchers, startup, workers
from attribution.agreement import Agreed, agree
from attribution.backends import procfs
from attribution.beacon.claims import StartClaim
from attribution.beacon.doubt import OTHER_PROGRAM, doubt
from attribution.beacon.reading import start_claim
from attribution.facts import ProcessFacts, Witness
from attribution.filesystem import HostFiles, files_of
from attribution.identity.composition import Composer, Composition
from attribution.identity.imports import Imports
from attribution.identity.version import TURNED, Identity, Since, identify, identify_code
from attribution.interpreter import Interpreters, is_refused
from attribution.lately_shown import LatelyShown
from attribution.line.frames import Stacks
from attribution.mounts import MountTimes
from attribution.plain_files import text_of
from attribution.programs import Programs
from attribution.readable import may_read
from attribution.resolution import Resolution, resolve
from attribution.resolution.command_line import Kind, parse
from attribution.resolution.search_paths import DESCRIPTOR
from attribution.resolution.titles import is_fork_of, of_memory
from core.attribution import LaunchedAs

CLOSED = "nothing shows that the user of the process may read the script that it names"
_ORPHAN = "its parent has exited, so it cannot be said whether Python started it"
_NO_SCRIPT_PARENT = "the process that started this worker has exited"
_REPLACED = "the program file was replaced after the process started"
_ANY = "it holds an interpreter, and was given words: it may run any program that they name"
_ALIKE = (
    "its program file is the same for every script of its kind (cx_Freeze): what it runs lies in "
    "other files beside it"
)
_BECAME = "its parent became another program after it was started"

_CHAINED = (
    "it was started with the words of a worker by another program than its parent, which may have "
    "told it what to run"
)

_composer = Composer()
_programs = Programs()
_interpreters = Interpreters()
_mounts = MountTimes()
_lately = LatelyShown()

type _Reads = Callable[[ProcessFacts, Sequence[ProcessFacts]], Resolution | None]
"""Returns what the command line of a Python process says it runs, by its ancestors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What the files of a process and of its ancestors tell of its script."""

    owner: int | None
    """Whose script it is: 0 the process itself, 1 its parent, and so on; None when no Python
    process is among them.
    """
    resolution: Resolution | None
    """Without the program text of `-c`."""
    is_itself_python: bool
    identity: Identity = field(default_factory=Identity)
    note: str | None = None
    """Why the owner is not certain."""
    candidates: tuple[str, ...] = ()
    """The paths of all scripts that were named, where the witnesses differ."""
    unheard: bool = False
    """True when the interpreter did not say anything: it may later, for instance when it still
    starts.
    """
    has_beacon: bool = False
    """True when the owner has told its own start."""


def examine(line: Sequence[ProcessFacts], wrappers: frozenset[str]) -> Examined:
    """Find the script of a process. `line`: the process, then its ancestors, nearest first.

    `wrappers`: scripts of our own that only start others (`outgate run`). As an ancestor they are
    nobody's script.
    """
    shown = _lately.of(line[1:])

    def read(process: ProcessFacts, parents: Sequence[ProcessFacts]) -> Resolution | None:
        key = "line", process.pid
        if key not in shown:
            shown[key] = _read_line(process, parents)
        found: Resolution | None = shown[key]
        return found

    first = _read_line(line[0], line[1:])
    owner, resolution, note = _script_of(line, first, wrappers, read)
    itself = first is not None
    if owner is None or resolution is None:
        return Examined(owner=None, resolution=None, is_itself_python=itself, note=note)
    key = "script", line[owner].pid
    told: Examined | None = shown.get(key) if owner else None
    if told is None:
        told = _told(line[owner], resolution)
        if owner and not told.unheard:
            shown[key] = told
    why = note or told.note or _between(line[: owner + 1], told.resolution or resolution)
    return replace(told, owner=owner, is_itself_python=itself, note=why)


def _told(owner: ProcessFacts, resolution: Resolution) -> Examined:
    """Return what is told of the script of its own that a process runs."""
    frozen = resolution.launched_as is LaunchedAs.FROZEN
    asked = _interpreters.ask(owner, frozen=frozen)
    claim, files = start_claim(owner), files_of(owner)
    witness = asked if asked is not None else _beacons_word(owner, claim)
    agreed = agree(owner, resolution, witness, files)
    identity = _identity(owner, agreed.resolution)
    agreed = _unresolved(agreed) if identity.note == TURNED else agreed
    doubted = doubt(claim, agreed.resolution.path, identity.sha256, files)
    if doubted == OTHER_PROGRAM and claim is not None:
        agreed = _also(agreed, claim.main)
    return Examined(
        owner=0,
        resolution=replace(agreed.resolution, code=None),
        is_itself_python=True,
        identity=identity,
        note=doubted
        or _any(owner, agreed.resolution, asked)
        or _beyond(owner, agreed.resolution, asked, files),
        candidates=agreed.candidates,
        unheard=asked is None,
        has_beacon=claim is not None,
    )


def _any(owner: ProcessFacts, run: Resolution, witness: Witness | None) -> str | None:
    """Return why a program that is named for its script, for it holds it, may run another one: it
    is a Python under another name as far as can be seen, and was told to run something.
    """
    if run.launched_as is not LaunchedAs.FROZEN or run.path != owner.exe:
        return None
    if _programs.is_like_others(owner):
        return _ALIKE
    told = parse(owner.argv[1:]).kind is not Kind.NOTHING
    if witness is not None and witness.imported:
        return _ANY
    return _ANY if told and not _programs.is_made_for_one(owner) else None


def _beyond(
    owner: ProcessFacts, run: Resolution, witness: Witness | None, files: HostFiles
) -> str | None:
    """Return why something else than the file of its name may have run, whatever the witnesses
    say.
    """
    if run.by_tool and run.note is not None:
        return None  # it is in doubt, and for a reason that says more
    places = startup.folders_of(startup.start_of(owner, files)) if _is_module(run) else ()
    found = compiled.doubt(owner, run, witness, files, places)
    found = found or launchers.doubt(owner, run, witness, files)
    if found is None and run.path is not None and compiled.is_imported(owner, run):
        found = startup.doubt(owner, files)
    return found or beside.goes_on(owner) or beside.doubt(owner, files, run.path)


def _is_module(run: Resolution) -> bool:
    return run.launched_as is LaunchedAs.MODULE


def _between(line: Sequence[ProcessFacts], run: Resolution) -> str | None:
    """Return why a worker may run something else than the script of the last of this line. What was
    forked from its parent, and nothing more, runs what that does.
    """
    loaded = (
        worker
        for worker, parent in pairwise(line)
        if not is_fork_of(worker, parent) and _programs.is_interpreter(worker)
    )
    doubts = (workers.doubt(each, files_of(each), run.path) for each in loaded)
    return next((found for found in doubts if found is not None), None)


def _unresolved(agreed: Agreed) -> Agreed:
    """Name the path that was followed, and not where it leads now."""
    run = agreed.resolution
    if run.spelled is None or run.spelled == run.path:
        return agreed
    named = [path for path in (*agreed.candidates, run.spelled, run.path) if path is not None]
    return Agreed(resolution=replace(run, path=run.spelled), candidates=tuple(dict.fromkeys(named)))


def _read_line(process: ProcessFacts, parents: Sequence[ProcessFacts]) -> Resolution | None:
    """Return what the command line of a Python process says it runs."""
    is_interpreter = _programs.is_interpreter(process)
    if not is_interpreter and _programs.has_loaded_python(process):
        process = replace(process, embeds_python=True)
    return resolve(process, files_of(process), parents, is_interpreter)


def _beacons_word(owner: ProcessFacts, claim: StartClaim | None) -> Witness | None:
    """Return what the process itself says, where its interpreter may not be asked; None for what
    may have been said by another process or an earlier program with its number.
    """
    if claim is None or not claim.main or claim.mark != owner.start or not is_refused(owner):
        return None
    return Witness(source="beacon", main=claim.main)


def _also(agreed: Agreed, path: str) -> Agreed:
    named = (*agreed.candidates, agreed.resolution.path, path)
    return replace(agreed, candidates=tuple(dict.fromkeys(p for p in named if p is not None)))


def imports(facts: ProcessFacts, path: str | None, sha256: str | None) -> Imports | None:
    """Return what the script at `path` (as its process sees it) with this hash imports; None when
    it cannot be read.
    """
    return _composer.imports(sha256, path, facts)


def composition(facts: ProcessFacts, path: str | None, sha256: str | None) -> Composition:
    """Return what the script at `path` (as its process sees it) with this hash is made of. May take
    100 ms.
    """
    return _composer.compose(sha256, path, facts)


def source(facts: ProcessFacts, path: str, sha256: str, most: int) -> bytes | None:
    """Return the script's source when it still has this hash and is no longer than `most` bytes."""
    data = text_of(files_of(facts).outside(path), most + 1)
    return data if len(data) <= most and hashlib.sha256(data).hexdigest() == sha256 else None


def stacks(facts: ProcessFacts, program: str, seconds: float) -> Stacks:
    """Return what every thread of the process does now. `program`: path of py-spy."""
    return _interpreters.stacks(facts, program, seconds)


def ready() -> int:
    """Return the process that reads: asked once, to start it before it is needed."""
    _mounts.watch()
    return os.getpid()


def hold_mounts(*, missed: bool) -> int | None:
    """See MountTimes.hold: for the process that those are forked from which answer."""
    return _mounts.hold(missed=missed)


def look_at_mounts(handle: int) -> None:
    """See MountTimes.look."""
    _mounts.look(handle)


def _script_of(
    line: Sequence[ProcessFacts],
    first: Resolution | None,
    wrappers: frozenset[str],
    read: _Reads = _read_line,
) -> tuple[int | None, Resolution | None, str | None]:
    """Return the nearest Python process that is no worker, what it runs, and why that is
    uncertain.
    """
    worker = False
    doubt: str | None = None
    for at, process in enumerate(line):
        if at > 0 and doubt is None and became_another(process, line[at - 1]):
            doubt = _BECAME
        resolution = first if at == 0 else read(process, line[at + 1 :])
        if resolution is None or (at > 0 and resolution.path in wrappers):
            if worker:
                break
            continue
        if not resolution.by_parent:
            return at, resolution, _ORPHAN if worker and process.pid == 1 else doubt
        worker, doubt = True, doubt or _of_worker(process, resolution, line[at + 1 :])
    return None, None, _NO_SCRIPT_PARENT if worker else None


def _of_worker(
    process: ProcessFacts, run: Resolution, parents: Sequence[ProcessFacts]
) -> str | None:
    """Return why a worker may not run what its parent runs."""
    forked = bool(parents) and is_fork_of(process, parents[0])
    fed = _CHAINED if process.chained and not forked else None
    return run.note or fed or of_memory(process)


def became_another(parent: ProcessFacts, child: ProcessFacts) -> bool:
    """True when the parent was loaded anew after the child was born: something else had started
    it.
    """
    if parent.image_from is None or child.born_at is None or is_fork_of(child, parent):
        return False
    return parent.image_from > child.born_at


def _identity(owner: ProcessFacts, resolution: Resolution) -> Identity:
    if resolution.code is not None:
        return identify_code(resolution.code)
    if resolution.path is None:
        return Identity()
    files = files_of(owner)
    if resolution.launched_as is LaunchedAs.FROZEN and resolution.path == owner.exe:
        return _of_program(owner, resolution.path)
    outside = files.outside(resolution.path)
    if not may_read(owner, outside):
        return Identity(note=CLOSED)
    way = files.way(resolution.spelled or resolution.path)
    place = way.resolved or resolution.path
    turned_at = max(way.turned_at, _mounts.over(owner.pid, place, sealed=owner.sealed))
    if owner.image == 0:
        started = float("inf") if owner.started_at is None else owner.started_at.timestamp()
        since = Since(at=started, turned_at=turned_at)
    else:
        exact = owner.image_from is not None and owner.image_until == owner.image_from
        since = Since(at=owner.image_from, exact=exact, turned_at=turned_at)
    found = identify(outside, since)
    return replace(found, note=found.note or DESCRIPTOR) if way.by_descriptor else found


def _of_program(owner: ProcessFacts, path: str) -> Identity:
    """Identify a program by the kernel's own link to what was loaded, whatever lies at its path
    now.
    """
    if owner.exe_replaced:
        return Identity(note=_REPLACED)
    link = f"{procfs.home(owner.pid)}/exe"
    if not os.path.exists(link):  # noqa: PTH110 - of /proc
        link = files_of(owner).outside(path)
    return identify(link, Since(at=float("inf"), exact=True))
