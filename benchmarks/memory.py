"""Resident memory of a gate, step by step: after its start, clean posts, posts with five personal
values, streams that break off without stating what they used.

    python benchmarks/memory.py [--requests 1000] [--tree FOLDER]

`--tree` measures another version of the sources (a work tree) with this client.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.gate_load import bodies, read_answer, request, tunnel  # noqa: E402

CONNECTIONS = 8


def kilobytes(pid: int, what: str) -> int:
    """Return `VmRSS`, `VmHWM` or `RssAnon` of one process in KB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1])
    return 0


def workers(pid: int) -> list[int]:
    """Return the process ids of the children."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def tell(step: str, pid: int) -> None:
    """Print one row."""
    own = kilobytes(pid, "VmRSS") / 1024, kilobytes(pid, "RssAnon") / 1024
    theirs = sum(kilobytes(one, "VmRSS") for one in workers(pid)) / 1024
    print(f"| {step} | {own[0]:.0f} | {own[1]:.0f} | {theirs:.0f} |", flush=True)


def post(listen: int, port: int, roots: Path, number: int, *, personal: bool) -> None:
    """Send so many posts over kept connections, one after the other."""
    requests = [request(port, body) for body in bodies(personal)]
    connections = [tunnel(listen, port, roots) for _ in range(CONNECTIONS)]
    for n in range(number):
        connection = connections[n % CONNECTIONS]
        connection.sendall(requests[n % len(requests)])
        read_answer(connection)
    for connection in connections:
        connection.close()


def break_off(listen: int, port: int, roots: Path) -> None:
    """Leave a stream in its middle: what it used is then estimated."""
    connection = tunnel(listen, port, roots)
    connection.sendall(request(port, bodies(False, 1)[0], "/stream"))
    data = b""
    while data.count(b"data:") < 5:
        data += connection.recv(65536)
    connection.close()


@contextmanager
def gate(tree: Path, home: Path, upstream_root: Path) -> Iterator[tuple[int, int]]:
    """Run a gate of these sources; yield its port and process id."""
    command = [sys.executable, "-m", "app.cli", "start", "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(
        [*command, "--upstream-ca", str(upstream_root)],
        env={**os.environ, "OUTGATE_HOME": str(home)},
        cwd=tree,
        stdout=subprocess.DEVNULL,
    )
    try:
        while not (home / "gate.json").exists():
            time.sleep(0.05)
        yield json.loads((home / "gate.json").read_text())["port"], process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def main() -> None:
    """Take the steps."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--tree", type=Path, default=ROOT)
    options = parser.parse_args()
    from certs.authority import open_authority
    from certs.leaf import LeafMinter

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = open_authority(folder / "upstream")
        leaf = LeafMinter(authority).mint("localhost")
        (folder / "leaf.pem").write_bytes(leaf.key_pem() + leaf.certificates_pem())
        (root := folder / "root.pem").write_bytes(authority.root_pem())
        serve = [sys.executable, str(ROOT / "benchmarks" / "gate.py"), "--upstream"]
        server = subprocess.Popen(
            [*serve, str(folder / "leaf.pem")], stdout=subprocess.PIPE, text=True
        )
        assert server.stdout is not None
        port = int(server.stdout.readline())
        try:
            with gate(options.tree, folder / "home", root) as (listen, pid):
                measure(listen, pid, port, folder / "home" / "bundle.pem", options.requests)
        finally:
            server.kill()
            server.wait()


def measure(listen: int, pid: int, port: int, roots: Path, number: int) -> None:
    """Print the table, MB."""
    print("| after | resident | of it not shared | workers |\n|---|---|---|---|")
    time.sleep(6)
    tell("the start", pid)
    for round_ in ("", " more"):
        post(listen, port, roots, number, personal=False)
        tell(f"{number} clean posts{round_}", pid)
        post(listen, port, roots, number, personal=True)
        tell(f"{number} with five values{round_}", pid)
    for _ in range(3):
        break_off(listen, port, roots)
    time.sleep(6)
    tell("three streams that broke off", pid)
    print(f"\nAt most {kilobytes(pid, 'VmHWM') / 1024:.0f} MB.")


if __name__ == "__main__":
    main()
