"""What is added up from records: cases, versions of scripts, traffic. Pure; the writer and the rebuild share it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from core.findings import NOT_INSPECTED
from core.record import left_in
from core.review import Disposition

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
BUCKET_US = 300 * 1_000_000

COMES_BACK = (Disposition.CONFIRMED_LEAK.value, Disposition.ALREADY_HANDLED.value)
"""A case closed for one of these reasons opens again when it happens again; the other reasons hold for what is alike."""

Body = Mapping[str, Any]
"""A record as `Record.to_json` gives it."""


def micros(at: datetime) -> int:
    """Return an aware time as microseconds since 1970 UTC."""
    return (at - EPOCH) // MICROSECOND


def from_micros(us: int) -> datetime:
    """Return the aware UTC time of so many microseconds since 1970."""
    return EPOCH + us * MICROSECOND


def time_of(body: Body) -> int:
    """Return when the exchange of this body began, in microseconds since 1970."""
    return micros(datetime.fromisoformat(body["at"]))


def sender_of(body: Body) -> str:
    """Return the script's path or name, else the program's; the first part of a case's key."""
    sender = body["sender"]
    if script := sender["script"]:
        return str(script["path"] or script["name"])
    if sender["pid"] is None:
        return "unknown"
    return str(sender["exe"] or sender["name"])


def destination_of(body: Body) -> str:
    """Return the service's id, else the host; the second part of a case's key."""
    return str(body["destination"]["service"] or body["destination"]["host"])


def key_of(body: Body) -> str | None:
    """Return the key of the case that this record belongs to, as `core.review.case_key`; None when it needs no review."""
    decision = body["decision"]
    if decision["verdict"] == "allow" and not decision["degraded"]:
        return None
    kinds = ",".join(sorted({f["kind"] for f in body["findings"]}))
    account = body["destination"]["account"]["kind"]
    return "\x1f".join((sender_of(body), destination_of(body), account, kinds, decision["verdict"]))


def _most_records(findings: list[dict[str, Any]]) -> int | None:
    return max((f["records"] for f in findings if f["records"] is not None), default=None)


def _case(key: str, body: Body, at_us: int) -> dict[str, Any]:
    sender, destination, findings = body["sender"], body["destination"], body["findings"]
    script = sender["script"]
    kinds = sorted({f["kind"] for f in findings})
    return {
        "key": key,
        "first_us": at_us,
        "last_us": at_us,
        "count": 1,
        "verdict": body["decision"]["verdict"],
        "script": script["name"] if script else sender["name"] or "unknown",
        "script_path": script["path"] if script else None,
        "script_sha256": script["sha256"] if script else None,
        "user": sender["user"],
        "host": destination["host"],
        "service": destination["service"],
        "category": destination["category"],
        "account_kind": destination["account"]["kind"],
        "kinds": "," + ",".join(kinds) + "," if kinds else "",
        "most_values": max(
            (f["distinct"] for f in findings if f["kind"] != NOT_INSPECTED), default=0
        ),
        "most_records": _most_records(findings),
        "bytes_sent": body["request"]["bytes"],
        "last_record": body["id"],
        "degraded": 1 if body["decision"]["degraded"] else 0,
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


@dataclass(slots=True)
class Rollup:
    """Adds up the records of one batch, in the order of the chain."""

    cases: dict[str, dict[str, Any]] = field(default_factory=dict)
    scripts: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    """(script, hash) → first, last, count."""
    traffic: dict[tuple[str, str, int], list[int]] = field(default_factory=dict)
    """(script, destination, five minutes) → exchanges, bytes, tokens, millionths of a dollar."""

    def add(self, body: Body, at_us: int) -> str | None:
        """Add one record; return the key of its case, or None when it needs no review."""
        if (key := key_of(body)) is not None:
            case = _case(key, body, at_us)
            known = self.cases.get(key)
            self.cases[key] = case if known is None else _add(known, case)
        self._add_script(body, at_us)
        self._add_traffic(body, at_us)
        return key

    def _add_script(self, body: Body, at_us: int) -> None:
        script = body["sender"]["script"]
        if script is None:
            return
        seen = self.scripts.setdefault((sender_of(body), script["sha256"] or ""), [at_us, at_us, 0])
        seen[0], seen[1], seen[2] = min(seen[0], at_us), max(seen[1], at_us), seen[2] + 1

    def _add_traffic(self, body: Body, at_us: int) -> None:
        if not left_in(body):
            return
        sums = self.traffic.setdefault(
            (sender_of(body), destination_of(body), at_us // BUCKET_US), [0, 0, 0, 0]
        )
        llm = body["llm"]
        sums[0] += 1
        sums[1] += body["request"]["bytes"]
        if llm is not None:
            sums[2] += (llm["input_tokens"] or 0) + (llm["output_tokens"] or 0)
            sums[3] += micro_usd(llm["cost_usd"])
