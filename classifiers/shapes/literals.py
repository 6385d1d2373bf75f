"""Literals inside a text, with the places of their values: JSON, Python, JavaScript, GraphQL."""

import re
from typing import NamedTuple

from classifiers.payload import PlacedText as Cell

_BARE = re.compile(r"[^\s\[\](){},:\"']++")
_ARGUMENT = re.compile(r"([A-Za-z_]\w{0,40})=(?![=>])")
_BLANK = re.compile(r"[\s]*+")
_SIMPLE_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "/": "/"}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_CLOSING = {"[": "]", "(": ")", "{": "}"}
_NOTHING = frozenset({"null", "none", "nil", "nan", "undefined", "na", "nat", "<na>"})
_MAX_DEPTH = 40
_MAX_VALUES = 400_000


class Node:
    """A list, an object, or the arguments of a call. Holds payload."""

    __slots__ = ("end", "fields", "items", "key", "kind", "start")

    def __init__(self, kind: str, start: int) -> None:
        self.kind, self.start, self.end = kind, start, start
        self.items: list[Value] = []
        self.fields: dict[str, Value] = {}
        self.key: Cell | None = None

    def __repr__(self) -> str:
        return f"<Node {self.kind} {len(self.items)} {len(self.fields)}>"


type Value = Node | Cell | None


class Reading(NamedTuple):
    """What came of one reading. Holds payload."""

    whole: Node | None
    """The literal, when it is one."""
    parts: list[Node]
    """What was whole inside a literal that is not."""
    end: int
    """Where reading ended."""


def read(text: str, start: int) -> Reading:
    """Read the literal that opens at `start`. Linear: whoever goes on at `end` reads nothing
    twice.
    """
    stack: list[Node] = [Node(text[start], start)]
    at, count, size = start + 1, 0, len(text)
    ready = True
    """False right after a value: a comma, a colon or an end must come first."""
    while stack and count < _MAX_VALUES:
        at = _past_blanks(text, at)
        if at >= size:
            break
        top, sign = stack[-1], text[at]
        count += 1
        if sign in "[({":
            if not ready and not _is_call(top, text, at):
                break
            if len(stack) >= _MAX_DEPTH:
                break
            stack.append(Node(sign, at))
            at, ready = at + 1, True
        elif sign in "])}":
            if sign != _CLOSING[top.kind]:
                break
            at = top.end = at + 1
            stack.pop()
            if not stack:
                return Reading(top, [], at)
            _put_node(stack[-1], top, text)
            ready = False
        elif sign == ",":
            top.key, ready, at = None, True, at + 1
        elif (named := _named(text, at, top, ready)) is not None:
            at, fits = named
            if not fits:
                break
            ready = True
        else:
            at, fits = _value(text, at, top, ready)
            if not fits:
                break
            ready = False
    return Reading(None, _parts(stack), max(at, start + 1))


def _past_blanks(text: str, at: int) -> int:
    if not text[at : at + 1].isspace():
        return at
    return _BLANK.match(text, at).end()  # type: ignore[union-attr]


def _named(text: str, at: int, node: Node, ready: bool) -> tuple[int, bool] | None:
    """Return where what makes a name ends (a colon, an arrow, the sign of an argument or of Ruby's
    symbols), and whether it may stand there; None where none does.
    """
    if text[at] not in ":=" and node.kind != "(":
        return None
    if text[at] == ":" and ready and text[at + 1 : at + 2].isalpha():
        return at + 1, True
    if text[at] == ":" or text.startswith("=>", at):
        return at + (1 if text[at] == ":" else 2), _name_last(node)
    argument = _argument_name(text, at) if ready and node.kind == "(" else None
    if argument is None:
        return None
    node.key = argument
    return argument.end + 1, True


def _value(text: str, at: int, node: Node, ready: bool) -> tuple[int, bool]:
    """Put the string or the word that begins at `at` into a list or an object; return where it ends
    and whether it may stand there. Not `ready`: a word goes on from the one before it.
    """
    quoted = text[at] in "\"'"
    closing = _closing_quote(text, at) if quoted else at
    if closing < 0:
        return _line_end(text, at), False
    cell, end = _quoted(text, at, closing) if quoted else _bare(text, at)
    if ready:
        return end, _put(node, cell, text)
    return end, not quoted and _joined(node, cell, text)


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _closing_quote(text: str, at: int) -> int:
    """Return where the string ends that opens here, -1 when it does not: a backslash takes the next
    sign with it.
    """
    end = at
    while (end := text.find(text[at], begun := end + 1)) >= 0:
        if text.find("\n", begun, end) >= 0:
            return -1
        before = end
        while text[before - 1] == "\\":
            before -= 1
        if (end - before) % 2 == 0:
            return end
    return -1


