"""Who sent it: certainty, process, script, line of code, and how each was found."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.values import quick


class Certainty(StrEnum):
    """How sure an attribution is. UNKNOWN is an answer; a guess is not."""

    EXACT = "exact"
    LIKELY = "likely"
    UNKNOWN = "unknown"


class LaunchedAs(StrEnum):
    """How Python was told what to run."""

    FILE = "file"
    MODULE = "module"
    COMMAND = "command"
    STDIN = "stdin"
    INTERACTIVE = "interactive"
    NOTEBOOK = "notebook"
    CONSOLE_SCRIPT = "console-script"
    ZIPAPP = "zipapp"
    FROZEN = "frozen"
    WORKER = "worker"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessRef:
    """A process: the pid alone is no identity, the pid with its start time is."""

    pid: int
    started_at: datetime | None
    name: str
    exe: str | None


WRITTEN_BEFORE_START = "written_before_start_s"
"""In a script's `version`: how many seconds before its start the file was changed, where they are
so few that a change after the start may have left no trace.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What a Python process runs."""

    path: str | None
    """Absolute path with symlinks resolved; None for `-c`, stdin and the like."""
    sha256: str | None
    launched_as: LaunchedAs
    name: str
    """What a person calls it: a file name, a module, `python -c …`."""
    version: dict[str, object] | None = None
    """Identity over time where known: size, mtime, owner, git commit, … JSON values only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeLine:
    """The line of the user's own code that made the request."""

    file: str
    line: int
    function: str
    certainty: Certainty
    stack: tuple[str, ...] = ()
    """`file:line function`, innermost first, library frames folded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderPeer:
    """A process that was connected to a sender which takes connections: it may have asked for what
    was sent.
    """

    process: ProcessRef
    script: Script | None
    certainty: Certainty
    is_python: bool | None


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """The sender of one connection."""

    certainty: Certainty
    method: str
    """How it was found: `sock_diag`, `psutil`, `none`, `recording`…"""
    reason: str | None = None
    """Why it is not exact, in plain words."""
    process: ProcessRef | None = None
    """The process that owns the socket."""
    user: str | None = None
    script: Script | None = None
    script_process: ProcessRef | None = None
    """The Python process whose script this is, when it is an ancestor of `process`."""
    line: CodeLine | None = None
    ancestry: tuple[ProcessRef, ...] = ()
    """Parents of `process`, nearest first."""
    candidates: tuple[ProcessRef, ...] = ()
    """All that may have sent, where a socket is or was shared."""
    script_candidates: tuple[str, ...] = ()
    """Paths of all scripts that were named, where the witnesses of the script differ."""
    on_behalf: tuple[SenderPeer, ...] | None = None
    """Who was connected to the sender, where it takes connections itself; None where it takes
    none.
    """
    started_by: str | None = None
    """Launch context: `terminal`, `cron`, `agent:claude-code`, …"""
    is_python: bool | None = None
    """False when nothing in the ancestry is Python; None when unknown."""
    socket: int | None = None
    """The kernel's number of the client's socket while it is open; never recorded."""


UNATTRIBUTED = Attribution(certainty=Certainty.UNKNOWN, method="none")


def unknown_sender(method: str, reason: str) -> Attribution:
    """Return an attribution that says why the sender is not known."""
    return Attribution(certainty=Certainty.UNKNOWN, method=method, reason=reason)


PSEUDONYM = "user-"
"""A user who is named by a keyed pseudonym: this, and ten hex digits."""


def is_pseudonym(name: str) -> bool:
    """Return whether a user is named by a pseudonym, so that nobody can compare it with a name."""
    digits = name.removeprefix(PSEUDONYM)
    return (
        digits != name
        and len(digits) == 10
        and all(digit in "0123456789abcdef" for digit in digits)
    )
