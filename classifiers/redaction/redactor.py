"""Redacts one request: the values of some kinds become placeholders, or it is said why that cannot
be done.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from classifiers.codecs.content_encoding import content_encoding, undo_content_encoding
from classifiers.codecs.limits import DEFAULT
from classifiers.decoding import decode
from classifiers.hits import Hit
from classifiers.payload import Carrier, Payload
from classifiers.redaction.placeholders import Placeholders
from classifiers.redaction.rewriting import refuse_signed, rewrite
from core.exchange import Exchange
from core.redaction import CannotRedactError, Redacted

type Detect = Callable[[Payload, Exchange], list[Hit]]
"""(payload, its exchange) → what is found in it, by each name that the destination goes by."""
type Kinds = Callable[[Exchange], frozenset[str]]
"""Exchange → the kinds that are still found in it."""


class Redactor:
    """Replaces values by placeholders that are stable within a script and day."""

    def __init__(self, placeholders: Placeholders, detect: Detect, kinds_in: Kinds) -> None:
        self._placeholders = placeholders
        self._detect = detect
        self._kinds_in = kinds_in

    def redact(self, exchange: Exchange, kinds: frozenset[str], script: str) -> Redacted:
        """Replace every found value of these kinds. Raises CannotRedactError when one would stay or
        change its meaning.
        """
        refuse_signed(dict(reversed(exchange.headers)))
        plain = _plain(exchange)
        payload = decode(plain)
        if payload.documents:
            raise CannotRedactError("a file inside the request is not rewritten")
        values: dict[str, str] = {}
        for hit, spelled in self._to_redact(payload, exchange, kinds):
            values[spelled] = self._placeholders.of(script, exchange.at, hit.kind, hit.value)
        body = rewrite(plain.body, payload.media_type, values)
        left = self._kinds_in(replace(plain, body=body, body_bytes=len(body))) & kinds
        if left:
            raise CannotRedactError(f"{', '.join(sorted(left))} would still be in it")
        return Redacted(
            body=body,
            headers=(("content-encoding", ""), ("accept-encoding", "identity")),
            values={mark: value for value, mark in reversed(values.items())},
        )

    def _to_redact(
        self, payload: Payload, exchange: Exchange, kinds: frozenset[str]
    ) -> Iterator[tuple[Hit, str]]:
        payload.segments[:] = [segment._replace(tabular=False) for segment in payload.segments]
        for hit in self._detect(payload, exchange):
            if hit.kind not in kinds or hit.rejected is not None:
                continue
            segment = payload.segments[hit.segment]
            if segment.carrier is not Carrier.BODY:
                raise CannotRedactError("a value stands in the address or in a header")
            yield hit, segment.text[hit.start : hit.end]


def _plain(exchange: Exchange) -> Exchange:
    """Return the exchange with its content-encoding undone. Raises CannotRedactError when not all
    of it comes out.
    """
    undone = undo_content_encoding(exchange.body, content_encoding(exchange.headers), DEFAULT)
    if undone.reasons or undone.beside:
        raise CannotRedactError("its content-encoding cannot be undone without loss")
    headers = tuple(pair for pair in exchange.headers if pair[0] != "content-encoding")
    return replace(exchange, body=undone.data, body_bytes=len(undone.data), headers=headers)
