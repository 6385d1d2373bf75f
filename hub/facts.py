"""What is kept of a record in narrow columns, read from its JSON without building the record:
the whole text stays in the upload that it came in. Pure.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from core.classification import AccountKind
from core.decision import Verdict, left_by
from core.fate import UNSTOPPED, Fate, fate_of, was_cut
from core.findings import NOT_INSPECTED
from core.observation import OBSERVED
from core.observation import SCHEMA as OBSERVATION
from core.record import SCHEMA as RECORD
from core.text import printable
from core.vocabulary.kinds import tells_of_people

UNREADABLE = "unreadable"
"""Outcome of entries that this version cannot read."""
ERASED = "erased"
"""Outcome of entries that were erased whole."""
_MOST = (1 << 31) - 1
_MOST_BYTES = 1 << 40
"""Of one request: so many millions of them add up to what a bigint holds."""
_MOST_TEXT = 400
_MOST_KIND, _MOST_KINDS = 40, 40
_MOST_SHORT = 200
_SHA256_BYTES = 32
_FIRST_YEAR, _LAST_YEAR = 1971, 2200


class Sender(NamedTuple):
    """What stands for the sender: a version of a script at a path, run by a person.

    A tuple: thirty thousand a second are made, hashed and compared.
    """

    path: str
    """Or the script's name, or the program's; as cases call it."""
    sha256: str
    """Hex; empty where the content is not known."""
    name: str
    person: str
    """Empty where it is not known."""


UNKNOWN = Sender("unknown", "", "unknown", "")
GONE = Sender("erased", "", "erased", "")


class How(NamedTuple):
    """How it came about that a record is as it is; each empty where there is none."""

    certain: str
    """How sure the sender is: a `Certainty`."""
    ending: str
    """How its hold ended, as sums of outcomes call it."""
    rule: str
    """The rule that decided."""
    model: str
    """The model that was asked."""


NO_HOW = How("", "", "", "")


class Fact(NamedTuple):
    """One record in narrow columns; a tuple as its sender is."""

    at: datetime | None
    """None where it is not known."""
    sender: Sender
    destination: str
    kinds: tuple[str, ...]
    """With `not_inspected` where a part could not be read or a check of it failed: the two that
    make a case one of which not all was read (`core.review.Case.unread`).
    """
    outcome: str
    account: str
    bytes: int
    found: int
    """Distinct values found, all kinds together."""
    rows: int
    """Most rows that one kind was found in."""
    people: int
    """People that one kind tells of at most; of which at least so many are different."""
    values: int
    """Distinct values of the kind with most."""
    went: bool
    """Whether it left through the gate, whole or in part. What went past the gate says its outcome:
    nobody knows how much.
    """
    review: bool
    """Whether a person should see it."""
    how: How
    """Of what a person should see; else nothing."""


_DECISION, _FINDINGS, _SENDER = b',"decision":{', b',"findings":[', b',"schema":"outgate.record/1",'
"""Where pieces of a record begin, whose members are sorted."""
_MOST_PIECES = 8192
_NO_RECORD = (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError)
_AT, _QUOTE = b'{"at":"', ord('"')
_BOTH, _BY = frozenset({"decision", "destination"}), frozenset({"schema", "sender"})
_ELSEWHERE = _BOTH | _BY | {"at"}

_NOTHING: Mapping[str, Any] = {}
_left_by = lru_cache(256)(left_by)
_tells_of_people = lru_cache(1024)(tells_of_people)


def fact_of(text: bytes) -> Fact:
    """Return the columns of a record's text; of what cannot be read, that it cannot be."""
    if not text:
        return _without_text(ERASED, GONE, review=False)
    try:
        found = _in_pieces(text)
        if found is not None:
            return found
        value = orjson.loads(text)
        return _observed(value) if value.get("schema") == OBSERVATION else _read(value)
    except _NO_RECORD:
        return _without_text(UNREADABLE, UNKNOWN, review=True)


