"""How long one decision takes: median and 99th percentile, by kinds and numbers of rules.

Run: python benchmarks/policy_decide.py

The machine's own speed is measured in the same run, by a fixed loop of plain Python, before each
line: `ratio` is the median in terms of that loop, and comparable between machines and hours.
Bars: 50 µs with 200 rules, 10 µs with a preset. A request costs 3,800 µs.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from core.attribution import Attribution, Certainty, LaunchedAs, Script
from core.classification import Account, AccountKind, Category, Destination, LlmCall
from core.findings import Confidence, Finding
from core.situation import Situation, Volume
from policy.loading import load_bytes, preset_names, preset_text

TURNS = 6_000
RULES = 200
SIZES = (4, 8, 20, 50)

MIXES: dict[str, Callable[[int], str]] = {
    "by destination": lambda n: (
        f'destination: {{host: "*.service{n}.example", account: [personal, unknown], upload: true}}'
        "\n"
        f"      findings: {{kinds: [bank, email], records_at_least: {n + 1}}}"
    ),
    "by content": lambda n: (
        f"volume: {{request_bytes_at_least: {n + 10} MB}}\n"
        f"      findings: {{kinds: [iban, us_ssn], records_at_least: {n + 100000}}}"
    ),
    "by volume": lambda n: f"volume: {{request_bytes_at_least: {n + 10} MB}}",
    "by day's volume": lambda n: (
        f"volume: {{day_bytes_at_least: {n + 10} GB, hour_bytes_at_least: {n + 10} MB}}"
    ),
    "by tokens and cost": lambda n: (
        f"volume: {{day_tokens_at_least: {n + 10**6}, day_cost_usd_at_least: {n + 100}}}"
    ),
    "by values found": lambda n: f"findings: {{kinds: [email, bank], count_at_least: {n + 1000}}}",
    "by rows and size": lambda n: (
        f"findings: {{kinds: personal_data, records_at_least: {n + 1000}}}\n"
        f"      volume: {{request_bytes_at_least: {n % 3 + 1}}}"
    ),
    "by certainty": lambda n: (
        f"findings: {{kinds: anything, certainty: certain, distinct_at_least: {n + 1}}}"
    ),
    "by script": lambda n: f'script: {{path: "/srv/other{n}/*"}}',
    "by script's age": lambda n: f"script: {{newer_than_days: {n + 1}, approved: true}}",
    "by LLM model": lambda n: f'llm: {{model: "model-{n}*", tools: "tool{n}*"}}',
    "by LLM key and size": lambda n: (
        f"llm: {{key: unknown}}\n      volume: {{request_bytes_at_least: {n + 10} MB}}"
    ),
    "by business hours": lambda n: (
        f"time: {{within: {{zone: Europe/Berlin, hours: '{n % 4:02}:{n % 60:02}-05:00'}}}}"
    ),
    "by country": lambda n: f"destination: {{country: {['AD', 'AE', 'AF', 'AG', 'AI'][n % 5]}}}",
    "by any of two": lambda n: (
        f"any: [{{volume: {{request_bytes_at_least: {n + 10} MB}}}}, "
        f"{{volume: {{day_tokens_at_least: {n + 10**6}}}}}]"
    ),
}
MIXES["each counted apart"] = lambda n: (
    f"findings: {{kinds: [email, bank], detectors: 'd{n}*'}}\n"
    f"      volume: {{request_bytes_at_least: {n + 10} MB}}"
)
MIXES["mixed"] = lambda n: [*MIXES.values()][n % 13](n)
COUNTRIES = b"0.0.0.0,0.255.255.255,DE\n"


def rules(when: Callable[[int], str], number: int = RULES) -> str:
    """Return the policy file with these rules."""
    return "mode: enforce\nrules:\n" + "".join(
        f"\n  - id: r{n}\n    when:\n      {when(n)}\n    then: block\n" for n in range(number)
    )


def situations() -> list[Situation]:
    """Return LLM calls and uploads of forty scripts."""
    found = []
    for n in range(40):
        script = Script(
            path=f"/srv/jobs/job{n}.py", sha256=None, launched_as=LaunchedAs.FILE, name=f"job{n}.py"
        )
        destination = Destination(
            scheme="https",
            host=f"api.service{n * 7}.example",
            port=443,
            path="/v1/chat",
            service="openai",
            category=Category.LLM,
            account=Account(kind=AccountKind.UNKNOWN),
            upload=n % 2 == 0,
            country="DE",
        )
        found.append(
            Situation(
                now=datetime(2026, 11, 20, 12, tzinfo=UTC),
                method="POST",
                request_bytes=1000 + n,
                sender=Attribution(certainty=Certainty.EXACT, method="sock_diag", script=script),
                destination=destination,
                llm=LlmCall(provider="openai", operation="chat", model="gpt-5"),
                findings=_found(n) if n % 3 == 0 else (),
                volume=Volume(bytes_hour=n, bytes_day=n, tokens_day=n, cost_day_usd=n / 10),
            )
        )
    return found


def _found(n: int) -> tuple[Finding, ...]:
    kinds = ("email", "iban", "phone", "person", "us_ssn")[: 1 + n % 5]
    return tuple(
        Finding(
            kind=kind, detector=kind, confidence=Confidence.LIKELY, count=3, distinct=3, records=n
        )
        for kind in kinds
    )


def baseline() -> float:
    """Return the median time of a fixed loop of plain Python, in microseconds."""
    table = {n: (lambda a, n=n: a > n) for n in range(50)}
    taken = []
    for _ in range(400):
        begin = time.perf_counter_ns()
        for n in range(50):
            table[n](7)
        taken.append((time.perf_counter_ns() - begin) / 1000)
    return statistics.median(taken)


def timed(
    name: str, what: str, decide: Callable[[Situation], object], traffic: list[Situation]
) -> None:
    """Print the time of one decision in microseconds, and in terms of the baseline."""
    unit = baseline()
    taken = []
    for turn in range(TURNS):
        situation = replace(traffic[turn % len(traffic)])
        begin = time.perf_counter_ns()
        decide(situation)
        taken.append((time.perf_counter_ns() - begin) / 1000)
    quantiles = statistics.quantiles(taken, n=100)
    ratio = quantiles[49] / unit
    print(
        f"{name:32} {what:11} median {quantiles[49]:6.1f} µs   p99 {quantiles[98]:6.1f} µs   "
        f"ratio {ratio:5.2f}"
    )


def measure(name: str, yaml: str) -> None:
    """Print both decisions for this policy."""
    policy = load_bytes(yaml.encode(), name)
    traffic = situations()
    timed(name, "decide", policy.decide, traffic)
    early = [replace(s, headers_only=True, findings=()) for s in traffic]
    timed(name, "on headers", policy.decide_on_headers, early)


def measure_strangers(name: str, yaml: str) -> None:
    """Print the decision for hosts that are new each time: nothing remembered helps there."""
    policy = load_bytes(yaml.encode(), name)
    fresh = [
        replace(s, destination=replace(s.destination, host=f"h{number}.{s.destination.host}"))
        for number in range(TURNS // 40)
        for s in situations()
    ]
    timed(name, "new places", policy.decide, fresh)


def measure_reasons() -> None:
    """Print what it costs to say why, where a rule holds for five kinds of findings."""
    watch = "mode: enforce\nrules:\n  - {id: all, when: {findings: anything}, then: watch}\n"
    policy = load_bytes(watch.encode(), "reasons")
    same = [replace(s, findings=_found(4)) for s in situations()]
    timed("a watch rule, five findings", "same again", policy.decide, same)
    fresh = [
        replace(s, findings=tuple(replace(f, count=number + 2) for f in _found(4)))
        for number in range(TURNS // 40)
        for s in situations()
    ]
    timed("a watch rule, five findings", "always new", policy.decide, fresh)


if __name__ == "__main__":
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "countries.csv").write_bytes(COUNTRIES)
        head = f"organisation: {{countries: {folder}/countries.csv}}\n"
        for kind, when in MIXES.items():
            measure(f"{RULES} rules {kind}", head + rules(when))
        for number in (*SIZES, RULES):
            measure(f"{number} rules mixed", head + rules(MIXES["mixed"], number))
            measure_strangers(f"{number} rules mixed", head + rules(MIXES["mixed"], number))
    measure_reasons()
    for preset in preset_names():
        measure(f"preset {preset}", preset_text(preset))
