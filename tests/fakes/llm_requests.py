"""Requests that clients of models make, and what is recognised in one."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

import orjson

from classifiers.llm import recognise
from classifiers.payload import Payload
from core.classification import LlmCall
from core.exchange import Exchange
from core.fingerprint import Fingerprinter

FINGERPRINTER = Fingerprinter(b"k" * 32)
CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}
CLAUDE = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 9,
    "system": "be kind",
    "messages": [{"role": "user", "content": "hello"}],
}
GEMINI = {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}
CONVERSE = {
    "messages": [{"role": "user", "content": [{"text": "hello"}]}],
    "inferenceConfig": {"maxTokens": 9},
}


def request(
    url: str, body: object = None, method: str = "POST", **headers: str
) -> tuple[Exchange, Payload]:
    parts = urlsplit(url)
    raw = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
    named = {
        "content-type": "application/json",
        **{k.replace("_", "-"): v for k, v in headers.items()},
    }
    exchange = Exchange(
        id="x",
        at=datetime(2026, 11, 21, tzinfo=UTC),
        scheme=parts.scheme,
        host=parts.hostname or "",
        port=parts.port or 443,
        method=method,
        path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        headers=tuple(named.items()),
        body=raw,
        body_bytes=len(raw),
    )
    try:
        json = orjson.loads(raw)
    except orjson.JSONDecodeError:
        json = None
    return exchange, Payload(json=json, plain=raw)


def seen(url: str, body: object = None, method: str = "POST", **headers: str) -> LlmCall | None:
    return recognise(*request(url, body, method, **headers), FINGERPRINTER)
