"""Formats of texts in which a reader of theirs puts a text together that stands in them otherwise:
its media type, and the text that is sent.
"""

import base64
import json
import textwrap
from collections.abc import Callable, Mapping
from urllib.parse import quote

from hold_out_texts import utf7

type Write = Callable[[bytes], bytes]


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
    "JavaScript, plus": ("application/javascript", _broken_lines('a = "', '" + "')),
    "PHP, dots": ("application/x-php", _broken_lines('$a = "', '" . "')),
    "Visual Basic, ampersands": ("text/plain", _broken_lines('a = "', '" & "')),
    "shell, quotes": ("text/x-shellscript", _broken_lines('a="', '""')),
    "shell, lines": ("text/x-shellscript", _broken_lines('a="', "\\\n")),
    "XML, CDATA": ("application/xml", _xml_parts("<![CDATA[", "]]>")),
    "XML, comments": ("application/xml", _xml_parts("<!-- x -->", "")),
    "XML, instructions": ("application/xml", _xml_parts("<?x y?>", "")),
    "XML, elements": ("application/xml", _xml_parts("</b><b>", "")),
    "HTML, bold": ("text/html", _xml_parts("<b></b>", "")),
    "HTML, break": ("text/html", _xml_parts("<wbr>", "")),
    "XML, entities": ("application/xml", _entity),
    "XML, UTF-16": (
        "application/xml",
        lambda d: ('<?xml version="1.0" encoding="utf-16"?><r>' + d.decode() + "</r>").encode("utf-16"),
    ),
    "XML, called UTF-7": (
        "application/xml",
        lambda d: b'<?xml version="1.0" encoding="utf-7"?><r>' + utf7(d) + b"</r>",
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
        lambda d: (
            b"{\\rtf1 " + b"".join(b"{\\b %b}" % d[n : n + 6] for n in range(0, len(d), 6)) + b"}"
        ),
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
    "properties of Java": (
        "text/plain", lambda d: b"note=" + b"".join(b"\\u%04x" % b for b in d) + b"\n",
    ),
    "properties of Java, lines": (
        "text/plain", lambda d: b"note=" + b"\\\n    ".join(
            d[at : at + 6] for at in range(0, len(d), 6)) + b"\n",
    ),
    "CSV, UTF-16": ("text/csv", lambda d: ("id,note\n1," + d.decode() + "\n").encode("utf-16")),
}  # fmt: skip
"""Media type, and the text that a reader of this type understands."""
