"""Tables that stand in texts, read by the column reader: what it tells is not counted again."""

from bisect import bisect_left
from collections.abc import Sequence

from classifiers.hits import Hit
from classifiers.payload import Pasted, Payload
from classifiers.personal.tables.columns import ColumnResult, classify_table
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
    for pasted in payload.pasted or ():
        table = pasted.table(payload.segments[pasted.segment])
        results = classify_table(table)
        if results:
            inside = told(table, results, fingerprinter, tally=tally)
            findings += inside.findings
            tallies += inside.tallies
            kept = _not_told(pasted, results, kept)
    return kept, findings, tallies


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
