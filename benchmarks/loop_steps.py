"""What the gate's event loop is kept for in one go, under hostile traffic.

    python benchmarks/loop_steps.py [--seconds 2] [--clients 4] [--only NAME …] [--where]

A real gate runs; each kind of hostile traffic (benchmarks/hostile_kinds.py) is sent for so long.
Quoted are the longest steps of its event loop in milliseconds of the loop's own thread: whatever
else the machine does makes no step longer. Who waits for the loop waits at least that long.
`waited`: the longest that a step waited neither computing nor for a processor (for the
interpreter's lock, or a disk).
`--where` tells where the longest steps were. All traffic is loopback, all bodies are made up.
"""

import argparse
import asyncio
import contextlib
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from benchmarks import gate as bench  # noqa: E402
from benchmarks.hostile_kinds import KINDS  # noqa: E402
from benchmarks.hostile_traffic import Line, Servers  # noqa: E402

_LONG_NS = 2_000_000
_TOLD = 3
_DEEP = 18
POLICIES = {
    answer: (
        "mode: enforce\nrules:\n"
        f"  - {{id: all, when: {{findings: [personal_data, secret]}}, then: {answer}}}\n"
    )
    for answer in ("block", "redact")
}


class Steps:
    """Times each step of the event loop that runs in this thread."""

    def __init__(self, where: bool) -> None:
        self._long: list[tuple[float, str]] = []
        self._count = self._all_ns = self._waited_ns = 0
        self._begun, self._place = 0, ""
        run, timed, now = asyncio.Handle._run, time.thread_time_ns, time.perf_counter_ns
        known = os.open("/proc/thread-self/schedstat", os.O_RDONLY)

        def ready() -> int:
            return int(os.pread(known, 100, 0).split()[1])

        def stepped(handle: asyncio.Handle) -> None:
            self._place = ""
            at, queued = now(), ready()
            self._begun = begun = timed()
            run(handle)
            took = timed() - begun
            self._begun = 0
            self._count += 1
            self._all_ns += took
            waited = now() - at - took - (ready() - queued)
            self._waited_ns = max(self._waited_ns, waited)
            if took > _LONG_NS:
                self._long.append((took / 1e6, self._place))

        vars(asyncio)["Handle"]._run = stepped
        if where:
            threading.Thread(target=self._look, args=(threading.get_ident(),), daemon=True).start()

    def _look(self, loop: int) -> None:
        clock = time.pthread_getcpuclockid(loop)
        while True:
            time.sleep(0.001)
            begun = self._begun
            if begun and time.clock_gettime_ns(clock) - begun > _LONG_NS:
                stack = traceback.extract_stack(sys._current_frames()[loop])[-_DEEP:]
                self._place = " < ".join(
                    f"{Path(one.filename).name}:{one.lineno}:{one.name}" for one in stack[::-1]
                )

    def told(self) -> dict[str, object]:
        """Return what was seen since it was told last."""
        long, self._long = sorted(self._long, reverse=True), []
        count, self._count = self._count, 0
        all_ns, self._all_ns = self._all_ns, 0
        waited, self._waited_ns = self._waited_ns, 0
        return {"steps": count, "all_ms": all_ns / 1e6, "long": long, "waited_ms": waited / 1e6}


def gate_main(told_to: Path, where: bool, arguments: list[str]) -> None:
    """Be a gate whose loop is timed; tell on each signal."""
    steps = Steps(where)

    def tell(*_: object) -> None:
        part = told_to.with_suffix(".part")
        part.write_text(json.dumps(steps.told()))
        part.rename(told_to)

    signal.signal(signal.SIGUSR1, tell)
    sys.argv = ["outgate", *arguments]
    runpy.run_module("app.cli", run_name="__main__")


