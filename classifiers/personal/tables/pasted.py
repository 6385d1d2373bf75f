"""Tables that stand in texts, read by the column reader: what it tells is not counted again."""

from bisect import bisect_left
from collections.abc import Collection, Sequence, Set
from functools import partial

from classifiers.hits import Hit
from classifiers.payload import Pasted, Path, Payload, Table
from classifiers.personal.tables.columns import (
    BY_CHANCE,
    ColumnResult,
    classify_table,
    is_coded,
    is_rare,
)
from classifiers.personal.tables.joining import told
from core.classification import Tally
from core.findings import SECRET, Finding
from core.fingerprint import Fingerprinter


def pasted_findings(
    payload: Payload, hits: Sequence[Hit], fingerprinter: Fingerprinter, *, tally: bool = False
) -> tuple[list[Hit], list[Finding], list[Tally]]:
    """Return the hits that no table tells of, and what the tables tell; `tally`: with the marks of
    what they count.
    """
    findings: list[Finding] = []
    tallies: list[Tally] = []
    kept = list(hits)
    if not payload.pasted:
        return kept, findings, tallies
    before = _Before(payload)
    for pasted in sorted(payload.pasted, key=partial(_order, payload)):
        table = pasted.table(payload.segments[pasted.segment])
        results = classify_table(table)
        if results:
            new = before.not_yet(pasted.segment, results)
            inside = told(table, new, fingerprinter, tally=tally)
            findings += inside.findings
            tallies += inside.tallies
            kept = _not_told(pasted, results, kept)
        kept = _without_chance(pasted, table, {result.column for result in results}, kept)
    return [hit for hit in kept if not before.holds(hit)], findings, tallies


def _order(payload: Payload, pasted: Pasted) -> tuple[bool, int]:
    """Texts as they stand before those that were decoded, and what tells more before the rest."""
    path = payload.segments[pasted.segment].path
    return _text_of(path) != path, -len(pasted.columns)


class _Before:
    """What the tables of a text told, for those of the same text in its other readings: decoded in
    part, or in another way. Holds payload.
    """

    def __init__(self, payload: Payload) -> None:
        self._segments = payload.segments
        self._first: dict[Path, int] = {}
        self._told: dict[tuple[Path, str], frozenset[str]] = {}

    def not_yet(self, segment: int, results: Sequence[ColumnResult]) -> list[ColumnResult]:
        """Return what no other reading told: nothing of a column whose values stand there for the
        most part, or of a table most of whose columns do. Remembers the rest.
        """
        text = _text_of(self._segments[segment].path)
        is_first = self._first.setdefault(text, segment) == segment
        told = [self._told.get((text, result.kind), frozenset()) for result in results]
        seen = [frozenset(map(str.casefold, result.seen)) for result in results]
        again = [len(a & b) * 2 > len(a) for a, b in zip(seen, told, strict=True)]
        mostly = sum(again) * 2 > len(again)
        new: list[ColumnResult] = []
        for at, result in enumerate(results):
            if not is_first and (again[at] or (mostly and len(seen[at]) <= len(told[at]))):
                continue
            new.append(result)
            begun = {value.partition(sign)[0] for value in seen[at] for sign in ", "}
            self._told[text, result.kind] = told[at] | seen[at] | begun
        return new

    def holds(self, hit: Hit) -> bool:
        """True for a hit whose value a table of another reading told."""
        text = _text_of(self._segments[hit.segment].path)
        known = self._told.get((text, hit.kind))
        if known is None or self._first[text] == hit.segment:
            return False
        return hit.value.casefold() in known


def _text_of(path: Path) -> Path:
    """Return the path of the text that a decoded one was made of."""
    for at, part in enumerate(path):
        if part.__class__ is str and part[:1] == "(":
            return path[:at]
    return path


def stands_in_several(payload: Payload, hits: Sequence[Hit]) -> bool:
    """Return whether values may stand in a table and beside it, or in several tables."""
    return bool(hits) + len(payload.pasted or ()) + len(payload.tables) > 1


def _not_told(pasted: Pasted, results: Sequence[ColumnResult], hits: Sequence[Hit]) -> list[Hit]:
    """Leave out the hits that a table's columns tell of: one in each cell of a whole column, and
    those of a kind that is found in the texts of its cells. A second value in a cell, and one in a
    column that tells of nothing, is one more.
    """
    kinds = {result.kind for result in results}
    in_texts = {result.kind for result in results if result.free_text}
    cells = _cells(pasted, results)
    counted: set[int] = set()
    kept: list[Hit] = []
    for hit in hits:
        inside = hit.segment == pasted.segment and pasted.start <= hit.start < pasted.end
        if not inside or hit.kind == SECRET:
            kept.append(hit)
            continue
        place = _place(cells, hit)
        kind = None if place is None else cells[place][2]
        if place is not None and kind and (hit.kind != kind or place not in counted):
            counted.add(place)
        elif hit.kind not in kinds or (kind is not None and hit.kind not in in_texts):
            kept.append(hit)
    return kept


def _without_chance(pasted: Pasted, table: Table, told_of: Set[str], hits: list[Hit]) -> list[Hit]:
    """Leave out numbers that look like somebody's in columns of codes of which nothing is told."""
    if not any(hit.segment == pasted.segment and hit.kind in BY_CHANCE for hit in hits):
        return hits
    filled = {name: [cell for cell in table.values[name] if cell] for name in table.columns}
    codes = {n: len(c) for n, c in filled.items() if n not in told_of and is_coded(n, c)}
    spans = _spans_of(pasted, codes)
    inside: dict[str, list[Hit]] = {}
    for hit in hits:
        place = _place(spans, hit) if hit.segment == pasted.segment else None
        if place is not None and hit.kind in BY_CHANCE:
            inside.setdefault(spans[place][2], []).append(hit)
    rare = {id(h) for n, found in inside.items() if is_rare(len(found), codes[n]) for h in found}
    return [hit for hit in hits if id(hit) not in rare]


def _spans_of(pasted: Pasted, names: Collection[str]) -> list[tuple[int, int, str]]:
    """Return where the cells of these columns stand, in order, with the column's name."""
    return sorted(
        (cell.start, cell.end, name)
        for row in pasted.rows
        for name, cell in zip(pasted.columns, row, strict=True)
        if cell is not None and name in names
    )


def _cells(pasted: Pasted, results: Sequence[ColumnResult]) -> list[tuple[int, int, str]]:
    """Return where the cells stand, in order, with the kind that their whole column tells."""
    whole = {result.column: result.kind for result in results if not result.free_text}
    return sorted(
        (cell.start, cell.end, whole.get(name, ""))
        for row in pasted.rows
        for name, cell in zip(pasted.columns, row, strict=True)
        if cell is not None
    )


def _place(cells: Sequence[tuple[int, int, str]], hit: Hit) -> int | None:
    """Return the cell that a hit stands in, None for one between cells."""
    place = bisect_left(cells, (hit.end, 0, "")) - 1
    return place if place >= 0 and cells[place][1] > hit.start else None
