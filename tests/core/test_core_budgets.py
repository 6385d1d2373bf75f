"""What may be done at once has one measure, and everyone reads it where it stands."""

import ast
from pathlib import Path

import pytest

from core import budgets

ROOT = Path(__file__).resolve().parents[2]
READERS = [
    "classifiers/engine.py",
    "proxy/inspection.py",
    "proxy/lineage.py",
    "proxy/request_head.py",
    "classifiers/uploads/cutting.py",
]


def imports_it(path: Path) -> bool:
    tree = ast.parse(path.read_text())
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "core.budgets"
        and "INLINE_BYTES" in {alias.name for alias in node.names}
        for node in ast.walk(tree)
    )


@pytest.mark.parametrize("reader", READERS)
def test_what_is_small_is_said_once(reader: str) -> None:
    """A small body is the same for those who wait for it, read it, redact it and cut it into
    windows.
    """
    path = ROOT / reader
    own = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and node.value == budgets.INLINE_BYTES
    ]
    assert imports_it(path)
    assert own == []
    assert "64 * 1024" not in path.read_text()
