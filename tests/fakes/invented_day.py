"""An invented working day, for tests and pictures. No value in it is anyone's."""

import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from memory_case_store import MemoryCaseStore

from core.attribution import (
    UNATTRIBUTED,
    Attribution,
    Certainty,
    CodeLine,
    LaunchedAs,
    ProcessRef,
    Script,
)
from core.classification import (
    Account,
    AccountKind,
    Category,
    CostBasis,
    Destination,
    LlmCall,
    TokensBasis,
)
from core.decision import Decision, HoldOutcome, Verdict
from core.findings import Confidence, Finding
from core.ids import uuid7
from core.record import Record, RequestSummary, ResponseSummary
from core.review import Action, CaseFilter, Disposition, ReviewEvent


def sender(
    name: str,
    user: str | None = "fin-ops",
    line: int | None = None,
    certainty: Certainty = Certainty.EXACT,
    **more: Any,
) -> Attribution:
    """Return a sender with a made-up process and path."""
    path = f"/srv/jobs/{name}"
    shell = ProcessRef(pid=311, started_at=None, name="bash", exe="/usr/bin/bash")
    cron = ProcessRef(pid=300, started_at=None, name="cron", exe="/usr/sbin/cron")
    code = (
        None
        if line is None
        else CodeLine(
            file=path,
            line=line,
            function="upload",
            certainty=Certainty.EXACT,
            stack=(f"{path}:{line} upload", f"{path}:{line + 40} main"),
        )
    )
    fields: dict[str, Any] = {
        "certainty": certainty,
        "method": "sock_diag",
        "process": ProcessRef(pid=4127, started_at=None, name="python3", exe="/usr/bin/python3.12"),
        "user": user,
        "script": Script(path=path, sha256="9f2c41d8" * 8, launched_as=LaunchedAs.FILE, name=name),
        "line": code,
        "ancestry": (shell, cron),
        "started_by": "cron",
        "is_python": True,
    }
    return Attribution(**(fields | more))


def _fixed_id(at: datetime, salt: str) -> str:
    """Return the same UUIDv7 for the same inputs, so that pictures do not change by themselves."""
    milliseconds = int(at.timestamp() * 1000)
    tail = (
        int.from_bytes(hashlib.sha256(f"{at}{salt}".encode()).digest()[:10]) & ~(0xF << 76)
        | 0x7 << 76
    )
    return str(UUID(int=milliseconds << 80 | tail & ~(0b11 << 62) | 0b10 << 62))


def place(
    host: str,
    service: str | None,
    category: Category,
    account: AccountKind = AccountKind.UNKNOWN,
    **more: Any,
) -> Destination:
    """Return a destination over HTTPS."""
    return Destination(
        scheme="https",
        host=host,
        port=443,
        path=more.pop("path", "/v1"),
        service=service,
        category=category,
        account=Account(kind=account, **more),
        upload=category is Category.CLOUD_STORAGE,
    )


def record(
    at: datetime,
    who: Attribution,
    where: Destination,
    *findings: Finding,
    verdict: Verdict = Verdict.WATCH,
    sent: int = 4_200,
    **more: Any,
) -> Record:
    """Return one record; `more` sets the fields of Decision, and `llm` and `notes`."""
    return Record(
        id=_fixed_id(at, where.host),
        at=at,
        sender=who,
        destination=where,
        request=RequestSummary(
            method="POST", content_type="application/json", bytes=sent, complete=True
        ),
        response=ResponseSummary(
            status=None if verdict in {Verdict.BLOCK, Verdict.HOLD} else 200, bytes=812
        ),
        llm=more.pop("llm", None),
        findings=findings,
        notes=more.pop("notes", ()),
        decision=Decision(verdict=verdict, policy="3b1f0c9d2a7e4455", **more),
    )


def finding(kind: str, distinct: int, excerpt: str = "", **more: Any) -> Finding:
    """Return a finding."""
    fields: dict[str, Any] = {"detector": kind, "confidence": Confidence.CERTAIN, "count": distinct}
    return Finding(kind=kind, distinct=distinct, excerpt=excerpt, **(fields | more))


