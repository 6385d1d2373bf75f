"""The policy file as validated values: what an author may write, and nothing else."""

import re
from datetime import date
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, model_validator

from core.attribution import Certainty, LaunchedAs
from core.classification import AccountKind, Category
from core.decision import Mode, Verdict
from core.findings import Confidence
from policy.fields import (
    Count,
    Country,
    Day,
    Identifier,
    Kind,
    Listed,
    Several,
    Size,
    Strict,
    Text,
    action,
    section,
)
from policy.tenants import TenantRestrictions
from policy.tls_passthrough import PassThrough

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


class ScriptCondition(Strict):
    """Who sends. All that is given must hold; of a list, any. An unknown script is new and not approved."""

    path: Listed[Text] | None = Field(
        None, description="Path of the script; * stands for anything."
    )
    name: Listed[Text] | None = Field(
        None, description="What a person calls it: a file name, a module."
    )
    sha256: Listed[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]] | None = None
    launched_as: Listed[LaunchedAs] | None = None
    user: Listed[Text] | None = Field(None, description="Account on this machine that runs it.")
    owner: Listed[Text] | None = Field(None, description="Owner of the script's file.")
    started_by: Listed[Text] | None = Field(
        None, description="terminal, cron, agent:claude-code, …"
    )
    imports: Listed[Text] | None = Field(
        None, description="Packages, of which it imports at least one."
    )
    python: bool | None = Field(None, description="Whether the sender descends from Python.")
    approved: bool | None = Field(None, description="Whether this very version was approved.")
    changed_since_approval: bool | None = None
    on_behalf: bool | None = Field(
        None, description="Whether it takes connections itself, and may send for others."
    )
    on_behalf_of: Listed[Text] | None = Field(
        None,
        description="Path of a script, or program, that was connected to it: for whom it may send.",
    )
    newer_than_days: Count | None = Field(
        None, description="First seen less than so many days ago."
    )


class DestinationCondition(Strict):
    """Where it goes. All that is given must hold; of a list, any."""

    host: Listed[Text] | None = Field(
        None, description="api.example.com, or *.example.com for all below it."
    )
    category: Listed[Category] | None = None
    service: Listed[Text] | None = Field(None, description="openai, onedrive, dropbox, …")
    account: Listed[AccountKind] | None = Field(
        None, description="Whose account of the service it is."
    )
    account_id: Listed[Text] | None = None
    upload: bool | None = Field(None, description="True when content is stored with the service.")
    country: Listed[Country] | None = Field(
        None, description="Country of its address: two letters, or unknown."
    )
    scheme: Listed[Literal["http", "https", "ws", "wss"]] | None = None
    path: Listed[Text] | None = None


class FindingsCondition(Strict):
    """What is in it. Published example values do not count unless asked for."""

    kinds: Listed[Kind] | None = Field(
        None, description="Kinds (iban) or groups (bank, health, credentials …)."
    )
    detectors: Listed[Text] | None = Field(None, description="Types of credential, such as aws-*.")
    certainty: Confidence | None = Field(None, description="At least so sure.")
    count_at_least: Count | None = None
    distinct_at_least: Count | None = Field(None, description="Different values.")
    records_at_least: Count | None = Field(None, description="Rows or objects affected.")
    subjects_at_least: Count | None = Field(None, description="Different people affected.")
    test_data: bool = Field(False, description="Count published example values too.")


class VolumeCondition(Strict):
    """How much, by this script to this destination. All that is given must hold."""

    request_bytes_at_least: Size | None = None
    hour_bytes_at_least: Size | None = None
    day_bytes_at_least: Size | None = None
    day_tokens_at_least: Count | None = None
    day_cost_usd_at_least: Annotated[float, Field(gt=0)] | None = None


class LlmCondition(Strict):
    """Calls of language models. An empty section holds for any such call."""

    provider: Listed[Text] | None = None
    model: Listed[Text] | None = None
    operation: Listed[Text] | None = None
    key: Literal["known", "unknown"] | None = Field(
        None, description="Whether its API key is listed under organisation: key_fingerprints."
    )
    key_class: Listed[Text] | None = None
    organisation: Listed[Text] | None = None
    tools: Listed[Text] | None = None
    attachments: bool | None = None


class Hours(Strict):
    """Business hours in a named time zone. Hours that end before they begin run over midnight."""

    zone: Text
    days: Listed[Day] = Field(default=["monday", "tuesday", "wednesday", "thursday", "friday"])
    hours: str = "00:00-24:00"

    @model_validator(mode="after")
    def _check(self) -> Self:
        self.span()
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("zone is no known time zone; write it as Europe/Berlin") from error
        return self

    def span(self) -> tuple[int, int]:
        """Return the minutes of the day at which business begins and ends."""
        match = re.fullmatch(r"(\d{1,2}):(\d\d)\s*[-–]\s*(\d{1,2}):(\d\d)", self.hours.strip())
        if match:
            begin, end = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
            if (
                int(match[2]) < 60
                and int(match[4]) < 60
                and begin < 1440
                and end <= 1440
                and begin != end
            ):
                return begin, end
        raise ValueError("write hours as 08:00-18:00")


class TimeCondition(Strict):
    """When. Give one of the two."""

    within: Hours | None = None
    outside: Hours | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.within is None) == (self.outside is None):
            raise ValueError("time has either within or outside")
        return self


class AttributionCondition(Strict):
    """How sure the sender is known."""

    certainty: Listed[Certainty]


