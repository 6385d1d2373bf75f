"""What `outgate run` adds to a small program: until the program begins, and in all.

    python benchmarks/run_start.py [--rounds 7] [--beside OTHER_CHECKOUT]

A program that tells the time, without Outgate, behind a running gate, and with a private one; of
each checkout in turns, so that both meet the same load. Seconds that passed, and beside them the
processor time that `outgate run` and its gate had taken when the program began: that hardly depends
on who else uses the machine. Quoted are medians, with the least and the most. The first run in each
home is not counted: it makes keys, and has the whole pack of secrets made, which is waited for.
Linux.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WAYS = ("alone", "behind a gate", "private gate")
PROGRAM = """
import glob, os, time
now, me, above = time.clock_gettime(time.CLOCK_MONOTONIC), os.getpid(), os.getppid()
said = [open(name).read() for name in glob.glob(f"/proc/{above}/task/*/children")]
others = [pid for one in said for pid in one.split() if int(pid) != me]
names = [name for pid in (above, *others) for name in glob.glob(f"/proc/{pid}/task/*/schedstat")]
print(now, sum(int(open(name).read().split()[0]) for name in names) / 1e9)
"""
HEAD = "| checkout | way | begins after s | in all s | CPU s before it begins |"
type Measured = tuple[float, float, float]


def once(tree: Path, way: str, home: Path) -> Measured:
    """Return seconds until the program began, seconds in all, and CPU seconds of what is above it
    and beside it (of the benchmark's own, where it runs alone).
    """
    program = [sys.executable, "-S", "-c", PROGRAM]
    command = program if way == "alone" else [*_outgate(tree), "run", "--quiet", "--", *program]
    started = time.monotonic()
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=_of(home), cwd=tree
    )
    began, used = map(float, done.stdout.split())
    return began - started, time.monotonic() - started, 0.0 if way == "alone" else used


@contextmanager
def served(tree: Path, way: str, home: Path) -> Iterator[None]:
    """Have a gate run where this way needs one."""
    if way != "behind a gate":
        yield
        return
    command = [*_outgate(tree), "start", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=_of(home), cwd=tree) as gate:
        assert gate.stdout is not None
        gate.stdout.readline()
        try:
            yield
        finally:
            gate.terminate()


def settle(way: str, home: Path) -> None:
    """Wait until the whole pack of secrets is made, two minutes at most: it takes a processor for
    ten seconds.
    """
    pack, until = home / "cache" / "credentials" / "pack.sha256", time.monotonic() + 120
    while way != "alone" and not pack.exists() and time.monotonic() < until:
        time.sleep(0.2)


def compare(trees: Sequence[Path], rounds: int) -> dict[tuple[Path, str], list[Measured]]:
    """Return what was measured, without the first of each."""
    found: dict[tuple[Path, str], list[Measured]] = {}
    with tempfile.TemporaryDirectory() as name:
        for way in WAYS:
            homes = {tree: Path(name) / f"{way}-{at}" for at, tree in enumerate(trees)}
            with ExitStack() as gates:
                for tree, home in homes.items():
                    gates.enter_context(served(tree, way, home))
                for turn in range(rounds + 1):
                    for tree in trees:
                        measured = once(tree, way, homes[tree])
                        if not turn:
                            settle(way, homes[tree])
                        else:
                            found.setdefault((tree, way), []).append(measured)
    return found


def main() -> None:
    """Measure, and print the table with the load of the machine."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--beside", type=Path, help="a second checkout, with its own .venv")
    options = parser.parse_args()
    trees = [ROOT] if options.beside is None else [options.beside.resolve(), ROOT]
    before = os.getloadavg()[0]
    found = compare(trees, options.rounds)
    print(f"{HEAD}\n|---|---|---|---|---|")
    for (tree, way), rows in found.items():
        print(f"| {tree.name} | {way} | {' | '.join(map(_told, zip(*rows, strict=True)))} |")
    print(
        f"\nLoad before and after: {before:.1f}, {os.getloadavg()[0]:.1f}; {options.rounds} rounds."
    )


def _told(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def _outgate(tree: Path) -> list[str]:
    return [str(tree / ".venv" / "bin" / "outgate")]


def _of(home: Path) -> dict[str, str]:
    home.mkdir(exist_ok=True)
    return {**os.environ, "OUTGATE_HOME": str(home), "HOME": str(home)}


if __name__ == "__main__":
    main()
