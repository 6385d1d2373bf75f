"""What a seal costs: until a program inside begins, and the gate's processor time for its requests.

    python benchmarks/sealed.py [--rounds 7] [--seconds 3] [--connections 4] [--start-only]

Both in pairs, sealed and behind proxy variables in turns (A B, B A, …), by one running gate, so
that both meet the same load. The start: milliseconds until a program that tells the time begins,
and processor time of `outgate run`, the program and the seal's supervisor together. Requests: those
of `benchmarks/gate.py` over kept TLS connections; inside the seal they go to the machine's
loopback, which leads to the gate. Quoted are medians with the least and the most, and the median of
the pairs' differences or ratios. The first pair is not counted. Linux.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import gate  # noqa: E402 - found by the path above
from benchmarks.run_start import settle  # noqa: E402

WAYS = ("variables", "sealed")
BARS = "Bars: 25 ms more at the start; 1.05 of the processor time of a request."
BEGINS = "import time; print(time.clock_gettime(time.CLOCK_MONOTONIC))"
type Once = Callable[[str], tuple[float, float]]
type Told = dict[str, list[tuple[float, float]]]


def run(home: Path, way: str, *program: str) -> str:
    """Run a program in one of the ways behind the gate of this home; return what it said."""
    sealed = ["--sealed"] if way == "sealed" else ["--no-sealed"]
    command = [sys.executable, "-m", "app.cli", "run", *sealed, "--quiet", "--", *program]
    environment = {**os.environ, "OUTGATE_HOME": str(home), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment, cwd=home.parent
    )
    return done.stdout


def start(home: Path, way: str) -> tuple[float, float]:
    """Return milliseconds until the program began, and of processor time, of all but the gate."""
    used, began = _of_children(), time.monotonic()
    said = float(run(home, way, sys.executable, "-S", "-c", BEGINS))
    return (said - began) * 1000, (_of_children() - used) * 1000


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def pairs(once: Once, rounds: int) -> Told:
    """Return what each way measured, one after the other, the first pair left out."""
    found: Told = {way: [] for way in WAYS}
    for turn in range(rounds + 1):
        for way in WAYS if turn % 2 else WAYS[::-1]:
            measured = once(way)
            if turn:
                found[way].append(measured)
    return found


def row(name: str, found: Told, at: int, compare: Callable[[float, float], float]) -> str:
    """Return a line of the table: both ways, and what one is beside the other, pair by pair."""
    plain, sealed = ([one[at] for one in found[way]] for way in WAYS)
    beside = [compare(one, other) for one, other in zip(sealed, plain, strict=True)]
    return f"| {name} | {' | '.join(map(_spread, (plain, sealed, beside)))} |"


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


@contextmanager
def upstream(folder: Path) -> Iterator[tuple[int, Path]]:
    """Run the server of `benchmarks/gate.py`; yield its port, and the root that it is known by."""
    from certs.authority import open_authority
    from certs.leaf import LeafMinter

    authority = open_authority(folder / "upstream")
    leaf = LeafMinter(authority).mint("localhost")
    certificate, root = folder / "leaf.pem", folder / "root.pem"
    certificate.write_bytes(leaf.key_pem() + leaf.certificates_pem())
    root.write_bytes(authority.root_pem())
    command = [sys.executable, str(gate.__file__), "--upstream", str(certificate)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline()), root
        finally:
            server.kill()


def main() -> None:
    """Measure, and print the table with the load of the machine."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--start-only", action="store_true")
    options = parser.parse_args()
    before = os.getloadavg()[0]
    lines = measured(options)
    print("| what | variables | sealed | beside each other |\n|---|---|---|---|")
    print("\n".join(lines))
    after = os.getloadavg()[0]
    print(f"\n{BARS} Load before and after: {before:.1f}, {after:.1f}; {options.rounds} rounds.")


def measured(options: argparse.Namespace) -> list[str]:
    """Return the lines of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with upstream(folder) as (port, root), gate.outgate(folder, root) as (listen, pid, roots):
            home, seen = folder / "home", folder / "roots.pem"
            shutil.copyfile(roots, seen)  # the gate's own folder is not seen inside
            settle("behind a gate", home)
            begun = pairs(lambda way: start(home, way), options.rounds)
            lines = [
                row("begins, ms", begun, 0, float.__sub__),
                row("processor, ms", begun, 1, float.__sub__),
            ]
            if options.start_only:
                return lines

            def requests(way: str) -> tuple[float, float]:
                proxy = 0 if way == "sealed" else listen
                used = gate.with_children(pid)
                words = map(str, ("--load", proxy, port, seen, 0))
                more = (f"--seconds={options.seconds}", f"--connections={options.connections}")
                said = run(home, way, sys.executable, str(Path(gate.__file__)), *more, *words)
                answered = int(said)
                return (gate.with_children(pid) - used) * 1000 / answered, float(answered)

            sent = pairs(requests, options.rounds)
    return [
        *lines,
        row("gate's processor for a request, ms", sent, 0, float.__truediv__),
        row("requests answered", sent, 1, float.__truediv__),
    ]


if __name__ == "__main__":
    main()
