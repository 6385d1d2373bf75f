"""Says where an exchange goes: service, category, account, whether it stores content, and a path fit to be stored."""

from collections.abc import Mapping

from classifiers.destinations.bindings import Bindings
from classifiers.destinations.credential_in_use import credential
from classifiers.destinations.host_table import HostTable
from classifiers.destinations.judge import judge
from classifiers.destinations.llm_providers import OBSERVABILITY_HOSTS, Kind, Provider
from classifiers.destinations.models import FAMILIES, is_anonymous, llm_signal
from classifiers.destinations.paths import redact
from classifiers.destinations.services import Service, service_at, stores
from classifiers.destinations.signals import READERS, Request, Signal
from classifiers.llm.request.recognise import provider_at
from core.classification import Account, AccountKind, Category, Destination, LlmCall
from core.exchange import Exchange
from core.organisation import Organisation

_OBSERVED: HostTable[str] = HostTable(OBSERVABILITY_HOSTS)
_LLM_STORES = ("/files", "/uploads", "/vector_stores", "/knowledge", "/cachedContents")
_TELEMETRY = (
    "/v1/traces",
    "/v1/logs",
    "/v1/metrics",
    "/api/public/ingestion",
    "/runs/batch",
    "/runs/multipart",
)
"""Ends of paths of self-hosted collectors: OpenTelemetry, Langfuse, LangSmith."""
_WRITES = frozenset({"POST", "PUT", "PATCH"})


def destination(
    exchange: Exchange, organisation: Organisation, bindings: Bindings, call: LlmCall | None = None
) -> Destination:
    """Return the destination of this exchange; `call` says that an unknown host was recognised as a model by shape."""
    bindings.organisation = organisation
    host, path = exchange.host, exchange.path
    headers = dict(reversed(exchange.headers))
    request = Request(host, path, headers, exchange.body)
    provider = provider_at(host, path, exchange.port)
    if provider is not None:
        account = _llm_account(provider, request, organisation, bindings)
        upload = exchange.method in _WRITES and any(part in path for part in _LLM_STORES)
        return _made(exchange, provider.id, Category.LLM, account, upload, redact(path))
    observed = _OBSERVED.find(host)
    if observed is not None:
        upload = exchange.method in _WRITES
        return _made(
            exchange,
            observed,
            Category.OBSERVABILITY,
            _keyed(headers, path, organisation, bindings),
            upload,
            redact(path),
        )
    service = service_at(host, path)
    if service is None:
        return _unlisted(exchange, headers, organisation, bindings, call)
    account = _service_account(service, request, organisation, bindings)
    upload = stores(service, exchange.method, path)
    return _made(
        exchange, service.id, service.category, account, upload, redact(path, service.hidden)
    )


def _made(
    exchange: Exchange,
    service: str | None,
    category: Category,
    account: Account,
    upload: bool,
    path: str,
) -> Destination:
    return Destination(
        scheme=exchange.scheme, host=exchange.host, port=exchange.port, path=path, service=service, category=category,
        account=account, upload=upload,
    )  # fmt: skip


def _unlisted(
    exchange: Exchange,
    headers: Mapping[str, str],
    organisation: Organisation,
    bindings: Bindings,
    call: LlmCall | None,
) -> Destination:
    category = Category.LLM if call is not None and call.operation != "mcp" else Category.OTHER
    service = "a2a" if _is_agent(exchange, headers) else None
    if (
        service is None
        and exchange.method == "POST"
        and exchange.path.partition("?")[0].endswith(_TELEMETRY)
    ):
        return _made(
            exchange, "otlp", Category.OBSERVABILITY, Account(), True, redact(exchange.path)
        )
    account = (
        _keyed(headers, exchange.path, organisation, bindings)
        if category is Category.LLM
        else Account()
    )
    return _made(exchange, service, category, account, False, redact(exchange.path))


def _is_agent(exchange: Exchange, headers: Mapping[str, str]) -> bool:
    """Agent2Agent calls are neither model nor tool-server calls, but carry the same content."""
    if "a2a-version" in headers or "a2a-extensions" in headers or "x-a2a-extensions" in headers:
        return True
    if exchange.path.startswith(("/.well-known/agent-card.json", "/.well-known/agent.json")):
        return True
    head = exchange.body[:2048]
    return b'"jsonrpc"' in head and (b'"message/send"' in head or b'"message/stream"' in head)


def _token_signal(
    headers: Mapping[str, str], path: str, organisation: Organisation, bindings: Bindings
) -> tuple[Signal | None, bool]:
    """Return what is known of the token, and whether it is one of the organisation's own keys."""
    token = credential(headers, path)
    if token is None:
        return None, False
    own = (
        bool(organisation.key_fingerprints)
        and bindings.fingerprint(token) in organisation.key_fingerprints
    )
    return bindings.of_token(token), own


def _keyed(
    headers: Mapping[str, str], path: str, organisation: Organisation, bindings: Bindings
) -> Account:
    signal, own = _token_signal(headers, path, organisation, bindings)
    if own:
        return Account(
            kind=AccountKind.CORPORATE,
            id=signal.id if signal else None,
            evidence="the key is the organisation's own",
        )
    return Account()


def _llm_account(
    provider: Provider, request: Request, organisation: Organisation, bindings: Bindings
) -> Account:
    if is_anonymous(provider, request.path):
        return Account(kind=AccountKind.ANONYMOUS, evidence="used without an account")
    bound, own = _token_signal(request.headers, request.path, organisation, bindings)
    told = llm_signal(provider, request)
    if own:
        name = bound.id if bound else told.id if told else None
        return Account(
            kind=AccountKind.CORPORATE, id=name, evidence="the key is the organisation's own"
        )
    if provider.kind is Kind.LOCAL:
        return Account()
    return judge(bound or told, provider.id, FAMILIES.get(provider.id), organisation)


def _service_account(
    service: Service, request: Request, organisation: Organisation, bindings: Bindings
) -> Account:
    if service.nature is not None:
        kind = (
            "consumer service" if service.nature is AccountKind.PERSONAL else "anonymous by nature"
        )
        return Account(kind=service.nature, evidence=f"host: {kind}")
    if service.reader is None:
        return _keyed(request.headers, request.path, organisation, bindings)
    told = READERS[service.reader](request)
    bound, own = _token_signal(request.headers, request.path, organisation, bindings)
    if own:
        return Account(
            kind=AccountKind.CORPORATE,
            id=told.id if told else None,
            evidence="the key is the organisation's own",
        )
    signal = _stronger(told, bound) or bindings.of_session(request.host, request.path)
    if signal is None and service.family == "microsoft" and request.bearer:
        return Account(evidence="opaque token: often a personal account, but no proof")
    return judge(signal, service.id, service.family, organisation)


def _stronger(told: Signal | None, bound: Signal | None) -> Signal | None:
    """A token that names its account beats what was learnt; what was learnt beats a name in a path or host."""
    if told is not None and told.personal is not None:
        return told
    return bound or told
