"""Microsoft Graph: whose account answers tell, and the requests inside a batch."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import orjson

from core.exchange import Exchange
from destinations.signals import Json, Request, Signal, text


def drive_or_user(exchange: Exchange, body: Json) -> Signal | None:
    """Whose drive, user or organisation an answer shows."""
    path = exchange.path.partition("?")[0].rstrip("/").lower()
    if body.get("driveType") == "personal":
        owner = text(body, "owner", "user", "id")
        return Signal(owner, "the drive is a personal one", personal=True)
    if path.endswith("/organization"):
        return _organisation(body)
    name = text(body, "userPrincipalName") if path.endswith("/me") else None
    if name and "@" in name:
        domain = name.rpartition("@")[2].lower()
        return Signal(domain, "domain of the user's sign-in name", domain=domain)
    return None


def _organisation(body: Json) -> Signal | None:
    listed = body.get("value")
    first = listed[0] if isinstance(listed, list) and listed else None
    tenant = text(first, "id") if isinstance(first, dict) else None
    return Signal(tenant, "organisation in the answer", personal=False) if tenant else None


_BATCH = re.compile(r"(?i)(/(?:v1\.0|beta))/\$batch/?(?:\?|$)")


def batched(request: Request) -> Iterator[tuple[str, str]]:
    """Yield (method, path) of the requests inside one of Graph's batches."""
    match = _BATCH.match(unquote(request.path))
    inside = _json_of(request.body).get("requests") if match else None
    for one in inside if match and isinstance(inside, list) else ():
        method, url = (one.get("method"), one.get("url")) if isinstance(one, dict) else (None, None)
        if isinstance(method, str) and isinstance(url, str):
            yield method.upper(), f"{match[1]}/{url.lstrip('/')}" if match else url


def _json_of(body: bytes) -> Mapping[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
