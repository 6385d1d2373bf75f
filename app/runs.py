"""The watch over a run: what `outgate run` sees of the program that it started, to the end of it.
What it makes of that is loaded when the program has ended: nobody waits for it at the start.
"""

import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from app.home import Home
from app.settings import Settings
from app.standard_output import remark
from core.duties import OWNER, Duty
from core.errors import EvidenceError
from core.ids import utc_now

if TYPE_CHECKING:
    from app.short_connections import ShortConnections
    from attribution.attributor import SocketAttributor
    from attribution.backends.run_watch import RunUse
    from core.attribution import Attribution

_JOIN_S = 5.0


@dataclass(slots=True)
class RunWatch:
    """Watches one run, in a thread of `outgate run`."""

    home: Home
    settings: Settings
    command: Sequence[str]
    """As it is given on the command line."""
    began: datetime = field(default_factory=utc_now)
    sender: "Attribution | None" = None
    _pid: int | None = None
    """Of the process that `sender` is."""
    _root: int = 0
    _use: "RunUse | None" = None
    _start: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _cpu: float = 0.0
    _largest: int = 0
    _attributor: "SocketAttributor | None" = None

    def prepare(self) -> None:
        """Get ready in a thread of its own while a gate does, so that nobody waits afterwards."""
        self._begin()
        _load_for_the_end()

    def started(self, pid: int) -> None:
        """Begin to watch this process and all that it starts."""
        self._root, self.began = pid, utc_now()
        self._cpu, self._largest = _account()
        self._start.set()
        self._begin()
        body = OWNER.guarded(Duty.RUNS, _load_for_the_end)
        threading.Thread(target=body, daemon=True).start()

    def _begin(self) -> None:
        if sys.platform == "linux" and self._thread is None:
            body = OWNER.guarded(Duty.RUNS, self._watch)
            self._thread = threading.Thread(target=body, daemon=True)
            self._thread.start()

    def _watch(self) -> None:
        from app.wiring import own_attributor_of
        from attribution.backends.run_watch import RunUse, can_watch, watch

        self._attributor = own_attributor_of(self.home, self.settings)
        if not self._start.is_set():  # there is time
            self._attributor.warm()
        self._start.wait()
        if self._root and can_watch():
            self._use = RunUse()
            watch(self._root, self._ended, self._use, self._name)

    def _name(self, new: list[int]) -> None:
        """The first process that runs a script gives the run its name; while that is not certain,
        it is asked again.
        """
        from attribution.ambiguity import of_process
        from core.attribution import Certainty

        assert self._attributor is not None
        known = self.sender
        if known is not None and known.script is not None:
            sure = known.certainty is Certainty.EXACT
            new = [] if sure or self._pid is None else [self._pid]
        for pid in new:
            portrait = self._attributor.gallery.portrait(pid, in_passing=True)
            found = None if portrait is None else of_process(portrait)
            if found is not None and (known is None or found.script is not None):
                self.sender, self._pid = found, pid
                return

    def ended(self, code: int, short: "ShortConnections", *, on_record: bool = True) -> None:
        """The program has ended: note the run in the evidence, unless that is not this user's. What
        cannot be noted is said. `short`: connections of which nobody knows whose they were.
        """
        cpu, largest = _account()
        self._stop()
        sender = self._named()
        if not on_record:
            return
        from app.run_observed import EndedWatch, note

        ended = EndedWatch(
            program=os.path.basename(self.command[0]),  # noqa: PTH119 - of any system
            began=self.began,
            sender=sender,
            use=self._use,
            code=code,
            cpu_s=cpu - self._cpu,
            peak=largest if largest > self._largest else 0,
        )
        try:
            note(self.home.evidence, ended, short)
        except EvidenceError as error:
            remark(f"outgate: this run is not on record. {error.message}\n")

    def _named(self) -> "Attribution | None":
        """Return who it was, by its command where nobody saw it in time."""
        if self._attributor is None:
            return self.sender
        from app.command_given import sender_by_command

        try:
            if self.sender is not None and self.sender.script is not None:
                return self.sender
            return sender_by_command(self._attributor, self.command, self._root) or self.sender
        finally:
            self._attributor.close()

    def _stop(self) -> None:
        self._ended.set()
        self._start.set()
        if self._thread is not None:
            self._thread.join(_JOIN_S)


def _load_for_the_end() -> None:
    """Load what the end of a run takes, while there is something else to wait for."""
    import evidence.factory  # noqa: F401 - all three are used where they are needed


def _account() -> tuple[float, int]:
    """Return seconds of CPU of all children that ended, and bytes of the largest of them."""
    if sys.platform == "win32":
        return 0.0, 0
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    unit = 1 if sys.platform == "darwin" else 1024
    return used.ru_utime + used.ru_stime, used.ru_maxrss * unit
