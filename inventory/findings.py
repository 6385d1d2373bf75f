"""Hard-coded credentials and personal data in the texts of a program, masked,
each with its place.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from classifiers.credentials import CredentialDetector
from classifiers.hits import Hit
from classifiers.payload import Payload, Segment
from classifiers.personal import PersonalDetector
from core.findings import Confidence
from core.scanned import FoundSecret, LiteralData
from core.text import mask, printable
from core.vocabulary.kinds import by_gravity
from inventory.code import Code, PlacedValue
from inventory.contents import Piece

_MOST = 100
_MOST_VALUES = 4_000
_LONGEST_SPELLED = 8_192
_PLACES = 5


class _Placed(NamedTuple):
    """A hit and where it stands. Holds a secret."""

    hit: Hit
    place: str
    line: int | None
    composed: bool = False
    """True when several literals make its value."""

    @property
    def value(self) -> str:
        return self.hit.value.strip("'\"")

    def __repr__(self) -> str:
        return f"<_Placed {self.place}>"


class FindingReader:
    """Looks into programs at rest with the detectors of the gate."""

    def __init__(self, credentials: CredentialDetector) -> None:
        self._credentials = credentials
        self._personal = PersonalDetector()

    def secrets(self, pieces: Sequence[Piece], code: Code) -> tuple[FoundSecret, ...]:
        """Return the credentials in all texts, and in the values that literals come to: of several
        that hold each other the longest.
        """
        kept: list[_Placed] = []
        found = [*self._in_texts(pieces), *self._in_values(code)]
        for placed in sorted(found, key=lambda one: -len(one.value)):
            if not any(_is_part(placed, longer) for longer in kept):
                kept.append(placed)
        kept.sort(key=found.index)
        return tuple(_secret(placed) for placed in kept[:_MOST])

    def _in_texts(self, pieces: Sequence[Piece]) -> Iterator[_Placed]:
        segments = [Segment(piece.text, None, (number,)) for number, piece in enumerate(pieces)]
        starts: dict[int, list[int]] = {}
        for hit in self._credentials.detect(Payload(segments=list(segments)), ""):
            piece = pieces[hit.segment]
            if hit.segment not in starts:
                starts[hit.segment] = _line_starts(piece.text)
            line = bisect_right(starts[hit.segment], hit.start)
            yield _Placed(hit, piece.place(line), line if piece.has_lines else None)

    def _in_values(self, code: Code) -> Iterator[_Placed]:
        """Look at values under their names, and at those that several literals make as one
        assignment would spell them.
        """
        values = [v for v in code.values[:_MOST_VALUES] if _is_worth_it(v)]
        several = [value for value in values if value.parts > 1]
        named = [Segment(v.text, v.key, (n, v.key or "")) for n, v in enumerate(values)]
        spelled = [
            Segment(f'{v.key or "value"} = "{v.text}"', None, (n,)) for n, v in enumerate(several)
        ]
        for segments, placed in ((named, values), (spelled, several)):
            if segments:
                for hit in self._credentials.detect(Payload(segments=segments), ""):
                    value = placed[hit.segment]
                    yield _Placed(hit, value.place, value.line, value.parts > 1)

    def personal(self, pieces: Sequence[Piece], code: Code) -> tuple[LiteralData, ...]:
        """Return the personal data in literals and in texts that are no code, by kind."""
        values = list(code.values[:_MOST_VALUES])
        values += [
            PlacedValue(text=p.text, key=None, place=p.where, line=None)
            for p in pieces
            if not p.is_code
        ]
        segments = [
            Segment(v.text, v.key, (n, v.key or "")) for n, v in enumerate(values) if v.text
        ]
        kept = [value for value in values if value.text]
        if not segments:
            return ()
        found: dict[str, dict[str, str]] = {}
        for hit in self._personal.detect(Payload(segments=segments)):
            if (
                hit.rejected is None
                and not hit.test_data
                and hit.confidence is not Confidence.POSSIBLE
            ):
                found.setdefault(hit.kind, {}).setdefault(hit.value, kept[hit.segment].place)
        return tuple(
            LiteralData(
                kind=kind,
                count=len(found[kind]),
                places=tuple(dict.fromkeys(found[kind].values()))[:_PLACES],
            )
            for kind in by_gravity(found)
        )


def _is_part(placed: _Placed, longer: _Placed) -> bool:
    """True for what was found already: at its place, as a piece of a value put together, or by a
    value put together from it.
    """
    if placed.value not in longer.value:
        return False
    pieced = longer.composed and placed.value != longer.value
    return placed.composed or pieced or placed.place == longer.place


def _secret(placed: _Placed) -> FoundSecret:
    return FoundSecret(
        type=printable(placed.hit.detector, 60),
        place=placed.place,
        line=placed.line,
        excerpt=mask(placed.hit.value),
        confidence=placed.hit.confidence,
        test_data=placed.hit.test_data,
    )


def _is_worth_it(value: PlacedValue) -> bool:
    return 4 <= len(value.text) <= _LONGEST_SPELLED and (value.key is not None or value.parts > 1)


def _line_starts(text: str) -> list[int]:
    starts, at = [0], text.find("\n")
    while at >= 0:
        starts.append(at + 1)
        at = text.find("\n", at + 1)
    return starts
