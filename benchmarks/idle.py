"""What a gate with nothing to do takes: processor time and wake-ups of each thread.

    python benchmarks/idle.py [--settle 60] [--seconds 30]

A gate in namespaces of its own (`unshare`: users, processes, network), so that nobody else's
programs and connections give it something to do. A wake-up is a thread that was put to sleep and
runs again; the gate's threads look at the same moments of the clock, so the machine is woken less
often than that: how often, `strace` tells, where it is there. Linux.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
_APART_S = 0.03
"""What is closer together is one moment."""
_TRACED_S = 10


class Used(NamedTuple):
    """Nanoseconds of the processor, and how often it slept, since its start."""

    cpu_ns: int
    slept: int


def used(pid: int) -> dict[str, Used]:
    """Return what each thread of a process and of its children took so far."""
    found = {}
    for task in _tasks(pid):
        words = (task / "schedstat").read_text().split()
        status = (task / "status").read_text().partition("\nvoluntary_ctxt_switches:")[2]
        name = (task / "comm").read_text().strip()
        found[f"{name} {task.name}"] = Used(int(words[0]), int(status.split()[0]))
    return found


def _tasks(pid: int) -> Iterator[Path]:
    tasks = sorted(Path(f"/proc/{pid}/task").iterdir())
    yield from tasks
    for child in {int(pid) for one in tasks for pid in (one / "children").read_text().split()}:
        yield from _tasks(child)


def table(before: Mapping[str, Used], after: Mapping[str, Used], seconds: float) -> list[str]:
    """Return the rows of what happened between two looks."""
    rows = ["| thread | CPU % | wake-ups a second |", "|---|---|---|"]
    spent = {
        name: Used(now.cpu_ns - then.cpu_ns, now.slept - then.slept)
        for name, now in after.items()
        if (then := before.get(name)) is not None
    }
    whole = Used(sum(u.cpu_ns for u in spent.values()), sum(u.slept for u in spent.values()))
    for name, one in [*spent.items(), ("all", whole)]:
        rows.append(f"| {name} | {one.cpu_ns / seconds / 1e7:.3f} | {one.slept / seconds:.2f} |")
    return rows


def moments(times: Sequence[float]) -> int:
    """Return at how many moments something happened."""
    return sum(at - before > _APART_S for before, at in zip((-1.0, *times), times, strict=False))


def traced(pid: int, folder: Path) -> str:
    """Return how often the machine is woken for it; nothing where no strace is there."""
    if shutil.which("strace") is None:
        return ""
    trace = folder / "trace"
    words = ["strace", "-f", "-ttt", "-o", str(trace), "-p", str(pid)]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as tracing:
        time.sleep(_TRACED_S)
        tracing.terminate()
    times = sorted(float(line.split()[1]) for line in trace.read_text().splitlines())
    return f"The machine is woken {moments(times) / (times[-1] - times[0]):.2f} times a second."


def inside(settle_s: float, seconds: float) -> None:
    """Measure, in namespaces where nothing else is."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = {**os.environ, "OUTGATE_HOME": str(folder / "home"), "HOME": name}
        command = [sys.executable, "-m", "app.cli", "start", "--listen", "127.0.0.1:0"]
        with subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.DEVNULL) as gate:
            try:
                time.sleep(settle_s)
                before, begun = used(gate.pid), time.monotonic()
                time.sleep(seconds)
                rows = table(before, used(gate.pid), time.monotonic() - begun)
                print(*rows, traced(gate.pid, folder), sep="\n")
            finally:
                gate.terminate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settle", type=float, default=60.0)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        inside(given.settle, given.seconds)
        return
    apart = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--net", "--mount-proc"]
    again = [sys.executable, *sys.argv, "--inside"]
    subprocess.run([*apart, *again], check=True)
    print(f"Load: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
