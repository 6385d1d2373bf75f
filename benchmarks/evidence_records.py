"""Made-up records of a made-up machine, varied as real ones are: users, scripts, versions, runs,
destinations, findings. For the benchmark of the evidence and for its dictionary.
"""

import hashlib
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from core.attribution import Attribution, Certainty, CodeLine, LaunchedAs, ProcessRef, Script
from core.classification import (
    Account,
    AccountKind,
    Category,
    CostBasis,
    Destination,
    LlmCall,
    TokensBasis,
)
from core.decision import Decision, Verdict
from core.findings import Confidence, Finding
from core.ids import uuid7
from core.record import Record, RequestSummary, ResponseSummary

SCRIPTS = 60
START = datetime(2026, 1, 1, tzinfo=UTC)
_WORDS = "report export sync invoice customers upload train clean merge notify billing crm".split()
_PLACES = (
    ("api.openai.com", "openai", Category.LLM, "/v1/chat/completions"),
    ("api.anthropic.com", "anthropic", Category.LLM, "/v1/messages"),
    ("graph.microsoft.com", "microsoft-graph", Category.CLOUD_STORAGE, "/v1.0/me/drive/root"),
    ("content.dropboxapi.com", "dropbox", Category.CLOUD_STORAGE, "/2/files/upload"),
    ("hooks.slack.com", "slack", Category.WEBHOOK, "/services/{token}/{token}"),
    ("api.github.com", "github", Category.CODE_HOST, "/repos/acme/tools/contents/a.py"),
    ("pypi.example.org", None, Category.PACKAGE_INDEX, "/simple/requests"),
    ("intake.example.net", None, Category.OTHER, "/api/v2/import"),
)
_FOUND = (
    ("email", "email", "••••@example.org"),
    ("iban", "iban", "DE••••00"),
    ("person_name", "tables", "A••••a"),
    ("phone", "phone", "+49••••12"),
    ("secret", "openai-key", "sk-••••"),
    ("credit_card", "card", "••••4242"),
)
_MODELS = ("gpt-4o", "gpt-4o-mini", "claude-sonnet-4", "o3")
_RULES = (
    ("personal-data-to-llm", "Personal data to a language model.", Verdict.WATCH),
    ("bank-details-to-llm", "Bank details to a language model.", Verdict.BLOCK),
    ("no-personal-cloud", "An upload to a cloud account that is not the company's.", Verdict.HOLD),
    (None, "No rule applies.", Verdict.ALLOW),
)


def records(count: int, seed: int = 1, days: int = 60) -> Iterator[Record]:
    """Yield records of one machine in the order of time, in runs of about forty requests."""
    rng = random.Random(seed)
    scripts = [_script(rng) for _ in range(SCRIPTS)]
    running: list[tuple[Attribution, _Habit]] = []
    step = timedelta(days=days) / max(1, count)
    for number in range(count):
        if number % 40 == 0:
            running = [(_run_of(rng, *one), one[2]) for one in rng.sample(scripts, 2)]
        sender, habit = rng.choice(running)
        yield _record(rng, START + number * step, sender, habit)


def _hex(rng: random.Random, digits: int) -> str:
    return f"{rng.getrandbits(digits * 4):0{digits}x}"


type _Habit = tuple[list[tuple[str, str | None, Category, str]], list[tuple[str, str, str]]]
"""Where a script sends, and what."""


def _script(rng: random.Random) -> tuple[str, str, _Habit]:
    user = rng.choice(("analyst", "fin-ops", "mia.keller", "data-team"))
    name = f"{rng.choice(_WORDS)}_{rng.choice(_WORDS)}.py"
    kinds = rng.sample(_FOUND, rng.choice((0, 1, 2, 3)))
    return user, name, (rng.sample(_PLACES, 2), kinds)


