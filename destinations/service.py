"""One entry of the catalogue: a service that scripts send to, with all that is known of it."""

import re
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from functools import lru_cache

from core.classification import Category
from destinations.signals import Learner, Reader, Unfolder

WRITE = r"(?:POST|PUT|PATCH) "
PUT_OR_POST = r"PUT |POST "
POST = r"POST "
_A_WORD, _A_PLACE = 64, 256
"""Longer queries and paths of a request that only looks something up hold more than its
question.
"""
NEVER = r"(?!)"
"""No request stores content that others can read: sign-in, queries."""


class Refusal(StrEnum):
    """The shape of errors that a service's clients understand; `proxy.refusals` renders each."""

    AS_ASKED = "as_asked"
    """Of the API that the path names, where it is known; else JSON or text, as the client asks."""
    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GOOGLE = "google"
    GRAPH = "graph"
    AWS = "aws"
    OBJECT_STORE = "object_store"
    """The XML of S3 and of those that speak it."""
    DROPBOX = "dropbox"
    TELEGRAM = "telegram"
    SLACK = "slack"
    NOTION = "notion"


class LlmKind(StrEnum):
    """What sort of provider of language models it is."""

    API = "api"
    CLOUD = "cloud"
    GATEWAY = "gateway"
    CONSUMER = "consumer"
    SPEECH = "speech"
    LOCAL = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a service is met. Host patterns are those of `destinations.hosts.HostTable`."""

    hosts: tuple[str, ...] = ()
    paths: str | None = None
    """Expression that the start of the path must match, where hosts also serve other things."""
    port: int | None = None
    """A port whose only known owner the service is, at hosts that no entry names."""


def at(*hosts: str, paths: str | None = None) -> tuple[Site, ...]:
    """Return one site: these hosts, under these paths."""
    return (Site(hosts=hosts, paths=paths),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """A service's credentials: how they are known, and where they may go."""

    domains: tuple[str, ...] = ()
    """They are meant for these hosts and all below; empty when nobody listed any."""
    anywhere: bool = False
    """The software runs at hosts of any name: a key in an authentication header there is normal."""
    headers: tuple[str, ...] = ()
    """Request headers of its own that carry a key, lower case."""
    classes: tuple[tuple[str, str], ...] = ()
    """Published prefix of a key → class of the key: `sk-proj-` → `project`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantHeader:
    """A request header by which the provider itself refuses accounts that it does not list.

    It tells who the organisation is, so it goes to these hosts only (`*` stands for anything).
    """

    name: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Llm:
    """What is known of a provider of language models."""

    kind: LlmKind
    prices: str | None
    """Id of the provider in genai-prices; None when that table does not know it."""
    hands_on_keys: bool = False
    """A gateway whose protocol is to hand on the key of another provider."""
    streams_unasked: bool = False
    """Answers are streams unless the request says otherwise."""
    usage_on_request: bool = False
    """Chat streams state no usage unless the request asks for it."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service. The first seven parts are every entry's: the type checker misses each of them.

    One host may serve two things under one name (a store, and models): then two entries share an
    id, a name and the shape of refusals.
    """

    id: str
    """Ours, kebab-case: what records hold and rules name."""
    name: str
    """As its vendor spells it."""
    category: Category
    sites: tuple[Site, ...]
    upload: str
    """Regular expression on `METHOD path` of requests that store content with it."""
    account: Reader
    refusal: Refusal
    _: KW_ONLY
    family: str | None = None
    """Id of the vendor under which accounts may be listed as well: `microsoft`, `google`, `aws`…"""
    aliases: tuple[str, ...] = ()
    """Other ids by which policies and older records may name it."""
    learn: Learner | None = None
    """Reads whose account it is from answers, where they tell."""
    opens_sessions: bool = False
    """Answers hand out addresses for uploads that carry no token."""
    holds_requests: Unfolder | None = None
    """Reads the requests that one of its requests holds: a batch stores what one of them stores."""
    keeps_requests: bool = False
    """Whoever reads there sees each request whole: what stands in its address is stored, too."""
    hidden: str | None = None
    """Regular expression whose first group is a secret in the path."""
    keys: Keys = Keys()
    organisation_headers: tuple[str, ...] = ()
    """Headers of requests or answers that name the organisation at the provider, lower case."""
    project_headers: tuple[str, ...] = ()
    """Headers of requests or answers that name the project there, lower case."""
    tenant_headers: tuple[TenantHeader, ...] = ()
    llm: Llm | None = None


@lru_cache(maxsize=1024)
def pattern(expression: str) -> re.Pattern[str]:
    """Return the compiled form of an entry's expression."""
    return re.compile(expression)


def stores(service: Service, method: str, path: str) -> bool:
    """Return True when this request stores content with the service."""
    base, _, query = path.partition("?")
    if pattern(service.upload).match(f"{method} {base}") is not None:
        return True
    return service.keeps_requests and (len(query) > _A_WORD or len(base) > _A_PLACE)
