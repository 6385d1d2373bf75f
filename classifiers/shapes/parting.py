"""What parts a name from its value: attributes and elements, signs of statements and calls,
options, and lines.
"""

import html
import re
from collections.abc import Callable

from classifiers.payload import PlacedText as Cell
from classifiers.shapes.found import trimmed, unquoted

LONGEST_NAME, LONGEST_VALUE = 60, 400
_TAGS = r"(?:\s{0,40}+</?[A-Za-z][^<>]{0,160}+>){1,6}+\s{0,40}+"
_VALUE_ATTRIBUTE = r"\b(?:value|val|v|content|data-value|defaultValue)\s{0,4}=\s{0,4}([\"'])"
_IN_MARKUP = re.compile(rf" ?[:?*]{{0,2}}{_TAGS}")
_ATTRIBUTE_THEN_TEXT = re.compile(rf"[\"'](?:[^<>]{{0,160}}[^/<>])?>(?:{_TAGS})?\s{{0,40}}")
_ATTRIBUTE_THEN_VALUE = re.compile(rf"[\"'][^<>]{{0,160}}?{_VALUE_ATTRIBUTE}")
_INPUT = re.compile(
    rf" ?[:?*]{{0,2}}(?:\s{{0,40}}+</?[A-Za-z][^<>]{{0,160}}+>){{0,4}}?\s{{0,40}}<[A-Za-z][^<>]{{0,160}}?{_VALUE_ATTRIBUTE}"
)
_VALUE_WORD = re.compile(
    r"[\"']?[ \t]{0,4}[,;&]?\s{0,80}[\"']?[\w\[\].-]{0,24}?"
    r"(?:value|val|answer|content|text|data|response|wert|valeur|valor|valore|waarde)"
    r"[\w\]]{0,6}[\"']?\s{0,4}(?:=>|[:=])\s{0,4}([\"']?)",
    re.IGNORECASE,
)
_TWO_LITERALS = re.compile(r"[\"']\s{0,4},\s{0,4}([\"'])")
_OPERATOR = re.compile(
    r"[\"'`\])]{0,2}(?:\[\])?\s{0,20}"
    r"(?:=>|:=|={1,3}|~=?|<>|!=|<-|:|->|→|I?LIKE\b|IS\b|IN\b|BETWEEN\b|EQ\b)\s{0,4}"
    r"(?:\{\s?[\"']?\$?[a-z]{2,6}[\"']?\s?:\s?|[&A-Za-z_][\w&]{0,20}(?: = |\s?\(| )?|\()?\s{0,2}([\"'`])",
    re.IGNORECASE,
)
_DATE_CALL = re.compile(
    r"\s?[=:]\s?(?:new )?(?:datetime\.)?date(?:time)?\((\d{4}), ?(\d{1,2}), ?(\d{1,2})\b",
    re.IGNORECASE,
)
_BRACE = re.compile(r"\s{0,3}=?\s{0,3}\{(?=[^{}\s])")
_OWN_VALUE = re.compile(r"\s(?:[^<>]{0,160}?\s)?v(?:alue)?\s?=\s?([\"'])")
_SETTER = re.compile(r"\(\s{0,4}([\"'])")
_SIGIL_LITERAL = re.compile(r" {1,4}(?:\. )?([\"'])")
_OPTION = re.compile(r"[= ](?=[^\s\"'=])")
_BARE = re.compile(r"(?:=| eq )(?=[^\s\"'=&;<>])")
_BARE_VALUE = re.compile(r"[^\s&;,\"'<>)\]}=]{1,160}+")
_BELOW = re.compile(r"[\])*_:?\"'` ]{0,6}\r?\n\s{0,40}(?:[:>*~-]{1,2} |[A-Z][:.] )?")
_LINE = re.compile(
    r"(?:\.(?=[ \t]?:))?[\"'`]?(?:[*_]{1,3}|[\]:`])?[:?]?[ \t]{0,60}"
    r"(?:\t{1,9}|(?<=  )|\.{3,60}[ \t]?:?|…|[|¦](?= )|[-–—](?= )|=>|->|→|=|(?<=[*_\]:?] ))[ \t]{0,60}"
)
_SEPARATOR = re.compile(r"[\"']?[ \t]{0,3}[;,|][ \t]{0,3}[\"']?")
_QUOTED = "<![CDATA["
_LABELS = frozenset(
    "name key id label field fieldname for class title property itemprop column attribute attr var"
    " variable param type resname restype data-name data-field data-key ref code path slot tag k n"
    " question placeholder aria-label s:name android:name linkid headers".split()
)
"""Attributes, and fields, in which names of values stand."""
_FIELD_OF = re.compile(r"([\w:.-]{1,24})[\]\"']{0,2}\s{0,4}[:=]\s{0,4}[\"']?\Z")
_MARKS = " \t>*#-•:_\"'`[|0123456789.)"


type _Read = tuple[int, Cell | None, bool]
"""Where the name begins, the value, and whether the name stands where fields have theirs."""


