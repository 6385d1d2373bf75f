"""The canonical text of what records have in common, written once: `Record.to_json` puts it in
whole, so that a record's text is made of a few pieces.
"""

from collections.abc import Callable
from typing import Any, cast

import orjson

from core.attribution import Attribution
from core.classification import Destination
from core.record import Record
from core.record_reading import read_destination, read_sender
from core.record_writing import Rendered, destination_json, sender_json
from evidence.chain import canonical

_PARTS_KNOWN = 2000
_WHOLE = frozenset({int, type(None)})
type _Known = tuple[object, orjson.Fragment, Any]
"""The very part, its canonical text, and the part as it will be read again."""


class Fragments(Rendered):
    """Gives parts as their canonical text. For one thread."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: dict[int, _Known] = {}
        self._places: dict[Destination, tuple[orjson.Fragment, Any]] = {}
        """Of equal destinations, which are made anew for each request."""

    def of[Part](self, part: Part, render: Callable[[Part], Any]) -> Any:
        """Return the text of what `render` gives, or gave, for this very part. Raises ValueError
        where JSON cannot hold it.
        """
        return self._known_of(part, render)[1]

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
        return cast("Attribution", self._known_of(sender, sender_json)[2])

    def destination(self, destination: Destination) -> Destination:
        """Return a destination so."""
        return cast("Destination", self._known_of(destination, destination_json)[2])

    def _known_of[Part](self, part: Part, render: Callable[[Part], Any]) -> _Known:
        known = self._parts.get(id(part))
        if known is not None and known[0] is part:
            return known
        if len(self._parts) >= _PARTS_KNOWN:
            self._parts.clear()
            self._places.clear()
        if isinstance(part, Destination):
            written = self._places.get(part)
            if written is None:
                written = self._places[part] = _written(part, render)
        else:
            written = _written(part, render)
        # Holding the part keeps its id from being given to another.
        known = self._parts[id(part)] = part, *written
        return known


def _written(part: Any, render: Callable[[Any], Any]) -> tuple[orjson.Fragment, Any]:
    value = render(part)
    return orjson.Fragment(canonical(value)), _as_stored(part, value)


def _as_stored(part: object, value: Any) -> object:
    """Return a part as it will be read again, or itself where sums see no difference."""
    if isinstance(part, Destination):
        same = value["host"] == part.host and value["account"]["id"] == part.account.id
        return part if same else read_destination(value)
    if isinstance(part, Attribution):
        return part if _is_same_sender(part, value) else read_sender(value)
    return part


def _is_same_sender(sender: Attribution, value: Any) -> bool:
    script, process, stored = sender.script, sender.process, value["script"]
    if value["user"] != sender.user:
        return False
    if process is not None and (value["exe"], value["name"]) != (process.exe, process.name):
        return False
    return script is None or (stored["path"], stored["name"]) == (script.path, script.name)
