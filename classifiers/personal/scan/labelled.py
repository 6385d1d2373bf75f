"""Values that only a label tells: passports, licences, health ids, accounts and dates of birth in
running text.
"""

import re

from classifiers.personal.scan.checks import CHECKS, compact
from classifiers.personal.scan.ibans import check_iban
from classifiers.personal.tables.keyed import normal_date
from classifiers.personal.vocabulary import label_kinds

_GLUE = re.compile(
    r"(?:(?<=[-=])>|/(?=\s)|[\s:#=\"'`*_(\[\-–—→|»›…]"
    r"|\b(?:number|numbers|num|no|nr|id|is|es|est|ist|lautet|to|was|was"
    r" issued|holder|card|code|on|am|op|em|il|le|el|the|of|my|"
    r"numero|nummer|record|identifier|beneficiary|insurance|member|book)\b\.?){0,10}",
    re.IGNORECASE,
)
_LEADER = re.compile(r"\s{0,8}\.{2,40}")
"""Points that lead the eye from a label to its value."""
_IDENTIFIER = re.compile(r"[A-Z0-9](?:[A-Z0-9]|[ \-/.](?=[A-Z0-9]*\d)){4,22}(?![A-Za-z0-9])")
_LOWER_IDENTIFIER = re.compile(r"(?i:[A-Z]{0,4}-?\d[A-Z0-9\-]{4,18})(?![A-Za-z0-9])")
_POLISH = re.compile(r"\d\d(?:[ -]?\d{4}){6}(?!\d)")
"""An account in Poland without its country: an IBAN without `PL`."""
_PLACE_KINDS = tuple(
    (
        "date_of_birth de_id_card passport driving_licence uk_nhs us_mbi medical_record "
        "health_id bank_account"
    ).split()
)
_WINDOW = 40
_SOME_DIGITS = re.compile(r"\d[^A-Za-z]{0,3}\d")
_JOINS = frozenset("-_/.")
"""A label joined to other words by one of these is a part of an identifier or a path."""
_JOINT = re.compile(r"\.?[-/–—](?=[\s\u00a0])|\.(?=[:=#(\[→\t])|\.{2,40}")
"""A label joined to its value by what would part words without the blank behind it: `DOB- `."""
_POINTED = re.compile(r"\.(?![A-Za-z0-9_])")
"""The last point of a label that has points between its letters, too: `D.O.B.:`."""
_ASIDE = re.compile(r"\s?\([^()\d\n]{1,24}\)")
"""How a date is to be written, between its label and itself: `(dd/mm/yyyy)`."""
_BORN = re.compile(r"(?i:born|geboren|geb|n[eé]e?|nacid[oa]|nascid[oa]|nat[oa]|urodzon[ya])\b")
_PLACE = re.compile(
    r"\.?\s(?:(?:in|zu|[àa]|ad|en|em|te|we?)\s)(?P<name>[^\W\d_][^\W\d_]{1,24}"
    r"(?:[ '’-][^\W\d_]{1,24}){0,3}?),?\s(?:(?:on|am|le|il|op|el|em|a|dnia)\s)?(?=\d|[A-Z]\w{2,8}\s\d)"
)
"""Where somebody was born, between the word for it and the date."""
_LONGEST_PLACE = 140
_NO_DIGITS = str.maketrans("", "", "0123456789")
_DIGITS_NEEDED = {
    "passport": 5,
    "driving_licence": 4,
    "medical_record": 4,
    "health_id": 5,
    "bank_account": 6,
}


def read_labelled(
    text: str, floor: int, start: int, end: int, finish: int
) -> tuple[str, str, int, int] | None:
    """Return (kind, normal form, start, end) of the value right of the label at `start:end`, if
    there is one.

    Words left of `floor` belong to another value.
    """
    if "." in text[start:end] and _POINTED.match(text, end):
        end += 1
    if joint := _JOINT.match(text, end):
        end = joint.end()
    if text[end : end + 1] in _JOINS or (start > floor and text[start - 1] in _JOINS):
        return None
    if _SOME_DIGITS.search(text, end, min(finish, end + _WINDOW)) is None:
        return None
    begin = _behind_glue(text, end, min(finish, end + _WINDOW))
    label = text[max(floor, start - 24) : begin]
    kinds = label_kinds(label)
    for kind in _PLACE_KINDS:
        if kind in kinds:
            if kind == "date_of_birth":
                begin = _behind_place(text, start, end, begin)
            return _value(kind, text, begin, min(finish, begin + _WINDOW))
    return None


def _behind_glue(text: str, at: int, end: int) -> int:
    """Return where a value may begin behind its label."""
    if glue := _GLUE.match(text, at, end):
        at = glue.end()
    if leader := _LEADER.match(text, at, end):
        at = leader.end()
        glue = _GLUE.match(text, at, end)
    return max(at, glue.end()) if glue else at


def _behind_place(text: str, start: int, end: int, begin: int) -> int:
    """Return where a date of birth may begin: behind how it is to be written, or behind the place
    of birth; `begin` where neither stands there.
    """
    if aside := _ASIDE.match(text, end):
        return _behind_glue(text, aside.end(), aside.end() + _WINDOW)
    if _BORN.match(text, start, end) is None:
        return begin
    at = end - 2 if text[end - 2 : end] == " a" else end
    place = _PLACE.match(text, at, at + _LONGEST_PLACE)
    return begin if place is None or not place["name"][0].isupper() else place.end()


def _polish_account(grouped: re.Match[str]) -> tuple[str, str, int, int] | None:
    told = check_iban(f"PL{compact(grouped.group())}")
    return None if told is None else ("bank_account", told[0][2:], *grouped.span())


def _value(kind: str, text: str, begin: int, limit: int) -> tuple[str, str, int, int] | None:
    if kind == "date_of_birth":
        found = normal_date(text[begin:limit])
        return None if found is None else (kind, found[0], begin, begin + found[1])
    if kind in {"uk_nhs", "us_mbi"}:
        return None
    if kind == "bank_account" and (grouped := _POLISH.match(text, begin)) is not None:
        return _polish_account(grouped)
    match = _IDENTIFIER.match(text, begin, limit) or _LOWER_IDENTIFIER.match(text, begin, limit)
    if match is None:
        return None
    raw = match.group()
    value = compact(raw)
    digits = len(value) - len(value.translate(_NO_DIGITS))
    if kind == "de_id_card":
        checked = CHECKS[kind](raw)
        return None if checked is None else (kind, checked, begin, match.end())
    if digits < _DIGITS_NEEDED[kind] or (kind == "bank_account" and digits != len(value)):
        return None
    if len(set(value)) < 2 or normal_date(raw) is not None:
        return None
    return kind, value, begin, match.end()
