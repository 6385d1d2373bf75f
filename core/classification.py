"""What the classifiers say about one exchange: where it goes, to whose account, which LLM call,
which findings.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from core.findings import Finding
from core.sent_file import FilesLook, SentFile
from core.values import changed, quick


class Category(StrEnum):
    """What kind of service a destination is."""

    LLM = "llm"
    CLOUD_STORAGE = "cloud_storage"
    CODE_HOST = "code_host"
    MESSAGING = "messaging"
    PASTE = "paste"
    PACKAGE_INDEX = "package_index"
    OBSERVABILITY = "observability"
    WEBHOOK = "webhook"
    OTHER = "other"


class AccountKind(StrEnum):
    """Whose account of the service it is."""

    CORPORATE = "corporate"
    PERSONAL = "personal"
    OTHER_TENANT = "other_tenant"
    ANONYMOUS = "anonymous"
    UNKNOWN = "unknown"


class TokensBasis(StrEnum):
    """Where token numbers come from."""

    EXACT = "exact"
    ESTIMATED = "estimated"
    COUNTED = "counted"
    """An earlier record counts them: this answer was given again, or came from a cache."""
    UNKNOWN = "unknown"


class CostBasis(StrEnum):
    """Where a cost comes from."""

    STATED = "stated"
    TABLE = "table"
    LOCAL = "local"
    COUNTED = "counted"
    """An earlier record holds it."""
    UNKNOWN = "unknown"


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The account of a service that a request uses, and what told so."""

    kind: AccountKind = AccountKind.UNKNOWN
    id: str | None = None
    """Tenant, organisation, bucket owner, bot id… an identifier, never a credential."""
    evidence: str | None = None
    """What told so, in plain words: `tenant id in the token`, `host`, …"""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where an exchange goes, fit to be stored."""

    scheme: str
    host: str
    port: int
    """`NO_PORT` where nobody knows it."""
    path: str
    """Redacted: no query values, no token segments."""
    service: str | None
    """Our id of the service: `openai`, `onedrive`, `dropbox`, …"""
    category: Category
    account: Account = Account()
    upload: bool = False
    """True when the request stores content with the service (a file, a message, a document)."""
    address: str | None = None
    """The IP address that is connected to, where a rule asks for its country; None when it was not
    looked up."""
    country: str | None = None
    """Of that address: ISO 3166 alpha-2, or `unknown`; None when it was not looked up."""
    named_by: str | None = None
    """Of another name of a request, what names it: `Host header`, `TLS handshake`, …"""
    in_doubt: bool = False
    """True for another name that contradicts: what trusts a destination must trust it, too."""
    other_names: "tuple[Destination, ...]" = ()
    """Whatever else the request goes by, each as it would be judged alone; these have none."""

    @property
    def contradicted(self) -> bool:
        """True when the request names another host or port that is not shown to be this one."""
        return any(name.in_doubt for name in self.other_names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file or image inside an LLM request."""

    media_type: str | None
    bytes: int
    sha256: str


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class LlmCall:
    """One call of a language model or a tool server. Token counts are None when unknown, never
    0.
    """

    provider: str | None
    """Our provider id; None at an unknown host recognised by shape."""
    operation: str
    """`chat`, `responses`, `embeddings`, `text_completion`, `generate_content`, `image`, `audio`,
    `mcp`, …"""
    model: str | None = None
    stream: bool = False
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    tokens_basis: TokensBasis = TokensBasis.UNKNOWN
    tokens_band: str | None = None
    """Error band of an estimate, such as `±12 %`."""
    cost_usd: str | None = None
    cost_basis: CostBasis = CostBasis.UNKNOWN
    cost_left_out: tuple[str, ...] = ()
    """What the answer states as used and the cost does not hold, in words."""
    response_id: str | None = None
    """The provider's own id of the answer, which its bill and later statements of it name."""
    tier: str | None = None
    """The provider's terms of price, where they are not the ordinary ones: `flex`, `batch`, …"""
    key_fingerprint: str | None = None
    key_class: str | None = None
    """`project`, `service-account`, `admin`, `oauth`, …"""
    organisation: str | None = None
    project: str | None = None
    tools: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    messages: int | None = None
    evidence: tuple[str, ...] = ()
    """What told that this is an LLM call: `host`, `path`, `shape:openai`, `sdk-header`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What is known so far of a body that is read as it passes."""

    findings: tuple[Finding, ...] = ()
    """Of all that was read, each counted once."""
    degraded: tuple[str, ...] = ()
    """Stages that failed or could not read something, each as `stage: why`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Different values, or different people, in one piece of a body: marks that are kept only while
    the body passes, so that what stands in several pieces counts once.
    """

    kind: str
    """Of the finding that it belongs to; empty where people are told apart."""
    detector: str = ""
    """Of the finding, for types of secrets; for people the columns that tell them apart."""
    test_data: bool = False
    marks: bytes = field(default=b"", repr=False)
    """Eight bytes each."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """Everything the classifiers found out about one exchange."""

    destination: Destination
    llm: LlmCall | None = None
    findings: tuple[Finding, ...] = ()
    degraded: tuple[str, ...] = ()
    """Stages that failed or were late, each as `stage: why`."""
    deferred: bool = False
    """True when documents inside wait for a worker: this is what was known without reading them."""
    files: tuple[SentFile, ...] = ()
    """Files of the sender's that the request holds, or that were open when it was sent."""
    files_look: FilesLook | None = None
    """Whether these are all; None: nobody looked."""
    tallies: tuple[Tally, ...] = field(default=(), repr=False)
    """Of a piece of a larger body: what it takes to count over all pieces. Never stored."""
    explanation: tuple[str, ...] = field(default=(), repr=False)
    """For `inspect --explain`: one line a candidate, values masked."""


def at_model(where: Destination, call: LlmCall) -> Destination:
    """Return an unlisted place as what the call shows it to be: where a model answers."""
    if where.category is not Category.OTHER:
        return where
    return changed(where, category=Category.LLM, service=where.service or call.provider)


def with_call(seen: Classification, call: LlmCall) -> Classification:
    """Return what is known with a call of a model that only showed itself in what followed."""
    return replace(seen, llm=call, destination=at_model(seen.destination, call))
