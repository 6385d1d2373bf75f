"""How long one client waits while others send what is dearest to read.

    python benchmarks/hostile.py [--seconds 6] [--clients 10] [--shapes 3] [--only NAME …]

For each shape of hostile body, 60 KB of nothing but it, ten clients send it again and again through
one gate, and another one posts a small clean body every 20 ms. Quoted is what that one waits:
median, 99 % and worst, in milliseconds; the first line is the same with nobody beside it. Bodies
are made up, and all traffic is loopback. Clients share the machine's cores with the gate and its
workers, as they do on an endpoint.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from benchmarks import gate as bench  # noqa: E402
from benchmarks import gate_load as bench_load  # noqa: E402

SIZE = 60_000
EVERY_S = 0.02
CLEAN = json.dumps({"id": 17, "state": "done", "note": "nothing to see in this one"}).encode()
SHAPES = {
    "signs": "a@a.",
    "table in a text": "1001,Jane,536-90-4399,2026-01-01\n",
    "labels": "pw: hunter2, password: hunter2abcD9 ",
    "passwords": "password=",
    "addresses": "https://a:b@",
    "bank numbers": "DE02120300000000202051 ",
    "cards": "4111 1111 1111 1112 ",
    "encoded runs": "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo= ",
    "names": "Herr Müller und Frau Anna Schmidt ",
    "XML": '<r x="1" y="2">t</r>',
    "literals": "{'a': 'b'}, ",
    "printed rows": "a  b  c\n",
    "templates": "{{a}}",
    "colours": "-0.5 \x1b[0m",
}


def hostile(shape: str) -> bytes:
    """Return 60 KB of one shape in a chat request."""
    text = SHAPES[shape] * (SIZE // len(SHAPES[shape].encode()))
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": text}]}).encode()


def attack(proxy: int, port: int, roots: Path, shape: str, clients: int, seconds: float) -> int:
    """Send hostile bodies on so many connections for so long; return how many were answered."""
    sent = bench_load.request(port, hostile(shape))
    counts = [0] * clients
    stop_at = time.perf_counter() + seconds

    def work(number: int) -> None:
        connection = bench_load.tunnel(proxy, port, roots)
        while time.perf_counter() < stop_at:
            connection.sendall(sent)
            bench_load.read_answer(connection)
            counts[number] += 1
        connection.close()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)


def waits(proxy: int, port: int, roots: Path, seconds: float) -> list[float]:
    """Return what each of the clean posts waits, in milliseconds."""
    connection = bench_load.tunnel(proxy, port, roots)
    sent = bench_load.request(port, CLEAN)
    found: list[float] = []
    stop_at = time.perf_counter() + seconds
    while time.perf_counter() < stop_at:
        begun = time.perf_counter()
        connection.sendall(sent)
        bench_load.read_answer(connection)
        found.append((time.perf_counter() - begun) * 1000)
        time.sleep(EVERY_S)
    connection.close()
    return found


def told(name: str, found: list[float], answered: int) -> None:
    """Print one line of the table."""
    ordered = sorted(found)
    late = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
    print(
        f"| {name} | {answered} | {len(found)} | {statistics.median(found):.1f} | {late:.1f} |"
        f" {ordered[-1]:.1f} |",
        flush=True,
    )


def main() -> None:
    """Start a gate and a stand-in internet; print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--shapes", type=int, default=len(SHAPES))
    parser.add_argument("--only", nargs="*", default=[], choices=[*SHAPES])
    parser.add_argument("--attack", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.attack:
        proxy, port, roots, shape = options.attack
        print(attack(int(proxy), int(port), Path(roots), shape, options.clients, options.seconds))
        return
    from certs.authority import open_authority
    from certs.leaf import LeafMinter

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = open_authority(folder / "upstream")
        leaf = LeafMinter(authority).mint("localhost")
        (folder / "leaf.pem").write_bytes(leaf.key_pem() + leaf.certificates_pem())
        root = folder / "root.pem"
        root.write_bytes(authority.root_pem())
        server = subprocess.Popen(
            [sys.executable, bench.__file__, "--upstream", str(folder / "leaf.pem")],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert server.stdout is not None
        try:
            with bench.outgate(folder, root) as gate:
                table(gate, int(server.stdout.readline()), options)
        finally:
            server.kill()
            server.wait()


def table(gate: tuple[int, int, Path], port: int, options: argparse.Namespace) -> None:
    """Print one line for each shape."""
    proxy, _, roots = gate
    waits(proxy, port, roots, 2)
    print("| beside | answered | pings | median | 99 % | worst |\n|---|---|---|---|---|---|")
    told("nobody", waits(proxy, port, roots, options.seconds), 0)
    for shape in options.only or list(SHAPES)[: options.shapes]:
        me = [sys.executable, __file__, "--seconds", str(options.seconds + 1)]
        me += ["--clients", str(options.clients), "--attack", str(proxy), str(port), str(roots)]
        others = subprocess.Popen([*me, shape], stdout=subprocess.PIPE, text=True)
        time.sleep(0.5)
        found = waits(proxy, port, roots, options.seconds)
        answered, _ = others.communicate()
        told(shape, found, int(answered))


if __name__ == "__main__":
    main()
