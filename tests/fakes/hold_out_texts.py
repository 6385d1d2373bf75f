"""More ways to write a text than `unread_packings` holds: spellings, letters that look alike,
charsets. Each function returns what another program turns back into the text.
"""

import base64
import codecs
import json
import textwrap
import unicodedata
from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import quote

type Write = Callable[[bytes], bytes]


def _each(form: str, by: str = "") -> Write:
    """Every byte by its number."""
    return lambda data: by.join(form % byte for byte in data).encode()


def _shifted(first: int) -> Write:
    """Every letter as another sign, so many behind it."""
    return lambda data: "".join(chr(first + byte) for byte in data).encode()


def _styled(name: str, digits: str) -> Write:
    """Letters and digits of another style, which compatibility folding undoes."""

    def one(char: str) -> str:
        if char.isdigit():
            return unicodedata.lookup(f"{digits} DIGIT {unicodedata.name(char).split()[1]}")
        if char.isascii() and char.isalpha():
            case = "CAPITAL" if char.isupper() else "SMALL"
            try:
                return unicodedata.lookup(f"{name} {case} {char.upper()}")
            except KeyError:
                return char
        return char

    return lambda data: "".join(map(one, data.decode())).encode()


def _between(sign: str) -> Write:
    """A sign between all letters."""
    return lambda data: sign.join(data.decode()).encode()


def _number(base: int) -> Write:
    """The whole text as one number."""

    def written(data: bytes) -> bytes:
        number, digits = int.from_bytes(data), "0123456789abcdefghijklmnopqrstuvwxyz"
        out = ""
        while number:
            number, at = divmod(number, base)
            out = digits[at] + out
        return out.encode()

    return written


def _in_base(letters: str) -> Write:
    """A number written by these letters, as base58 and its kin."""

    def written(data: bytes) -> bytes:
        number, out = int.from_bytes(data), ""
        while number:
            number, at = divmod(number, len(letters))
            out = letters[at] + out
        return out.encode()

    return written


def _base45(data: bytes) -> bytes:
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
    out = ""
    for at in range(0, len(data), 2):
        number = int.from_bytes(data[at : at + 2])
        for _ in range(len(data[at : at + 2]) + 1):
            number, letter = divmod(number, 45)
            out += letters[letter]
    return out.encode()


def _z85(data: bytes) -> bytes:
    table = bytes.maketrans(
        b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~",
        b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#",
    )
    return base64.b85encode(data).translate(table)


def _base64_by(letters: bytes) -> Write:
    usual = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    table = bytes.maketrans(usual, letters)
    return lambda data: base64.b64encode(data).rstrip(b"=").translate(table)


def _hexdump(data: bytes) -> bytes:
    rows = (data[at : at + 16] for at in range(0, len(data), 16))
    return "".join(
        f"{n * 16:08x}  {row[:8].hex(' ')}  {row[8:].hex(' ')}  |{row.decode('latin-1')}|\n"
        for n, row in enumerate(rows)
    ).encode()


def _xxd(data: bytes) -> bytes:
    rows = (data[at : at + 16] for at in range(0, len(data), 16))
    return "".join(f"{n * 16:08x}: {row.hex(' ', 2)}\n" for n, row in enumerate(rows)).encode()


def _od(data: bytes) -> bytes:
    rows = (data[at : at + 16] for at in range(0, len(data), 16))
    return "".join(
        f"{n * 16:07o} {' '.join(f'{byte:03o}' for byte in row)}\n" for n, row in enumerate(rows)
    ).encode()


def _intel_hex(data: bytes) -> bytes:
    out = ""
    for at in range(0, len(data), 16):
        row = bytes([len(data[at : at + 16])]) + at.to_bytes(2) + b"\0" + data[at : at + 16]
        out += f":{row.hex().upper()}{-sum(row) & 255:02X}\n"
    return (out + ":00000001FF\n").encode()


def _s_records(data: bytes) -> bytes:
    out = "S00600004844521B\n"
    for at in range(0, len(data), 16):
        row = bytes([len(data[at : at + 16]) + 3]) + at.to_bytes(2) + data[at : at + 16]
        out += f"S1{row.hex().upper()}{~sum(row) & 255:02X}\n"
    return (out + "S9030000FC\n").encode()


def _xx(data: bytes) -> bytes:
    letters = b"+-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    out = b"begin 644 a.txt\n"
    for at in range(0, len(data), 45):
        row = data[at : at + 45]
        body = base64.b64encode(row + bytes(-len(row) % 3)).translate(
            bytes.maketrans(
                b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", letters
            )
        )
        out += bytes([letters[len(row)]]) + body + b"\n"
    return out + b"+\nend\n"


def _encoded_words(way: str) -> Write:
    def written(data: bytes) -> bytes:
        words = textwrap.wrap(data.decode(), 30, drop_whitespace=False)
        if way == "B":
            return b" ".join(
                b"=?utf-8?B?" + base64.b64encode(word.encode()) + b"?=" for word in words
            )
        return b" ".join(
            b"=?utf-8?Q?" + "".join(f"={byte:02X}" for byte in word.encode()).encode() + b"?="
            for word in words
        )

    return written


