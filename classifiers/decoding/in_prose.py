"""What stands amid the words of a text and is put together by who reads it: lists of JSON whose
members are pieces, letters struck over others, entities of XML, RTF, LDIF.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from classifiers.codecs.linear import compiled, holding, ready
from classifiers.codecs.rich_text import shown_text
from classifiers.decoding import ldif, number_forms, pieces

_BEGUN = re.compile(r"(?:\n|[:=] ?|`)[ \t]*([\[{])[ \t\r\n]*(?:[\[{\"0-9]|true|false)")
_TOLD = r"(?:\"|\\n)[ \t]*[\[{](?:[ \t\[{]|\\n)*(?:\\\"|[0-9]{2}|true|false)"
_SHORTEST, _LONGEST, _MOST_TRIES, _MOST_NODES = 24, 1 << 16, 4, 10_000
_STRUCK = re.compile("[^\b]\b")
_ENTITY = re.compile(
    r"<!ENTITY[ \t\r\n]{1,8}([\w.-]{1,40})[ \t\r\n]{1,8}[\"']([^\"'<&%]{0,4096})[\"']"
)
_NAMED = re.compile(r"&([\w.-]{1,40});")
_LONGEST_EXPANDED = 1 << 16
_RTF = "{\\rtf"
_ENDS = {"[": "]", "{": "}"}


def may_hold(data: bytes, signs: str) -> bool:
    """Return True when a string of this JSON, as it is sent, may hold one of them. `signs`: those
    of `first_look.Letters`.
    """
    if _may_begin(signs) and _told()(data):
        return True
    return ("<" in signs and b"<!ENTITY" in data) or (":" in signs and ldif.may_hold(data))


def _may_begin(signs: str) -> bool:
    """Return False where no bracket stands right behind a quote or the escape of a line end, but
    for blanks: `_TOLD` is not in such a text.
    """
    return '"[' in signs or '"{' in signs or "\\" in signs or "\t" in signs


def read(text: str) -> Iterator[tuple[str, str | bytes]]:
    """Yield what such parts of a text say, and what they are."""
    if len(text) < _SHORTEST:
        return
    if "\b" in text:
        yield "struck", _STRUCK.sub("", text)
    if "<!ENTITY" in text and (expanded := _expanded(text)):
        yield "entities", expanded
    if (at := text.find(_RTF)) > 0:
        yield "RTF", shown_text(text[at : text.rfind("}") + 1])
    if "dn:" in text and (lines := ldif.changed_lines(text)):
        yield "LDIF", lines
    if len(text) <= _LONGEST and ("[" in text or "{" in text):
        for value in _values(text):
            for said in _said_in(value):
                yield "together", said


def _expanded(text: str) -> str:
    """Return what references to short entities say in a row; nothing where there are none."""
    known = dict(_ENTITY.findall(text))
    out, room = list[str](), _LONGEST_EXPANDED
    for name in _NAMED.findall(text) if len(known) > 1 else ():
        value = known.get(name, "")
        room -= len(value)
        if room < 0:
            break
        out.append(value)
    return "".join(out)


def _values(text: str) -> Iterator[Any]:
    """Yield lists and objects of JSON that begin a line or stand behind a sign."""
    end = 0
    tries = 0
    for found in _BEGUN.finditer(text):
        if found.start(1) < end:
            continue
        tries += 1
        if tries > _MOST_TRIES:
            return
        stop = text.rfind(_ENDS[found[1]], found.start(1)) + 1
        try:
            yield orjson.loads(text[found.start(1) : stop])
        except ValueError:
            continue
        end = stop


def _said_in(value: Any) -> Iterator[str | bytes]:
    """Yield what the lists and numbered fields of a document say together."""
    stack, room = [value], _MOST_NODES
    while stack and room > 0:
        node = stack.pop()
        members = node
        if isinstance(node, dict):
            members = list(node.values())
            node = pieces.numbered(node)
        room -= len(members)
        if node and len(node) > 1 and (said := pieces.of_list(node)):
            yield said
        elif node and type(node[0]) is list:
            yield from pieces.of_rows(node)
        elif node and len(node) > 1:
            yield from number_forms.put_together(node)
        stack += [inner for inner in members if isinstance(inner, dict | list)]


@ready
def _told() -> Callable[[bytes], bool]:
    return holding(compiled(_TOLD))
