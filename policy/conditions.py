"""The conditions of rules: each a field, whose annotation says what it reads and what that must be.

A rule's `when` is checked against these sections, described to editors by them, and turned into
conditions by them. A field that says neither `Asks` nor `Narrows` cannot be defined.
"""

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from core.attribution import Certainty, LaunchedAs
from core.classification import AccountKind, Category
from core.findings import NOT_INSPECTED, Confidence
from core.sent_file import Label, SameAs
from core.vocabulary.habits import Unusual
from core.vocabulary.kinds import kinds_of
from core.vocabulary.packages import PackageState
from core.vocabulary.unread import UnreadKind
from destinations.networks import Network
from policy import reads
from policy.content import Measure, Selection, found
from policy.fields import (
    Count,
    Country,
    Dollars,
    Host,
    Kind,
    Listed,
    Port,
    Protocol,
    Scheme,
    Sha256,
    Size,
    Strict,
    Text,
    section,
)
from policy.hours import Hours
from policy.logic import AllOf, AnyOf, Node, Not
from policy.predicates import (
    Predicate,
    any_matching,
    any_matching_path,
    at_least,
    being,
    during,
    matching,
    matching_case,
    matching_host,
    matching_path,
    matching_service,
    named,
    one_of,
    own_key,
    sharing,
    younger_than,
)
from policy.reads import Read
from policy.sections import Asks, Narrows, OwnKeys, Section


def _packages(script: "ScriptCondition") -> Read[frozenset[PackageState]]:
    needs_advisories = set(script.packages or ()) - {PackageState.NOT_ALLOWED}
    return reads.PACKAGES_ARE if needs_advisories else reads.PACKAGES_LISTED


class ScriptCondition(Section):
    """Who sends. All that is given must hold; of a list, any.

    An unknown script is new and not approved.
    """

    path: Annotated[Listed[Text] | None, Asks(reads.SCRIPT_PATH, matching_path)] = Field(
        None, description="Path of the script; * stands for anything."
    )
    name: Annotated[Listed[Text] | None, Asks(reads.SCRIPT_NAME, matching_case)] = Field(
        None, description="What a person calls it: a file name, a module."
    )
    sha256: Annotated[Listed[Sha256] | None, Asks(reads.SCRIPT_SHA256, one_of)] = None
    launched_as: Annotated[Listed[LaunchedAs] | None, Asks(reads.SCRIPT_LAUNCHED_AS, one_of)] = None
    user: Annotated[Listed[Text] | None, Asks(reads.USER, matching)] = Field(
        None, description="Account on this machine that runs it."
    )
    owner: Annotated[Listed[Text] | None, Asks(reads.SCRIPT_OWNER, matching)] = Field(
        None, description="Owner of the script's file."
    )
    started_by: Annotated[Listed[Text] | None, Asks(reads.STARTED_BY, matching)] = Field(
        None, description="terminal, cron, agent:claude-code, …"
    )
    imports: Annotated[Listed[Text] | None, Asks(reads.IMPORTED, sharing)] = Field(
        None, description="Packages, of which it imports at least one."
    )
    packages: Annotated[Listed[PackageState] | None, Asks(_packages, sharing)] = Field(
        None,
        description="What is the matter with its packages: vulnerable, malicious, not_allowed.",
    )
    python: Annotated[bool | None, Asks(reads.IS_PYTHON, being)] = Field(
        None, description="Whether the sender descends from Python."
    )
    on_behalf: Annotated[bool | None, Asks(reads.ON_BEHALF, being)] = Field(
        None, description="Whether it takes connections itself, and so may send for others."
    )
    on_behalf_of: Annotated[Listed[Text] | None, Asks(reads.BEHALF_OF, any_matching_path)] = Field(
        None, description="Path of a script or program that was connected to it."
    )
    approved: Annotated[bool | None, Asks(reads.APPROVED, being)] = Field(
        None, description="Whether this very version was approved."
    )
    changed_since_approval: Annotated[bool | None, Asks(reads.CHANGED, being)] = None
    newer_than_days: Annotated[Count | None, Asks(reads.SCRIPT_AGE, younger_than)] = Field(
        None, description="First seen less than so many days ago."
    )


class AttributionCondition(Section):
    """How sure the sender is known."""

    certainty: Annotated[Listed[Certainty], Asks(reads.CERTAINTY, one_of)]


