"""Expected outcomes of a policy, as an organisation writes them down for its own tests."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, Field

from core.attribution import Attribution, Certainty, LaunchedAs, ProcessRef, Script, SenderPeer
from core.classification import (
    Account,
    AccountKind,
    Attachment,
    Category,
    Destination,
    LlmCall,
)
from core.decision import Decision, Verdict
from core.errors import InputError
from core.findings import Confidence, Finding
from core.habits import NEVER_SEEN, ToldHabits
from core.host_names import host_of
from core.sent_file import FoundBy, Label, SameAs, SentFile
from core.situation import ScriptHistory, Situation, Volume
from core.vocabulary.files import label_of
from core.vocabulary.habits import Unusual
from core.vocabulary.packages import PackageState
from core.vocabulary.unread import UnreadKind
from destinations.catalogue import canonical
from policy.decide import RulePolicy
from policy.fields import (
    Address,
    Count,
    Country,
    Host,
    Kind,
    Port,
    Protocol,
    Scheme,
    Several,
    Size,
    Strict,
    Text,
)
from policy.loading import parse_as
from policy.watching import as_enforced, with_trial

_WEDNESDAY_NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)
_ATTACHMENT = Attachment(media_type=None, bytes=1, sha256="0" * 64)


class GivenScript(Strict):
    """Who sends."""

    path: Text = "/srv/jobs/report.py"
    name: Text | None = None
    """What a person calls it; the file's name when nothing is said."""
    sha256: str | None = None
    owner: Text | None = None
    launched_as: LaunchedAs = LaunchedAs.FILE
    approved: bool | None = None
    changed_since_approval: bool = False
    first_seen: AwareDatetime | None = None
    imports: Several[Text] = Field(default=[])
    packages: Several[PackageState] = Field(default=[])
    """What is the matter with its packages; nothing, when nothing is said."""
    unusual: Several[Unusual] = Field(default=[])
    """In which ways the request differs from its habits; in none, when nothing is said."""
    learning: bool = False
    cpu_seconds: float = 0.0
    memory_bytes: int = 0
    """True while its habits are being learnt."""


class GivenDestination(Strict):
    """Where it goes."""

    host: Host = "service.example"
    port: Port = 443
    service: Text | None = None
    category: Category = Category.OTHER
    account: AccountKind = AccountKind.UNKNOWN
    account_id: Text | None = None
    upload: bool = False
    country: Country = "unknown"
    address: Address | None = None
    scheme: Scheme = "https"
    protocol: Protocol | None = None
    """What it speaks, where that is not HTTP."""
    path: Text = "/"


class GivenFinding(Strict):
    """What was found."""

    kind: Kind
    detector: Text = "test"
    certainty: Confidence = Confidence.LIKELY
    count: Count = 1
    distinct: int | None = None
    records: int | None = None
    subjects: int | None = None
    test_data: bool = False
    unread: UnreadKind | None = None
    """Of `not_inspected`: what it is; content when nothing is said."""


class GivenFile(Strict):
    """Which file of the sender's it holds."""

    path: Text
    label: Label | None = None
    """By its name, when nothing is said."""
    owner: Text | None = None
    same: SameAs = SameAs.BYTES


class GivenLlm(Strict):
    """Which language model is called."""

    provider: Text | None = None
    model: Text | None = None
    operation: Text = "chat"
    key_fingerprint: Text | None = None
    key_class: Text | None = None
    organisation: Text | None = None
    tools: Several[Text] = Field(default=[])
    attachments: bool = False


class GivenVolume(Strict):
    """What this script had sent to this destination before."""

    bytes_hour: int = 0
    bytes_day: int = 0
    tokens_day: int = 0
    cost_day_usd: float = 0.0
    requests_hour: int = 0
    requests_day: int = 0
    hour_exact: bool = True
    """False: of what it sent in the hour not all was counted; so of the day."""
    day_exact: bool = True


class Given(Strict):
    """One request."""

    script: GivenScript | None = GivenScript()
    attribution: Certainty = Certainty.EXACT
    user: Text | None = None
    started_by: Text | None = None
    python: bool | None = None
    """Whether it descends from Python; a known script does when nothing is said."""
    on_behalf: Several[Text] | None = None
    """Scripts that were connected to it, by their paths, where it takes connections itself."""
    destination: GivenDestination = GivenDestination()
    findings: list[GivenFinding] = Field(default=[])
    files: list[GivenFile] = Field(default=[])
    llm: GivenLlm | None = None
    volume: GivenVolume = GivenVolume()
    request_bytes: Size = 1000
    method: Text = "POST"
    at: AwareDatetime = _WEDNESDAY_NOON
    degraded: Several[Text] = Field(default=[])


