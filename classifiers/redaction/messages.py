"""Putting values back into a server's WebSocket messages; a placeholder may be split over two of
them.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from classifiers.redaction.deltas import Deltas, Openings, restored_text, spelled


class MessageRestorer:
    """Restores the messages of one WebSocket. Implements `core.ports.MessageRestorer`."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._deltas = Deltas(self._values)
        self._openings = Openings(self._values)
        self._tail = ""
        """The end of the last message of plain text, while it may be the beginning of a
        placeholder."""
        self._in_text = True

    @property
    def holds_back(self) -> bool:
        """True while the end of some text waits for what comes next."""
        return bool(self._tail) or self._deltas.holds_back

    def learn(self, values: Mapping[str, str]) -> None:
        """Restore these, too: placeholder → value."""
        self._values.update(values)

    def feed(self, content: bytes, *, text: bool) -> list[bytes]:
        """Take one message; return the messages that go on now, the last one in its place."""
        try:
            part = json.loads(content)
        except (ValueError, RecursionError):
            return self._plain(content) if text else [content]
        if not isinstance(part, dict | list):
            return [*self._flushed(), self._alone(content, part)]
        before = [self._take_tail()] if self._tail else []
        if self._deltas.ends_texts(part):
            before += self._parts()
        changed = self._deltas.restore(part)
        self._in_text = text
        return [*before, spelled(part) if changed else content]

    def finish(self) -> list[tuple[bytes, bool]]:
        """Return what was held back as messages of its own, each with whether it is text."""
        return [(content, self._in_text) for content in self._flushed()]

    def _plain(self, content: bytes) -> list[bytes]:
        before = list(self._parts())
        try:
            whole = self._tail + content.decode()
        except UnicodeDecodeError:
            return [*before, content]
        certain, self._tail = self._openings.split(whole)
        restored = restored_text(certain, self._values, as_json=certain.lstrip()[:1] in {"{", "["})
        self._in_text = True
        return [*before, restored.encode()] if restored or not whole else before

    def _alone(self, content: bytes, value: Any) -> bytes:
        """Restore a message that is one JSON string; a number or a word has nothing to restore."""
        restored = (
            restored_text(value, self._values, as_json=False) if isinstance(value, str) else value
        )
        return content if restored == value else spelled(restored)

    def _flushed(self) -> list[bytes]:
        tail = [self._take_tail()] if self._tail else []
        return [*tail, *self._parts()]

    def _take_tail(self) -> bytes:
        tail, self._tail = self._tail, ""
        return tail.encode()

    def _parts(self) -> Iterator[bytes]:
        for part in self._deltas.flushed():
            yield spelled(part)