def _to_quote(text: str, at: int, quote: str) -> Cell | None:
    """Return the value up to the quote that closes it, on its line."""
    stop = text.find(quote, at, at + LONGEST_VALUE)
    return None if stop < 0 or "\n" in text[at:stop] else trimmed(text, at, stop)


def _to_tag(text: str, at: int) -> Cell | None:
    if text.startswith(_QUOTED, at):
        stop = text.find("]]>", at, at + LONGEST_VALUE)
        return None if stop < 0 else trimmed(text, at + len(_QUOTED), stop)
    stop = text.find("<", at, at + LONGEST_VALUE)
    if stop < 0:
        stop = _line_end(text, at)
    cell = trimmed(text, at, stop)
    return (
        cell
        if cell is None or "&" not in cell.text
        else cell._replace(text=html.unescape(cell.text))
    )


def _line_end(text: str, at: int) -> int:
    stop = text.find("\n", at, at + LONGEST_VALUE)
    return min(len(text), at + LONGEST_VALUE) if stop < 0 else stop


def _to_line_end(text: str, at: int) -> Cell | None:
    return trimmed(text, at, _line_end(text, at), " \t\r\"'`,;|*\\")


def _names_a_field(text: str, begin: int) -> bool:
    """True when what begins here is the value of an attribute or a field for names."""
    before = _FIELD_OF.search(text, max(0, begin - 40), begin)
    return before is not None and _field_word(before[1]) in _LABELS


def _field_word(name: str) -> str:
    """Return the word that tells what a field is: without spaces of names and numbers."""
    return name.lower().rpartition(":")[2].rpartition("-")[2].rstrip("0123456789_.")


def _markup(text: str, begin: int, end: int) -> _Read | None:
    """Read `<f name="dob">…</f>`, `<dt>dob</dt><dd>…</dd>`, `<param name="dob" value="…"/>`."""
    if text.find("<", end, end + 200) < 0 and text.find(">", end, end + 200) < 0:
        return None
    in_quotes = text[end : end + 1] in {'"', "'"}
    if text[begin - 1 : begin] == "<" and (match := _OWN_VALUE.match(text, end)) is not None:
        return begin, _to_quote(text, match.end(), match[1]), True
    match = (_ATTRIBUTE_THEN_VALUE if in_quotes else _INPUT).match(text, end)
    if match is not None and (not in_quotes or _names_a_field(text, begin)):
        return begin, _to_quote(text, match.end(), match[1]), True
    if in_quotes:
        match = _ATTRIBUTE_THEN_TEXT.match(text, end)
        is_attribute = match is not None and _names_a_field(text, begin)
        return (begin, _to_tag(text, match.end()), True) if match and is_attribute else None
    match = _IN_MARKUP.match(text, end)
    return None if match is None else (begin, _to_tag(text, match.end()), True)


def _value_word(text: str, begin: int, end: int) -> _Read | None:
    """Read `name: dob` with `value: …` beside it, in whatever signs."""
    match = _VALUE_WORD.match(text, end)
    if match is None or not text[end : match.end()].strip("\"' \t"):
        return None
    begin = max(begin, text.rfind(": ", begin, end) + 2)
    if not _names_a_field(text, begin):
        return None
    if match[1]:
        return begin, _to_quote(text, match.end(), match[1]), True
    stop = text.find("&", match.end(), _line_end(text, match.end()))
    stop = stop if stop >= 0 else _line_end(text, match.end())
    return begin, _plain(text, match.end(), stop), True


def _two_literals(text: str, begin: int, end: int) -> _Read | None:
    """Read `("dob", "…")` in brackets of its own."""
    if text[end : end + 1] not in {'"', "'"}:
        return None
    match = _TWO_LITERALS.match(text, end)
    cell = None if match is None else _to_quote(text, match.end(), match[1])
    opened = text[max(0, begin - 40) : begin].rstrip("\"' ")[-1:]
    if cell is None or not opened or opened not in "([{":
        return None
    closed = text[cell.end : cell.end + 8].lstrip("\"' ")[:1]
    return (begin, cell, True) if closed in {")", "]", "}"} else None


def _literals(text: str, begin: int, end: int) -> _Read | None:
    """Read `dob = '…'`, `dob IN ('…')`, `person["dob"] = "…"`; a pair of JSON is left to others."""
    quoted = text[end : end + 1] in {'"', "'"}
    match = _OPERATOR.match(text, end)
    if match is None or (quoted and match[0].lstrip("\"'")[:1] == ":"):
        return None
    return _word_from(text, begin, end, quoted), _to_quote(text, match.end(), match[1]), False


