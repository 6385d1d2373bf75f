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
    """Leave out the hits that a table's columns tell of: of a kind of theirs, or in a whole
    column.
    """
    kinds = {result.kind for result in results}
    whole = {result.column for result in results if not result.free_text}
    cells = sorted(
        (cell.start, cell.end)
        for row in pasted.rows
        for name, cell in zip(pasted.columns, row, strict=True)
        if cell is not None and name in whole
    )
    kept: list[Hit] = []
    for hit in hits:
        inside = hit.segment == pasted.segment and pasted.start <= hit.start < pasted.end
        if not inside or hit.kind == SECRET:
            kept.append(hit)
            continue
        place = bisect_left(cells, (hit.end, 0)) - 1
        told = hit.kind in kinds or (place >= 0 and cells[place][1] > hit.start)
        if not told:
            kept.append(hit)
    return kept
