"""The program that is given away in each pack, `verify.py`: one file for a bare Python, which is
put together from the parts in `checking`.
"""

import ast
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources

from exports.pack.checking.counting import FIGURES as FIGURES
from exports.pack.checking.counting import named as named
from exports.pack.checking.main import Check as Check
from exports.pack.checking.main import main as main
from exports.pack.checking.packs import Pack as Pack

_ROOM = "exports.pack.checking"
PARTS = (
    *("names", "curve", "trees", "places", "packs", "telling", "counting"),
    *("container", "chains", "drawings", "main"),
)
"""In the order in which they stand in the program: each needs only those before it."""


@cache
def program() -> bytes:
    """Return the text of the program: the last part's docstring, what all import, and the parts
    without either. The same parts give the same bytes.
    """
    texts = {part: _text(part) for part in PARTS}
    trees = {part: ast.parse(text) for part, text in texts.items()}
    said = ast.get_source_segment(texts[PARTS[-1]], trees[PARTS[-1]].body[0])
    bodies = (_body(texts[part], trees[part]) for part in PARTS)
    imported = "\n".join(_imports(trees.values()))
    return "\n\n\n".join((f"{said}\n\n{imported}", *bodies)).encode() + b"\n"


def _text(part: str) -> str:
    return resources.files(_ROOM).joinpath(f"{part}.py").read_text(encoding="utf-8")


def _body(text: str, tree: ast.Module) -> str:
    """Return a part below its imports, under its own first line."""
    first = next(
        node for node in tree.body[1:] if not isinstance(node, ast.Import | ast.ImportFrom)
    )
    before = max(one.end_lineno or 0 for one in tree.body if one.lineno < first.lineno)
    title = (ast.get_docstring(tree) or "").partition("\n")[0]
    return f"# {title}\n\n" + "\n".join(text.splitlines()[before:]).strip("\n")


def _imports(trees: Iterable[ast.Module]) -> Iterator[str]:
    """Yield what the parts import of the standard library, each once."""
    modules, names = set[str](), dict[str, set[str]]()
    for tree in trees:
        for node in tree.body:
            if isinstance(node, ast.Import):
                modules |= {one.name for one in node.names}
            elif isinstance(node, ast.ImportFrom) and not (node.module or "").startswith(_ROOM):
                names.setdefault(node.module or "", set()).update(one.name for one in node.names)
    yield from (f"import {one}" for one in sorted(modules))
    yield from (f"from {one} import {', '.join(sorted(names[one]))}" for one in sorted(names))


if __name__ == "__main__":
    sys.stdout.buffer.write(program())