def sample_records(now: datetime) -> list[Record]:
    """Return a working day of an invented company, newest last."""
    openai = place(
        "api.openai.com",
        "openai",
        Category.LLM,
        AccountKind.CORPORATE,
        id="org-acme",
        evidence="organisation header",
        path="/v1/chat/completions",
    )
    claude = place(
        "api.anthropic.com",
        "anthropic",
        Category.LLM,
        AccountKind.PERSONAL,
        evidence="key is not one of ours",
        path="/v1/messages",
    )
    drive = place(
        "graph.microsoft.com",
        "onedrive",
        Category.CLOUD_STORAGE,
        AccountKind.PERSONAL,
        id="consumer tenant",
        evidence="tenant id in the token",
        path="/v1.0/me/drive/root:/gl-2026.csv:/content",
    )
    paste = place("paste.example", None, Category.PASTE, AccountKind.ANONYMOUS, path="/api")
    telegram = place(
        "api.telegram.org", "telegram", Category.MESSAGING, path="/bot•••/sendDocument"
    )
    bucket = place(
        "acme-exports.s3.amazonaws.com",
        "aws-s3",
        Category.CLOUD_STORAGE,
        AccountKind.CORPORATE,
        id="acme-exports",
    )
    gpt = LlmCall(
        provider="openai",
        operation="chat",
        model="gpt-5-mini",
        stream=True,
        input_tokens=18_240,
        output_tokens=611,
        tokens_basis=TokensBasis.EXACT,
        cost_usd="0.0058",
        cost_basis=CostBasis.TABLE,
        messages=3,
        evidence=("host",),
    )
    sonnet = LlmCall(
        provider="anthropic",
        operation="chat",
        model="claude-sonnet-4-6",
        input_tokens=9_022,
        output_tokens=340,
        tokens_basis=TokensBasis.ESTIMATED,
        tokens_band="±12 %",
        evidence=("host",),
    )

    def before(**span: float) -> datetime:
        return now - timedelta(**span)

    ibans = finding(
        "iban",
        14_212,
        "DE89 •••• •••• 3000",
        count=15_000,
        records=15_000,
        where=("column iban", "column counterparty_iban"),
    )
    return [
        record(
            before(hours=27),
            sender("sync_crm.py", "sales-bot"),
            bucket,
            finding("email", 310, "an•••@•••.example"),
            sent=88_000,
            rule="watch-personal-data",
            reason="Personal data goes to the organisation's own bucket.",
        ),
        *(
            record(
                before(hours=5, minutes=3 * i),
                sender("summarise_claims.py", line=88),
                openai,
                finding("iban", 2, "DE89 •••• •••• 3000", where=("body.messages[1].content",)),
                finding(
                    "person",
                    3,
                    "M•••• K•••",
                    confidence=Confidence.LIKELY,
                    where=("body.messages[1].content",),
                ),
                llm=gpt,
                sent=61_000,
                rule="watch-llm-bank",
                reason="Bank details go to a language model.",
                intended=Verdict.HOLD,
            )
            for i in range(46)
        ),
        record(
            before(hours=3),
            sender(
                "notify.py",
                "ops",
                certainty=Certainty.LIKELY,
                reason="Two processes share the connection.",
                method="psutil",
            ),
            telegram,
            finding("secret", 1, "bot •••• token", detector="telegram-bot-token", where=("path",)),
            rule="watch-secrets",
            reason="A password or key leaves.",
        ),
        record(
            before(hours=2),
            UNATTRIBUTED,
            paste,
            finding("secret", 1, "AK••••LE", detector="aws-access-key", where=("body",)),
            finding("not_inspected", 1, note="An archive inside the body is encrypted."),
            verdict=Verdict.BLOCK,
            rule="block-paste",
            reason="Nothing goes to paste sites.",
        ),
        record(
            before(minutes=58),
            sender("invoice_match.py", line=31),
            openai,
            finding(
                "secret",
                1,
                "postgresql://app:••••@db",
                detector="database-url",
                where=("body.messages[0].content",),
            ),
            finding("iban", 12, "FR14 •••• •••• 0189", where=("body.messages[0].content",)),
            verdict=Verdict.REDACT,
            llm=gpt,
            sent=9_400,
            rule="redact-secrets",
            reason="Passwords are taken out before a language model sees them.",
        ),
        record(
            before(minutes=41),
            sender("ward_notes.py", "clinic", line=54),
            claude,
            finding("uk_nhs", 24, "943 ••• ••19", records=24, where=("body.messages[0].content",)),
            finding("date_of_birth", 24, "19••-••-••", records=24),
            finding("person", 22, "J•••• D••", confidence=Confidence.LIKELY, records=24),
            verdict=Verdict.HOLD,
            llm=sonnet,
            sent=48_100,
            rule="hold-health",
            reason="Health data goes to a personal account.",
            hold_key="5a0c" * 16,
            hold_seconds=25.0,
            hold_outcome=HoldOutcome.TIMED_OUT,
            notes=("nobody answered within 25 seconds",),
        ),
        record(
            before(minutes=12),
            sender("ledger_upload.py", line=142),
            drive,
            ibans,
            finding(
                "person",
                9_120,
                "A••• B••••",
                confidence=Confidence.LIKELY,
                records=15_000,
                where=("column payee",),
            ),
            sent=3_120_000,
            rule="watch-personal-cloud",
            reason="Bank details go to somebody's personal cloud.",
            intended=Verdict.BLOCK,
        ),
        record(
            before(seconds=4),
            sender("weather.py", "ops"),
            place("api.weather.example", None, Category.OTHER),
            verdict=Verdict.ALLOW,
            sent=120,
        ),
    ]


