"""The fast path: finds personal data in decoded text, in the gate's own process, in
microseconds.
"""

from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache, partial
from operator import attrgetter

from classifiers.attempts import Attempts
from classifiers.codecs.unicode_folding import fold, without_zeros
from classifiers.hits import Hit
from classifiers.payload import Carrier, Pasted, Payload, PlacedText, Segment
from classifiers.personal import vocabulary
from classifiers.personal.scan.buffer import LONG, Buffer, is_encoded, join
from classifiers.personal.scan.context import DETECTOR, Place
from classifiers.personal.scan.published import is_test_value
from classifiers.personal.scan.scan import read_candidate
from classifiers.personal.tables.candidates import spans
from classifiers.personal.tables.embedded import Block, blocks, has_pairs, merged
from classifiers.personal.tables.keyed import KEYED, bare_name, is_placeholder, looks_like_name
from classifiers.personal.tables.phrases import NATIONAL_ID_KINDS
from core.findings import Confidence

_SHORTEST = 6
"""Characters of the shortest value that the scan can tell by itself, an e-mail address."""
_LONG = 256
_LONGEST_KEYED = 4096
_ONE_LINE = 200
_PROSE_KINDS = frozenset({"health_data", "address"})
"""Kinds told by a key whose text may hold other values as well."""
_OF_FIRMS = frozenset(
    "br_cnpj in_gstin in_pan pl_nip uk_utr pt_nif au_abn au_acn it_iva de_steuernummer".split()
)
PII_SIBLINGS = (
    frozenset("email phone date_of_birth person iban national_id passport driving_licence".split())
    | frozenset("medical_record health_id uk_nhs us_mbi".split())
    | (NATIONAL_ID_KINDS - _OF_FIRMS)
)
"""Fields beside a bare `name` that make it a person's; an address is not enough, nor a number that
firms have as well: companies and hosts have those."""


class PersonalDetector:
    """Finds personal data by shape, check digit, key and label. Holds no state between payloads."""

    __slots__ = ()

    def warm(self) -> None:
        """Load patterns, check digits and numbering plans now rather than at the first request
        (about 200 ms).
        """
        from classifiers.personal.scan import checks, phones, suffixes
        from classifiers.personal.tables import candidates

        candidates.warm()
        checks.warm()
        phones.warm()
        suffixes.warm()

    def detect(self, payload: Payload, *, explain: bool = False) -> list[Hit]:
        """Return what was found, in the order of the segments; with `explain` also what was
        rejected and why.

        Cells that stand in a `Table` as well are left to `table_findings`, so that no value counts
        twice. Raises IncompleteError where a candidate could not be judged.
        """
        attempts = Attempts()
        return attempts.done(self._detect(payload, attempts, explain=explain))

    def _detect(self, payload: Payload, attempts: Attempts, *, explain: bool) -> list[Hit]:
        segments = payload.segments
        found: list[Hit] = []
        wanted = _told_by_key(payload, found, attempts)
        if wanted:
            buffer = join(segments, wanted, controls=payload.controls)
            found.extend(_scan(buffer, segments, attempts, explain))
            if _have_lines(segments, wanted):
                found = self._with_records(found, payload, wanted, attempts, explain)
            if payload.pasted is None:
                found = self._with_pasted(found, payload, attempts, explain)
            found.sort(key=_by_place)
        return found

    def _with_pasted(
        self, found: list[Hit], payload: Payload, attempts: Attempts, explain: bool
    ) -> list[Hit]:
        """Read the cells of pasted tables one by one: in their places they tell everything."""
        from classifiers.shapes.stage import pasted_in  # asks the vocabulary, which lives here

        for table in attempts.each(partial(pasted_in, payload)):
            if any(map(vocabulary.is_telling, table.columns)):
                inner = self._read_pasted(table, attempts, explain)
                found = [hit for hit in found if not _overlaps(hit, table, inner)] + inner
        return found

    def _read_pasted(self, table: Pasted, attempts: Attempts, explain: bool) -> list[Hit]:
        cells = [
            (Segment(cell.text, name, (number, name)), cell)
            for number, row in enumerate(table.rows)
            for name, cell in zip(table.columns, row, strict=True)
            if cell is not None
        ]
        alone = Payload(segments=[cell for cell, _ in cells], pasted=[])
        hits = self._detect(alone, attempts, explain=explain)
        return [_placed(hit, *cells[hit.segment], table.segment) for hit in hits]

    def _with_records(
        self,
        found: list[Hit],
        payload: Payload,
        wanted: Sequence[int],
        attempts: Attempts,
        explain: bool,
    ) -> list[Hit]:
        """Add what labels tell of labelled lines."""
        segments = payload.segments
        by_segment: dict[int, list[Hit]] = {}
        for hit in found:
            by_segment.setdefault(hit.segment, []).append(hit)
        tables: dict[int, list[tuple[int, int]]] = {}
        for table in payload.pasted or ():
            tables.setdefault(table.segment, []).append((table.start, table.end))
        for index in wanted:
            text = segments[index].text
            if _has_lines(text):
                read = attempts.each(partial(blocks, text, tables.get(index, ())))
                if read:
                    inner = self._read_cells(index, text, read, attempts, explain)
                    by_segment[index] = merged(by_segment.get(index, []), inner)
        return [hit for hits in by_segment.values() for hit in hits]

    def _read_cells(
        self, index: int, text: str, read: Sequence[Block], attempts: Attempts, explain: bool
    ) -> list[Hit]:
        """Read all cells as values under their names; hits are placed in the text they stand in."""
        cells = [(number, cell) for number, block in enumerate(read) for cell in block.cells]
        values = [
            Segment(
                text[cell.start : cell.end], cell.name, (number, *cell.path), quoted=cell.quoted
            )
            for number, cell in cells
        ]
        hits = self._detect(Payload(segments=values, pasted=[]), attempts, explain=explain)
        starts = [cell.start for _, cell in cells]
        return [
            hit._replace(
                segment=index,
                start=starts[hit.segment] + hit.start,
                end=starts[hit.segment] + hit.end,
            )
            for hit in hits
        ]


