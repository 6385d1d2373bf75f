"""What a request waits for in the gate beside others, each beside its anchor in the same run.

    python benchmarks/waits.py half [--seconds 6] [--rounds 7]      added at half load
    python benchmarks/waits.py holds [--holds 200] [--seconds 6]    beside held requests
    python benchmarks/waits.py busy [--mb 24] [--rounds 3]          a table beside two busy loops
    python benchmarks/waits.py soak [--count 100000] [--connections 8]

`half`: posts at half the rate that the gate can take, directly, by mitmdump, by the gate, in turns;
medians and 99 %. `holds`: what a clean post waits before, while and behind. `busy`: a CSV with an
address in every row while two loops take the cores; what the record says of it. `soak`: memory and
descriptors of the gate while it answers so many. All traffic is loopback, all bodies are made up.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from benchmarks import gate as bench  # noqa: E402
from benchmarks import gate_load as clients  # noqa: E402
from benchmarks.hostile import waits  # noqa: E402
from benchmarks.uploads import Sink, cpu, head, upload  # noqa: E402

HOLDING = """mode: enforce
rules:
  - {id: ask, when: {findings: [personal_data]}, then: {do: hold, for_seconds: 300}}
"""
_CONNECTIONS = 4


def late(found: list[float]) -> float:
    """Return what 99 % keep to."""
    return sorted(found)[min(len(found) - 1, len(found) * 99 // 100)]


def at_a_rate(
    proxy: int | None, port: int, roots: Path, rate: float, seconds: float
) -> list[float]:
    """Post at this rate on a few connections; return what each waits, in milliseconds, from when
    it was to be sent.
    """
    took: list[list[float]] = [[] for _ in range(_CONNECTIONS)]
    sent = [clients.request(port, body) for body in clients.bodies(False, 64)]
    begun, step = time.perf_counter() + 0.1, _CONNECTIONS / rate

    def work(number: int) -> None:
        connection = clients.tunnel(proxy, port, roots)
        for turn in range(int(seconds / step)):
            due = begun + (turn + number / _CONNECTIONS) * step
            time.sleep(max(0.0, due - time.perf_counter()))
            connection.sendall(sent[turn % len(sent)])
            clients.read_answer(connection)
            took[number].append((time.perf_counter() - due) * 1000)
        connection.close()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(_CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [one for some in took for one in some]


def half(folder: Path, root: Path, port: int, options: argparse.Namespace) -> None:
    """Print what is added at half load."""
    with bench.mitmdump(folder, root) as plain, bench.outgate(folder, root) as gate:
        ends = {"direct": (None, root), "mitmdump": (plain[0], plain[2])}
        ends["gate"] = (gate[0], gate[2])
        for proxy, roots in ends.values():
            at_a_rate(proxy, port, roots, 50, 2)
        most = clients.load(gate[0], port, gate[2], 8, options.seconds, personal=False)
        rate = most / options.seconds / 2
        medians: dict[str, list[float]] = {name: [] for name in ends}
        lates: dict[str, list[float]] = {name: [] for name in ends}
        for _ in range(options.rounds):
            for name, (proxy, roots) in ends.items():
                found = at_a_rate(proxy, port, roots, rate, options.seconds)
                medians[name].append(statistics.median(found))
                lates[name].append(late(found))
    print(f"{rate:.0f} posts a second, half of what the gate takes; {options.rounds} rounds")
    print("| way | median, ms | 99 %, ms: median (least, most) of the rounds |\n|---|---|---|")
    for name in ends:
        middle, ordered = statistics.median(medians[name]), sorted(lates[name])
        spread = f"{statistics.median(ordered):.1f} ({ordered[0]:.1f}, {ordered[-1]:.1f})"
        print(f"| {name} | {middle:.1f} | {spread} |")


def holds(folder: Path, root: Path, port: int, options: argparse.Namespace) -> None:
    """Print what a clean post waits beside held ones."""
    (folder / "home").mkdir()
    (folder / "home" / "outgate.yaml").write_text(HOLDING)
    with bench.outgate(folder, root) as gate:
        proxy, _, roots = gate
        waits(proxy, port, roots, 2)
        print("| beside | posts | median, ms | 99 % | worst |\n|---|---|---|---|---|")

        def told(name: str) -> None:
            found = waits(proxy, port, roots, options.seconds)
            middle, worst = statistics.median(found), max(found)
            print(f"| {name} | {len(found)} | {middle:.1f} | {late(found):.1f} | {worst:.1f} |")

        told("nobody")
        held = [clients.tunnel(proxy, port, roots) for _ in range(options.holds)]
        for connection, body in zip(held, clients.bodies(True, options.holds), strict=True):
            connection.sendall(clients.request(port, body))
        told(f"{options.holds} that come to be held")
        told(f"{options.holds} that are held")
        answered = 0
        for connection in held:
            connection.settimeout(0.001)
            with contextlib.suppress(TimeoutError):
                said = connection.recv(4096)
                answered += bool(said)
            connection.close()
        told("as many whose clients have left")
        print(f"answered, and so not held: {answered} of {options.holds}")


def rows(size: int) -> tuple[bytes, int]:
    """Return a table of this size with an address in every row, and how many those are."""
    lines, left, count = ["id,name,mail,amount"], size, 0
    while left > 0:
        lines.append(f"{count},Person {count},person{count}@contoso.com,{count * 7 % 1000}.50")
        left -= len(lines[-1]) + 1
        count += 1
    return "\n".join(lines).encode() + b"\n", count


@contextlib.contextmanager
def busy_loops(count: int) -> Iterator[None]:
    """Keep so many cores busy."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def busy(folder: Path, root: Path, port: int, options: argparse.Namespace) -> None:
    """Print how long a table takes beside two busy loops, and what its record says."""
    del port
    table, count = rows(options.mb << 20)
    sink, took = Sink(folder / "leaf.pem"), {"direct": list[float](), "gate": list[float]()}
    with bench.outgate(folder, root) as gate:
        upload(gate[0], sink.port, gate[2], table[:100_000], 100_000, "text/csv")
        process = psutil.Process(gate[1])
        own, others = cpu(process), sum(map(cpu, process.children(recursive=True)))
        with busy_loops(2):
            for _ in range(options.rounds):
                took["direct"].append(straight(sink.port, root, table))
                took["gate"].append(
                    upload(gate[0], sink.port, gate[2], table, len(table), "text/csv")
                )
        own = cpu(process) - own
        others = sum(map(cpu, process.children(recursive=True))) - others
        exported(folder)
    lines = map(json.loads, (folder / "records.jsonl").read_text().splitlines())
    told = [one for one in lines if one.get("request", {}).get("bytes") == len(table)]
    print(f"{len(table)} bytes, {count} rows, an address in each")
    for name, some in took.items():
        print(f"{name}: {statistics.median(some):.2f} s ({min(some):.2f} to {max(some):.2f})")
    size = options.rounds * len(table) / 1e9
    print(f"processor time: gate {own / size:.1f} ms/MB, workers {others / size:.1f} ms/MB")
    ratio = statistics.median(took["gate"]) / statistics.median(took["direct"])
    print(f"{ratio:.1f} times direct")
    for one in told:
        found = {f["kind"]: (f["count"], f["distinct"]) for f in one["findings"]}
        print(f"complete: {one['request']['complete']}, found (count, distinct): {found}")


