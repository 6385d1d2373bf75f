"""One coding undone, split anywhere: which kind of stream it is, streams behind one another,
padding, and what is left.
"""

from collections.abc import Callable, Iterator

from classifiers.codecs.packed import (
    SNIFFED,
    Beside,
    BrokenStreamError,
    Format,
    Outcome,
    Stream,
    is_plain,
)

_MOST_KEPT = 1 << 16
"""Bytes kept from the begin of a stream until something comes out of it, to be read otherwise when
nothing does."""

type _Step = Callable[[bool], Iterator[bytes]]


class Stage:
    """Undoes one coding. `feed` and `finish` yield what comes out, and what stands behind the
    stream once it is over.
    """

    def __init__(self, coding: str, formats: tuple[Format, ...]) -> None:
        self.coding = coding
        self.over = False
        """True when what is yielded is no content, but stands behind or beside it."""
        self.outcomes: dict[Outcome, None] = {}
        self._formats = formats
        self._untried = list(formats)
        self._held = b""
        self._start: bytes | None = b""
        self._stream: Stream | None = None
        self._beside = Beside()
        self._step: _Step | None = self._choose

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take the next bytes."""
        self._held += data
        yield from self._run(last=False)

    def finish(self) -> Iterator[bytes]:
        """The data is over."""
        yield from self._run(last=True)
        if self._beside.data:
            self.over = True
            yield self._beside.data
        if self._beside.cut:
            self.outcomes[Outcome.BESIDE] = None

    def _run(self, *, last: bool) -> Iterator[bytes]:
        """Take steps until one stays where it is."""
        before = None
        while self._step is not None and self._step != before:
            before = self._step
            yield from before(last)

    def _taken(self) -> bytes:
        held, self._held = self._held, b""
        return held

    def _choose(self, last: bool) -> Iterator[bytes]:
        """Begin the first kind of stream that the data may be; none: it is no packed data at
        all.
        """
        while self._untried and (self._held or last):
            begins = bool(self._held) and self._untried[0].starts(self._held, last)
            if begins is None:
                return
            found = self._untried.pop(0)
            if begins:
                self._begin(found)
                return
        if not self._untried and self._held:
            self._step = self._not_encoded
        yield from ()

    def _begin(self, found: Format) -> None:
        self._stream = found.make()
        self._step = self._read

    def _read(self, last: bool) -> Iterator[bytes]:
        """Read the stream; one that breaks before anything came out of it may be of another
        kind.
        """
        stream, data = self._stream, self._taken()
        assert stream is not None
        if self._start is not None:
            self._start = self._start + data if len(self._start) <= _MOST_KEPT else None
        try:
            for out in stream.feed(data):
                self._start = None
                yield out
        except BrokenStreamError:
            self._broke(stream)
            return
        if stream.over:
            self._ended(stream)
        elif last:
            self.outcomes[Outcome.TRUNCATED] = None
            self._beside.add(stream.beside.data)
            self._step = None

    def _ended(self, stream: Stream) -> None:
        if not stream.intact:
            self.outcomes[Outcome.CHECKSUM] = None
        self._beside.add(stream.beside.data)
        self._beside.cut |= stream.beside.cut
        self._held, self._start = stream.rest, None
        self._step = self._between

    def _broke(self, stream: Stream) -> None:
        if self._start is not None:
            self._held, self._start = self._start, b""
            self._step = self._choose
            return
        self.outcomes[Outcome.BROKEN] = None
        self._beside.add(stream.beside.data)
        self._held = stream.rest
        self._step = self._behind if stream.rest else self._dropped

    def _between(self, last: bool) -> Iterator[bytes]:
        """Pass over zero bytes; begin the next stream, or give what stands behind the last."""
        held = self._held.lstrip(b"\0")
        if len(held) < len(self._held):
            self.outcomes[Outcome.PADDED] = None
        self._held = held
        if not held:
            return
        for kind in self._formats:
            begins = kind.repeats and kind.starts(held, last)
            if begins is None:
                return
            if begins:
                self._begin(kind)
                return
        self.outcomes[Outcome.FOLLOWED] = None
        self._step = self._behind
        yield from ()

    def _behind(self, last: bool) -> Iterator[bytes]:
        self.over = True
        if self._held:
            yield self._taken()

    def _dropped(self, last: bool) -> Iterator[bytes]:
        """Nothing can be made of what comes behind a fault in packed data."""
        self._taken()
        yield from ()

    def _not_encoded(self, last: bool) -> Iterator[bytes]:
        if len(self._held) < SNIFFED and not last:
            return
        plain = is_plain(self._held)
        self.outcomes[Outcome.NOT_ENCODED if plain else Outcome.BROKEN] = None
        self._step = self._as_it_stands
        yield from ()

    def _as_it_stands(self, last: bool) -> Iterator[bytes]:
        if self._held:
            yield self._taken()


class Unknown(Stage):
    """A coding that nobody here can undo: the data passes as it stands."""

    def __init__(self, coding: str, outcome: Outcome = Outcome.UNKNOWN) -> None:
        super().__init__(coding, ())
        self.outcomes[outcome] = None
        self._step = self._as_it_stands
