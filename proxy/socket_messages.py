"""What one message of a WebSocket is inspected as, and what is then known of its connection: live
and in recordings alike.
"""

from dataclasses import replace

from core.classification import Classification, Tally, with_call
from core.exchange import WEBSOCKET, Exchange
from core.findings import NOT_INSPECTED, merged
from core.told_apart import tallies_joined, told_apart

_JSON_BEGINS = (b"{", b"[", b'"')


def as_exchange(opening: Exchange, content: bytes, *, text: bool) -> Exchange:
    """Path and headers of the upgrade were inspected with it: here they would count every time."""
    return replace(
        opening,
        method=WEBSOCKET,
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
    tallies: tuple[Tally, ...] = ()
    if not _is_untallied(known) and not _is_untallied(seen):
        tallies = tallies_joined(known.tallies, seen.tallies)
    found = tuple(told_apart(merged(known.findings, seen.findings), tallies))
    whole = replace(known, findings=found, degraded=degraded, tallies=tallies)
    return whole if known.llm is not None or seen.llm is None else with_call(whole, seen.llm)


def _is_untallied(part: Classification) -> bool:
    """Return whether there may be more in it than its marks tell: then numbers stay the least."""
    return not part.tallies and any(f.kind != NOT_INSPECTED for f in part.findings)
