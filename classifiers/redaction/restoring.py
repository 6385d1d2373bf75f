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


class Restorer:
    """Restores one answer. Feed it decoded (uncompressed) body bytes; `finish` gives what was held
    back.
    """

    def __init__(self, content_type: str, values: Mapping[str, str]) -> None:
        self._values = dict(values)
        kind = content_type.partition(";")[0].strip().lower()
        self._json = "json" in kind
        self._events = kind == "text/event-stream"
        self._split = Events(_MAX_EVENT)
        self._held = b""
        self._deltas = Deltas(self._values)
        self._last = b""

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; return what is certain."""
        if self._events:
            return self._whole_events(chunk)
        self._held += chunk
        return self._certain_text()

    def finish(self) -> bytes:
        """Return the rest."""
        if not self._events:
            rest, self._held = self._held, b""
            return self._restored(rest)
        rest = self._split.rest()
        return (self._event(rest, b"") if rest.strip() else rest) + self._flushed()

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
        """Send what was held back as events like the last one that had text."""
        return b"".join(self._like_last(spelled(part)) + b"\n\n" for part in self._deltas.flushed())

    def _like_last(self, data: bytes) -> bytes:
        lines = self._last.split(b"\n")
        return b"\n".join(
            [b"data: " + data if line.startswith(b"data:") else line for line in lines]
        )
