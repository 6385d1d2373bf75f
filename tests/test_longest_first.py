"""Files of tests are begun the longest first, each whole and by one process, and none is lost."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from longest_first import SLOW, SLOW_S, UNKNOWN_S, LongestFirst, assumed

FAKES = Path(__file__).parent / "fakes"


class Node:
    """A process that runs nothing: what it was given, in order."""

    def __init__(self, name: str) -> None:
        self.gateway = SimpleNamespace(id=name)
        self.given: list[int] = []
        self.shutting_down = False

    def send_runtest_some(self, indexes: Sequence[int]) -> None:
        self.given += indexes

    def shutdown(self) -> None:
        self.shutting_down = True


class Run:
    """A scheduler with processes that all collected these tests."""

    def __init__(self, names: Sequence[str], known: Mapping[str, float], processes: int) -> None:
        option = SimpleNamespace(loadscopereorder=False, dist="loadscope", tx=["popen"] * processes)
        values = {"tx": option.tx}
        config = SimpleNamespace(
            option=option, getvalue=values.__getitem__, getoption=values.__getitem__
        )
        self.names, self.nodes = list(names), [Node(f"gw{n}") for n in range(processes)]
        self.scheduler = LongestFirst(cast(pytest.Config, config), None, known)
        for node in self.nodes:
            self.scheduler.add_node(node)
        for node in self.nodes:
            self.scheduler.add_node_collection(node, self.names)
        self.scheduler.schedule()
        self.ended: dict[str, list[str]] = {node.gateway.id: [] for node in self.nodes}

    def end_one(self, node: Node) -> bool:
        """End the next test of a process; False where it has none."""
        done = self.ended[node.gateway.id]
        if len(done) == len(node.given):
            return False
        at = node.given[len(done)]
        done.append(self.names[at])
        self.scheduler.mark_test_complete(node, at)
        return True


def names(files: Mapping[str, int]) -> list[str]:
    """Return so many tests of each file."""
    return [f"{file}::test_{n}" for file, count in files.items() for n in range(count)]


def test_the_longest_file_is_begun_first() -> None:
    """What took long when it last ran here is begun first, where it stands matters no more."""
    run = Run(names({"a": 3, "b": 3, "c": 3, "d": 3}), {"a": 1, "b": 9, "c": 4, "d": 30}, 1)
    while run.end_one(run.nodes[0]):
        pass
    files = [name.partition("::")[0] for name in run.ended["gw0"]]
    assert files == ["d"] * 3 + ["b"] * 3 + ["c"] * 3 + ["a"] * 3
    assert [name.partition("::")[2] for name in run.ended["gw0"][:3]] == [
        "test_0",
        "test_1",
        "test_2",
    ]


def test_who_knows_nothing_begins_with_what_waits() -> None:
    """On a new machine the folders that wait for gates and databases are begun first; else files
    come as they were collected.
    """
    files = {"tests/app/a.py": 1, "tests/core/b.py": 2, f"{SLOW[0]}c.py": 2}
    run = Run(names(files), {}, 1)
    while run.end_one(run.nodes[0]):
        pass
    assert [name.partition("::")[0] for name in run.ended["gw0"]] == [
        *[f"{SLOW[0]}c.py"] * 2,
        "tests/app/a.py",
        *["tests/core/b.py"] * 2,
    ]


def test_the_slow_folders_are_there() -> None:
    """A folder that was moved is moved in the list."""
    for folder in SLOW:
        assert (FAKES.parents[1] / folder).is_dir()
    assert assumed(f"{SLOW[0]}test_x.py::TestClass", {}) == SLOW_S
    assert assumed("tests/core/test_x.py", {}) == UNKNOWN_S
    assert assumed("tests/core/test_x.py::TestClass", {"tests/core/test_x.py": 7}) == 7


@given(
    files=st.lists(st.integers(1, 5), min_size=1, max_size=12),
    seconds=st.lists(st.floats(0, 99), min_size=12, max_size=12),
    processes=st.integers(1, 4),
    turns=st.lists(st.integers(0, 3), max_size=200),
)
def test_every_test_runs_once_and_a_file_with_one_process(
    files: list[int], seconds: list[float], processes: int, turns: list[int]
) -> None:
    """Whoever ends when: no test is lost, none runs twice, and no file is shared out."""
    counts = {f"f{n}": count for n, count in enumerate(files)}
    run = Run(names(counts), {f"f{n}": told for n, told in enumerate(seconds)}, processes)
    for turn in turns:
        run.end_one(run.nodes[turn % processes])
    while any(run.end_one(node) for node in run.nodes):
        pass
    assert sorted(name for done in run.ended.values() for name in done) == sorted(names(counts))
    of = [{name.partition("::")[0] for name in done} for done in run.ended.values()]
    assert sum(map(len, of)) == len(counts)
    assert run.scheduler.tests_finished


def test_what_a_dead_process_had_goes_to_another() -> None:
    """The test at which it died is told; the rest of its file runs elsewhere, and what it had
    ended does not run again.
    """
    run = Run(names({"a": 4, "b": 4, "c": 4}), {"a": 9, "b": 8, "c": 7}, 2)
    dead, other = run.nodes
    run.end_one(dead)
    assert run.scheduler.remove_node(dead) == "a::test_1"
    while run.end_one(other):
        pass
    assert sorted(run.ended["gw0"] + run.ended["gw1"]) == sorted(names({"a": 4, "b": 4, "c": 4}))


def test_a_real_run_takes_this_order(tmp_path: Path) -> None:
    """Processes of xdist run all tests, and begin with what was noted as the longest."""
    (tmp_path / "conftest.py").write_text(
        "import longest_first\n"
        "def pytest_xdist_make_scheduler(config, log):\n"
        "    known = {'test_b.py': 9, 'test_c.py': 5}\n"
        "    return longest_first.LongestFirst(config, log, known)\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    for name in "abcd":
        text = "import pytest\n@pytest.mark.parametrize('n', range(3))\ndef test_it(n): pass\n"
        (tmp_path / f"test_{name}.py").write_text(text)
    options = ["-n", "1", "--dist", "loadscope", "--no-loadscope-reorder", "-v"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
        cwd=tmp_path,
        env={"PYTHONPATH": str(FAKES), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    ran = [line.split()[-1] for line in done.stdout.splitlines() if "PASSED" in line]
    assert [name.partition("::")[0] for name in ran] == [
        f"test_{name}.py" for name in "bcad" for _ in range(3)
    ], done.stdout + done.stderr
