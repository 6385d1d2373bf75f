"""The house in figures, by syntax tree: sizes, branches, density, names. `house.py [REVISION…]`
compares revisions.
"""

import argparse
import ast
import io
import statistics
import subprocess
import tarfile
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
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


def main() -> None:
    """Print one column for each revision, the work tree last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("revisions", nargs="*", help="git revisions to stand beside the work tree")
    parser.add_argument("--worst", type=int, default=0, help="list so many worst functions")
    options = parser.parse_args()
    columns = {name: of_revision(name) for name in options.revisions}
    columns["work tree"] = measures(ROOT)
    print("".join(f"{title:>16}" for title in ("", *columns)))
    for key in columns["work tree"]:
        print(f"{key:<40}" + "".join(f"{figures[key]:>16}" for figures in columns.values()))
    for complexity, length, where in worst(ROOT)[: options.worst]:
        print(f"{complexity:>4} ways {length:>4} lines  {where}")


def of_revision(revision: str) -> dict[str, str]:
    """Return the measures of a revision."""
    packed = subprocess.run(
        ["git", "archive", revision], cwd=ROOT, capture_output=True, check=True
    ).stdout
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(folder, filter="data")
        return measures(Path(folder))


def modules(root: Path) -> list[Path]:
    """Return the modules that are shipped."""
    settings = tomllib.loads((root / "pyproject.toml").read_text())
    packages = settings["tool"]["importlinter"]["root_packages"]
    return sorted(path for package in packages for path in (root / package).rglob("*.py"))


def measures(root: Path) -> dict[str, str]:
    """Return each measure by name."""
    paths = modules(root)
    texts = {path: path.read_text() for path in paths}
    trees = {path: ast.parse(text) for path, text in texts.items()}
    functions = [function for tree in trees.values() for function in functions_in(tree)]
    lengths = sorted(length_of(function) for function in functions)
    ways = sorted(complexity_of(function) for function in functions)
    sizes = sorted(text.count("\n") for text in texts.values())
    lines = [line for text in texts.values() for line in text.splitlines() if line.strip()]
    thousand = sum(sizes) / 1000
    nodes = Counter(type(node) for tree in trees.values() for node in ast.walk(tree))
    names = Counter(path.stem for path in paths if path.stem != "__init__")
    return {
        "modules": str(len(paths)),
        "lines": str(sum(sizes)),
        "module lines, median / p90 / most": spread(sizes),
        "functions": str(len(functions)),
        "function lines, median / p90 / most": spread(lengths),
        "functions over 40 lines": str(sum(length > 40 for length in lengths)),
        "ways through, median / p90 / most": spread(ways),
        "functions over 15 ways": str(sum(way > 15 for way in ways)),
        "functions over 10 ways, %": f"{100 * sum(way > 10 for way in ways) / len(ways):.1f}",
        "conditional expressions per 1,000 lines": f"{nodes[ast.IfExp] / thousand:.1f}",
        "of them in another": str(nested(trees.values())),
        "lambdas per 1,000 lines": f"{nodes[ast.Lambda] / thousand:.1f}",
        "line width, p90 / most": f"{at(sorted(map(len, lines)), 0.9)} / {max(map(len, lines))}",
        "lines over 100 columns": str(sum(len(line) > 100 for line in lines)),
        "formatting switched off": str(sum("fmt: skip" in line for line in lines)),
        "names that two modules share": str(sum(count > 1 for count in names.values())),
        "assignments to a decision elsewhere": str(assignments(trees, "decision")),
        "keys in flow.metadata": str(len(metadata_keys(trees))),
    }


def functions_in(tree: ast.AST) -> Iterator[Function]:
    """Yield every function and method."""
    for node in ast.walk(tree):
        if isinstance(node, Function):
            yield node


def length_of(function: Function) -> int:
    """Return its lines without its docstring."""
    length = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        length -= (first.end_lineno or first.lineno) - first.lineno + 1
    return length


def complexity_of(function: Function) -> int:
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


def nested(trees: "object") -> int:
    """Return how many conditional expressions stand in another: over two clauses."""
    found = 0
    for tree in trees:  # type: ignore[attr-defined]
        for node in ast.walk(tree):
            if isinstance(node, ast.IfExp):
                found += any(isinstance(inner, ast.IfExp) for inner in (node.body, node.orelse))
    return found


def assignments(trees: dict[Path, ast.Module], attribute: str) -> int:
    """Return how often an attribute of this name is assigned to on another object than `self`."""
    return sum(
        isinstance(target, ast.Attribute)
        and target.attr == attribute
        and not (isinstance(target.value, ast.Name) and target.value.id == "self")
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
    )


def metadata_keys(trees: dict[Path, ast.Module]) -> set[str]:
    """Return the keys under which something is kept in `flow.metadata`."""
    found: set[str] = set()
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith(".metadata"):
                found.add(ast.unparse(node.slice))
    return found


def worst(root: Path) -> list[tuple[int, int, str]]:
    """Return (ways, lines, where) of every function, the most tangled first."""
    found = [
        (
            complexity_of(function),
            length_of(function),
            f"{path.relative_to(root)}:{function.lineno} {function.name}",
        )
        for path in modules(root)
        for function in functions_in(ast.parse(path.read_text()))
    ]
    return sorted(found, reverse=True)


def spread(values: list[int]) -> str:
    """Return median, 90th percentile and largest of sorted values."""
    return f"{statistics.median(values):g} / {at(values, 0.9)} / {values[-1]}"


def at(values: list[int], share: float) -> int:
    """Return the value below which this share of the sorted values lies."""
    return values[min(len(values) - 1, int(share * len(values)))]


if __name__ == "__main__":
    main()
