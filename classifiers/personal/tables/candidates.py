"""The one pass over a text: a linear-time pattern that finds what could be an identifier, nothing
more.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

_UUID = r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"
_INSTANT = r"\b(?:19|20)\d\d-[01]\d-[0-3]\d(?:[T ][0-2]\d:[0-5]\d(?::[0-5]\d)?(?:[.,]\d+)?|\b)"
_AT_DOMAIN = r"@[A-Za-z0-9\xc0-\xff?][A-Za-z0-9.\-\xc0-\xff?]*[A-Za-z0-9\xc0-\xff?]"
_BETWEEN = r"(?:[_/\t\xb7]|, ?|\r?\n)"
_GROUPED_IBAN = rf"\b[A-Za-z]{{2}}\d{{2}}(?:{_BETWEEN}[A-Za-z0-9]{{4}}){{3,7}}(?:{_BETWEEN}[A-Za-z0-9]{{1,4}})?\b"
GLUED_IBANS = (
    r"_[A-Za-z]{2}\d{2}[A-Za-z0-9]{11,30}(?:\b|_)",
    r"\b[A-Za-z]{2}\d{2}[A-Za-z0-9]{11,30}_",
)
"""As names of files and fields have them: `iban_…`, `…_2026`. Below a line nothing ends a word."""
GLUED_NUMBER = r"_\d(?:[ \-./]{0,2}\d){5,}(?:\b|_)"
"""Digits behind a name, as `bsn_…`: what the name announces, or nothing."""
LETTERS_FIRST = (
    r"\b[A-Za-z]{2}\d{2}(?:[ \-.]?[A-Za-z0-9]{4}){2,7}(?:[ \-.]?[A-Za-z0-9]{1,4})?\b",  # IBAN
    _GROUPED_IBAN,
    r"\b[A-Za-z]{2}\d{2}(?: \d{2}){6,14}(?: \d)?\b",  # IBAN in pairs
    r"\b[A-Za-z]{2}[ \-]?\d{2}[ \-]?\d{2}[ \-]?\d{2}[ \-]?[A-Da-d]\b",  # NINO
    r"\b[XYZxyz][ \-.]?\d{7}[ \-.]?[A-Za-z]\b",  # NIE
    r"\b[A-Z]{5}\d{4}[A-Z]\b",  # PAN
    r"\b[A-Za-z]{6}[0-9LMNP-Vlmnp-v]{2}[A-Za-z][0-9LMNP-Vlmnp-v]{2}[A-Za-z][0-9LMNP-Vlmnp-v]{3}[A-Za-z]\b",
    r"\b[STFGM]\d{7}[A-Z]\b",  # NRIC
    r"\b[A-Z]{2,3}\d{7}\b",  # EPIC, Italian identity card
    r"\b[A-Z]{2}\d{5}[A-Z]{2}\b",
    r"\b[A-Z]{4}\d{6}[HMX][A-Z]{5}[0-9A-Z]\d\b",  # CURP
    *GLUED_IBANS,
)
LETTERS_INSIDE = (
    r"\b\d{6}[\-+A-FU-Ya-fu-y]\d{3}[A-Za-z]\b",  # HETU with a letter at the end
    r"\b\d{6}[+A-FU-Ya-fu-y]\d{4}\b",  # HETU and personnummer with a century sign
    r"\b\d{2} ?\d{6} ?[A-Z] ?\d{3}\b",  # pension number
    r"\b\d{2}[A-Z]{5}\d{4}[A-Z][0-9A-Z]Z[0-9A-Z]\b",  # GSTIN
    r"\b\d{1,2}\.?\d{3}\.?\d{3}[ \-]?[A-Za-z]\b",  # DNI
    r"\b\d{7}[ \-]?[A-W][A-IW]?\b",  # PPS
    r"\b[12] ?\d\d ?[01]\d ?2[ABab] ?\d{3} ?\d{3} ?\d\d\b",  # NIR of Corsica
    r"\b\d{17}[Xx]\b",  # RIC
    r"\b\d[A-Z][A-Z0-9]\d-?[A-Z][A-Z0-9]\d-?[A-Z]{2}\d\d\b",  # MBI
)
_NUMBERS = r"(?:\+|\(\+?)?\b\d(?:(?:[ \-./()\x01]{0,2}| [\-./] ?|\) / )\d){5,}\b"
_GROUPED_CARD = r"\b\d{4}(?:_|\t|, ?)\d{4}(?:_|\t|, ?)\d{4}(?:_|\t|, ?)\d{4}\b"
IPV6 = r"\b[0-9A-Fa-f]{1,4}(?::{1,2}[0-9A-Fa-f]{1,4}){3,7}\b"
LABELS = (
    r"(?i:\b(?:passport|reisepass|passeport|pasaporte|licen[cs]e|licencia|f(?:ue|.)hrerschein|m\.?r\.?n|medical"
    r" record|"
    r"patient id|date of birth|birth"
    r" ?da(?:te|y)|d\.?o\.?b|d\.?d\.?n|f\.n|d\.n|[fd]\. ?nac|(?:d|dt)\. ?nasc|born|geboren|geburtsdatum|naissance|n\xe9e? le|nacid[oa] el|nat[oa]"
    r" il|nascid[oa] em|geboortedatum|urodzon[ya]|data urodzenia|data ur|paszportu?|prawo jazdy|prawa jazdy|f\xf8dt|nacimiento|nascita|"
    r"nascimento|n\.?h\.?s|m\.?b\.?i|medicare|medicaid|account|acct|kontonummer|n(?:ume)?r konta"
    r"|rachun(?:ek|ku)(?: bankow[a-z]{1,3})?|member id|insurance id|"
    r"patient(?:en)?nummer|pati(?:e|.)ntnummer|patient(?:en)?nr|num(?:e|.)ro de dossier|historia cl(?:i|.)nica|"
    r"n(?:u|.)mero de processo|cartella clinica|numer pacjenta|"
    r"health insurance|personalausweis|ausweisnummer|krankenversichertennummer|versichertennummer|ip)\b|\bgeb\.)"
)
HEALTH_LABELS = (
    r"(?i:\b(?:(?:haupt|neben|entlass|aufnahme|verdachts)?diagn(?:os|\xf3s|oz)[a-z]{1,5}"
    r"|(?:icd|cie|cim|cid)(?:-?1[01])?(?:-?(?:gm|cm))?|dx|rozpozna[a-z]{1,4}"
    r"|patient(?:in|en|es|s|e)?|pa[cz]iente|admitted|treated|comorbidit(?:y|ies)|suffer[a-z]{0,3})\b|\bdiagn\.)"
)
"""Words before which, or behind which, codes of diseases stand."""

PATTERN = "|".join(
    (
        _UUID,
        _INSTANT,
        _AT_DOMAIN,
        *LETTERS_FIRST,
        *LETTERS_INSIDE,
        _GROUPED_CARD,
        _NUMBERS,
        GLUED_NUMBER,
        IPV6,
        LABELS,
        HEALTH_LABELS,
    )
)
"""Every alternative is of bounded length or made of one repeated class, and begins where nothing
else is alive: matching stays linear on hostile text. UUIDs and instants are matched only to be
passed over."""


@cache
def _search() -> tuple[Any, Any]:
    """Return RE2's own search function and its way to search.

    RE2's `finditer` makes a match object for each span, which costs more than the search.
    """
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    return (
        re2.compile(PATTERN.encode("latin-1"), options)._regexp.Match,
        re2._re2.RE2.Anchor.UNANCHORED,
    )


def spans(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the spans of all candidates, from left to right, that do not overlap."""
    search, unanchored = _search()
    end = len(data)
    span = search(unanchored, data, 0, end)[0]
    while span[0] >= 0:
        yield span
        span = search(unanchored, data, span[1], end)[0]


def warm() -> None:
    """Compile the pattern now."""
    _search()
