"""Where the processor time of the gate's event loop goes, by function: clean posts, and posts with
five personal values.

    python benchmarks/loop_parts.py [--requests 4000] [--connections 4] [--show 60]

A whole gate runs, and its loop's stack is noted each few milliseconds that its thread has computed
(a timer of the kernel on the clock of that thread), so that what other programs do is not counted.
Quoted are µs a request within each function and all that it calls; each sample stands for some
4 ms, so differences below some 5 µs say nothing with 4,000 requests. Linux only.
"""

import argparse
import ctypes
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import gate as bench  # noqa: E402 - found by the path above
from benchmarks import trees  # noqa: E402

_THREAD_CLOCK, _TO_THREAD = 3, 4
"""Numbers of Linux: `CLOCK_THREAD_CPUTIME_ID`, `SIGEV_THREAD_ID`."""
_EACH_NS = 3_000_000

type Running = tuple[int, int, Path]


class _Event(ctypes.Structure):
    """`struct sigevent` that signals one thread."""

    _fields_ = (
        ("value", ctypes.c_void_p),
        ("signal", ctypes.c_int),
        ("notify", ctypes.c_int),
        ("thread", ctypes.c_int),
        ("rest", ctypes.c_char * 44),
    )


def start_timer() -> None:
    """Signal this thread each time that it has computed for so long. Raises OSError."""
    library = ctypes.CDLL(None, use_errno=True)
    event = _Event(None, signal.SIGPROF, _TO_THREAD, threading.get_native_id())
    timer, times = ctypes.c_void_p(), (ctypes.c_long * 4)(0, _EACH_NS, 0, _EACH_NS)
    if library.timer_create(_THREAD_CLOCK, ctypes.byref(event), ctypes.byref(timer)):
        raise OSError(ctypes.get_errno(), "no timer")
    if library.timer_settime(timer, 0, times, None):
        raise OSError(ctypes.get_errno(), "the timer does not start")


def gate_main(told_to: Path, arguments: list[str]) -> None:
    """Be a gate whose loop is sampled; tell and forget on each signal."""
    seen: Counter[str] = Counter()

    def sampled(_: int, frame: FrameType | None) -> None:
        within = {"all"}
        while frame is not None:
            code = frame.f_code
            within.add(f"{code.co_filename.removeprefix(f'{ROOT}/')} {code.co_qualname}")
            frame = frame.f_back
        seen.update(within)

    def tell(*_: object) -> None:
        part = told_to.with_suffix(".part")
        part.write_text(json.dumps(seen))
        seen.clear()
        part.rename(told_to)

    signal.signal(signal.SIGPROF, sampled)
    signal.signal(signal.SIGUSR1, tell)
    start_timer()
    sys.argv = ["outgate", *arguments]
    runpy.run_module("app.cli", run_name="__main__")


@contextmanager
def gate(folder: Path) -> Iterator[Running]:
    """Run such a gate; yield (port, pid, roots)."""
    home = folder / "home"
    command = [sys.executable, __file__, "--gate", str(folder / "told"), "start"]
    command += ["--listen", "127.0.0.1:0", "--upstream-ca", str(folder / "root.pem")]
    environment = {**os.environ, "OUTGATE_HOME": str(home)}
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        bench.wait_for((home / "gate.json").exists)
        yield json.loads((home / "gate.json").read_text())["port"], process.pid, home / "bundle.pem"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def told(folder: Path, pid: int) -> Counter[str]:
    """Have the gate tell what was sampled since it told last."""
    file = folder / "told"
    file.unlink(missing_ok=True)
    os.kill(pid, signal.SIGUSR1)
    bench.wait_for(file.exists)
    return Counter(json.loads(file.read_text()))


def parts(one: Running, port: int, folder: Path, options: argparse.Namespace) -> None:
    """Send both kinds and print the table."""
    listen, pid, roots = one
    found: list[dict[str, float]] = []
    for personal in (False, True):
        send = [str(ROOT / "benchmarks/trees.py"), "--load", str(listen), str(port), str(roots)]
        send += [str(int(personal)), "--connections", str(options.connections), "--requests"]
        for count in (600, options.requests):  # the first ones warm up
            told(folder, pid)
            before = trees.used(pid)["loop"]
            subprocess.run([sys.executable, *send, str(count)], check=True, capture_output=True)
            spent = (trees.used(pid)["loop"] - before) * 1e6 / count
        samples = told(folder, pid)
        found.append({name: seen * spent / samples["all"] for name, seen in samples.items()})
    clean, five = found
    print("| µs of the loop a request, within | clean | five values | more |\n|---|---|---|---|")
    every = {name for name in five if name != "all" and five[name] > 0.99 * five["all"]}
    order = sorted({*clean, *five} - every, key=lambda name: -five.get(name, 0.0))
    for name in order[: options.show]:
        a, b = clean.get(name, 0.0), five.get(name, 0.0)
        print(f"| {name} | {a:.0f} | {b:.0f} | {b - a:.0f} |")


def main() -> None:
    """Start a gate and a server; print the table."""
    if sys.argv[1:2] == ["--gate"]:
        gate_main(Path(sys.argv[2]), sys.argv[3:])
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=4000)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--show", type=int, default=60)
    options = parser.parse_args()
    from certs.authority import open_authority
    from certs.leaf import LeafMinter

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        authority = open_authority(folder / "upstream")
        leaf = LeafMinter(authority).mint("localhost")
        (folder / "leaf.pem").write_bytes(leaf.key_pem() + leaf.certificates_pem())
        (folder / "root.pem").write_bytes(authority.root_pem())
        serve = [sys.executable, str(ROOT / "benchmarks/gate.py"), "--upstream"]
        server = subprocess.Popen(
            [*serve, str(folder / "leaf.pem")], stdout=subprocess.PIPE, text=True
        )
        stack.callback(server.kill)
        assert server.stdout is not None
        port = int(server.stdout.readline())
        print(f"load before {os.getloadavg()[0]:.1f}")
        parts(stack.enter_context(gate(folder)), port, folder, options)
        print(f"load after {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
