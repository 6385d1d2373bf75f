"""What it costs that evidence is durable before anything leaves: three gates in turns, in one run.

    python benchmarks/durability.py [--seconds 4] [--rounds 9] [--connections 8]
        [--modes beside,before,disk]

- *beside*: the request leaves while its journal entry is on the way; durable before the answer.
- *before*: nothing leaves before its journal entry is committed; survives the death of the gate.
- *disk*: the same, and the disk has confirmed it; survives the loss of power.

Requests, server and load are those of `benchmarks/gate.py`; each round asks all three, in an order
that turns. Quoted are the medians of the rounds' ratios to *beside*, with their quartiles.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.gate import ROOT, Measured, measure, wait_for, warm_up

_START = """
import sys
from dataclasses import replace
import app.gate_assembly as assembly
made = assembly._limits
assembly._limits = lambda *given: replace(made(*given), strict={strict})
from app.cli import main
main(sys.argv[1:])
"""
MODES = {"beside": (False, False), "before": (True, False), "disk": (True, True)}
"""Name → (journalled before it leaves, confirmed by the disk)."""


@contextmanager
def gate_of(folder: Path, mode: str, root: Path) -> Iterator[tuple[int, int, Path]]:
    """Run one gate; yield (port, pid, roots)."""
    before, disk = MODES[mode]
    home = folder / mode
    home.mkdir(mode=0o700)
    (home / "settings.yaml").write_text(f"strict_evidence: {str(disk).lower()}\n")
    words = ["start", "--listen", "127.0.0.1:0", "--upstream-ca", str(root)]
    process = subprocess.Popen(
        [sys.executable, "-c", _START.format(strict=before), *words],
        env={**os.environ, "OUTGATE_HOME": str(home)},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for((home / "gate.json").exists)
        port = json.loads((home / "gate.json").read_text())["port"]
        yield port, process.pid, home / "bundle.pem"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def report(of: dict[str, Measured]) -> None:
    """Print a row a mode."""
    print("| mode | clean requests/s | ratio (quartiles) | with five values | ratio (quartiles) |")
    print("|---|---|---|---|---|")
    base = of["beside"]
    for mode, taken in of.items():
        row = [mode]
        for mine, theirs in ((taken.rate, base.rate), (taken.rate_hits, base.rate_hits)):
            ratios = [a / b for a, b in zip(mine, theirs, strict=True)]
            low, middle, high = statistics.quantiles(ratios, n=4)
            row += [f"{statistics.median(mine):.0f}", f"{middle:.3f}× ({low:.3f}–{high:.3f})"]
        print("| " + " | ".join(row) + " |")
    for mode, taken in of.items():
        ratios = [b / a for a, b in zip(taken.cpu_ms, base.cpu_ms, strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        cpu = f"{statistics.median(taken.cpu_ms):.2f} ms CPU a clean request"
        print(f"{mode}: {cpu}, {middle:.3f}× ({low:.3f}–{high:.3f})")


def main() -> None:
    """Run the whole comparison."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--modes", default=",".join(MODES))
    options = parser.parse_args()
    modes = options.modes.split(",")
    sys.path.insert(0, str(ROOT))
    from certs.authority import open_authority
    from certs.leaf import LeafMinter

    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        authority = open_authority(folder / "upstream")
        leaf = LeafMinter(authority).mint("localhost")
        (folder / "leaf.pem").write_bytes(leaf.key_pem() + leaf.certificates_pem())
        root = folder / "root.pem"
        root.write_bytes(authority.root_pem())
        me = [sys.executable, str(ROOT / "benchmarks" / "gate.py")]
        me += ["--seconds", str(options.seconds), "--connections", str(options.connections)]
        upstream = [*me, "--upstream", str(folder / "leaf.pem")]
        server = subprocess.Popen(upstream, stdout=subprocess.PIPE, text=True)
        stack.callback(server.wait)
        stack.callback(server.kill)
        assert server.stdout is not None
        port = int(server.stdout.readline())
        gates = {mode: stack.enter_context(gate_of(folder, mode, root)) for mode in modes}
        warm_up(gates.values(), port, me)
        of = {mode: Measured() for mode in modes}
        for number in range(options.rounds):
            first = number % len(modes)
            for mode in modes[first:] + modes[:first]:
                measure(gates[mode], port, options, of[mode], [*me, "--load"])
        report(of)


if __name__ == "__main__":
    main()
