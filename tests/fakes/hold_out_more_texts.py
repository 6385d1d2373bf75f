"""A second set of texts that were held out: each function returns what another program, or a reader
of that format, turns back into the text.
"""

import base64
import binascii
import codecs
import json
import unicodedata
import zlib
from collections.abc import Callable, Mapping
from urllib.parse import quote, quote_plus

type Write = Callable[[bytes], bytes]


def _each(form: str, by: str = "", before: str = "", behind: str = "") -> Write:
    """Every byte by its number."""
    return lambda data: (before + by.join(form % byte for byte in data) + behind).encode()


def _letters(form: Callable[[str], str], by: str = "", before: str = "", behind: str = "") -> Write:
    """Every letter as something else."""
    return lambda data: (before + by.join(map(form, data.decode())) + behind).encode()


def _pieces(by: str, before: str = "", behind: str = "", size: int = 6) -> Write:
    """The text in pieces of so many letters, with this between."""
    return lambda data: (before + by.join(_cut(data, size)) + behind).encode()


def _cut(data: bytes, size: int) -> list[str]:
    return [data[at : at + size].decode() for at in range(0, len(data), size)]


def _values(form: Callable[[bytes], object]) -> Write:
    """As a document of JSON."""
    return lambda data: json.dumps(form(data)).encode()


def _words(size: int, order: str = "big") -> Callable[[bytes], list[int]]:
    return lambda data: [
        int.from_bytes(data[at : at + size], order)  # type: ignore[arg-type]
        for at in range(0, len(data), size)
    ]


def _linked(data: bytes) -> object:
    out: object = None
    for letter in reversed(_cut(data, 8)):
        out = {"v": letter, "n": out}
    return out


def _btoa(data: bytes) -> bytes:
    return b"xbtoa Begin\n" + base64.a85encode(data, wrapcol=78) + b"\nxbtoa End N %d\n" % len(data)


def _git_patch(data: bytes) -> bytes:
    packed = zlib.compress(data)
    rows = b""
    for at in range(0, len(packed), 52):
        row = packed[at : at + 52]
        size = len(row) + (64 if len(row) < 27 else 70)
        rows += bytes([size]) + base64.b85encode(row + bytes(-len(row) % 4)) + b"\n"
    return (
        b"diff --git a/n b/n\nnew file mode 100644\nindex 0000000..1111111\nGIT binary patch\n"
        b"literal %d\n" % len(data) + rows + b"\n"
    )


def _saml(data: bytes) -> bytes:
    raw = zlib.compress(b"<AuthnRequest><Note>" + data + b"</Note></AuthnRequest>")[2:-4]
    return b"SAMLRequest=" + quote_plus(base64.b64encode(raw)).encode() + b"&RelayState=a"


def _morse(char: str) -> str:
    marks = (
        "A.- B-... C-.-. D-.. E. F..-. G--. H.... I.. J.--- K-.- L.-.. M-- N-. O--- P.--. Q--.- "
        "R.-. S... T- U..- V...- W.-- X-..- Y-.-- Z--.. 0----- 1.---- 2..--- 3...-- 4....- "
        "5..... 6-.... 7--... 8---.. 9----. ,--..-- ..-.-.-"
    )
    return {mark[0]: mark[1:] for mark in marks.split(" ")}.get(char.upper(), "/")


def _yenc(data: bytes) -> bytes:
    body = bytes((byte + 42) % 256 for byte in data)
    for sign in (b"=", b"\0", b"\n", b"\r"):
        body = body.replace(sign, b"=" + bytes([(sign[0] + 64) % 256]))
    return (
        b"=ybegin line=128 size=%d name=a\r\n" % len(data)
        + body
        + b"\r\n=yend size=%d\r\n" % len(data)
    )


def _rows(data: bytes) -> bytes:
    return b"pos,sign\n" + b"".join(b'%d,"%c"\n' % (n, byte) for n, byte in enumerate(data))


def _events(data: bytes) -> bytes:
    return "".join(
        f"data: {json.dumps({'choices': [{'delta': {'content': piece}}]})}\n\n"
        for piece in _cut(data, 6)
    ).encode()


def _form(data: bytes) -> bytes:
    return b"&".join(b"%d=%b" % (n, quote(p).encode()) for n, p in enumerate(_cut(data, 9)))


def _in_kind(name: bytes, inner: bytes) -> bytes:
    return (
        b"--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: "
        + name
        + (b"\r\n\r\n" + inner + b"\r\n--b--\r\n")
    )


def _base2048(data: bytes) -> bytes:
    """Eleven bits in a letter of some two thousand."""
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "1" * (-len(bits) % 11)
    letters = (chr(0x4E00 + int(bits[at : at + 11], 2)) for at in range(0, len(bits), 11))
    return "".join(letters).encode()


