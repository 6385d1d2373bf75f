"""Short texts that readers and detectors look at, to be repeated until they are dear; and the
carriers that they come in.
"""

import json
from collections.abc import Callable

from made_up_traffic import exchange

from core.exchange import Exchange

UNITS = (
    *("{'a': 'b'}, ", '{"a": "b"}\n', "{{a}}", "[[", "[{", "{a:", "(1,'a'),", "[1, 2], ", "true,"),
    *("<a b='c'/>", "<a>b</a>", "<tr><td>a</td></tr>", "<td>x", "a,b,c\n", "a\tb\tc\n", "a|b|c\n"),
    *("|a|b|\n|---|---|\n", "| a | b |\n", "\\begin{tabular}", "k=v; ", "a: b\n", "- a: b\n"),
    *(
        "a: b | ",
        "INSERT INTO t VALUES (1,2);\n",
        "COPY t (a,b) FROM stdin;\na\tb\n",
        "date(1,2,3), ",
    ),
    *(
        "BEGIN:VCARD\nFN:a\nEND:VCARD\n",
        "MSH|^~\\&|a\rPID|1||2^^^3\r",
        "a  b  c\n",
        "  a  b\n0 c  d\n",
    ),
    *('{"resourceType":"Patient"} ', "a=1&b=2&", "a.b.c ", "x:y ", "a\\n", '\\"', "\\u0041", "%41"),
    *(
        "&amp;",
        "=41=42",
        "```\n",
        "a@b.de ",
        "a@a.",
        "1.2.3.4 ",
        "+49 30 1 ",
        "4111-1111-1111-1111 ",
    ),
    *(
        "12 ",
        "1e5,",
        "deadbeef",
        "DEADBEEF ",
        "AA BB ",
        "a_b ",
        "aB",
        "Aa Bb ",
        "Herr A ",
        "name: A B\n",
    ),
    *("1980-01-01 ", "key=", "secret: 'x' ", "password is ", "--password a ", "https://a:b@c "),
    *("eyJ.eyJ.x ", "-----BEGIN A-----\n", "QUJDREVGR0hJSktMTU5P ", "MFRGG", "one two ", "\u200b"),
    *("a\u0301", "é", "日", "\x1b[0m", "-0.5 \x1b[0m", "\x00", "\x01", "A-straße 1 ", "DE02 1203 "),
    *("tel. 1 ", "From: a\n", "=?utf-8?q?a?= ", "begin 644 a\n", "0x41 ", "65,66,", "U+0041 ", "'"),
)


def _values(text: str) -> Exchange:
    return exchange(json.dumps([{"note": text[at : at + 40]} for at in range(0, len(text), 40)]))


def _keys(text: str) -> Exchange:
    return exchange(json.dumps({text[at : at + 12] + str(at): 1 for at in range(0, len(text), 12)}))


FORM = "application/x-www-form-urlencoded"
HOSTILE_CARRIERS: dict[str, Callable[[str], Exchange]] = {
    "prompt": lambda t: exchange(json.dumps({"messages": [{"role": "user", "content": t}]})),
    "text": lambda t: exchange(t, "text/plain"),
    "broken json": lambda t: exchange(f"[{t}1]"),
    "form": lambda t: exchange(f"a={t}", FORM),
    "xml": lambda t: exchange(f"<r>{t}</r>", "application/xml"),
    "csv": lambda t: exchange(t, "text/csv"),
    "keys": _keys,
    "values": _values,
    "address": lambda t: exchange(path="/?q=" + t.replace("\n", "%0a")),
    "header": lambda t: exchange(headers={"x-a": t.replace("\n", " ")}),
}


def repeated(unit: str, size: int) -> str:
    """Return the unit again and again, of about so many bytes in UTF-8."""
    return unit * max(1, size // len(unit.encode()))
