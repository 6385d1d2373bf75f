"""What answers told of accounts, kept for later requests. Never a token itself."""

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from threading import Lock

import orjson

from classifiers.destinations.credential_in_use import credential
from classifiers.destinations.judge import judge
from classifiers.llm.answer.inflate import BrokenEncodingError, inflater
from core.classification import Account, AccountKind, Destination
from core.exchange import Answer, Exchange
from core.fingerprint import Fingerprinter
from core.organisation import Organisation
from destinations.catalogue import find
from destinations.credentials import organisation_in
from destinations.hosts import service_at
from destinations.service import Service
from destinations.signals import MAX_ID, Json, Signal

MAX_BINDINGS = 10_000
MAX_BODY = 256 * 1024
_UPLOAD_ID = re.compile(r"[?&]upload_id=([^&]+)")


class Bindings:
    """A bounded memory from keyed fingerprints of tokens and upload sessions to account signals.

    Safe to call from several threads. The least recently used binding is dropped first.
    """

    __slots__ = (
        "_fingerprinter",
        "_limit",
        "_lock",
        "_session_hosts",
        "_signals",
        "organisation",
    )

    def __init__(self, fingerprinter: Fingerprinter, limit: int = MAX_BINDINGS) -> None:
        self._fingerprinter = fingerprinter
        self._limit = limit
        self._lock = Lock()
        self.organisation = Organisation()
        self._session_hosts: set[str] = set()
        self._signals: OrderedDict[str, Signal] = OrderedDict()

    def __len__(self) -> int:
        return len(self._signals)

    def __repr__(self) -> str:
        return f"<Bindings {len(self._signals)}>"

    def fingerprint(self, token: str) -> str:
        """Return the fingerprint under which the organisation lists its own keys."""
        return self._fingerprinter.of("secret", token)

    def is_own(self, token: str, organisation: Organisation) -> bool:
        """Return True when the organisation lists this token as a key of its own."""
        own = organisation.key_fingerprints
        return bool(own) and self.fingerprint(token) in own

    def of_token(self, token: str) -> Signal | None:
        """Return what was learnt of this token."""
        return self._get(self._fingerprinter.of("binding-token", token))

    def of_session(self, host: str, path: str) -> Signal | None:
        """Return the account that opened this upload session."""
        if host not in self._session_hosts:
            return None
        return self._get(self._fingerprinter.of("binding-session", _session_key(host, path)))

    def bind_token(self, token: str, signal: Signal) -> None:
        """Remember the account of a token."""
        self._put(self._fingerprinter.of("binding-token", token), signal)

    def bind_session(self, url: str, signal: Signal) -> None:
        """Remember which account opened an upload session."""
        rest = url.partition("://")[2]
        host, slash, path = rest.partition("/")
        if slash:
            host = host.partition(":")[0].lower()
            key = _session_key(host, "/" + path)
            self._put(self._fingerprinter.of("binding-session", key), signal)
            self._remember_host(host)

    def _remember_host(self, host: str) -> None:
        """Most hosts never open a session: those need no look-up."""
        if len(self._session_hosts) >= self._limit:
            self._session_hosts.clear()
        self._session_hosts.add(host)

    def _get(self, key: str) -> Signal | None:
        with self._lock:
            found = self._signals.get(key)
            if found is not None:
                self._signals.move_to_end(key)
            return found

    def _put(self, key: str, signal: Signal) -> None:
        with self._lock:
            self._signals[key] = signal
            self._signals.move_to_end(key)
            while len(self._signals) > self._limit:
                self._signals.popitem(last=False)

    def wants_body(self, destination: Destination) -> bool:
        """Return True when answers of this service tell of accounts or hand out upload sessions."""
        service = find(destination.service or "")
        return service is not None and (service.learn is not None or service.opens_sessions)

    def learn(
        self,
        exchange: Exchange,
        answer: Answer,
        destination: Destination,
        organisation: Organisation | None = None,
    ) -> Account | None:
        """Learn from an answer; return the account when the answer told more than the request,
        else None.

        Only what the service itself states in a successful answer binds a token. `organisation`
        is the one that the account is judged by; by default the one that destinations were last
        asked for.
        """
        if answer.status is None or not 200 <= answer.status < 400:
            return None
        token = credential(dict(reversed(exchange.headers)), exchange.path)
        service = find(destination.service or "")
        learnt = self._learnt(service, exchange, answer, token)
        opened = learnt or _signal_of(destination.account)
        if opened is not None and service is not None and service.opens_sessions:
            self._bind_sessions(answer, opened)
        if learnt is None:
            return None
        name, family = ("", None) if service is None else (service.id, service.family)
        account = judge(learnt, name, family, organisation or self.organisation)
        known = destination.account
        if known.kind is AccountKind.CORPORATE and account.kind is not AccountKind.PERSONAL:
            return replace(known, id=account.id or known.id)
        return account

    def _learnt(
        self, service: Service | None, exchange: Exchange, answer: Answer, token: str | None
    ) -> Signal | None:
        stated = _from_headers(answer)
        if stated is None:
            body = _json(answer) if service is not None and service.learn is not None else None
            if service is None or service.learn is None or body is None:
                return None
            stated = service.learn(exchange, body)
            issued = body.get("access_token")
            if stated is not None and isinstance(issued, str) and issued:
                self.bind_token(issued, stated)
                return stated
        if stated is not None and token:
            self.bind_token(token, stated)
        return stated

    def _bind_sessions(self, answer: Answer, opened: Signal) -> None:
        """Bind the upload sessions that an answer hands out at hosts of known services."""
        for url in _session_urls(answer):
            host, _, path = url.partition("://")[2].partition("/")
            if service_at(host.lower(), "/" + path) is not None:
                self.bind_session(url, opened)


def _session_key(host: str, path: str) -> str:
    match = _UPLOAD_ID.search(path)
    return f"upload_id:{match[1]}" if match else f"{host}{path.partition('?')[0]}"


_PERSONAL = {AccountKind.PERSONAL: True, AccountKind.OTHER_TENANT: False}


def _signal_of(account: Account) -> Signal | None:
    if account.id is None and account.kind is AccountKind.UNKNOWN:
        return None
    evidence = "upload session opened with: " + (account.evidence or "that account")
    return Signal(account.id, evidence, _PERSONAL.get(account.kind))


def _from_headers(answer: Answer) -> Signal | None:
    name = organisation_in(dict(reversed(answer.headers)))
    if name is None:
        return None
    return Signal(name[:MAX_ID], "organisation named in the answer", personal=False)


def _json(answer: Answer) -> Json | None:
    if not answer.body or len(answer.body) > MAX_BODY:
        return None
    try:
        found = orjson.loads(_plain(answer.body, answer.header("content-encoding")))
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _plain(body: bytes, content_encoding: str | None) -> bytes:
    """Undo the content-encoding; recordings hold decoded text under old headers: that stays."""
    encoded = inflater(content_encoding)
    if encoded is None or body[:1] == b"{":
        return body
    out = bytearray()
    try:
        for piece in encoded.feed(body):
            out += piece
            if len(out) > 4 * MAX_BODY:
                return b""
    except BrokenEncodingError:
        return b""
    return bytes(out)


def _session_urls(answer: Answer) -> Iterator[str]:
    """Yield the upload session URLs that an answer hands out."""
    location = answer.header("location")
    if location and ("upload_id=" in location or "upload" in location.lower()):
        yield location
    body = _json(answer)
    for key in ("uploadUrl", "upload_url", "session_endpoints"):
        value = body.get(key) if body else None
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from (v for v in value.values() if isinstance(v, str))
