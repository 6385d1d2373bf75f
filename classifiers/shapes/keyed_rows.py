"""Records of names with values: `k=v;` lines, YAML lists, forms that come again, cards and messages
of clinics.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from classifiers.payload import PlacedText as Cell
from classifiers.personal.vocabulary import is_telling
from classifiers.shapes.found import Found, Row, found, trimmed, unquoted

_KEY = re.compile(
    r"(?:^|(?<=[;,|\t&\s{(\[]))([^\W\d][\w.\-°]{0,40}(?: [\w.\-°]{1,20}){0,2})\s{0,3}(?:=>|:=|[=:])[ \t]{0,3}"
)
_LINE = re.compile(
    r"([ \t>]{0,24})((?:[-*•]|\d{1,4}[.)])[ \t]{1,3})?(?:\*\*|[\"'`])?([^\W\d_][\w '()/.\-°#]{0,48}?)(?:\*\*|[\"'`])?"
    r"[ \t]{0,20}[:=](?:\*\*)?(?:[ \t]{1,20}|$)([^\n]{0,400})"
)
_QUOTES = frozenset("\"'`")
_PLAIN = " \t\r\"'`,;*|"
_FEWEST = 2
_MOST_WORDS = 3
_PARTING_ALONE = (*";|,&\t", "  ", " / ", " - ", " – ", " — ", " · ", " • ")
"""What parts the pairs of a line that stands alone."""
_END = " \t/-–—·•"
_MOST_FIELDS = 80
_MOST_OF_A_KIND = 20
_GAP = 3
"""Lines without a name that may stand between two records."""

type Line = tuple[int, int]
type Fields = dict[str, Cell]


def one_line_records(text: str, lines: Sequence[Line]) -> Iterator[Found]:
    """Yield lines that hold several named values each, as `name=Jane; mail=…` does."""
    run: list[tuple[Fields, int, int]] = []
    for start, stop in lines:
        signs = text.count("=", start, stop) + text.count(": ", start, stop)
        fields = _pairs(text, start, stop) if signs >= _FEWEST else {}
        if len(fields) < _FEWEST or (run and _unlike(run[0][0], fields)):
            yield from _of_lines(text, run)
            run = []
        if len(fields) >= _FEWEST:
            run.append((fields, start, stop))
    yield from _of_lines(text, run)


def _of_lines(text: str, run: Sequence[tuple[Fields, int, int]]) -> Iterator[Found]:
    """Yield the table of these lines; a line alone must be nothing but pairs between separators."""
    if len(run) == 1:
        fields, start, _ = run[0]
        places = [cell.start for cell in fields.values()]
        opens = text[start : min(places)].rstrip(" \t:=")
        parted = all(
            any(sign in text[before.end : after.start] for sign in _PARTING_ALONE)
            for before, after in pairwise(fields.values())
        )
        if not parted or len(opens.split()) > _MOST_WORDS:
            return
    yield from _as_table(run)


def _unlike(first: Fields, fields: Fields) -> bool:
    common = len(first.keys() & fields.keys())
    return common < _FEWEST or common * 2 < max(len(first), len(fields))


def _pairs(text: str, start: int, stop: int) -> Fields:
    if stop - start > 8_000:
        return {}
    matches = list(_KEY.finditer(text, start, stop))[: _MOST_FIELDS + 1]
    if len(matches) < _FEWEST or len(matches) > _MOST_FIELDS:
        return {}
    if sum(match[1] == matches[0][1] for match in matches) > 1 and "&" in text[start:stop]:
        return {}  # several records in one line
    fields: Fields = {}
    ends = [match.start(1) for match in matches[1:]] + [stop]
    for match, end in zip(matches, ends, strict=True):
        quote = text[match.end() : match.end() + 1]
        closing = text.rfind(quote, match.end() + 1, end) if quote in _QUOTES else -1
        stop = end if closing < 0 else closing
        cell = trimmed(text, match.end(), stop, " \t\r\"'`,;|&{}[]()<>")
        cell = cell and trimmed(text, cell.start, cell.start + len(cell.text.rstrip(_END)))
        if cell is not None:
            encoded = text.find("&", cell.end, end + 1) >= 0
            fields.setdefault(match[1], unquoted(cell) if encoded else cell)
    return fields


def _as_table(run: Sequence[tuple[Fields, int, int]]) -> Iterator[Found]:
    if not run:
        return
    names = dict.fromkeys(name for fields, _, _ in run for name in fields)
    telling = sum(map(is_telling, names))
    if not telling or (len(run) < _FEWEST and telling < _FEWEST):
        return
    rows: list[Row] = [[fields.get(name) for name in names] for fields, _, _ in run]
    yield found(names, rows, (run[0][1], run[-1][2]))


def _form_line(text: str, start: int, stop: int) -> re.Match[str] | None:
    """Return the name and the value that a line is; None for any other line."""
    if text.find(":", start, stop) < 0 and text.find("= ", start, stop) < 0:
        return None
    match = _LINE.match(text, start, stop)
    return None if match is None or match.end() < stop else match


def _gap(text: str, start: int, stop: int) -> int:
    """Return how much a line without a name parts two records: a blank one or a section's less."""
    names_section = text[start : start + 1] == "[" and text[stop - 1 : stop] == "]"
    return 1 if start == stop or names_section else _GAP