def _placed(hit: Hit, segment: Segment, cell: PlacedText, index: int) -> Hit:
    """Return the hit at its place in the whole text; all of the cell where it is spelled
    otherwise.
    """
    if cell.end - cell.start != len(segment.text):
        return hit._replace(segment=index, start=cell.start, end=cell.end)
    return hit._replace(segment=index, start=cell.start + hit.start, end=cell.start + hit.end)


def _overlaps(hit: Hit, table: Pasted, inner: Sequence[Hit]) -> bool:
    """True for a hit in the text of a table that its cells tell as well."""
    if hit.segment != table.segment or not table.start <= hit.start < table.end:
        return False
    place = bisect_left(inner, hit.end, key=attrgetter("start")) - 1
    return place >= 0 and inner[place].end > hit.start


def _told_by_key(payload: Payload, found: list[Hit], attempts: Attempts) -> list[int]:
    """Take what keys alone tell into `found`; return the indexes of the segments that are scanned.

    Of bare numbers only those under a telling name are, of long encoded data none.
    """
    segments, controls = payload.segments, payload.controls
    context_of = vocabulary.context_of
    wanted: list[int] = []
    for index, (text, key, path, _, _, quoted, tabular) in enumerate(segments):
        length = len(text)
        if length < 3 or tabular:
            continue
        names = context_of(key, path)
        telling = bool(names) and "!" not in names
        if telling and length <= _LONGEST_KEYED:
            keyed = _keyed(segments, index, names, attempts, controls=controls)
            if keyed is not None:
                found.append(keyed)
                if keyed.kind not in _PROSE_KINDS:
                    continue
        if length < _SHORTEST or not (quoted or (telling and text.isdigit())):
            continue
        if length <= LONG or not is_encoded(text):
            wanted.append(index)
    return wanted


def _has_lines(text: str) -> bool:
    """True for text in which rows or labelled lines may stand; one short labelled line counts."""
    return "\n" in text or (len(text) < _ONE_LINE and ": " in text) or has_pairs(text)


