"""What policy looks at: an exchange without its payload. Built live, or from a record for
replay.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from core.attribution import WRITTEN_BEFORE_START, Attribution, Script
from core.classification import Destination, LlmCall
from core.findings import Finding
from core.habits import Habits
from core.record import Record
from core.sent_file import SentFile
from core.values import quick
from core.vocabulary.packages import PackageState


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptHistory:
    """What the evidence knows of a script before this exchange."""

    first_seen: datetime | None = None
    approved: bool | None = None
    """Whether this very hash was approved; None when nobody was asked."""
    unsettled: bool = False
    """True when it was approved, but its file was changed so shortly before its start that another
    version may be what runs: `approved` is False then.
    """
    changed_since_approval: bool = False
    imports: frozenset[str] = frozenset()
    packages: frozenset[PackageState] | None = None
    """What is the matter with its packages; None when nobody knows what it is made of."""
    advised: bool = True
    """False when there are no advisories, so that nothing can be said to have no hole."""
    habits: Habits | None = None
    """What it does as a rule; None when nobody knows."""
    cpu_seconds: float | None = None
    """CPU time that its process has used; None when nobody asked or knows."""
    memory_bytes: int | None = None
    """Memory that its process holds now; None as above."""

    def with_approval(
        self, approved: bool | None, script: Script, settles_s: int
    ) -> "ScriptHistory":
        """Return this history with what is known of an approval. None counts that was given for a
        file which was changed less than `settles_s` seconds before the script was started.
        """
        young = (script.version or {}).get(WRITTEN_BEFORE_START)
        unsettled = approved is True and isinstance(young, int) and young < settles_s
        return replace(
            self,
            approved=False if unsettled else approved,
            unsettled=unsettled,
            changed_since_approval=self.changed_since_approval and approved is None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """What this script has sent to this destination before this exchange."""

    bytes_hour: int = 0
    bytes_day: int = 0
    tokens_day: int = 0
    cost_day_usd: float = 0.0
    requests_hour: int = 0
    requests_day: int = 0
    hour_exact: bool = True
    """False where these sums of the hour are only the least that was sent; so of the day."""
    day_exact: bool = True


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All inputs of one decision."""

    now: datetime
    method: str
    request_bytes: int
    sender: Attribution
    destination: Destination
    host: str | None = None
    """The host in clear, where the destination's is masked. Never stored."""
    llm: LlmCall | None = None
    findings: tuple[Finding, ...] = ()
    files: tuple[SentFile, ...] = ()
    """Files of the sender's that the request holds, or that were open when it was sent."""
    files_are_all: bool = False
    """False: which files it holds beside these nobody can tell."""
    degraded: tuple[str, ...] = ()
    """Stages that failed, each as `stage: why`."""
    headers_only: bool = False
    """True before the body was seen: rules that look at findings cannot decide yet."""
    history: ScriptHistory = field(default_factory=ScriptHistory)
    volume: Volume = field(default_factory=Volume)


def situation_of(record: Record) -> Situation:
    """Return the situation that a stored record came from."""
    return Situation(
        now=record.at,
        method=record.request.method,
        request_bytes=record.request.bytes,
        sender=record.sender,
        destination=record.destination,
        llm=record.llm,
        findings=record.findings,
        files=record.files,
        files_are_all=record.files_are_all,
        degraded=record.decision.degraded,
    )