def _quoted(text: str, start: int, closing: int) -> tuple[Cell, int]:
    end = closing + 1
    inner = text[start + 1 : end - 1]
    if "\\" in inner:
        inner = _ESCAPE.sub(_unescaped, inner)
    return Cell(inner, start + 1, end - 1), end


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    if code is None:
        return _SIMPLE_ESCAPES.get(match[2], match[2])
    number = int(code, 16)
    return "�" if 0xD800 <= number < 0xE000 else chr(number)


def _argument_name(text: str, at: int) -> Cell | None:
    """Return the name of an argument, as in `User(name='Jane')`; None for what is none."""
    match = _ARGUMENT.match(text, at)
    return None if match is None else Cell(match[1], at, match.end(1))


def _bare(text: str, at: int) -> tuple[Cell, int]:
    match = _BARE.match(text, at)
    end = at + 1 if match is None else match.end()
    arrow = text.find("=>", at, end)
    end = arrow if arrow > at else end
    return Cell(text[at:end], at, end), end


def _put(node: Node, value: Node | Cell, text: str) -> bool:
    """Add a value under the name that waits, or as an item; False for what no literal holds."""
    own: Value = value
    if isinstance(value, Cell) and text[value.start - 1] not in "\"'":
        if "=" in value.text or ";" in value.text:
            return False
        own = None if value.text.lower() in _NOTHING else value
    if node.key is not None:
        node.fields[node.key.text] = own
    else:
        node.items.append(own)
    return True


def _put_node(node: Node, inner: Node, text: str) -> None:
    """Add what has ended inside of another: the arguments of a call to its name."""
    if not _called(node, inner, text):
        _put(node, inner, text)


def _called(node: Node, call: Node, text: str) -> bool:
    """Put the arguments of `date(1980, 1, 2)` in the place of its name; False when it is no
    call.
    """
    last = _last(node)
    if call.kind != "(" or not isinstance(last, Cell) or last.end != call.start:
        return False
    if call.fields and not call.items:
        _replace_last(node, call)
        return True
    plain = [item.text for item in call.items if isinstance(item, Cell)]
    if not plain or len(plain) != len(call.items):
        return False
    joined = "-".join(part.zfill(2) for part in plain[:3]) if len(plain) > 2 else plain[0]
    _replace_last(node, Cell(joined, last.start, call.end))
    return True


def _last(node: Node) -> Value:
    if node.key is not None:
        return node.fields.get(node.key.text)
    return node.items[-1] if node.items else None


def _replace_last(node: Node, value: Node | Cell) -> None:
    if node.key is not None:
        node.fields[node.key.text] = value
    else:
        node.items[-1] = value


def _name_last(node: Node) -> bool:
    """Make the last item the name of what follows."""
    if node.key is not None or not node.items or not isinstance(node.items[-1], Cell):
        return False
    node.key = node.items.pop()  # type: ignore[assignment]
    return True


def _joined(node: Node, cell: Cell, text: str) -> bool:
    """Put a word behind the words before it, as YAML's values may have several; False when it
    cannot be.
    """
    last = _last(node)
    if not isinstance(last, Cell) or text[last.end : last.end + 1] in "\"'":
        return False
    if "=" in cell.text or ";" in cell.text or "\n" in text[last.end : cell.start]:
        return False
    _replace_last(node, Cell(text[last.start : cell.end], last.start, cell.end))
    return True


def _is_call(node: Node, text: str, at: int) -> bool:
    """True when the last value is the name of a call whose arguments open at `at`."""
    last = _last(node)
    return text[at] == "(" and isinstance(last, Cell) and last.end == at


def _parts(stack: list[Node]) -> list[Node]:
    """Return the lists and objects that were whole inside what stayed open."""
    parts: list[Node] = []
    for node in stack:
        values = [*node.items, *node.fields.values()]
        parts += [value for value in values if isinstance(value, Node)]
    return parts


def plain(value: Value) -> object:
    """Return a reading as lists, dicts and cells."""
    if not isinstance(value, Node):
        return value
    if value.fields:
        return {name: plain(inner) for name, inner in value.fields.items()}
    return [plain(item) for item in value.items]
