"""Tables by column: sample, vote, header; then exact records and distinct values.

The engine classifies a `Table` by this path only and does not scan the segments of its cells as
well, so that no value counts twice.
"""

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from operator import itemgetter

from classifiers.codecs.unicode_folding import fold
from classifiers.hits import MAX_FINGERPRINTS, Hit
from classifiers.payload import Payload, Segment, Table
from classifiers.personal import vocabulary
from classifiers.personal.detector import PII_SIBLINGS, PersonalDetector
from classifiers.personal.tables.birth_parts import date_of, wholes
from classifiers.personal.tables.candidates import spans
from classifiers.personal.tables.keyed import is_placeholder
from classifiers.personal.tables.kinds_beside import kinds_beside
from classifiers.personal.tables.phrases import NATIONAL_ID_KINDS
from classifiers.personal.tables.unnamed import kind_by_statistics
from core.findings import Confidence

SAMPLE = 100
"""Values looked at in each column before a vote."""
_MAJORITY, _NEARLY_ALL = 0.5, 0.9
"""Shares of a sample from which on a column is mostly, and wholly, of one kind; below the second
each cell is read."""
_COVERED = 0.4
"""Share of a column's characters that its values take; less, and it is text in which values
stand."""
_PROSE_LENGTH = 24
_MAX_FREE_TEXT = 8_000_000
"""Characters of one free-text column that are scanned in full; more is sampled, and the finding
says so."""
_SURE = 4.2649
"""Standard deviations beyond which one in a hundred thousand lies."""
_LONGEST_BLANK = 11
"""Characters below which a cell may be a stand-in for nothing, such as `n/a`."""
_CHUNK = 2000
_PAIR = 2
BY_CHANCE = frozenset({"credit_card", "phone"}) | NATIONAL_ID_KINDS
"""Kinds of which one in some tens of any numbers looks like one."""
_CODE = re.compile(r"[A-Z]{0,4}[ -]?\d(?:[A-Z\d./-]| (?=\d)){0,39}")
_CODE_FIRST = re.compile(rf"{_CODE.pattern}(?: [^\n]{{1,80}})?")
"""A code, and under the name of something else what a line goes on with."""
_FEWEST_CODES, _BY_CHANCE = 4, 0.3
_NUMERIC = b"0123456789+-.,\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnResult:
    """One kind found in one column. Holds payload values: repr shows counts only."""

    column: str
    kind: str
    confidence: Confidence
    records: int
    """Rows that hold such a value."""
    count: int
    """Occurrences; more than `records` where a cell of free text holds several."""
    distinct: int
    values: tuple[str, ...] = field(repr=False)
    """Up to twenty distinct normal forms, for fingerprints and the mask."""
    seen: frozenset[str] = field(repr=False)
    """All distinct values."""
    free_text: bool = False
    """True when the column is text in which such values stand, not a column of them."""
    exact: bool = True
    """False when numbers come from a sample."""
    test_data: bool = False


def classify_table(table: Table) -> list[ColumnResult]:
    """Return what each column of the table holds, in the order of the columns."""
    table = _with_births(table)
    samples = {column: _sample(table.values.get(column, [])) for column in table.columns}
    if _are_two_pairs(table):
        samples[table.columns[0]] = []
    people = _is_about_people(table.columns)
    votes = _vote(
        {column: sample for column, sample in samples.items() if _is_worth_a_look(column, sample)},
        people,
    )
    results: list[ColumnResult] = []
    for column in table.columns:
        results.extend(
            _column_results(table, column, samples[column], votes.get(column, []), people)
        )
    return results


def _with_births(table: Table) -> Table:
    """Put dates of birth that stand in three columns together, under the name of their years."""
    values = table.values
    for year, month, day in wholes(table.columns).values():
        parts = zip(*(table.values.get(name, ()) for name in (year, month, day)), strict=False)
        dates = [date_of(*part) for part in parts]
        if any(dates):
            values = {**values, year: dates}
    return table if values is table.values else table._replace(values=values)


