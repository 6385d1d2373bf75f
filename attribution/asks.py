"""What one source asks for: the modules that it imports, and which of them it can do without
(pure).
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from attribution.identity.imports import asked_by_call, nodes_of, tree_of

_CATCHES = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
_OWN_PACKAGE = frozenset({"__package__", "__name__"})
_BINDS_ANY = frozenset(
    "* globals locals vars exec eval setattr modules __dict__ __class__ __getattr__".split()
)
"""Where these are used, a module may have any name."""
_BLANKS = b" \t\f\r\n\\"


@dataclass(frozen=True, slots=True)
class Asks:
    """Dotted names of modules; one that begins with dots counts from the package of the source, as
    `importlib` writes it. Of `from a import b` both `a` and `a:b`: the module `a.b` is asked for
    only where `a` has nothing of that name.
    """

    needed: frozenset[str] = frozenset()
    """Without these it would not run."""
    tried: frozenset[str] = frozenset()
    """All, also those without which it goes on: whoever names a folder may be the only one to have
    them."""
    bound: frozenset[str] | None = frozenset()
    """Names that something is given in it, `a:b` for what `from a import b` gives; None: any."""


def may_ask_within(source: bytes) -> bool:
    """Return False for a source that asks for nothing of its own package by dots."""
    return b"from." in source.translate(None, _BLANKS) or b"import_module" in source


def asks_in(source: bytes) -> Asks:
    """Return what a source asks for; nothing for what is no Python."""
    tree = tree_of(source)
    if tree is None:
        return Asks(bound=None)
    tried = [part for node in nodes_of(tree) if _goes_on_without(node) for part in _tried(node)]
    within = {node for part in tried for node in nodes_of(part)}
    nodes = nodes_of(tree)
    given = {name for node in nodes for name in _given_to_others(node)}
    needed = _modules_of(node for node in nodes if node not in within)
    kept = frozenset(name for name in _modules_of(nodes) if _after(name) not in given)
    return Asks(needed=needed & kept, tried=kept, bound=_bound_in(nodes))


def absolute(name: str, package: str) -> str:
    """Return the full name of what a source of this package asks for; empty where there is none."""
    below = name.lstrip(".")
    up = len(name) - len(below)
    if not up:
        return name
    parts = package.split(".") if package else []
    if up > len(parts):
        return ""
    return ".".join((*parts[: len(parts) - up + 1], *filter(None, [below])))


def _modules_of(nodes: Iterable[ast.AST]) -> frozenset[str]:
    names: set[str] = set()
    for node in nodes:
        match node:
            case ast.Import():
                names.update(alias.name for alias in node.names)
            case ast.ImportFrom(module=module, level=level):
                place = f"{'.' * level}{module or ''}"
                names.add(place)
                names.update(f"{place}:{alias.name}" for alias in node.names)
            case ast.Call():
                names.add(_by_call(node))
            case _:
                pass
    return frozenset(names - {""})


def _after(name: str) -> str:
    return name.partition(":")[2]


def _given_to_others(node: ast.AST) -> list[str]:
    """Return what of another module may be given by this: `a.b = 1`, `setattr(a, "b", 1)`."""
    match node:
        case ast.Attribute(value=ast.Name(id="self" | "cls")):
            return []
        case ast.Attribute(attr=name, ctx=ast.Store()):
            return [name]
        case ast.Call(func=ast.Name(id="setattr"), args=[_, ast.Constant(value=str(name)), *_]):
            return [name]
        case _:
            return []


def _bound_in(nodes: Iterable[ast.AST]) -> frozenset[str] | None:
    """Return all names that something is given, also where that is within a function: it may be
    for its module.
    """
    bound: set[str] = set()
    for node in nodes:
        bound.update(_bound_by(node))
        if _named(node) in _BINDS_ANY:
            return None
    return None if not bound.isdisjoint(_BINDS_ANY) else frozenset(bound)


def _bound_by(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [one.asname or one.name.partition(".")[0] for one in names]
        case ast.ImportFrom(module=module, level=level, names=names):
            place = f"{'.' * level}{module or ''}"
            kept = (one.asname in {None, one.name} and one.name != "*" for one in names)
            pairs = zip(names, kept, strict=True)
            return [f"{place}:{one.name}" if same else one.asname or "*" for one, same in pairs]
        case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
            return [name]
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.ExceptHandler():
            return [node.name or ""]
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            return [name]
        case ast.MatchMapping(rest=str(name)):
            return [name]
        case _:
            return []


def _by_call(call: ast.Call) -> str:
    """Return the module of `import_module("x.y")` or `__import__("x")`; empty for another call, and
    for a name that is computed.
    """
    name = asked_by_call(call) or ""
    if not name.startswith("."):
        return name
    given = [*call.args[1:], *(word.value for word in call.keywords if word.arg == "package")]
    match given:
        case [ast.Constant(value=str(package))]:
            return absolute(name, package)
        case [ast.Name(id=own)] if own in _OWN_PACKAGE:
            return name
        case _:
            return ""


def _goes_on_without(node: ast.AST) -> bool:
    """True where a program goes on when something within cannot be imported."""
    match node:
        case ast.Try(handlers=handlers) | ast.TryStar(handlers=handlers):
            return any(_catches(handler.type) for handler in handlers)
        case ast.With(items=items):
            return any(_named(word) == "suppress" for item in items for word in _called(item))
        case ast.If(test=test) | ast.While(test=test):
            return _is_never(test)
        case _:
            return False


def _is_never(test: ast.expr) -> bool:
    """True for a condition that does not hold where the program runs."""
    falsy = isinstance(test, ast.Constant) and not test.value
    return falsy or _named(test) == "TYPE_CHECKING"


def _catches(kind: ast.expr | None) -> bool:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(one is None or _named(one) in _CATCHES for one in kinds)


def _called(item: ast.withitem) -> list[ast.expr]:
    call = item.context_expr
    return [call.func] if isinstance(call, ast.Call) else []


def _named(word: ast.AST) -> str:
    match word:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _tried(node: ast.AST) -> list[ast.AST]:
    match node:
        case ast.Try(body=body, handlers=handlers) | ast.TryStar(body=body, handlers=handlers):
            return [*body, *handlers]
        case ast.With(body=body) | ast.If(body=body) | ast.While(body=body):
            return list(body)
        case _:
            return []
