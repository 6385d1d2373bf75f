"""How long one decision takes with 200 rules: median and 99th percentile, on mixed and on unlucky traffic.

Run: python benchmarks/policy_decide.py
"""

import statistics
import time
from dataclasses import replace
from datetime import UTC, datetime

from core.attribution import Attribution, Certainty, LaunchedAs, Script
from core.classification import Account, AccountKind, Category, Destination, LlmCall
from core.findings import Confidence, Finding
from core.situation import Situation
from policy.loading import load_bytes

TURNS = 20_000


def rules_by_destination(count: int) -> str:
    """Return rules as a large organisation has them: most speak of one destination."""
    return "mode: enforce\nrules:\n" + "".join(
        f"""
  - id: r{n}
    when:
      destination: {{host: "*.service{n}.example", account: [personal, unknown], upload: true}}
      findings: {{kinds: [bank, email], records_at_least: {n + 1}}}
    then: block
"""
        for n in range(count)
    )


def rules_by_content(count: int) -> str:
    """Return rules that speak of content, not of destinations."""
    return "mode: enforce\nrules:\n" + "".join(
        f"""
  - id: r{n}
    when:
      volume: {{request_bytes_at_least: {n + 10} MB}}
      findings: {{kinds: [iban, us_ssn], records_at_least: {n + 100000}}}
    then: block
"""
        for n in range(count)
    )


def rules_by_volume(count: int) -> str:
    """Return rules that nothing but their own test can rule out."""
    return "mode: enforce\nrules:\n" + "".join(
        f"""
  - id: r{n}
    when: {{volume: {{request_bytes_at_least: {n + 10} MB}}}}
    then: block
"""
        for n in range(count)
    )


def situations() -> list[Situation]:
    """Return LLM calls and uploads of forty scripts."""
    found = []
    for n in range(40):
        script = Script(path=f"/srv/jobs/job{n}.py", sha256=None, launched_as=LaunchedAs.FILE, name=f"job{n}.py")
        destination = Destination(
            scheme="https",
            host=f"api.service{n * 7}.example",
            port=443,
            path="/v1/chat",
            service="openai",
            category=Category.LLM,
            account=Account(kind=AccountKind.UNKNOWN),
            upload=n % 2 == 0,
        )
        finding = Finding(kind="email", detector="email", confidence=Confidence.LIKELY, count=3, distinct=3, records=n)
        found.append(
            Situation(
                now=datetime(2026, 11, 20, 12, tzinfo=UTC),
                method="POST",
                request_bytes=1000 + n,
                sender=Attribution(certainty=Certainty.EXACT, method="sock_diag", script=script),
                destination=destination,
                llm=LlmCall(provider="openai", operation="chat", model="gpt-5"),
                findings=(finding,) if n % 3 == 0 else (),
            )
        )
    return found


def measure(name: str, yaml: str) -> None:
    """Print the time of one decision in microseconds."""
    policy = load_bytes(yaml.encode(), name)
    traffic = situations()
    for what, decide in (("decide", policy.decide), ("on headers", policy.decide_on_headers)):
        taken = []
        for turn in range(TURNS):
            situation = traffic[turn % len(traffic)]
            if what == "on headers":
                situation = replace(situation, headers_only=True, findings=())
            begin = time.perf_counter_ns()
            decide(situation)
            taken.append((time.perf_counter_ns() - begin) / 1000)
        quantiles = statistics.quantiles(taken, n=100)
        print(f"{name:32} {what:11} median {quantiles[49]:6.1f} µs   p99 {quantiles[98]:6.1f} µs")


if __name__ == "__main__":
    measure("200 rules by destination", rules_by_destination(200))
    measure("200 rules by content", rules_by_content(200))
    measure("200 rules by volume (unlucky)", rules_by_volume(200))
    from policy.loading import preset_text

    measure("preset protect-personal-data", preset_text("protect-personal-data"))
