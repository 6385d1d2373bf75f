"""Bodies that were held out: a value in each of some five hundred spellings, charsets, formats,
files and documents, and what may carry such a body. What is beyond the published line is named.
"""

import base64
import gzip
import json
from collections.abc import Callable, Iterator, Mapping

from hold_out_documents import DOCUMENTS
from hold_out_files import FILES
from hold_out_formats import FORMATS
from hold_out_more_files import MORE_FILES
from hold_out_more_texts import MORE_TEXTS
from hold_out_texts import CHARSETS, SPELLINGS
from made_up_traffic import exchange, multipart

from core.exchange import Exchange

IBAN = b"DE02120300000000202051"
LINE = b"Customer 77 pays from " + IBAN + b", and asks for a copy of it. "
TEXTUAL = {
    **{name: ("application/json", write) for name, write in SPELLINGS.items()},
    **{name: ("text/plain", write) for name, write in CHARSETS.items()},
    **FORMATS,
    **MORE_TEXTS,
}
BINARY = {**FILES, **DOCUMENTS, **MORE_FILES}
_CIPHER = "texts in a cipher of one's own"
_FIELDS = "values whose pieces stand in different fields, cells or calls"
_SHORT = "encoded data of 512 bytes and less"
_SIGNS = "bytes written as code words or other signs"
BEYOND: Mapping[str, str] = {
    "Protobuf, words": _SHORT,
    "LZMA, raw": _SHORT,
    "gzip without its head": _SHORT,
    "deflate, a byte before": _SHORT,
    "zlib, no sum": _SHORT,
    "zlib, dictionary": _SHORT,
    "pack of Git": _SHORT,
    "Flash": _SHORT,
    "GELF, chunk": _SHORT,
    "patch of Git": _SHORT,
    "base64 backwards": _CIPHER,
    "hex backwards": _CIPHER,
    "backwards": _CIPHER,
    "HTML, turned": _CIPHER,
    "rot13": _CIPHER,
    "rot47": _CIPHER,
    "turned bits": _CIPHER,
    "a bit to the left": _CIPHER,
    "all bits turned": _CIPHER,
    "turned in pairs": _CIPHER,
    "turned in fours": _CIPHER,
    "bytes plus one": _CIPHER,
    "numbers plus a thousand": _CIPHER,
    "steps": _CIPHER,
    "signed bytes": _CIPHER,
    "Morse": _SIGNS,
    "digits in words": _SIGNS,
    "Chinese digits": _SIGNS,
    "Cyrillic": _SIGNS,
    "flags": _SIGNS,
    "eleven bits a letter": _SIGNS,
    "TeX": _SIGNS,
    "Python, names of signs": _SIGNS,
    "objects of letters": _FIELDS,
    "objects of numbers": _FIELDS,
    "objects of pieces": _FIELDS,
    "a linked list": _FIELDS,
    "pieces in a list": _FIELDS,
    "pieces by key": _FIELDS,
    "keys that are pieces": _FIELDS,
    "rows of letters": _FIELDS,
    "lines of JSON": _FIELDS,
    "events": _FIELDS,
    "form of pieces": _FIELDS,
    "XML, attributes": _FIELDS,
    "patch of JSON": _FIELDS,
    "a notebook": _FIELDS,
    "patch, lines": _FIELDS,
    "Python, join": _FIELDS,
    "Rust": _FIELDS,
    "SQL, CONCAT": _FIELDS,
    "batch, sets": _FIELDS,
    "reStructuredText": _FIELDS,
    "HTTP, chunked": _FIELDS,
    "PNG, in its rows": "a picture, told as one",
    "WOFF": "a font, told as one",
}
"""What is not read in every carrier, and why that is published (docs/accuracy.md)."""


def carriers_of_text(kind: str, data: bytes) -> Iterator[tuple[str, Exchange]]:
    """Yield a text as a body, a field, a prompt and a file."""
    yield "body", exchange(data, kind)
    body, parted = multipart(("file", "a.bin", kind, data))
    yield "file", exchange(body, parted)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return
    yield "field", exchange(json.dumps({"note": text}))
    asked = {"role": "user", "content": f"Here it is:\n{text}\nThanks."}
    yield "prompt", exchange(json.dumps({"model": "m", "messages": [asked]}))


def carriers_of_bytes(data: bytes) -> Iterator[tuple[str, Exchange]]:
    """Yield bytes as bodies that are called what they are, or something else, and in fields."""
    for kind in ("application/octet-stream", "application/json", "text/plain", "image/jpeg", ""):
        yield f"body called {kind or 'nothing'}", exchange(data, kind)
    body, parted = multipart(("file", "a.bin", "application/octet-stream", data))
    yield "file", exchange(body, parted)
    yield "base64", exchange(json.dumps({"file": base64.b64encode(data).decode()}))
    yield "hex", exchange(json.dumps({"file": data.hex()}))
    packed = {"content-encoding": "gzip"}
    yield "gzip", exchange(gzip.compress(data), "application/octet-stream", headers=packed)


def bodies(value: bytes = LINE) -> Iterator[tuple[str, str, Exchange]]:
    """Yield (name, carrier, request) of all that hold this text."""
    for name, (kind, write) in TEXTUAL.items():
        for carrier, sent in carriers_of_text(kind, write(value)):
            yield name, carrier, sent
    for name in BINARY:
        for carrier, sent in carriers_of_bytes(written(name, value)):
            yield name, carrier, sent


def written(name: str, value: bytes = LINE) -> bytes:
    """Return the body of one name."""
    write: Callable[[bytes], bytes] = BINARY[name] if name in BINARY else TEXTUAL[name][1]
    return write(value)
