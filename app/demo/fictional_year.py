"""A prepared store of a fictional year, for whoever learns the review. No value in it is anyone's.

The same at each making: scripts, days and amounts come from one seed, ids from what they name.
"""

import hashlib
import random
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType
from uuid import UUID

from app.demo.fictional_policy import RULES
from app.demo.fictional_scripts import hash_of, keep_sources, line_that_sends
from app.home import Home
from core.attribution import Attribution, Certainty, CodeLine, LaunchedAs, ProcessRef, Script
from core.case_keys import case_key
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
from core.record import Record, RequestSummary, ResponseSummary
from core.review import Action, Disposition, ReviewEvent, script_event
from evidence.factory import Evidence, open_evidence
from evidence.store import Store
from policy.loading import parse

PRESENT = datetime(2026, 11, 20, 14, 14, tzinfo=UTC)
"""The day on which the year ends."""
_SEED, _DAYS, _AUTUMN = 16, 365, 290
_HELD_FOR_S = 3600.0
_OFFICER, _LEAD = "lena.fictional", "omar.fictional"
_OWN, _PERSONAL = AccountKind.CORPORATE, AccountKind.PERSONAL


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """One script of the fictional company, and what it does."""

    script: str
    user: str
    host: str
    service: str | None
    category: Category
    account: AccountKind
    kinds: tuple[tuple[str, int, str], ...]
    """Kind, about how many, excerpt."""
    every_days: int
    verdict: Verdict = Verdict.WATCH
    rule: str = "watch-personal-data"
    since_day: int = 0
    model: str | None = None


_JOBS = (
    _Job(
        script="summarise_claims.py",
        user="fin-ops",
        host="api.openai.com",
        service="openai",
        category=Category.LLM,
        account=_OWN,
        every_days=2,
        model="gpt-5-mini",
        kinds=(("person", 3, "M••• K•••"), ("iban", 1, "DE89 •••• •••• 3000")),
    ),
    _Job(
        script="ledger_upload.py",
        user="fin-ops",
        host="graph.microsoft.com",
        service="onedrive",
        category=Category.CLOUD_STORAGE,
        account=_PERSONAL,
        every_days=30,
        since_day=200,
        kinds=(("iban", 900, "AT61 •••• •••• 7890"),),
        rule="watch-personal-cloud",
    ),
    _Job(
        script="ward_notes.py",
        user="clinic",
        host="api.anthropic.com",
        service="anthropic",
        category=Category.LLM,
        account=_PERSONAL,
        every_days=9,
        since_day=120,
        model="claude-haiku-4-5",
        kinds=(("health_data", 24, "diagnosis: ••••"), ("person", 24, "A••• B•••")),
    ),
    _Job(
        script="sync_crm.py",
        user="sales",
        host="acme-exports.s3.amazonaws.com",
        service="aws-s3",
        category=Category.CLOUD_STORAGE,
        account=_OWN,
        every_days=5,
        kinds=(("email", 310, "j•••@nordwind.example"),),
    ),
    _Job(
        script="newsletter.py",
        user="sales",
        host="api.mailer.example",
        service=None,
        category=Category.OTHER,
        account=AccountKind.UNKNOWN,
        every_days=7,
        kinds=(("email", 1800, "k•••@nordwind.example"),),
    ),
    _Job(
        script="debug_dump.py",
        user="dev",
        host="paste.example",
        service=None,
        category=Category.PASTE,
        account=AccountKind.ANONYMOUS,
        every_days=60,
        since_day=90,
        kinds=(("secret", 1, "AKIA••••"),),
        verdict=Verdict.BLOCK,
        rule="no-secrets",
    ),
    _Job(
        script="notify.py",
        user="dev",
        host="api.telegram.org",
        service="telegram",
        category=Category.MESSAGING,
        account=AccountKind.UNKNOWN,
        every_days=20,
        since_day=60,
        kinds=(("health_id", 300, "A•••••••89"),),
    ),
)


def make_year(path: Path) -> None:
    """Write the year into a new evidence file: records, what reviewers did, and one request that
    waits; beside it the policy and the sources of the scripts. Raises EvidenceError, OSError.
    """
    open_year(path).close()


def open_year(path: Path) -> Evidence:
    """Write it, and return the evidence of the gate before which the request waits."""
    home = Home(path.parent)
    home.policy.write_text(RULES, encoding="utf-8")
    evidence = open_evidence(path)
    keep_sources(home)
    records = sorted(_records(), key=lambda record: record.at)
    _all_written(evidence, records)
    store = Store(path)
    store.append(list(_acts(store, records)))
    store.close()
    return evidence


def _all_written(evidence: Evidence, records: list[Record]) -> None:
    done = threading.Semaphore(0)
    for record in records:
        evidence.writer.close_record(record, lambda _: done.release())
    evidence.writer.open(waiting_request(), lambda _: done.release())
    for _ in range(len(records) + 1):
        done.acquire()


def _records() -> Iterator[Record]:
    chance = random.Random(_SEED)  # noqa: S311 - a story, no secret
    for job in _JOBS:
        for day in range(job.since_day, _DAYS, job.every_days):
            late = timedelta(days=_DAYS - day, minutes=chance.randrange(60, 500))
            grown = 0.6 + day / _DAYS + chance.random() / 5
            yield _record(job, PRESENT - late, grown, _version(job, day))


