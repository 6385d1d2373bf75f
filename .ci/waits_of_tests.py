"""Finds tests that fail where a machine is slow: they end a wait for another thread or process
early, turn their own rounds until a time, or assert how long something took.

`python .ci/waits_of_tests.py [ROOT]` lists the places.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from house_measures import walked

ROOT = Path(__file__).resolve().parents[1]
LEAST_S = 20.0
"""The shortest wait for something that is to come; `patience.PATIENT_S` is the one to write."""
HOME = "tests/fakes/patience.py"
CLOCKS = ("monotonic", "perf_counter")
LAST = frozenset(("settimeout", "create_connection", "wait_for", "join", "result"))
"""What takes its longest time as its last argument. A `timeout` may stand anywhere by its name."""
MEANT = {
    ("forked_run.py", "time.monotonic() + within"): "who has not ended is killed",
    ("forked_run.py", "time.monotonic() + LAST_S"): "the same",
    ("test_classifiers_pool.py", "time.monotonic() - started < PATIENT"): "not at the deadline",
    ("test_app_systemd_notify.py", "asyncio.timeout(0.05)"): "what is alive ends with it",
    ("test_capture_escapes.py", "listener.settimeout(0.2)"): "nobody is to come",
    ("test_proxy_backpressure.py", "tls.settimeout(1.0)"): "until no more is taken",
    ("test_proxy_corporate_route.py", "timeout=2"): "nobody is there to answer",
    ("test_proxy_far_side.py", "timeout=1"): "a client that loses patience",
    ("test_proxy_far_side.py", "beneath.settimeout(1)"): "an end in order, for who still sends",
    ("test_proxy_hostile.py", "connection.settimeout(3)"): "noise may have no answer",
    ("test_proxy_requests.py", "asking.join(0.3)"): "there is no answer yet",
    ("test_proxy_wire_ends.py", "talk.settimeout(0)"): "does not wait",
    ("test_capture_system_call_filter.py", "result(filter_for"): "no wait",
    ("test_scenarios_leftovers.py", "create_connection((host, int(port)), 1)"): "nobody listens",
    ("small_world.py", "time.monotonic() + LONGEST_S"): "what cannot be seen is let go",
}
"""Times that are meant to pass: who is slow loses nothing by them. Each by its file, how it reads
and why.
"""


def _number(node: ast.expr, known: Mapping[str, float]) -> float | None:
    if isinstance(node, ast.Name):
        return known.get(node.id)
    told = node.value if isinstance(node, ast.Constant) else None
    return float(told) if isinstance(told, int | float) and not isinstance(told, bool) else None


def _known(tree: ast.Module) -> dict[str, float]:
    """Return the numbers that a module names."""
    return {
        target.id: number
        for node in tree.body
        if isinstance(node, ast.Assign) and (number := _number(node.value, {})) is not None
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _limits(node: ast.AST) -> Iterator[ast.expr]:
    """Yield what ends the wait that is written here."""
    if not isinstance(node, ast.Call):
        return
    yield from (one.value for one in node.keywords if one.arg == "timeout")
    name = ast.unparse(node.func)
    takes_one = name == "asyncio.timeout" or name.rpartition(".")[2] in LAST
    if takes_one and node.args:
        yield node.args[-1]


def _own_round(node: ast.AST) -> bool:
    """True where a time is set until which somebody asks again and again."""
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Add)
        and isinstance(node.left, ast.Call)
        and ast.unparse(node.left.func).endswith(CLOCKS)
    )


def _asserts_time(node: ast.AST) -> bool:
    """True where what must hold is how long something took: who waits without it says so sooner."""
    return isinstance(node, ast.Assert) and any(
        isinstance(one, ast.BinOp)
        and isinstance(one.op, ast.Sub)
        and isinstance(one.left, ast.Call)
        and ast.unparse(one.left.func).endswith(CLOCKS)
        for one in ast.walk(node.test)
    )


def impatient(text: str) -> list[tuple[int, str]]:
    """Return the line of each wait in a file of tests that ends too early, and how it reads."""
    tree = ast.parse(text)
    known = _known(tree)
    found = []
    for node in walked(tree):
        limits = (_number(one, known) for one in _limits(node))
        short = any(one is not None and one < LEAST_S for one in limits)
        if short or _own_round(node) or _asserts_time(node):
            found.append((getattr(node, "lineno", 0), ast.unparse(node)))
    return sorted(found)


def _is_meant(name: str, reads: str) -> bool:
    return any(file == name and part in reads for file, part in MEANT)


@cache
def places(root: Path = ROOT) -> list[str]:
    """Return all places below a folder's tests, but those that are meant."""
    return [
        f"{path.relative_to(root)}:{line}: {reads}"
        for path in sorted((root / "tests").rglob("*.py"))
        if path != root / HOME
        for line, reads in impatient(path.read_text(encoding="utf-8"))
        if not _is_meant(path.name, reads)
    ]


def main() -> int:
    """List them."""
    found = places(Path(sys.argv[1]).resolve() if sys.argv[1:] else ROOT)
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
