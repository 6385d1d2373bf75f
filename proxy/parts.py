"""What a gate is made of: the parts behind their ports, and how much and how long they may take."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.activity import Collector
from core.attribution import Attribution
from core.classification import Classification
from core.decision import HOLD_SECONDS
from core.fingerprint import Fingerprinter
from core.happenings import Happening
from core.ids import utc_now
from core.ports import (
    Attributor,
    Classifier,
    ClassifierPool,
    DirectConnections,
    EvidenceWriter,
    Holds,
    Networks,
    Policy,
    RedactionPool,
    TokenCounter,
)
from core.sent_file import FileTracer
from core.situation import ScriptHistory, Volume
from core.stored import KeptEntry
from proxy.held_bodies import MOST
from proxy.observing import Observer

type Kept = Callable[[datetime], Iterable[KeptEntry]]
"""Entries of the evidence that began at or after a moment, from the oldest. Off the event loop."""
type History = Callable[[Attribution, Classification], tuple[ScriptHistory, Volume]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long and how much."""

    hold_bytes: int = 8 * 1024 * 1024
    """Bodies up to this size are held whole until the decision."""
    hold_total_bytes: int = MOST
    """What all bodies that are held may take together; further ones travel as larger ones do."""
    spool_bytes: int = 4 << 30
    """Larger bodies are refused where a rule wants them read before any of them leaves."""
    spool_folder: Path | None = None
    """Where such bodies are kept, encrypted; None: the system's folder for temporary files."""
    attribution_s: float = 2.0
    classify_s: float = 10.0
    hold_s: float = HOLD_SECONDS
    """How long a request waits for a person where its rule does not say it."""
    line_s: float = 0.5
    files_s: float = 0.5
    packages_s: float = 5.0
    """What a script is made of takes a second to read, once for each environment."""
    inspect_others: bool = True
    """False: of programs that descend from no Python, only where and how much is recorded."""
    strict: bool = False
    """Evidence is durable before anything leaves."""

    def past_s(self, policy: Policy) -> float:
        """Return how long a request waits for what rules may ask of its script's past."""
        return self.packages_s if policy.asks_packages else self.line_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts that an inspection asks, behind their ports."""

    attributor: Attributor
    classifier: Classifier
    pool: ClassifierPool
    policy: Policy
    evidence: EvidenceWriter
    counter: TokenCounter | None = None
    """Counts tokens that an answer does not state; None: what reads the answer does it."""
    redaction: RedactionPool | None = None
    """Redacts what would keep the event loop; None: all is redacted there."""
    holds: Holds | None = None
    fingerprinter: Fingerprinter | None = None
    history: History | None = None
    observer: Observer | None = None
    """Told, in a thread, of each process and version of a script of which there is a record."""
    direct: DirectConnections | None = None
    """Looked at while Python programs use the gate: who goes past it?"""
    collectors: Sequence[Collector] = ()
    """Asked from time to time what programs do beside their requests."""
    tracer: FileTracer | None = None
    """Finds which files of the sender's a request holds."""
    networks: Networks | None = None
    """Told of the networks of sealed runs."""
    happened: Callable[[Happening], None] | None = None
    """Told of what is captured of this machine. Blocks; raises EvidenceError."""
    kept: Kept | None = None
    """What runs are told of their records; None where their user reads the evidence."""
    clock: Callable[[], datetime] = utc_now