def _in_pieces(text: bytes) -> Fact | None:
    try:
        return _pieces(text)
    except _NO_RECORD:
        return None  # what looks like a piece may stand within another


def _pieces(text: bytes) -> Fact | None:
    """Return the columns of a record as Outgate writes it, read piece by piece: what many have in
    common is read once. None where it is anything else.

    Each piece but the braces around it stands in the text, each is JSON, and together they are
    all of it: so the text is the object of their members, whatever foreign text stands in them.
    """
    decided = text.find(_DECISION)
    found = text.find(_FINDINGS, decided)
    sent = text.rfind(_SENDER)
    if not 0 < decided < found < sent or len(text) > _MOST_PIECES:
        return None
    at = text[len(_AT) : decided - 1].decode("ascii")
    if text[: len(_AT)] != _AT or text[decided - 1] != _QUOTE or not _is_plain(at):
        return None
    what = orjson.loads(b"{" + text[found + 1 : sent] + b"}")
    if not _ELSEWHERE.isdisjoint(what):
        return None
    common = _common(text[decided:found])
    sender = _sent_by(text[sent:])
    if common is None or sender is None:
        return None
    return _fact(at, what, common, sender)


def _is_plain(text: str) -> bool:
    """Return whether JSON writes this text as it is."""
    return text.isprintable() and '"' not in text and "\\" not in text


class _Common(NamedTuple):
    """What decision and destination say."""

    verdict: str
    degraded: list[str]
    held: object
    place: str
    account: str
    rule: str
    ending: str


@lru_cache(512)
def _common(piece: bytes) -> _Common | None:
    value = orjson.loads(b"{" + piece[1:] + b"}")
    return _common_of(value) if value.keys() == _BOTH else None


def _common_of(value: Mapping[str, Any]) -> _Common:
    decision, where = value["decision"], value["destination"]
    hold = decision["hold"] or _NOTHING
    place, account = _text(where["service"] or where["host"]), _text(where["account"]["kind"])
    verdict, held = decision["verdict"], hold.get("outcome")
    ending = _short(f"{Verdict.HOLD}:{held}") if held and verdict == Verdict.HOLD else ""
    rule = _short(decision["rule"] or "")
    return _Common(verdict, decision["degraded"], held, place, account, rule, ending)


@lru_cache(512)
def _sent_by(piece: bytes) -> tuple[Sender, str] | None:
    """Return the sender, and how sure it is."""
    value = orjson.loads(b"{" + piece[1:])
    if value.keys() != _BY or value["schema"] != RECORD:
        return None
    return _sender(value["sender"]), _short(value["sender"]["certainty"])


def _without_text(outcome: str, sender: Sender, *, review: bool) -> Fact:
    nothing = (0, 0, 0, 0, 0)
    told = (None, sender, "", (), outcome, "unknown")
    return Fact(*told, *nothing, went=False, review=review, how=NO_HOW)


def _read(value: Mapping[str, Any]) -> Fact:
    sender = value["sender"]
    return _fact(
        value["at"], value, _common_of(value), (_sender(sender), _short(sender["certainty"]))
    )


def _fact(at: str, value: Mapping[str, Any], common: _Common, sent_by: tuple[Sender, str]) -> Fact:
    request, (verdict, degraded, held, place, account, rule, ending) = value["request"], common
    notes = value.get("notes") or ()
    fate = fate_of(request["method"], degraded, notes)
    kinds, found, rows, people, values = _found(value["findings"])
    if degraded and NOT_INSPECTED not in kinds:
        kinds = tuple(sorted((NOT_INSPECTED, *kinds[: _MOST_KINDS - 1])))
    review = verdict != Verdict.ALLOW or bool(degraded)
    return Fact(
        _time(at),
        sent_by[0],
        place,
        kinds,
        fate.value if fate is not None else _text(verdict),
        account,
        _number(request["bytes"], _MOST_BYTES),
        found,
        rows,
        people,
        values,
        _went(fate, verdict, held, notes),
        review,
        How(sent_by[1], ending, rule, _model(value)) if review else NO_HOW,
    )


