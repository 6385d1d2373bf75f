"""Putting values back into the JSON of an answer that comes in many parts: whole placeholders, and
those split over parts.

A model emits a placeholder token by token. The end of each part's text is held back while it may be
the beginning of a placeholder, and goes out with the next part of the same text.
"""

import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import Any

from classifiers.redaction.placeholders import LONGEST, PLACEHOLDER

_TEXT_KEYS = frozenset(
    {
        "content",
        "text",
        "delta",
        "partial_json",
        "arguments",
        "reasoning_content",
        "thinking",
        "response",
        "transcript",
    }
)
_JSON_KEYS = frozenset({"partial_json", "arguments"})
"""Their text is JSON again."""
_COUNTERS = ("index", "output_index", "content_index", "item_id", "response_id")
_ENDINGS = frozenset(
    {"done", "stop", "completed", "incomplete", "failed", "cancelled", "error", "end"}
)
_FLAGS = ("done", "is_finished")
"""Set in the last part of an answer that is sent as objects one a line."""
_BESIDE = frozenset({"ping", "pong", "keepalive", "heartbeat", "delta", "updated"})
"""Kinds of part that may stand between two parts of one text, and end none."""

_MOST_CARRIED = 256
"""Texts side by side of which ends are held back: an answer has a few."""

_Path = tuple[str | int, ...]
_Text = tuple[_Path, str]


class Deltas:
    """Restores the parts of one answer, in order. `values` is looked at again with every part: it
    may grow.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._openings = Openings(values)
        self._carried: dict[_Path, tuple[str, Any, _Path]] = {}
        """For each text under way: its end that is held back, the part that it came in, and where
        it stood there."""

    @property
    def holds_back(self) -> bool:
        """True while the end of some text is held back."""
        return bool(self._carried)

    def ends_texts(self, part: Any) -> bool:
        """Return True when what is held back must go out before this part."""
        return bool(self._carried) and (
            _ends(part) or not (any(_texts(part, ())) or _kind(part) in _BESIDE)
        )

    def restore(self, part: Any) -> bool:
        """Restore one part in place; return True when something changed."""
        changed = self._whole(part)
        for path, text in list(_texts(part, ())):
            stream = _stream_of(part, path)
            carried = self._carried.pop(stream, None)
            certain = whole = text if carried is None else carried[0] + text
            if not (_ends(part) or _is_last(part)) and len(self._carried) < _MOST_CARRIED:
                certain, rest = self._openings.split(whole)
                if rest:
                    self._carried[stream] = rest, part, path
            restored = restored_text(certain, self._values, as_json=_holds_json(part, path))
            if restored != text:
                _put(part, path, restored)
                changed = True
        return changed

    def flushed(self) -> Iterator[Any]:
        """Yield what was held back in parts like those that it came in. Use each before asking for
        the next.
        """
        carried, self._carried = self._carried, {}
        for rest, part, path in carried.values():
            for other, _ in list(_texts(part, ())):
                _put(part, other, "")
            _put(part, path, rest)
            yield part

    def _whole(self, part: Any) -> bool:
        """Restore whole placeholders in strings that are no running text: results, ids, names."""
        changed, stack = False, [part]
        while stack:
            node = stack.pop()
            for key, inner in _inside(node):
                if isinstance(inner, dict | list):
                    stack.append(inner)
                elif (
                    isinstance(inner, str)
                    and "<" in inner
                    and not (isinstance(node, dict) and key in _TEXT_KEYS)
                ):
                    restored = restored_text(
                        inner, self._values, as_json=inner.lstrip()[:1] in {"{", "["}
                    )
                    changed |= restored != inner
                    node[key] = restored
        return changed


def _inside(node: Any) -> list[tuple[Any, Any]]:
    """Return what an object or a list holds, by name or place; of anything else nothing."""
    if isinstance(node, dict):
        return list(node.items())
    return list(enumerate(node)) if isinstance(node, list) else []


def restored_text(text: str, values: Mapping[str, str], *, as_json: bool) -> str:
    """Return a text with the values in it; in text that is JSON they are spelled as JSON wants."""
    if "<" not in text:
        return text

    def value(mark: str) -> str:
        found = values.get(mark, mark)
        return json.dumps(found, ensure_ascii=False)[1:-1] if as_json else found

    return PLACEHOLDER.sub(lambda match: value(match[0]), text)


class Openings:
    """The beginnings of placeholders. `values` is looked at again each time: it may grow."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._sorted: list[str] = []

    def split(self, text: str) -> tuple[str, str]:
        """Split off an end that may be the beginning of one of the placeholders."""
        opened = text.rfind("<", max(0, len(text) - LONGEST))
        end = text[opened:]
        if opened < 0 or end in self._values or not self._begins_one(end):
            return text, ""
        return text[:opened], end

    def _begins_one(self, end: str) -> bool:
        if len(self._sorted) != len(self._values):
            self._sorted = sorted(self._values)
        at = bisect_left(self._sorted, end)
        return at < len(self._sorted) and self._sorted[at].startswith(end)


def spelled(part: Any) -> bytes:
    """Return a part as JSON. Half a letter, as some servers cut them, is only spelled by its
    number.
    """
    try:
        return json.dumps(part, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(part, separators=(",", ":")).encode()


def _holds_json(part: Any, path: _Path) -> bool:
    kind = part.get("type") if isinstance(part, dict) else None
    return path[-1] in _JSON_KEYS or (isinstance(kind, str) and "arguments" in kind)


def _stream_of(part: Any, path: _Path) -> _Path:
    """Return which of the parallel texts of an answer this is: its path, and types and counters of
    the objects on the way.
    """
    stream: list[str | int] = []
    for step in (*path, None):
        if isinstance(part, dict):
            stream += [
                part[name] for name in ("type", *_COUNTERS) if isinstance(part.get(name), int | str)
            ]
        if step is None:
            break
        stream.append(step if isinstance(step, str) else "[]")
        part = part[step]
    return tuple(stream)


def _kind(part: Any) -> str:
    """Return the last word of a part's type."""
    kind = part.get("type") if isinstance(part, dict) else None
    return kind.rpartition(".")[2].rpartition("_")[2] if isinstance(kind, str) else ""


def _ends(part: Any) -> bool:
    """Return True for a part that sums up or ends a text, rather than adding to it."""
    return _kind(part) in _ENDINGS


def _is_last(part: Any) -> bool:
    """Return True for a part that adds to a text for the last time."""
    return isinstance(part, dict) and any(part.get(name) is True for name in _FLAGS)


def _texts(part: Any, path: _Path) -> Iterator[_Text]:
    """Yield (path, text) of the generated text in one part."""
    stack: list[tuple[Any, _Path]] = [(part, path)]
    while stack:
        node, at = stack.pop()
        pairs: Any = node.items() if isinstance(node, dict) else enumerate(node)
        for key, inner in pairs if isinstance(node, dict | list) else ():
            if isinstance(inner, dict | list):
                stack.append((inner, (*at, key)))
            elif isinstance(inner, str) and key in _TEXT_KEYS:
                yield (*at, key), inner


def _put(part: Any, path: _Path, text: str) -> None:
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = text