def _are_two_pairs(table: Table) -> bool:
    """True for two rows of a name with its value, of which the first was taken for a header."""
    first = table.values.get(table.columns[0], []) if len(table.columns) == _PAIR else []
    return len(first) == 1 and not first[0][:1].isdigit() and vocabulary.is_telling(first[0])


# -- looking at columns
# ------------------------------------------------------------------------------


def _sample(values: Sequence[str]) -> list[str]:
    """Return up to SAMPLE values spread over the column, empty ones left out."""
    step = -(-len(values) // SAMPLE)
    spread = [value for value in values[::step] if value and not is_blank(value)] if step else []
    if len(spread) < SAMPLE // 4 and step > 1:
        filled = [value for value in values if value and not is_blank(value)]
        spread = filled[:: -(-len(filled) // SAMPLE)] if filled else []
    return spread


def is_blank(value: str) -> bool:
    """Return True for what stands for nothing, such as `n/a`."""
    return len(value) < _LONGEST_BLANK and is_placeholder(value)


def _is_about_people(columns: Sequence[str]) -> bool:
    """True when a bare `name` column is a person's: other columns hold personal data, too."""
    return any(vocabulary.name_kinds(column) & PII_SIBLINGS for column in columns)


def _is_worth_a_look(column: str, sample: Sequence[str]) -> bool:
    if not sample:
        return False
    names = vocabulary.name_kinds(column)
    return bool(names and "!" not in names) or any(len(value) >= 6 for value in sample)


def _key(column: str, people: bool) -> str:
    names = vocabulary.name_kinds(column) if people else vocabulary.EMPTY
    if "name" in names:
        return "full name"
    return "diagnosis" if vocabulary.BESIDE_A_PERSON in names else column


def _vote(samples: dict[str, list[str]], people: bool) -> dict[str, list[Hit]]:
    """Return the hits in the samples by column; one pass over all columns together."""
    segments: list[Segment] = []
    owners: list[str] = []
    for column, sample in samples.items():
        key = _key(column, people)
        segments.extend([Segment(value, key) for value in sample])
        owners.extend([column] * len(sample))
    hits: dict[str, list[Hit]] = {}
    for hit in PersonalDetector().detect(Payload(segments=segments, pasted=[])):
        hits.setdefault(owners[hit.segment], []).append(hit)
    return hits


def _column_results(
    table: Table, column: str, sample: list[str], hits: list[Hit], people: bool
) -> list[ColumnResult]:
    if not sample:
        return []
    # In the order they were found: a tie is not broken by the order of a set.
    votes = Counter(kind for kind, _ in dict.fromkeys((hit.kind, hit.segment) for hit in hits))
    if (kind := _kind_of_nearly_all(sample, hits, votes)) is not None:
        own = [hit for hit in hits if hit.kind == kind]
        result = _whole_column(table, column, kind, own)
        if not (others := kinds_beside(own, hits)):
            return [result]
        told = _read(table, column, people, votes, len(sample))
        return [result, *(r for r in told if r.kind in others and not _is_few(r, result.records))]
    if not hits and not vocabulary.name_kinds(column):
        kind_or_none = kind_by_statistics(sample)
        if kind_or_none is not None:
            values = tuple(dict.fromkeys(sample))[:MAX_FINGERPRINTS]
            return [_counted(table, column, kind_or_none, Confidence.LIKELY, values, test=False)]
    if hits or _is_prose(sample) or _may_differ(table.values[column], sample):
        return _read(table, column, people, votes, len(sample))
    return []


def _read(
    table: Table, column: str, people: bool, votes: Counter[str], sampled: int
) -> list[ColumnResult]:
    """Return what stands in the cells of a column, each read by itself."""
    read = _free_text(table, column, _key(column, people))
    read = [r for r in read if not _is_by_chance(column, r, table.values[column])]
    mostly = {kind for kind, number in votes.items() if number >= _MAJORITY * sampled}
    return [replace(r, free_text=r.kind not in mostly) for r in read]


def _is_few(result: ColumnResult, filled: int) -> bool:
    return result.kind in BY_CHANCE and is_rare(result.records, filled)


def _kind_of_nearly_all(sample: list[str], hits: list[Hit], votes: Counter[str]) -> str | None:
    """Return the kind that fills nearly all values; None where there is none."""
    if not votes:
        return None
    kind, number = votes.most_common(1)[0]
    covered = sum(hit.end - hit.start for hit in hits if hit.kind == kind)
    fills = number >= _NEARLY_ALL * len(sample) and covered >= _COVERED * sum(map(len, sample))
    return kind if fills else None


def is_coded(column: str, cells: Sequence[str]) -> bool:
    """True for a column of numbers or codes, some at least, whose name announces nobody."""
    names = vocabulary.name_kinds(column)
    if len(cells) < _FEWEST_CODES or (names and "!" not in names):
        return False
    form = _CODE_FIRST if names else _CODE
    return all(map(form.fullmatch, cells))


def is_rare(found: int, filled: int) -> bool:
    """True for so few of the cells as random numbers look like somebody's."""
    return found < filled * _BY_CHANCE


def _is_by_chance(column: str, result: ColumnResult, cells: Sequence[str]) -> bool:
    """True for numbers that look like somebody's among many that do not, as a ledger's accounts."""
    filled = [cell for cell in cells if cell]
    if result.kind == "bank_account" and len(filled) >= _FEWEST_CODES:
        return result.records * 2 < len(filled) and all(map(str.isdecimal, filled))
    rare = result.kind in BY_CHANCE and is_rare(result.records, len(filled))
    return rare and is_coded(column, filled)


def _is_prose(sample: Sequence[str]) -> bool:
    return sum(map(len, sample)) >= _PROSE_LENGTH * len(sample) and sum(
        " " in v for v in sample
    ) * 2 > len(sample)


def _may_differ(cells: Sequence[str], sample: Sequence[str]) -> bool:
    """True when cells between those of the sample may hold what none of these does."""
    if len(cells) <= SAMPLE:
        return False
    for some in (sample, cells):
        if "\n".join(some).encode("utf-8", "replace").translate(None, _NUMERIC):
            return True
    return max(map(len, cells)) > max(map(len, sample))


def _whole_column(table: Table, column: str, kind: str, hits: Sequence[Hit]) -> ColumnResult:
    values = tuple(dict.fromkeys(hit.value for hit in hits))[:MAX_FINGERPRINTS]
    order = list(Confidence)
    confidence = min((hit.confidence for hit in hits), key=order.index)
    return _counted(
        table, column, kind, confidence, values, test=all(hit.test_data for hit in hits)
    )


def _counted(
    table: Table,
    column: str,
    kind: str,
    confidence: Confidence,
    values: tuple[str, ...],
    *,
    test: bool,
) -> ColumnResult:
    cells = table.values[column]
    seen = frozenset(cells)
    records = len(cells)
    if min(map(len, cells), default=_LONGEST_BLANK) < _LONGEST_BLANK:
        # in the order they lie in memory
        short = {cell for cell in cells if len(cell) < _LONGEST_BLANK}
        if blanks := {cell for cell in short if not cell or is_placeholder(cell)}:
            seen -= blanks
            records -= sum(map(cells.count, blanks))
    if table.spread and not table.complete and cells:
        records = surely_in_all(records, len(cells), table.rows)
    return ColumnResult(
        column=column,
        kind=kind,
        confidence=confidence,
        records=records,
        count=records,
        distinct=len(seen),
        values=values,
        seen=seen,
        exact=table.complete,
        test_data=test,
    )


def surely_in_all(found: int, looked_at: int, rows: int) -> int:
    """Return in how many of all rows a value stands, at the least, when it stands in so many of
    those that were looked at: wrong in one of a hundred thousand (Wilson's lower bound).
    """
    share, square = found / looked_at, _SURE**2 / looked_at
    spread = _SURE * math.sqrt(share * (1 - share) / looked_at + square / (4 * looked_at))
    least = (share + square / 2 - spread) / (1 + square)
    return max(found, math.floor(rows * least))


@dataclass(slots=True)
class _Found:
    """What the cells of a column hold of one kind. Holds payload values."""

    confidence: Confidence
    records: dict[str, int] = field(default_factory=dict, repr=False)
    """Cell → rows that it stands in."""
    count: int = 0
    values: dict[str, None] = field(default_factory=dict, repr=False)

    def add(self, cell: str, times: int, hit: Hit) -> None:
        """Count a hit in a cell that stands in so many rows."""
        self.confidence = min(self.confidence, hit.confidence, key=list(Confidence).index)
        self.records[cell] = times
        self.count += times
        self.values[hit.value] = None


def _free_text(table: Table, column: str, key: str) -> list[ColumnResult]:
    """Scan every cell of a column in which some cells hold something, equal ones once."""
    cells = table.values[column]
    scanned = _as_many_as_are_read(cells)
    times = Counter(cells if scanned == len(cells) else cells[:scanned])
    found: dict[tuple[str, bool], _Found] = {}
    for cell, hit in _hits(list(times), key):
        group = found.setdefault((hit.kind, hit.test_data), _Found(hit.confidence))
        group.add(cell, times[cell], hit)
    return [
        ColumnResult(
            column=column,
            kind=kind,
            confidence=group.confidence,
            records=sum(group.records.values()),
            count=group.count,
            distinct=len(group.values),
            values=tuple(group.values)[:MAX_FINGERPRINTS],
            seen=frozenset(group.values),
            free_text=True,
            exact=table.complete and scanned == len(cells),
            test_data=test,
        )
        for (kind, test), group in sorted(found.items(), key=itemgetter(0))
    ]


def _as_many_as_are_read(cells: Sequence[str]) -> int:
    """Return how many cells of a column are scanned: whole pieces, until they are too long."""
    size = 0
    for end in range(_CHUNK, len(cells), _CHUNK):
        size += sum(map(len, cells[end - _CHUNK : end]))
        if size > _MAX_FREE_TEXT:
            return end
    return len(cells)


def _hits(cells: Sequence[str], key: str) -> Iterator[tuple[str, Hit]]:
    """Yield what stands in cells that are read each by itself."""
    detector = PersonalDetector()
    for start in range(0, len(cells), _CHUNK):
        chunk = cells[start : start + _CHUNK]
        read = [chunk[place] for place in _worth_reading(chunk, key)]
        segments = [Segment(cell, key) for cell in read]
        for hit in detector.detect(Payload(segments=segments, pasted=[])):
            yield read[hit.segment], hit


def _worth_reading(cells: Sequence[str], key: str) -> Sequence[int]:
    """Return which cells hold a candidate: most free text holds none, and the one pass tells so at
    once.
    """
    if "!" not in (names := vocabulary.name_kinds(key)) and names:
        return range(len(cells))
    text = "\n".join(cells)
    broken = text.count("\n") >= len(cells)
    if broken:
        text = "\n".join([cell.replace("\n", ": ") for cell in cells])
    folded = fold(text)
    starts = [start for start, _ in spans(folded.data())]
    if not starts and ": " not in text:
        return ()
    ends = list(accumulate([len(cell) + 1 + (cell.count("\n") if broken else 0) for cell in cells]))
    places = {bisect_right(ends, folded.origin_of(start)) for start in starts}
    if ": " in text:
        places.update(place for place, cell in enumerate(cells) if ": " in cell or "\n" in cell)
    return sorted(places)
