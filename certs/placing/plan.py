"""What is to change so that a machine, or one user, trusts the authority and uses the gate: as a
plan that can be shown before anything is done, and its reverse.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from cryptography import x509

from certs.placing.blocks import with_block, without_block
from certs.placing.json_members import (
    NotJsonError,
    is_left_over,
    is_placed,
    users_own,
    with_members,
    without_members,
)
from certs.placing.os_stores import FileStore, pem
from certs.placing.places import Form, Place, lines_for
from certs.placing.tree import Tree


class Runs(Protocol):
    """Runs a program of the system."""

    def __call__(self, command: Sequence[str], stdin: bytes | None = None) -> tuple[int, bytes]:
        """Return its exit code and what it printed; 127 where it is not there."""
        ...


class State(StrEnum):
    """How a place is."""

    THERE = "there"
    OTHER = "out of date"
    MISSING = "missing"
    UNREADABLE = "cannot be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One file to change; `after` is None where it goes."""

    path: str
    after: bytes | None
    words: str
    shown: tuple[str, ...] = ()
    """The lines that come in."""
    folders: int = 0
    """How many folders above it were made for it, and go with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One program to run."""

    command: Sequence[str]
    words: str
    stdin: bytes | None = None
    shown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done, in order, and what is left to say."""

    steps: tuple[Write | Run, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Gathered:
    steps: list[Write | Run] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def plan(self) -> Plan:
        return Plan(steps=tuple(self.steps), notes=tuple(self.notes))


CRONTAB = ("crontab", "-l")
_WRITE_CRONTAB = ("crontab", "-")


def variables_in(
    tree: Tree, places: Iterable[Place], variables: Mapping[str, str], bundle: str
) -> Plan:
    """Return what puts these variables into the places."""
    gathered = _Gathered()
    for place in places:
        try:
            before = tree.read(place.path)
            after, lines = _with(tree, place, before, variables, bundle, gathered.notes)
        except NotJsonError as error:
            gathered.notes.append(f"{place.path} is left alone: {error}.")
            continue
        except OSError as error:
            gathered.notes.append(f"{place.path} is left alone: {error.strerror}.")
            continue
        if after != before:
            words = f"for {place.reaches}"
            gathered.steps.append(Write(path=place.path, after=after, words=words, shown=lines))
    return gathered.plan()


def variables_out(tree: Tree, places: Iterable[Place]) -> Plan:
    """Return what takes our variables out of the places."""
    gathered = _Gathered()
    for place in places:
        try:
            before = tree.read(place.path)
            step = None if before is None else _without(place, before, gathered.notes)
        except NotJsonError as error:
            gathered.notes.append(f"{place.path} is left alone: {error}.")
            continue
        except OSError as error:
            gathered.notes.append(f"{place.path} is left alone: {error.strerror}.")
            continue
        if step is not None:
            gathered.steps.append(step)
    return gathered.plan()


def state_of(tree: Tree, place: Place, wanted: Sequence[Mapping[str, str]], bundle: str) -> State:
    """Return how a place is beside any of the wanted variables."""
    try:
        before = tree.read(place.path)
        if before is None or not _is_placed(place, before):
            return State.MISSING
        fits = (_with(tree, place, before, one, bundle, [])[0] == before for one in wanted)
        return State.THERE if any(fits) else State.OTHER
    except (OSError, NotJsonError):
        return State.UNREADABLE


def crontab_in(listed: bytes, variables: Mapping[str, str], place: Place) -> Plan:
    """Return what puts the variables before the jobs of the user's crontab, as listed."""
    lines = lines_for(place, variables, "")
    after = with_block(listed, lines, at_start=True)
    return _crontab(listed, after, lines)


def crontab_out(listed: bytes) -> Plan:
    """Return what takes them out again."""
    return _crontab(listed, without_block(listed).content, ())


def _crontab(listed: bytes, after: bytes, lines: tuple[str, ...]) -> Plan:
    if after == listed:
        return Plan()
    words = "for the user's crontab"
    return Plan(steps=(Run(command=_WRITE_CRONTAB, stdin=after, words=words, shown=lines),))


