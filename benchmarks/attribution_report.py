"""The Markdown tables of what `benchmarks/attribution.py` measured."""

import statistics
from collections import Counter
from dataclasses import dataclass, field

from benchmarks.attribution_clients import LINE_CLIENTS


@dataclass
class Tally:
    """What was measured."""

    connections: int = 0
    requests: int = 0
    wrong: list[str] = field(default_factory=list)
    certainty: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    at_once: int = 0
    loop_us: list[float] = field(default_factory=list)
    loop_cpu_us: list[float] = field(default_factory=list)
    search_ms: list[float] = field(default_factory=list)
    later_us: list[float] = field(default_factory=list)
    line_right: Counter[str] = field(default_factory=Counter)
    line_wrong: Counter[str] = field(default_factory=Counter)
    line_none: Counter[str] = field(default_factory=Counter)
    line_likely: Counter[str] = field(default_factory=Counter)
    line_ms: list[float] = field(default_factory=list)


def q(values: list[float], part: float) -> float:
    """Return a quantile; 0 of nothing."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else 0.0


def report(tally: Tally, spent: dict[str, list[float]], processes: int, seconds: float) -> str:
    """Return the Markdown tables."""
    covered = (tally.certainty["exact"] + tally.certainty["likely"]) / max(tally.connections, 1)
    times = statistics.median(spent["psutil"]) / statistics.median(spent["now"])
    blocking = [name for name in LINE_CLIENTS if "asyncio" not in name]
    asked = sum(tally.line_right[n] + tally.line_wrong[n] + tally.line_none[n] for n in blocking)
    rows = [
        (
            "connections / requests",
            f"{tally.connections:,} / {tally.requests:,} in {seconds:.0f} s",
            "",
        ),
        ("processes on the machine", str(processes), ""),
        ("wrong names", str(len(tally.wrong)), "0"),
        ("EXACT or LIKELY", f"{covered:.2%} ({dict(tally.certainty)})", "≥ 99.5 %"),
        ("answered at once on the loop", f"{tally.at_once / max(tally.connections, 1):.0%}", ""),
        (
            "loop cost per new connection, under load",
            f"median {q(tally.loop_us, 0.5):.0f} µs, p99 {q(tally.loop_us, 0.99):.0f} µs",
            "≤ 60 / ≤ 300 µs",
        ),
        (
            "of it CPU of the loop",
            f"median {q(tally.loop_cpu_us, 0.5):.0f} µs, p99 {q(tally.loop_cpu_us, 0.99):.0f} µs",
            "",
        ),
        (
            "loop cost, known process, quiet",
            f"median {q(spent['now'], 0.5):.0f} µs, p99 {q(spent['now'], 0.99):.0f} µs",
            "",
        ),
        (
            "loop cost of a later request",
            f"median {q(spent['again'], 0.5):.0f} µs, p99 {q(spent['again'], 0.99):.0f} µs",
            "",
        ),
        (
            "whole search, quiet",
            (
                f"median {q(spent['search'], 0.5) / 1e3:.1f} ms, p99"
                f" {q(spent['search'], 0.99) / 1e3:.1f} ms"
            ),
            "p99 ≤ 8 ms at 400",
        ),
        (
            "whole search, under load",
            f"median {q(tally.search_ms, 0.5):.1f} ms, p99 {q(tally.search_ms, 0.99):.1f} ms",
            "",
        ),
        (
            "psutil.net_connections",
            f"median {q(spent['psutil'], 0.5) / 1e3:.1f} ms = {times:.0f}×",
            "≥ 100×",
        ),
        (
            "line right, blocking clients",
            f"{sum(tally.line_right[n] for n in blocking) / max(asked, 1):.2%} of {asked}",
            "≥ 99 %",
        ),
        (
            "time to name a line",
            f"median {q(tally.line_ms, 0.5):.0f} ms, p99 {q(tally.line_ms, 0.99):.0f} ms",
            "≤ 40 ms",
        ),
    ]
    table = [
        "| measure | figure | bar |",
        "|---|---|---|",
        *(f"| {a} | {b} | {c} |" for a, b, c in rows),
    ]
    table += [
        "",
        "| client | line right | of them LIKELY | wrong | none |",
        "|---|---|---|---|---|",
    ]
    for name in LINE_CLIENTS:
        cells = (
            tally.line_right[name],
            tally.line_likely[name],
            tally.line_wrong[name],
            tally.line_none[name],
        )
        table.append(f"| {name} | " + " | ".join(map(str, cells)) + " |")
    if tally.reasons:
        table += [
            "",
            "Reasons given: "
            + "; ".join(f"{reason} ({n})" for reason, n in tally.reasons.most_common(8)),
        ]
    return "\n".join([*table, *(f"\nWRONG {fault}" for fault in tally.wrong[:10])])
