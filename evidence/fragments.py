"""The canonical text of what records have in common, written once: `Record.to_json` puts it in
whole, so that a record's text is made of a few pieces.
"""

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any, cast

import orjson

from core.attribution import Attribution
from core.classification import Destination
from core.decision import Decision
from core.record import Record
from core.record_reading import read_destination, read_sender
from core.record_writing import Rendered, destination_json, sender_json
from evidence.chain import canonical

_PARTS_KNOWN = 2000
_WHOLE = frozenset({int, type(None)})
_NOT_SHARED = frozenset({"line", "socket"})
_SHARED = attrgetter(*(one.name for one in fields(Attribution) if one.name not in _NOT_SHARED))
"""Of a sender all that is recorded but its line."""
type _Known = tuple[orjson.Fragment, Any]
"""The canonical text of a part, and the part as it will be read again; None where sums see no
difference.
"""


class Fragments(Rendered):
    """Gives parts as their canonical text. For one thread."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: dict[int, tuple[object, _Known]] = {}
        """Of the very part, which stands beside it: so its id is not given to another."""
        self._equal: dict[Destination | Decision, _Known] = {}
        """Of equal parts, which are made anew for each request."""
        self._lines: dict[tuple[object, ...], tuple[Attribution, _Known]] = {}
        """Of senders by their line of code and, all others, the very same fields: those of one
        program, which stand beside them.
        """

    def of[Part](self, part: Part, render: Callable[[Part], Any]) -> Any:
        """Return the text of what `render` gives, or gave, for this part; of findings, which no
        other record has, what it gives. Raises ValueError where JSON cannot hold it.
        """
        if isinstance(part, tuple) and _are_counted(part):
            return render(part)
        return self._known_of(part, render)[0]

    def text_of(self, record: Record) -> bytes:
        """Return `canonical` of the record's JSON. Raises ValueError where JSON cannot hold it."""
        sizes = record.request.bytes, record.response.bytes, record.response.status
        if not _WHOLE.issuperset(map(type, sizes)):
            return canonical(record.to_json())
        body = record.to_json(self)
        for name in ("llm", "files"):
            if body.get(name) is not None:
                body[name] = orjson.Fragment(canonical(body[name]))
        try:
            return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
        except orjson.JSONEncodeError:
            return canonical(record.to_json())

    def sender(self, sender: Attribution) -> Attribution:
        """Return a sender with the texts that sums look at as they will be read again: made
        harmless and cut.
        """
        return cast("Attribution", self._known_of(sender, sender_json)[1]) or sender

    def destination(self, destination: Destination) -> Destination:
        """Return a destination so."""
        return cast("Destination", self._known_of(destination, destination_json)[1]) or destination

    def _known_of[Part](self, part: Part, render: Callable[[Part], Any]) -> _Known:
        if isinstance(part, Destination) or (isinstance(part, Decision) and part.hold_key is None):
            written = self._equal.get(part)
            if written is None:
                if len(self._equal) >= _PARTS_KNOWN:
                    self._equal.clear()
                written = self._equal[part] = _written(part, render)
            return written
        known = self._parts.get(id(part))
        if known is not None and known[0] is part:
            return known[1]
        if len(self._parts) >= _PARTS_KNOWN:
            self._parts.clear()
            self._lines.clear()
        written = self._afresh(part, render)
        self._parts[id(part)] = part, written
        return written

    def _afresh[Part](self, part: Part, render: Callable[[Part], Any]) -> _Known:
        return self._of_sender(part) if isinstance(part, Attribution) else _written(part, render)

    def _of_sender(self, sender: Attribution) -> _Known:
        key = (sender.line, *map(id, _SHARED(sender)))
        known = self._lines.get(key)
        if known is None:
            if len(self._lines) >= _PARTS_KNOWN:
                self._lines.clear()
            known = self._lines[key] = sender, _written(sender, sender_json)
        return known[1]


def _are_counted(findings: tuple[Any, ...]) -> bool:
    """Return whether all numbers in findings are whole, which two encoders write alike."""
    for one in findings:
        counts = type(one.count), type(one.distinct), type(one.records), type(one.subjects)
        if not _WHOLE.issuperset(counts):
            return False
    return True


def _written(part: Any, render: Callable[[Any], Any]) -> _Known:
    value = render(part)
    return orjson.Fragment(canonical(value)), _as_stored(part, value)


def _as_stored(part: object, value: Any) -> object:
    """Return a part as it will be read again, or None where sums see no difference."""
    if isinstance(part, Destination):
        same = value["host"] == part.host and value["account"]["id"] == part.account.id
        return None if same else read_destination(value)
    if isinstance(part, Attribution):
        return None if _is_same_sender(part, value) else read_sender(value)
    return None


def _is_same_sender(sender: Attribution, value: Any) -> bool:
    script, process, stored = sender.script, sender.process, value["script"]
    if value["user"] != sender.user:
        return False
    if process is not None and (value["exe"], value["name"]) != (process.exe, process.name):
        return False
    return script is None or (stored["path"], stored["name"]) == (script.path, script.name)
