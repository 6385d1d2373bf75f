"""Putting values back into an answer, streams included: bytes in, bytes out, split anywhere.

A placeholder may be split between two network chunks, and in an event stream between two events,
because a model emits it token by token. The first is a matter of holding back a few bytes; for the
second the text of each event is held back likewise and goes out with the next event that has the
same kind of text.
"""

import json
import re
from collections.abc import Mapping

from classifiers.codecs.frames import Events
from classifiers.redaction.deltas import Deltas, spelled
from classifiers.redaction.placeholders import LONGEST

_OPEN = re.compile(
    rb"(?:<|\\u003[cC])[A-Z0-9_]*(?:\\(?:u(?:0(?:0(?:3)?)?)?)?)?\Z|\\(?:u(?:0(?:0(?:3)?)?)?)?\Z"
)
"""What may be the beginning of a placeholder at the end of the bytes seen; some servers write `<`
as \\u003c."""
_MARK = re.compile(rb"<([A-Z0-9_]{1,46})>")
_ESCAPED = re.compile(rb"\\u003[cC]([A-Z0-9_]{1,46})\\u003[eE]")
_MAX_EVENT = 4 * 1024 * 1024
_BY_LINE = ("ndjson", "jsonl", "jsonlines", "stream+json")
"""In the names of types whose answers are objects, one a line."""
_FIRST_LINE = 64 * 1024
"""Objects one a line are sometimes sent as plain JSON: the first of them is no longer."""


class Restorer:
    """Restores one answer. Feed it decoded (uncompressed) body bytes; `finish` gives what was held
    back.
    """

    def __init__(self, content_type: str, values: Mapping[str, str]) -> None:
        self._values = dict(values)
        kind = content_type.partition(";")[0].strip().lower()
        self._json = "json" in kind
        self._by_line = any(word in kind for word in _BY_LINE)
        self._undecided = self._json and not self._by_line
        self._waiting = bytearray()
        """The line that is not whole yet."""
        self._events = kind == "text/event-stream"
        self._split = Events(_MAX_EVENT)
        self._held = b""
        self._deltas = Deltas(self._values)
        self._last = b""

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; return what is certain."""
        if self._events:
            return self._whole_events(chunk)
        if self._undecided:
            chunk = self._decided(chunk)
        if self._undecided:
            return b""
        if self._by_line:
            return self._whole_lines(chunk)
        self._held += chunk
        return self._certain_text()

    def finish(self) -> bytes:
        """Return the rest."""
        if not self._events:
            rest, self._held = self._held + bytes(self._waiting), b""
            if not self._by_line:
                return self._restored(rest)
            last = self._line(rest) if rest.strip() else rest
            flushed = self._flushed()
            return last + b"\n" + flushed if rest.strip() and flushed else last + flushed
        rest = self._split.rest()
        return (self._event(rest, b"") if rest.strip() else rest) + self._flushed()

    def _decided(self, chunk: bytes) -> bytes:
        """Find out by its first line whether plain JSON is objects one a line; until then hold it
        back.
        """
        chunk, self._held = self._held + chunk, b""
        first, ended, _ = chunk.lstrip().partition(b"\n")
        if not ended and len(chunk) < _FIRST_LINE and first[:1] in {b"", b"{"}:
            self._held = chunk
            return b""
        self._undecided = False
        self._by_line = bool(ended) and _is_object(first)
        return chunk

    def _whole_lines(self, chunk: bytes) -> bytes:
        """Return the lines that are whole; of one that never ends, what is certain."""
        end = chunk.rfind(b"\n") + 1
        self._waiting += chunk[:end] or chunk
        told = b""
        if end:
            told = b"".join(
                self._line(bytes(one) + b"\n") for one in self._waiting.split(b"\n")[:-1]
            )
            self._waiting = bytearray(chunk[end:])
        if len(self._waiting) <= _MAX_EVENT:
            return told
        told += self._flushed()
        self._by_line, self._held, self._waiting = False, bytes(self._waiting), bytearray()
        return told + self._certain_text()

    def _line(self, line: bytes) -> bytes:
        """Restore one line, and hold back the end of its text like that of an event."""
        content = line.rstrip(b"\r\n")
        try:
            value = json.loads(content)
        except (ValueError, RecursionError):
            return self._restored(line)
        if not isinstance(value, dict | list):
            return self._restored(line)
        before = self._flushed() if self._deltas.ends_texts(value) else b""
        if self._deltas.restore(value):
            line = spelled(value) + line[len(content) :]
        if self._deltas.holds_back:
            self._last = content
        return before + line

    def _certain_text(self) -> bytes:
        tail = max(0, len(self._held) - LONGEST - 12)
        opened = _OPEN.search(self._held, tail)
        cut = opened.start() if opened else len(self._held)
        certain, self._held = self._held[:cut], self._held[cut:]
        return self._restored(certain)

    def _restored(self, data: bytes) -> bytes:
        if b"<" in data:
            data = _MARK.sub(self._value, data)
        return _ESCAPED.sub(self._value, data) if self._json and b"\\u003" in data else data

    def _value(self, mark: re.Match[bytes]) -> bytes:
        """Return what a placeholder stands for, as this answer spells it; itself when it is none of
        ours.
        """
        value = self._values.get(f"<{mark[1].decode()}>")
        if value is None:
            return mark[0]
        spelling = json.dumps(value, ensure_ascii=False)[1:-1] if self._json else value
        return spelling.encode("utf-8", "surrogatepass")

    def _whole_events(self, chunk: bytes) -> bytes:
        return b"".join(
            self._event(lines, gap) if gap else lines for lines, gap in self._split.feed(chunk)
        )

    def _event(self, event: bytes, gap: bytes) -> bytes:
        """Restore one event; hold back the end of its text while it may be the start of a
        placeholder.
        """
        lines = event.split(b"\n")
        for number, line in enumerate(lines):
            if not line.startswith(b"data:"):
                continue
            raw = line[5:].strip()
            try:
                value = json.loads(raw)
            except (ValueError, RecursionError):
                if raw == b"[DONE]":
                    return self._flushed() + event + gap
                lines[number] = self._restored(line)
                continue
            if not isinstance(value, dict | list):
                lines[number] = self._restored(line)
                continue
            before = self._flushed() if self._deltas.ends_texts(value) else b""
            if self._deltas.restore(value):
                lines[number] = b"data: " + spelled(value)
            if self._deltas.holds_back:
                self._last = event
            return before + b"\n".join(lines) + gap
        return b"\n".join(lines) + gap

    def _flushed(self) -> bytes:
        """Send what was held back as events, or lines, like the last one that had text."""
        if self._by_line:
            return b"".join(spelled(part) + b"\n" for part in self._deltas.flushed())
        return b"".join(self._like_last(spelled(part)) + b"\n\n" for part in self._deltas.flushed())

    def _like_last(self, data: bytes) -> bytes:
        lines = self._last.split(b"\n")
        return b"\n".join(
            [b"data: " + data if line.startswith(b"data:") else line for line in lines]
        )


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
