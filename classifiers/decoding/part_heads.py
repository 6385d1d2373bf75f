"""Heads of the parts of mails and forms: what they say beside how a part is to be read, names and
parameters in whatever notation.
"""

import email.errors
import email.header
import re
from urllib.parse import unquote_to_bytes

from classifiers.codecs.charset import text_of
from classifiers.decoding import packed
from classifiers.decoding.decode_state import Reading
from classifiers.decoding.names import NAME, read_name, telling
from classifiers.payload import Path

_WAYS = frozenset("7bit 8bit binary base64 quoted-printable x-uuencode uuencode".split())
_ORDINARY = re.compile(
    r"(?i)[a-z]{1,12}/[a-z.+-]{1,24}(?:;\s?charset=\"?(?:utf-8|us-ascii|iso-8859-1)\"?)?"
)
_MADE_BOUNDARY = re.compile(r"={15}\d{19}==")
"""How Python's own library names a boundary: digits that are nobody's number."""
_CONTINUED = re.compile(r"\b([\w-]{1,40})\*(\d{1,2})\*?=(?:\"([^\"]{0,400})\"|([^;\s\"]{0,400}))")
_LONGEST_SIZE = 12


def read_head(
    reading: Reading, name: str, value: str, path: Path, depth: int, known: tuple[str, ...] = ()
) -> None:
    """Read one header of a part. `known`: what of its value is read elsewhere."""
    if telling(name):
        read_name(reading, name, (*path, NAME))
        read_name(reading, max(name.split("-"), key=len), (*path, NAME))
    name, value = name.lower() or NAME, decoded_words(value)
    if _says_nothing(name, value, known):
        return
    packed.look(reading, _MADE_BOUNDARY.sub("", value), name, (*path, name), depth)
    for text in continued(value):
        packed.look(reading, text, name, (*path, name), depth)


def _says_nothing(name: str, value: str, known: tuple[str, ...]) -> bool:
    """Return True for a header that says how a part is to be read, and nothing else."""
    match name:
        case "content-type":
            return _ORDINARY.fullmatch(value) is not None
        case "content-transfer-encoding":
            return value.strip().lower() in _WAYS
        case "mime-version":
            return value.strip() == "1.0"
        case "content-length":
            return value.isdecimal() and len(value) <= _LONGEST_SIZE
        case "content-disposition":
            return _is_ordinary_disposition(value, known)
    return not value


_DISPOSITION = re.compile(
    r"(?i)(?:form-data|attachment|inline|file)?(?:[;\s]{1,4}(?:file)?name=(?:\"\"|))*[;\s]*"
)


def _is_ordinary_disposition(value: str, known: tuple[str, ...]) -> bool:
    for text in sorted(filter(None, known), key=len, reverse=True):
        value = value.replace(f'"{text}"', '""').replace(f"={text}", "=")
    return _DISPOSITION.fullmatch(value) is not None


def decoded_words(value: object) -> str:
    """Return a header with its encoded words undone, as far as they can be."""
    text = str(value)
    if "=?" not in text:
        return text
    try:
        return str(email.header.make_header(email.header.decode_header(text)))
    except (LookupError, ValueError, email.errors.HeaderParseError):
        return text


def continued(value: str) -> list[str]:
    """Return the parameters that are written in numbered pieces or with a charset, put together."""
    found: dict[str, dict[int, str]] = {}
    for match in _CONTINUED.finditer(value):
        pieces = found.setdefault(match[1], {})
        pieces[int(match[2])] = match[4] if match[3] is None else match[3]
    joined = ["".join(pieces[n] for n in sorted(pieces)) for pieces in found.values()]
    return [_unquoted(text.rpartition("'")[2]) for text in joined]


def _unquoted(text: str) -> str:
    if "%" not in text:
        return text
    data = unquote_to_bytes(text)
    return text_of(data) or data.decode("latin-1")
