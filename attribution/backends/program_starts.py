"""How the program of a process began: when, with which words and variables, and in whose hands it
has been since (Linux).
"""

from collections.abc import Callable
from datetime import UTC, datetime

from attribution.backends import procfs
from attribution.backends.beginnings_process import digest, tracer
from attribution.backends.exec_events import ExecEvents
from attribution.backends.loads import Load
from attribution.facts import OLDER, UNTOLD, ProcessFacts
from core.values import changed

_TICK_S = 0.02
"""Start marks are cut to clock ticks of 10 ms."""
_OF_THE_START = (
    "those of the start, of programs that began since {at}; nothing that older ones run is EXACT"
)
_NOT_TOLD = f"nothing is EXACT: {UNTOLD}"


class ProgramStarts:
    """Joins what the kernel told of programs with what stands in /proc."""

    def __init__(self, execs: ExecEvents, process: Callable[[int], ProcessFacts | None]) -> None:
        """`process`: the facts of a process, dated."""
        self._execs, self._process = execs, process
        self._steps = execs.steps

    def is_traced_since(self, facts: ProcessFacts) -> bool:
        """True where it was not traced when it was looked at, and has been since."""
        return not facts.traced and self._execs.was_traced(facts.pid)

    def _is_traced(self, pid: int) -> bool:
        """True where another program traces the process, or was heard to have."""
        if self._execs.was_traced(pid):
            return True
        load = self._execs.load(pid)
        if load is not None and load.begun is not None:
            return False
        by = tracer(procfs.told(pid, "status"))
        return by != 0 and not self._execs.is_ours(by)

    def dated(self, facts: ProcessFacts) -> ProcessFacts:
        """Add how its program began, and whether another one has had it in its hands since."""
        load = self._execs.load(facts.pid)
        return changed(
            self._loaded(facts),
            traced=self._is_traced(facts.pid),
            held=load is not None and load.may_have_been_held,
            chained=load is not None and load.chained,
            adopted=self._execs.is_adopted(facts.pid, facts.parent),
        )

    def _loaded(self, facts: ProcessFacts) -> ProcessFacts:
        """Add since when it is the program that it is: its last exec, or that of the process it was
        forked from.
        """
        born, since = procfs.start_seconds(facts.start), self._execs.since()
        load = self._execs.load(facts.pid)
        facts = self._compared(facts, load, born)
        if born - procfs.boot_time() <= self._steps.set_back_at():
            return changed(facts, image_from=None, image_until=None)
        if load is not None and load.at is not None:
            return changed(facts, image_from=load.at, image_until=load.at)
        forked = self._forked_from(facts)
        if forked is not None:
            return changed(
                facts,
                image_from=forked.image_from,
                image_until=forked.image_until,
                start_folder=forked.start_folder,
                line_intact=facts.line_intact and forked.line_intact,
                line_unread=facts.line_unread or forked.line_unread,
                unheard=facts.unheard or forked.unheard,
                env_intact=forked.env_intact,
            )
        until = None if since is None else max(since, born)
        if since is not None and born > since + _TICK_S:
            # Forked from a process that is gone, or has become another program since.
            return changed(facts, image_from=None, image_until=until)
        return changed(facts, image_from=born, image_until=until)

    def _compared(self, facts: ProcessFacts, load: Load | None, born: float) -> ProcessFacts:
        """Compare command line and environment with those of the start, which were read before the
        program could write over them, or too late, or by nobody.
        """
        if load is None or load.at is None:
            since = self._execs.since()
            if since is None:
                return changed(facts, unheard=UNTOLD)
            missed = load is None and born > since + _TICK_S
            unread = missed or self._execs.was_missed()
            return changed(facts, line_unread=unread, unheard=None if unread else OLDER)
        begun = self._execs.begun(load)
        if begun is None or begun.line is None:
            return changed(facts, line_unread=True)
        intact = facts.line_intact and begun.line == digest(facts.command_line)
        same = begun.environment == facts.environment
        return changed(facts, line_intact=intact, env_intact=same, start_folder=begun.folder)

    def _forked_from(self, facts: ProcessFacts) -> ProcessFacts | None:
        """Return the parent where it is the very same program in memory: then nothing was loaded
        since the fork.
        """
        if facts.image == 0 or facts.parent <= 1:
            return None
        _, image = procfs.start_and_image(facts.parent)
        return self._process(facts.parent) if image == facts.image else None

    @property
    def command_lines(self) -> str:
        """Of which programs the command line is known to be that of their start."""
        self._execs.catch_up()
        since = self._execs.since()
        if since is None:
            return _NOT_TOLD
        return _OF_THE_START.format(at=f"{datetime.fromtimestamp(since, UTC):%Y-%m-%dT%H:%MZ}")
