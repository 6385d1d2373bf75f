"""Names and addresses in sentences with `names` switched on: found, falsely found, at what cost."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from classifiers.payload import Payload, Segment
from classifiers.personal.prose.names import NameRecogniser

LABELS = {"person": "PERSON", "address": "STREET_ADDRESS"}
_GAP = " ,.\n\t-#>?*|"
_LONGEST_GAP = 12

type Span = tuple[int, int]


class Score(NamedTuple):
    """How well spans were found: at least half of an expected one covered is a hit."""

    right: int
    missed: int
    false: int

    @property
    def f2(self) -> float:
        """Return the F2 of recall and precision, in per cent."""
        recall = self.right / max(1, self.right + self.missed)
        precision = self.right / max(1, self.right + self.false)
        both = 4 * precision + recall
        return 100 * 5 * precision * recall / both if both else 0.0


def measured(rows: Sequence[dict[str, Any]]) -> Iterator[tuple[str, int, str, str, str]]:
    """Yield for each kind: expected, found, false, F2; labels of one address are joined."""
    recogniser = NameRecogniser()
    sums = {kind: Score(0, 0, 0) for kind in LABELS}
    begun, size = time.process_time(), 0
    for row in rows:
        text = row["text"]
        size += len(text)
        hits = recogniser.detect(Payload(segments=[Segment(text, None)]))
        for kind, label in LABELS.items():
            wanted = [(s["start"], s["end"]) for s in row["spans"] if s["label"] == label]
            wanted = _joined(text, wanted) if kind == "address" else wanted
            told = [(h.start, h.end) for h in hits if h.kind == kind and h.rejected is None]
            sums[kind] = Score(*map(sum, zip(sums[kind], _score(told, wanted), strict=True)))
    spent = 1000 * (time.process_time() - begun) / max(1, size / 1024)
    for kind, score in sums.items():
        expected = score.right + score.missed
        yield (
            kind,
            expected,
            f"{100 * score.right / max(1, expected):.1f} %",
            str(score.false),
            (f"{score.f2:.1f}"),
        )
    yield "milliseconds of processor time per KB", round(spent), "", "", ""


def _joined(text: str, spans: Sequence[Span]) -> list[Span]:
    """Return the spans, with those that only signs part made one."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        gap = text[joined[-1][1] : start] if joined else "x"
        if joined and len(gap) <= _LONGEST_GAP and not gap.strip(_GAP):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _score(told: Sequence[Span], wanted: Sequence[Span]) -> Score:
    covered = [2 * sum(_common(one, other) for other in told) >= one[1] - one[0] for one in wanted]
    false = sum(not any(_common(one, other) for other in wanted) for one in told)
    return Score(sum(covered), len(covered) - sum(covered), false)


def _common(one: Span, other: Span) -> int:
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))
