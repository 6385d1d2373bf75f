"""The failure table: what happens when a part of Outgate fails, by mode, with all defaults."""

from dataclasses import dataclass
from enum import StrEnum

from core.decision import Mode, Verdict


class Part(StrEnum):
    """What can fail."""

    ATTRIBUTION = "attribution"
    CLASSIFIER = "classifier"
    EVIDENCE = "evidence"
    GATE = "gate"
    """A fault in Outgate's own code, and whatever has no row of its own."""


RULES = None
"""The rules decide, with UNKNOWN or a missing answer as an input."""

type Answer = Verdict | None

DEFAULTS: dict[tuple[Part, Mode], Answer] = {
    (Part.ATTRIBUTION, Mode.WATCH): RULES,
    (Part.ATTRIBUTION, Mode.ENFORCE): RULES,
    (Part.CLASSIFIER, Mode.WATCH): Verdict.WATCH,
    (Part.CLASSIFIER, Mode.ENFORCE): RULES,
    (Part.EVIDENCE, Mode.WATCH): Verdict.BLOCK,
    (Part.EVIDENCE, Mode.ENFORCE): Verdict.BLOCK,
    (Part.GATE, Mode.WATCH): Verdict.BLOCK,
    (Part.GATE, Mode.ENFORCE): Verdict.BLOCK,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureTable:
    """The defaults with an organisation's own answers over them."""

    answers: dict[tuple[Part, Mode], Answer]

    @classmethod
    def with_overrides(cls, overrides: dict[tuple[Part, Mode], Answer]) -> "FailureTable":
        """Return the table in force."""
        return cls(answers={**DEFAULTS, **overrides})

    def answer(self, part: Part, mode: Mode) -> Answer:
        """Return what happens; RULES when the rules decide."""
        return self.answers[part, mode]


def part_of(stage: str) -> Part:
    """Return the row for a stage such as `evidence` or `attribution: timed out`."""
    name = stage.partition(":")[0].strip()
    return Part(name) if name in Part else Part.GATE
