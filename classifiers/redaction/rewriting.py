"""Replacing values in a body: JSON strings, forms, multipart fields and plain text, each in its own
spelling.

Text is replaced in place, so that everything else keeps its bytes: numbers their digits, objects
their order. What was replaced is checked afterwards by the caller, who scans the new body again.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from urllib.parse import quote, quote_plus

from core.redaction import CannotRedactError

_PREFIX = 6
"""First bytes of a value by which it is looked up."""
_SIGNED = (
    "x-amz-content-sha256",
    "content-md5",
    "digest",
    "content-digest",
    "signature",
    "x-hub-signature-256",
)
_TEXT = (
    "text/",
    "application/csv",
    "application/xml",
    "application/graphql",
    "application/x-ndjson",
    "application/jsonl",
)


def refuse_signed(headers: Mapping[str, str]) -> None:
    """Raise CannotRedactError when the request's signature or digest covers the body."""
    authorization = headers.get("authorization", "")
    if authorization.startswith(("AWS4-", "Signature ", "OSS ", "HMAC")):
        raise CannotRedactError("the request is signed by its sender")
    for name in _SIGNED:
        if name in headers and headers[name].upper() != "UNSIGNED-PAYLOAD":
            raise CannotRedactError(f"the header {name} covers the body")


def rewrite(body: bytes, media_type: str, values: Mapping[str, str]) -> bytes:
    """Return `body` with each value (as it is spelled) replaced by its placeholder. Raises
    CannotRedactError.
    """
    if media_type == "application/json" or media_type.endswith("+json"):
        return _json(body, values)
    if media_type == "application/x-www-form-urlencoded":
        return _replaced(body, _form_spellings(values))
    if media_type.startswith(_TEXT) or media_type.startswith("multipart/") or not media_type:
        return _replaced(body, values)
    raise CannotRedactError(f"bodies of type {media_type[:60]} are not rewritten")


def _json(body: bytes, values: Mapping[str, str]) -> bytes:
    spellings: dict[str, str] = {}
    for value, mark in values.items():
        for ascii_only in (True, False):
            once = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
            spellings[once] = mark
            spellings[json.dumps(once, ensure_ascii=ascii_only)[1:-1]] = mark
    new = _replaced(body, spellings)
    try:
        before, after = json.loads(body), json.loads(new)
    except (ValueError, RecursionError) as error:
        raise CannotRedactError("the body is not whole JSON") from error
    if _shape(before) != _shape(after):
        raise CannotRedactError("a value stands where JSON wants a number or a name")
    return new


def _form_spellings(values: Mapping[str, str]) -> dict[str, str]:
    spellings: dict[str, str] = {}
    for value, mark in values.items():
        for spelled in (quote_plus(value), quote(value, safe=""), quote(value), value):
            spellings[spelled] = quote_plus(mark)
            spellings[re.sub("%[0-9A-F]{2}", lambda m: m[0].lower(), spelled)] = quote_plus(mark)
    return spellings


def _replaced(body: bytes, spellings: Mapping[str, str]) -> bytes:
    """Replace whole values only: `Ann` is not replaced inside `Annual`. The longest spelling
    wins.
    """
    marks = {
        s.encode("utf-8", "surrogatepass"): mark.encode() for s, mark in spellings.items() if s
    }
    lengths = _lengths(marks)
    parts: list[bytes] = []
    at = 0
    for found in _starts(marks).finditer(body) if marks else ():
        start = found.start()
        end = _end_of(body, start, marks, lengths) if start >= at else None
        if end is not None:
            parts += (body[at:start], marks[body[start:end]])
            at = end
    return b"".join((*parts, body[at:]))


def _starts(values: Iterable[bytes]) -> re.Pattern[bytes]:
    """Return what finds the places where a value can begin: at the beginning of a word, if it
    begins with a letter.
    """
    firsts = {value[:1] for value in values}
    words = b"".join(sorted(filter(bytes.isalnum, firsts)))
    signs = b"".join(map(re.escape, sorted(firsts - {bytes((b,)) for b in words})))
    # A line break in JSON is the two characters \n: the n is no part of the word behind it.
    before = rb"(?:(?<=\\[nrt])|(?<![0-9A-Za-z]))"
    classes = [before + b"[" + words + b"]"] if words else []
    return re.compile(b"|".join(classes + ([b"[" + signs + b"]"] if signs else [])))


def _lengths(values: Iterable[bytes]) -> dict[bytes, list[int]]:
    """Return for the first bytes of the values how long those are, the longest first: thousands are
    found as fast as one.
    """
    lengths: dict[bytes, set[int]] = {}
    for value in values:
        lengths.setdefault(value[:_PREFIX], set()).add(len(value))
    return {prefix: sorted(sizes, reverse=True) for prefix, sizes in lengths.items()}


def _end_of(
    body: bytes, start: int, values: Collection[bytes], lengths: Mapping[bytes, list[int]]
) -> int | None:
    """Return where the longest value ends that begins at `start` and is not followed by more of its
    last word.
    """
    for size in range(_PREFIX, 0, -1):
        for length in lengths.get(body[start : start + size], ()):
            end = start + length
            if body[start:end] in values and not (
                body[end - 1 : end].isalnum() and body[end : end + 1].isalnum()
            ):
                return end
    return None


def _shape(value: object) -> object:
    if isinstance(value, dict):
        return {key: _shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_shape(inner) for inner in value]
    return "text" if isinstance(value, str) else value
