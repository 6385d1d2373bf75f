"""Finds tests that are true on some days only: they act on fixed days, and what they make reads the
machine's clock because none was handed to it.

What reads it is told by the shipped code: whatever has a parameter that defaults to the time now.
`python .ci/days_of_tests.py [ROOT]` lists the places.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from house_measures import Function, functions_in, modules, statements, walked

ROOT = Path(__file__).resolve().parents[1]
SHARED = ("", "tests/fakes", "tests/patterns")
"""Folders whose modules tests import."""
NOW = frozenset(("utc_now", "now_utc", "time.time", "time.time_ns", "datetime.now", "date.today"))
"""What tells the machine's time of day."""
DAYS = frozenset(("datetime", "date", "fromisoformat", "strptime"))
"""What makes a fixed day of a constant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocked:
    """Something that asks the machine for the time, unless a clock is handed to it."""

    module: str
    parameter: str
    at: int | None
    """Its place among those that are given without a name; None where it has to be named."""


type Things = Mapping[str, tuple[Clocked, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOfTests:
    """A file of tests as a tree, and the names in it that stand for fixed days."""

    tree: ast.Module
    days: frozenset[str]
    fixtures: frozenset[str]
    """Those that give a fixed day."""
    taken: Mapping[str, tuple[str, str]]
    """What it imports: its name here, to its module and its name there."""


def clocked(root: Path) -> Things:
    """Return what reads the machine's clock unless told another, by the name of what makes it."""
    found: dict[str, tuple[Clocked, ...]] = {}
    for path in modules(root):
        text = path.read_text(encoding="utf-8")
        if not any(word in text for word in NOW):
            continue
        module = ".".join(path.relative_to(root).with_suffix("").parts)
        for node in ast.parse(text).body:
            ways = () if not isinstance(node, ast.ClassDef | Function) else _ways(node, module)
            for way in ways:
                found[node.name] = (*found.get(node.name, ()), way)  # type: ignore[attr-defined]
    return found


def _ways(node: ast.ClassDef | Function, module: str) -> Iterator[Clocked]:
    if isinstance(node, Function):
        yield from _parameters(node, module, 0)
        return
    for part in node.body:
        if isinstance(part, Function) and part.name == "__init__":
            yield from _parameters(part, module, 1)
        elif isinstance(part, ast.AnnAssign) and part.value is not None and _tells_now(part.value):
            yield Clocked(module=module, parameter=ast.unparse(part.target), at=None)


def _parameters(node: Function, module: str, bound: int) -> Iterator[Clocked]:
    places = [*node.args.posonlyargs, *node.args.args]
    late = places[len(places) - len(node.args.defaults) :]
    for one, default in zip(late, node.args.defaults, strict=True):
        if _tells_now(default):
            yield Clocked(module=module, parameter=one.arg, at=places.index(one) - bound)
    for one, told in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
        if told is not None and _tells_now(told):
            yield Clocked(module=module, parameter=one.arg, at=None)


def _tells_now(default: ast.expr) -> bool:
    """True for the clock itself, for what calls it, and for a field that begins with its time."""
    return any(_name(part) in NOW for part in ast.walk(default))


