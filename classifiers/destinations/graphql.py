"""GraphQL: whether a request only asks, or changes something."""

import re

import orjson

from core.exchange import Exchange

_PATH = re.compile(r"(?i)/graphql/?(?:\?|$)")
_CHANGES = re.compile(r"\b(?:mutation|subscription)\b")


def only_asks(exchange: Exchange) -> bool:
    """Return True when all operations of a GraphQL request are queries, and all of it was seen."""
    if not exchange.body or not exchange.complete or not _PATH.search(exchange.path):
        return False
    try:
        found = orjson.loads(exchange.body)
    except orjson.JSONDecodeError:
        return False
    operations = found if isinstance(found, list) else [found]
    return all(map(_asks, operations)) and bool(operations)


def _asks(operation: object) -> bool:
    text = operation.get("query") if isinstance(operation, dict) else None
    return isinstance(text, str) and bool(text) and _CHANGES.search(text) is None
