"""What a rule is: a pattern for both engines, and how a candidate is judged."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from core.findings import Confidence


class Candidate(NamedTuple):
    """A stretch of text that a rule's pattern matched. Holds payload: never log it."""

    value: str
    """The secret part."""
    text: str
    """The whole text of the segment that holds the value."""
    start: int
    end: int
    """Span of the value in `text`, in characters."""
    name: str
    """The name beside the value, where the pattern has one: `db_password`."""
    key: str
    """Key of the segment that holds the value, or empty."""
    whole: bool
    """True when the name is the segment's own key: the value then is the whole text."""
    tabular: bool = False
    """True when the segment is a column of a table."""

    def __repr__(self) -> str:
        return f"<Candidate of {len(self.value)} characters>"


class Verdict(NamedTuple):
    """What a check made of a candidate. Holds payload: never log it."""

    rejected: str | None = None
    confidence: Confidence | None = None
    """None leaves the rule's own."""
    test_data: bool = False
    value: str | None = None
    """Normalised value; None leaves the candidate's."""
    span: tuple[int, int] | None = None
    """Another span in the text; None leaves the candidate's."""
    detector: str | None = None
    """A finer type than the rule's name."""
    note: str | None = None
    """What else the value tells; see `Hit.note`."""

    def __repr__(self) -> str:
        return f"<Verdict {self.rejected or 'accepted'}>"


Check = Callable[[Candidate], Verdict]

ACCEPTED = Verdict()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One type of secret. `pattern` must be valid in Vectorscan and in RE2 alike."""

    name: str
    """The type, kebab-case: becomes `Hit.detector`."""
    pattern: str
    confirm: str | None = None
    """Pattern for RE2 when it differs from what Vectorscan looks for."""
    confidence: Confidence = Confidence.CERTAIN
    provider: str | None = None
    """Id of the entry in the catalogue of destinations whose key this is."""
    min_entropy: float = 0.0
    """Bits per character below which a value is no real secret."""
    check: Check | None = None
    group: int = 1
    """Which group of the pattern is the secret."""
    named: bool = False
    """True when the confirming pattern's first group is the name beside the secret."""
    rank: int = 2
    """Where two hits overlap the higher rank wins: 3 own and specific, 2 long tail, 1 keyed by a
    name, 0 generic.
    """
    requires: tuple[str, ...] = ()
    """Names of rules that must be present in the same payload."""
    visible: bool = True
    """False when it only supports another rule's `requires`."""
    excluded: tuple[str, ...] = ()
    """Patterns (RE2) that a real value never matches."""
    stopwords: tuple[str, ...] = ()
    """Words, lower case, that a real value never holds."""
    source: str = "outgate"
    """Where the rule comes from."""
