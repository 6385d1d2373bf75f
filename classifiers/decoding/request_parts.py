"""The parts of a request around its body: header values, query string and path segments."""

import binascii
import re
from functools import lru_cache
from urllib.parse import unquote

from classifiers.codecs.charset import without_surrogates
from classifiers.decoding import forms, packed, pieces
from classifiers.decoding.decode_state import Piece, Reading
from classifiers.decoding.names import NAME, read_name, telling
from classifiers.payload import Carrier, Segment
from core.exchange import Exchange

_new = tuple.__new__
_STRUCTURAL = frozenset(
    (
        "accept accept-encoding accept-language cache-control connection content-encoding"
        " content-length content-type date expect host keep-alive pragma proxy-connection te"
        " transfer-encoding upgrade x-stainless-arch x-stainless-async x-stainless-lang"
        " x-stainless-os x-stainless-package-version x-stainless-read-timeout"
        " x-stainless-retry-count x-stainless-runtime x-stainless-runtime-version"
        " x-stainless-timeout"
    ).split()
)
_ENDING_OR_SIGN = re.compile(
    r"[/:\\\"?#&=]|(\.(?:csv|tsv|tab|psv|txt|json|jsonl|xml|xlsx|xls|xlsb|ods|parquet|arrow|feather|pdf|docx?|pptx?|odt|"
    r"rtf|zip|tar|gz|tgz|bz2|xz|zst|7z|db|sqlite3?|pkl|pickle))(?![\w.])",
    re.IGNORECASE,
)
_LONGEST_NAME = 200
"""Characters of a file name before its ending."""
_SHORT = 80
"""A structural header with a longer value is read like any other."""
_LONGEST_SIZE, _LONGEST_DATE, _NUMBER = 15, 32, 6
_AUTHORIZATION = frozenset({"authorization", "proxy-authorization"})
_MAX_HEADERS = 2_000
_FEW_PARTS = 3


def read_headers(reading: Reading, headers: tuple[tuple[str, str], ...]) -> None:
    """Emit header values with their names as keys; credentials and cookies taken apart."""
    append = reading.payload.segments.append
    reading.carrier = Carrier.HEADER
    if len(headers) > _MAX_HEADERS:
        reading.unread("more headers than are read", ())
        headers = headers[:_MAX_HEADERS]
    for raw_name, raw_value in headers:
        name = raw_name if raw_name.isascii() else without_surrogates(raw_name)
        value = raw_value if raw_value.isascii() else without_surrogates(raw_value)
        if not value or (name in _STRUCTURAL and _says_nothing(name, value)):
            continue
        if name in _AUTHORIZATION:
            _authorization(reading, name, value)
        elif name == "cookie":
            _cookies(reading, value)
        elif len(value) < packed.MIN_RUN and "%" not in value:
            append(_new(Segment, (value, name, (name,), Carrier.HEADER, None, True, False)))
        else:
            packed.look(reading, value, name, (name,), 0)
    reading.carrier = Carrier.BODY


@lru_cache(maxsize=4096)
def _says_nothing(name: str, value: str) -> bool:
    """True for a value that only arranges the transport: short, and not much of a number."""
    if name == "host":  # read as a name
        return len(value) <= _SHORT
    if name == "content-length":
        return len(value) <= _LONGEST_SIZE
    if name == "date" and value.endswith("GMT"):
        return len(value) <= _LONGEST_DATE
    return len(value) <= _SHORT and "@" not in value and sum(map(str.isdecimal, value)) < _NUMBER


def _authorization(reading: Reading, name: str, value: str) -> None:
    scheme, _, credentials = value.partition(" ")
    if not credentials:
        reading.emit(value, name, (name,))
        return
    scheme = scheme.lower()[:40]
    if scheme == "basic":
        try:
            credentials = binascii.a2b_base64(credentials).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            reading.unread("the basic credentials are no base64", (name,))
    reading.emit(credentials.strip(), name, (name, scheme))
    if credentials.startswith("eyJ"):
        packed.unpack(
            reading, credentials, credentials.encode("utf-8", "replace"), name, (name, scheme), 0
        )


def _cookies(reading: Reading, value: str) -> None:
    for pair in value.split(";")[:500]:
        name, equals, content = pair.strip().partition("=")
        if not equals:
            name, content = "cookie", name
        if content:
            packed.look(reading, content, name, ("cookie", name), 0)
        if telling(name):
            read_name(reading, name, ("cookie", NAME))


def read_target(reading: Reading, target: str) -> None:
    """Emit path segments (key: the segment before) and query pairs."""
    path, _, query = without_surrogates(target).partition("?")
    reading.carrier = Carrier.PATH
    before: str | None = None
    parts = path.split("/")[:200]
    alike = len(parts) > _FEW_PARTS and len(set(map(len, parts))) < len(parts)
    for whole in pieces.in_a_row(parts) if alike else ():
        kind = "text/plain" if isinstance(whole, str) else ""
        reading.later(Piece(whole, kind, None, ("(together)",), 1))
    for index, part in enumerate(parts):
        if len(part) > 5:
            text = unquote(part) if "%" in part else part
            (
                packed.look(reading, text, before, (index,), 0)
                if len(part) >= packed.MIN_RUN
                else reading.emit(text, before, (index,))
            )
        before = part[:60] or before
    if query:
        reading.carrier = Carrier.QUERY
        forms.read_pairs(reading, query)
    reading.carrier = Carrier.BODY


def file_name(exchange: Exchange) -> str | None:
    """Return the file name of an upload: from its headers, else the last part of its path that
    reads as one.
    """
    disposition = exchange.header("content-disposition")
    if disposition and (named := forms.split_header(disposition)[1].get("filename")):
        return named
    argument = exchange.header("dropbox-api-arg")
    places = (argument, exchange.header("x-file-name"), exchange.path.partition("?")[0])
    for place in filter(None, places):
        named = _last_file_name(unquote(place[-2_000:]))
        if named:
            return named
    return None


def _last_file_name(text: str) -> str | None:
    """Return the last stretch without signs that no name holds, up to the last known ending in
    it.
    """
    name, begin, opened = None, 0, -1
    for found in _ENDING_OR_SIGN.finditer(text):
        at, end = found.span()
        if found[1] is None:
            begin, opened = end, -1
            continue
        if opened < 0 or at - opened > _LONGEST_NAME:
            opened = max(begin, at - _LONGEST_NAME) if at > begin else -1
        if opened >= 0:
            name, begin = text[opened:end], end
    return name