def sample_holds(now: datetime) -> list[Record]:
    """Return two requests that wait for a person at that moment, with 8 and 19 seconds left."""
    gpt = LlmCall(
        provider="openai", operation="chat", model="gpt-5-mini", messages=2, evidence=("host",)
    )
    openai = place(
        "api.openai.com", "openai", Category.LLM, AccountKind.PERSONAL, path="/v1/chat/completions"
    )
    dropbox = place(
        "content.dropboxapi.com", "dropbox", Category.CLOUD_STORAGE, AccountKind.PERSONAL
    )
    common: dict[str, Any] = {"verdict": Verdict.HOLD, "hold_seconds": 25.0}
    return [
        record(
            now - timedelta(seconds=6),
            sender("payroll_letters.py", "hr", line=77),
            openai,
            finding(
                "iban", 31, "AT61 •••• •••• 7890", records=31, where=("body.messages[1].content",)
            ),
            finding("person", 31, "S••• B•••", confidence=Confidence.LIKELY, records=31),
            llm=gpt,
            sent=17_300,
            rule="hold-payroll",
            reason="Bank details go to a personal account.",
            hold_key="77ab" * 16,
            **common,
        ),
        record(
            now - timedelta(seconds=17),
            sender("backup_ward.py", "clinic", line=12),
            dropbox,
            finding("uk_nhs", 412, "943 ••• ••19", records=412, where=("column nhs_no",)),
            sent=96_000,
            rule="hold-health",
            reason="Health data goes to a personal account.",
            hold_key="1c4e" * 16,
            **common,
        ),
    ]


def sample_store(now: datetime) -> MemoryCaseStore:
    """Return a store with the invented day in it, one case of it closed."""
    store = MemoryCaseStore(sample_records(now))
    oldest = store.page(CaseFilter(), 0, 100)[-1]
    event = ReviewEvent(
        id=uuid7(now),
        at=now - timedelta(hours=20),
        case_key=oldest.key,
        action=Action.CLOSE,
        who="dpo",
        disposition=Disposition.ALLOWED_PURPOSE,
        note="Agreed with sales in the processing record.",
    )
    store.append([event])
    return store
