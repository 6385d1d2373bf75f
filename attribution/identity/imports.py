"""What a script imports, read from its syntax tree without running it (pure), cached by hash."""

import ast
import sys
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from string import ascii_letters, digits

_MOST_CACHED = 1000
MOST_SOURCE = 4 << 20
_MOST_PARTS = 500
"""Parts of a dotted name: Python's parser takes time that grows with the square of those of an
imported one.
"""
_NAME_BYTES = frozenset(b"_." + bytes(range(0x80, 0x100)) + f"{ascii_letters}{digits}".encode())
_NAMES_ONLY = bytes(byte if byte in _NAME_BYTES else 0x20 for byte in range(0x100))


@dataclass(frozen=True, slots=True, kw_only=True)
class Imports:
    """Top-level package names, sorted."""

    third_party: tuple[str, ...] = ()
    standard: tuple[str, ...] = ()
    relative: bool = False
    dynamic: bool = False
    """True when it also imports by computed name, so that the list may be incomplete."""
    readable: bool = True
    """False when the source is no valid Python for this interpreter."""


class ImportReader:
    """Reads imports once per version of a script."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Imports] = OrderedDict()

    def read(self, source: bytes, sha256: str) -> Imports:
        """Return the imports of a source with this hash."""
        found = self._known.get(sha256)
        if found is None:
            found = self._known[sha256] = read_imports(source)
            while len(self._known) > _MOST_CACHED:
                self._known.popitem(last=False)
        return found


def _has_endless_name(source: bytes) -> bool:
    """True when some name has more parts between its dots than any module has; blanks may stand
    between them.
    """
    if source.count(b".") <= _MOST_PARTS:
        return False
    lines = source.replace(b"\\\r\n", b"").replace(b"\\\n", b"")
    names = lines.translate(_NAMES_ONLY, b" \t\f").replace(b"..", b" ").split(b" ")
    return any(name.count(b".") > _MOST_PARTS for name in names if len(name) > 2 * _MOST_PARTS)


def read_imports(source: bytes) -> Imports:
    """Return everything the source imports, at any depth, under any condition."""
    tree = tree_of(source)
    return Imports(readable=False) if tree is None else imports_of(nodes_of(tree))


def tree_of(source: bytes) -> ast.Module | None:
    """Return the syntax tree; None for what is too long to be read, or no Python."""
    if len(source) > MOST_SOURCE or _has_endless_name(source):
        return None
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


_LEAVES = frozenset({ast.Name, ast.Constant, ast.alias, ast.Pass, ast.Break, ast.Continue})


def nodes_of(tree: ast.AST) -> list[ast.AST]:
    """Return all nodes of a tree but the marks that say how a name is used; in half the time of
    `ast.walk`.
    """
    found: list[ast.AST] = []
    todo = [tree]
    while todo:
        node = todo.pop()
        found.append(node)
        if node.__class__ in _LEAVES:
            continue
        for name in node._fields:
            value = getattr(node, name, None)
            if value.__class__ is list:
                todo.extend([part for part in value if isinstance(part, ast.AST)])
            elif isinstance(value, ast.AST) and name != "ctx":
                todo.append(value)
    return found


def imports_of(nodes: Iterable[ast.AST]) -> Imports:
    """Return everything that these nodes import, under any condition."""
    names: set[str] = set()
    relative = dynamic = False
    for node in nodes:
        match node:
            case ast.Import():
                names.update(alias.name.partition(".")[0] for alias in node.names)
            case ast.ImportFrom(level=0, module=str(module)):
                names.add(module.partition(".")[0])
            case ast.ImportFrom():
                relative = True
            case ast.Call():
                name = asked_by_call(node)
                top = None if name is None else name.partition(".")[0]
                dynamic = dynamic or top == ""
                names.update(filter(None, [top]))
            case _:
                pass
    standard = names & sys.stdlib_module_names
    return Imports(
        third_party=tuple(sorted(names - standard)),
        standard=tuple(sorted(standard)),
        relative=relative,
        dynamic=dynamic,
    )


def asked_by_call(call: ast.Call) -> str | None:
    """Return the module of `import_module("x.y")` or `__import__("x")`, as it stands there; empty
    when the name is computed, None for another call.
    """
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            pass
        case _:
            return None
    if name not in {"import_module", "__import__"}:
        return None
    first = call.args[0] if call.args else None
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return first.value
    return ""
