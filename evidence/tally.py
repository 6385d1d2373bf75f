"""Adds up stored texts as `Rollup.add` adds up their records, without reading each of them whole.

A canonical text is cut where its members begin. Pieces that are JSON values each by themselves are
the members of one object, whatever stands in them. What records have in common (sender, place,
decision) is known by its bytes; findings and calls are known by their likeness to some that could
be read. A text of which this cannot be said is read as all others read it.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import orjson

from core.fate import TUNNEL
from core.findings import AT_LEAST, NOT_INSPECTED, Finding
from core.json_fields import Fields
from core.observation import Observation
from core.record import Record, RequestSummary, ResponseSummary, read_request, read_response
from core.record_reading import (
    read_decision,
    read_destination,
    read_findings,
    read_llm,
    read_sender,
)
from evidence.alike import (
    Alike,
    alike,
    alike_observed,
    figures,
    gist_of_decision,
    gist_of_place,
    gist_of_sender,
    micro_usd,
)
from evidence.chain import canonical
from evidence.entries import Recalled, read_entry
from evidence.frames import mark
from evidence.lump import Lump, rolled
from evidence.marks import MORE_VALUES, Pair, marks_of, pair
from evidence.rollup import Rollup
from evidence.times import DAY_US, EPOCH, micros

_AT = b'{"at":"'
_AT_FIRST, _AT_LAST = len(_AT), len(_AT) + len("2026-01-01T00:00:00.000000Z")
_T = _AT_FIRST + len("2026-01-01")
_DECISION, _DESTINATION = b'","decision":', b',"destination":'
_FINDINGS, _ID, _LLM = b',"findings":', b',"id":"', b'","llm":'
_NOTES, _REQUEST, _COMPLETE = b',"notes":', b',"request":{"bytes":', b',"complete":'
_RESPONSE, _STATUS = b',"response":{"bytes":', b',"status":'
_SENDER = b',"schema":"outgate.record/1","sender":'
_NO_BYTES = b'{"bytes":0'
_ID_BYTES = 36
_MOST_KNOWN = 20_000
_MOST = 2**63
"""As in `core.json_fields`: what fits into no column is no record."""
_MOST_DIGITS = 18
_COUNTS = ("count", "distinct", "records", "subjects")
_FINDING = frozenset({*_COUNTS, "kind", "fingerprints", "where", "test_data", "note"})
"""What is looked at of a finding."""


class _Part:
    """One member, or all that are alike for the sums: known by identity."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class _Parts:
    """Members of one name, read once for the same bytes."""

    def __init__(self, read: Callable[[Any], Any], gist: Callable[[Any], object]) -> None:
        self._read, self._gist = read, gist
        self.known: dict[bytes, _Part] = {}
        self._alike: dict[object, _Part] = {}

    def of(self, text: bytes) -> _Part:
        """Return the part in a text that stands for itself. Raises ValueError."""
        found = self.known.get(text)
        if found is None:
            value = self._read(text)
            if len(self.known) >= _MOST_KNOWN:
                self.known.clear()
            found = self._alike.setdefault(self._gist(value), _Part(value))
            self.known[text] = found
        return found


