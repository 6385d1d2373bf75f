"""The fast path: finds personal data in decoded text, in the gate's own process, in microseconds."""

from collections.abc import Sequence

from classifiers.hits import Hit
from classifiers.payload import Payload, Segment
from classifiers.personal import vocabulary
from classifiers.personal.buffer import Buffer, is_encoded, join
from classifiers.personal.candidates import spans
from classifiers.personal.keyed import BARE_NAME, KEYED, is_placeholder
from classifiers.personal.published import is_test_value
from classifiers.personal.place import DETECTOR, Place
from classifiers.personal.scan import read_candidate
from core.findings import Confidence

_SHORTEST = 6
"""Characters of the shortest value that the scan can tell by itself, an e-mail address."""
_LONG = 256
_LONGEST_KEYED = 4096
_KEYED_KINDS = frozenset(KEYED) | {"name"}
PII_SIBLINGS = frozenset({"email", "phone", "date_of_birth", "address", "person", "iban", "us_ssn", "national_id"})


class PersonalDetector:
    """Finds personal data by shape, check digit, key and label. Holds no state between payloads."""

    __slots__ = ()

    def warm(self) -> None:
        """Load patterns, check digits and numbering plans now rather than at the first request (about 200 ms)."""
        from classifiers.personal import candidates, checks, phones

        candidates.warm()
        checks.warm()
        phones.warm()

    def detect(self, payload: Payload, *, explain: bool = False) -> list[Hit]:
        """Return what was found, in the order of the segments; with `explain` also what was rejected and why."""
        segments = payload.segments
        context_of = vocabulary.context_of
        found: list[Hit] = []
        wanted: list[int] = []
        for index, segment in enumerate(segments):
            text = segment.text
            if len(text) < 3:
                continue
            names = (
                vocabulary.context_of(segment.key, segment.path) if segment.key or segment.path else vocabulary.EMPTY
            )
            if names and "!" not in names and len(text) <= 4096:
                keyed = _by_key(segments, index, names)
                if keyed is not None:
                    found.append(keyed)
                    continue
            if not segment.quoted and (not names or "!" in names or not text.isdigit()):
                continue
            if len(text) >= 6 and not (len(text) > 256 and is_encoded(text)):
                wanted.append(index)
        if wanted:
            found.extend(_scan(join(segments, wanted), segments, explain))
            found.sort(key=lambda hit: (hit.segment, hit.start))
        return found


def _by_key(segments: Sequence[Segment], index: int, names: frozenset[str]) -> Hit | None:
    """Return the hit of a value whose key tells what it is."""
    for kind in names & _KEYED_KINDS:
        text = segments[index].text
        if is_placeholder(text):
            return None
        if kind == "name":
            value = BARE_NAME(text) if _is_somebodys(segments, index) else None
            kind = "person"
        else:
            value = KEYED[kind](text)
        if value is not None:
            return Hit(kind, DETECTOR, Confidence.LIKELY, value, index, 0, len(text), is_test_value(kind, value))
    return None


def _is_somebodys(segments: Sequence[Segment], index: int) -> bool:
    """True when a bare `name` belongs to a person: the object is one's, or holds other personal fields."""
    segment = segments[index]
    parents = [part for part in segment.path[:-1] if isinstance(part, str)]
    if segment.key is not None and vocabulary.is_person_word(segment.key):
        return True
    if parents and vocabulary.is_person_word(parents[-1]):
        return True
    parent = segment.path[:-1]
    nearby = segments[max(0, index - 12) : index + 13]
    return any(
        other.key is not None and other.path[:-1] == parent and vocabulary.name_kinds(other.key) & PII_SIBLINGS
        for other in nearby
    )


def _scan(buffer: Buffer, segments: Sequence[Segment], explain: bool) -> list[Hit]:
    """Run the one pass over the buffer and judge its candidates segment by segment."""
    hits: list[Hit] = []
    folded = buffer.folded
    finish = resume = -1
    place: Place | None = None
    for start, end in spans(folded.data):
        if start < resume:
            if end <= resume:
                continue
            start = resume
        if start >= finish or place is None:
            segment, begin, finish = buffer.around(start)
            owner = segments[segment]
            names = vocabulary.context_of(owner.key, owner.path)
            place = Place(folded, (begin, finish), segment, names, vocabulary.is_neutral(owner.key), hits, explain)
        resume = read_candidate(place, start, end)
    return hits
