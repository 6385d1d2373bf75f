"""Runs the tests of what was changed: `python .ci/tests_of.py [--since REV | FILES]`.

First the changed tests and those named after a changed module, then those whose theme it is, those
that import it, and those that import what imports it: as many as fit the time, by what each file
took when it last ran here.
"""

import argparse
import ast
import json
import os
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
THEMES = ROOT / "tests" / "themes.toml"
_KEPT = ROOT / ".pytest_cache" / "v" / "outgate"
TIMES = _KEPT / "seconds_of_files"
IMPORTS = _KEPT / "imports_of_files"
"""What each file imported when it was last read: five seconds of work, for those that stay."""
SECONDS = 90.0
UNKNOWN_SECONDS = 3.0
"""Assumed of a test file that was never run here."""
SHARED = ("tests/fakes", "tests/patterns")
WORKERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A test file to run, and why."""

    path: str
    rank: int
    why: str


def module_of(path: str) -> str:
    """Return the module that this file is imported as."""
    for folder in SHARED:
        if path.startswith(folder + "/"):
            path = path.removeprefix(folder + "/")
    parts = path.removesuffix(".py").split("/")
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_test(path: str) -> bool:
    """Return whether pytest collects this file."""
    return path.startswith("tests/") and path.rpartition("/")[2].startswith("test_")


def imports_of(tree: ast.AST, module: str, is_package: bool) -> Iterator[str]:
    """Yield the names that a module imports, anywhere in it; parts of a module as names below
    it.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".") if is_package else module.split(".")[:-1]
            base = above[: len(above) - node.level + 1] if node.level else []
            stem = ".".join([*base, node.module] if node.module else base)
            yield stem
            yield from (f"{stem}.{alias.name}" for alias in node.names)


@cache
def sources() -> Mapping[str, str]:
    """Return all Python files of the house that git knows or would take: path to text."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    files = (name for name in names.stdout.splitlines() if (ROOT / name).is_file())
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in files}


type Imports = dict[str, tuple[str, list[str]]]
"""By path: the digest of a file's text, and the names that it imports."""


def read_imports(kept: Path, texts: Mapping[str, str]) -> Imports:
    """Return what these files import. Only those whose text is not the one that is kept are read;
    then all of it is kept.
    """
    known: Imports = {}
    with suppress(OSError, ValueError, TypeError, AttributeError):  # none yet, or not ours
        told = json.loads(kept.read_text(encoding="utf-8"))
        known = {path: (digest, names) for path, (digest, names) in told.items()}
    found: Imports = {}
    for path, text in texts.items():
        digest = blake2b(text.encode(), digest_size=16).hexdigest()
        before, names = known.get(path, ("", []))
        if before != digest:
            package = path.endswith("__init__.py")
            names = sorted(set(imports_of(ast.parse(text), module_of(path), package)))
        found[path] = digest, names
    if found != known:
        kept.parent.mkdir(parents=True, exist_ok=True)
        new = kept.with_name(f"{kept.name}.{os.getpid()}")
        new.write_text(json.dumps(found), encoding="utf-8")
        new.replace(kept)
    return found


@cache
def importers() -> Mapping[str, frozenset[str]]:
    """Return, for each file, those that import it. A package's file stands only for itself."""
    paths = {module_of(path): path for path in sources()}
    found: dict[str, set[str]] = defaultdict(set)
    for path, (_, names) in read_imports(IMPORTS, sources()).items():
        for name in names:
            if (other := paths.get(name)) is not None and other != path:
                found[other].add(path)
    return {path: frozenset(who) for path, who in found.items()}


def package_of(path: str) -> str:
    """Return the package that the tests of this file's folder are about."""
    return ".".join(path.split("/")[1:-1])


def about(path: str, modules: Iterable[str]) -> str | None:
    """Return the one module or package that a test file is named after, or None."""
    package = package_of(path)
    folder = package.rpartition(".")[2]
    stem = path.rpartition("/")[2].removesuffix(".py")
    if stem == f"test_{folder}":
        return package if package in modules else None
    if not stem.startswith(f"test_{folder}_"):
        return None
    rest = stem.removeprefix(f"test_{folder}_")
    by_depth: dict[int, list[str]] = defaultdict(list)
    for module in modules:
        if module.startswith(package + "."):
            parts = module.removeprefix(package + ".").split(".")
            if rest in {"_".join(parts[at:]) for at in range(len(parts))}:
                by_depth[len(parts)].append(module)
    nearest = by_depth[min(by_depth)] if by_depth else []
    return nearest[0] if len(nearest) == 1 else None