def _arguments(text: str, begin: int, end: int) -> _Read | None:
    """Read `dob=date(1990, 4, 2)`, `dob = {…}`, `set_dob("…")`, `:dob "…"`."""
    sign, match = text[end : end + 1], _DATE_CALL.match(text, end)
    if match is None and sign not in {"=", "{", "("} and not sign.isspace():
        return None
    word = _word_from(text, begin, end, quoted=False)
    before = text[word - 1 : word] if word else ""
    if match is not None:
        date = "-".join(part.zfill(2) for part in match.groups())
        return word, Cell(date, match.start(1), match.end()), False
    match = _BRACE.match(text, end)
    if match is not None and ("=" in match[0] or before == "\\"):
        return word, _to_quote(text, match.end(), "}"), False
    match = _SETTER.match(text, end)
    if match is not None and text[word:end].lower().startswith(("set", "with", "put", "add")):
        return word, _to_quote(text, match.end(), match[1]), False
    match = _SIGIL_LITERAL.match(text, end)
    if match is not None and before in {":", "-", "("}:
        return word, _to_quote(text, match.end(), match[1]), False
    return None


def _word_from(text: str, begin: int, end: int, quoted: bool) -> int:
    """Return where the identifier begins that ends here; a name in quotes is one."""
    if quoted or text[end : end + 1] in {"`", "]"}:
        return begin
    at = end
    while at > begin and (text[at - 1].isalnum() or text[at - 1] in "_-"):
        at -= 1
    while at < end and text[at] == "-":
        at += 1
    return at


def _option(text: str, begin: int, end: int) -> _Read | None:
    """Read `--dob 1990-04-02` and `dob=1990-04-02`."""
    if text[end : end + 1] not in {"=", " "}:
        return None
    word = _word_from(text, begin, end, quoted=False)
    match = _OPTION.match(text, end) if _is_option(text, word) else None
    opens = _opens_line(text, word)
    if match is None:
        match = _BARE.match(text, end)
        if match is not None and opens and not _goes_on(text, match.end()):
            return word, _to_line_end(text, match.end()), False
    if match is None:
        return None
    value = _BARE_VALUE.match(text, match.end())
    if value is None or text[value.end() : value.end() + 1] == "=":
        return None
    return word, _plain(text, *value.span()), False


def _goes_on(text: str, at: int) -> bool:
    """True where another field of a form follows in the line, as in `dob=1990-04-02&sex=f`."""
    stop = _line_end(text, at)
    sign = text.find("&", at, stop)
    return sign >= 0 and text.find("=", sign, stop) >= 0


def _plain(text: str, start: int, stop: int) -> Cell | None:
    """Return a bare value without what closes what it stands in, as it was before encoding."""
    cell = trimmed(text, start, stop, " \t\r,;|}])")
    return None if cell is None else unquoted(cell)


def _is_option(text: str, word: int) -> bool:
    """True behind one or two dashes that begin a word."""
    dashes = text[max(0, word - 3) : word]
    bare = dashes.rstrip("-")
    return len(bare) < len(dashes) and (not bare or bare[-1].isspace())


def _opens_line(text: str, begin: int) -> bool:
    start = text.rfind("\n", max(0, begin - LONGEST_NAME), begin) + 1
    words = text[start:begin].strip().removeprefix("export").strip()
    return (
        start > 0 or begin < LONGEST_NAME if not words else words.endswith(".") and " " not in words
    )


def _line(text: str, begin: int, end: int) -> _Read | None:
    """Read a name that opens its line, with its value behind it or in the next line."""
    start = text.rfind("\n", max(0, begin - LONGEST_NAME), begin) + 1
    if begin - start > LONGEST_NAME:
        return None
    marks = text[start:begin]
    asked = text[end : end + 1] == "?"
    if marks.strip(_MARKS) and not (asked or marks.strip().startswith(("\\item", "Q"))):
        return None
    match = _BELOW.match(text, end)
    if match is not None:
        if (
            not asked and ": " in text[begin:end]
        ):  # a field with its value, and the next one's first letter
            return None
        told = "#" in marks or "*" in marks or bool(match[0].strip(" \t\r\n\"'_`"))
        return (begin, _to_line_end(text, match.end()), False) if told else None
    match = _LINE.match(text, end)
    if match is None or match.end() == end:
        return None
    return begin, _to_line_end(text, match.end()), False


def _element(text: str, begin: int, end: int) -> _Read | None:
    """Read `<dob>…</dob>`."""
    if text[end : end + 1] != ">" or text[begin - 1 : begin] != "<":
        return None
    return begin, _to_tag(text, end + 1), True


def _separated(text: str, begin: int, end: int) -> _Read | None:
    """Read a line that is a name, a separator and its value."""
    match = _SEPARATOR.match(text, end)
    start = text.rfind("\n", max(0, begin - LONGEST_NAME), begin) + 1
    if match is None or text[start:begin].strip(_MARKS):
        return None
    return begin, _to_line_end(text, match.end()), False


type Reader = Callable[[str, int, int], _Read | None]

ROWS: tuple[Reader, ...] = (_element, _separated)
"""What one row of a table alone may be; it takes others to make it one."""
READERS: tuple[Reader, ...] = (
    _markup,
    _value_word,
    _two_literals,
    _literals,
    _arguments,
    _option,
    _line,
)