PLAIN = "text/plain"
JSON = "application/json"
MORE_TEXTS: Mapping[str, tuple[str, Write]] = {
    "base32hex": (PLAIN, base64.b32hexencode),
    "base32 in groups": (
        PLAIN,
        lambda d: "-".join(_cut(base64.b32encode(d).rstrip(b"=").lower(), 4)).encode(),
    ),
    "base85 of Adobe": (PLAIN, lambda d: base64.a85encode(d, adobe=True)),
    "base85 of Git": (PLAIN, base64.b85encode),
    "btoa": (PLAIN, _btoa),
    "base64 in fours": (PLAIN, lambda d: " ".join(_cut(base64.b64encode(d), 4)).encode()),
    "base64 backwards": (PLAIN, lambda d: base64.b64encode(d)[::-1]),
    "base64 twice": (PLAIN, lambda d: base64.b64encode(base64.b64encode(d))),
    "hex backwards": (PLAIN, lambda d: d.hex()[::-1].encode()),
    "backwards": (PLAIN, lambda d: d[::-1]),
    "rot13": (PLAIN, lambda d: codecs.encode(d.decode(), "rot13").encode()),
    "rot47": (
        PLAIN,
        lambda d: bytes(33 + (b - 33 + 47) % 94 if 33 <= b < 127 else b for b in d),
    ),
    "Morse": (PLAIN, _letters(_morse, " ")),
    "digits in words": (
        PLAIN,
        _letters(lambda c: f" {unicodedata.name(c)[6:].lower()} " if c.isdigit() else c),
    ),
    "bits in groups": (
        PLAIN,
        _each("%s", " ") if False else lambda d: " ".join(f"{byte:08b}" for byte in d).encode(),
    ),
    "threes": (PLAIN, _each("%03d")),
    "threes, octal": (PLAIN, _each("%03o")),
    "hex after commas": (PLAIN, _each("0x%02X", ", ")),
    "hex after dollars": (PLAIN, _each("$%02x", " ")),
    "Pascal": (PLAIN, _each("#%d")),
    "Excel": (PLAIN, _each("CHAR(%d)", "&", "=")),
    "ChrW": (PLAIN, _each("ChrW(%d)", " & ")),
    "NCHAR": (PLAIN, _each("NCHAR(%d)", "+", "SELECT ")),
    "R": ("text/x-r", _each("%d", ",", "rawToChar(as.raw(c(", ")))")),
    "PowerShell, signs": (PLAIN, _each("[char]%d", "+")),
    "PowerShell, list": (PLAIN, _each("%d", ",", "-join [char[]](", ")")),
    "JavaScript, braces": ("application/javascript", _each("\\u{%x}", "", 'a="', '"')),
    "JavaScript, join": (
        "application/javascript",
        _letters(lambda c: f'"{c}"', ",", "[", '].join("")'),
    ),
    "JavaScript, template": ("application/javascript", _pieces('"}${"', '`${"', '"}`')),
    "Python, join": ("text/x-python", _pieces('", "', 'a = "".join(["', '"])')),
    "Python, names of signs": (
        "text/x-python",
        _letters(lambda c: f"\\N{{{unicodedata.name(c)}}}", "", 'a = "', '"'),
    ),
    "Ruby": ("text/x-ruby", _pieces('" << "', 'a = "', '"')),
    "Rust": ("text/x-rust", _pieces('", "', 'concat!("', '")')),
    "Perl": ("text/x-perl", _each("\\x{%x}", "", '$a = "', '";')),
    "Perl, dots": ("text/x-perl", _pieces("' . '", "$a = '", "';")),
    "Lua": ("text/x-lua", _pieces('" .. "', 'a = "', '"')),
    "Lua, numbers": ("text/x-lua", _each("\\%03d", "", 'a = "', '"')),
    "MATLAB": (PLAIN, _each("%d", " ", "a = char([", "]);")),
    "bash, quoted": ("text/x-shellscript", _each("\\x%02x", "", "a=$'", "'")),
    "printf": ("text/x-shellscript", _each("\\%03o", "", "printf '", "'")),
    "batch, sets": ("text/plain", _pieces("\r\nset a=%a%", "set a=", "\r\n")),
    "SQL, CONCAT": (PLAIN, _pieces("','", "SELECT CONCAT('", "')")),
    "SQL, bars": (PLAIN, _pieces("' || '", "SELECT '", "'")),
    "CSS": ("text/css", _each("\\%06x", "", "a::before{content:'", "'}")),
    "HTML, numbers": ("text/html", _each("&#%d;", "", "<p>", "</p>")),
    "HTML, hex": ("text/html", _each("&#x%x;", "", "<p>", "</p>")),
    "HTML, no end": ("text/html", _each("&#%d", "", "<p>", "</p>")),
    "HTML, zeros": ("text/html", _each("&#%08d;", "", "<p>", "</p>")),
    "HTML, letters": ("text/html", _letters(lambda c: f"<span>{c}</span>", "", "<p>", "</p>")),
    "HTML, attribute": ("text/html", _pieces("", '<p data-note="', '"></p>')),
    "HTML, turned": ("text/html", lambda d: b'<bdo dir="rtl">' + d[::-1] + b"</bdo>"),
    "SVG, spans": (
        "image/svg+xml",
        _letters(lambda c: f"<tspan>{c}</tspan>", "", "<svg><text>", "</text></svg>"),
    ),
    "MathML": (
        "application/xml",
        _letters(lambda c: f"<mi>{c}</mi>", "", "<math><mrow>", "</mrow></math>"),
    ),
    "LaTeX, signs": ("application/x-tex", _each("\\char%d ")),
    "LaTeX, symbols": ("application/x-tex", _each("\\symbol{%d}")),
    "TeX": ("application/x-tex", _each("^^%02x")),
    "roff": (PLAIN, _each("\\N'%d'")),
    "Markdown, strong": ("text/markdown", _pieces("****", "**", "**")),
    "Markdown, escapes": (
        "text/markdown",
        lambda d: b"".join(b"\\" + bytes([b]) if b in b".,-_*" else bytes([b]) for b in d),
    ),
    "reStructuredText": ("text/x-rst", _pieces("\\ ")),
    "wiki": (PLAIN, _pieces("<nowiki/>")),
    "BBCode": (PLAIN, _pieces("[/b][b]", "[b]", "[/b]")),
    "PostScript": ("application/postscript", _each("\\%03o", "", "%!PS\n(", ") show")),
    "PostScript, hex": (
        "application/postscript",
        lambda d: b"%!PS\n<" + d.hex().encode() + b"> show",
    ),
    "U and plus": (PLAIN, _each("U+%04X", " ")),
    "patch of JSON": (
        "application/json-patch+json",
        _values(
            lambda d: [
                {"op": "add", "path": f"/{n}", "value": piece} for n, piece in enumerate(_cut(d, 1))
            ]
        ),
    ),
    "pairs": (JSON, _values(lambda d: [[n, piece] for n, piece in enumerate(_cut(d, 1))])),
    "objects of letters": (JSON, _values(lambda d: [{"c": piece} for piece in _cut(d, 1)])),
    "objects of numbers": (JSON, _values(lambda d: [{"c": byte} for byte in d])),
    "objects of pieces": (JSON, _values(lambda d: [{"text": piece} for piece in _cut(d, 6)])),
    "a linked list": (JSON, _values(_linked)),
    "pieces in a list": (JSON, _values(lambda d: _cut(d, 5))),
    "pieces by key": (JSON, _values(lambda d: {f"p{n}": p for n, p in enumerate(_cut(d, 5))})),
    "keys that are pieces": (JSON, _values(lambda d: dict.fromkeys(_cut(d, 40), 1))),
    "exponents": (JSON, lambda d: b"[" + b",".join(b"%de-1" % (b * 10) for b in d) + b"]"),
    "signed bytes": (JSON, _values(lambda d: [b - 256 for b in d])),
    "bits in a list": (JSON, _values(lambda d: [int(x) for b in d for x in f"{b:08b}"])),
    "truths": (JSON, _values(lambda d: [x == "1" for b in d for x in f"{b:08b}"])),
    "numbers of two bytes": (JSON, _values(_words(2))),
    "numbers of three bytes": (JSON, _values(_words(3))),
    "numbers of eight bytes": (JSON, _values(_words(8))),
    "numbers of eight bytes, texts": (JSON, _values(lambda d: [str(n) for n in _words(8)(d)])),
    "hex of four bytes": (JSON, _values(lambda d: [f"{n:#010x}" for n in _words(4)(d)])),
    "numbers plus a thousand": (JSON, _values(lambda d: [b + 1000 for b in d])),
    "steps": (JSON, _values(lambda d: [b - a for a, b in zip(b"\0" + d, d, strict=False)])),
    "lines of letters": (PLAIN, _pieces("\n", size=1)),
    "lines of pieces": (PLAIN, _pieces("\n", size=7)),
    "blanks between": (PLAIN, _pieces(" ", size=1)),
    "lines below between": (PLAIN, _pieces("_", size=1)),
    "bars between": (PLAIN, _pieces("|", size=1)),
    "stars between": (PLAIN, _pieces("*", size=2)),
    "rows of letters": ("text/csv", _rows),
    "lines of JSON": (
        "application/x-ndjson",
        lambda d: "".join(json.dumps({"t": p}) + "\n" for p in _cut(d, 6)).encode(),
    ),
    "events": ("text/event-stream", _events),
    "form of pieces": ("application/x-www-form-urlencoded", _form),
    "form of a name": (
        "application/x-www-form-urlencoded",
        lambda d: quote_plus(d).encode() + b"=1",
    ),
    "SAML": ("application/x-www-form-urlencoded", _saml),
    "part of base64": (
        "multipart/form-data; boundary=b",
        lambda d: _in_kind(b"base64", base64.b64encode(d)),
    ),
    "part of quoted-printable": (
        "multipart/form-data; boundary=b",
        lambda d: _in_kind(b"quoted-printable", b"".join(b"=%02X" % b for b in d)),
    ),
    "part of uuencode": (
        "multipart/form-data; boundary=b",
        lambda d: _in_kind(
            b"x-uuencode",
            b"begin 644 a\n"
            + b"".join(binascii.b2a_uu(d[n : n + 45]) for n in range(0, len(d), 45))
            + b"`\nend\n",
        ),
    ),
    "a data address": (PLAIN, lambda d: b"see data:text/plain;base64," + base64.b64encode(d)),
    "a mail address": (PLAIN, lambda d: b"mailto:a@b.example?body=" + quote(d).encode()),
    "GraphQL": (JSON, _values(lambda d: {"query": 'mutation{a(t:"""' + d.decode() + '"""){id}}'})),
    "XML-RPC": (
        "text/xml",
        lambda d: (
            b"<methodCall><params><param><value><base64>"
            + base64.b64encode(d)
            + b"</base64></value></param></params></methodCall>"
        ),
    ),
    "hexBinary": (
        "text/xml",
        lambda d: b'<a xsi:type="xsd:hexBinary">' + d.hex().upper().encode() + b"</a>",
    ),
    "XML, attributes": ("text/xml", _pieces('"/><p v="', '<r><p v="', '"/></r>')),
    "XML, numbers": ("text/xml", _each("&#%d;", "", "<r>", "</r>")),
    "property list of NeXT": (PLAIN, lambda d: b"{ note = <" + d.hex(" ", 4).encode() + b">; }"),
    "HAR": (
        JSON,
        _values(
            lambda d: {
                "log": {
                    "entries": [
                        {
                            "response": {
                                "content": {
                                    "encoding": "base64",
                                    "text": base64.b64encode(d).decode(),
                                }
                            }
                        }
                    ]
                }
            }
        ),
    ),
    "a notebook": (
        JSON,
        _values(
            lambda d: {
                "nbformat": 4,
                "cells": [{"cell_type": "code", "source": _cut(d, 20), "outputs": []}],
            }
        ),
    ),
    "patch of Git": ("text/x-diff", _git_patch),
    "patch, lines": ("text/x-diff", _pieces("\n+", "--- a\n+++ b\n@@ -0,0 +1 @@\n+", "\n", 9)),
    "Ion": (PLAIN, lambda d: b"{note: {{" + base64.b64encode(d) + b"}}}"),
    "EDIFACT": (
        PLAIN,
        lambda d: b"UNA:+.? '\nFTX+AAI+++" + d.replace(b",", b"?,").replace(b" ", b"? ") + b"'",
    ),
    "HL7, escapes": (
        PLAIN,
        lambda d: b"MSH|^~\\&|a|b\rNTE|1||\\X" + d.hex().upper().encode() + b"\\\r",
    ),
    "yEnc": (PLAIN, _yenc),
    "eleven bits a letter": (PLAIN, _base2048),
    "flags": (
        PLAIN,
        _letters(
            lambda c: (
                chr(0x1F1E6 + ord(c) - 65)
                if c.isupper()
                else (c + "\ufe0f\u20e3" if c.isdigit() else c)
            )
        ),
    ),
    "circled": (
        PLAIN,
        _letters(
            lambda c: (
                chr(0x24B6 + ord(c) - 65)
                if c.isupper()
                else (
                    chr(0x2460 + int(c) - 1)
                    if c.isdigit() and c != "0"
                    else "\u24ea"
                    if c == "0"
                    else c
                )
            )
        ),
    ),
    "raised": (PLAIN, _letters(lambda c: "⁰¹²³⁴⁵⁶⁷⁸⁹"[int(c)] if c.isdigit() else c)),
    "lowered": (PLAIN, _letters(lambda c: chr(0x2080 + int(c)) if c.isdigit() else c)),
    "Cyrillic": (PLAIN, _letters(lambda c: {"D": "D", "E": "\u0415", "C": "\u0421"}.get(c, c))),
    "Chinese digits": (
        PLAIN,
        _letters(lambda c: "〇一二三四五六七八九"[int(c)] if c.isdigit() else c),
    ),
    "Mongolian digits": (PLAIN, _letters(lambda c: chr(0x1810 + int(c)) if c.isdigit() else c)),
}
"""Media type, and the text that a reader of this type understands."""
