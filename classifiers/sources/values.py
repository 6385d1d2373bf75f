"""The text values that a Python source spells out, put together as the program would (pure): one
secret may stand in two.
"""

import ast
import base64
import binascii
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from classifiers.sources.calls import keys_of

_MOST_VALUES = 20_000
_MOST_TEXT = 1 << 20
_DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "fromhex": lambda data: bytes.fromhex(data.decode("ascii", "replace")),
    "unhexlify": binascii.unhexlify,
    "a2b_hex": binascii.unhexlify,
    "b16decode": lambda data: base64.b16decode(data, casefold=True),
    "b32decode": lambda data: base64.b32decode(data, casefold=True),
    "b64decode": base64.b64decode,
    "standard_b64decode": base64.b64decode,
    "urlsafe_b64decode": base64.urlsafe_b64decode,
    "decodebytes": base64.decodebytes,
    "a2b_base64": binascii.a2b_base64,
    "b85decode": base64.b85decode,
    "a85decode": base64.a85decode,
}
_UNCHANGED = frozenset(
    {"decode", "encode", "strip", "lstrip", "rstrip", "upper", "lower", "SecretStr"}
)
_OF_NUMBERS = frozenset({"bytes", "bytearray"})
_NEVER = frozenset(
    {
        ast.Name,
        ast.alias,
        ast.Load,
        ast.Store,
        ast.Del,
        ast.Pass,
        ast.Break,
        ast.Continue,
        ast.Global,
    }
) | frozenset(
    kind
    for base in (ast.operator, ast.unaryop, ast.cmpop, ast.boolop)
    for kind in base.__subclasses__()
)
_NAMING = frozenset(
    {
        *(ast.Dict, ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.keyword, ast.List, ast.Tuple),
        *(ast.Set, ast.BinOp, ast.JoinedStr, ast.FormattedValue, ast.Call),
    }
)
"""Nodes that give their values a name, or hand on their own."""
_TEXTS = frozenset(
    {ast.Constant, ast.BinOp, ast.JoinedStr, ast.FormattedValue, ast.Subscript, ast.Call}
)
"""Nodes that may come to a text."""
_UNKNOWN = "x"
"""Stands in an address for what only the running program knows: user, host."""
_NESTED = (ast.List, ast.Tuple, ast.Set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One text value. Holds what may be a secret: never log it."""

    text: str = field(repr=False)
    key: str | None
    """The name that it is given: of a variable, an argument, a dictionary's key."""
    parts: tuple[ast.expr, ...] = field(repr=False)
    """The literals that it is made of, with their places."""


def values_of(tree: ast.AST, nodes: Iterable[ast.AST] | None = None) -> list[Value]:
    """Return all values. `nodes`: those of the tree, where somebody has them already. Raises
    RecursionError for a tree that is too deep, ValueError for too much of it.
    """
    reader = _Reader(_named(ast.walk(tree) if nodes is None else nodes))
    found: list[Value] = []
    for value in reader.read(tree, None):
        found.append(value)
        if len(found) > _MOST_VALUES:
            raise ValueError("too many literals")
    return found


def _named(nodes: Iterable[ast.AST]) -> dict[str, ast.expr]:
    """Return what each name stands for that is given a value once."""
    found: dict[str, ast.expr | None] = {}
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(
            node.value, ast.Constant | ast.List | ast.Tuple
        ):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found[target.id] = None if target.id in found else node.value
    return {name: value for name, value in found.items() if value is not None}


class _Reader:
    def __init__(self, named: dict[str, ast.expr]) -> None:
        self._named = named

    def read(self, node: ast.AST, key: str | None) -> Iterator[Value]:
        """Yield the value of this node where it has one, and those below it, in their order."""
        todo = [(node, key)]
        while todo:
            node, key = todo.pop()
            if isinstance(node, ast.expr) and node.__class__ in _TEXTS:
                parts: list[ast.expr] = []
                text = self._text(node, parts)
                if text is not None and parts:
                    yield Value(text=text, key=key, parts=tuple(parts))
                    if parts == [node]:
                        continue
            below = _children(node, key) if node.__class__ in _NAMING else _plain_children(node)
            todo += [pair for pair in below if _may_hold(pair[0])][::-1]

    def _text(self, node: ast.expr, parts: list[ast.expr]) -> str | None:
        """Return the text that an expression comes to, and note its literals; None when that cannot
        be said.
        """
        match node:
            case ast.Constant(value=str(text)):
                parts.append(node)
                return text
            case ast.Constant(value=bytes(data)):
                parts.append(node)
                return data.decode("utf-8", "replace")
            case ast.Name(id=name) if name in self._named:
                return self._text(self._named[name], parts)
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                return self._joined([left, right], "", parts)
            case ast.JoinedStr(values=values):
                missing = _UNKNOWN if any(map(_is_address, values)) else ""
                return self._joined(values, "", parts, missing=missing)
            case ast.FormattedValue(value=value):
                return self._text(value, parts)
            case ast.Subscript(value=value, slice=ast.Slice(lower=None, upper=None, step=step)):
                inner = self._text(value, parts)
                return inner if inner is None or step is None else inner[::-1]
            case ast.Call():
                return self._called(node, parts)
        return None

    def _joined(
        self, nodes: list[ast.expr], between: str, parts: list[ast.expr], missing: str | None = None
    ) -> str | None:
        texts = [self._text(node, parts) for node in nodes]
        whole = [missing if text is None else text for text in texts]
        if any(text is None for text in whole) or sum(len(t or "") for t in whole) > _MOST_TEXT:
            return None
        return between.join(text or "" for text in whole)

    def _called(self, call: ast.Call, parts: list[ast.expr]) -> str | None:
        name, receiver = _called_name(call.func)
        first = call.args[0] if call.args else None
        if name == "join" and receiver is not None:
            return self._join(receiver, first, parts)
        if name in _DECODERS and first is not None:
            return _decoded(_DECODERS[name], self._text(first, parts))
        if name in _OF_NUMBERS and isinstance(first, _NESTED):
            return _of_numbers(first, parts)
        if name in _UNCHANGED:
            inner = receiver if isinstance(call.func, ast.Attribute) else first
            return None if inner is None else self._text(inner, parts)
        return None

    def _join(
        self, receiver: ast.expr, given: ast.expr | None, parts: list[ast.expr]
    ) -> str | None:
        if isinstance(given, ast.Name):
            given = self._named.get(given.id)
        if not isinstance(given, ast.List | ast.Tuple):
            return None
        between = self._text(receiver, [])
        return None if between is None else self._joined(given.elts, between, parts)


def _called_name(function: ast.expr) -> tuple[str, ast.expr | None]:
    if isinstance(function, ast.Attribute):
        return function.attr, function.value
    return (function.id if isinstance(function, ast.Name) else ""), None


def _decoded(decode: Callable[[bytes], bytes], text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return decode(text.encode()).decode("utf-8", "replace")
    except (ValueError, binascii.Error):
        return None


def _of_numbers(node: ast.expr, parts: list[ast.expr]) -> str | None:
    numbers = [e.value for e in getattr(node, "elts", ()) if isinstance(e, ast.Constant)]
    data = [n for n in numbers if isinstance(n, int) and 0 <= n < 256]
    if len(data) < 6 or len(data) != len(getattr(node, "elts", ())):
        return None
    parts.append(node)
    return bytes(data).decode("utf-8", "replace")


def _children(node: ast.AST, key: str | None) -> Iterator[tuple[ast.AST, str | None]]:
    """Yield the nodes below one that names values, each with the name that it is given."""
    match node:
        case ast.Dict():
            yield from _entries(node, key)
        case ast.Assign(targets=targets, value=value):
            yield from ((target, None) for target in targets)
            yield value, _word(targets[0])
        case ast.AnnAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):
            yield target, None
            if value is not None:
                yield value, _word(target)
        case ast.keyword(arg=name, value=value):
            yield value, name or key
        case ast.Call():
            yield from _arguments(node)
        case (
            ast.List()
            | ast.Tuple()
            | ast.Set()
            | ast.BinOp()
            | ast.JoinedStr()
            | ast.FormattedValue()
        ):
            yield from ((child, key) for child in ast.iter_child_nodes(node))


def _arguments(call: ast.Call) -> Iterator[tuple[ast.AST, str | None]]:
    keys = keys_of(call)
    yield call.func, None
    yield from ((argument, keys.get(place)) for place, argument in enumerate(call.args))
    for keyword in call.keywords:
        own = keys.get(keyword.arg or "")
        yield (keyword, None) if own is None else (keyword.value, own)


def _is_address(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and "://" in node.value


def _plain_children(node: ast.AST) -> list[tuple[ast.AST, str | None]]:
    found: list[tuple[ast.AST, str | None]] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if value.__class__ is list:
            found += [(part, None) for part in value if isinstance(part, ast.AST)]
        elif name != "ctx" and isinstance(value, ast.AST):
            found.append((value, None))
    return found


def _may_hold(node: ast.AST) -> bool:
    """True for what is or holds a text: most nodes of a tree are names, and how they are used."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str | bytes)
    return node.__class__ not in _NEVER


def _entries(node: ast.Dict, key: str | None) -> Iterator[tuple[ast.AST, str | None]]:
    for name, value in zip(node.keys, node.values, strict=True):
        if name is not None:
            yield name, None
        word = _word(name)
        yield value, word if word is not None and word[:1].isalpha() else key


def _word(node: ast.expr | None) -> str | None:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Constant(value=str(name)):
            return name
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
    return None