def _went(fate: Fate | None, verdict: str, held: object, notes: Iterable[str]) -> bool:
    """Return what `Record.left` or `Record.left_in_part` tell."""
    if fate is None and _left_by(verdict, held):
        return True
    return fate not in UNSTOPPED and was_cut(notes)


def _observed(value: Mapping[str, Any]) -> Fact:
    """Return the columns of what was only seen: nothing of it left through the gate."""
    sent = value["facts"].get("bytes_sent") or _NOTHING
    return Fact(
        _time(value["at"]),
        _sender(value["sender"]),
        _text(value["about"]),
        (_kind(value["kind"]),),
        OBSERVED,
        AccountKind.UNKNOWN.value,
        _number(sent.get("value") or 0, _MOST_BYTES),
        *(0, 0, 0, 0),
        went=False,
        review=value["notable"] is True,
        how=How(_short(value["sender"]["certainty"]), "", "", ""),
    )


def _model(value: Mapping[str, Any]) -> str:
    return _short((value.get("llm") or _NOTHING).get("model") or "")


def _found(
    findings: list[Mapping[str, Any]],
) -> tuple[tuple[str, ...], int, int, int, int]:
    """Return kinds, values, and the most rows, people and values of one of them."""
    if not findings:
        return (), 0, 0, 0, 0
    found = rows = people = most = 0
    kinds = set()
    for one in findings:
        kind = one["kind"]
        if one["test_data"]:  # a published example tells of nobody
            continue
        kinds.add(_kind(kind))
        if kind != NOT_INSPECTED:
            values = _number(one["distinct"])
            found += values
            most = max(most, values)
            rows = max(rows, _number(one["records"] or 0))
            if _tells_of_people(kind):
                subjects = one.get("subjects")
                people = max(people, values if subjects is None else _number(subjects))
    return tuple(sorted(kinds)[:_MOST_KINDS]), min(found, _MOST), rows, people, most


def _sender(value: Mapping[str, Any]) -> Sender:
    script, person = value["script"], _text(value["user"] or "")
    if script is None:
        name = value["name"] or "unknown"
        path = value["exe"] or value["name"] or "unknown"
        return Sender(_text(path), "", _text(name), person)
    path, name = script["path"] or script["name"], script["name"]
    return Sender(_text(path), _sha256(script["sha256"]), _text(name), person)


@lru_cache(8192, typed=True)
def _sha256(value: object) -> str:
    if not isinstance(value, str):
        return ""
    try:
        return value if len(bytes.fromhex(value)) == _SHA256_BYTES else ""
    except ValueError:
        return ""


@lru_cache(8192, typed=True)
def _text(value: object) -> str:
    """Return a text as it may be stored and shown; what an endpoint sends is foreign text."""
    if not isinstance(value, str):
        raise TypeError("no text")
    if len(value) <= _MOST_TEXT and value.isascii() and value.isprintable():
        return value
    return printable(value, _MOST_TEXT)


@lru_cache(1024, typed=True)
def _short(value: object) -> str:
    """Return a text that stands in an index with others of its kind."""
    return _text(value)[:_MOST_SHORT]


@lru_cache(1024, typed=True)
def _kind(value: object) -> str:
    """Return the id of a kind: ours are short and ASCII; sets of them stand in an index."""
    return _text(value)[:_MOST_KIND].encode("ascii", "replace").decode()


def _number(value: object, most: int = _MOST) -> int:
    if type(value) is not int:
        raise TypeError("no number")
    return min(max(value, 0), most)


def _time(value: str) -> datetime | None:
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError("no zone")
    return believable(found)


def believable(at: datetime) -> datetime | None:
    """Return a time in UTC; None for one that no clock of an endpoint can have meant."""
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        return None
    return at if at.tzinfo is UTC else at.astimezone(UTC)