def _version(job: _Job, day: int) -> str:
    """Two versions a year: the second since autumn."""
    return hash_of(job.script, second=day > _AUTUMN)


def _record(job: _Job, at: datetime, grown: float, sha256: str) -> Record:
    held = job.verdict is Verdict.HOLD
    return Record(
        id=_id_of(at, job.script),
        at=at,
        sender=_sender(job, sha256),
        destination=Destination(
            scheme="https",
            host=job.host,
            port=443,
            path="/v1",
            service=job.service,
            category=job.category,
            account=Account(kind=job.account),
            upload=job.category is Category.CLOUD_STORAGE,
        ),
        request=RequestSummary(
            method="POST", content_type="application/json", bytes=int(9_000 * grown), complete=True
        ),
        response=ResponseSummary(status=None if job.verdict is Verdict.BLOCK else 200, bytes=800),
        llm=None if job.model is None else _call(job, grown),
        findings=tuple(
            _finding(kind, max(1, int(many * grown)), text) for kind, many, text in job.kinds
        ),
        notes=(),
        decision=Decision(
            verdict=job.verdict,
            rule=job.rule,
            reason=f"{_descriptions()[job.rule]}.",
            hold_seconds=_HELD_FOR_S if held else None,
            hold_key="77ab" * 16 if held else None,
        ),
    )


@cache
def _descriptions() -> Mapping[str, str]:
    """Return what each rule of the company says, by its id."""
    rules = parse(RULES.encode(), "the fictional policy").rules
    return MappingProxyType({rule.id: rule.description for rule in rules})


def waiting_request() -> Record:
    """A request that waits for whoever takes the tour."""
    job = _Job(
        script="payroll_letters.py",
        user="hr",
        host="api.openai.com",
        service="openai",
        category=Category.LLM,
        account=_PERSONAL,
        every_days=1,
        verdict=Verdict.HOLD,
        kinds=(("iban", 31, "AT61 •••• •••• 7890"), ("person", 31, "S••• B•••")),
        rule="hold-payroll",
        model="gpt-5-mini",
    )
    return _record(job, PRESENT - timedelta(seconds=40), 1.0, _version(job, 0))


def _acts(store: Store, records: list[Record]) -> Iterator[ReviewEvent]:
    """What two people decided in the year."""
    by_script = {record.sender.script.name: record for record in records if record.sender.script}
    for version in store.script_versions():
        if version.sha256 == hash_of("summarise_claims.py", second=False):
            at = version.first_at + timedelta(days=2)
            yield script_event(
                version, approve=True, who=_LEAD, at=at, note="Agreed with the works council"
            )
    at = PRESENT - timedelta(days=20)
    yield ReviewEvent(
        id=_id_of(at, "closing"),
        at=at,
        case_key=case_key(by_script["newsletter.py"]),
        action=Action.CLOSE,
        who=_OFFICER,
        disposition=Disposition.ALLOWED_PURPOSE,
        note="Subscribers agreed to it.",
    )


def _call(job: _Job, grown: float) -> LlmCall:
    return LlmCall(
        provider=job.service or "",
        operation="chat",
        model=job.model,
        input_tokens=int(12_000 * grown),
        output_tokens=600,
        tokens_basis=TokensBasis.EXACT,
        cost_usd=f"{0.011 * grown:.4f}",
        cost_basis=CostBasis.TABLE,
        evidence=("host",),
    )


def _finding(kind: str, many: int, excerpt: str) -> Finding:
    marks = tuple(
        hashlib.sha256(f"fiction {kind} {number}".encode()).hexdigest()
        for number in range(min(many, 20))
    )
    return Finding(
        kind=kind,
        detector=kind,
        confidence=Confidence.CERTAIN,
        count=many,
        distinct=many,
        where=(f"body.{kind}",),
        excerpt=excerpt,
        fingerprints=marks,
    )


def _sender(job: _Job, sha256: str) -> Attribution:
    path = f"/srv/fictional/{job.script}"
    return Attribution(
        certainty=Certainty.EXACT,
        method="sock_diag",
        process=ProcessRef(pid=4127, started_at=None, name="python3", exe="/usr/bin/python3.12"),
        user=job.user,
        script=Script(path=path, sha256=sha256, launched_as=LaunchedAs.FILE, name=job.script),
        line=CodeLine(
            file=path,
            line=line_that_sends(job.script),
            function="send",
            certainty=Certainty.EXACT,
            stack=(),
        ),
        ancestry=(ProcessRef(pid=300, started_at=None, name="cron", exe="/usr/sbin/cron"),),
        started_by="cron",
        is_python=True,
    )


def _id_of(at: datetime, name: str) -> str:
    """Return the same id at each making, which sorts by its time."""
    digest = int.from_bytes(hashlib.sha256(f"{at} {name}".encode()).digest()[:10])
    tail = digest & ~(0xF << 76) | 0x7 << 76
    tail = tail & ~(0b11 << 62) | 0b10 << 62
    return str(UUID(int=int(at.timestamp() * 1000) << 80 | tail))
