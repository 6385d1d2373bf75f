"""What the gate adds to a kept-alive 1 KB POST of `requests`, beside the same POST without a gate.

    python benchmarks/delayed_ack.py [--posts 100] [--rounds 3]

urllib3 leaves Nagle's algorithm on towards proxies and sends head and body apart: the body waits in
the client until the gate's kernel has acknowledged the head. The same posts with TCP_NODELAY in the
client are shown beside it: they wait for no acknowledgement, so the difference between the two is
the wait. Rounds take turns; quoted are medians.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.gate import ROOT, cpu_seconds, outgate, upstream_main
from benchmarks.gate_load import bodies

WAYS = ("direct", "gate", "gate, TCP_NODELAY")


def posts(way: str, gate: str, port: str, roots: str, count: int) -> list[float]:
    """Return the milliseconds of each of so many posts over one connection; its first ones are not
    counted.
    """
    import requests
    from urllib3 import connectionpool

    session = requests.Session()
    session.trust_env = False
    session.verify = roots
    if way != "direct":
        session.proxies = {"https": f"http://127.0.0.1:{gate}"}
    if way.endswith("TCP_NODELAY"):
        pool: Any = connectionpool.HTTPSConnectionPool
        pool._prepare_proxy = _without_nagle(pool._prepare_proxy)
    found = []
    for body in (bodies(False) * (count // 256 + 1))[:count]:
        started = time.perf_counter()
        answer = session.post(
            f"https://localhost:{port}/v1/chat/completions", data=body, timeout=30
        )
        found.append((time.perf_counter() - started) * 1000)
        if answer.status_code != 200:
            raise SystemExit(f"unexpected answer: {answer.status_code}")
    return found[5:]


def _without_nagle(prepare: Any) -> Any:
    def prepared(pool: Any, connection: Any) -> None:
        connection.socket_options = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
        prepare(pool, connection)

    return prepared


def main() -> None:
    """Run the whole comparison."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--posts", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--upstream", metavar="PEM", help=argparse.SUPPRESS)
    parser.add_argument("--client", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.upstream:
        asyncio.run(upstream_main(options.upstream))
    elif options.client:
        way, gate, port, roots = options.client
        print(json.dumps(posts(way, gate, port, roots, options.posts)))
    else:
        compare(options)


def compare(options: argparse.Namespace) -> None:
    """Start a server and a gate, take the rounds, print the table."""
    sys.path.insert(0, str(ROOT))
    from certs.authority import open_authority
    from certs.leaf import LeafMinter

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = open_authority(folder / "upstream")
        leaf = LeafMinter(authority).mint("localhost")
        (folder / "leaf.pem").write_bytes(leaf.key_pem() + leaf.certificates_pem())
        root = folder / "root.pem"
        root.write_bytes(authority.root_pem())
        me = [sys.executable, __file__, "--posts", str(options.posts)]
        server = subprocess.Popen(
            [*me, "--upstream", str(folder / "leaf.pem")], stdout=subprocess.PIPE, text=True
        )
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        found: dict[str, list[float]] = {way: [] for way in WAYS}
        cpu: dict[str, list[float]] = {way: [] for way in WAYS}
        try:
            with outgate(folder, root) as (listen, pid, roots):
                for _ in range(options.rounds):
                    for way in WAYS:
                        trusted = str(root if way == "direct" else roots)
                        before = cpu_seconds(pid)
                        command = [*me, "--client", way, str(listen), port, trusted]
                        done = subprocess.run(
                            command, check=True, capture_output=True, text=True, env=_plain()
                        )
                        found[way] += json.loads(done.stdout)
                        cpu[way].append((cpu_seconds(pid) - before) / options.posts * 1000)
        finally:
            server.kill()
            server.wait()
    report(found, cpu)


def _plain() -> dict[str, str]:
    return {
        name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")
    }


def report(found: dict[str, list[float]], cpu: dict[str, list[float]]) -> None:
    """Print the table."""
    direct = statistics.median(found["direct"])
    print(
        "| 1 KB POST by requests, kept alive | median ms | p95 ms | added ms | gate's CPU ms per"
        " POST |"
    )
    print("|---|---|---|---|---|")
    for way in WAYS:
        times = sorted(found[way])
        middle, late = statistics.median(times), times[len(times) * 95 // 100]
        used = statistics.median(cpu[way])
        print(f"| {way} | {middle:.2f} | {late:.2f} | {middle - direct:.2f} | {used:.2f} |")


if __name__ == "__main__":
    main()
