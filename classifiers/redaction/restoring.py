"""Putting values back into an answer, streams included: bytes in, bytes out, split anywhere.

A placeholder may be split between two network chunks, and in an event stream between two events, because a model emits it
token by token. The first is a matter of holding back a few bytes; for the second the text of each event is held back
likewise and goes out with the next event that has the same kind of text.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from classifiers.redaction.placeholders import LONGEST, PLACEHOLDER

_OPEN = re.compile(rb"(?:<|\\u003[cC])[A-Z0-9_]*(?:\\(?:u(?:0(?:0(?:3)?)?)?)?)?\Z|\\(?:u(?:0(?:0(?:3)?)?)?)?\Z")
"""What may be the beginning of a placeholder at the end of the bytes seen; some servers write `<` as \\u003c."""
_TEXT_KEYS = frozenset(
    {"content", "text", "delta", "partial_json", "arguments", "reasoning_content", "thinking", "response"}
)
_COUNTERS = ("index", "output_index", "content_index", "item_id")
_MAX_EVENT = 4 * 1024 * 1024

_Path = tuple[str | int, ...]
_Text = tuple[_Path, str]


class Restorer:
    """Restores one answer. Feed it decoded (uncompressed) body bytes; `finish` gives what was held back."""

    def __init__(self, content_type: str, values: Mapping[str, str]) -> None:
        self._values = dict(values)
        kind = content_type.partition(";")[0].strip().lower()
        self._json = "json" in kind
        self._events = kind == "text/event-stream"
        self._held = b""
        self._carried: dict[_Path, str] = {}
        self._last: tuple[bytes, Any] | None = None

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; return what is certain."""
        self._held += chunk
        return self._whole_events() if self._events else self._certain_text()

    def finish(self) -> bytes:
        """Return the rest."""
        rest, self._held = self._held, b""
        if not self._events:
            return self._restored(rest)
        return (self._event(rest, b"") if rest.strip() else rest) + self._flushed()

    def _certain_text(self) -> bytes:
        tail = max(0, len(self._held) - LONGEST - 12)
        opened = _OPEN.search(self._held, tail)
        cut = opened.start() if opened else len(self._held)
        certain, self._held = self._held[:cut], self._held[cut:]
        return self._restored(certain)

    def _restored(self, data: bytes) -> bytes:
        if b"<" not in data and b"\\u003" not in data:
            return data
        for mark, value in self._values.items():
            spelled = (json.dumps(value, ensure_ascii=False)[1:-1] if self._json else value).encode(
                "utf-8", "surrogatepass"
            )
            data = data.replace(mark.encode(), spelled)
            if self._json:
                for escaped in ("\\u003c%s\\u003e", "\\u003C%s\\u003E"):
                    data = data.replace((escaped % mark[1:-1]).encode(), spelled)
        return data

    def _whole_events(self) -> bytes:
        out = []
        while (found := _event_end(self._held)) is not None:
            end, gap = found
            event, self._held = self._held[:end], self._held[end + len(gap) :]
            out.append(self._event(event, gap))
        if len(self._held) > _MAX_EVENT:
            out.append(self._held)
            self._held = b""
        return b"".join(out)

    def _event(self, event: bytes, gap: bytes) -> bytes:
        """Restore one event; hold back the end of its text while it may be the start of a placeholder."""
        lines = event.split(b"\n")
        for number, line in enumerate(lines):
            if not line.startswith(b"data:"):
                continue
            raw = line[5:].strip()
            try:
                value = json.loads(raw)
            except ValueError:
                if raw == b"[DONE]":
                    return self._flushed() + event + gap
                lines[number] = self._restored(line)
                continue
            texts = list(_texts(value, ()))
            before = b"" if texts and not _ends(value) else self._flushed()
            changed = self._with_carried(value, texts)
            if changed:
                lines[number] = b"data: " + json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
            if texts:
                self._last = (event, value)
            return before + b"\n".join(lines) + gap
        return b"\n".join(lines) + gap

    def _with_carried(self, value: Any, texts: list["_Text"]) -> bool:
        changed = False
        for path, text in texts:
            stream = _stream_of(value, path)
            whole = self._carried.pop(stream, "") + text
            certain, rest = _split_open(whole)
            if rest and not _ends(value):
                self._carried[stream] = rest
            else:
                certain += rest
            restored = self._in_text(certain)
            if restored != text:
                _put(value, path, restored)
                changed = True
        return changed

    def _in_text(self, text: str) -> str:
        return PLACEHOLDER.sub(lambda match: self._values.get(match[0], match[0]), text)

    def _flushed(self) -> bytes:
        """Send what was held back as one more event like the last one that had text."""
        if not any(self._carried.values()) or self._last is None:
            return b""
        event, value = self._last
        for path, _ in _texts(value, ()):
            _put(value, path, self._in_text(self._carried.pop(_stream_of(value, path), "")))
        self._carried.clear()
        data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        lines = [b"data: " + data if line.startswith(b"data:") else line for line in event.split(b"\n")]
        return b"\n".join(lines) + b"\n\n"


def _event_end(data: bytes) -> tuple[int, bytes] | None:
    ends = [(at, gap) for gap in (b"\n\n", b"\r\n\r\n") if (at := data.find(gap)) >= 0]
    return min(ends) if ends else None


def _split_open(text: str) -> tuple[str, str]:
    """Split off an end that may be the beginning of a placeholder."""
    opened = text.rfind("<", max(0, len(text) - LONGEST))
    if opened < 0 or ">" in text[opened:] or not _may_begin(text[opened:]):
        return text, ""
    return text[:opened], text[opened:]


def _may_begin(text: str) -> bool:
    inner = text[1:]
    return not inner or (
        inner[0].isascii() and inner[0].isupper() and inner.replace("_", "A").isalnum() and inner.isascii()
    )


def _stream_of(value: Any, path: _Path) -> _Path:
    """Return which of the parallel texts of an answer this is: its path and the counters of the objects on the way."""
    stream: list[str | int] = []
    for part in (*path, None):
        if isinstance(value, dict):
            stream += [value[name] for name in _COUNTERS if isinstance(value.get(name), int | str)]
        if part is None:
            break
        stream.append(part if isinstance(part, str) else "[]")
        value = value[part]
    return tuple(stream)


def _ends(value: Any) -> bool:
    """Return True for an event that sums up or ends a text, rather than adding to it."""
    kind = value.get("type") if isinstance(value, dict) else None
    return isinstance(kind, str) and kind.rpartition(".")[2].rpartition("_")[2] in {"done", "stop", "completed"}


def _texts(value: Any, path: _Path) -> Iterator[_Text]:
    """Yield (path, text) of the generated text in one event."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, str) and key in _TEXT_KEYS:
                yield (*path, key), inner
            elif isinstance(inner, dict | list):
                yield from _texts(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            if isinstance(inner, dict | list):
                yield from _texts(inner, (*path, index))


def _put(value: Any, path: _Path, text: str) -> None:
    for part in path[:-1]:
        value = value[part]
    value[path[-1]] = text
