"""The gates of several checkouts beside mitmdump, in turns: processor time a request, by thread.

    python benchmarks/trees.py [--requests 800] [--rounds 5] [--only clean] NAME=CHECKOUT …

All run at once and take the same number of requests in turns, so that other work of the machine
falls on all alike. What a thread used is read from the kernel (`schedstat`); which is the writer,
py-spy tells; helpers are the gate's child processes. Quoted are medians of the rounds and the
lowest.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import gate_load  # noqa: E402 - found by the path above
from benchmarks.gate import mitmdump, peak_mb, wait_for  # noqa: E402

type Used = dict[str, float]
type Running = tuple[int, int, Path]


def load(listen: int, port: int, roots: Path, personal: bool, count: int, connections: int) -> None:
    """Send so many requests over kept connections; print the seconds that passed."""
    from threading import Thread

    requests = [gate_load.request(port, body) for body in gate_load.bodies(personal)]
    tunnels = [gate_load.tunnel(listen, port, roots) for _ in range(connections)]

    def work(number: int) -> None:
        for position in range(number, count, connections):
            tunnels[number].sendall(requests[position % len(requests)])
            gate_load.read_answer(tunnels[number])

    threads = [Thread(target=work, args=(number,)) for number in range(connections)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(time.perf_counter() - started)


@cache
def writer_of(pid: int) -> str:
    """Return the number of the thread that writes the evidence of a gate; '' for other programs."""
    spy = str(Path(sys.executable).with_name("py-spy"))
    asked = [spy, "dump", "--nonblocking", "--json", "--pid", str(pid)]
    told = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
    writers = [one for one in json.loads(told) if one["thread_name"] == "outgate-evidence"]
    return str(writers[0]["os_thread_id"]) if writers else ""


def used(pid: int, *, child: bool = False) -> Used:
    """Return seconds of processor time by thread of a process, and of its children as `helpers`."""
    found: Used = defaultdict(float)
    known = {str(pid): "loop"} if child else {writer_of(pid): "writer", str(pid): "loop"}
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            spent = int((task / "schedstat").read_text().split()[0])
            found[known.get(task.name, "others")] += spent / 1e9
            for born in (task / "children").read_text().split():
                found["helpers"] += sum(used(int(born), child=True).values())
        except OSError:
            continue  # it has ended
    return found


@contextmanager
def gate_of(tree: Path, folder: Path, roots: Path) -> Iterator[Running]:
    """Run the gate of a checkout, by its own interpreter; yield (port, pid, roots)."""
    home = folder / "home"
    environment = {**os.environ, "OUTGATE_HOME": str(home)}
    environment.pop("VIRTUAL_ENV", None)
    python = str(tree / ".venv/bin/python")
    command = [python, "-m", "app.cli", "start", "--listen", "127.0.0.1:0", "--upstream-ca"]
    process = subprocess.Popen(
        [*command, str(roots)], env=environment, cwd=tree, stdout=subprocess.DEVNULL
    )
    try:
        wait_for((home / "gate.json").exists)
        yield json.loads((home / "gate.json").read_text())["port"], process.pid, home / "bundle.pem"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def take(one: Running, port: int, personal: bool, options: argparse.Namespace) -> Used:
    """Send one round through a proxy; return µs a request by thread, and requests a second."""
    command = [sys.executable, __file__, "--load", *map(str, (one[0], port, one[2], int(personal)))]
    command += ["--requests", str(options.requests), "--connections", str(options.connections)]
    before = used(one[1])
    seconds = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    after = used(one[1])
    spent = {name: (after[name] - before[name]) * 1e6 / options.requests for name in after}
    spent["all"] = sum(spent.values())
    return {**spent, "rate": options.requests / seconds}


def shown(samples: list[Used]) -> str:
    """Return a line of medians, with the lowest of what counts."""
    names = ("all", "loop", "writer", "others", "helpers", "rate")
    line = []
    for name in names:
        values = [one.get(name, 0.0) for one in samples]
        end = max(values) if name == "rate" else min(values)
        line.append(f"{name} {statistics.median(values):.0f} ({end:.0f})")
    return ", ".join(line)


def compare(proxies: dict[str, Running], port: int, options: argparse.Namespace) -> None:
    """Take the rounds and print them."""
    kinds = {"clean": False, "five": True}
    kinds = {name: kinds[name] for name in kinds if options.only in {None, name}}
    taken: dict[tuple[str, str], list[Used]] = defaultdict(list)
    for number in range(options.rounds + 1):
        for kind, personal in kinds.items():
            for name, one in proxies.items():
                sample = take(one, port, personal, options)
                if number:  # the first round warms up
                    taken[kind, name].append(sample)
    for (kind, name), samples in taken.items():
        print(f"{kind} {name}: {shown(samples)}")
        first = taken[kind, next(iter(proxies))]
        pairs = [b["all"] / a["all"] for a, b in zip(first, samples, strict=True)]
        loops = [b["loop"] / a["loop"] for a, b in zip(first, samples, strict=True)]
        median = statistics.median
        print(f"    beside the first, by rounds: all {median(pairs):.3f}, loop {median(loops):.3f}")
    for name, one in proxies.items():
        print(f"{name}: peak {peak_mb(one[1]):.0f} MB")


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=800)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--only", choices=("clean", "five"))
    parser.add_argument("--load", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("trees", nargs="*", metavar="NAME=CHECKOUT")
    options = parser.parse_args()
    if options.load:
        listen, port, roots, personal = options.load
        count, connections = options.requests, options.connections
        load(int(listen), int(port), Path(roots), personal == "1", count, connections)
        return
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
        proxies = {"mitmdump": stack.enter_context(mitmdump(folder, folder / "root.pem"))}
        for named in options.trees:
            name, _, tree = named.partition("=")
            (folder / name).mkdir()
            gate = gate_of(Path(tree).resolve(), folder / name, folder / "root.pem")
            proxies[name] = stack.enter_context(gate)
        print(f"load before {os.getloadavg()[0]:.1f}")
        compare(proxies, port, options)
        print(f"load after {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
