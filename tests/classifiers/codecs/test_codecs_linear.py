"""Patterns of RE2 that are compiled late: a gate that starts sees each that is refused."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import re2
from plain_carriers import inline

from classifiers.codecs import linear

ROOT = Path(__file__).resolve().parents[3] / "classifiers"
REACHED = {
    "linear.compiled",
    "linear.by_line",
    "first_look._one_of",
    "engine.regex",
    "candidates._search",
    "joints._pattern",
    "number_lists._pattern",
    "hints._compiled",
}
"""Functions that compile and that a gate which starts calls, or a worker alone."""


def test_a_refused_pattern_ends_a_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """What only a rare payload would need is compiled before the gate serves."""
    monkeypatch.setattr(linear, "_MADE", [])

    @linear.ready
    def _broken() -> object:
        return linear.compiled("(a")

    with pytest.raises(re2.error):
        inline().warm()


def test_a_pattern_is_compiled_once() -> None:
    """The same one is used again and again; a second look costs nothing."""
    made = [one() for one in linear._MADE]
    assert made
    assert all(one() is first for one, first in zip(linear._MADE, made, strict=True))


def _compilers() -> Iterator[tuple[str, bool]]:
    """Yield the functions that compile a pattern, and whether a start calls each."""
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and any(map(_compiles, ast.walk(node))):
                names = [one.id for one in node.decorator_list if isinstance(one, ast.Name)]
                yield f"{path.stem}.{node.name}", "ready" in names


def _compiles(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in {"re2.compile", "compiled"}


def test_nothing_is_compiled_behind_the_back_of_a_start() -> None:
    """Whoever compiles a pattern elsewhere makes it ready, or says here who calls it."""
    assert {name for name, is_ready in _compilers() if not is_ready} == REACHED
