"""What one message of a WebSocket is inspected as, and what is then known of its connection: live
and in recordings alike.
"""

from dataclasses import replace

from core.classification import Classification, with_call
from core.exchange import Exchange
from core.findings import merged

METHOD = "WEBSOCKET"
"""Stands where a request has its method."""
_JSON_BEGINS = (b"{", b"[", b'"')


def as_exchange(opening: Exchange, content: bytes, *, text: bool) -> Exchange:
    """Path and headers of the upgrade were inspected with it: here they would count every time."""
    return replace(
        opening,
        method=METHOD,
        path="/",
        headers=(("content-type", _type_of(content, text=text)),),
        body=content,
        body_bytes=len(content),
        complete=True,
    )


def _type_of(content: bytes, *, text: bool) -> str:
    """Some services send their JSON as binary messages."""
    if content.lstrip()[:1] in _JSON_BEGINS:
        return "application/json"
    return "text/plain; charset=utf-8" if text else "application/octet-stream"


def summed(known: Classification, seen: Classification) -> Classification:
    """Return what is known of a connection with one more message: a call of a model may show itself
    only then.
    """
    degraded = tuple(dict.fromkeys((*known.degraded, *seen.degraded)))
    whole = replace(known, findings=merged(known.findings, seen.findings), degraded=degraded)
    return whole if known.llm is not None or seen.llm is None else with_call(whole, seen.llm)
