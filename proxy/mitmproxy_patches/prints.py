"""Prints of what the register touches: `python -m proxy.mitmproxy_patches.prints`.

Taken from the text of the installed files, so that neither a patch nor a stand-in hides a change.
"""

import ast
import hashlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from proxy.mitmproxy_patches import PATCHES, Patch

_DIGITS = 12


def print_of(patch: Patch) -> str:
    """Return the print of all that a patch touches. Raises LookupError for what is gone."""
    told = hashlib.sha256()
    for target in patch.touches:
        told.update(f"{target}\n{source_of(target)}\n".encode())
    return told.hexdigest()[:_DIGITS]


def source_of(target: str) -> str:
    """Return the source of `module` or `module:qualified.name`. Raises LookupError."""
    module, _, name = target.partition(":")
    text = _file_of(module).read_text(encoding="utf-8")
    if not name:
        return text
    node: ast.AST = ast.parse(text)
    for part in name.split("."):
        node = _inside(node, part, target)
    return ast.get_source_segment(text, node) or ""


def _inside(node: ast.AST, name: str, target: str) -> ast.AST:
    for child in _definitions(node):
        if name in _names(child):
            return child
    raise LookupError(f"{target} is not there any more")


def _definitions(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is defined or imported in a scope, also below an `if`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If):
            yield from _definitions(child)
        else:
            yield child


def _names(node: ast.AST) -> set[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return {node.name}
    if isinstance(node, ast.ImportFrom | ast.Import):
        return {alias.asname or alias.name for alias in node.names}
    return set()


def _file_of(module: str) -> Path:
    top, _, rest = module.partition(".")
    spec = importlib.util.find_spec(top)
    if spec is None or spec.origin is None:
        raise LookupError(f"{top} is not installed")
    path = Path(spec.origin).parent.joinpath(*rest.split(".")) if rest else Path(spec.origin)
    for found in (path.with_suffix(".py"), path / "__init__.py"):
        if found.is_file():
            return found
    raise LookupError(f"{module} is not there any more")


if __name__ == "__main__":
    for entry in PATCHES:
        now = print_of(entry)
        print(now, "as it was" if now == entry.seen else "CHANGED", entry.name)  # noqa: T201
