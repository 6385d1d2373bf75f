"""Heads of answers that clients read without ado, and mitmproxy refuses: put in order, so that
there is one way to read them.
"""

import proxy.mitmproxy_patches.imports  # noqa: F401 - isort: skip - before anything of mitmproxy
import string
from collections.abc import Iterator

from mitmproxy import http
from mitmproxy.net.http import http1

_THEIR_HEAD = http1.read_response_head
_NO_CONTENT, _NOT_MODIFIED = 204, 304
_PACKINGS = frozenset({"gzip", "x-gzip", "deflate", "compress", "x-compress"})
_CODED, _LONG = b"transfer-encoding", b"content-length"
_COLON = len(_LONG)
_DIGITS = 20
"""A length has fewer: what is longer is none."""
_SPACE = b" \t"
_NAME = (string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~").encode()
"""What the name of a field is made of (RFC 9110, 5.6.2)."""


def ordered_head(lines: list[bytes]) -> http.Response:
    """Read the head of an answer. What its status or its coding makes void is left out (RFC 9112,
    6.1 and 6.3), a length that is said twice alike is said once, and one that is no number is none.
    Raises ValueError.
    """
    plain = all(map(_is_plain, lines[1:])) and sum(map(_is_length, lines)) < 2
    answer = _THEIR_HEAD(lines if plain else [*lines[:1], *_fields(lines[1:])])
    headers = answer.headers
    empty = answer.status_code in {_NO_CONTENT, _NOT_MODIFIED} or answer.status_code < 200
    if plain and not empty:
        return answer
    if empty and answer.status_code != _NOT_MODIFIED:
        headers.pop("content-length", None)
    if empty or headers.get("transfer-encoding", "").strip().lower() == "identity":
        # "identity" is no coding (RFC 7230, A.2): clients go by the length beside it.
        headers.pop("transfer-encoding", None)
    _in_one_coding(answer)
    if "transfer-encoding" in headers:
        headers.pop("content-length", None)
    _with_one_length(answer)
    return answer


def _is_plain(line: bytes) -> bool:
    """Return whether a line is a field that is left as it is, whatever the others say."""
    name, _, value = line.partition(b":")
    if not name or name.translate(None, _NAME) or b"\r" in value or len(name) == len(line):
        return False
    if len(name) == len(_CODED):
        return name.lower() != _CODED
    if not _is_length(line):
        return True
    value = value.strip()
    return value.isdigit() and len(value) < _DIGITS and (value[:1] != b"0" or len(value) == 1)


def _is_length(line: bytes) -> bool:
    """Return whether a line says how long the body is."""
    return line[_COLON : _COLON + 1] == b":" and line[:_COLON].lower() == _LONG


def _fields(lines: list[bytes]) -> Iterator[bytes]:
    """Yield the lines of fields. What has no name that a field can have is left out, as it says
    nothing to anybody; space before the colon has to go (RFC 9112, 5.1), and so has a bare CR in a
    value (2.2): some end the line there.
    """
    kept = False
    for line in lines:
        goes_on = line[:1] in _SPACE
        name, colon, value = (b"", b"", line) if goes_on else line.partition(b":")
        name = name.rstrip(_SPACE)
        if not goes_on:
            kept = bool(name and colon) and not name.translate(None, _NAME)
        if kept:
            yield name + colon + value.replace(b"\r", b" ")


def _with_one_length(answer: http.Response) -> None:
    """Say the length once. Where none of what is said is a number, the answer lasts until its
    connection ends, as most clients read it; numbers that differ stay, and nobody believes them.
    """
    headers = answer.headers
    said = headers.get_all("content-length")
    words = [one.strip().removeprefix("+") for all_ in said for one in all_.split(",")]
    numbers = [int(one) for one in words if one.isascii() and one.isdigit() and len(one) < _DIGITS]
    if said and not numbers:
        headers.pop("content-length")
    elif len(numbers) == len(words) and len(set(numbers)) == 1:
        headers["content-length"] = str(numbers[0])


def _in_one_coding(answer: http.Response) -> None:
    """Leave no coding for the way but chunks: a compression beside them is one of the content from
    here on, for most clients know none on the way and would wait for an end that does not come.
    In an answer of HTTP/1.0 chunks are read as clients do: as chunks (RFC 9112, 6.1, forbids them).
    """
    headers = answer.headers
    codings = [one.strip().lower() for one in headers.get("transfer-encoding", "").split(",")]
    if codings.count("chunked") == len(codings) > 1:
        # Two on the way have said so, and only one has done it: nobody packs chunks in chunks.
        codings = codings[:1]
        headers["transfer-encoding"] = "chunked"
    *packed, last = codings
    if last != "chunked":
        packed.append(last)
    if packed and all(one in _PACKINGS for one in packed):
        before = headers.get("content-encoding")
        headers["content-encoding"] = ", ".join([*([before] if before else []), *packed])
        headers.pop("transfer-encoding")
        if last == "chunked":
            headers["transfer-encoding"] = "chunked"
    if answer.http_version == "HTTP/1.0" and headers.get("transfer-encoding") == "chunked":
        answer.http_version = "HTTP/1.1"
        headers["connection"] = "close"
