"""Reads a large body as it passes: has its windows scanned, sums up what they hold, says what
cannot be read.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from classifiers.codecs.content_encoding import content_encoding
from classifiers.codecs.magic import holds_file, is_file
from classifiers.hits import one_per_kind
from classifiers.uploads.counting import Counts
from classifiers.uploads.cutting import OVERLAP, SLICE, WINDOW, Cutter, Window, without
from classifiers.uploads.rows import rows_in
from classifiers.uploads.unpacking import Unpacker
from core.classification import Classification, Scanned
from core.duties import OWNER, Duty
from core.errors import DegradedError
from core.exchange import Exchange
from core.findings import CLASSIFIER, DECODER, NOT_INSPECTED, Finding, merged, not_inspected
from core.ports import Classifier, ClassifierPool

IN_FLIGHT = 2
"""Windows of one body that are scanned at the same time, or wait for it."""
_ONE_FILE = "a large file of this type is only read as a whole"
_UNNAMED = "the rows of a large table passed before the names of their columns"
_UNPARTED = "the parts of a large form could not be told apart, or are only read as a whole"
_FILE_INSIDE = "a file inside this request is only read as a whole"

type _Seen = Classification | DegradedError


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    """One window under scan."""

    window: Window
    seen: "asyncio.Future[_Seen]"


class BodyScan:
    """Implements `core.ports.Scan`. Memory: the windows in flight, and what one slice of the body
    unpacks to.
    """

    def __init__(
        self, head: Exchange, classifier: Classifier, pool: ClassifierPool, deadline_s: float
    ) -> None:
        self._head = replace(head, path="/", complete=True)
        self._classifier, self._pool, self._deadline_s = classifier, pool, deadline_s
        self._declared = content_encoding(head.headers)
        self._content_type = _named(head.header("content-type") or "")
        self._cutter = Cutter(self._content_type, self._declared, head.body_bytes)
        self._running: deque[_Running] = deque()
        self._read = self._taken = 0
        """Unpacked bytes that are scanned, and bytes of the body that were fed."""
        self._known: tuple[Finding, ...] = ()
        """What was found in earlier windows, without what the next one will find again."""
        self._found: tuple[Finding, ...] = ()
        self._unread: dict[tuple[str, str | None], Finding] = {}
        """What could not be read, by who says so and why: told once, however many windows it holds
        for."""
        self._counts = Counts()
        self._degraded: dict[str, None] = {}
        self._news = self._stopped = self._over = self._is_literal = False

    @property
    def through(self) -> int:
        """How many of the body's first bytes no later window needs."""
        if self._over:
            return self._taken
        return max(0, self._cutter.through(self._read) - OVERLAP)

    @property
    def wants(self) -> int:
        """How many more bytes make a window."""
        return max(1, self._cutter.wants)

    def reads_as_one(self, start: bytes) -> bool:
        """Return True when a body that begins so is a file, holds one, or is JSON, whatever it is
        called: windows of it mean little.
        """
        unpacker = Unpacker(self._declared, self._head.body_bytes)
        plain = b"".join(data for data, part in unpacker.feed(start[:SLICE]) if part == 0)
        if unpacker.is_file or is_file(plain) or "json" in self._content_type:
            return True
        if _is_literal(plain) and rows_in(plain, self._content_type) is None:
            return True
        return self._content_type.startswith("multipart/") and holds_file(plain)

    def stop(self) -> None:
        """What is found no longer matters: begin no more scans."""
        self._stopped = True

    async def feed(
        self, data: bytes, *, last: bool, settled: bool = False
    ) -> AsyncIterator[Scanned]:
        """Take the next bytes; yield what is known whenever more is. Raises what the classifier
        raises.
        """
        for at in range(0, len(data), SLICE):
            part = data[at : at + SLICE]
            self._taken += len(part)
            for window in self._cutter.feed(part):
                async for scanned in self._scan(window):
                    yield scanned
            await asyncio.sleep(0)  # unpacking holds the loop: others take turns between slices
        while settled and self._running:
            yield await self._settled()
        if last:
            for window in self._cutter.finish():
                async for scanned in self._scan(window):
                    yield scanned
            async for scanned in self._end():
                yield scanned

    async def _scan(self, window: Window) -> AsyncIterator[Scanned]:
        """Begin the scan of a window; settle older ones until there is room for it."""
        if self._stopped:
            return
        if not window.alone:
            self._tell_of_files(window)
        if self._news:
            yield self._scanned()
        most = IN_FLIGHT if self._read or self._running else 1
        self._running.append(
            _Running(window=window, seen=asyncio.ensure_future(self._owned(window)))
        )
        while len(self._running) >= most:
            yield await self._settled()

    def _tell_of_files(self, window: Window) -> None:
        if window.begins:
            self._is_literal = _is_literal(window.data) or "json" in self._content_type
        is_form = self._content_type.startswith("multipart/")
        if window.begins and is_file(window.data):
            self._tell("documents", _FILE_INSIDE if is_form else _ONE_FILE)
        elif is_form and holds_file(window.data):
            self._tell("documents", _FILE_INSIDE)

    async def _end(self) -> AsyncIterator[Scanned]:
        while self._running:
            yield await self._settled()
        for reason in self._cutter.reasons:
            self._tell("content-encoding", reason)
        if self._cutter.is_unnamed:
            self._tell("tables", _UNNAMED)
        if self._cutter.is_unparted:
            self._tell("documents", _UNPARTED)
        self._over = True
        if self._news:
            yield self._scanned()

    async def _settled(self) -> Scanned:
        """Wait for the oldest scan that runs; return what is known with it."""
        running = self._running.popleft()
        try:
            seen = await running.seen
        except BaseException:
            for other in self._running:
                other.seen.cancel()
            self._running.clear()
            raise
        if not self._stopped:
            await self._heed(seen, running.window)
        self._read = running.window.end
        return self._scanned()

    async def _heed(self, seen: _Seen, window: Window) -> None:
        if isinstance(seen, DegradedError):
            self._tell(seen.stage, seen.message, CLASSIFIER)
            return
        if seen.deferred:
            self._tell("documents", _FILE_INSIDE)
        self._degraded.update(dict.fromkeys(seen.degraded))
        for unread in (f for f in seen.findings if f.kind == NOT_INSPECTED):
            self._unread.setdefault((unread.detector, unread.note), unread)
        held = tuple(f for f in seen.findings if f.kind != NOT_INSPECTED)
        self._found = merged(self._known, held)
        if not window.whole:
            self._counts.cut(held, literal=self._is_literal)
        if window.column is not None:
            self._counts.of_column(window.column, held)
        await self._counts.add(seen.tallies)
        if held and not seen.tallies:
            self._counts.untallied()
        if not held:
            return
        again = seen if len(window.again) >= len(window.data) else await self._again(window)
        twice = again.findings if isinstance(again, Classification) else ()
        self._known = merged(self._known, without(held, twice))

    async def _again(self, window: Window) -> _Seen | None:
        if not window.again:
            return None
        return await self._seen(replace(window, data=window.again))

    async def _owned(self, window: Window) -> _Seen:
        """Return what is in a window. What is cancelled before it began leaves nothing behind."""
        return await OWNER.task(Duty.WINDOWS, self._seen(window))

    async def _seen(self, window: Window) -> _Seen:
        """Return what is in a window, or why that cannot be said."""
        part = replace(
            self._head,
            headers=(("content-type", window.content_type),),
            body=window.data,
            body_bytes=len(window.data),
            complete=window.last,
        )
        try:
            if window.alone:
                return await self._whole(part)
            if len(part.body) <= WINDOW and self._classifier.is_quick(part):
                await self._classifier.prepared()
                seen = self._classifier.classify_window(part)
                if not seen.deferred:
                    return seen
            return await self._pool.classify_window(part, self._deadline_s)
        except DegradedError as error:
            return error

    async def _whole(self, part: Exchange) -> Classification:
        """Classify a body that turned out to be no larger than a window like any other."""
        if self._classifier.is_cheap(part):
            await self._classifier.prepared()
            seen = self._classifier.classify(part)
            if not seen.deferred:
                return seen
        return await self._pool.classify(part, self._deadline_s)

    def _tell(self, stage: str, why: str, detector: str = DECODER) -> None:
        """Some of it cannot be read while it passes: said once, and rules that look at the content
        decide what follows.
        """
        words = f"{stage}: {why}"
        if words in self._degraded:
            return
        self._degraded[words] = None
        self._unread.setdefault((detector, why), not_inspected(why, detector))
        self._news = True

    def _scanned(self) -> Scanned:
        self._news = False
        findings = self._counts.told(one_per_kind((*self._found, *self._unread.values())))
        return Scanned(findings=tuple(findings), degraded=tuple(self._degraded))

    def __repr__(self) -> str:
        return f"<BodyScan {self._taken} bytes, {len(self._running)} windows in flight>"


def _named(content_type: str) -> str:
    """Return a content type in small letters, but for its parameters: a boundary has both."""
    name, semicolon, parameters = content_type.strip().partition(";")
    return name.lower() + semicolon + parameters


def _is_literal(start: bytes) -> bool:
    """True for what begins as JSON does."""
    return start[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