class Tally:
    """Adds up texts in the order of the chain."""

    def __init__(self) -> None:
        self.pairs: list[Pair] = []
        """Marks of the records that were added, with their entries."""
        self._lumps: dict[tuple[object, ...], Lump] = {}
        self._number = 0
        self._recalled = Recalled()
        self._senders = _Parts(lambda text: read_sender(orjson.loads(text)), gist_of_sender)
        self._places = _Parts(lambda text: read_destination(orjson.loads(text)), gist_of_place)
        self._decisions = _Parts(lambda text: read_decision(orjson.loads(text)), gist_of_decision)
        self._notes = _Parts(_read_notes, lambda notes: notes)
        self._requests = _Parts(
            lambda text: read_request(_sized(text)), lambda one: one.method == TUNNEL
        )
        self._answers = _Parts(lambda text: read_response(_sized(text)), lambda one: None)
        self._kinds: dict[tuple[object, ...], Alike] = {}
        self._examples: dict[str, Finding] = {}
        """Of each kind of data a finding."""
        self._likes: set[tuple[object, ...]] = set()
        """Keys, types and words of findings and calls that could be read."""

    def begin(self) -> None:
        """Begin with new sums; what is known of records stays."""
        self._lumps, self._number, self.pairs = {}, 0, []

    @property
    def lumps(self) -> Iterable[Lump]:
        """What was added, by its kinds."""
        return self._lumps.values()

    @property
    def sums(self) -> Rollup:
        """What all that was added comes to."""
        return rolled(self._lumps.values())

    def add(self, text: bytes, at_us: int, seq: int = 0) -> tuple[str, int, str | None]:
        """Add the record in the text of an entry; return its id, when it began, and the key of its
        case.

        Raises ValueError where this version cannot read it; then nothing was added.
        """
        self._number += 1
        try:
            found = self._by_pieces(text, at_us, seq)
        except ValueError:
            found = None
        return self._whole(text, at_us, seq) if found is None else found

    def _whole(self, text: bytes, at_us: int, seq: int) -> tuple[str, int, str | None]:
        """Add what is read as all others read it: an observation, or a record unlike most."""
        entry = read_entry(text, self._recalled)
        if isinstance(entry, Observation):
            kind, one = alike_observed(entry)
        else:
            kind = alike(entry)
            one = figures(entry, went=kind.went)
            marks = marks_of((found.fingerprints, found.distinct) for found in entry.findings)
            self.pairs += [pair(one, seq) for one in marks]
        hourly = not isinstance(entry, Observation)
        lump = self._lumps.setdefault((hourly, kind), Lump(kind, hourly))
        lump.add_figures(self._number, at_us, one)
        return entry.id, micros(entry.at), kind.key

    def _by_pieces(self, text: bytes, at_us: int, seq: int) -> tuple[str, int, str | None] | None:
        """Add a record; None, or ValueError, and nothing was added, where its text is not as all
        are.
        """
        cut = _cut(text)
        if cut is None:
            return None
        decision, place, findings, id_, llm, notes, sent, request, answer, sender = cut
        self._answers.known.get(answer) or self._answers.of(answer)
        parts = (
            self._senders.known.get(sender) or self._senders.of(sender),
            self._places.known.get(place) or self._places.of(place),
            self._decisions.known.get(decision) or self._decisions.of(decision),
            self._notes.known.get(notes) or self._notes.of(notes),
            self._requests.known.get(request) or self._requests.of(request),
        )
        values, kinds = self._findings(findings)
        tokens, cost, model = 0, 0, None
        if llm != b"null":
            call = self._call(orjson.loads(llm))
            tokens = (call["input_tokens"] or 0) + (call["output_tokens"] or 0)
            cost, model = micro_usd(call["cost_usd"]), call["model"]
        since = datetime.fromisoformat(text[_AT_FIRST:_AT_LAST].decode("ascii")) - EPOCH
        begun = since.days * DAY_US + since.seconds * 1_000_000 + since.microseconds
        lump = self._lumps.get((parts, kinds))
        if lump is None:
            kind = self._kinds.get((parts, kinds)) or self._learnt(parts, kinds, values)
            lump = self._lumps[parts, kinds] = Lump(kind)
        number, found = self._number, 0
        if values:
            found = self._find(lump, number, values, seq)
        name = id_.decode()
        size = sent if lump.kind.went else 0
        lump.add(number, at_us, name, (size, found, tokens, cost), model)
        return name, begun, lump.kind.key

    def _find(self, lump: Lump, number: int, values: list[dict[str, Any]], seq: int) -> int:
        """Add the findings of a record and its marks; return how many values it holds."""
        total, marks = 0, set[int]()
        for value in values:
            kind, distinct, told = value["kind"], value["distinct"], value["fingerprints"]
            if not value["test_data"]:
                least = AT_LEAST in (value["note"] or "")
                lump.find(number, kind, distinct, value["records"], value["subjects"], told, least)
                if kind != NOT_INSPECTED:
                    total += distinct
            for text in told:
                found = mark(text)
                if found is not None:
                    marks.add(found)
            if distinct > len(told) > 0:
                marks.add(MORE_VALUES)
        self.pairs += [(one << 64) + seq for one in marks]
        return total

    def _findings(self, text: bytes) -> tuple[Any, tuple[str, ...]]:
        """Return the findings, and their kinds without those of published examples."""
        if text == b"[]":
            return [], ()
        values = orjson.loads(text)
        if type(values) is not list:
            raise ValueError("findings are no list")
        for value in values:
            self._finding(value)
        if len(values) == 1:
            return values, () if values[0]["test_data"] else (values[0]["kind"],)
        real = {value["kind"] for value in values if not value["test_data"]}
        return values, tuple(sorted(real))

    def _finding(self, value: Any) -> None:
        """Raise ValueError where it, or one of the same fields, types and words, could not be
        read, or where it is not as those are that this version writes.
        """
        if type(value) is not dict:
            raise ValueError("no object")
        likeness = (*value, *map(type, value.values()), str(value.get("certainty")))
        if likeness not in self._likes:
            if not value.keys() >= _FINDING:
                raise ValueError("less than all have")
            self._learn(likeness, value, _read_finding)
        for name in _COUNTS:
            if type(number := value[name]) is int and not -_MOST <= number < _MOST:
                raise ValueError("too large")
        try:
            "".join(value["fingerprints"])
            "".join(value["where"])
        except TypeError:
            raise ValueError("more than texts") from None

    def _call(self, value: Any) -> dict[str, Any]:
        """Return the call when it, or one of the same fields, types and words, could be read.

        Raises ValueError.
        """
        if type(value) is not dict:
            raise ValueError("no object")
        words = str(value.get("tokens_basis")), str(value.get("cost_basis"))
        likeness = (*value, *map(type, value.values()), *words)
        if likeness not in self._likes:
            self._learn(likeness, value, read_llm)
        for field in value.values():
            kind = type(field)
            if kind is list:
                for item in field:
                    if type(item) is not str:
                        raise ValueError("more than texts")
            elif kind is int and not -_MOST <= field < _MOST:
                raise ValueError("too large")
        return value

    def _learn(
        self,
        likeness: tuple[object, ...],
        value: dict[str, Any],
        read: Callable[[object], object],
    ) -> None:
        read(value)
        if len(self._likes) >= _MOST_KNOWN:
            self._likes.clear()
        self._likes.add(likeness)

    def _learnt(self, parts: tuple[_Part, ...], kinds: tuple[str, ...], values: Any) -> Alike:
        sender, place, decision, notes, request = parts
        record = Record(
            id="",
            at=EPOCH,
            sender=sender.value,
            destination=place.value,
            request=RequestSummary(
                method=request.value.method, content_type=None, bytes=0, complete=True
            ),
            response=ResponseSummary(),
            llm=None,
            findings=tuple([self._example(kind, values) for kind in kinds]),
            decision=decision.value,
            notes=notes.value,
        )
        if len(self._kinds) >= _MOST_KNOWN:
            self._kinds.clear()
        found = self._kinds[parts, kinds] = alike(record)
        return found

    def _example(self, kind: str, values: list[dict[str, Any]]) -> Finding:
        found = self._examples.get(kind)
        if found is None:
            (found,) = read_findings(
                [next(one for one in values if one["kind"] == kind and not one["test_data"])]
            )
            if len(self._examples) >= _MOST_KNOWN:
                self._examples.clear()
            self._examples[kind] = found
        return found