class When(Strict):
    """Conditions; all sections given must hold. Without any, the rule holds for every request."""

    script: ScriptCondition | None = None
    destination: DestinationCondition | None = None
    findings: Annotated[FindingsCondition, section("kinds")] | None = None
    volume: VolumeCondition | None = None
    llm: LlmCondition | None = None
    time: TimeCondition | None = None
    attribution: Annotated[AttributionCondition, section("certainty")] | None = None
    all: Annotated[list["When"], Field(min_length=1)] | None = None
    any: Annotated[list["When"], Field(min_length=1)] | None = None
    not_: "When | None" = Field(None, alias="not")


class Then(Strict):
    """What happens. Without `do`, headers are set and the next rules decide."""

    do: Verdict | None = None
    headers: dict[str, Annotated[str, Field(pattern=r"^[\x20-\x7e]*$", max_length=4000)]] = Field(
        default={}
    )
    for_seconds: Annotated[float, Field(gt=0, le=300)] | None = Field(
        None, description="How long hold waits."
    )
    kinds: Listed[Kind] | None = Field(
        None, description="What redact replaces; else what the rule looks for."
    )
    restore: bool | None = Field(
        None, description="Whether redact puts the values back into the answer; default true."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.do is None and not self.headers:
            raise ValueError("then needs an answer: allow, watch, warn, redact, hold or block")
        if self.for_seconds is not None and self.do is not Verdict.HOLD:
            raise ValueError("for_seconds goes with hold only")
        if self.kinds is not None and self.do is not Verdict.REDACT:
            raise ValueError("kinds go with redact only")
        if self.restore is not None and self.do is not Verdict.REDACT:
            raise ValueError("restore goes with redact only")
        if self.headers and self.do in {Verdict.BLOCK}:
            raise ValueError("headers have no meaning where the request is blocked")
        if any(not _HEADER_NAME.fullmatch(name) for name in self.headers):
            raise ValueError("a header's name holds letters, digits and dashes only")
        return self


type OnError = Literal["allow", "watch", "warn", "hold", "block", "skip"]


class Rule(Strict):
    """One rule. The first rule of the file that holds decides."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,79}$")]
    description: Annotated[str, Field(max_length=500)] = ""
    owner: Annotated[str, Field(max_length=200)] = ""
    until: date | None = Field(None, description="Last day on which the rule is in force (UTC).")
    mode: Mode | None = Field(None, description="Overrides the mode of the whole file.")
    enabled: bool = True
    when: When = When.model_validate({})
    then: Annotated[Then, BeforeValidator(action)]
    inspect: Literal["whole"] | None = Field(
        None,
        description="whole: a body too large to be held is kept in an encrypted file and read to its end before any of "
        "it leaves. Without it such a body is read while it passes.",
    )
    on_error: OnError | None = Field(
        None,
        description="When something that the rule looks at could not be found out, or a request could not be redacted "
        "or held as asked. Default: block where the rule redacts, holds or blocks; else skip, the next rules decide.",
    )


class ExceptionEntry(Strict):
    """A value that an officer closed as a false alarm."""

    kind: Kind
    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] = Field(
        description="As the finding shows it."
    )
    where: Text | None = Field(
        None, description="Only at places like this one; * and ? as in file names."
    )


class OrganisationSection(Strict):
    """What belongs to the organisation."""

    name: str = ""
    domains: Several[Text] = Field(default=[])
    accounts: dict[str, Several[Identifier]] = Field(
        default={}, description="Service → ids of own accounts."
    )
    key_fingerprints: Several[Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]] = Field(default=[])
    kinds: Several[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]] = Field(
        default=[],
        description="Kinds that the organisation's own recognisers find, so that rules may name them.",
    )
    words: Several[Text] = Field(default=[])
    canaries: Several[Text] = Field(default=[])
    countries: Text | None = Field(
        None, description="CSV table of the countries of addresses, relative to this file."
    )
    recognizers: Several[Text] = Field(
        default=[], description="Files with recognisers in Presidio's YAML, relative to this file."
    )
    exceptions: list[ExceptionEntry] = Field(default=[], description="Values that are no findings.")
    contact: str | None = None


class UnknownAccount(Strict):
    """Answer for uploads to a service with accounts when nobody can tell whose account it is."""

    do: Literal["allow", "watch", "warn", "hold", "block"]
    over: Size | None = Field(None, description="Only for requests of at least this size.")


class ByMode(Strict):
    """One answer for each mode."""

    watch: Literal["rules", "allow", "watch", "block"] | None = None
    enforce: Literal["rules", "allow", "watch", "block"] | None = None


def _by_mode(value: Any) -> Any:
    return {"watch": value, "enforce": value} if isinstance(value, str) else value


type Answer = Annotated[ByMode, BeforeValidator(_by_mode)]


class Failures(Strict):
    """Overrides of the failure table."""

    attribution: Answer | None = None
    classifier: Answer | None = None
    evidence: Answer | None = None
    gate: Answer | None = None


class PolicyModel(Strict):
    """The whole file."""

    version: Literal[1] = 1
    mode: Mode = Mode.WATCH
    description: str = ""
    organisation: OrganisationSection = OrganisationSection.model_validate({})
    on_unknown_account: Annotated[UnknownAccount, BeforeValidator(action)] | None = None
    failures: Failures = Failures()
    tenant_restrictions: TenantRestrictions = TenantRestrictions()
    pass_through: list[PassThrough] = Field(
        default=[],
        description="Exceptions: clients that trust only their own server's certificate.",
    )
    rules: list[Rule] = Field(default=[])

    @model_validator(mode="after")
    def _unique(self) -> Self:
        seen: set[str] = set()
        for name in (*(rule.id for rule in self.rules), *(entry.id for entry in self.pass_through)):
            if name in seen:
                raise ValueError(f"two rules have the id {name}")
            seen.add(name)
        return self