def theme_of(path: str) -> tuple[str, ...] | None:
    """Return what a test file is about by the table of themes, or None."""
    package = package_of(path)
    stem = path.rpartition("/")[2].removesuffix(".py")
    theme = stem.removeprefix(f"test_{package.rpartition('.')[2]}_")
    found = _themes().get(package, {}).get(theme)
    return None if found is None else tuple(found)


@cache
def _themes() -> Mapping[str, Mapping[str, list[str]]]:
    return tomllib.loads(THEMES.read_text(encoding="utf-8"))


def _is_below(module: str, name: str) -> bool:
    return module == name or module.startswith(name + ".")


def chosen(changed: Iterable[str]) -> list[Chosen]:
    """Return the test files of the changed files, the nearest first."""
    best: dict[str, Chosen] = {}

    def take(path: str, rank: int, why: str) -> None:
        if is_test(path) and (path not in best or rank < best[path].rank):
            best[path] = Chosen(path=path, rank=rank, why=why)

    modules = {module_of(path) for path in sources()}
    for path in changed:
        for file in _stands_for(path):
            _take_tests_of(file, modules, take)
    return sorted(best.values(), key=lambda test: (test.rank, seconds_of(test.path), test.path))


def _take_tests_of(file: str, modules: set[str], take: "Taker") -> None:
    module = module_of(file)
    take(file, 0, "changed")
    for test in filter(is_test, sources()):
        named = about(test, modules)
        if named is not None and (named == module or _is_below(module, named)):
            take(test, 1 if named == module else 2, f"named after {named}")
        if any(_is_below(module, name) for name in theme_of(test) or ()):
            take(test, 2, f"its theme is {module}")
    near = importers().get(file, frozenset())
    for one in near:
        take(one, 3, f"imports {module}")
        for two in importers().get(one, frozenset()):
            same = two.split("/")[1] == file.split("/")[0]
            take(two, 4 if same else 5, f"imports {module} through {module_of(one)}")
    if file.endswith("/conftest.py"):
        for test in sources():
            if test.startswith(file.removesuffix("conftest.py")):
                take(test, 1, f"uses {file}")


def _stands_for(path: str) -> list[str]:
    """Return the Python files that a changed file stands for: itself; or those that name it."""
    if path.endswith(".py"):
        return [path]
    name = path.rpartition("/")[2]
    return [file for file, text in sources().items() if name in text]


type Taker = Callable[[str, int, str], None]


@cache
def _times() -> Mapping[str, float]:
    return json.loads(TIMES.read_text(encoding="utf-8")) if TIMES.is_file() else {}


def seconds_of(path: str) -> float:
    """Return how long a test file took when it last ran here, in seconds."""
    return _times().get(path, UNKNOWN_SECONDS)


def within(tests: Iterable[Chosen], seconds: float) -> tuple[list[Chosen], list[Chosen]]:
    """Return those that fit the time, and those that do not. Changed tests and those of the same
    name are always run.
    """
    fit, left = [], []
    spent = 0.0
    for test in tests:
        needed = seconds_of(test.path) / WORKERS
        if test.rank > 1 and spent + needed > seconds:
            left.append(test)
        else:
            spent += needed
            fit.append(test)
    return fit, left


def changed_files(since: str | None) -> list[str]:
    """Return the files that differ from a revision's common ancestor, or from the last commit;
    new ones, too.
    """
    base = ["git", "diff", "--name-only", "--merge-base", since or "HEAD"]
    new = ["git", "ls-files", "--others", "--exclude-standard"]
    return [
        name
        for command in (base, new)
        for name in subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.splitlines()
    ]


def main() -> int:
    """Choose and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", help="changed files; else what git says is changed")
    parser.add_argument("--since", help="a revision, as main")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--list", action="store_true", help="only say what would run, and why")
    asked = parser.parse_args()
    here = [Path(name).resolve().relative_to(ROOT).as_posix() for name in asked.files]
    fit, left = within(chosen(here or changed_files(asked.since)), asked.seconds)
    for test in fit:
        print(f"{seconds_of(test.path):6.1f} s  {test.path}  ({test.why})")
    if left:
        print(f"left out for want of time: {' '.join(test.path for test in left)}")
    if asked.list or not fit:
        return 0
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "--forks", str(WORKERS)]
    return subprocess.run([*command, *(t.path for t in fit)], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