def roots_in(tree: Tree, store: FileStore, roots: Sequence[x509.Certificate]) -> Plan:
    """Return what lays these roots into the system's store, and takes out others of ours."""
    wanted = {store.path_of(root): root for root in roots}
    steps: list[Write | Run] = [
        Write(path=path, after=None, words="a former root of ours")
        for path in store.ours(tree)
        if path not in wanted
    ]
    steps += [
        Write(path=path, after=pem(root), words=f"root for the {store.name} trust store")
        for path, root in wanted.items()
        if tree.read(path) != pem(root)
    ]
    # Again where an earlier run of the tool failed: the roots are laid, and nobody trusts them.
    taken_up = all(is_taken_up(tree, store, root) for root in roots)
    forgets = any(isinstance(step, Write) and step.after is None for step in steps)
    return Plan(steps=(*steps, _taking_up(store, forgets)) if steps or not taken_up else ())


def roots_out(tree: Tree, store: FileStore) -> Plan:
    """Return what takes all roots of ours out of the system's store."""
    steps = [Write(path=path, after=None, words="a root of ours") for path in store.ours(tree)]
    return Plan(steps=(*steps, _taking_up(store, forgets=True)) if steps else ())


def is_taken_up(tree: Tree, store: FileStore, root: x509.Certificate) -> bool:
    """True when the system's bundle holds the root."""
    try:
        held = tree.read(store.bundle) or b""
    except OSError:
        return False
    body = pem(root).strip().replace(b"\r\n", b"\n")
    return body in held.replace(b"\r\n", b"\n")


def _taking_up(store: FileStore, forgets: bool) -> Run:
    more, words = ((), "takes it up") if not forgets else (store.forgetting, "forgets what is gone")
    return Run(command=(*store.tool, *more), words=f"the system {words}")


def _with(
    tree: Tree,
    place: Place,
    before: bytes | None,
    variables: Mapping[str, str],
    bundle: str,
    notes: list[str],
) -> tuple[bytes, tuple[str, ...]]:
    lines = lines_for(place, variables, bundle)
    if place.form is not Form.JSON:
        folders = tree.missing_folders(place.path) if before is None else 0
        return with_block(before, lines, at_start=place.at_start, folders=folders), lines
    text = None if before is None else _text(before)
    if text is not None and (own := users_own(text, place.owner, variables)):
        notes.append(f"{place.path} sets {', '.join(own)} itself: that stays.")
    return with_members(text, place.owner, variables).encode(), lines


def _without(place: Place, before: bytes, notes: list[str]) -> Write | None:
    words = f"for {place.reaches}: ours goes"
    if place.form is Form.JSON:
        text = _text(before)
        if is_left_over(text, place.owner):
            return Write(path=place.path, after=None, words=words)
        after = without_members(text, place.owner).encode()
        return None if after == before else Write(path=place.path, after=after, words=words)
    bare = without_block(before)
    if bare.at is None:
        return None
    if bare.kept:
        notes.append(f"{place.path}: lines that somebody wrote into our block stay.")
    if bare.made is not None and not bare.content:
        return Write(path=place.path, after=None, words=words, folders=bare.made)
    return Write(path=place.path, after=bare.content, words=words)


def _is_placed(place: Place, before: bytes) -> bool:
    if place.form is Form.JSON:
        return is_placed(_text(before), place.owner)
    return without_block(before).at is not None


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise NotJsonError("it is not written in UTF-8") from None


def shown_plan(plan: Plan) -> Iterator[str]:
    """Yield the plan as people read it; the same lines only once."""
    told: dict[tuple[str, ...], str] = {}
    for step in plan.steps:
        if isinstance(step, Run):
            target = " ".join(step.command)
            yield f"run     {target}: {step.words}"
        else:
            target = step.path
            yield f"{'remove ' if step.after is None else 'write  '} {step.path}: {step.words}"
        if step.shown in told:
            yield f"        + the same lines as in {told[step.shown]}"
        elif step.shown:
            told[step.shown] = target
            yield from (f"        + {line}" for line in step.shown)


def carried_out(tree: Tree, plan: Plan, runs: Runs) -> list[str]:
    """Do what the plan says; return in words what could not be done. The rest is done."""
    faults = []
    for step in plan.steps:
        if isinstance(step, Run):
            code, printed = runs(step.command, step.stdin)
            if code:
                last = (printed.decode("utf-8", "replace").strip().splitlines() or [""])[-1]
                faults.append(f"{step.command[0]} ended with {code}: {last[:200]}")
            continue
        try:
            if step.after is None:
                tree.remove(step.path, step.folders)
            else:
                tree.write(step.path, step.after)
        except OSError as error:
            faults.append(f"{step.path} could not be changed: {error.strerror}")
    return faults
