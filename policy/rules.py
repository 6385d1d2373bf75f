"""The policy file as validated values: what an author may write, and nothing else."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from core.decision import Mode, Verdict
from policy.conditions import When
from policy.contracts import Contract
from policy.fields import (
    Fingerprint,
    Identifier,
    Kind,
    Listed,
    PartFault,
    RuleId,
    Several,
    Size,
    Strict,
    Text,
    action,
    refuse,
)
from policy.tenants import TenantRestrictions
from policy.tls_passthrough import PassThrough

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


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
        refuse((*self._out_of_place(), *self._wrong_headers()))
        return self

    def _out_of_place(self) -> Iterator[PartFault]:
        if self.for_seconds is not None and self.do is not Verdict.HOLD:
            yield PartFault("for_seconds goes with hold only", ("for_seconds",), at_key=True)
        if self.kinds is not None and self.do is not Verdict.REDACT:
            yield PartFault("kinds go with redact only", ("kinds",), at_key=True)
        if self.restore is not None and self.do is not Verdict.REDACT:
            yield PartFault("restore goes with redact only", ("restore",), at_key=True)
        if self.headers and self.do is Verdict.BLOCK:
            words = "headers have no meaning where the request is blocked"
            yield PartFault(words, ("headers",), at_key=True)

    def _wrong_headers(self) -> Iterator[PartFault]:
        for name in self.headers:
            if not _HEADER_NAME.fullmatch(name):
                words = "a header's name holds letters, digits and dashes only"
                yield PartFault(words, ("headers", name), at_key=True)
            elif name.lower() in _FRAMING:
                words = f"{name.lower()} says how the request is sent; rules may not set it"
                yield PartFault(words, ("headers", name), at_key=True)


_FRAMING = frozenset(
    (
        "connection content-encoding content-length expect host keep-alive proxy-authorization"
        " proxy-connection te trailer transfer-encoding upgrade"
    ).split()
)
"""Headers that cut, hide or misdirect a request when they are set."""

type OnError = Literal["allow", "watch", "warn", "hold", "block", "skip"]


class Rule(Strict):
    """One rule. The first rule of the file that holds decides."""

    id: RuleId
    description: Annotated[str, Field(max_length=500)] = ""
    owner: Annotated[str, Field(max_length=200)] = ""
    until: date | None = Field(None, description="Last day on which the rule is in force (UTC).")
    mode: Mode | None = Field(None, description="Overrides the mode of the whole file.")
    enabled: bool = True
    when: When = When.model_validate({})
    then: Annotated[Then, BeforeValidator(action)]
    inspect: Literal["whole"] | None = Field(
        None,
        description="whole: a body too large to be held is kept in an encrypted file and read to "
        "its end before any of it leaves. Without it such a body is read while it passes.",
    )
    on_error: OnError | None = Field(
        None,
        description="When something that the rule looks at could not be found out, or a request "
        "could not be redacted or held as asked. Default: block where the rule redacts, holds or "
        "blocks; else skip, the next rules decide.",
    )


class ExceptionEntry(Strict):
    """A value that an officer closed as a false alarm."""

    kind: Kind
    fingerprint: Fingerprint = Field(description="As the finding shows it.")
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
    key_fingerprints: Several[Fingerprint] = Field(default=[])
    kinds: Several[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]] = Field(
        default=[],
        description="Kinds that your own recognisers find, so that rules may name them.",
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
    packages: Several[Text] = Field(
        default=[], description="Packages that scripts may use; others are not_allowed."
    )
    contact: str | None = None


class UnknownAccount(Strict):
    """Answer for uploads to a service with accounts when nobody can tell whose account it is."""

    do: Literal["allow", "watch", "warn", "hold", "block"]
    over: Size | None = Field(
        None, description="Only once a script has sent at least this much there within a day."
    )


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
    contracts: list[Contract] = Field(
        default=[], description="What single scripts may send: see outgate policy learn."
    )

    @model_validator(mode="after")
    def _unique(self) -> Self:
        refuse(self._same_ids())
        return self

    def _same_ids(self) -> Iterator[PartFault]:
        """The later one is told, in the order in which its list stands here."""
        seen: set[str] = set()
        for section in ("rules", "pass_through", "contracts"):
            for number, entry in enumerate(getattr(self, section)):
                if entry.id in seen:
                    words = f"two rules have the id {entry.id}{_SHARED[section]}"
                    yield PartFault(words, (section, number, "id"))
                seen.add(entry.id)


_SHARED = {
    "rules": "",
    "pass_through": ": exceptions share their names with rules",
    "contracts": ": contracts share their names with rules and exceptions",
}
