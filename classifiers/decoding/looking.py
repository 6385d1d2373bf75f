"""Whether any text in a body packs another: one look at all of them before each is looked at."""

import re

from classifiers.decoding import (
    base_91,
    column_lines,
    in_prose,
    number_forms,
    pieces,
    spelled,
    unseen,
)
from classifiers.decoding.first_look import Letters, letters_of, signs_of
from classifiers.decoding.packed import ALPHABET, CONTROLS, ENCRYPTED, MIN_RUN, RUN

_PERCENT = re.compile(rb"%(?:[0-9A-Fa-f]{2}|u|PDF)")
_REFERENCE = re.compile(rb"&(?:#|[A-Za-z]{2,24};|A[A-Za-z0-9,]{10,}-)")
"""A character by its name or number, or letters as IMAP has them; a bare sign is one of a text."""
_TELLING_ESCAPE = re.compile(rb"\\[^nrtf\"]")
"""A JSON escape that may belong to a string inside the string, or hide a letter or a control
character."""
_QUOTED = b'\\"'
_BEGINS_JSON = re.compile(rb"\"(?:[{\[]|\\\")")
"""A string that begins as JSON does: what quotes stand further in are those of a text."""
_UNDERLINED = re.compile(rb"_x[0-9A-Fa-f]{4}_")
_BEGINS_FILE = re.compile(
    rb"\"(?:\(dp|\(lp|c(?:copy_reg|numpy\.|pandas\.|__builtin__|collections)|age-encryption)"
)
_ESCAPED = re.compile(rb"=[0-9A-F]{2}|\+A[A-Za-z0-9/]{2,}-")
"""A letter as quoted-printable and as UTF-7 have it."""
_HIGH_CONTROL = re.compile(rb"\xc2[\x80-\x9f]|\xe2\x80\xae")
"""A control beyond ASCII, or what has the letters behind it drawn from right to left."""


def worth_looking(data: bytes, *, column: bool = False) -> bool:
    """True when some string in these bytes may hold a packed one; false means each string is what
    it looks like. `column`: each line is a string.
    """
    if column and column_lines.are_short(data, MIN_RUN):
        return _is_marked(data, signs_of(data)) or _has_controls(data)
    letters = letters_of(data)
    if (letters.runs and RUN in data.translate(ALPHABET)) or _is_marked(data, letters.signs):
        return True
    if column:
        return _has_controls(data) or bool(column_lines.worth_reading(data, MIN_RUN))
    return (
        spelled.worth_reading(data, letters)
        or pieces.may_be_large(data, letters.digits)
        or in_prose.may_hold(data, letters.signs)
        or _begins_file(data, letters)
    )


def _is_marked(data: bytes, signs: str) -> bool:
    return (
        number_forms.may_be_written(data)
        or _has_marks(data, signs)
        or (
            not data.isascii() and (unseen.may_hold(data) or _HIGH_CONTROL.search(data) is not None)
        )
    )


def _has_controls(column: bytes) -> bool:
    """Return True for bytes that JSON and tables have as escapes, and cells as they are."""
    return len(column.translate(None, CONTROLS)) < len(column)


def _has_marks(data: bytes, signs: str) -> bool:
    """Return True when a sign stands in it that an escape begins with, or the mark of a format."""
    if "%" in signs and _PERCENT.search(data) is not None:
        return True
    if "&" in signs and _REFERENCE.search(data) is not None:
        return True
    if "\\" in signs and _has_escapes(data):
        return True
    if ("=" in signs or ("+" in signs and b"+A" in data)) and _ESCAPED.search(data) is not None:
        return True
    if "_" in signs and _UNDERLINED.search(data) is not None:
        return True
    return "\x7f" in signs or _is_named(data, signs)


def _is_named(data: bytes, signs: str) -> bool:
    """Return True where a format says its own name."""
    if "-" in signs and (b"MIME-Version" in data or ENCRYPTED in data):
        return True
    return b"data:" in data or ("=" in signs and b"=ybegin " in data)


def _has_escapes(data: bytes) -> bool:
    if _TELLING_ESCAPE.search(data) is not None:
        return True
    return _QUOTED in data and _BEGINS_JSON.search(data) is not None


def _begins_file(data: bytes, letters: Letters) -> bool:
    """Return True when a string begins as a file that is text."""
    return '"' in letters.signs and _BEGINS_FILE.search(data) is not None


def may_be_packed(name: bytes) -> bool:
    """Return True when a name of a field may be an encoding, by a look that costs next to nothing:
    objects may have thousands of names.
    """
    if RUN in name.translate(ALPHABET) or b"=ybegin " in name:
        return True
    return base_91.may_hold(name) if name.isascii() else unseen.may_hold(name)