class DestinationCondition(Section):
    """Where it goes. All that is given must hold; of a list, any."""

    host: Annotated[Listed[Host] | None, Asks(reads.HOST, matching_host)] = Field(
        None, description="api.example.com, or *.example.com for all below it."
    )
    network: Annotated[Listed[Network] | None, Asks(reads.IN_NETWORK, sharing)] = Field(
        None,
        description="Groups of addresses, by name or where the name leads: private, link_local, "
        "metadata, loopback.",
    )
    port: Annotated[Listed[Port] | None, Asks(reads.PORT, one_of)] = Field(
        None, description="The port that is connected to, such as 443."
    )
    category: Annotated[Listed[Category] | None, Asks(reads.CATEGORY, one_of)] = None
    service: Annotated[Listed[Text] | None, Asks(reads.SERVICE, named)] = Field(
        None, description="openai, onedrive, dropbox, …"
    )
    account: Annotated[Listed[AccountKind] | None, Asks(reads.ACCOUNT_KIND, one_of)] = Field(
        None, description="Whose account of the service it is."
    )
    account_id: Annotated[Listed[Text] | None, Asks(reads.ACCOUNT_ID, matching)] = None
    upload: Annotated[bool | None, Asks(reads.UPLOAD, being)] = Field(
        None, description="True when content is stored with the service."
    )
    country: Annotated[Listed[Country] | None, Asks(reads.IN_COUNTRY, one_of)] = Field(
        None, description="Country of its address: two letters, or unknown."
    )
    scheme: Annotated[Listed[Scheme] | None, Asks(reads.SCHEME, one_of)] = None
    protocol: Annotated[Listed[Protocol] | None, Asks(reads.SCHEME, one_of)] = Field(
        None, description="What it speaks, where that is not HTTP: postgresql, smtp, ssh, …"
    )
    path: Annotated[Listed[Text] | None, Asks(reads.URL_PATH, matching_case)] = None


def _found(measure: Measure) -> Callable[["FindingsCondition"], Read[float]]:
    return lambda findings: found(findings.selection(), measure)


class FindingsCondition(Section):
    """What is in it. Published example values do not count unless asked for."""

    kinds: Annotated[Listed[Kind] | None, Narrows()] = Field(
        None, description="Kinds (iban) or groups (bank, health, credentials …)."
    )
    detectors: Annotated[Listed[Text] | None, Narrows()] = Field(
        None, description="Types of credential, such as aws-*."
    )
    certainty: Annotated[Confidence | None, Narrows()] = Field(
        None, description="At least so sure."
    )
    count_at_least: Annotated[Count | None, Asks(_found(Measure.COUNT), at_least)] = None
    distinct_at_least: Annotated[Count | None, Asks(_found(Measure.DISTINCT), at_least)] = Field(
        None, description="Different values."
    )
    records_at_least: Annotated[Count | None, Asks(_found(Measure.RECORDS), at_least)] = Field(
        None, description="Rows or objects affected."
    )
    subjects_at_least: Annotated[Count | None, Asks(_found(Measure.SUBJECTS), at_least)] = Field(
        None, description="Different people affected."
    )
    test_data: Annotated[bool, Narrows()] = Field(
        False, description="Count published example values too."
    )

    implied = (Asks(_found(Measure.FINDINGS), at_least), 1)
    bare = "anything found"

    def selection(self) -> Selection:
        """Return which findings are counted."""
        words = self.kinds or []
        return Selection(
            kinds=kinds_of(words) if words else None,
            unread_too=NOT_INSPECTED in words,
            certainty=self.certainty or Confidence.POSSIBLE,
            test_data=self.test_data,
            detectors=tuple(self.detectors) if self.detectors else None,
        )


class UnreadCondition(Section):
    """What stands in it that cannot be read: one of these."""

    kinds: Annotated[Listed[UnreadKind], Asks(reads.UNREAD_KINDS, sharing)] = Field(
        description="picture, sound, film, font, weights, sealed, encrypted, or content."
    )


class FilesCondition(Section):
    """Which file of the sender's it holds: one that is found so. An empty section holds for any."""

    path: Annotated[Listed[Text] | None, Asks(reads.FILE_PATHS, any_matching_path)] = Field(
        None, description="Path of a file; * stands for anything."
    )
    name: Annotated[Listed[Text] | None, Asks(reads.FILE_NAMES, any_matching)] = Field(
        None, description="Name of a file, without its folder."
    )
    label: Annotated[Listed[Label] | None, Asks(reads.FILE_LABELS, sharing)] = Field(
        None, description="What kind of file it is: spreadsheet, database, key_file, …"
    )
    owner: Annotated[Listed[Text] | None, Asks(reads.FILE_OWNERS, any_matching)] = Field(
        None, description="Owner of a file."
    )
    same: Annotated[Listed[SameAs] | None, Asks(reads.FILES_SAME, sharing)] = Field(
        None, description="What is proven: same_bytes, same_bytes_decoded, was_open."
    )

    implied = (Asks(reads.FILES_KNOWN, being), True)
    bare = "any file of the sender's"


def _unusual(section: "UnusualCondition") -> Read[frozenset[Unusual]]:
    return reads.unusual(frozenset(section.what))


class UnusualCondition(Section):
    """What differs from the script's habits: one of these. Nothing does while they are learnt."""

    what: Annotated[Listed[Unusual], Asks(_unusual, sharing)] = Field(
        description="hours, destination, volume, or kind."
    )


