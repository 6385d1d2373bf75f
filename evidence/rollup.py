"""What is added up from records: cases, versions of scripts, traffic.

Pure; the writer and the rebuild share it.
"""

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from core.classification import AccountKind, Category
from core.findings import NOT_INSPECTED
from core.observation import OBSERVED, Kind, Observation
from core.record import Record
from core.review import (
    Disposition,
    called,
    case_key,
    destination_of,
    needs_review,
    observation_key,
    sender_of,
)
from evidence.times import BUCKET_US

COMES_BACK = (Disposition.CONFIRMED_LEAK.value, Disposition.ALREADY_HANDLED.value)
"""A case closed for one of these reasons opens again when it happens again; the other reasons hold
for what is alike.
"""

UNREADABLE = "unreadable"
"""Key of the case of entries that this version cannot read, so that a person sees that there are
some.
"""


def _case(key: str, record: Record, at_us: int) -> dict[str, Any]:
    sender, destination, findings = record.sender, record.destination, record.findings
    script = sender.script
    kinds = sorted({finding.kind for finding in findings})
    return {
        "key": key,
        "first_us": at_us,
        "last_us": at_us,
        "count": 1,
        "verdict": record.outcome,
        "script": called(record) or "unknown",
        "script_path": None if script is None else script.path,
        "script_sha256": None if script is None else script.sha256,
        "user": sender.user,
        "host": destination.host,
        "service": destination.service,
        "category": destination.category.value,
        "account_kind": destination.account.kind.value,
        "kinds": "," + ",".join(kinds) + "," if kinds else "",
        "most_values": max((f.distinct for f in findings if f.kind != NOT_INSPECTED), default=0),
        "most_records": max((f.records for f in findings if f.records is not None), default=None),
        "bytes_sent": record.request.bytes,
        "last_record": record.id,
        "degraded": 1 if record.decision.degraded else 0,
    }


def _observed_case(key: str, seen: Observation, at_us: int) -> dict[str, Any]:
    script = seen.sender.script
    sent = seen.value("bytes_sent")
    return {
        **_unreadable_case(seen.id, at_us),
        "key": key,
        "verdict": OBSERVED,
        "script": called(seen) or "unknown",
        "script_path": None if script is None else script.path,
        "script_sha256": None if script is None else script.sha256,
        "user": seen.sender.user,
        "host": seen.about,
        "kinds": f",{seen.kind.value},",
        "bytes_sent": sent if isinstance(sent, int) else 0,
        "degraded": 0,
    }


def _unreadable_case(id_: str, at_us: int) -> dict[str, Any]:
    return {
        "key": UNREADABLE,
        "first_us": at_us,
        "last_us": at_us,
        "count": 1,
        "verdict": "unknown",
        "script": "unknown",
        "script_path": None,
        "script_sha256": None,
        "user": None,
        "host": "",
        "service": None,
        "category": Category.OTHER.value,
        "account_kind": AccountKind.UNKNOWN.value,
        "kinds": f",{NOT_INSPECTED},",
        "most_values": 0,
        "most_records": None,
        "bytes_sent": 0,
        "last_record": id_,
        "degraded": 1,
    }


def _add(known: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    records = [r for r in (known["most_records"], new["most_records"]) if r is not None]
    return {
        **new,
        "first_us": min(known["first_us"], new["first_us"]),
        "last_us": max(known["last_us"], new["last_us"]),
        "count": known["count"] + new["count"],
        "most_values": max(known["most_values"], new["most_values"]),
        "most_records": max(records, default=None),
        "bytes_sent": known["bytes_sent"] + new["bytes_sent"],
        "degraded": known["degraded"] + new["degraded"],
    }


def micro_usd(cost: str | None) -> int:
    """Return a cost in millionths of a dollar; 0 when it is unknown."""
    try:
        return 0 if cost is None else int(Decimal(cost) * 1_000_000)
    except (InvalidOperation, ValueError, OverflowError):
        return 0


def joined(whole: "Rollup", later: "Rollup") -> None:
    """Add the sums of later records to those of earlier ones."""
    for case in later.cases.values():
        whole.add_case(case)
    for version, seen in later.scripts.items():
        known = whole.scripts.setdefault(version, [seen[0], seen[1], 0])
        known[:] = [min(known[0], seen[0]), max(known[1], seen[1]), known[2] + seen[2]]
    for place, sums in later.traffic.items():
        before = whole.traffic.get(place, [0, 0, 0, 0])
        whole.traffic[place] = [a + b for a, b in zip(before, sums, strict=True)]


@dataclass(slots=True)
class Rollup:
    """Adds up the records of one batch, in the order of the chain."""

    cases: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions: dict[str, set[str]] = field(default_factory=dict)
    """Case → hashes of the scripts in its records."""
    scripts: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    """(script, hash) → first, last, count."""
    traffic: dict[tuple[str, str, int], list[int]] = field(default_factory=dict)
    """(script, destination, five minutes) → exchanges, bytes, tokens, millionths of a dollar."""

    def add(self, record: Record | Observation, at_us: int) -> str | None:
        """Add one record or observation as it is stored; return the key of its case, or None when
        it needs no review.
        """
        if isinstance(record, Observation):
            return self._add_observation(record, at_us)
        key = case_key(record) if needs_review(record) else None
        if key is not None:
            self.add_case(_case(key, record, at_us))
            if record.sender.script is not None and record.sender.script.sha256:
                self.versions.setdefault(key, set()).add(record.sender.script.sha256)
        self._add_script(record, at_us)
        if record.left:
            self._add_traffic(record, at_us)
        return key

    def _add_observation(self, seen: Observation, at_us: int) -> str | None:
        if seen.kind is not Kind.ORPHAN:  # no run of its script
            self._add_script(seen, at_us)
        if not seen.notable:
            return None
        key = observation_key(seen)
        self.add_case(_observed_case(key, seen, at_us))
        if seen.sender.script is not None and seen.sender.script.sha256:
            self.versions.setdefault(key, set()).add(seen.sender.script.sha256)
        return key

    def add_unreadable(self, id_: str, at_us: int) -> str:
        """Add an entry that this version cannot read; return the key of its case."""
        self.add_case(_unreadable_case(id_, at_us))
        return UNREADABLE

    def add_case(self, case: dict[str, Any]) -> None:
        """Add the sums of a case."""
        known = self.cases.get(case["key"])
        self.cases[case["key"]] = case if known is None else _add(known, case)

    def _add_script(self, record: Record | Observation, at_us: int) -> None:
        script = record.sender.script
        if script is None:
            return
        seen = self.scripts.setdefault((sender_of(record), script.sha256 or ""), [at_us, at_us, 0])
        seen[0], seen[1], seen[2] = min(seen[0], at_us), max(seen[1], at_us), seen[2] + 1

    def _add_traffic(self, record: Record, at_us: int) -> None:
        place = (sender_of(record), destination_of(record), at_us // BUCKET_US)
        sums = self.traffic.setdefault(place, [0, 0, 0, 0])
        llm = record.llm
        sums[0] += 1
        sums[1] += record.request.bytes
        if llm is not None:
            sums[2] += (llm.input_tokens or 0) + (llm.output_tokens or 0)
            sums[3] += micro_usd(llm.cost_usd)
