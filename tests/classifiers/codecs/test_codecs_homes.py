"""Each way of writing things down is known in one place, so that what one reader sees no other
misses.
"""

import ast
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TELLING = (ast.Import, ast.ImportFrom, ast.Call, ast.Constant)
PACKAGES = ("app", "classifiers", "core", "evidence", "policy", "proxy", "tui")

type Tree = tuple[ast.AST, ...]


@cache
def trees() -> dict[str, tuple[ast.AST, ...]]:
    """What tells facts in every module that reads or writes traffic, by its path."""
    paths = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    return {str(path.relative_to(ROOT)): telling(path.read_text()) for path in paths}


def telling(text: str) -> tuple[ast.AST, ...]:
    """Return imports, calls and constants: each module is walked once for all facts."""
    return tuple(node for node in ast.walk(ast.parse(text)) if isinstance(node, TELLING))


def imports(tree: Tree, names: set[str]) -> bool:
    return any(
        (isinstance(node, ast.Import) and any(alias.name in names for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and node.module in names)
        for node in tree
    )


def calls(tree: Tree, name: str) -> bool:
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == name
        for node in tree
    )


def says(tree: Tree, *starts: bytes) -> bool:
    """True when a bytes literal begins with one of these."""
    return any(
        isinstance(node, ast.Constant)
        and isinstance(node.value, bytes)
        and node.value.startswith(starts)
        for node in tree
    )


def makes_unread(tree: Tree) -> bool:
    """True when a finding of kind `not_inspected` is made here; filters may ask for that kind."""
    return any(
        keyword.arg == "kind"
        and ast.unparse(keyword.value) in {"NOT_INSPECTED", "'not_inspected'"}
        and not (node.args and ast.unparse(node.args[0]) == "wanted")
        for node in tree
        if isinstance(node, ast.Call)
        for keyword in node.keywords
    )


HOMES: dict[str, tuple[Callable[[Tree], bool], set[str]]] = {
    "brotli": (lambda t: imports(t, {"brotli"}), {"classifiers/codecs/brotli_stream.py"}),
    "zstandard": (
        lambda t: imports(t, {"zstandard"}),
        {"classifiers/codecs/zstd_frames.py", "evidence/frames.py"},
    ),
    "bz2 and xz": (lambda t: imports(t, {"bz2", "lzma"}), {"classifiers/codecs/block_packed.py"}),
    "deflate": (
        lambda t: calls(t, "decompressobj") and imports(t, {"zlib"}),
        {"classifiers/codecs/deflate.py"},
    ),
    "magic of archives": (
        lambda t: says(t, b"PK\x03\x04", b"%PDF", b"\x89PNG", b"SQLite format"),
        {"classifiers/codecs/magic.py"},
    ),
    "magic of tape archives": (lambda t: says(t, b"ustar"), {"classifiers/codecs/magic.py"}),
    "invisible characters": (
        lambda t: any(
            isinstance(n, ast.Constant) and n.value in (0x115F, 0x3164, "\u115f", "\u3164")
            for n in t
        ),
        {"core/invisible.py"},
    ),
    "digits of all scripts": (
        lambda t: calls(t, "digit"),
        {"classifiers/codecs/unicode_folding.py"},
    ),
    "a finding that something was not inspected": (makes_unread, {"core/findings.py"}),
}


@pytest.mark.parametrize("fact", HOMES)
def test_each_fact_has_one_home(fact: str) -> None:
    """Packed streams, beginnings of files, invisible characters: a second place would sooner or
    later say otherwise.
    """
    is_told, homes = HOMES[fact]

    assert {path for path, tree in trees().items() if is_told(tree)} == homes


def test_the_proxy_reads_no_bodies() -> None:
    """What is in a body is asked through a port: the proxy imports nothing that classifies."""
    own = {path: tree for path, tree in trees().items() if path.startswith("proxy/")}
    asked = [
        path
        for path, tree in own.items()
        for node in tree
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("classifiers"))
        or (
            isinstance(node, ast.Import)
            and any(a.name.startswith("classifiers") for a in node.names)
        )
    ]

    assert asked == []
