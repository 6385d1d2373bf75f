"""What is known of one process and one connection: plain facts, read elsewhere, judged
elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from core.exchange import Connection
from core.values import quick

KEPT_ENVIRONMENT = frozenset(
    (
        "PATH PWD VIRTUAL_ENV CONDA_PREFIX PYTHONPATH PYTHONSAFEPATH FLASK_APP APP"
        " JPY_SESSION_NAME NUITKA_ONEFILE_PARENT _PYI_ARCHIVE_FILE"
        " _PYI_APPLICATION_HOME_DIR _MEIPASS2 TERM_PROGRAM TERMINAL_EMULATOR VSCODE_PID"
        " PYCHARM_HOSTED INVOCATION_ID TRIGGER_UNIT CLAUDECODE CODEX_SANDBOX CURSOR_AGENT"
        " GEMINI_CLI GITHUB_ACTIONS GITLAB_CI JENKINS_URL BUILDKITE TF_BUILD SSH_CONNECTION"
        " HOMEBREW_PREFIX PYENV_ROOT __PYVENV_LAUNCHER__"
    ).split()
)
"""The only environment variables that are kept; docs/privacy.md lists them."""
AS_THEY_STAND = (
    "as they stand: the kernel does not tell here when programs start, and one that writes over "
    "its command line and the name of its code passes for another"
)
"""What is known of command lines where nothing tells of a program's start."""

UNTOLD = (
    "the kernel tells nobody here when programs begin, who traces them and what they were given: "
    "nothing shows that what it tells of itself is true"
)
"""Why nothing is certain where the kernel's events may not be heard."""
OLDER = (
    "it began before the gate did, and may have written over its command line and its environment "
    "by then"
)
"""Why what a program tells of its start is no proof."""

type Heard = tuple[float, float | None, float | None]
"""From when on all events were heard, and the times of those that told of a process's last exec and
of its fork (Unix time).
"""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """The client's side of one connection: its own address first."""

    client_host: str
    client_port: int
    gate_host: str
    gate_port: int
    transport: Literal["tcp", "udp"] = "tcp"
    socket: int | None = None
    """The kernel's number of the client's socket, where it was seen in a table of this user's
    sockets.
    """
    network: int | None = None
    """The kernel's number of the network that the client is in; None for our own."""


