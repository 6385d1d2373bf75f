"""What was added up, as metrics: in Prometheus' text, and as OTLP's JSON.

All counters are of everything that the evidence knows, also of records that have expired.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from core.text import printable
from evidence.hours import oldest, per_destination
from evidence.store import Store
from evidence.times import micros
from exports.outbox.otlp import Otlp, Value, attributes, resource, scope

_MOST_DESTINATIONS = 200
_REST = "others"
_LONGEST = 200

type Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One metric with all its samples."""

    name: str
    """As in Prometheus, with its unit."""
    help: str
    is_counter: bool
    samples: Sequence[tuple[Labels, float | int]]


def families(store: Store, waiting: dict[str, int] | None = None) -> list[Family]:
    """Return all metrics; `waiting`: collector → records that it has not taken yet.

    Destinations beyond the two hundred with most exchanges are added up as `others`. Raises
    EvidenceError.
    """
    sums: dict[Labels, list[float | int]] = {}
    named: set[str] = set()
    for destination, account, outcome, total in per_destination(store):
        if len(named) < _MOST_DESTINATIONS:
            named.add(destination)
        name = destination if destination in named else _REST
        labels = (("destination", name), ("account", account), ("outcome", outcome))
        row = sums.setdefault(labels, [0, 0, 0, 0, 0, 0.0, 0])
        cost = float(total.cost_usd)
        new = (
            total.exchanges,
            total.sent,
            total.bytes,
            total.found,
            total.tokens,
            cost,
            total.least,
        )
        row[:] = [a + b for a, b in zip(row, new, strict=True)]
    made = [
        Family(
            name=f"outgate_{name}_total",
            help=said,
            is_counter=True,
            samples=[(labels, row[place]) for labels, row in sorted(sums.items())],
        )
        for place, (name, said) in enumerate(_COUNTED)
    ]
    totals = store.totals()
    made += [
        Family(name=f"outgate_{name}", help=said, is_counter=False, samples=[((), totals[key])])
        for name, key, said in _STATES
    ]
    if waiting:
        samples = [((("collector", name),), count) for name, count in sorted(waiting.items())]
        said = "Records that a collector has not taken yet."
        made.append(
            Family(name="outgate_outbox_waiting", help=said, is_counter=False, samples=samples)
        )
    return made


_COUNTED = (
    ("exchanges", "Exchanges that were recorded, stopped ones too."),
    ("sent", "Exchanges that left the machine: whole, in part, or past the gate."),
    ("sent_bytes", "Bytes of requests that left the machine: at least so many, see sent_more."),
    ("values_found", "Personal and secret values found in requests."),
    ("llm_tokens", "Tokens of language models, in and out."),
    ("llm_cost_usd", "Known cost of language models in US dollars."),
    ("sent_more", "Exchanges that may have sent more than was counted."),
)
_STATES = (
    ("records", "records", "Records that are kept."),
    ("open_cases", "open_cases", "Cases that wait for a person."),
    ("newest_record_timestamp_seconds", "last_at_epoch", "When the newest record began."),
)


def prometheus(found: Sequence[Family]) -> str:
    """Return the metrics in Prometheus' text format, version 0.0.4."""
    return "".join(line for family in found for line in _lines(family))


def _lines(family: Family) -> Iterator[str]:
    yield f"# HELP {family.name} {family.help}\n"
    yield f"# TYPE {family.name} {'counter' if family.is_counter else 'gauge'}\n"
    for labels, value in family.samples:
        told = ",".join(f'{name}="{_label(text)}"' for name, text in labels)
        yield f"{family.name}{{{told}}} {value}\n" if told else f"{family.name} {value}\n"


def _label(text: str) -> str:
    plain = printable(text, _LONGEST)
    return plain.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def otlp(found: Sequence[Family], store: Store, machine: str, now_us: int) -> dict[str, Any]:
    """Return the request that holds the metrics."""
    first = oldest(store)
    start = str((now_us if first is None else micros(first)) * 1000)
    told = [_metric(family, start, str(now_us * 1000)) for family in found]
    inner = {"scope": scope(), "metrics": told}
    return {"resourceMetrics": [{"resource": resource(machine), "scopeMetrics": [inner]}]}


def _metric(family: Family, start: str, now: str) -> dict[str, Any]:
    points = []
    for labels, value in family.samples:
        values: dict[str, Value] = dict(labels)
        number = {"asInt": str(value)} if isinstance(value, int) else {"asDouble": value}
        points.append(
            {
                "attributes": list(attributes(values)),
                "startTimeUnixNano": start,
                "timeUnixNano": now,
                **number,
            }
        )
    name = family.name.removesuffix("_total").replace("outgate_", "outgate.", 1)
    body: dict[str, Any] = {"dataPoints": points}
    if family.is_counter:
        told: dict[str, Any] = {"sum": {**body, "aggregationTemporality": 2, "isMonotonic": True}}
    else:
        told = {"gauge": body}
    return {"name": name, "description": family.help, **told}


def post(collector: Otlp, found: Sequence[Family], store: Store, machine: str, now_us: int) -> None:
    """Send the metrics of now. Raises NotDeliveredError."""
    collector.post("/v1/metrics", otlp(found, store, machine, now_us))
