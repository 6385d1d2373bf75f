"""Measures a function, an expression and a line of the house, from the syntax tree: what the
house's tests hold and `benchmarks/house.py` prints.
"""

import ast
import io
import tokenize
import tomllib
from collections import deque
from collections.abc import Iterator
from functools import cache
from pathlib import Path

MOST_WAYS = 15
"""Through a function: above it, it is cut where its parts are."""
MOST_LINES = 40
"""Of a function's body: above it, it needs a reason."""
MOST_COLUMNS = 100
BRANCHES = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.IfExp,
    ast.comprehension,
    ast.match_case,
    ast.Assert,
)
"""What adds one way through a function; `and` and `or` add one for each further part (McCabe,
extended).
"""
Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules(root: Path) -> list[Path]:
    """Return the modules that are shipped."""
    settings = tomllib.loads((root / "pyproject.toml").read_text())
    packages = settings["tool"]["importlinter"]["root_packages"]
    return sorted(path for package in packages for path in (root / package).rglob("*.py"))


@cache
def walked(tree: ast.AST) -> tuple[ast.AST, ...]:
    """Return all nodes of a tree: walked once for all that look at it."""
    return tuple(ast.walk(tree))


def statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield every statement, the outer ones first; what they are made of is not looked at."""
    waiting = deque([tree])
    while waiting:
        for node in ast.iter_child_nodes(waiting.popleft()):
            if isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
                waiting.append(node)
                yield node


def functions_in(tree: ast.AST) -> Iterator[Function]:
    """Yield every function and method."""
    return (node for node in statements(tree) if isinstance(node, Function))


def lines_of(function: Function) -> int:
    """Return the lines of what it does: of its body, without its docstring, its parameters and what
    it imports. A command's options are its interface, and it loads only what it needs.
    """
    first = function.body[0]
    told = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    does = [s for s in function.body[told:] if not isinstance(s, ast.Import | ast.ImportFrom)]
    if not does:
        return 0
    start = does[0].lineno
    return (function.end_lineno or start) - start + 1


def ways_through(function: Function) -> int:
    """Return the ways through it, nested functions counted for themselves."""
    ways, waiting = 1, list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        if isinstance(node, Function):
            continue
        ways += isinstance(node, BRANCHES)
        if isinstance(node, ast.BoolOp):
            ways += len(node.values) - 1
        waiting.extend(ast.iter_child_nodes(node))
    return ways


def nested_conditionals(tree: ast.AST) -> list[int]:
    """Return the lines of conditional expressions with another one as a clause."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.IfExp)
        and any(isinstance(clause, ast.IfExp) for clause in (node.test, node.body, node.orelse))
    ]


def unformatted(text: str) -> list[int]:
    """Return the lines at which the formatter is switched off."""
    return [
        at
        for at, line in enumerate(text.splitlines(), 1)
        if any(word in line for word in ("# fmt: skip", "# fmt: off"))
    ]


def unfolded(text: str) -> list[int]:
    """Return the lines over 100 columns with a text that could be folded: neither a pattern, nor a
    program or a page of several lines, nor one long word, nor beside a reason for a checker.
    """
    wide = {at for at, line in enumerate(text.splitlines(), 1) if len(line) > MOST_COLUMNS}
    if not wide:
        return []
    begun: list[tuple[int, bool]] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        first, last = token.start[0], token.end[0]
        if token.type == tokenize.FSTRING_START:
            begun.append((first, _is_whole(token.string)))
            continue
        whole = token.type == tokenize.STRING and _is_whole(token.string)
        if token.type == tokenize.FSTRING_END:
            first, whole = begun.pop()
        elif token.type == tokenize.COMMENT:
            whole = "noqa" in token.string or "type: ignore" in token.string
        if whole:
            wide -= set(range(first, last + 1))
    return sorted(wide)


def _is_whole(literal: str) -> bool:
    """True for a text, or the beginning of one, that stays as it is: raw, over lines, or one
    word.
    """
    prefix, quote, rest = literal.partition('"') if '"' in literal else literal.partition("'")
    over_lines = rest.startswith(quote * 2)
    one_word = rest.endswith(quote) and " " not in rest
    return "r" in prefix.lower() or over_lines or one_word
