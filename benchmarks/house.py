"""The house in figures, by syntax tree: sizes, branches, density, names. `house.py [REVISION…]`
compares revisions.
"""

import argparse
import ast
import io
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / ".ci"))

from house_measures import (  # noqa: E402 - below the path that it needs
    MOST_LINES,
    MOST_WAYS,
    functions_in,
    lines_of,
    modules,
    nested_conditionals,
    unformatted,
    ways_through,
)


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


def measures(root: Path) -> dict[str, str]:
    """Return each measure by name."""
    paths = modules(root)
    texts = {path: path.read_text() for path in paths}
    trees = {path: ast.parse(text) for path, text in texts.items()}
    functions = [function for tree in trees.values() for function in functions_in(tree)]
    lengths = sorted(lines_of(function) for function in functions)
    ways = sorted(ways_through(function) for function in functions)
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
        "lines of a body, median / p90 / most": spread(lengths),
        f"functions over {MOST_LINES} lines": str(sum(length > MOST_LINES for length in lengths)),
        "ways through, median / p90 / most": spread(ways),
        f"functions over {MOST_WAYS} ways": str(sum(way > MOST_WAYS for way in ways)),
        "functions over 10 ways, %": f"{100 * sum(way > 10 for way in ways) / len(ways):.1f}",
        "conditional expressions per 1,000 lines": f"{nodes[ast.IfExp] / thousand:.1f}",
        "of them in another": str(sum(len(nested_conditionals(tree)) for tree in trees.values())),
        "lambdas per 1,000 lines": f"{nodes[ast.Lambda] / thousand:.1f}",
        "line width, p90 / most": f"{at(sorted(map(len, lines)), 0.9)} / {max(map(len, lines))}",
        "lines over 100 columns": str(sum(len(line) > 100 for line in lines)),
        "formatting switched off": str(sum(len(unformatted(text)) for text in texts.values())),
        "names that two modules share": str(sum(count > 1 for count in names.values())),
        "assignments to a decision elsewhere": str(assignments(trees, "decision")),
        "keys in flow.metadata": str(len(metadata_keys(trees))),
    }


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
            ways_through(function),
            lines_of(function),
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
