"""What is added up from records: cases, versions of scripts, traffic, and sums by the hour.

Pure; the writer, the rebuild and the verification share it. What records of one kind have in common
(`Alike`) is worked out once where they are many, and each then adds its `Figures`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from core.classification import AccountKind, Category
from core.findings import NOT_INSPECTED, Finding
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
from evidence.times import BUCKET_US, HOUR_US

COMES_BACK = (Disposition.CONFIRMED_LEAK.value, Disposition.ALREADY_HANDLED.value)
"""A case closed for one of these reasons opens again when it happens again; the other reasons hold
for what is alike.
"""

UNREADABLE = "unreadable"
"""Key of the case of entries that this version cannot read, so that a person sees that there are
some.
"""

type Hour = tuple[int, str, str, str, str, str]
"""Hour since 1970, script, destination, kind of account, kinds of data between commas, outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """What a record shares with all of its kind."""

    key: str | None
    """Of its case; None where it needs no review."""
    case: dict[str, Any]
    """The columns of the case that do not count anything."""
    degraded: int
    script: tuple[str, str] | None
    """Path or name, and hash or nothing."""
    version: str | None
    """The hash, where there is one."""
    sender: str
    destination: str
    left: bool
    account: str
    kinds: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What one record adds."""

    id: str
    bytes: int
    tokens: int = 0
    micro_usd: int = 0
    values: int = 0
    """Distinct values found, of all findings."""
    most_values: int = 0
    most_records: int | None = None


def hour_key(row: Sequence[Any]) -> Hour:
    """Return the key of a row of `hours`."""
    return row[0], row[1], row[2], row[3], row[4], row[5]


def kinds_text(kinds: set[str]) -> str:
    """Return kinds of data as they are kept: in order, between commas."""
    return "," + ",".join(sorted(kinds)) + "," if kinds else ""


def alike(record: Record) -> Alike:
    """Return what a record shares with its kind."""
    sender, destination = record.sender, record.destination
    script, outcome = sender.script, record.outcome
    kinds = kinds_text({finding.kind for finding in record.findings})
    key = case_key(record) if needs_review(record) else None
    case: dict[str, Any] = {}
    if key is not None:
        case = {
            "verdict": outcome,
            "script": called(record) or "unknown",
            "script_path": None if script is None else script.path,
            "script_sha256": None if script is None else script.sha256,
            "user": sender.user,
            "host": destination.host,
            "service": destination.service,
            "category": destination.category.value,
            "account_kind": destination.account.kind.value,
            "kinds": kinds,
        }
    name = sender_of(record)
    return Alike(
        key=key,
        case=case,
        degraded=1 if record.decision.degraded else 0,
        script=None if script is None else (name, script.sha256 or ""),
        version=None if script is None else script.sha256 or None,
        sender=name,
        destination=destination_of(record),
        left=record.left,
        account=destination.account.kind.value,
        kinds=kinds,
        outcome=outcome,
    )


def found_in(findings: tuple[Finding, ...]) -> tuple[int, int, int | None]:
    """Return how many values were found, the most in one finding, and the most rows in one."""
    values = [finding.distinct for finding in findings if finding.kind != NOT_INSPECTED]
    rows = [finding.records for finding in findings if finding.records is not None]
    return sum(values), max(values, default=0), max(rows, default=None)


def figures(record: Record) -> Figures:
    """Return what a record adds."""
    llm = record.llm
    tokens = 0 if llm is None else (llm.input_tokens or 0) + (llm.output_tokens or 0)
    values, most_values, most_records = found_in(record.findings)
    return Figures(
        id=record.id,
        bytes=record.request.bytes,
        tokens=tokens,
        micro_usd=0 if llm is None else micro_usd(llm.cost_usd),
        values=values,
        most_values=most_values,
        most_records=most_records,
    )


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


def _summed[Key](sums: dict[Key, list[int]], later: dict[Key, list[int]]) -> None:
    for key, new in later.items():
        known = sums.get(key)
        sums[key] = new[:] if known is None else [a + b for a, b in zip(known, new, strict=True)]


def joined(whole: "Rollup", later: "Rollup") -> None:
    """Add the sums of later records to those of earlier ones."""
    for case in later.cases.values():
        whole.add_case(case)
    for version, seen in later.scripts.items():
        known = whole.scripts.setdefault(version, [seen[0], seen[1], 0])
        known[:] = [min(known[0], seen[0]), max(known[1], seen[1]), known[2] + seen[2]]
    _summed(whole.traffic, later.traffic)
    _summed(whole.hours, later.hours)


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
    hours: dict[Hour, list[int]] = field(default_factory=dict)
    """→ exchanges, of these what left, bytes of what left, values found, tokens, millionths of a
    dollar.
    """

    def add(self, record: Record | Observation, at_us: int) -> str | None:
        """Add one record or observation as it is stored; return the key of its case, or None when
        it needs no review.
        """
        if isinstance(record, Observation):
            return self._add_observation(record, at_us)
        return self.add_one(alike(record), figures(record), at_us)

    def add_one(self, kind: Alike, one: Figures, at_us: int) -> str | None:
        """Add what one record of a kind adds; return as `add`."""
        if kind.key is not None:
            self._add_to_case(kind.key, kind, one, at_us)
        if kind.script is not None:
            self._add_script(kind.script, at_us)
        if kind.left:
            place = kind.sender, kind.destination, at_us // BUCKET_US
            _add_to(self.traffic, place, (1, one.bytes, one.tokens, one.micro_usd))
        hour = (
            at_us // HOUR_US,
            kind.sender,
            kind.destination,
            kind.account,
            kind.kinds,
            kind.outcome,
        )
        if kind.left:
            new = (1, 1, one.bytes, one.values, one.tokens, one.micro_usd)
        else:
            new = (1, 0, 0, one.values, 0, 0)
        _add_to(self.hours, hour, new)
        return kind.key

    def _add_to_case(self, key: str, kind: Alike, one: Figures, at_us: int) -> None:
        known = self.cases.get(key)
        if kind.version is not None:
            self.versions.setdefault(key, set()).add(kind.version)
        if known is None:
            self.cases[key] = {
                "key": key,
                "first_us": at_us,
                "last_us": at_us,
                "count": 1,
                **kind.case,
                "most_values": one.most_values,
                "most_records": one.most_records,
                "bytes_sent": one.bytes,
                "last_record": one.id,
                "degraded": kind.degraded,
            }
            return
        known.update(kind.case)
        known["first_us"] = min(known["first_us"], at_us)
        known["last_us"] = max(known["last_us"], at_us)
        known["count"] += 1
        known["most_values"] = max(known["most_values"], one.most_values)
        if one.most_records is not None:
            before = known["most_records"]
            known["most_records"] = max(
                one.most_records, one.most_records if before is None else before
            )
        known["bytes_sent"] += one.bytes
        known["last_record"] = one.id
        known["degraded"] += kind.degraded

    def _add_observation(self, seen: Observation, at_us: int) -> str | None:
        script = seen.sender.script
        if script is not None and seen.kind is not Kind.ORPHAN:  # which is no run of its script
            self._add_script((sender_of(seen), script.sha256 or ""), at_us)
        if not seen.notable:
            return None
        key = observation_key(seen)
        self.add_case(_observed_case(key, seen, at_us))
        if script is not None and script.sha256:
            self.versions.setdefault(key, set()).add(script.sha256)
        return key

    def add_unreadable(self, id_: str, at_us: int) -> str:
        """Add an entry that this version cannot read; return the key of its case."""
        self.add_case(_unreadable_case(id_, at_us))
        return UNREADABLE

    def add_case(self, case: dict[str, Any]) -> None:
        """Add the sums of a case."""
        known = self.cases.get(case["key"])
        self.cases[case["key"]] = dict(case) if known is None else _add(known, case)

    def _add_script(self, version: tuple[str, str], at_us: int) -> None:
        seen = self.scripts.get(version)
        if seen is None:
            self.scripts[version] = [at_us, at_us, 1]
        else:
            seen[:] = min(seen[0], at_us), max(seen[1], at_us), seen[2] + 1


def _add_to[Key](sums: dict[Key, list[int]], key: Key, new: tuple[int, ...]) -> None:
    known = sums.get(key)
    if known is None:
        sums[key] = list(new)
    else:
        for place, value in enumerate(new):
            known[place] += value