class RequestsCondition(Section):
    """How many requests, by this script to this destination, this one counted."""

    hour: Annotated[Count | None, Asks(reads.HOUR_REQUESTS, at_least)] = Field(
        None, description="At least so many within an hour."
    )
    day: Annotated[Count | None, Asks(reads.DAY_REQUESTS, at_least)] = Field(
        None, description="At least so many within a day."
    )


class VolumeCondition(Section):
    """How much, by this script to this destination. All that is given must hold."""

    request_bytes_at_least: Annotated[Size | None, Asks(reads.REQUEST_BYTES, at_least)] = None
    hour_bytes_at_least: Annotated[Size | None, Asks(reads.HOUR_BYTES, at_least)] = None
    day_bytes_at_least: Annotated[Size | None, Asks(reads.DAY_BYTES, at_least)] = None
    day_tokens_at_least: Annotated[Count | None, Asks(reads.DAY_TOKENS, at_least)] = None
    day_cost_usd_at_least: Annotated[Dollars | None, Asks(reads.DAY_COST, at_least)] = None


class LlmCondition(Section):
    """Calls of language models. An empty section holds for any such call."""

    provider: Annotated[Listed[Text] | None, Asks(reads.LLM_PROVIDER, matching_service)] = None
    model: Annotated[Listed[Text] | None, Asks(reads.LLM_MODEL, matching)] = None
    operation: Annotated[Listed[Text] | None, Asks(reads.LLM_OPERATION, matching)] = None
    key: Annotated[Literal["known", "unknown"] | None, Asks(reads.LLM_KEY, own_key, ours=True)] = (
        Field(
            None, description="Whether its API key is listed under organisation: key_fingerprints."
        )
    )
    key_class: Annotated[Listed[Text] | None, Asks(reads.LLM_KEY_CLASS, matching)] = None
    organisation: Annotated[Listed[Text] | None, Asks(reads.LLM_ORGANISATION, matching)] = None
    tools: Annotated[Listed[Text] | None, Asks(reads.LLM_TOOLS, any_matching)] = None
    attachments: Annotated[bool | None, Asks(reads.LLM_ATTACHMENTS, being)] = None

    implied = (Asks(reads.LLM_CALLED, being), True)
    bare = "any LLM call"


def _clock(time: "TimeCondition") -> Read[Any]:
    hours = time.within or time.outside
    assert hours is not None
    return reads.local_time(hours.zone)


def _within(hours: Hours) -> Predicate[tuple[int, int]]:
    return during(hours.days, hours.span(), inside=True)


def _outside(hours: Hours) -> Predicate[tuple[int, int]]:
    return during(hours.days, hours.span(), inside=False)


class TimeCondition(Section):
    """When. Give one of the two."""

    within: Annotated[Hours | None, Asks(_clock, _within)] = None
    outside: Annotated[Hours | None, Asks(_clock, _outside)] = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.within is None) == (self.outside is None):
            raise ValueError("time has either within or outside")
        return self


class When(Strict):
    """Conditions; all sections given must hold. Without any, the rule holds for every request."""

    script: ScriptCondition | None = None
    attribution: Annotated[AttributionCondition, section("certainty")] | None = None
    destination: DestinationCondition | None = None
    findings: Annotated[FindingsCondition, section("kinds")] | None = None
    unread: Annotated[UnreadCondition, section("kinds")] | None = None
    files: FilesCondition | None = None
    unusual: Annotated[UnusualCondition, section("what")] | None = None
    volume: VolumeCondition | None = None
    requests_per: RequestsCondition | None = None
    llm: LlmCondition | None = None
    time: TimeCondition | None = None
    all: Annotated[list["When"], Field(min_length=1)] | None = None
    any: Annotated[list["When"], Field(min_length=1)] | None = None
    not_: "When | None" = Field(None, alias="not")


def condition_of(when: When, own: OwnKeys = frozenset()) -> AllOf:
    """Return what was written as one condition."""
    parts: list[Node] = []
    for name in type(when).model_fields:
        written = getattr(when, name)
        if isinstance(written, Section):
            parts += written.conditions(name, own)
    for part in when.all or ():
        parts += condition_of(part, own).parts
    if when.any:
        parts.append(AnyOf(parts=tuple(_alone(condition_of(part, own)) for part in when.any)))
    if when.not_ is not None:
        parts.append(Not(part=_alone(condition_of(when.not_, own))))
    return AllOf(parts=tuple(parts))


def _alone(node: AllOf) -> Node:
    return node.parts[0] if len(node.parts) == 1 else node


def whens(when: When, *, negated: bool = True) -> Iterator[When]:
    """Yield these conditions and all inside them; on request without those under `not`."""
    yield when
    inside = [*(when.all or ()), *(when.any or ())]
    if when.not_ is not None and negated:
        inside.append(when.not_)
    for part in inside:
        yield from whens(part, negated=negated)
