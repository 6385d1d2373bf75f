"""Every other OS, and the fallback: psutil's connection table and process facts. Untested on macOS
and Windows.
"""

import os
import socket
import sys
from datetime import UTC, datetime

import psutil

from attribution.facts import KEPT_ENVIRONMENT, KnownOwners, Ownership, Peer, ProcessFacts

_ABSENT = "no process in the connection table holds the socket"
_REFUSED = (
    "no readable process holds the socket; those of other users can be read only by root or an"
    " administrator"
)


class PsutilBackend:
    """Names owners from the connection table; always a search (about 10 ms), so never on the event
    loop.
    """

    method = "psutil"

    def recall(self, peer: Peer, known: KnownOwners, since: float) -> Ownership | None:
        """Return None: psutil has no question about one socket."""
        return None

    def still_sole(self, facts: ProcessFacts, socket: int, verified_at: float) -> bool:
        """Return False: sockets have no number here, so it takes another search."""
        return False

    def search(self, peer: Peer, since: float, *, is_new: bool = False) -> Ownership:
        """See Backend.search."""
        wanted = (
            _address(peer.client_host, peer.client_port),
            _address(peer.gate_host, peer.gate_port),
        )
        try:
            rows = psutil.net_connections(peer.transport)
        except (psutil.AccessDenied, PermissionError):
            return _own_processes(wanted, peer.transport)
        except (psutil.Error, OSError) as error:
            return Ownership(reason=f"the connection table cannot be read ({type(error).__name__})")
        owners = {row.pid for row in rows if row.pid and _ends(row) == wanted}
        hidden = any(row.pid is None and _ends(row) == wanted for row in rows)
        if owners:
            return Ownership(pids=tuple(sorted(owners)))
        return Ownership(reason=_REFUSED if hidden else _ABSENT)

    def start_of(self, pid: int) -> int | None:
        """See Backend.start_of."""
        try:
            return _start(psutil.Process(pid))
        except (psutil.Error, OSError):
            return None

    def unchanged(self, facts: ProcessFacts) -> bool:
        """See Backend.unchanged."""
        try:
            process = psutil.Process(facts.pid)
            return _start(process) == facts.start and _arguments(process) == facts.argv
        except (psutil.Error, OSError):
            return False

    def process(self, pid: int) -> ProcessFacts | None:
        """See Backend.process."""
        try:
            process = psutil.Process(pid)
            with process.oneshot():
                facts = _facts(process)
            return facts if process.is_running() else None
        except (psutil.Error, OSError):
            return None

    def has_run(self, pid: int, runs: tuple[bytes, ...], socket: int) -> bool:
        """Return True: it is not told here."""
        return True

    def waiting(self, pid: int, socket: int) -> frozenset[int] | None:
        """Return None: it cannot be told."""
        return None

    def watched(self, pid: int, socket: int) -> bool:
        """Return False: it cannot be told."""
        return False

    def peers(self, pid: int) -> tuple[int, ...] | None:
        """See Backend.peers."""
        try:
            rows = psutil.net_connections("tcp")
        except (psutil.Error, OSError):
            return None
        listens = psutil.CONN_LISTEN
        ports = {
            row.laddr.port for row in rows if row.laddr and row.pid == pid and row.status == listens
        }
        if not ports:
            return None
        taken = {
            (row.raddr, row.laddr)
            for row in rows
            if row.pid == pid and row.laddr and row.raddr and row.laddr.port in ports
        }
        others = {
            row.pid for row in rows if row.pid and row.raddr and (row.laddr, row.raddr) in taken
        }
        return tuple(sorted(others))

    def close(self) -> None:
        """Nothing is held."""


def _address(host: str, port: int) -> tuple[str, int]:
    """Return one spelling for an address: scope cut off, v4-mapped as IPv4."""
    bare = host.partition("%")[0].lower()
    if bare.startswith("::ffff:") and bare.count(".") == 3:
        return bare[7:], port
    if ":" in bare:
        try:
            bare = socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, bare))
        except OSError:
            return bare, port
    return bare, port


def _ends(row: object) -> tuple[tuple[str, int], tuple[str, int]] | None:
    own, far = getattr(row, "laddr", ()), getattr(row, "raddr", ()) or ("", 0)
    return (_address(own[0], own[1]), _address(far[0], far[1])) if own else None


def _own_processes(wanted: tuple[tuple[str, int], tuple[str, int]], transport: str) -> Ownership:
    """Ask each process by itself: macOS gives the whole table to root only."""
    owners, refused = set(), False
    for process in psutil.process_iter():
        try:
            if any(_ends(row) == wanted for row in process.net_connections(transport)):
                owners.add(process.pid)
        except psutil.AccessDenied:
            refused = True
        except (psutil.Error, OSError):
            continue
    if owners:
        return Ownership(pids=tuple(sorted(owners)))
    return Ownership(reason=_REFUSED if refused else _ABSENT)


def _start(process: psutil.Process) -> int:
    return round(process.create_time() * 1_000_000)


def _arguments(process: psutil.Process) -> tuple[str, ...]:
    try:
        return tuple(process.cmdline())
    except (psutil.AccessDenied, psutil.ZombieProcess):
        return ()


def _facts(process: psutil.Process) -> ProcessFacts:
    start = _start(process)
    return ProcessFacts(
        pid=process.pid,
        start=start,
        started_at=datetime.fromtimestamp(start / 1_000_000, UTC),
        parent=process.ppid() or 0,
        name=process.name(),
        exe=_or_none(process, "exe"),
        argv=_arguments(process),
        cwd=_or_none(process, "cwd"),
        env=_environment(process),
        uid=_uid(process),
        user=_or_none(process, "username"),
        stdin=None,
        terminal=_or_none(process, "terminal") is not None,
        windows=os.name == "nt",
    )


def _or_none(process: psutil.Process, name: str) -> str | None:
    try:
        value = getattr(process, name)()
    except (psutil.AccessDenied, psutil.ZombieProcess, AttributeError, OSError):
        return None
    return value or None


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return {
            name: value for name, value in process.environ().items() if name in KEPT_ENVIRONMENT
        }
    except (psutil.Error, OSError):
        return {}


def _uid(process: psutil.Process) -> int | None:
    if sys.platform == "win32":
        return None
    try:
        return process.uids().effective
    except (psutil.Error, OSError):
        return None
