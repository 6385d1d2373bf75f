"""What an approval covers: the key that a held request shares with those that are the same.

Same version of the script, same destination by every name, same account, same findings, same body,
and the same content of every header that says anything of what is sent or for whom.
"""

import json
import re

from core.attribution import Attribution, Certainty
from core.classification import Classification, Destination
from core.exchange import Exchange
from core.fingerprint import Fingerprinter
from proxy.transaction import Transaction

NEVER_THE_SAME = frozenset(
    (
        "age connection content-length date expect if-modified-since if-none-match"
        " if-unmodified-since keep-alive max-forwards proxy-authorization proxy-connection"
        " te transfer-encoding"
        # numbers of one request
        " amz-sdk-invocation-id amz-sdk-request client-request-id idempotency-key request-id"
        " sec-websocket-key x-amz-date x-amzn-requestid x-client-request-id x-correlation-id"
        " x-goog-api-client x-goog-request-params x-ms-client-request-id x-ms-date x-request-id"
        " x-requestid x-retry-count x-stainless-retry-count x-stainless-timeout"
        # traces
        " b3 baggage elastic-apm-traceparent newrelic sentry-trace traceparent tracestate"
        " uber-trace-id x-amzn-trace-id x-b3-flags x-b3-parentspanid x-b3-sampled x-b3-spanid"
        " x-b3-traceid x-cloud-trace-context x-datadog-origin x-datadog-parent-id"
        " x-datadog-sampling-priority x-datadog-trace-id x-trace-id"
    ).split()
)
"""Headers that clients make anew for each request. What is found in them counts as a finding."""
_COUNTED = frozenset({"user-agent"})
"""Headers whose numbers may count up."""
_NUMBERS = re.compile(r"[0-9]+")
_SIGNED = re.compile(r"(?i)\b(?:Signature|oauth_signature|oauth_nonce|oauth_timestamp)=[^,; ]*")
_DATED = re.compile(r"(?i)(Credential=[^/,;= ]{1,128})/[0-9]{8}/")
_SHARED_KEY = re.compile(r"(SharedKey(?:Lite)? [^:\s]*):\S*")


def hold_key(fingerprinter: Fingerprinter, transaction: Transaction) -> str:
    """Return the keyed mark of a request: whatever an approval of it covers shares it."""
    exchange, seen = transaction.exchange, transaction.classification
    told = [
        _script(transaction.sender),
        _places(exchange),
        [_account(seen.destination), *map(_account, seen.destination.other_names)],
        _found(seen),
        _headers(exchange),
    ]
    covered = json.dumps(told, ensure_ascii=True, separators=(",", ":"))
    return fingerprinter.of("held request", f"{covered}\n" + exchange.body.decode("latin-1"))


def _script(sender: Attribution) -> list[object]:
    script = sender.script
    who: list[object] = [] if script is None else [script.path, script.sha256, script.name]
    if sender.certainty is not Certainty.EXACT:
        # An answer for a proven script is nobody else's; one for a doubtful one is its process's.
        process = sender.process
        started = None if process is None else [process.pid, str(process.started_at)]
        who += [sender.certainty.value, started]
    return who


def _places(exchange: Exchange) -> list[object]:
    others = sorted({(one.host, one.port) for one in exchange.other_names})
    place = [exchange.method, exchange.scheme, exchange.host, exchange.port, exchange.path]
    return [*place, [list(other) for other in others]]


def _account(where: Destination) -> list[object]:
    return [where.service, where.account.kind.value, where.account.id]


def _found(seen: Classification) -> list[list[object]]:
    found = [
        [f.kind, f.detector, f.count, f.distinct, *sorted(f.fingerprints)] for f in seen.findings
    ]
    return sorted(found, key=str)


def _headers(exchange: Exchange) -> list[list[str]]:
    return [
        [name, _content(name, value)]
        for name, value in sorted(exchange.headers)
        if name not in NEVER_THE_SAME
    ]


def _content(name: str, value: str) -> str:
    """Return what of a header's content is the same in the same request made again."""
    if name in _COUNTED:
        return _NUMBERS.sub("#", value)
    if name == "authorization":
        # Signatures are made anew for each request; whose they are stays.
        return _SHARED_KEY.sub(r"\1", _DATED.sub(r"\1/", _SIGNED.sub("", value)))
    return value