class Expected(Strict):
    """What the policy must answer: what it does, or would do where nothing does more than watch.

    Of a rule that is named and only watches: what it would have done.
    """

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
    """Ask `policy` about every case in this file. Raises InputError or PolicyError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"The file {path} cannot be read: {error.strerror}.") from error
    file = parse_as(CasesFile, content, str(path), kinds=kinds | policy.own_kinds)
    return tuple(_result(case, policy) for case in file.cases)


def situation_of_case(given: Given) -> Situation:
    """Return the situation that a case describes."""
    return Situation(
        now=given.at,
        method=given.method,
        request_bytes=given.request_bytes,
        sender=_sender(given),
        destination=_destination(given.destination),
        llm=None if given.llm is None else _llm(given.llm),
        findings=tuple(map(_finding, given.findings)),
        files=tuple(map(_file, given.files)),
        files_are_all=True,
        degraded=tuple(given.degraded),
        history=ScriptHistory(
            packages=frozenset(), habits=ToldHabits(), cpu_seconds=0.0, memory_bytes=0
        )
        if given.script is None
        else _history(given.script),
        volume=Volume(**given.volume.model_dump()),
    )


def _file(given: GivenFile) -> SentFile:
    return SentFile(
        path=given.path,
        same=given.same,
        found_by=FoundBy.FOLDER,
        label=given.label or label_of(given.path),
        size=1000,
        owner=given.owner,
    )


def _history(given: GivenScript) -> ScriptHistory:
    return ScriptHistory(
        first_seen=given.first_seen,
        approved=given.approved,
        changed_since_approval=given.changed_since_approval,
        imports=frozenset(given.imports),
        packages=frozenset(given.packages),
        habits=_habits(given),
        cpu_seconds=given.cpu_seconds,
        memory_bytes=given.memory_bytes,
    )


def _habits(given: GivenScript) -> ToldHabits:
    return NEVER_SEEN if given.learning else ToldHabits(words=frozenset(given.unusual))


def _sender(given: Given) -> Attribution:
    script = given.script if given.attribution is not Certainty.UNKNOWN else None
    known = True if script else None
    return Attribution(
        certainty=given.attribution,
        method="case",
        user=given.user,
        started_by=given.started_by,
        is_python=known if given.python is None else given.python,
        script=None if script is None else _script(script),
        on_behalf=None if given.on_behalf is None else tuple(map(_peer, given.on_behalf)),
    )


def _peer(path: str) -> SenderPeer:
    return SenderPeer(
        process=ProcessRef(pid=2, started_at=None, name="python3", exe="/usr/bin/python3"),
        script=_script(GivenScript(path=path)),
        certainty=Certainty.EXACT,
        is_python=True,
    )


def _script(given: GivenScript) -> Script:
    return Script(
        path=given.path,
        sha256=given.sha256,
        launched_as=given.launched_as,
        name=given.name or given.path.replace("\\", "/").rsplit("/", 1)[-1],
        version=None if given.owner is None else {"owner": given.owner},
    )


def _destination(given: GivenDestination) -> Destination:
    return Destination(
        scheme=given.protocol or given.scheme,
        host=host_of(given.host),
        port=given.port,
        path=given.path,
        service=None if given.service is None else canonical(given.service),
        category=given.category,
        account=Account(kind=given.account, id=given.account_id),
        upload=given.upload,
        country=given.country,
        address=given.address,
    )


def _llm(given: GivenLlm) -> LlmCall:
    told = given.model_dump(exclude={"provider", "tools", "attachments"})
    return LlmCall(
        **told,
        provider=None if given.provider is None else canonical(given.provider),
        tools=tuple(given.tools),
        attachments=(_ATTACHMENT,) if given.attachments else (),
    )


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
        unread=given.unread,
    )


def _result(case: PolicyCase, policy: RulePolicy) -> CaseResult:
    situation, expected = situation_of_case(case.given), case.expect
    decision = _decision(policy, situation, expected.rule)
    verdict = as_enforced(decision)
    passed = verdict is expected.verdict and expected.rule in {None, decision.rule}
    wanted = expected.verdict + (f" by rule {expected.rule}" if expected.rule else "")
    came = verdict + (f" by rule {decision.rule}" if decision.rule else " (no rule matched)")
    if passed:
        return CaseResult(name=case.name, passed=True, told=f"{case.name}: {came}")
    why = _why_not(policy, expected.rule, situation)
    told = f"{case.name}: expected {wanted}, got {came}{why}"
    return CaseResult(name=case.name, passed=False, told=told)


def _decision(policy: RulePolicy, situation: Situation, rule: str | None) -> Decision:
    """Return what is decided; of a rule that only watches if it is named, or nothing does more."""
    decision, trial = policy.decided(situation)
    if trial is not None and trial.rule in {rule, with_trial(decision, trial).rule}:
        return trial
    return decision


def _why_not(policy: RulePolicy, rule: str | None, situation: Situation) -> str:
    """Return what kept the expected rule from holding; nothing where it holds or none was named."""
    if rule is None:
        return ""
    unmet = policy.unmet(rule, situation)
    if unmet is None:
        return f"; there is no rule {rule}"
    return f"; {rule} does not hold for want of: {', and '.join(unmet)}" if unmet else ""
