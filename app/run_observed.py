"""A run as an observation in the evidence: what `outgate run` saw of what it started."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app.short_connections import ShortConnections
from core.attribution import Attribution, unknown_sender
from core.errors import EvidenceError
from core.ids import utc_now, uuid7
from core.observation import Kind, Observation, Seen
from core.vocabulary.programs import SCHEDULERS

if TYPE_CHECKING:
    from attribution.backends.run_watch import RunUse

_LOOKED = "as seen now and then, once a second at most; what came between is not in it"
_KERNEL = "the kernel's account of the processes that ended"
_TOO_SHORT = "it had ended before anybody could look at it"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedWatch:
    """What was seen of a run that has ended."""

    program: str
    began: datetime
    sender: Attribution | None
    use: "RunUse | None"
    code: int
    cpu_s: float
    peak: int
    """Bytes of the largest of its processes, by the kernel's account; 0: another's."""

    def observation(self, short: ShortConnections) -> Observation:
        """Return it as an observation."""
        sender = self.sender or unknown_sender("none", _TOO_SHORT)
        facts = {
            "exit_code": Seen(value=self.code, how="its end"),
            "cpu_milliseconds": Seen(value=round(self.cpu_s * 1000), how=_KERNEL),
            **_facts(self.use, self.peak),
        }
        if sender.started_by in SCHEDULERS:
            facts["schedule"] = Seen(value=sender.started_by, how="its ancestors")
        if (missed := short.fact()) is not None:
            facts["short_connections"] = missed
        script = sender.script
        return Observation(
            id=uuid7(self.began),
            at=self.began,
            ended=utc_now(),
            kind=Kind.RUN,
            about=self.program if script is None else script.name,
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


def note(evidence: Path, ended: EndedWatch, short: ShortConnections) -> None:
    """Put a run into the evidence. Raises EvidenceError."""
    from evidence import open_evidence

    failed: list[EvidenceError] = []
    opened = open_evidence(evidence)
    try:
        opened.writer.observed(
            ended.observation(short), lambda error: failed.append(error) if error else None
        )
    finally:
        opened.close()
    if failed:
        raise failed[0]
