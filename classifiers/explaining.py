"""Words for `outgate inspect --explain`: every candidate, what confirmed it and what rejected
it.
"""

from collections.abc import Collection, Iterator, Sequence

from classifiers.hits import Hit, is_excepted
from classifiers.payload import Payload, Segment, Table, place
from classifiers.personal import vocabulary
from core.findings import SECRET
from core.fingerprint import Fingerprinter
from core.organisation import FindingException
from core.text import mask, printable

_KIND = 28
_PLACE = 160
_BY_DETECTOR = {
    "names-model": "the names model takes it for one in this sentence",
    "organisation": "a recogniser of the organisation",
}
_TOLD_BY_NAME = frozenset(
    (
        "person address date_of_birth passport driving_licence medical_record health_id"
        " bank_account health_data special_category"
    ).split()
)
_TOLD_BY_FORM = {
    "email": "form, and a domain that can exist",
    "phone": "a number that its country's plan allows",
    "ip_address": "form, and an address that is public",
    "us_ssn": "a number from the ranges in use",
    "uk_nino": "form, and a prefix in use",
    "in_pan": "form, and a holder's class in use",
}


def explained(
    payload: Payload,
    hits: Sequence[Hit],
    fingerprinter: Fingerprinter,
    exceptions: Collection[FindingException],
) -> tuple[str, ...]:
    """Return one line for each candidate, found ones first, then columns, then what could not be
    read.
    """
    ordered = sorted(hits, key=lambda h: (h.rejected is not None, h.segment, h.start))
    return (
        *(_line(hit, payload.segments[hit.segment], fingerprinter, exceptions) for hit in ordered),
        *(line for table in payload.tables for line in _columns(table)),
        *(
            _row("unread", "", "", printable(unread.reason, 120), _dotted(unread.path))
            for unread in payload.unread
        ),
    )


_EXAMPLE = "published test data, which rules count only with test_data: true"


def _line(
    hit: Hit,
    segment: Segment,
    fingerprinter: Fingerprinter,
    exceptions: Collection[FindingException],
) -> str:
    what = f"{hit.kind} {hit.detector}" if hit.kind == SECRET else hit.kind
    where = place(segment)
    if hit.rejected is not None:
        return _row("rejected", what, hit.value, hit.rejected, where)
    if exceptions and is_excepted(hit, where, fingerprinter, exceptions):
        return _row(
            "rejected", what, hit.value, "the organisation's exception for this value", where
        )
    told = f"{hit.confidence}: {_confirmed(hit, segment)}"
    extra = [hit.note or "", _EXAMPLE if hit.test_data else ""]
    return _row("found", what, hit.value, "; ".join([told, *filter(None, extra)]), where)


def _confirmed(hit: Hit, segment: Segment) -> str:
    """Return what made the candidate a hit."""
    if hit.detector in _BY_DETECTOR:
        return _BY_DETECTOR[hit.detector]
    if hit.kind == SECRET:
        return f"rule {hit.detector}: form, randomness and no known exception"
    named = vocabulary.announces(vocabulary.context_of(segment.key, segment.path), hit.kind)
    whole = hit.start == 0 and hit.end == len(segment.text)
    by_name = (
        f"the name “{printable(segment.key or '', 40)}”"
        if named or whole
        else "the words left of it"
    )
    if hit.kind in _TOLD_BY_NAME:
        return by_name
    by_form = _TOLD_BY_FORM.get(hit.kind, "form and check digit")
    return f"{by_form}, {by_name}" if named else by_form


def _columns(table: Table) -> Iterator[str]:
    from classifiers.personal.tables.columns import classify_table

    results = classify_table(table)
    prefix = f"{printable(table.label, 80)}, " if table.label else ""
    for result in results:
        share = (
            "text with such values"
            if result.free_text
            else "most values have the form or the name tells"
        )
        told = (
            f"{result.confidence}: {share}; {result.records:,} of {table.rows:,} rows,"
            f" {result.distinct:,} distinct"
        )
        where = f"{prefix}column {printable(result.column, 80)}"
        yield _row("found", result.kind, next(iter(result.values), ""), told, where)
    told_of = {result.column for result in results}
    for column in table.columns:
        if column not in told_of:
            yield _row(
                "rejected",
                "",
                "",
                "no kind in this column",
                f"{prefix}column {printable(column, 80)}",
            )


def _row(outcome: str, what: str, value: str, why: str, where: str) -> str:
    shown = mask(value) if value else ""
    return f"{outcome:<8}  {what:<{_KIND}}  {shown:<10}  {why}  [{printable(where, _PLACE)}]"


def _dotted(path: Sequence[str | int]) -> str:
    return ".".join(map(str, path)) or "body"