def _read_notes(text: bytes) -> tuple[str, ...]:
    return Fields({"notes": orjson.loads(text)}, "record").texts("notes")


def _read_finding(value: object) -> object:
    return read_findings([value])


def _sized(text: bytes) -> object:
    """Return the object of which this is all behind its size. Raises ValueError."""
    whole = _NO_BYTES + text
    value = orjson.loads(whole)
    if canonical(value) != whole:  # the size may stand there twice
        raise ValueError("not as all are")
    return value


def _cut(
    text: bytes,
) -> tuple[bytes, bytes, bytes, bytes, bytes, bytes, int, bytes, bytes, bytes] | None:
    """Return decision, destination, findings, id, call, notes, the request's size, what stands
    behind it and behind the answer's, and the sender; None where a text is not as all are.
    """
    if text[_T : _T + 1] != b"T" or not (
        text.startswith(_AT) and text.startswith(_DECISION, _AT_LAST)
    ):
        return None
    find, first = text.find, _AT_LAST + len(_DECISION)
    place = find(_DESTINATION, first)
    findings = find(_FINDINGS, place)
    id_ = find(_ID, findings)
    llm = id_ + len(_ID) + _ID_BYTES
    notes = find(_NOTES, llm)
    request = find(_REQUEST, notes)
    complete = find(_COMPLETE, request)
    response = find(_RESPONSE, complete)
    status = find(_STATUS, response)
    sender = find(_SENDER, status)
    if not first < place < findings < id_ < notes < request < complete < response < status < sender:
        return None
    name = text[id_ + len(_ID) : llm]
    sent, got = text[request + len(_REQUEST) : complete], text[response + len(_RESPONSE) : status]
    if not (text.startswith(_LLM, llm) and name.replace(b"-", b"").isalnum() and text[-1:] == b"}"):
        return None
    if not (_is_number(sent) and _is_number(got)):
        return None
    return (
        text[first:place],
        text[place + len(_DESTINATION) : findings],
        text[findings + len(_FINDINGS) : id_],
        name,
        text[llm + len(_LLM) : notes],
        text[notes + len(_NOTES) : request],
        int(sent),
        text[complete:response],
        text[status:sender],
        text[sender + len(_SENDER) : -1],
    )


def _is_number(text: bytes) -> bool:
    """Return whether this is a whole number as JSON writes it, and not a very large one."""
    if not text.isdigit() or len(text) > _MOST_DIGITS:
        return False
    return text[:1] != b"0" or len(text) == 1
