"""Content-encodings undone as the body comes, within limits: what comes out, and what of it cannot
be vouched for.

Sans-io and split anywhere; reading a whole body is a loop over it. Nothing here raises on payload.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from classifiers.codecs.block_packed import BZ2, XZ
from classifiers.codecs.brotli_stream import BROTLI
from classifiers.codecs.chunked_upload import AWS_CHUNKED
from classifiers.codecs.deflate import GZIP, RAW, ZLIB
from classifiers.codecs.limits import Limits
from classifiers.codecs.packed import Format, Outcome
from classifiers.codecs.stage import Stage, Unknown
from classifiers.codecs.zstd_frames import SKIPPED, ZSTD

_SLICE = 1 << 16
_CODINGS: dict[str, tuple[Format, ...]] = {
    "gzip": (GZIP, ZLIB),
    "deflate": (GZIP, ZLIB, RAW),
    "br": (BROTLI,),
    "zstd": (ZSTD, SKIPPED),
    "aws-chunked": (AWS_CHUNKED,),
    "bzip2": (BZ2,),
    "xz": (XZ,),
}
"""Coding → the kinds of stream that it is written as, in the order tried."""
TOO_MUCH = "unpacks to more than is read (decompression limit)"
_WORDS = {
    Outcome.TRUNCATED: "the {} stream ends too early",
    Outcome.CHECKSUM: "the {} stream does not fit its checksum",
    Outcome.BROKEN: "the {} stream is broken",
    Outcome.BESIDE: "the {} stream carries more beside its content than is read",
    Outcome.UNKNOWN: "unknown content-encoding ({})",
    Outcome.STACKED: "more stacked content-encodings than are undone",
    Outcome.TOO_MUCH: TOO_MUCH,
}


class Ended(NamedTuple):
    """How one coding ended."""

    outcome: Outcome
    coding: str = ""

    @property
    def reason(self) -> str | None:
        """What may be unread, in words of a record; None when all of it was given."""
        words = _WORDS.get(self.outcome)
        return None if words is None else words.format(self.coding)


class Part(NamedTuple):
    """A piece of what came out. Holds payload."""

    data: bytes
    number: int
    """0: the content. Else it stands behind or beside the content, in a place of its own for each
    number."""

    def __repr__(self) -> str:
        return f"<Part {self.number}, {len(self.data)} bytes>"


class Decoder:
    """Undoes the codings of one body. `announced`: the body's stated size in bytes, 0 when
    unknown.
    """

    __slots__ = ("_announced", "_given", "_limits", "_stages", "_taken", "too_much")

    def __init__(self, declared: str, limits: Limits, announced: int = 0) -> None:
        self._limits = limits
        self._announced = announced
        self._stages = _stages(declared, limits)
        self._given = [0] * len(self._stages)
        self._taken = 0
        self.too_much = False

    @property
    def is_plain(self) -> bool:
        """True when there is nothing to undo: what comes out is what goes in."""
        return not self._stages

    @property
    def ended(self) -> tuple[Ended, ...]:
        """How each coding ended, those that need words; complete when the body was finished."""
        found = [
            Ended(outcome, stage.coding) for stage in self._stages for outcome in stage.outcomes
        ]
        return (*found, Ended(Outcome.TOO_MUCH)) if self.too_much else tuple(found)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why what came out may not be all of the body."""
        return tuple(dict.fromkeys(e.reason for e in self.ended if e.reason is not None))

    def feed(self, data: bytes) -> Iterator[Part]:
        """Take the next bytes of the body; yield what they hold, in pieces of bounded size."""
        if not self._stages:
            if data:
                yield Part(data, 0)
            return
        for at in range(0, len(data), _SLICE):
            if self.too_much:
                return
            part = data[at : at + _SLICE]
            self._taken += len(part)
            yield from self._through(0, part)

    def finish(self) -> Iterator[Part]:
        """The body is over: yield what was waiting for more."""
        for index, stage in enumerate(self._stages):
            if not self.too_much:
                yield from self._onwards(index, stage.finish())

    def _through(self, index: int, data: bytes) -> Iterator[Part]:
        if index == len(self._stages):
            yield Part(data, 0)
        else:
            yield from self._onwards(index, self._stages[index].feed(data))

    def _onwards(self, index: int, outs: Iterator[bytes]) -> Iterator[Part]:
        stage = self._stages[index]
        for out in outs:
            allowed = self._within(index, out)
            if stage.over:
                yield Part(allowed, len(self._stages) - index)
            else:
                yield from self._through(index + 1, allowed)
            if self.too_much:
                return

    def _within(self, index: int, out: bytes) -> bytes:
        """Return as much of a piece as the limits leave room for."""
        limits = self._limits
        packed = max(self._taken, self._announced)
        most = min(limits.decoded_bytes, max(limits.ratio_from, packed * limits.ratio))
        room = most - self._given[index]
        self._given[index] += len(out)
        if len(out) <= room:
            return out
        self.too_much = True
        return out[: max(0, room)]

    def __repr__(self) -> str:
        return f"<Decoder {[stage.coding for stage in self._stages]} {self._taken} bytes>"


class Undone(NamedTuple):
    """A whole body with its codings undone. Holds payload."""

    data: bytes
    beside: tuple[bytes, ...]
    """What stands behind or beside the content, each piece in a place of its own."""
    reasons: tuple[str, ...]
    """Why it may not be all of the body."""

    def __repr__(self) -> str:
        return f"<Undone {len(self.data)} bytes, {len(self.beside)} beside, {self.reasons}>"


def undo_content_encoding(body: bytes, declared: str, limits: Limits) -> Undone:
    """Undo the codings that a `content-encoding` header lists, the last one first; also one alone
    by its name.
    """
    decoder = Decoder(declared, limits, len(body))
    parts: dict[int, list[bytes]] = {0: []}
    for feeding in (decoder.feed(body), decoder.finish()):
        for data, number in feeding:
            parts.setdefault(number, []).append(data)
    content = parts.pop(0)
    whole = content[0] if len(content) == 1 else b"".join(content)
    return Undone(whole, tuple(b"".join(parts[n]) for n in sorted(parts)), decoder.reasons)


def content_encoding(headers: Iterable[tuple[str, str]]) -> str:
    """Return the codings that all `content-encoding` headers list together; empty when there is
    none.
    """
    return ",".join(value for name, value in headers if name == "content-encoding")


def _stages(declared: str, limits: Limits) -> list[Stage]:
    """Return the stages that undo these codings, as far as they are known."""
    named = (part.strip().lower().removeprefix("x-") for part in declared.split(","))
    codings = [coding for coding in named if coding and coding != "identity"]
    if len(codings) > limits.encodings:
        return [Unknown("", Outcome.STACKED)]
    stages: list[Stage] = []
    for coding in reversed(codings):
        formats = _CODINGS.get(coding)
        if formats is None:
            shown = coding[:20] if coding.isascii() and coding.isprintable() else "not ASCII"
            return [*stages, Unknown(shown)]
        stages.append(Stage(coding, formats))
    return stages
