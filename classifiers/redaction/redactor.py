"""Redacts one request: the values of some kinds become placeholders, or it is said why that cannot
be done.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from classifiers.codecs.content_encoding import content_encoding, undo_content_encoding
from classifiers.codecs.limits import DEFAULT
from classifiers.decoding import decode
from classifiers.decoding.forms import split_header
from classifiers.hits import Hit
from classifiers.payload import Carrier, Payload
from classifiers.redaction.rewriting import refuse_signed, rewrite
from core.exchange import Exchange
from core.redaction import CannotRedactError, Redacted, RedactionStep, RedactionTask, Spelled

type Detect = Callable[[Payload, Exchange], list[Hit]]
"""(payload, its exchange) → what is found in it, by each name that the destination goes by."""
type Kinds = Callable[[Exchange], frozenset[str]]
"""Exchange → the kinds that are still found in it."""


class Redactor:
    """Finds the values to be replaced, and replaces them by what stands for them."""

    def __init__(self, detect: Detect, kinds_in: Kinds) -> None:
        self._detect = detect
        self._kinds_in = kinds_in

    def step(self, task: RedactionTask) -> RedactionStep:
        """Return what a worker is asked for, or why it cannot be."""
        try:
            if task.marks is None:
                return RedactionStep(values=tuple(self.values(task.exchange, task.kinds)))
            return RedactionStep(redacted=self.replaced(task.exchange, task.kinds, task.marks))
        except CannotRedactError as error:
            return RedactionStep(refused=error.message)

    def values(self, exchange: Exchange, kinds: frozenset[str]) -> list[Spelled]:
        """Return every value of these kinds. Raises CannotRedactError when one would stay."""
        refuse_signed(dict(reversed(exchange.headers)))
        payload = decode(_plain(exchange))
        if payload.documents:
            raise CannotRedactError("a file inside the request is not rewritten")
        payload.segments[:] = [segment._replace(tabular=False) for segment in payload.segments]
        found: dict[str, Spelled] = {}
        for hit in self._detect(payload, exchange):
            if hit.kind not in kinds or hit.rejected is not None:
                continue
            segment = payload.segments[hit.segment]
            if segment.carrier is not Carrier.BODY:
                raise CannotRedactError("a value stands in the address or in a header")
            spelled = segment.text[hit.start : hit.end]
            found[spelled] = Spelled(hit.kind, hit.value, spelled)
        return list(found.values())

    def replaced(
        self, exchange: Exchange, kinds: frozenset[str], marks: Mapping[str, str]
    ) -> Redacted:
        """Replace what is spelled so. Raises CannotRedactError when a value would stay or change
        its meaning.
        """
        plain = _plain(exchange)
        body = rewrite(plain.body, _media_type(plain), marks)
        left = self._kinds_in(replace(plain, body=body, body_bytes=len(body))) & kinds
        if left:
            raise CannotRedactError(f"{', '.join(sorted(left))} would still be in it")
        return Redacted(
            body=body,
            headers=(("content-encoding", ""), ("accept-encoding", "identity")),
            values={mark: value for value, mark in reversed(list(marks.items()))},
        )


def _media_type(exchange: Exchange) -> str:
    return split_header(dict(exchange.headers).get("content-type", ""))[0]


def _plain(exchange: Exchange) -> Exchange:
    """Return the exchange with its content-encoding undone. Raises CannotRedactError when not all
    of it comes out.
    """
    undone = undo_content_encoding(exchange.body, content_encoding(exchange.headers), DEFAULT)
    if undone.reasons or undone.beside:
        raise CannotRedactError("its content-encoding cannot be undone without loss")
    headers = tuple(pair for pair in exchange.headers if pair[0] != "content-encoding")
    return replace(exchange, body=undone.data, body_bytes=len(undone.data), headers=headers)
