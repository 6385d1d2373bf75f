"""What the columns of a table come to together: one finding a kind, rows affected, and people told
apart.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from classifiers.hits import MAX_FINGERPRINTS, MAX_PLACES, Hit
from classifiers.payload import Table
from classifiers.personal.tables.columns import (
    ColumnResult,
    classify_table,
    is_blank,
    surely_in_all,
)
from classifiers.personal.tables.keyed import is_total
from classifiers.personal.tables.phrases import NATIONAL_ID_KINDS
from core.classification import Tally
from core.discreet import name_shown
from core.findings import AT_LEAST, SECRET, Confidence, Finding
from core.fingerprint import Fingerprinter
from core.text import mask, printable

DETECTOR = "personal-columns"
PART_OF_THE_ROWS = f"{AT_LEAST}: a part of the rows was looked at"
_IDENTIFYING = (
    *sorted(NATIONAL_ID_KINDS),
    "passport",
    "driving_licence",
    "medical_record",
    "health_id",
    "uk_nhs",
    "us_mbi",
    "email",
    "phone",
    "iban",
    "credit_card",
    "bank_account",
)
"""What tells one person from another, the strongest first."""
_SHARED = frozenset({"iban", "credit_card", "bank_account"})
"""What several people may have in common: tells people apart only where nothing else does."""
_GROUPED = frozenset({"iban", "credit_card", "bank_account"})
"""What is written in groups, or not."""
_NO_GAPS = str.maketrans("", "", " -.\u00a0")
_MARK = 8
_APART = "\x1f"


class _People(NamedTuple):
    """What tells the people of a table apart. Holds payload."""

    told: frozenset[str]
    by: str
    """The columns that do."""

    def __repr__(self) -> str:
        return f"<People {len(self.told)}>"


class Told(NamedTuple):
    """What a table holds. Holds payload only as marks."""

    findings: list[Finding]
    tallies: list[Tally]
    """For a table that is a piece of a larger one."""


def table_findings(table: Table, fingerprinter: Fingerprinter) -> list[Finding]:
    """Return one finding per kind in the table, with rows affected, distinct values and distinct
    data subjects.
    """
    return told(table, classify_table(table), fingerprinter).findings


def tallied(table: Table, fingerprinter: Fingerprinter) -> Told:
    """Return the same with what it takes to count over several pieces of one table."""
    return told(table, classify_table(table), fingerprinter, tally=True)


def tally_of(kind: str, values: Iterable[str], detector: str = "", *, test_data: bool) -> Tally:
    """Return the marks of values, however their groups are set apart."""
    if kind in _GROUPED:
        values = {value.translate(_NO_GAPS) for value in values}
    marks = b"".join(
        hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=_MARK).digest()
        for value in values
    )
    return Tally(kind=kind, detector=detector, test_data=test_data, marks=marks)


def tallies_of(hits: Iterable[Hit]) -> list[Tally]:
    """Return the marks of what stands outside of tables; of secrets by their type."""
    groups: dict[tuple[str, str, bool], set[str]] = {}
    for hit in hits:
        if hit.rejected is None:
            type_of_secret = hit.detector if hit.kind == SECRET else ""
            group = (hit.kind, type_of_secret, hit.test_data)
            groups.setdefault(group, set()).add(hit.value)
    return [
        tally_of(kind, values, detector, test_data=test_data)
        for (kind, detector, test_data), values in groups.items()
    ]


def told(
    table: Table,
    results: Sequence[ColumnResult],
    fingerprinter: Fingerprinter,
    *,
    tally: bool = False,
) -> Told:
    """Return what the columns of a table hold; `tally`: with the marks of what was counted."""
    groups: dict[tuple[str, bool], list[ColumnResult]] = {}
    for result in results:
        groups.setdefault((result.kind, result.test_data), []).append(result)
    people = _people(table, [r for group in groups.values() for r in group])
    findings = [_finding(table, group, people, fingerprinter) for group in groups.values()]
    order = list(Confidence)
    findings.sort(key=lambda f: (f.test_data, order.index(f.confidence), f.kind))
    tallies: list[Tally] = []
    if tally:
        for (kind, test_data), group in groups.items():
            tallies.append(tally_of(kind, _values_of(table, group), test_data=test_data))
        if people is not None:
            tallies.append(tally_of("", people.told, people.by, test_data=False))
    return Told(findings, tallies)


def _finding(
    table: Table,
    group: Sequence[ColumnResult],
    people: _People | None,
    fingerprinter: Fingerprinter,
) -> Finding:
    first = group[0]
    order = list(Confidence)
    values = list(dict.fromkeys(value for result in group for value in result.values))[
        :MAX_FINGERPRINTS
    ]
    prefix = f"{printable(name_shown(table.label), 80)}, " if table.label else ""
    exact = all(result.exact for result in group)
    return Finding(
        kind=first.kind,
        detector=DETECTOR,
        confidence=min((result.confidence for result in group), key=order.index),
        count=sum(result.count for result in group),
        distinct=_distinct(table, group),
        records=_records(table, group),
        where=tuple(
            f"{prefix}column {printable(name_shown(result.column), 80)}" for result in group
        )[:MAX_PLACES],
        excerpt=mask(values[0]) if values else "",
        fingerprints=tuple(fingerprinter.of(first.kind, value) for value in values),
        test_data=first.test_data,
        note=None if exact else PART_OF_THE_ROWS,
        subjects=None if people is None else len(people.told),
    )


def _records(table: Table, group: Sequence[ColumnResult]) -> int:
    """Return the rows with any of several columns of one kind."""
    if _is_alone(group):
        return max(result.records for result in group)
    joined = _rows(table, group)
    records = sum(map(any, joined))
    if table.spread and not table.complete and joined:
        records = surely_in_all(records, len(joined), table.rows)
    return records


def _distinct(table: Table, group: Sequence[ColumnResult]) -> int:
    if _is_alone(group):
        return sum(result.distinct for result in group)
    return len(_values_of(table, group))


def _values_of(table: Table, group: Sequence[ColumnResult]) -> frozenset[str]:
    """Return the distinct values of several columns of one kind; for names, whole names, whichever
    of the columns they stand in.
    """
    if _is_alone(group) or group[0].kind != "person":
        return frozenset().union(*(result.seen for result in group))
    rows = set(_rows(table, group))
    return frozenset(_APART.join(filter(None, row)) for row in rows if any(row))


def _is_alone(group: Sequence[ColumnResult]) -> bool:
    return len(group) == 1 or any(result.free_text for result in group)


def _rows(table: Table, group: Sequence[ColumnResult]) -> list[tuple[str, ...]]:
    return list(zip(*(table.values[result.column] for result in group), strict=False))


def _people(table: Table, results: Sequence[ColumnResult]) -> _People | None:
    """Return what tells the people of the rows apart: the strongest identifying column, in rows
    where that is empty the next one, else name and date of birth; None when nothing does.
    """
    whole = [result for result in results if not result.free_text]
    about = [result.column for result in whole if result.kind in {"person", "date_of_birth"}]
    named = any(result.kind == "person" for result in whole)
    columns = _identifying(whole, named=named)
    if not columns and not named:
        return None
    by = _APART.join([*columns, *(about if named else ())])
    told = frozenset(table.values[columns[0]]) if columns else frozenset()
    if columns and not any(map(_is_empty, told)):
        return _People(told, by)
    names = _names(table, about) if named else []
    apart = _told_apart([table.values[name] for name in columns], names)
    return _People(frozenset(one for one in apart if one is not None), by)


def _names(table: Table, about: Sequence[str]) -> list[tuple[str, ...]]:
    """Return what says in each row who it is; nothing in a row of sums."""
    rows = zip(*(table.values[name] for name in about), strict=False)
    return [() if any(map(is_total, row)) else row for row in rows]


def _identifying(results: Sequence[ColumnResult], *, named: bool) -> list[str]:
    """Return the columns that tell people apart, the strongest first; where there is none and
    nobody is named, one of those that several people may share.
    """
    own = [result for result in results if result.kind not in _SHARED]
    columns = [result.column for kind in _IDENTIFYING for result in own if result.kind == kind]
    if columns or named:
        return columns
    return [result.column for result in results if result.kind in _SHARED][:1]


def _is_empty(cell: str) -> bool:
    return not cell or is_blank(cell)


def _told_apart(
    columns: Sequence[Sequence[str]], names: Sequence[tuple[str, ...]]
) -> Iterator[str | None]:
    """Yield what tells the person of each row apart: the first identifier there is, else name and
    date of birth.
    """
    rows = len(columns[0]) if columns else len(names)
    for row in range(rows):
        cells = (column[row] for column in columns)
        told = next((cell for cell in cells if not _is_empty(cell)), None)
        if told is None and names and any(names[row]):
            told = _APART.join(filter(None, names[row]))
        yield told