def _run_of(rng: random.Random, user: str, name: str, _: object) -> Attribution:
    path = f"/home/{user}/jobs/{name}"
    version = rng.randrange(4)
    digest = hashlib.sha256(f"{path}{version}".encode()).hexdigest()
    start = START + timedelta(seconds=rng.randrange(5_000_000), microseconds=rng.randrange(10**6))
    own = ProcessRef(
        pid=rng.randrange(1000, 60000), started_at=start, name="python3", exe="/usr/bin/python3.13"
    )
    shell = ProcessRef(
        pid=rng.randrange(1000, 60000), started_at=start, name="bash", exe="/bin/bash"
    )
    first = ProcessRef(pid=1, started_at=START, name="systemd", exe="/usr/lib/systemd/systemd")
    known = {"size": rng.randrange(300, 9000), "owner": user, "git": None}
    line = rng.randrange(5, 200)
    return Attribution(
        certainty=rng.choice((Certainty.EXACT, Certainty.EXACT, Certainty.LIKELY)),
        method="sock_diag",
        process=own,
        user=user,
        script=Script(
            path=path, sha256=digest, launched_as=LaunchedAs.FILE, name=name, version=known
        ),
        line=CodeLine(
            file=path,
            line=line,
            function="send",
            certainty=Certainty.LIKELY,
            stack=(f"{name}:{line} send", f"{name}:{line + 30} main"),
        ),
        ancestry=(shell, first),
        started_by=rng.choice(("terminal", "cron")),
        is_python=True,
    )


def _record(rng: random.Random, at: datetime, sender: Attribution, habit: _Habit) -> Record:
    host, service, category, path = rng.choice(habit[0])
    rule, reason, verdict = rng.choice(_RULES)
    kinds = habit[1] if rng.random() < 0.8 else habit[1][:1]
    findings = tuple(_finding(rng, *kind) for kind in kinds)
    llm = _llm(rng, service or "") if category is Category.LLM else None
    return Record(
        id=uuid7(at),
        at=at,
        sender=sender,
        destination=Destination(
            scheme="https",
            host=host,
            port=443,
            path=path,
            service=service,
            category=category,
            account=Account(kind=rng.choice(tuple(AccountKind))),
            upload=category is Category.CLOUD_STORAGE,
        ),
        request=RequestSummary(
            method=rng.choice(("POST", "POST", "GET", "PUT")),
            content_type="application/json",
            bytes=rng.randrange(200, 90_000),
            complete=True,
        ),
        response=ResponseSummary(
            status=rng.choice((200, 200, 201, 403)), bytes=rng.randrange(9000)
        ),
        llm=llm,
        findings=findings,
        decision=Decision(verdict=verdict, rule=rule, reason=reason, policy="a3f1c2d4e5b60718"),
    )


def _finding(rng: random.Random, kind: str, detector: str, excerpt: str) -> Finding:
    marks = tuple(_hex(rng, 16) for _ in range(rng.choice((1, 1, 2, 4))))
    return Finding(
        kind=kind,
        detector=detector,
        confidence=rng.choice(tuple(Confidence)),
        count=len(marks) + rng.randrange(3),
        distinct=len(marks),
        records=rng.choice((None, len(marks))),
        where=(f"body.{rng.choice(_WORDS)}[{rng.randrange(9)}].{kind}",),
        excerpt=excerpt,
        fingerprints=marks,
    )


def _llm(rng: random.Random, provider: str) -> LlmCall:
    return LlmCall(
        provider=provider,
        operation="chat",
        model=rng.choice(_MODELS),
        stream=rng.random() < 0.3,
        input_tokens=rng.randrange(50, 9000),
        output_tokens=rng.randrange(10, 900),
        tokens_basis=TokensBasis.EXACT,
        cost_usd=f"0.{rng.randrange(10**6):06d}",
        cost_basis=CostBasis.TABLE,
        key_fingerprint=_hex(rng, 16),
        key_class="project",
        messages=rng.randrange(1, 12),
        evidence=("host", "path"),
    )
