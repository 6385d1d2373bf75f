"""More ways to write a text than `unread_packings` holds: spellings, charsets, literals of programs,
formats of texts. Each function returns what another program turns back into the text.
"""

import base64
import codecs
import json
import quopri
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


def _utf7(data: bytes) -> bytes:
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


def _yaml_folded(data: bytes) -> bytes:
    words = data.decode().split(" ")
    return ("note: >-\n" + "".join(f"  {word}\n" for word in words)).encode()


def _broken_lines(before: str, behind: str, size: int = 8) -> Write:
    """A literal of a program over several lines that its reader puts together."""
    return lambda data: (
        before + behind.join(textwrap.wrap(data.decode(), size, drop_whitespace=False)) + '"'
    ).encode()


def _xml_parts(behind: str, before: str) -> Write:
    return lambda data: (
        f"<r><note>{(behind + before).join(textwrap.wrap(data.decode(), 6, drop_whitespace=False))}"
        "</note></r>"
    ).encode()


def _entity(data: bytes) -> bytes:
    return (
        b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "' + data[:31] + b'"><!ENTITY b "'
        + data[31:] + b'">]><r>&a;&b;</r>'
    )  # fmt: skip


SPELLINGS: Mapping[str, Write] = {
    "base16 upside down bits": _each("%08o", " "),
    "base36 of one number": _number(36),
    "a decimal number": _number(10),
    "a number of base 8": _number(8),
    "bits without blanks": _each("%08d"),
    "base58": _in_base("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"),
    "base58 of Ripple": _in_base("rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"),
    "base62": _in_base("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
    "base45": _base45,
    "Z85": _z85,
    "base64 of IMAP": _base64_by(
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,"
    ),
    "base64 of crypt": _base64_by(
        b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    ),
    "base64 of bcrypt": _base64_by(
        b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    ),
    "base64 of BinHex": _base64_by(
        b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"
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
    "quoted-printable of quoted-printable": lambda d: quopri.encodestring(
        b"".join(b"=%02X" % byte for byte in d)
    ),
    "UTF-7": _utf7,
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
    "bytea of PostgreSQL": lambda d: b"COPY t FROM stdin;\n1\t\\\\x" + d.hex().encode() + b"\n\\.\n",
    "letters in a list": lambda d: json.dumps(list(d.decode())).encode(),
    "letters joined by plus": lambda d: b" + ".join(b'"%c"' % byte for byte in d),
    "letters by place": lambda d: json.dumps({str(n): c for n, c in enumerate(d)}).encode(),
    "letters as fractions": lambda d: json.dumps([float(byte) for byte in d]).encode(),
    "letters as texts of numbers": lambda d: json.dumps([str(byte) for byte in d]).encode(),
    "letters as records": lambda d: json.dumps([{"c": chr(byte)} for byte in d]).encode(),
    "letters as records of numbers": lambda d: json.dumps([{"v": byte} for byte in d]).encode(),
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
    "numbers of eight bytes": lambda d: json.dumps(
        [int.from_bytes(d[at : at + 8]) for at in range(0, len(d), 8)]
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
    "base64 with a percent sign for plus": lambda d: quote(
        base64.b64encode(d * 2 + b"\xfb\xff\xfe").decode(), safe=""
    ).encode(),
    "a token of JSON": lambda d: b".".join(
        base64.urlsafe_b64encode(part).rstrip(b"=")
        for part in (b'{"alg":"none"}', json.dumps({"note": d.decode()}).encode(), b"x" * 32)
    ),
    "text from behind in base64": lambda d: base64.b64encode(d)[::-1],
    "swapped case base64": lambda d: base64.b64encode(d).swapcase(),
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
    "colours of a terminal": lambda d: b"".join(b"\x1b[3%dm%c" % (n % 8, b) for n, b in enumerate(d)),
    "invisible bits": lambda d: "".join(
        "\u200b" if bit == "0" else "\u200c" for byte in d for bit in f"{byte:08b}"
    ).encode(),
    "blanks and tabs": lambda d: "".join(
        " " if bit == "0" else "\t" for byte in d for bit in f"{byte:08b}"
    ).encode(),
    "letters of the Greeks": lambda d: d.decode().translate(
        str.maketrans("ABEHIKMNOPTXYZo", "\u0391\u0392\u0395\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a7\u03a5\u0396\u03bf")
    ).encode(),
}  # fmt: skip
"""Signs to bytes, and signs that look alike."""
FORMATS: Mapping[str, tuple[str, Write]] = {
    "YAML, folded": ("application/yaml", _yaml_folded),
    "YAML, binary": (
        "application/yaml",
        lambda d: b"note: !!binary |\n  " + base64.b64encode(d)[:40] + b"\n  "
        + base64.b64encode(d)[40:] + b"\n",
    ),
    "YAML, escapes": (
        "application/yaml",
        lambda d: b'note: "' + b"".join(b"\\x%02x" % b for b in d) + b'"\n',
    ),
    "YAML, anchors": (
        "application/yaml",
        lambda d: b"a: &a\n  note: '" + d + b"'\nb:\n  <<: *a\n",
    ),
    "YAML, key": ("application/yaml", lambda d: b"? '" + d + b"'\n: 1\n"),
    "YAML, comment": ("application/yaml", lambda d: b"a: 1 # " + d + b"\n"),
    "YAML, tag": ("application/yaml", lambda d: b"a: !<tag:" + quote(d).encode() + b"> 1\n"),
    "YAML, broken lines": ("application/yaml", _broken_lines('note: "', "\\\n  ")),
    "TOML, broken lines": ("application/toml", _broken_lines('note = """\\\n', "\\\n    ")),
    "JavaScript, broken lines": ("application/javascript", _broken_lines('a = "', "\\\n")),
    "C, broken lines": ("text/x-c", _broken_lines('char *a = "', '"\n    "')),
    "Python, broken lines": ("text/x-python", _broken_lines('a = ("', '"\n     "')),
    "Python, formatted": ("text/x-python", _broken_lines('a = f"', "{''}")),
    "JavaScript, plus": ("application/javascript", _broken_lines('a = "', '" + "')),
    "PHP, dots": ("application/x-php", _broken_lines('$a = "', '" . "')),
    "SQL, bars": ("application/sql", _broken_lines("SELECT 'x' || '", "' || '")),
    "Visual Basic, ampersands": ("text/plain", _broken_lines('a = "', '" & "')),
    "shell, quotes": ("text/x-shellscript", _broken_lines('a="', '""')),
    "shell, lines": ("text/x-shellscript", _broken_lines('a="', "\\\n")),
    "CMD, carets": ("text/plain", _broken_lines('set a="', "^")),
    "TeX, braces": ("text/x-tex", _broken_lines('a "', "{}")),
    "XML, CDATA": ("application/xml", _xml_parts("<![CDATA[", "]]>")),
    "XML, comments": ("application/xml", _xml_parts("<!-- x -->", "")),
    "XML, instructions": ("application/xml", _xml_parts("<?x y?>", "")),
    "XML, elements": ("application/xml", _xml_parts("</b><b>", "")),
    "HTML, bold": ("text/html", _xml_parts("<b></b>", "")),
    "HTML, hidden": ("text/html", _xml_parts('<span style="display:none">x</span>', "")),
    "HTML, break": ("text/html", _xml_parts("<wbr>", "")),
    "XML, entities": ("application/xml", _entity),
    "XML, UTF-16": (
        "application/xml",
        lambda d: ('<?xml version="1.0" encoding="utf-16"?><r>' + d.decode() + "</r>").encode("utf-16"),
    ),
    "XML, called UTF-7": (
        "application/xml",
        lambda d: b'<?xml version="1.0" encoding="utf-7"?><r>' + _utf7(d) + b"</r>",
    ),
    "XML, called EBCDIC": (
        "application/xml",
        lambda d: ('<?xml version="1.0" encoding="cp037"?><r>' + d.decode() + "</r>").encode("cp037"),
    ),
    "JSON5": ("application/json5", lambda d: b"{a: '" + d + b"', /* x */}"),
    "JSON, comment": ("application/json", lambda d: b'{"a": 1 /* ' + d + b" */}"),
    "JSON, mark of order": ("application/json", lambda d: b'\xef\xbb\xbf{"a": "' + d + b'"}'),
    "JSON, UTF-16": (
        "application/json", lambda d: json.dumps({"a": d.decode()}).encode("utf-16-le"),
    ),
    "JSON, UTF-32": ("application/json", lambda d: json.dumps({"a": d.decode()}).encode("utf-32")),
    "JSON, sequence": ("application/json-seq", lambda d: b'\x1e{"a":1}\n\x1e{"a":"' + d + b'"}\n'),
    "JSON, joined": ("application/json", lambda d: b'{"a":1}{"a":"' + d + b'"}'),
    "JSON, cut": ("application/json", lambda d: b'{"a":[{"b":"' + d),
    "JSON, halves of surrogates": (
        "application/json", lambda d: b'{"a":"\\ud800' + d + b'\\udc00"}',
    ),
    "JSON, twice": (
        "application/json", lambda d: b'{"a":"' + d + b'","a":"x"}',
    ),
    "JSON in JSON in JSON": (
        "application/json",
        lambda d: json.dumps({"a": json.dumps({"b": json.dumps({"c": d.decode()})})}).encode(),
    ),
    "JSON, a guard before": ("application/json", lambda d: b")]}',\n{\"a\":\"" + d + b'"}'),
    "JSON, called back": ("application/javascript", lambda d: b'cb({"a":"' + d + b'"})'),
    "events": ("text/event-stream", lambda d: b"data: " + d[:30] + b"\ndata: " + d[30:] + b"\n\n"),
    "INI": ("text/plain", lambda d: b"[a]\nnote=" + d + b"\n"),
    "PHP": ("text/plain", lambda d: b'a:1:{s:4:"note";s:%d:"%b";}' % (len(d), d)),
    "bencode": ("application/x-bittorrent", lambda d: b"d4:note%d:%be" % (len(d), d)),
    "netstrings": ("text/plain", lambda d: b"4:note,%d:%b," % (len(d), d)),
    "EDN": ("application/edn", lambda d: b'{:note "' + d + b'"}'),
    "Lisp": ("text/plain", lambda d: b"(note |" + base64.b64encode(d) + b"|)"),
    "property list": (
        "application/x-plist",
        lambda d: b'<plist version="1.0"><dict><key>a</key><data>' + base64.b64encode(d)
        + b"</data></dict></plist>",
    ),
    "RTF, hex": (
        "application/rtf",
        lambda d: b"{\\rtf1 " + b"".join(b"\\'%02x" % b for b in d) + b"}",
    ),
    "RTF, Unicode": (
        "application/rtf",
        lambda d: b"{\\rtf1 " + b"".join(b"\\u%d?" % b for b in d) + b"}",
    ),
    "RTF, picture": (
        "application/rtf", lambda d: b"{\\rtf1 {\\pict\\pngblip " + d.hex().encode() + b"}}",
    ),
    "RTF, groups": (
        "application/rtf",
        lambda d: b"{\\rtf1 " + b"".join(b"{\\b %b}" % d[at : at + 6] for at in range(0, len(d), 6)) + b"}",
    ),
    "vCard": (
        "text/vcard",
        lambda d: b"BEGIN:VCARD\r\nVERSION:3.0\r\nNOTE;ENCODING=b:"
        + base64.b64encode(d)[:50] + b"\r\n " + base64.b64encode(d)[50:] + b"\r\nEND:VCARD\r\n",
    ),
    "calendar, folded": (
        "text/calendar",
        lambda d: b"BEGIN:VCALENDAR\r\nDESCRIPTION:" + b"\r\n ".join(
            d[at : at + 12] for at in range(0, len(d), 12)) + b"\r\nEND:VCALENDAR\r\n",
    ),
    "LDIF": (
        "text/plain", lambda d: b"dn: cn=a\nnote:: " + base64.b64encode(d)[:50] + b"\n "
        + base64.b64encode(d)[50:] + b"\n",
    ),
    "patch": (
        "text/x-diff", lambda d: b"--- a\n+++ b\n@@ -1 +1 @@\n" + b"".join(
            b"+%b\n" % d[at : at + 40] for at in range(0, len(d), 40)),
    ),
    "git's binary patch": (
        "text/x-diff",
        lambda d: b"GIT binary patch\nliteral %d\nz" % len(d) + base64.b85encode(codecs.encode(d, "zlib")) + b"\n\n",
    ),
    "properties of Java": (
        "text/plain", lambda d: b"note=" + b"".join(b"\\u%04x" % b for b in d) + b"\n",
    ),
    "properties of Java, lines": (
        "text/plain", lambda d: b"note=" + b"\\\n    ".join(
            d[at : at + 6] for at in range(0, len(d), 6)) + b"\n",
    ),
    "CSV, letters": ("text/csv", lambda d: b"n,c\n" + b"".join(b"%d,%c\n" % (n, b) for n, b in enumerate(d))),
    "CSV, numbers": ("text/csv", lambda d: b"n,c\n" + b"".join(b"%d,%d\n" % (n, b) for n, b in enumerate(d))),
    "CSV, UTF-16": ("text/csv", lambda d: ("id,note\n1," + d.decode() + "\n").encode("utf-16")),
}  # fmt: skip
"""Media type, and the text that a reader of this type understands."""
