"""Situations as the gate sees them: scripts, services, accounts and findings of a small company."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from core.attribution import Attribution, Certainty, LaunchedAs, Script
from core.classification import Account, AccountKind, Category, Destination, LlmCall
from core.decision import Decision, Verdict
from core.findings import Confidence, Finding
from core.record import Record, RequestSummary, ResponseSummary
from core.sent_file import FilesLook
from core.situation import Situation
from policy.decide import RulePolicy
from policy.loading import load_bytes

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
"""A Wednesday."""
BLOCK_PERSONAL = """
  - id: personal
    description: No files in personal accounts
    when: {destination: {account: personal, upload: true}}
    then: block
"""
BLOCK_BANK = """
  - id: bank
    when: {findings: bank}
    then: block
"""
ALLOW_JOB = """
  - id: job
    when: {script: {path: /srv/jobs/*}}
    then: allow
"""
DEGRADED = ("classifier: killed after 2 s",)


def policy(rules: str, *, mode: str = "enforce", head: str = "") -> RulePolicy:
    """Return a policy with these rules (YAML list items)."""
    return load_bytes(f"mode: {mode}\n{head}\nrules:\n{rules}".encode(), "test")


def found(kind: str = "iban", count: int = 1, **more: Any) -> Finding:
    """Return a finding of this kind."""
    values: dict[str, Any] = {
        "detector": kind,
        "confidence": Confidence.LIKELY,
        "distinct": more.pop("distinct", count),
    }
    return Finding(kind=kind, count=count, **(values | more))


def sender(path: str | None = "/srv/jobs/report.py", **more: Any) -> Attribution:
    """Return who sends; without a path, nobody known."""
    if path is None:
        return Attribution(
            certainty=Certainty.UNKNOWN, method="none", reason="the process had ended", **more
        )
    script = Script(
        path=path,
        sha256=more.pop("sha256", None),
        launched_as=more.pop("launched_as", LaunchedAs.FILE),
        name=path.rsplit("/", 1)[-1],
        version=more.pop("version", None),
    )
    values: dict[str, Any] = {"certainty": Certainty.EXACT, "user": "ann", "is_python": True}
    return Attribution(method="sock_diag", script=script, **(values | more))


def to(service: str | None = "dropbox", account: str = "unknown", **more: Any) -> Destination:
    """Return where it goes."""
    account_id = more.pop("account_id", None)
    values: dict[str, Any] = {
        "scheme": "https",
        "host": f"api.{service or 'plain'}.example",
        "port": 443,
        "path": "/upload",
        "category": Category.CLOUD_STORAGE if service else Category.OTHER,
        "upload": True,
    }
    return Destination(
        service=service,
        account=Account(kind=AccountKind(account), id=account_id),
        **(values | more),
    )


def llm_destination(account: str = "unknown", **more: Any) -> Destination:
    """Return an LLM provider."""
    return to(
        "openai", account, category=Category.LLM, upload=False, path="/v1/chat/completions", **more
    )


def llm(**more: Any) -> LlmCall:
    """Return a chat call."""
    values: dict[str, Any] = {"provider": "openai", "operation": "chat", "model": "gpt-5-mini"}
    return LlmCall(**(values | more))


def situation(*findings: Finding, **more: Any) -> Situation:
    """Return one request."""
    values: dict[str, Any] = {
        "now": NOON,
        "method": "POST",
        "request_bytes": 2000,
        "sender": sender(),
        "destination": to(),
        "files_are_all": True,
    }
    return Situation(findings=findings, **(values | more))


def on_headers(s: Situation) -> Situation:
    """Return the same request before its body is there."""
    return replace(s, findings=(), files=(), files_are_all=False, headers_only=True)


def record(s: Situation, number: int = 1) -> Record:
    """Return the record that this request left."""
    return Record(
        id=f"00000000-0000-7000-8000-{number:012x}",
        at=s.now,
        sender=s.sender,
        destination=s.destination,
        request=RequestSummary(
            method=s.method, content_type="application/json", bytes=s.request_bytes, complete=True
        ),
        response=ResponseSummary(status=200, bytes=10),
        llm=s.llm,
        findings=s.findings,
        files=s.files,
        files_look=FilesLook.WHOLE if s.files_are_all else None,
        decision=Decision(verdict=Verdict.WATCH, degraded=s.degraded),
    )