@contextlib.contextmanager
def gate(folder: Path, root: Path, options: argparse.Namespace) -> Iterator[tuple[int, int, Path]]:
    """Run a gate; yield (port, pid, roots)."""
    home = folder / "home"
    home.mkdir()
    if options.policy in POLICIES:
        (home / "outgate.yaml").write_text(POLICIES[options.policy])
    command = [sys.executable, __file__, "--gate", str(folder / "told")]
    command += ["--where"] if options.where else []
    command += ["start", "--listen", "127.0.0.1:0", "--upstream-ca", str(root)]
    environment = {**os.environ, "OUTGATE_HOME": str(home), "HOME": str(folder)}
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        bench.wait_for((home / "gate.json").exists)
        port = json.loads((home / "gate.json").read_text())["port"]
        yield port, process.pid, home / "bundle.pem"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def told(folder: Path, pid: int) -> dict[str, object]:
    """Have the gate tell."""
    file = folder / "told"
    file.unlink(missing_ok=True)
    os.kill(pid, signal.SIGUSR1)
    bench.wait_for(file.exists)
    answer: dict[str, object] = json.loads(file.read_text())
    return answer


def attacked(line: Line, name: str, clients: int, seconds: float) -> tuple[int, int]:
    """Send traffic of this kind for so long; return how many exchanges ended and how many broke."""
    counts, stop_at = [[0, 0] for _ in range(clients)], time.perf_counter() + seconds

    def work(count: list[int]) -> None:
        while time.perf_counter() < stop_at:
            with contextlib.closing(line.opened()) as connection:
                try:
                    for _ in KINDS[name](connection):
                        count[0] += 1
                        if time.perf_counter() > stop_at:
                            return
                except OSError:
                    count[1] += 1

    threads = [threading.Thread(target=work, args=(count,)) for count in counts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(count[0] for count in counts), sum(count[1] for count in counts)


def table(folder: Path, root: Path, servers: Servers, options: argparse.Namespace) -> None:
    """Print one line for each kind."""
    with gate(folder, root, options) as (port, pid, roots):
        line = Line(port, servers.port, roots)
        attacked(line, "clean", 1, 2)
        told(folder, pid)
        print(
            "| traffic | ended | broken | steps | ms a step | over 2 ms | longest steps, ms"
            " | waited |"
        )
        print("|---|---|---|---|---|---|---|---|", flush=True)
        for name in options.only or KINDS:
            ended, broken = attacked(line, name, options.clients, options.seconds)
            seen = told(folder, pid)
            long = seen["long"]
            assert isinstance(long, list)
            dearest = ", ".join(f"{ms:.1f}" for ms, _ in long[:_TOLD])
            mean = float(str(seen["all_ms"])) / max(1, int(str(seen["steps"])))
            print(
                f"| {name} | {ended} | {broken} | {seen['steps']} | {mean:.2f} | {len(long)} |"
                f" {dearest} | {seen['waited_ms']:.1f} |",
                flush=True,
            )
            for ms, place in long[:_TOLD] if options.where else ():
                print(f"    {ms:.1f} ms at {place}", flush=True)


def main() -> None:
    """Start a gate and a stand-in internet; print the table."""
    if "--gate" in sys.argv[1:2]:
        where = sys.argv[3] == "--where"
        gate_main(Path(sys.argv[2]), where, sys.argv[3 + where :])
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--only", nargs="*", default=[], choices=[*KINDS])
    parser.add_argument("--policy", default="none", choices=["none", *POLICIES])
    parser.add_argument("--where", action="store_true")
    options = parser.parse_args()
    from certs.authority import open_authority
    from certs.leaf import LeafMinter

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = open_authority(folder / "upstream")
        leaf = LeafMinter(authority).mint("localhost")
        (folder / "leaf.pem").write_bytes(leaf.key_pem() + leaf.certificates_pem())
        (folder / "root.pem").write_bytes(authority.root_pem())
        with Servers(folder / "leaf.pem") as servers:
            table(folder, folder / "root.pem", servers, options)


if __name__ == "__main__":
    main()
