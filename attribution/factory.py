"""Builds the attributor for the operating system it runs on: the one place that chooses a
backend.
"""

import os
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from attribution.ambiguity import of_process
from attribution.attributor import SocketAttributor
from attribution.beacon.reading import listen_to
from attribution.facts import Backend
from attribution.line.sampler import LineSampler
from attribution.looks_by_helper import LooksByHelper
from attribution.os_users import People, UserNames
from attribution.reader import HelperReader, InPlace, Reader
from attribution.reader_helpers import Unread
from core.activity import ProgramRuns
from core.attribution import Attribution

if TYPE_CHECKING:
    from attribution.backends.exec_events import ExecEvents
    from attribution.remote.watch import Watch


def build(
    user_names: UserNames = "clear",
    pseudonym: Callable[[str], str] | None = None,
    own_pids: frozenset[int] | Callable[[], frozenset[int]] = frozenset(),
    keep_out: Iterable[Path] = (),
    beacons: Path | None = None,
    watch: "Watch | None" = None,
) -> SocketAttributor:
    """Return an attributor.

    `user_names`: how user names and home folders appear in evidence. `pseudonym`: a keyed function,
    needed for "pseudonym". `own_pids`: processes of the gate, never named as senders; give a
    callable when workers come and go. This process is always among them. `keep_out`: files and
    folders of Outgate's own that are nobody's script. `beacons`: the folder below which senders'
    own beacons write. `watch`: what listens and reads already, for others as well; then nothing is
    kept out, and no beacon is read.
    """
    people = People(user_names, pseudonym)
    root = "" if beacons is None else str(beacons)
    if os.name == "nt":
        listen_to(root)
    own = [str(place) for place in keep_out]
    reader: Reader = InPlace() if os.name == "nt" else HelperReader(own, root)
    reader = reader if watch is None else watch.reader
    backend = _backend(None if watch is None else watch.execs)
    helped_by = getattr(backend, "helped_by", None)
    if helped_by is not None and isinstance(reader, HelperReader):
        helped_by(reader.processes, partial(LooksByHelper, reader.another))
    return SocketAttributor(
        backend, people, _own(own_pids), LineSampler(reader), reader, own_scripts()
    )


def runs_of(
    attributor: SocketAttributor, own_pids: Callable[[], frozenset[int]], *, everybody: bool
) -> ProgramRuns:
    """Return what follows the runs of scripts from now on: this user's, or everybody's."""
    from attribution.backends.program_runs import Runs

    def named(pid: int) -> Attribution | None:
        portrait = attributor.gallery.portrait(pid, in_passing=True)
        if portrait is not None and portrait.unread:
            raise Unread(portrait.reason)
        return None if portrait is None else of_process(portrait)

    return Runs(named, own_pids, own_scripts(), everybody=everybody)


def own_scripts() -> frozenset[str]:
    """Return the paths of our own console script, by its place in this very installation: a name
    alone could be anybody's.
    """
    folder = Path(sys.executable).parent
    return frozenset(
        str((folder / name).resolve()) for name in ("outgate", "outgate.exe", "outgate-script.py")
    )


def _own(given: frozenset[int] | Callable[[], frozenset[int]]) -> Callable[[], frozenset[int]]:
    here = frozenset({os.getpid()})
    if callable(given):
        return lambda: given() | here
    fixed = given | here
    return lambda: fixed


def _backend(execs: "ExecEvents | None") -> Backend:
    if sys.platform == "linux":
        from attribution.backends.linux import LinuxBackend
        from attribution.backends.sock_diag import DiagRefused

        try:
            return LinuxBackend(execs)
        except (OSError, DiagRefused):
            pass
    from attribution.backends.psutil_table import PsutilBackend

    return PsutilBackend()
