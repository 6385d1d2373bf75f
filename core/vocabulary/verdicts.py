"""What became of a request, in words: verdicts, ends of holds, what a rule would have done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from core.decision import HOLD_SECONDS, HoldOutcome, Verdict, hold_word
from core.fate import Fate
from core.observation import OBSERVED
from core.record import Record
from core.vocabulary.sizes import at_least, capital, counted, number, size, size_at_least
from core.vocabulary.times import lasting


@dataclass(frozen=True, slots=True)
class Words:
    """How an outcome is called and drawn."""

    word: str
    sign: str
    meaning: str
    """One of allowed, held, blocked, unknown: what colours go by."""
    outcome: str
    """What happened to the request, as a sentence."""


VERDICTS: Mapping[Verdict, Words] = MappingProxyType(
    {
        Verdict.ALLOW: Words("allowed", "✓", "allowed", "It was allowed."),
        Verdict.WATCH: Words("passed", "→", "allowed", "It passed; policy only watches."),
        Verdict.WARN: Words("warned", "→", "allowed", "It passed, and the sender was warned."),
        Verdict.REDACT: Words(
            "redacted", "◇", "held", "It passed with the sensitive values taken out."
        ),
        Verdict.HOLD: Words("held", "◆", "held", "It was held."),
        Verdict.BLOCK: Words("blocked", "✕", "blocked", "It was blocked."),
    }
)
UNKNOWN = Words("unknown", "?", "unknown", "What became of it is not known.")
"""Of a verdict that a later version wrote."""

SEEN = Words("observed", "○", "unknown", "It was seen; Outgate neither read nor stopped it.")
"""Of what was only observed."""

FATES: Mapping[Fate, Words] = MappingProxyType(
    {
        Fate.PAST: Words(
            "bypassed", "!", "unknown", "It went past Outgate: nothing of it was inspected."
        ),
        Fate.UNTRUSTED: Words(
            "unsent", "–", "unknown", "Nothing was sent: the client ended the connection."
        ),
        Fate.FOREIGN: Words(
            "refused", "✕", "blocked", "It was refused: it is not HTTP and cannot be inspected."
        ),
        Fate.UNREACHED: Words(
            "failed", "–", "unknown", "It was let out, but the destination was not reached."
        ),
        Fate.UNFINISHED: Words(
            "unfinished", "–", "unknown", "It ended before it could leave: nothing was sent."
        ),
    }
)
"""What became of what the verdict does not tell of."""

WAITING = "waiting"
"""Outcome of a hold that has not ended, for the words; never stored."""

HOLDS: Mapping[str, Words] = MappingProxyType(
    {
        WAITING: Words("held", "◆", "held", "It is held now."),
        HoldOutcome.APPROVED: Words(
            "released", "→", "allowed", "It was held, and a person released it."
        ),
        HoldOutcome.APPROVED_BEFORE: Words(
            "released",
            "→",
            "allowed",
            "It passed without asking: a person had approved an identical request.",
        ),
        HoldOutcome.REFUSED: Words(
            "refused", "✕", "blocked", "It was held, and a person refused it."
        ),
        HoldOutcome.TIMED_OUT: Words(
            "expired", "◆", "held", "It was held, nobody answered in time, and it was refused."
        ),
    }
)
"""What became of a held request, by the outcome of its hold. Others: see the verdict `hold`."""

WOULD: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.ALLOW: "allowed it",
        Verdict.WATCH: "let it pass and listed it",
        Verdict.WARN: "warned the sender",
        Verdict.REDACT: "taken the sensitive values out",
        Verdict.HOLD: "held it",
        Verdict.BLOCK: "blocked it",
    }
)
"""What a rule asks for, after `The rule would have`."""

ANSWERS: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.ALLOW: "The request passes.",
        Verdict.WATCH: "It passes and is listed for review.",
        Verdict.WARN: (
            "It passes, is listed for review, and the sender is told in a header of the answer."
        ),
        Verdict.REDACT: (
            "The values found are replaced by placeholders such as `<IBAN_1>`, then it passes."
        ),
        Verdict.HOLD: (
            "It waits for a person: as long as the rule says, else the settings, else "
            f"{lasting(timedelta(seconds=HOLD_SECONDS))}."
        ),
        Verdict.BLOCK: "It is refused. The sender reads why, by which rule, and whom to ask.",
    }
)
"""What a rule may ask for, as its author reads it."""


def words_of(verdict: str, hold: str | None = None) -> Words:
    """Return the words of a verdict or fate; a held request goes by how its hold ended."""
    if verdict == Verdict.HOLD and hold is not None and hold in HOLDS:
        return HOLDS[hold]
    if verdict == OBSERVED:
        return SEEN
    if verdict in Fate:
        return FATES[Fate(verdict)]
    return VERDICTS[Verdict(verdict)] if verdict in VERDICTS else UNKNOWN


def words_of_ending(ending: str) -> Words:
    """Return the words of an outcome as sums call it: see `core.record.Record.ending`."""
    verdict, _, hold = ending.partition(":")
    return words_of(verdict, hold or None)


def cut_words(size: int, *, exact: bool, times: int = 1) -> Words:
    """Return the words of what was stopped after so many bytes of it had left: one request, or
    several together.
    """
    told = at_least(size, "byte", exact=exact)
    said = f"It was cut after {told} had left."
    if times > 1:
        said = f"{capital(counted(times, 'request'))} were cut after {told} in all had left."
    return Words(CUT, "✕", "blocked", said)


CUT = "cut"
"""The word of what was stopped after a part of it had left."""


_KEPT_BACK = tuple(hold_word(ending) for ending in HoldOutcome if not ending.released)


def counts_told(outcomes: Mapping[str, int], cut: int) -> dict[str, int]:
    """Return how often each outcome was, by its word; `cut`: how many of what was stopped were cut
    on their way, which come first.
    """
    counts, told = dict(outcomes), dict[str, int]()
    stopped = [word for word in (Verdict.BLOCK, *_KEPT_BACK) if counts.get(word)]
    if 0 < cut <= sum(counts[word] for word in stopped):
        told[CUT] = cut
        for word in stopped:  # which of them were cut nobody knows: mostly blocked ones
            taken = min(cut, counts[word])
            counts[word], cut = counts[word] - taken, cut - taken
    for word in sorted(filter(counts.get, counts), key=lambda word: (-counts[word], word)):
        called = words_of_ending(word).word
        told[called] = told.get(called, 0) + counts[word]
    return told


def words_of_record(record: Record, hold: str | None = None) -> Words:
    """Return the words of what became of a request; `hold`: how its hold ended, or `WAITING`."""
    if record.left_in_part:
        return cut_words(record.bytes_went, exact=record.bytes_exact)
    return words_of(record.outcome, hold or record.decision.hold_outcome)


def became(record: Record, hold: str | None = None) -> str:
    """Return what happened and, where the rule asks for something else, what that is; `hold` as
    above.
    """
    said, intended = words_of_record(record, hold).outcome, record.decision.intended
    if intended is None or intended == record.outcome or record.fate is not None:
        return said
    return f"{said} The rule would have {WOULD[intended]}."


def not_sent(kept: int, past: int) -> str:
    """Return what stands behind what left: `, 2 requests stopped or failed, 1 past Outgate`.

    `kept`: requests that did not leave, or not wholly. `past`: what went past the gate.
    """
    told = f", {counted(kept, 'request')} stopped or failed" if kept else ""
    return told + (f", {number(past)} past Outgate" if past else "")


def size_left(records: Sequence[Record]) -> str:
    """Return how much of these left, in words; of those of which nothing did, how much that was."""
    went = [record for record in records if record.went]
    if not went:
        return f"nothing of {size(sum(record.request.bytes for record in records))} left"
    exact = all(record.bytes_exact for record in went)
    return size_at_least(sum(record.bytes_went for record in went), exact=exact)