def utf7(data: bytes) -> bytes:
    return b"+" + base64.b64encode(data.decode().encode("utf-16-be")).rstrip(b"=") + b"-"


def _ids(data: bytes) -> bytes:
    whole = data + bytes(-len(data) % 16)
    blocks = (whole[at : at + 16].hex() for at in range(0, len(whole), 16))
    ids = [f"{b[:8]}-{b[8:12]}-{b[12:16]}-{b[16:20]}-{b[20:]}" for b in blocks]
    return json.dumps({"ids": ids}).encode()


def _by(size: int, form: Callable[[bytes], str]) -> Write:
    """The text in pieces of so many bytes, each written as something harmless, in JSON."""

    def written(data: bytes) -> bytes:
        whole = data + bytes(-len(data) % size)
        pieces = [form(whole[at : at + size]) for at in range(0, len(whole), size)]
        return json.dumps({"list": pieces}).encode()

    return written


SPELLINGS: Mapping[str, Write] = {
    "base36 of one number": _number(36),
    "a decimal number": _number(10),
    "bits without blanks": lambda d: "".join(f"{byte:08b}" for byte in d).encode(),
    "base58": _in_base("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"),
    "base62": _in_base("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
    "base45": _base45,
    "Z85": _z85,
    "base64 of IMAP": _base64_by(
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,"
    ),
    "Crockford's base32": lambda d: (
        base64.b32encode(d)
        .rstrip(b"=")
        .translate(
            bytes.maketrans(
                b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"
            )
        )
    ),
    "z-base-32": lambda d: (
        base64.b32encode(d)
        .rstrip(b"=")
        .translate(
            bytes.maketrans(
                b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"ybndrfg8ejkmcpqxot1uwisza345h769"
            )
        )
    ),
    "hexdump -C": _hexdump,
    "xxd": _xxd,
    "od": _od,
    "Intel HEX": _intel_hex,
    "S-records": _s_records,
    "xxencode": _xx,
    "PEM": lambda d: (
        b"-----BEGIN NOTE-----\n" + base64.encodebytes(d) + b"-----END NOTE-----\n"
    ),
    "percent twice": lambda d: quote(quote(d.decode(), safe="").replace("C", "%43")).encode(),
    "percent three times": lambda d: b"".join(b"%%2525%02X" % byte for byte in d),
    "encoded words, B": _encoded_words("B"),
    "encoded words, Q": _encoded_words("Q"),
    "quoted-printable in short lines": lambda d: (
        b"=\r\n".join(d[at : at + 7] for at in range(0, len(d), 7))
    ),
    "UTF-7": utf7,
    "PowerShell's -EncodedCommand": lambda d: (
        b"powershell -enc " + base64.b64encode(d.decode().encode("utf-16-le"))
    ),
    "String.fromCharCode": lambda d: (
        b"String.fromCharCode(" + b",".join(b"%d" % byte for byte in d) + b")"
    ),
    "CHR() and bars": _each("CHR(%d)", "||"),
    "char() and plus": _each("char(%d)", "+"),
    "chr() and plus, hex": _each("chr(0x%x)", " + "),
    "literal of SQL": lambda d: b"INSERT INTO t VALUES (x'" + d.hex().encode() + b"');",
    "literal of SQL Server": lambda d: b"SELECT 0x" + d.hex().encode(),
    "bytea of PostgreSQL": lambda d: (
        b"COPY t FROM stdin;\n1\t\\\\x" + d.hex().encode() + b"\n\\.\n"
    ),
    "letters in a list": lambda d: json.dumps(list(d.decode())).encode(),
    "letters joined by plus": lambda d: b" + ".join(b'"%c"' % byte for byte in d),
    "letters by place": lambda d: json.dumps({str(n): c for n, c in enumerate(d)}).encode(),
    "letters as fractions": lambda d: json.dumps([float(byte) for byte in d]).encode(),
    "letters as texts of numbers": lambda d: json.dumps([str(byte) for byte in d]).encode(),
    "letters as lists of one": lambda d: json.dumps([[byte] for byte in d]).encode(),
    "a Buffer of Node": lambda d: json.dumps({"type": "Buffer", "data": [*d]}).encode(),
    "ids": _ids,
    "addresses of IPv6": _by(
        16, lambda b: ":".join(b[at : at + 2].hex() for at in range(0, 16, 2))
    ),
    "addresses of IPv4": _by(4, lambda b: ".".join(map(str, b))),
    "addresses of Ethernet": _by(6, lambda b: b.hex(":")),
    "addresses of Ethernet, dashed": _by(6, lambda b: b.hex("-").upper()),
    "colours": _by(3, lambda b: f"#{b.hex()}"),
    "numbers of four bytes": lambda d: json.dumps(
        [int.from_bytes(d[at : at + 4]) for at in range(0, len(d), 4)]
    ).encode(),
    "numbers of four bytes, turned": lambda d: json.dumps(
        [int.from_bytes(d[at : at + 4], "little") for at in range(0, len(d), 4)]
    ).encode(),
    "hex in a list": lambda d: json.dumps([f"{byte:02x}" for byte in d]).encode(),
    "base64 in a list": lambda d: json.dumps(
        textwrap.wrap(base64.b64encode(d).decode(), 20)
    ).encode(),
    "octets of C": _each("'\\x%02x'", ","),
    "octal in lists of Go": lambda d: (
        b"[]byte{" + b", ".join(b"0%o" % byte for byte in d) + b"}"
    ),
    "hex with backslashes": _each("\\x%02x"),
    "a token of JSON": lambda d: b".".join(
        base64.urlsafe_b64encode(part).rstrip(b"=")
        for part in (b'{"alg":"none"}', json.dumps({"note": d.decode()}).encode(), b"x" * 32)
    ),
    "puny": lambda d: ("\u00fc" + d.decode()).encode("punycode"),
}  # fmt: skip
"""Bytes to letters."""
CHARSETS: Mapping[str, Write] = {
    name: partial(lambda charset, data: codecs.encode(data.decode(), charset), name)
    for name in (
        "utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be utf-7 utf-8-sig cp037 cp500 cp1140"
        " cp273 iso2022_jp hz shift_jis"
    ).split()
} | {
    "fullwidth in Shift JIS": lambda d: (
        "".join(chr(b + 0xFEE0) if b > 32 else chr(b) for b in d).encode("shift_jis")
    ),
    "fullwidth in GBK": lambda d: (
        "".join(chr(b + 0xFEE0) if b > 32 else chr(b) for b in d).encode("gbk")
    ),
    "fullwidth in EUC": lambda d: (
        "".join(chr(b + 0xFEE0) if b > 32 else chr(b) for b in d).encode("euc-jp")
    ),
    "utf-16, one byte before": lambda d: b"\n" + d.decode().encode("utf-16-le"),
    "utf-16, text before": lambda d: b"subject: x\n\n" + d.decode().encode("utf-16-le"),
    "utf-16 between text": lambda d: b"a=1\r\n" + d.decode().encode("utf-16-be") + b"\r\nb=2",
    "utf-32, text before": lambda d: b"subject: x\n\n" + d.decode().encode("utf-32-le"),
    "zeros between": lambda d: b"\0\0".join(bytes([byte]) for byte in d),
    "overlong digits": lambda d: b"".join(bytes((0xC0 | b >> 6, 0x80 | b & 63)) for b in d),
    "overlong digits of three": lambda d: b"".join(
        bytes((0xE0, 0x80 | b >> 6, 0x80 | b & 63)) for b in d
    ),
    "high bits set": lambda d: bytes(byte | 0x80 for byte in d),
    "tags": _shifted(0xE0000),
    "selectors": lambda d: (
        "\U0001f642"
        + "".join(chr(0xFE00 + b if b < 16 else 0xE0100 + b - 16) for b in d)
    ).encode(),
    "braille": _shifted(0x2800),
    "private letters": _shifted(0xE000),
    "mathematical": _styled("MATHEMATICAL BOLD", "MATHEMATICAL BOLD"),
    "monospace": _styled("MATHEMATICAL MONOSPACE", "MATHEMATICAL MONOSPACE"),
    "script": _styled("MATHEMATICAL BOLD SCRIPT", "MATHEMATICAL DOUBLE-STRUCK"),
    "fullwidth": _styled("FULLWIDTH LATIN", "FULLWIDTH"),
    "Arabic digits": _styled("LATIN", "ARABIC-INDIC"),
    "Devanagari digits": _styled("LATIN", "DEVANAGARI"),
    "segmented digits": _styled("LATIN", "SEGMENTED"),
    "NKo digits": _styled("LATIN", "NKO"),
    "squared": _styled("SQUARED LATIN", "FULLWIDTH"),
    "negative circled": _styled("NEGATIVE CIRCLED LATIN", "FULLWIDTH"),
    "soft hyphens": _between("\u00ad"),
    "joiners": _between("\u2060"),
    "marks of direction": _between("\u202d"),
    "accents": _between("\u0301"),
    "selectors between": _between("\ufe0f"),
    "hair spaces": _between("\u200a"),
    "zeros": _between("\0"),
    "bells": _between("\a"),
    "backspaces": lambda d: b"".join(b"x\b" + bytes([byte]) for byte in d),
    "colours of a terminal": lambda d: (
        b"".join(b"\x1b[3%dm%c" % (n % 8, b) for n, b in enumerate(d))
    ),
    "invisible bits": lambda d: "".join(
        "\u200b" if bit == "0" else "\u200c" for byte in d for bit in f"{byte:08b}"
    ).encode(),
}  # fmt: skip
"""Signs to bytes, and signs that look alike."""