def peer_of(connection: Connection) -> Peer:
    """Return the client's side of a connection."""
    return Peer(
        client_host=connection.client_host,
        client_port=connection.client_port,
        gate_host=connection.gate_host,
        gate_port=connection.gate_port,
        transport=connection.transport,
        socket=connection.socket,
        network=connection.network,
    )


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """Who holds a client's socket."""

    pids: tuple[int, ...] = ()
    starts: tuple[int | None, ...] = ()
    """Their start marks when they were found, in the same order; empty where they were not read."""
    socket: int | None = None
    """The kernel's number of the socket, where it has one."""
    uid: int | None = None
    reason: str | None = None
    """Why nobody was found, or what may be missing from `pids`, in plain words."""
    sent_at: float | None = None
    """When data was sent over the socket last (Unix time, exact to some ms); None when none was, or
    that cannot be told.
    """
    opened_at: float | None = None
    """When it was connected (Unix time, never later than it was, but for a tick of the kernel's),
    as long as nothing has come over it; later from then on. None where that cannot be told.
    """
    given: bool = False
    """True when the only holder had the socket already when its program was loaded."""
    inheritable: bool = False
    """True when the only holder's descriptor is one that outlives an exec."""
    used: bool | None = None
    """True when the only holder was seen to wait on the socket; None when that cannot be told."""
    rests: "Rest | None" = None
    """How often the only holder had run, where everything that was written by then was taken."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """A moment at which nothing was on its way: who has not run since has sent nothing since."""

    at: float
    """Unix time."""
    runs: tuple[bytes, ...]
    """How long and how often each thread had run, in the kernel's words."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessFacts:
    """One process as the operating system describes it. (pid, start) is its identity."""

    pid: int
    start: int
    """Start mark of the OS: clock ticks after boot on Linux, microseconds since 1970 elsewhere."""
    started_at: datetime | None = None
    parent: int = 0
    name: str = ""
    exe: str | None = None
    """None when it may not be read."""
    argv: tuple[str, ...] = ()
    command_line: bytes = b""
    """`argv` as the kernel has it, to see at once whether it has changed; empty where it has
    none.
    """
    cwd: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    """Only names in KEPT_ENVIRONMENT."""
    uid: int | None = None
    user: str | None = None
    stdin: str | None = None
    """What file descriptor 0 is: a path, `pipe:[…]`, `/dev/pts/…`."""
    terminal: bool = False
    """True when it has a controlling terminal."""
    root: str = ""
    """Prefix under which its files are seen from here when it lives in a container; else empty."""
    sealed: bool = False
    """True in a sealed run: what is mounted there is our doing, and nobody can mount more."""
    embeds_python: bool = False
    """True when a Python library is loaded though the program is not called python."""
    windows: bool = False
    image: int = 0
    """Mark of the program as it was loaded: another one after every exec, the same one after a
    fork. 0: not known.
    """
    born_at: float | None = None
    """Unix time of its fork, as exact as it is known: never later than it was."""
    image_from: float | None = None
    """Unix time before which this program was certainly not loaded; None when not even that is
    known.
    """
    image_until: float | None = None
    """Unix time at which it was certainly loaded already; None when that is not known."""
    line_intact: bool = True
    """False when `argv` cannot be what the program was started with: it was written over since."""
    line_unread: bool = False
    """True where the program's beginning was heard, and its command line and environment were not
    read before it could write over them: nothing shows that they are still those of the start.
    """
    unheard: str | None = None
    """Why nobody heard how its program began, in words; None where that was heard, or cannot be."""
    environment: bytes = b""
    """A digest of all of its environment, as it stands."""
    env_intact: bool = True
    """False when its environment is known not to be the one that the program was started with."""
    exe_replaced: bool = False
    """True when the program file lies no longer where it was when it was loaded."""
    start_folder: str | None = None
    """The working folder when this program was loaded, where the kernel was asked before it ran."""
    is_asked: bool = False
    """True where what a Python process runs is asked of its interpreter: its command line, which it
    can write over, is not believed alone.
    """

    holds_up: bool = False
    """True where what lies in its memory could not be read, for it lets nobody: see
    backends.memory_reads.
    """
    heard: Heard | None = None
    """What the kernel had told of it by then; None where not everything was heard."""
    traced: bool = False
    """True where another program traced it since it was loaded, and may have made it send."""
    filters: int = 0
    """How many more filters (seccomp) its system calls go through than the gate's own and, in a
    sealed run, the seal's: whoever set one up may answer them in the kernel's place.
    """
    held: bool = False
    """True where one that has ended since may have traced it until it was loaded."""
    chained: bool = False
    """True where its process is known to have been another program since it was forked."""
    adopted: bool = False
    """True where `parent` is known not to be what it was forked from."""

    @property
    def undated(self) -> bool:
        """True while it is not known when a program was loaded that could be dated: it may be, a
        moment later.
        """
        return self.image != 0 and self.image_from is None

    def __repr__(self) -> str:
        return f"<ProcessFacts {self.pid} {len(self.argv)} arguments>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """What somebody beside the kernel says that a Python process runs. A claim: it may confirm a
    name, or make it doubtful.

    The interpreter is read from outside; the beacon is the process's own word. Neither overrules
    the kernel.
    """

    source: Literal["interpreter", "beacon"]
    main: str
    """File of the main program: an absolute path as the process has it, a relative one, or
    `<string>`, `<stdin>`.
    """
    others: tuple[str, ...] = ()
    """Files of the other frames below which the main thread stands, outermost first, libraries left
    out.
    """
    imported: bool = False
    """True where the main program went through the import system, and was not opened as a file."""


class Files(Protocol):
    """The file system as one process sees it."""

    def exists(self, path: str) -> bool:
        """True when the path names a file or directory."""

    def is_dir(self, path: str) -> bool:
        """True when the path names a directory."""

    def realpath(self, path: str) -> str:
        """The path with symlinks resolved; unchanged when it does not exist."""

    def head(self, path: str, size: int) -> bytes:
        """The first bytes of a regular file; empty when it cannot be read."""

    def is_program(self, path: str) -> bool:
        """True when the path names a plain file that may be executed."""


class Backend(Protocol):
    """What one operating system can tell. Reads only; raises OSError nowhere."""

    method: str
    """The name of this way of finding an owner, as it stands in records."""

    def recall(self, peer: Peer, known: "KnownOwners", since: float) -> Ownership | None:
        """Answer at once from processes already known, or None when it takes a search.

        `since`: Unix time of the connection. An answer must be as sure as a search: no other
        process can hold it.
        """

    def still_sole(self, facts: ProcessFacts, socket: int, verified_at: float) -> bool:
        """True when the process found alone by a search at this Unix time, unchanged, still holds
        the socket alone.
        """

    def search(self, peer: Peer, since: float, *, is_new: bool = False) -> Ownership:
        """Find every process that holds the client's socket. `since`: Unix time of the
        connection. `is_new`: nothing was sent over it yet, and it will be asked for again.
        """

    def start_of(self, pid: int) -> int | None:
        """The start mark of a living process, or None."""

    def unchanged(self, facts: ProcessFacts) -> bool:
        """True while (pid, start) lives and runs the same program with the same arguments."""

    def process(self, pid: int) -> ProcessFacts | None:
        """Read everything about a process, or None when it is gone."""

    def has_run(self, pid: int, runs: tuple[bytes, ...], socket: int) -> bool:
        """True unless the threads of `pid` are those of a `Rest`, and none has run since: also when
        it has many, or that is not told. `socket`: what may have been sent on.
        """

    def waiting(self, pid: int, socket: int) -> frozenset[int] | None:
        """OS thread ids of `pid` that stand in a read or write of this socket; None when it cannot
        be told.
        """

    def watched(self, pid: int, socket: int) -> bool:
        """True when an event loop of `pid` watches this socket, so that no thread stands in it."""

    def peers(self, pid: int) -> tuple[int, ...] | None:
        """Processes of this machine that are connected to this one, which takes connections; None
        when it takes none.
        """

    def close(self) -> None:
        """Release what is held."""


class KnownOwners(Protocol):
    """Processes that owned connections before, most recent first."""

    def recent(self) -> tuple[ProcessFacts, ...]:
        """The known processes."""

    def gone(self, pid: int) -> None:
        """This process has exited: do not offer it again."""