def _have_lines(segments: Sequence[Segment], wanted: Sequence[int]) -> bool:
    """Return whether any of these may hold such: one sign tells of most that it does not."""
    for index in wanted:
        text = segments[index][0]
        if (":" in text or "\n" in text) and _has_lines(text):
            return True
    return False


def _by_place(hit: Hit) -> tuple[int, int]:
    return hit.segment, hit.start


@lru_cache(maxsize=1024)
def _keyed_kinds(names: frozenset[str]) -> tuple[str, ...]:
    """Return which of the announced kinds the key alone tells, in a fixed order."""
    return tuple(kind for kind in (*KEYED, "name", vocabulary.BESIDE_A_PERSON) if kind in names)


def _keyed(
    segments: Sequence[Segment],
    index: int,
    names: frozenset[str],
    attempts: Attempts,
    *,
    controls: bool,
) -> Hit | None:
    """Return `_by_key`, or None where that fails."""
    try:
        return _by_key(segments, index, names, controls=controls)
    except Exception as error:  # noqa: BLE001 - boundary: told at the end, others are read
        attempts.failed(error)
        return None


def _by_key(
    segments: Sequence[Segment], index: int, names: frozenset[str], *, controls: bool
) -> Hit | None:
    """Return the hit of a value whose key tells what it is."""
    kinds = _keyed_kinds(names)
    whole = segments[index].text
    text = fold(without_zeros(whole)).text if controls or not whole.isascii() else whole
    text = text.strip()
    if not kinds or is_placeholder(text):
        return None
    for kind in kinds:
        if kind == "name":
            value = bare_name(text)
            if value is None or not _is_somebodys(segments, index):
                continue
            return Hit("person", DETECTOR, Confidence.LIKELY, value, index, 0, len(whole))
        if kind == vocabulary.BESIDE_A_PERSON and not _has_siblings(segments, index):
            continue
        told = "health_data" if kind == vocabulary.BESIDE_A_PERSON else kind
        value = KEYED[told](text)
        if value is not None:
            return Hit(
                told,
                DETECTOR,
                Confidence.LIKELY,
                value,
                index,
                0,
                len(whole),
                is_test_value(told, value),
            )
    return None


def _has_siblings(segments: Sequence[Segment], index: int) -> bool:
    """True when the object that a value stands in holds other personal fields."""
    parent = segments[index].path[:-1]
    return any(
        other.key is not None
        and other.path[:-1] == parent
        and not vocabulary.name_kinds(other.key).isdisjoint(PII_SIBLINGS)
        for other in segments[max(0, index - 12) : index + 13]
    )


def _is_somebodys(segments: Sequence[Segment], index: int) -> bool:
    """True when a bare `name` belongs to a person: the object is one's, or holds other personal
    fields.
    """
    segment = segments[index]
    if segment.carrier is Carrier.HEADER:
        return False
    if _has_siblings(segments, index):
        return True
    if not looks_like_name(segment.text):
        return False
    names = [part for part in segment.path[:-1] if isinstance(part, str)][-1:]
    return any(vocabulary.is_person_word(name) for name in (segment.key or "", *names))


def _scan(
    buffer: Buffer, segments: Sequence[Segment], attempts: Attempts, explain: bool
) -> list[Hit]:
    """Run the one pass over the buffer and judge its candidates segment by segment."""
    hits: list[Hit] = []
    folded = buffer.folded
    finish = resume = -1
    place: Place | None = None
    for first, end in attempts.each(partial(spans, folded.data())):
        start = max(first, resume)
        if end <= start:
            continue
        if start >= finish or place is None:
            segment, begin, finish, offset = buffer.around(start)
            owner = segments[segment]
            names, neutral = (
                vocabulary.context_of(owner.key, owner.path),
                vocabulary.is_neutral(owner.key),
            )
            place = Place(folded, (begin, finish, offset), segment, names, neutral, hits, explain)
        try:
            resume = read_candidate(place, start, end)
        except Exception as error:  # noqa: BLE001 - boundary: told at the end, others are judged
            attempts.failed(error)
            resume = end
    return hits
