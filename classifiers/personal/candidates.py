"""The one pass over a text: a linear-time pattern that finds what could be an identifier, nothing more."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Protocol

_UUID = r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"
_INSTANT = r"\b[12]\d{3}-[01]\d-[0-3]\d[T ][0-2]\d:[0-5]\d(?::[0-5]\d)?(?:[.,]\d+)?"
_AT_DOMAIN = r"@[A-Za-z0-9][A-Za-z0-9.\-]*[A-Za-z0-9]"
_LETTERS_FIRST = (
    r"\b[A-Za-z]{2}\d{2}(?:[ \-]?[A-Za-z0-9]{4}){2,7}(?:[ \-]?[A-Za-z0-9]{1,4})?\b",  # IBAN
    r"\b[A-Za-z]{2}[ \-]?\d{2}[ \-]?\d{2}[ \-]?\d{2}[ \-]?[A-Da-d]\b",  # NINO
    r"\b[XYZxyz][ \-.]?\d{7}[ \-.]?[A-Za-z]\b",  # NIE
    r"\b[A-Z]{5}\d{4}[A-Z]\b",  # PAN
    r"\b[A-Za-z]{6}[0-9LMNP-Vlmnp-v]{2}[A-Za-z][0-9LMNP-Vlmnp-v]{2}[A-Za-z][0-9LMNP-Vlmnp-v]{3}[A-Za-z]\b",
    r"\b[A-Z]{4}\d{6}[HMX][A-Z]{5}[0-9A-Z]\d\b",  # CURP
)
_LETTERS_INSIDE = (
    r"\b\d{6}[\-+A-FU-Ya-fu-y]\d{3}[A-Za-z]\b",  # HETU with a letter at the end
    r"\b\d{6}[+A-FU-Ya-fu-y]\d{4}\b",  # HETU and personnummer with a century sign
    r"\b\d{2}[A-Z]{5}\d{4}[A-Z][0-9A-Z]Z[0-9A-Z]\b",  # GSTIN
    r"\b\d{1,2}\.?\d{3}\.?\d{3}[ \-]?[A-Za-z]\b",  # DNI
    r"\b\d{7}[ \-]?[A-W][A-IW]?\b",  # PPS
    r"\b[12] ?\d\d ?[01]\d ?2[ABab] ?\d{3} ?\d{3} ?\d\d\b",  # NIR of Corsica
    r"\b\d{17}[Xx]\b",  # RIC
    r"\b\d[A-Z][A-Z0-9]\d-?[A-Z][A-Z0-9]\d-?[A-Z]{2}\d\d\b",  # MBI
)
_NUMBERS = r"(?:\+ ?|\(\+?)?\b\d(?:[ \-./()\x01]{0,2}\d){5,}\b"
_IPV6 = r"\b[0-9A-Fa-f]{1,4}(?::{1,2}[0-9A-Fa-f]{1,4}){3,7}\b"
_LABELS = (
    r"(?i:\b(?:passport|reisepass|passeport|pasaporte|licen[cs]e|licencia|f(?:ue|.)hrerschein|mrn|medical record|"
    r"patient id|date of birth|birth ?da(?:te|y)|d\.?o\.?b|born|geboren|geburtsdatum|naissance|nacimiento|nascita|"
    r"nascimento|nhs|mbi|medicare|medicaid|account|acct|kontonummer|member id|insurance id|"
    r"health insurance|krankenversichertennummer|versichertennummer|ip)\b)"
)

PATTERN = "|".join((_UUID, _INSTANT, _AT_DOMAIN, *_LETTERS_FIRST, *_LETTERS_INSIDE, _NUMBERS, _IPV6, _LABELS))
"""Every alternative is of bounded length or made of one repeated class, and begins where nothing else is alive:
matching stays linear on hostile text. UUIDs and instants are matched only to be passed over."""


class Match(Protocol):
    """The part of a match that the scan uses."""

    def span(self) -> tuple[int, int]:
        """Return start and end in bytes."""


class Matcher(Protocol):
    """The part of a compiled pattern that the scan uses."""

    def finditer(self, text: bytes, pos: int = ..., endpos: int = ...) -> Iterator[Match]:
        """Yield matches from left to right that do not overlap."""


@cache
def matcher() -> Matcher:
    """Return the compiled pattern; falls back to `re`, which knows the same syntax, where RE2 has no wheel."""
    try:
        import re2
    except ImportError:
        return re.compile(PATTERN.encode("latin-1"))
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    compiled: Matcher = re2.compile(PATTERN.encode("latin-1"), options)
    return compiled