def straight(port: int, root: Path, table: bytes) -> float:
    """Send the same without a proxy; return the seconds until the answer."""
    connection = clients.tunnel(None, port, root)
    begun = time.perf_counter()
    connection.sendall(head(port, len(table), "text/csv"))
    connection.sendall(table)
    clients.read_answer(connection)
    return time.perf_counter() - begun


def exported(folder: Path) -> None:
    """Write the records to a file."""
    command = [sys.executable, "-m", "app.cli", "export", "--out", str(folder / "records.jsonl")]
    environment = {**os.environ, "OUTGATE_HOME": str(folder / "home")}
    subprocess.run(command, check=True, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)


def held_by(pid: int) -> tuple[float, int]:
    """Return the memory of a process, in megabytes, and how many descriptors it has open."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024, len([*Path(f"/proc/{pid}/fd").iterdir()])
    raise SystemExit("the system does not tell what a process holds")


def soak(folder: Path, root: Path, port: int, options: argparse.Namespace) -> None:
    """Print what the gate holds as it goes on."""
    with bench.outgate(folder, root) as gate:
        proxy, pid, roots = gate
        print("| requests | memory, MB | descriptors |\n|---|---|---|")
        done, next_at = 0, 0
        while True:
            if done >= next_at:
                time.sleep(1)
                memory, open_now = held_by(pid)
                print(f"| {done} | {memory:.1f} | {open_now} |", flush=True)
                next_at += max(1, options.count // 10)
            if done >= options.count:
                return
            many, personal = options.connections, done % 2 == 1
            done += clients.load(proxy, port, roots, many, 5, personal)


def main() -> None:
    """Start a stand-in internet; measure."""
    parser = argparse.ArgumentParser()
    measures = {"half": half, "holds": holds, "busy": busy, "soak": soak}
    parser.add_argument("what", choices=[*measures])
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--holds", type=int, default=200)
    parser.add_argument("--mb", type=int, default=24)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--connections", type=int, default=8)
    options = parser.parse_args()
    from certs.authority import open_authority
    from certs.leaf import LeafMinter

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = open_authority(folder / "upstream")
        leaf = LeafMinter(authority).mint("localhost")
        (folder / "leaf.pem").write_bytes(leaf.key_pem() + leaf.certificates_pem())
        (folder / "root.pem").write_bytes(authority.root_pem())
        server = subprocess.Popen(
            [sys.executable, bench.__file__, "--upstream", str(folder / "leaf.pem")],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert server.stdout is not None
        try:
            load = os.getloadavg()[0]
            measures[options.what](
                folder, folder / "root.pem", int(server.stdout.readline()), options
            )
            print(f"load: {load:.1f} before, {os.getloadavg()[0]:.1f} behind")
        finally:
            server.kill()
            server.wait()


if __name__ == "__main__":
    main()
