"""Candidates with letters: IBANs and the national ids that are more than digits."""

import re

from classifiers.personal.scan import ibans
from classifiers.personal.scan.checks import CHECKS, compact
from classifiers.personal.scan.context import WRONG, Place
from classifiers.personal.scan.numbers import read_ip, read_numbers
from classifiers.personal.scan.shapes import Strength
from core.findings import Confidence

_INNER_NUMBER = re.compile(r"(?<=[ -])\d(?:[ -]?\d){12,}\b")
"""A card number that an IBAN-like beginning has swallowed."""
_UUID_LENGTH = 36

_Reading = tuple[str, re.Pattern[str], Strength]
_LETTERS_FIRST: tuple[_Reading, ...] = (
    ("uk_nino", re.compile(r"[A-Z]{2}[ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-D]\b"), Strength.MEDIUM),
    (
        "uk_nino",
        re.compile(r"(?i:[A-Z]{2}[ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-D])\b"),
        Strength.WEAK,
    ),
    ("es_nie", re.compile(r"(?i:[XYZ][ .-]?\d{7}[ .-]?[A-Z])\b"), Strength.MEDIUM),
    ("in_pan", re.compile(r"[A-Z]{5}\d{4}[A-Z]\b"), Strength.MEDIUM),
    (
        "it_codice_fiscale",
        re.compile(r"(?i:[A-Z]{6}[0-9A-Z]{2}[A-Z][0-9A-Z]{2}[A-Z][0-9A-Z]{3}[A-Z])\b"),
        Strength.SOLID,
    ),
    ("sg_nric", re.compile(r"[STFGM]\d{7}[A-Z]\b"), Strength.SOLID),
    ("in_voter_id", re.compile(r"[A-Z]{3}\d{7}\b"), Strength.WEAK),
    ("it_identity_card", re.compile(r"[A-Z]{2}\d{7}\b|[A-Z]{2}\d{5}[A-Z]{2}\b"), Strength.WEAK),
    ("mx_curp", re.compile(r"[A-Z]{4}\d{6}[HMX][A-Z]{5}[0-9A-Z]\d\b"), Strength.SOLID),
)
_LETTERS_INSIDE: tuple[_Reading, ...] = (
    ("fi_hetu", re.compile(r"(?i:\d{6}[-+A-FU-Y]\d{3}[0-9A-Y])"), Strength.SOLID),
    ("se_personnummer", re.compile(r"\d{6}\+\d{4}"), Strength.MEDIUM),
    ("de_pension_number", re.compile(r"\d{2} ?\d{6} ?[A-Z] ?\d{3}"), Strength.SOLID),
    ("in_gstin", re.compile(r"\d{2}[A-Z]{5}\d{4}[A-Z][0-9A-Z]Z[0-9A-Z]"), Strength.SOLID),
    ("es_dni", re.compile(r"(?:\d{8}|\d{1,2}\.\d{3}\.\d{3})[ -]?[A-Z]"), Strength.MEDIUM),
    ("es_dni", re.compile(r"(?i:\d{1,2}\.?\d{3}\.?\d{3}[ -]?[A-Z])"), Strength.WEAK),
    ("ie_pps", re.compile(r"\d{7}[ -]?[A-W][A-IW]?"), Strength.MEDIUM),
    ("fr_nir", re.compile(r"(?i:[12] ?\d\d ?[01]\d ?2[AB] ?\d{3} ?\d{3} ?\d\d)"), Strength.MEDIUM),
    ("cn_ric", re.compile(r"\d{17}[Xx]"), Strength.SOLID),
    ("us_mbi", re.compile(r"\d[A-Z][A-Z0-9]\d-?[A-Z][A-Z0-9]\d-?[A-Z]{2}\d\d"), Strength.WEAK),
)


def read_letters_first(place: Place, start: int, end: int) -> int | None:
    """Judge a candidate that begins with letters; when nothing fits, the digits inside it get their
    own chance.
    """
    text = place.text[start:end]
    if len(text) == _UUID_LENGTH and text[8] == "-":
        return None
    if len(text) >= ibans.SHORTEST and text[2:4].isdigit():
        found = ibans.check_iban(text)
        if found is not None:
            value, used = found
            place.confirm("iban", value, start, start + used, Confidence.CERTAIN)
            return start + used
        place.refuse("iban", compact(text), start, end, "country, length or check digits are wrong")
        if ibans.length_of(text[:2].upper()) == len(compact(text)):
            return None
    used_or_none = _first_that_fits(place, _LETTERS_FIRST, start, text, whole=False)
    if used_or_none is not None:
        return used_or_none
    if ":" in text:
        return read_ip(place, start, end)
    inner = _INNER_NUMBER.search(text, 2)
    return (
        None if inner is None else read_numbers(place, start + inner.start(), start + inner.end())
    )


def read_letters_inside(place: Place, start: int, end: int) -> int | None:
    """Judge a candidate that begins with a digit and holds letters; UUIDs and instants are passed
    over.
    """
    text = place.text[start:end]
    if ":" in text:
        return read_ip(place, start, end) if text.count(":") > 2 and "-" not in text else None
    if len(text) == _UUID_LENGTH or _is_in_decimal(place, start):
        return None
    return _first_that_fits(place, _LETTERS_INSIDE, start, text, whole=True)


def _is_in_decimal(place: Place, start: int) -> bool:
    """True for the digits of a number such as 6.10351563E-05."""
    return (
        start - place.begin > 1 and place.text[start - 1] == "." and place.text[start - 2].isdigit()
    )


def _first_that_fits(
    place: Place, readings: tuple[_Reading, ...], start: int, text: str, *, whole: bool
) -> int | None:
    for kind, shape, strength in readings:
        found = shape.fullmatch(text) if whole else shape.match(text)
        if found is None:
            continue
        value = CHECKS[kind](found.group())
        stop = start + found.end()
        if value is None:
            place.refuse(kind, compact(found.group()), start, stop, WRONG)
        elif place.judge(kind, value, strength, start, stop):
            return stop
    return None
