"""The place a candidate stands in: its segment, the key over it, the label left of it; here context
decides.
"""

import re

from classifiers.codecs.unicode_folding import Folded
from classifiers.hits import Hit
from classifiers.personal.scan.checks import WITHOUT_CHECK_DIGIT
from classifiers.personal.scan.published import is_test_value
from classifiers.personal.scan.shapes import PRINTED_ON_PAPERS, Strength
from classifiers.personal.tables.words import PAPER_WORDS
from classifiers.personal.vocabulary import EMPTY, announces, label_kinds, last_word
from core.findings import Confidence

_new = tuple.__new__
DETECTOR = "personal"
LEFT = 48
"""How many characters left of a candidate are searched for a label."""

WRONG = "its structure or check digit is wrong"
_UNNAMED = "passes its check, but nothing near it names it"
_OTHER_LABEL = "the word before it names something else"
_OTHER_KEY = "its key names something else"
_NUMBERED = (" no. ", " No. ", " nr. ", " Nr. ")
"""Before the number of a thing: a person's would say whose, or what it is."""
_WRAPPING = 4
_OF_PATIENTS = frozenset("date_of_birth medical_record health_id uk_nhs us_mbi".split())
_NEARBY = 6
"""Findings before a place that are near it."""
_QUOTES = " \t\"'."
_BREAK = re.compile(r"[\n;|]")


class Place:
    """One segment inside the joined text, read from left to right. Holds payload."""

    __slots__ = tuple(
        (
            "_folded _hits _label _label_at _offset _segment begin explain finish last names"
            " neutral text"
        ).split()
    )

    def __init__(
        self,
        folded: Folded,
        span: tuple[int, int, int],
        segment: int,
        names: frozenset[str],
        neutral: bool,
        hits: list[Hit],
        explain: bool,
    ) -> None:
        self.text = folded.text
        self.begin, self.finish, self._offset = span
        self.names = names
        """Kinds that the key over the segment announces; `!` when it names something else."""
        self.neutral = neutral
        """True when the key says nothing, so that a medium candidate may be the whole value."""
        self.last = self.begin
        """Where the last candidate ended: labels left of it belong to that one."""
        self.explain = explain
        self._hits = hits
        self._segment = segment
        self._folded = folded
        self._label_at = -1
        self._label: frozenset[str] = EMPTY

    def __repr__(self) -> str:
        return f"<Place {self.finish - self.begin} characters>"

    def label(self, start: int) -> frozenset[str]:
        """Return what the words just left of `start` announce; never across a line, another
        candidate or segment.
        """
        if start == self._label_at:
            return self._label
        left = self.last if self.last > start - LEFT else start - LEFT
        label = label_kinds(_last_piece(self.text[left:start])) if start - left > 1 else EMPTY
        self._label_at, self._label = start, label
        return label

    def _is_on_paper(self, start: int) -> bool:
        """True when the last word before it is that for a paper, which tells who made it too."""
        left = _last_piece(self.text[max(self.last, start - LEFT) : start])
        return last_word(left) in PAPER_WORDS

    def is_beside_a_patient(self) -> bool:
        """True behind a value of a patient in the same text."""
        return any(
            hit.segment == self._segment and hit.rejected is None and hit.kind in _OF_PATIENTS
            for hit in self._hits[-_NEARBY:]
        )

    def is_named(self, kind: str, start: int) -> bool:
        """True when the key or the label announces this kind."""
        if self.names and announces(self.names, kind):
            return True
        label = self.label(start)
        return bool(label) and announces(label, kind)

    def confirm(self, kind: str, value: str, start: int, end: int, confidence: Confidence) -> None:
        """Report a hit."""
        begin, stop = self._own(start, end)
        test = is_test_value(kind, value)
        told = (kind, DETECTOR, confidence, value, self._segment, begin, stop, test, None, None)
        self._hits.append(_new(Hit, told))

    def refuse(self, kind: str, value: str, start: int, end: int, why: str) -> None:
        """Report a rejected candidate, where somebody asked for explanations."""
        if self.explain:
            begin, stop = self._own(start, end)
            hit = Hit(
                kind, DETECTOR, Confidence.POSSIBLE, value, self._segment, begin, stop, False, why
            )
            self._hits.append(hit)

    def _own(self, start: int, end: int) -> tuple[int, int]:
        """Return a span in the segment's own text, as it was before folding."""
        if self._folded.origin is None:
            return start - self._offset, end - self._offset
        return (
            self._folded.origin_of(start) - self._offset,
            self._folded.origin_of(end - 1) + 1 - self._offset,
        )

    def judge(
        self,
        kind: str,
        value: str,
        strength: Strength,
        start: int,
        end: int,
        *,
        named: bool | None = None,
    ) -> bool:
        """Decide by context about a candidate that passed its check, and report it."""
        if named if named is not None else self.is_named(kind, start):
            confidence = Confidence.LIKELY if kind in WITHOUT_CHECK_DIGIT else Confidence.CERTAIN
            self.confirm(kind, value, start, end, confidence)
            return True
        why = self._why_not(kind, strength, start, end)
        if why is None:
            self.confirm(kind, value, start, end, Confidence.LIKELY)
            return True
        self.refuse(kind, value, start, end, why)
        return False

    def _why_not(self, kind: str, strength: Strength, start: int, end: int) -> str | None:
        if kind in WITHOUT_CHECK_DIGIT and self.text.endswith(_NUMBERED, self.begin, start):
            return _OTHER_LABEL
        if strength == 3:  # Strength.WEAK; enum members cost time here
            return _UNNAMED
        if strength == 2:  # Strength.MEDIUM
            if self.label(start) and not (kind in PRINTED_ON_PAPERS and self._is_on_paper(start)):
                return _OTHER_LABEL
            if ("!" in self.names or not self.neutral) and self._is_whole(start, end):
                return _OTHER_KEY
        return None

    def _is_whole(self, start: int, end: int) -> bool:
        return (
            start - self.begin <= _WRAPPING
            and self.finish - end <= _WRAPPING
            and not self.text[self.begin : start].strip(_QUOTES)
            and not self.text[end : self.finish].strip(_QUOTES)
        )


def _last_piece(text: str) -> str:
    """Return what follows the last line end, semicolon or bar, unless that is blank."""
    if "\n" not in text and ";" not in text and "|" not in text:
        return text
    pieces = [piece for piece in _BREAK.split(text) if piece.strip()]
    return pieces[-1] if pieces else ""
