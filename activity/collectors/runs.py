"""Runs of Python scripts, whoever started them: from when to when, how they ended, what they used.
What `outgate run` starts it tells of itself.
"""

from collections.abc import Iterator

from activity.collectors import CollectorKind, Means
from core.activity import EndedRun
from core.ids import uuid7
from core.observation import Kind, Observation, Seen
from core.vocabulary.programs import SCHEDULERS, is_office

_END, _LOOKED, _KERNEL = "its end", "as last looked at", "the kernel's account at its end"
_NOBODY = "nobody could tell: it takes the kernel's events"
_SEEN, _ANCESTORS = "as the kernel told, or seen when looked at", "its ancestors"


class Runs:
    """Tells of each run when it has ended."""

    def __init__(self, means: Means) -> None:
        self._means = means

    @property
    def missed(self) -> int:
        """Runs so far of which nothing is told: there were too many at once."""
        return 0 if self._means.runs is None else self._means.runs.missed

    def look(self) -> Iterator[Observation]:
        """See Collector.look."""
        runs = self._means.runs
        for run in () if runs is None else runs.ended():
            script = run.sender.script
            if script is None or script.path not in self._means.own_scripts:
                yield told(run)

    def still(self) -> bool:
        """See Collector.still."""
        return self._means.runs is None or self._means.runs.still()

    def end(self) -> Iterator[Observation]:
        """See Collector.end. What still runs has not ended: nobody tells of it."""
        yield from self.look()


def told(run: EndedRun) -> Observation:
    """Return a run as an observation."""
    cpu = None if run.cpu_s is None else round(run.cpu_s * 1000)
    code = run.exit_code
    facts = {
        "exit_code": Seen(value=code, how=_NOBODY if code is None else _END),
        "cpu_milliseconds": Seen(value=cpu, how=_KERNEL if run.cpu_is_final else _LOOKED),
        "bytes_peak_memory": Seen(value=run.peak_memory, how=_LOOKED),
    }
    if run.children:
        facts["children"] = Seen(value=run.children, how=_SEEN)
    if office := tuple(name for name in run.children if is_office(name)):
        facts["office_programs"] = Seen(value=office, how="their names")
    if run.sender.started_by in SCHEDULERS:
        facts["schedule"] = Seen(value=run.sender.started_by, how=_ANCESTORS)
    return Observation(
        id=uuid7(run.began),
        at=run.began,
        ended=run.ended,
        kind=Kind.RUN,
        about=run.about,
        sender=run.sender,
        facts=facts,
    )


COLLECTOR = CollectorKind(name="runs", collects=frozenset({Kind.RUN}), make=Runs)
