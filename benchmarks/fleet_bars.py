"""Says of what was measured of a hub whether its bar holds: one line each. Prints and measures
nothing itself but that.
"""

import os
from typing import Any


def at_most(what: str, measured: float, bar: float, unit: str) -> bool:
    """Print whether so much is no more than the bar; return it."""
    return _said(what, measured, f"at most {bar:,g}", unit, holds=measured <= bar)


def at_least(what: str, measured: float, bar: float, unit: str) -> bool:
    """Print whether so much is no less than the bar; return it."""
    return _said(what, measured, f"at least {bar:,g}", unit, holds=measured >= bar)


def judged_throughput(told: dict[str, Any]) -> None:
    """Hold what `benchmarks.fleet` measured of shipping against the bars of issue 18."""
    twice, cpu = told["second_delivery"], told["cpu_us_per_record"]
    at_least("records a second by the clock", told["records_per_second"], 30_000, "/s")
    at_most("CPU for each, all in all", sum(cpu.values()), 67, "µs")
    at_most("on disk for each record", told["bytes_per_record"], 800, "B")
    at_most("lost or doubled when delivered twice", twice["lost"] + twice["doubled"], 0, "entries")
    at_most("problems that verify finds", len(told["problems"]), 0, "")


def judged_kills(told: dict[str, Any]) -> None:
    """Hold what it counted after kills against the bar."""
    wrong = told["lost"] + told["doubled"] + len(told["problems"]) + told["alarms"]
    what = ", ".join(f"{count} of the {name}" for name, count in told["kills"].items())
    at_most(f"lost, doubled, broken or falsely alarmed after kills ({what})", wrong, 0, "")


def _said(what: str, measured: float, bar: str, unit: str, *, holds: bool) -> bool:
    verdict = "HOLDS" if holds else "DOES NOT HOLD"
    load = os.getloadavg()[0]
    print(f"{verdict}: {what}: {measured:,.6g} {unit} (bar: {bar}; load {load:.1f})")
    return holds