def _name(node: ast.AST) -> str:
    """Return a name, or one with a point in it."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return ""


def _is_day(node: ast.AST, days: frozenset[str]) -> bool:
    """True where a fixed day is made, or named."""
    for part in walked(node):
        if isinstance(part, ast.Name) and part.id in days:
            return True
        if isinstance(part, ast.Call) and part.args and isinstance(part.args[0], ast.Constant):
            made_by = part.func.attr if isinstance(part.func, ast.Attribute) else _name(part.func)
            if made_by in DAYS:
                return True
    return False


def _constants(tree: ast.Module, days: frozenset[str] = frozenset()) -> frozenset[str]:
    """Return the names that a module gives to fixed days, beside those that it knows."""
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        if _is_day(node.value, days):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            parts = (part for target in targets for part in ast.walk(target))
            days |= {part.id for part in parts if isinstance(part, ast.Name)}
    return days


def _fixtures(tree: ast.Module, days: frozenset[str]) -> frozenset[str]:
    """Return the fixtures that give a fixed day."""
    return frozenset(
        node.name
        for node in functions_in(tree)
        if any("fixture" in ast.unparse(one) for one in node.decorator_list)
        and node.returns is not None
        and ast.unparse(node.returns) in {"datetime", "date"}
        and any(_is_day(part, days) for part in node.body)
    )


@cache
def file_of_tests(path: Path, root: Path = ROOT) -> FileOfTests:
    """Return a file of tests with what it takes from others of them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    taken = _taken(tree)
    named = {here for here, (module, name) in taken.items() if name in _days_in(root, module)}
    days = _constants(tree, frozenset(named))
    fixtures = _fixtures(tree, days)
    above = [folder / "conftest.py" for folder in path.parents if folder.is_relative_to(root)]
    for other in above:
        if other != path and other.is_file():
            fixtures |= file_of_tests(other, root).fixtures
    return FileOfTests(tree=tree, days=days, fixtures=fixtures, taken=taken)


def _taken(tree: ast.Module) -> Mapping[str, tuple[str, str]]:
    return {
        one.asname or one.name: (node.module, one.name)
        for node in statements(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0
        for one in node.names
    }


@cache
def _days_in(root: Path, module: str) -> frozenset[str]:
    """Return the fixed days of a module that tests import."""
    for folder in SHARED:
        path = root / folder / f"{module.replace('.', '/')}.py"
        if path.is_file():
            return _constants(ast.parse(path.read_text(encoding="utf-8")))
    return frozenset()


def left_to_the_machine(file: FileOfTests, things: Things) -> list[tuple[int, str]]:
    """Return the lines at which something of fixed days makes what reads the machine's clock, and
    what it makes. In a file of fixed days that is each helper: who hands it the days is not
    followed. A test has to name them itself.
    """
    makers = {
        here: thing
        for here, (module, name) in file.taken.items()
        for thing in things.get(name, ())
        if _is_below(thing.module, module)
    }
    if not makers or not any(_has_days(one, file) for one in functions_in(file.tree)):
        return []
    found = set()
    for function in functions_in(file.tree):
        if function.name.startswith("test_") and not _has_days(function, file):
            continue
        for call in (node for node in walked(function) if isinstance(node, ast.Call)):
            name = _name(call.func)
            if name in makers and not _is_handed(call, makers[name]):
                found.add((call.lineno, name))
    return sorted(found)


def _has_days(function: Function, file: FileOfTests) -> bool:
    """True where a fixed day is made or named, or asked for as a fixture."""
    asked = {one.arg for one in (*function.args.args, *function.args.kwonlyargs)}
    return bool(asked & file.fixtures) or any(_is_day(p, file.days) for p in function.body)


def _is_below(module: str, package: str) -> bool:
    """True where a package may hand on what its module makes."""
    return module == package or module.startswith(package + ".")


def _is_handed(call: ast.Call, thing: Clocked) -> bool:
    if any(isinstance(one, ast.Starred) for one in call.args):
        return True
    named = any(one.arg in {None, thing.parameter} for one in call.keywords)
    return named or (thing.at is not None and len(call.args) > thing.at)


def places(root: Path = ROOT) -> list[str]:
    """Return all such places below `tests/`: FILE:LINE NAME."""
    things = clocked(root)
    made = re.compile(rf"\b(?:{'|'.join(things)})(?:\(| as )")
    return [
        f"{path.relative_to(root)}:{line} {name}"
        for path in sorted((root / "tests").rglob("*.py"))
        if made.search(path.read_text(encoding="utf-8"))
        for line, name in left_to_the_machine(file_of_tests(path, root), things)
    ]


if __name__ == "__main__":
    print("\n".join(places(Path(sys.argv[1]).resolve() if sys.argv[1:] else ROOT)))
