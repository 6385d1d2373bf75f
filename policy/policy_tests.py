"""Expected outcomes of a policy, as an organisation writes them down for its own tests."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BeforeValidator, Field

from core.attribution import Attribution, Certainty, LaunchedAs, Script
from core.classification import Account, AccountKind, Category, Destination, LlmCall
from core.decision import Decision, Verdict
from core.errors import InputError
from core.findings import Confidence, Finding
from core.situation import ScriptHistory, Situation, Volume
from destinations.catalogue import canonical
from policy.decide import RulePolicy
from policy.fields import Country, Kind, Several, Size, Strict, Text
from policy.loading import parse_as

_WEDNESDAY_NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)


class GivenScript(Strict):
    """Who sends."""

    path: Text = "/srv/jobs/report.py"
    sha256: str | None = None
    launched_as: LaunchedAs = LaunchedAs.FILE
    approved: bool | None = None
    changed_since_approval: bool = False
    first_seen: AwareDatetime | None = None
    imports: Several[Text] = Field(default=[])


class GivenDestination(Strict):
    """Where it goes."""

    host: Text = "service.example"
    service: Text | None = None
    category: Category = Category.OTHER
    account: AccountKind = AccountKind.UNKNOWN
    account_id: Text | None = None
    upload: bool = False
    country: Country = "unknown"
    scheme: Literal["http", "https", "ws", "wss"] = "https"
    path: Text = "/"


class GivenFinding(Strict):
    """What was found."""

    kind: Kind
    detector: Text = "test"
    certainty: Confidence = Confidence.LIKELY
    count: Annotated[int, Field(gt=0)] = 1
    distinct: int | None = None
    records: int | None = None
    subjects: int | None = None
    test_data: bool = False


class GivenLlm(Strict):
    """Which language model is called."""

    provider: Text | None = None
    model: Text | None = None
    operation: Text = "chat"
    key_fingerprint: Text | None = None
    key_class: Text | None = None
    organisation: Text | None = None
    tools: Several[Text] = Field(default=[])


class GivenVolume(Strict):
    """What this script had sent to this destination before."""

    bytes_hour: int = 0
    bytes_day: int = 0
    tokens_day: int = 0
    cost_day_usd: float = 0.0


class Given(Strict):
    """One request."""

    script: GivenScript | None = GivenScript()
    attribution: Certainty = Certainty.EXACT
    user: Text | None = None
    started_by: Text | None = None
    destination: GivenDestination = GivenDestination()
    findings: list[GivenFinding] = Field(default=[])
    llm: GivenLlm | None = None
    volume: GivenVolume = GivenVolume()
    request_bytes: Size = 1000
    method: Text = "POST"
    at: AwareDatetime = _WEDNESDAY_NOON
    degraded: Several[Text] = Field(default=[])


class Expected(Strict):
    """What the policy must answer. The verdict is the one that would be enforced, watch mode or not."""

    verdict: Verdict
    rule: Text | None = None


class PolicyCase(Strict):
    """One expected outcome."""

    name: Text
    given: Given = Given()
    expect: Annotated[
        Expected, BeforeValidator(lambda v: {"verdict": v} if isinstance(v, str) else v)
    ]


class CasesFile(Strict):
    """The whole file."""

    cases: Annotated[list[PolicyCase], Field(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """How one case came out."""

    name: str
    passed: bool
    told: str
    """One line: what was expected and what came."""


def run_cases(
    policy: RulePolicy, path: Path, *, kinds: frozenset[str] = frozenset()
) -> tuple[CaseResult, ...]:
    """Ask `policy` about every case in this file. Raises InputError or PolicyError when it cannot be read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"The file {path} cannot be read: {error.strerror}.") from error
    file = parse_as(CasesFile, content, str(path), kinds=kinds | policy.own_kinds)
    return tuple(_result(case, policy.decide(situation_of_case(case.given))) for case in file.cases)


def situation_of_case(given: Given) -> Situation:
    """Return the situation that a case describes."""
    script = given.script
    return Situation(
        now=given.at,
        method=given.method,
        request_bytes=given.request_bytes,
        sender=_sender(given),
        destination=_destination(given.destination),
        llm=None if given.llm is None else _llm(given.llm),
        findings=tuple(_finding(f) for f in given.findings),
        degraded=tuple(given.degraded),
        history=ScriptHistory()
        if script is None
        else ScriptHistory(
            first_seen=script.first_seen,
            approved=script.approved,
            changed_since_approval=script.changed_since_approval,
            imports=frozenset(script.imports),
        ),
        volume=Volume(**given.volume.model_dump()),
    )


def _sender(given: Given) -> Attribution:
    script = given.script if given.attribution is not Certainty.UNKNOWN else None
    return Attribution(
        certainty=given.attribution,
        method="case",
        user=given.user,
        started_by=given.started_by,
        is_python=True if script else None,
        script=None
        if script is None
        else Script(
            path=script.path,
            sha256=script.sha256,
            launched_as=script.launched_as,
            name=script.path.replace("\\", "/").rsplit("/", 1)[-1],
        ),
    )


def _destination(given: GivenDestination) -> Destination:
    return Destination(
        scheme=given.scheme,
        host=given.host.lower(),
        port=443,
        path=given.path,
        service=None if given.service is None else canonical(given.service),
        category=given.category,
        account=Account(kind=given.account, id=given.account_id),
        upload=given.upload,
        country=given.country,
    )


def _llm(given: GivenLlm) -> LlmCall:
    provider = None if given.provider is None else canonical(given.provider)
    return LlmCall(**{**given.model_dump(), "provider": provider, "tools": tuple(given.tools)})


def _finding(given: GivenFinding) -> Finding:
    return Finding(
        kind=given.kind,
        detector=given.detector,
        confidence=given.certainty,
        count=given.count,
        distinct=given.count if given.distinct is None else given.distinct,
        records=given.records,
        subjects=given.subjects,
        test_data=given.test_data,
    )


def _result(case: PolicyCase, decision: Decision) -> CaseResult:
    verdict = decision.intended or decision.verdict
    expected = case.expect
    passed = verdict is expected.verdict and expected.rule in {None, decision.rule}
    wanted = expected.verdict + (f" by rule {expected.rule}" if expected.rule else "")
    came = verdict + (f" by rule {decision.rule}" if decision.rule else " (no rule matched)")
    return CaseResult(
        name=case.name,
        passed=passed,
        told=f"{case.name}: {came}" if passed else f"{case.name}: expected {wanted}, got {came}",
    )
