"""Names and addresses in running text, by the names model: worker processes only (0.3 s to load,
100 MB).
"""

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import blake2b
from typing import NamedTuple

from classifiers.hits import Hit
from classifiers.payload import Payload, Unread
from classifiers.personal import vocabulary
from classifiers.personal.prose.addresses import Address, addresses_in
from classifiers.personal.prose.name_model import PEOPLE, NameModel, Token
from classifiers.personal.prose.stretches import Kind, kind_of, windows
from core.findings import Confidence

DETECTOR, BY_RULES = "names-model", "address-rules"
MAX_CHARACTERS = 64 * 1024
"""Of one payload; what is more is reported as not inspected for names."""

_REMEMBERED = 4096
"""Stretches whose spans are kept, by hash: clients send the whole conversation again with every
turn.
"""

_ADDRESS = frozenset(
    {"BUILDING_NUMBER", "STREET_NAME", "SECONDARY_ADDRESS", "CITY", "STATE", "ZIP_CODE"}
)
"""The model's other labels (ids, phones) are noise beside check digits and are never used."""
_TOLD_BY_KEY = frozenset({"!", "person", "address"})
"""Values under such keys are the fast path's, or nobody's."""
_GAP = {"person": " .'’-", "address": " ,.\n-"}
_PARTICLES = re.compile(
    r"(?: (?:de|del|della|di|da|do|dos|das|van|von|der|den|ter|ten|zu|la|le|el|al|bin|ibn)){1,3}"
    r" [^\W\d_a-zà-ÿ][^\W\d_]+"
)
"""What follows a given name whose family name begins with particles: the model tends to stop before
them.
"""
_LONGEST_GAP = 3
_SURE, _SURE_PLACE = 0.9, 0.7
"""How sure the model must be of an address: those with a word for a street are found without it."""
_LOWER_CASE = 0.98
_MACHINES_TEXT = """
claude gemini chatgpt gpt copilot llama mistral siri alexa cortana bard grok qwen deepseek
assistant user system human python java javascript rust django flask jenkins docker kubernetes
linux windows apache postgres redis jupyter json
"""
_MACHINES = frozenset(_MACHINES_TEXT.split())


class _Span(NamedTuple):
    kind: str
    start: int
    end: int
    score: float
    labels: frozenset[str]


class NameRecogniser:
    """Finds people's names and street addresses in prose. Not for the gate's own process."""

    def __init__(self, model: NameModel | None = None) -> None:
        self._model = NameModel() if model is None else model
        self._known: OrderedDict[bytes, tuple[_Span, ...]] = OrderedDict()

    def __repr__(self) -> str:
        return "<NameRecogniser>"

    def detect(self, payload: Payload, *, explain: bool = False) -> list[Hit]:
        """Return names and addresses; text beyond MAX_CHARACTERS becomes an entry of
        `payload.unread`.
        """
        hits: list[Hit] = []
        spare = MAX_CHARACTERS
        for index, segment in enumerate(payload.segments):
            if segment.tabular or not segment.quoted or len(segment.text) < 8:
                continue
            if vocabulary.context_of(segment.key, segment.path) & _TOLD_BY_KEY:
                continue
            told = addresses_in(segment.text[: max(0, spare)])
            hits += [_address(index, segment.text, one) for one in told]
            for span, needed in self._spans(segment.text[: max(0, spare)]):
                if any(span.start < one.end and one.start < span.end for one in told):
                    continue
                hit = _hit(index, segment.text, span, needed)
                if hit.rejected is None or explain:
                    hits.append(hit)
            spare -= len(segment.text)
        if spare < 0:
            reason = f"names were looked for in the first {MAX_CHARACTERS // 1024} KB of text only"
            payload.unread.append(Unread(reason))
        return hits

    def _spans(self, text: str) -> Iterator[tuple[_Span, float]]:
        last_end = -1
        for offset, stretch in windows(text):
            kind = kind_of(stretch)
            if kind is Kind.SKIP:
                continue
            for span in self._read(stretch):
                moved = span._replace(start=span.start + offset, end=span.end + offset)
                if moved.start >= last_end:
                    yield moved, kind.value
                    last_end = moved.end

    def _read(self, stretch: str) -> tuple[_Span, ...]:
        """Return what the model says of a stretch, from memory when it was read before; no text is
        kept.
        """
        mark = blake2b(stretch.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        spans = self._known.get(mark)
        if spans is None:
            spans = tuple(_join(self._model.tokens(stretch), stretch))
            self._known[mark] = spans
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(mark)
        return spans


@cache
def shared_recogniser() -> NameRecogniser:
    """Return this process's recogniser; the first call loads the model."""
    return NameRecogniser()


def _kind_of(token: Token) -> str | None:
    if token.label in PEOPLE:
        return "person"
    return "address" if token.label in _ADDRESS else None


def _join(tokens: Iterable[Token], text: str) -> Iterator[_Span]:
    """Join neighbouring tokens of one family to names and addresses; a place without a street is no
    address.
    """
    current: _Span | None = None
    for token in tokens:
        kind = _kind_of(token)
        if (
            current is not None
            and kind == current.kind
            and _is_close(text[current.end : token.start], kind)
        ):
            current = _Span(
                kind,
                current.start,
                token.end,
                max(current.score, token.score),
                current.labels | {token.label},
            )
            continue
        if current is not None:
            yield from _complete(current, text)
        current = (
            None
            if kind is None
            else _Span(kind, token.start, token.end, token.score, frozenset({token.label}))
        )
    if current is not None:
        yield from _complete(current, text)


def _is_close(gap: str, kind: str) -> bool:
    return len(gap) <= _LONGEST_GAP and not gap.strip(_GAP[kind])


def _complete(span: _Span, text: str) -> Iterator[_Span]:
    if span.kind == "person":
        rest = _PARTICLES.match(text, span.end)
        yield span if rest is None else span._replace(end=rest.end())
    elif "STREET_NAME" in span.labels:
        yield span


def _address(index: int, text: str, told: Address) -> Hit:
    """Return an address that its words tell."""
    value = " ".join(text[told.start : told.end].split()).casefold()
    confidence = Confidence.LIKELY if told.sure else Confidence.POSSIBLE
    return Hit("address", BY_RULES, confidence, value, index, told.start, told.end)


def _hit(index: int, text: str, span: _Span, needed: float) -> Hit:
    raw = text[span.start : span.end]
    sure = not raw.islower() and (span.score >= _SURE or " " in raw)
    confidence = Confidence.LIKELY if sure else Confidence.POSSIBLE
    value = " ".join(raw.split()).casefold()
    why = _why_not(text, raw, span, needed)
    return Hit(span.kind, DETECTOR, confidence, value, index, span.start, span.end, False, why)


def _why_not(text: str, raw: str, span: _Span, needed: float) -> str | None:
    if span.kind == "address":
        needed = max(needed, _LOWER_CASE if raw.islower() else _SURE_PLACE)
    if span.score < needed:
        return f"the model is less sure than {needed:.1f}"
    if span.kind == "person":
        return _why_no_name(text, raw, span)
    if not any(char.isdigit() for char in raw) and span.score < _SURE:
        return "no house number, and the model is not sure"
    return None


def _why_no_name(text: str, raw: str, span: _Span) -> str | None:
    if raw.casefold() in _MACHINES or len(raw) < 2:
        return "the name of a program"
    if any(char.isdigit() or char in "_/\\@=" for char in raw):
        return "names have no digits or signs"
    if raw.islower() and span.score < _LOWER_CASE and not text.islower():
        return "in lower case among capitals, and the model is not sure"
    return None
