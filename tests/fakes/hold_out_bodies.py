"""Bodies that were held out: a value in each of some three hundred spellings, charsets, formats,
files and documents, and what may carry such a body. What is beyond the published line is named.
"""

import base64
import gzip
import json
from collections.abc import Callable, Iterator, Mapping

from hold_out_documents import DOCUMENTS
from hold_out_files import FILES
from hold_out_formats import FORMATS
from hold_out_texts import CHARSETS, SPELLINGS
from made_up_traffic import exchange, multipart

from core.exchange import Exchange

IBAN = b"DE02120300000000202051"
LINE = b"Customer 77 pays from " + IBAN + b", and asks for a copy of it. "
TEXTUAL = {
    **{name: ("application/json", write) for name, write in SPELLINGS.items()},
    **{name: ("text/plain", write) for name, write in CHARSETS.items()},
    **FORMATS,
}
BINARY = {**FILES, **DOCUMENTS}
BEYOND: Mapping[str, str] = {
    "a decimal number": "encoded data of 512 bytes and less",
    "letters by place": "values whose pieces stand in different fields, as text in a prompt",
    "addresses of IPv4": "values whose pieces stand in different fields",
    "addresses of Ethernet": "values whose pieces stand in different fields, as text in a prompt",
    "addresses of Ethernet, dashed": "the same",
    "colours": "the same",
    "numbers of four bytes": "the same",
    "numbers of four bytes, turned": "the same",
    "backspaces": "letters struck over others",
    "XML, entities": "markup as text in a prompt",
    "RTF, hex": "markup as text in a prompt",
    "RTF, Unicode": "the same",
    "RTF, groups": "the same",
    "Protobuf, words": "encoded data of 512 bytes and less",
    "LZMA, raw": "the same",
    "gzip without its head": "the same",
    "deflate, a byte before": "the same",
    "zlib, no sum": "the same",
    "zlib, dictionary": "the same",
    "PNG, in its rows": "text in pictures",
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
