"""Says where an exchange goes: service, category, account, upload, and a path fit to be stored."""

from collections.abc import Mapping
from dataclasses import replace

from classifiers.destinations.agents import is_agent
from classifiers.destinations.bindings import Bindings
from classifiers.destinations.credential_in_use import credential
from classifiers.destinations.graphql import only_asks
from classifiers.destinations.judge import judge
from classifiers.destinations.paths import redact
from core.classification import Account, AccountKind, Category, Destination, LlmCall
from core.exchange import Exchange
from core.organisation import Organisation
from destinations.credentials import organisation_in
from destinations.hosts import service_at
from destinations.protocols import AGENT, COLLECTOR
from destinations.service import LlmKind, Service, stores
from destinations.signals import MAX_ID, Request, Signal

_COLLECTING = (
    "/v1/traces",
    "/v1/logs",
    "/v1/metrics",
    "/api/public/ingestion",
    "/runs/batch",
    "/runs/multipart",
)
"""Ends of paths of self-hosted collectors: OpenTelemetry, Langfuse, LangSmith."""


def destination(
    exchange: Exchange, organisation: Organisation, bindings: Bindings, call: LlmCall | None = None
) -> Destination:
    """Return the destination of this exchange, and what each other name of it stands for.

    `call` says that an unknown host was recognised as a model by the shape of what it was sent.
    """
    bindings.organisation = organisation
    where = _alone(exchange, organisation, bindings, call)
    if not exchange.other_names:
        return where
    others = tuple(
        replace(
            _alone(replace(exchange, host=name.host, port=name.port), organisation, bindings, call),
            named_by=name.named_by,
            in_doubt=name.in_doubt,
        )
        for name in exchange.other_names
    )
    return replace(where, other_names=others)


def _alone(
    exchange: Exchange, organisation: Organisation, bindings: Bindings, call: LlmCall | None
) -> Destination:
    headers = dict(reversed(exchange.headers))
    service = service_at(exchange.host, exchange.path, exchange.port)
    if service is None:
        return _unlisted(exchange, headers, organisation, bindings, call)
    request = Request(exchange.host, exchange.path, headers, exchange.body)
    stored_by = _storing(service, request, exchange)
    service = stored_by or service
    return Destination(
        scheme=exchange.scheme,
        host=exchange.host,
        port=exchange.port,
        path=redact(exchange.path, service.hidden),
        service=service.id,
        category=service.category,
        account=_account(service, request, organisation, bindings),
        upload=stored_by is not None,
    )


def _storing(service: Service, request: Request, exchange: Exchange) -> Service | None:
    """Return the service with which this request stores content, itself or by one inside it."""
    if stores(service, exchange.method, exchange.path) and not only_asks(exchange):
        return service
    for method, path in service.holds_requests(request) if service.holds_requests else ():
        inner = service_at(exchange.host, path, exchange.port)
        if inner is not None and stores(inner, method, path):
            return inner
    return None


def _unlisted(
    exchange: Exchange,
    headers: Mapping[str, str],
    organisation: Organisation,
    bindings: Bindings,
    call: LlmCall | None,
) -> Destination:
    service = _spoken(exchange, headers)
    category = Category.OTHER if service is None else service.category
    account = Account()
    if call is not None and call.operation != "mcp" and service is not COLLECTOR:
        category = Category.LLM
        account = _by_key(headers, exchange.path, organisation, bindings)
    return Destination(
        scheme=exchange.scheme,
        host=exchange.host,
        port=exchange.port,
        path=redact(exchange.path),
        service=None if service is None else service.id,
        category=category,
        account=account,
        upload=service is COLLECTOR,
    )


def _spoken(exchange: Exchange, headers: Mapping[str, str]) -> Service | None:
    """Return the service that what is spoken tells, at a host that no entry names."""
    if is_agent(exchange, headers):
        return AGENT
    if exchange.method == "POST" and exchange.path.partition("?")[0].endswith(_COLLECTING):
        return COLLECTOR
    return None


def _account(
    service: Service, request: Request, organisation: Organisation, bindings: Bindings
) -> Account:
    told = service.account(request)
    if told is not None and told.nature is not None:
        return Account(kind=told.nature, id=told.id, evidence=told.evidence)
    if service.llm is not None:
        if service.llm.kind is LlmKind.LOCAL:
            return _by_key(request.headers, request.path, organisation, bindings)
        told = _stronger(told, _named(request.headers))
    token = credential(request.headers, request.path)
    bound = None if token is None else bindings.of_token(token)
    if token is not None and bindings.is_own(token, organisation):
        return _own(_stronger(told, bound))
    signal = _stronger(told, bound)
    if signal is None or signal.id is None:
        signal = _stronger(signal, bindings.of_session(request.host, request.path))
    return judge(signal, service.id, service.family, organisation)


def _named(headers: Mapping[str, str]) -> Signal | None:
    """Clients of models name their organisation in a header, whichever provider they ask."""
    name = organisation_in(headers)
    return Signal(name[:MAX_ID], "organisation named in the request") if name else None


def _stronger(told: Signal | None, learnt: Signal | None) -> Signal | None:
    """A token's own account beats what was learnt or named, that beats a name in path or host."""
    if told is not None and told.personal is not None:
        return told
    return learnt or told


def _by_key(
    headers: Mapping[str, str], path: str, organisation: Organisation, bindings: Bindings
) -> Account:
    """Return the account where nothing but the organisation's list of its own keys can tell it."""
    token = credential(headers, path)
    if token is None or not bindings.is_own(token, organisation):
        return Account()
    return _own(bindings.of_token(token))


def _own(signal: Signal | None) -> Account:
    return Account(
        kind=AccountKind.CORPORATE,
        id=None if signal is None else signal.id,
        evidence="the key is the organisation's own",
    )
