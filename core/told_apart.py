"""Findings of one exchange that was read in parts, with each value and each person counted once.

Marks tell values apart without holding them: see `Tally`. Pure.
"""

from array import array
from collections.abc import Iterable, Sequence

from core.classification import Tally
from core.findings import SECRET, Finding, counted_apart

MOST = 20_000
"""Marks that are kept of one kind; where there are more, its number stays "at least"."""

type _Key = tuple[str, str, bool]


def told_apart(findings: Iterable[Finding], tallies: Iterable[Tally]) -> list[Finding]:
    """Return the findings with the numbers that the marks of all parts come to.

    What has no marks keeps its numbers; so do people that different columns tell apart, for nobody
    knows who of them are the same.
    """
    values: dict[_Key, set[int]] = {}
    people: dict[str, set[int]] = {}
    for tally in tallies:
        marks = array("Q", tally.marks)
        if tally.kind:
            values.setdefault((tally.kind, tally.detector, tally.test_data), set()).update(marks)
        else:
            people.setdefault(tally.detector, set()).update(marks)
    subjects = len(next(iter(people.values()))) if len(people) == 1 else None
    return [_one(finding, values, subjects) for finding in findings]


def _one(finding: Finding, values: dict[_Key, set[int]], subjects: int | None) -> Finding:
    detector = finding.detector if finding.kind == SECRET else ""
    known = values.get((finding.kind, detector, finding.test_data))
    is_sure = finding.subjects is None or subjects is not None
    if known is None or not is_sure or len(known) >= MOST:
        return finding
    return counted_apart(finding, len(known), None if finding.subjects is None else subjects)


def tallies_joined(known: Sequence[Tally], new: Sequence[Tally]) -> tuple[Tally, ...]:
    """Return the marks of both, each once."""
    if not new:
        return tuple(known)
    sums = {_key(tally): tally for tally in known}
    for tally in new:
        before = sums.get(_key(tally))
        if before is None:
            sums[_key(tally)] = tally
        elif len(before.marks) < MOST * 8:
            marks = array("Q", before.marks)
            marks.extend(sorted(set(array("Q", tally.marks)).difference(marks)))
            sums[_key(tally)] = Tally(
                kind=tally.kind,
                detector=tally.detector,
                test_data=tally.test_data,
                marks=marks.tobytes(),
            )
    return tuple(sums.values())


def _key(tally: Tally) -> _Key:
    return tally.kind, tally.detector, tally.test_data
