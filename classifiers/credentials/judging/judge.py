"""From a match to a hit: where it stands, whether it is real, and which of several overlapping ones
counts.
"""

from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from classifiers.credentials.engines.engine import Engine, regex
from classifiers.credentials.judging.joined import Joined
from classifiers.credentials.judging.quality import entropy, is_example, is_masked, is_placeholder
from classifiers.credentials.rules.rule import ACCEPTED, Candidate, Rule, Verdict
from classifiers.hits import Hit
from classifiers.payload import Path, Segment
from core.findings import SECRET

MAX_CELLS = 100_000
"""Cells of one column that are looked at."""
MAX_REJECTED = 50
"""Rejected candidates of one rule that are kept for `--explain`."""
MAX_VALUE = 20_000


class Found(NamedTuple):
    """A judged candidate with the rule it came from. Holds payload."""

    rule: Rule
    hit: Hit

    def __repr__(self) -> str:
        return f"<Found {self.rule.name}>"


def judged(
    engine: Engine, index: int, joined: Joined, segments: list[Segment], *, explain: bool = False
) -> list[Found]:
    """Return the hits of one rule, with `explain` some rejected candidates too.

    Every candidate is looked at until 300 hits, or one for each 64 bytes of a long payload, have
    been found: a flood of real values cannot make the work grow, and no flood of false ones can
    hide a real one.
    """
    rule = engine.rules[index]
    limit = max(300, len(joined.data) // 64)
    found: list[Found] = []
    rejections = MAX_REJECTED if explain else 0
    for match in engine.matches(index, joined.data):
        for segment, candidate in _places(rule, match, joined, segments):
            verdict = _verdict(rule, candidate)
            if verdict.rejected is None or rejections > 0:
                rejections -= verdict.rejected is not None
                found.append(_found(rule, segment, candidate, verdict))
        if len(found) >= limit:
            break
    return found


def _places(
    rule: Rule, match: Any, joined: Joined, segments: list[Segment]
) -> list[tuple[int, Candidate]]:
    start, end = _secret_span(rule, match)
    where = joined.locate(start)
    segment = segments[where.segment]
    begin = max(where.offset, 0)
    value = match.string[start:end].decode("utf-8", "replace")
    name, whole = _name_of(match, joined, where.segment) if rule.named else ("", False)
    key = segment.key or ""
    if whole and segment.tabular:
        return _cells(where.segment, segment, name)
    if (
        whole
        and begin == 0
        and len(segment.text) <= 512
        and not any(c.isspace() for c in segment.text.strip())
    ):
        value, begin = segment.text.strip(), len(segment.text) - len(segment.text.lstrip())
    value = value[: max(len(segment.text) - begin, 0)]
    candidate = Candidate(
        value, segment.text, begin, begin + len(value), name, key, whole, segment.tabular
    )
    return [(where.segment, candidate)]


def _cells(index: int, segment: Segment, name: str) -> list[tuple[int, Candidate]]:
    cells, at, text, key = [], 0, segment.text, segment.key or ""
    for line in text.split("\n", MAX_CELLS):
        value = line.strip()
        if value:
            begin = at + line.index(value)
            cells.append(
                (index, Candidate(value, text, begin, begin + len(value), name, key, True, True))
            )
        at += len(line) + 1
    return cells[:MAX_CELLS]


def _secret_span(rule: Rule, match: Any) -> tuple[int, int]:
    groups = match.re.groups
    start, end = match.span(min(rule.group, groups))
    if start < 0:  # the group took no part in this alternative
        start, end = next(
            (match.span(g) for g in range(1, groups + 1) if match.start(g) >= 0), match.span()
        )
    return start, min(end, start + MAX_VALUE)


def _name_of(match: Any, joined: Joined, segment: int) -> tuple[str, bool]:
    """Return the name beside the value, and whether it is the key of the value's own segment."""
    where = joined.locate(match.start(1))
    return match.group(1).decode("utf-8", "replace"), where.segment == segment and where.offset < 0


def _found(rule: Rule, segment: int, candidate: Candidate, verdict: Verdict) -> Found:
    start, end = verdict.span or (candidate.start, candidate.end)
    return Found(
        rule,
        Hit(
            kind=SECRET,
            detector=verdict.detector or rule.name,
            confidence=verdict.confidence or rule.confidence,
            value=candidate.value if verdict.value is None else verdict.value,
            segment=segment,
            start=start,
            end=end,
            test_data=verdict.test_data,
            rejected=verdict.rejected,
            note=verdict.note,
        ),
    )


def _verdict(rule: Rule, candidate: Candidate) -> Verdict:
    verdict = rule.check(candidate) if rule.check else ACCEPTED
    if verdict.rejected or verdict.value is not None or rule.rank == 0:
        return verdict
    value = candidate.value
    if is_masked(value) or is_placeholder(value):
        return verdict._replace(rejected="masked, a template or a placeholder")
    reason = excluded_by(rule, value)
    if reason is not None:
        return (
            verdict._replace(test_data=True)
            if rule.rank >= 2 and is_example(value)
            else verdict._replace(rejected=reason)
        )
    if entropy(value) < rule.min_entropy:
        if rule.rank == 1 or entropy(value) < 1.5:
            return verdict._replace(rejected="too regular for a key")
        return verdict._replace(test_data=True)
    return verdict._replace(test_data=verdict.test_data or is_example(value))


def excluded_by(rule: Rule, value: str) -> str | None:
    """Return why the rule's own exceptions cover this value, or None."""
    lower = value.lower()
    if any(word in lower for word in rule.stopwords):
        return "holds a word that the rule excepts"
    if rule.excluded:
        data = value.encode("utf-8", "replace")
        if any(_exclusion(pattern).search(data) for pattern in rule.excluded):
            return "has a form that the rule excepts"
    return None


@lru_cache(maxsize=1024)
def _exclusion(pattern: str) -> Any:
    return regex(pattern)


def rejected(item: Found, reason: str) -> Found:
    """Return the same candidate as no hit."""
    return Found(item.rule, item.hit._replace(rejected=reason))


def with_requirements(found: Iterable[Found]) -> list[Found]:
    """Mark as rejected what stands alone although its rule needs companions; drop mere
    companions.
    """
    everything = list(found)
    present = {f.rule.name for f in everything if f.hit.rejected is None}
    kept = []
    for item in everything:
        missing = [name for name in item.rule.requires if name not in present]
        if not item.rule.visible:
            continue
        alone = missing and item.hit.rejected is None
        kept.append(rejected(item, "its companion is not in this payload") if alone else item)
    return kept


def without_overlaps(found: list[Found]) -> list[Found]:
    """Keep the most specific of overlapping hits; rejected candidates stay for `--explain`."""
    kept: list[Found] = []
    taken: dict[int, list[tuple[int, int]]] = {}
    for item in sorted(
        found, key=lambda f: (f.hit.rejected is not None, -f.rule.rank, f.hit.start - f.hit.end)
    ):
        if item.hit.rejected is None:
            spans = taken.setdefault(item.hit.segment, [])
            at = bisect_right(spans, (item.hit.start, item.hit.end))
            if (at and spans[at - 1][1] > item.hit.start) or (
                at < len(spans) and spans[at][0] < item.hit.end
            ):
                continue
            spans.insert(at, (item.hit.start, item.hit.end))
        kept.append(item)
    return kept


def without_repeats(found: list[Found], segments: list[Segment]) -> list[Found]:
    """Count a value once per place, although the decoder shows some places in several views."""
    seen: dict[tuple[str, str, str | None], dict[Path, int]] = {}
    kept = []
    for item in sorted(found, key=lambda f: (f.hit.segment, f.hit.start)):
        hit = item.hit
        first = seen.setdefault((hit.detector, hit.value, hit.rejected), {})
        path = segments[hit.segment].path
        above = (path[:depth] for depth in range(1, len(path) + 1))
        if any(first.get(place, hit.segment) != hit.segment for place in above):
            continue
        if path:
            first.setdefault(path, hit.segment)
        kept.append(item)
    return kept
