"""Finds every pattern of Python's `re` in our folders: by syntax tree, and what the modules hold
once they are loaded.
"""

import ast
import importlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = tuple(
    (
        "app attribution certs classifiers core destinations evidence inventory policy proxy tui"
    ).split()
)
ENGINES = frozenset({"re", "regex"})
"""Engines that backtrack."""
OPERATIONS = frozenset(
    {"match", "fullmatch", "search", "finditer", "findall", "sub", "subn", "split"}
)
_FUNCTIONS = OPERATIONS | {"compile"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One place in a source file where `re` is given a pattern."""

    home: str
    """`module.NAME`, or `module.function` where the pattern has no name of its own."""
    place: str
    function: str
    """`compile`, `search`, `sub`…"""
    literal: str | bytes | None
    """The pattern where it is written in this call."""
    named: bool
    """True when it is a compiled pattern, or holds some, under a name of the module."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One compiled pattern that a module holds, and what the house does with it."""

    home: str
    pattern: re.Pattern[Any]
    operations: frozenset[str]


@cache
def modules() -> list[Path]:
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def stem_of(path: Path) -> str:
    """Return the module's own name; a package goes by the name of its folder."""
    return path.parent.name if path.stem == "__init__" else path.stem


def _aliases(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Return the names under which a module knows `re`, and functions of `re`."""
    whole, parts = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            whole |= {alias.asname or alias.name for alias in node.names if alias.name in ENGINES}
        elif isinstance(node, ast.ImportFrom) and node.module in ENGINES:
            parts |= {alias.asname or alias.name for alias in node.names}
    return whole, parts


def uses_in(source: ast.Module, stem: str, place: str) -> list[Use]:
    """Return every use of `re` in one module."""
    whole, parts = _aliases(source)
    found: list[Use] = []

    def visit(node: ast.AST, home: str, *, top: bool) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            home, top = node.name, False
        elif top and isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            home = target.id if isinstance(target, ast.Name) else home
        if isinstance(node, ast.Call) and (function := _function_of(node.func, whole, parts)):
            text = node.args[0] if node.args else None
            literal = (
                text.value
                if isinstance(text, ast.Constant) and isinstance(text.value, str | bytes)
                else None
            )
            use = Use(
                home=f"{stem}.{home}",
                place=f"{place}:{node.lineno}",
                function=function,
                literal=literal,
                named=top and function == "compile",
            )
            found.append(use)
        for child in ast.iter_child_nodes(node):
            visit(child, home, top=top)

    visit(source, "<module>", top=True)
    return found


def _function_of(called: ast.expr, whole: set[str], parts: set[str]) -> str | None:
    if (
        isinstance(called, ast.Attribute)
        and isinstance(called.value, ast.Name)
        and called.value.id in whole
    ):
        return called.attr if called.attr in _FUNCTIONS else None
    return called.id if isinstance(called, ast.Name) and called.id in parts & _FUNCTIONS else None


@cache
def uses_of(path: Path) -> list[Use]:
    """Return every use of `re` in one of our files."""
    return uses_in(tree_of(path), stem_of(path), str(path.relative_to(ROOT)))


def uses() -> list[Use]:
    """Return every use of `re` in our folders."""
    return [use for path in modules() for use in uses_of(path)]


def _operations(home: Path, names: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return which operations are written for each of these names, in its module and where it is
    imported.
    """
    done: dict[str, set[str]] = {name: set() for name in names}
    for path in modules():
        known = set(done) if path == home else set(done) & _imported_from(path, home)
        for node in ast.walk(tree_of(path)) if known else ():
            if isinstance(node, ast.Attribute) and node.attr in OPERATIONS:
                value = node.value.value if isinstance(node.value, ast.Subscript) else node.value
                if isinstance(value, ast.Name) and value.id in known:
                    done[value.id].add(node.attr)
    return {name: frozenset(operations) for name, operations in done.items()}


@cache
def _imports(path: Path) -> frozenset[tuple[str, str]]:
    """Return (module, name) for what a module imports by name."""
    return frozenset(
        (node.module, alias.name)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    )


def _imported_from(path: Path, home: Path) -> set[str]:
    source = module_of(home)
    return {name for module, name in _imports(path) if module == source}


@cache
def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def found() -> list[Found]:
    """Load every module that uses `re` under a name of its own; return the patterns it holds
    there.
    """
    patterns: list[Found] = []
    for path in modules():
        names = sorted({use.home.rpartition(".")[2] for use in uses_of(path) if use.named})
        if not names:
            continue
        module, operations = importlib.import_module(module_of(path)), _operations(path, names)
        for name in names:
            held = dict.fromkeys(_held(getattr(module, name, None), 0))
            home = f"{stem_of(path)}.{name}"
            patterns += [Found(home=home, pattern=one, operations=operations[name]) for one in held]
    return patterns


def _held(value: object, depth: int) -> Iterator[re.Pattern[Any]]:
    """Yield the patterns in a value: itself, in a container, in a record, or behind a bound
    method.
    """
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(owner := getattr(value, "__self__", None), re.Pattern):
        yield owner
    elif depth < 4:
        for part in _parts(value):
            yield from _held(part, depth + 1)


def _parts(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, tuple | list | set | frozenset):
        yield from value
    elif is_dataclass(value) and not isinstance(value, type):
        yield from (getattr(value, field.name) for field in fields(value))
