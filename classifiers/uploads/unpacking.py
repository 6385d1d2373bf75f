"""The plain bytes of a large body as they come: content-encodings undone, and a packed file
unpacked when it is one.
"""

from collections.abc import Iterator

from classifiers.codecs.content_encoding import Decoder, Part
from classifiers.codecs.limits import STREAMED
from classifiers.codecs.magic import packed_as

_TELLING = 4
"""Bytes that tell a packed file."""
_OUTSIDE = 100
"""Added to the numbers of what stands beside the encoded body, to part it from what stands beside
the file in it."""


class Unpacker:
    """Takes a body's bytes as sent, split anywhere; yields its content (part 0) and what stands
    beside it.
    """

    def __init__(self, declared: str, announced: int) -> None:
        self._announced = announced
        self._outer = Decoder(declared, STREAMED, announced)
        self._inner: Decoder | None = None
        self._start = b""
        self._finished = False

    @property
    def is_file(self) -> bool:
        """True once it is known that the content is a packed file, which is given unpacked."""
        return self._inner is not None and not self._inner.is_plain

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why some of the body may not have come out."""
        inner = () if self._inner is None else self._inner.reasons
        return tuple(dict.fromkeys((*self._outer.reasons, *inner)))

    @property
    def is_plain(self) -> bool:
        """True when what comes out is what goes in."""
        return self._outer.is_plain and self._inner is not None and self._inner.is_plain

    def feed(self, data: bytes) -> Iterator[Part]:
        """Take the next bytes."""
        return self._unpacked(self._outer.feed(data))

    def finish(self) -> Iterator[Part]:
        """The body is over."""
        yield from self._unpacked(self._outer.finish())
        yield from self._end()

    def _unpacked(self, parts: Iterator[Part]) -> Iterator[Part]:
        for data, number in parts:
            if number:
                yield from self._end()
                yield Part(data, number + _OUTSIDE)
            elif self._inner is not None:
                yield from self._inner.feed(data)
            else:
                self._start += data
                if len(self._start) >= _TELLING:
                    yield from self._begin()

    def _begin(self) -> Iterator[Part]:
        self._inner = Decoder(packed_as(self._start) or "", STREAMED, self._announced)
        data, self._start = self._start, b""
        return self._inner.feed(data)

    def _end(self) -> Iterator[Part]:
        """End the content: once, and before anything that stands outside."""
        if self._finished:
            return
        self._finished = True
        if self._inner is None:
            yield from self._begin()
        if self._inner is not None:
            yield from self._inner.finish()