def forms(text: str, lines: Sequence[Line]) -> Iterator[Found]:
    """Yield records of one value a line: YAML lists, directories, forms that come again."""
    record: Fields = {}
    done: list[tuple[Fields, int, int]] = []
    begin = last = -1
    missed = 0
    marked = ""
    for start, stop in lines:
        match = _form_line(text, start, stop)
        if match is None:
            missed += _gap(text, start, stop) if record else 1
            if missed > _GAP:
                yield from _closed(done, record, begin, last)
                record, done, missed, marked = {}, [], 0, ""
            continue
        missed = 0
        name = match[3].strip()
        opens = bool(match[2])
        if opens and not marked:
            marked = name
        if record and (name in record or (opens and name == marked)):
            done.append((record, begin, last))
            record = {}
        if not record:
            begin = start
        last = stop
        cell = trimmed(text, match.start(4), match.end(4), _PLAIN)
        if cell is not None and len(record) < _MOST_FIELDS:
            record[name] = cell
    yield from _closed(done, record, begin, last)


def _closed(
    done: list[tuple[Fields, int, int]], record: Fields, begin: int, last: int
) -> Iterator[Found]:
    run = [*done, (record, begin, last)] if record else done
    if len(run) < _FEWEST:
        return
    common = max((fields for fields, _, _ in run), key=len)
    alike = [item for item in run if not _unlike(common, item[0])]
    if len(alike) >= _FEWEST and sum(map(is_telling, common)) and len(common) >= _FEWEST:
        yield from _as_table(alike)


_CARD_NAMES = {
    "FN": "full name",
    "N": "contact name",
    "EMAIL": "email",
    "TEL": "phone",
    "ADR": "address",
    "BDAY": "date of birth",
    "NOTE": "note",
    "NICKNAME": "nickname",
}


def contact_cards(text: str) -> Iterator[Found]:
    """Yield the contacts of vCards, one a row."""
    rows: list[tuple[Fields, int, int]] = []
    at = 0
    while (start := text.find("BEGIN:VCARD", at)) >= 0:
        end = text.find("END:VCARD", start)
        end = len(text) if end < 0 else end
        fields: Fields = {}
        for name, cell in _card_lines(text, start, end):
            known = _CARD_NAMES.get(name)
            if known is None:
                continue
            number = 1
            while known in fields and number < _MOST_OF_A_KIND:
                number += 1
                known = f"{_CARD_NAMES[name]} {number}"
            fields[known] = cell
        if fields:
            if "full name" in fields:
                fields.pop("contact name", None)
            rows.append((fields, start, end))
        at = end + 1
    yield from _as_table(rows)


def _card_lines(text: str, start: int, end: int) -> Iterator[tuple[str, Cell]]:
    """Yield each property with its value; lines that begin with a blank go on with the last."""
    at = start
    while at < end:
        stop = text.find("\n", at, end)
        stop = end if stop < 0 else stop
        while text[stop + 1 : stop + 2] in {" ", "\t"} and stop < end:
            further = text.find("\n", stop + 1, end)
            stop = end if further < 0 else further
        name, colon, _ = text[at:stop].partition(":")
        if colon:
            begin = at + len(name) + 1
            raw = text[begin:stop]
            for fold in ("\r\n ", "\n ", "\r\n\t", "\n\t"):
                raw = raw.replace(fold, "")
            value = raw.strip().removeprefix("tel:").removeprefix("mailto:")
            value = value.replace("\\,", ",").replace("\\;", ";").replace("\\n", " ")
            kind = name.partition(";")[0].rpartition(".")[2].upper()
            if kind in {"ADR", "N"}:
                parts = [part.strip() for part in value.split(";") if part.strip()]
                value = " ".join(reversed(parts[:2])) if kind == "N" else ", ".join(parts)
            if value:
                yield kind, Cell(value, begin, begin + len(text[begin:stop].rstrip()))
        at = stop + 1


