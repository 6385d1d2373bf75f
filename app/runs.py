"""A run as an observation: what `outgate run` saw of the program that it started, from its start to
its end.
"""

import sys
import threading
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app.home import Home
from app.settings import Settings
from core.attribution import Attribution, Certainty, unknown_sender
from core.duties import OWNER, Duty
from core.errors import EvidenceError
from core.ids import utc_now, uuid7
from core.observation import Kind, Observation, Seen
from core.vocabulary.programs import SCHEDULERS

if TYPE_CHECKING:
    from attribution.attributor import SocketAttributor
    from attribution.backends.run_watch import RunUse

_LOOKED = "as seen now and then, once a second at most; what came between is not in it"
_KERNEL = "the kernel's account of the processes that ended"
_TOO_SHORT = "it had ended before anybody could look at it"
_JOIN_S = 5.0


@dataclass(slots=True)
class RunWatch:
    """Watches one run, in a thread of `outgate run`."""

    home: Home
    settings: Settings
    program: str
    """As it is called on the command line."""
    began: datetime = field(default_factory=utc_now)
    sender: Attribution | None = None
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
        """Get ready in a thread of its own, so that the program need not wait."""
        from attribution.backends.run_watch import RunUse, can_watch

        if can_watch():
            self._use = RunUse()
            body = OWNER.guarded(Duty.RUNS, self._watch)
            self._thread = threading.Thread(target=body, daemon=True)
            self._thread.start()

    def started(self, pid: int) -> None:
        """Begin to watch this process and all that it starts."""
        self._root, self.began = pid, utc_now()
        self._cpu, self._largest = _account()
        if self._thread is None:
            self.prepare()
        self._start.set()

    def _watch(self) -> None:
        from app.wiring import own_attributor_of
        from attribution.backends.run_watch import watch

        assert self._use is not None
        self._attributor = own_attributor_of(self.home, self.settings)
        self._start.wait()
        if self._root:
            watch(self._root, self._ended, self._use, self._name)

    def _name(self, new: list[int]) -> None:
        """The first process that runs a script gives the run its name; while that is not certain,
        it is asked again.
        """
        from attribution.ambiguity import of_process

        assert self._attributor is not None
        known = self.sender
        if known is not None and known.script is not None:
            sure = known.certainty is Certainty.EXACT
            new = [] if sure or self._pid is None else [self._pid]
        for pid in new:
            portrait = self._attributor.gallery.portrait(pid)
            found = None if portrait is None else of_process(portrait)
            if found is not None and (known is None or found.script is not None):
                self.sender, self._pid = found, pid
                return

    def ended(self, code: int, short: Seen | None = None, *, on_record: bool = True) -> None:
        """The program has ended: note the run in the evidence, unless that is not this user's. What
        cannot be noted is said. `short`: connections of which nobody knows whose they were.
        """
        cpu, largest = _account()
        self._stop()
        if not on_record:
            return
        peak = largest if largest > self._largest else 0
        sender = self.sender or unknown_sender("none", _TOO_SHORT)
        seen = self._observation(sender, code, cpu - self._cpu, peak)
        if short is not None:
            seen = replace(seen, facts={**seen.facts, "short_connections": short})
        try:
            _write(self.home.evidence, seen)
        except EvidenceError as error:
            sys.stderr.write(f"outgate: this run is not on record. {error.message}\n")

    def _stop(self) -> None:
        self._ended.set()
        self._start.set()
        if self._thread is not None:
            self._thread.join(_JOIN_S)
        if self._attributor is not None:
            self._attributor.close()

    def _observation(self, sender: Attribution, code: int, cpu_s: float, peak: int) -> Observation:
        facts = {
            "exit_code": Seen(value=code, how="its end"),
            "cpu_milliseconds": Seen(value=round(cpu_s * 1000), how=_KERNEL),
            **_facts(self._use, peak),
        }
        if sender.started_by in SCHEDULERS:
            facts["schedule"] = Seen(value=sender.started_by, how="its ancestors")
        script = sender.script
        name = self.program if script is None else script.name
        return Observation(
            id=uuid7(self.began),
            at=self.began,
            ended=utc_now(),
            kind=Kind.RUN,
            about=name,
            sender=sender,
            facts=facts,
        )


def _facts(use: "RunUse | None", peak: int) -> dict[str, Seen]:
    if use is None:
        return {"bytes_peak_memory": Seen(value=peak or None, how=_KERNEL)}
    facts = {
        "bytes_peak_memory": Seen(
            value=max(peak, use.peak_memory) or None, how="the largest process, by the kernel"
        ),
        "bytes_read": Seen(value=use.bytes_read, how=_LOOKED),
        "bytes_written": Seen(value=use.bytes_written, how=_LOOKED),
    }
    lists = {
        "children": (use.children, _LOOKED),
        "office_programs": (use.office, "their names"),
        "spreadsheets": (use.spreadsheets, _LOOKED),
        "files_written": (use.files_written, _LOOKED),
    }
    return facts | {n: Seen(value=tuple(v), how=how) for n, (v, how) in lists.items() if v}


def _account() -> tuple[float, int]:
    """Return seconds of CPU of all children that ended, and bytes of the largest of them."""
    if sys.platform == "win32":
        return 0.0, 0
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    unit = 1 if sys.platform == "darwin" else 1024
    return used.ru_utime + used.ru_stime, used.ru_maxrss * unit


def _write(evidence: Path, seen: Observation) -> None:
    from evidence import open_evidence

    failed: list[EvidenceError] = []
    opened = open_evidence(evidence)
    try:
        opened.writer.observed(seen, lambda error: failed.append(error) if error else None)
    finally:
        opened.close()
    if failed:
        raise failed[0]