_FIELDS_TEXT = {
    "PID": (
        "2 patient id,3 patient id,4 patient id,5 patient name,6 mother maiden name,"
        "7 date of birth,9 patient name,10 race,11 address,13 phone,14 phone,17 religion,"
        "18 account number,19 ssn,20 driver license number,22 ethnic group"
    ),
    "NK1": "2 next of kin,4 address,5 phone,6 phone",
    "GT1": "3 guarantor full name,5 address,6 phone,8 date of birth,12 ssn",
    "IN1": "16 insured name,18 date of birth,19 address,36 insurance policy number,49 insurance id",
    "PV1": "7 doctor name,8 doctor name,9 doctor name",
    "DG1": "3 diagnosis code,4 diagnosis",
    "AL1": "3 allergy",
    "OBX": "3 diagnosis",
    "OBR": "4 diagnosis",
    "RXE": "2 medication",
    "RXA": "5 vaccination",
}
_FIELDS = {
    segment: {int((field := part.partition(" "))[0]): field[2] for part in text.split(",")}
    for segment, text in _FIELDS_TEXT.items()
}
"""Segment of HL7 v2 → number of a field → what it is."""
_NAMES = frozenset(
    {
        "patient name",
        "mother maiden name",
        "next of kin",
        "guarantor full name",
        "insured name",
        "doctor name",
    }
)
_SEGMENT_ENDS = re.compile(r"\r\n|\r|\n")


def clinical_messages(text: str) -> Iterator[Found]:
    """Yield the segments of HL7 v2 messages that tell of people, a table for each kind."""
    groups: dict[str, list[tuple[Fields, int, int]]] = {}
    start = text.find("MSH")
    at = start
    field, component, repetition = "|", "^", "~"
    while 0 <= at < len(text):
        end = _SEGMENT_ENDS.search(text, at)
        stop = len(text) if end is None else end.start()
        kind = text[at : at + 3]
        if kind == "MSH" and stop - at > 8:
            field, component, repetition = text[at + 3], text[at + 4], text[at + 5]
        elif kind in _FIELDS and text[at + 3 : at + 4] == field:
            fields = _segment(text, at, stop, kind, (field, component, repetition))
            if fields:
                groups.setdefault(kind, []).append((fields, at, stop))
        at = len(text) if end is None else end.end()
    for group in groups.values():
        names = dict.fromkeys(name for fields, _, _ in group for name in fields)
        rows: list[Row] = [[fields.get(name) for name in names] for fields, _, _ in group]
        yield found(names, rows, (group[0][1], group[-1][2]))


def _segment(text: str, start: int, stop: int, kind: str, signs: tuple[str, str, str]) -> Fields:
    field, component, repetition = signs
    fields: Fields = {}
    at = start
    for number, raw in enumerate(text[start:stop].split(field)):
        name = _FIELDS[kind].get(number)
        begin, at = at, at + len(raw) + 1
        if name is None or not raw.strip(' "'):
            continue
        for repeated in raw.split(repetition)[:_MOST_OF_A_KIND]:
            value = _components(repeated.split(component), name)
            count = sum(known.startswith(name) for known in fields)
            if value:
                fields[f"{name} {count + 1}" if count else name] = Cell(
                    value, begin, begin + len(raw)
                )
            begin += len(repeated) + 1
    return fields


def _components(parts: Sequence[str], name: str) -> str:
    parts = [part.partition("&")[0].strip() for part in parts]
    if name in _NAMES:
        if name == "doctor name" and parts[0][:1].isdigit():
            parts = parts[1:]
        return " ".join(filter(None, [*parts[1:2], *parts[:1]]))
    if name == "address":
        return ", ".join(filter(None, parts[:6]))
    if name == "date of birth":
        return parts[0][:8]
    if name == "diagnosis":
        return next(filter(None, parts[1:2]), parts[0])
    return parts[0] or next(filter(None, parts), "")
