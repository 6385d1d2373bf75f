"""How long a gate takes from its start to its first proxied answer, and `outgate --help`.

    python benchmarks/start.py [--rounds 7]

Beside them in each round: plain mitmdump to its first proxied answer, and an interpreter that does
nothing. The gate's home is there already, as at every start but the first. One client asks from the
start on, every 5 ms; seconds that passed, medians with the least and the most. All loopback.
"""

import argparse
import contextlib
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from benchmarks import gate as bench  # noqa: E402 - found by the path above
from benchmarks import gate_load as clients  # noqa: E402

_PAUSE_S, _PATIENCE_S = 0.005, 60.0


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def to_first_answer(
    command: list[str], environment: dict[str, str], ask: Callable[[], None]
) -> float:
    """Return the seconds from the start of a proxy until it has led one request to its answer."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        while time.perf_counter() - begun < _PATIENCE_S:
            with contextlib.suppress(OSError, SystemExit):
                ask()
                return time.perf_counter() - begun
            time.sleep(_PAUSE_S)
        raise SystemExit("a proxy did not start")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def run_to_end(command: list[str]) -> float:
    """Return the seconds that a program takes."""
    begun = time.perf_counter()
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def measure(folder: Path, port: int, rounds: int) -> dict[str, list[float]]:
    """Take the rounds."""
    root, home, confdir = folder / "root.pem", folder / "home", folder / "mitm"
    environment = {**os.environ, "OUTGATE_HOME": str(home)}
    post = clients.request(port, clients.bodies(False, 1)[0])
    listen = free_port()

    def ask(roots: Path) -> None:
        connection = clients.tunnel(listen, port, roots)
        connection.sendall(post)
        clients.read_answer(connection)
        connection.close()

    gate = [sys.executable, "-m", "app.cli", "start", "--listen", f"127.0.0.1:{listen}"]
    gate += ["--upstream-ca", str(root)]
    plain = [str(Path(sys.executable).with_name("mitmdump")), "-q", "--listen-host", "127.0.0.1"]
    plain += ["--listen-port", str(listen), "--set", f"confdir={confdir}"]
    plain += ["--set", f"ssl_verify_upstream_trusted_ca={root}"]
    took: dict[str, list[float]] = {}
    for number in range(rounds + 1):  # the first one makes homes, and counts for nothing
        for name, found in (
            ("mitmdump, first answer", to_first_answer(
                plain, environment, lambda: ask(confdir / "mitmproxy-ca-cert.pem"))),
            ("gate, first answer", to_first_answer(
                gate, environment, lambda: ask(home / "bundle.pem"))),
            ("python -c pass", run_to_end([sys.executable, "-c", "pass"])),
            ("outgate --help", run_to_end([sys.executable, "-m", "app.cli", "--help"])),
        ):  # fmt: skip
            if number:
                took.setdefault(name, []).append(found)
    return took


def main() -> None:
    """Start a server; measure; print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    from certs.authority import open_authority
    from certs.leaf import LeafMinter

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = open_authority(folder / "upstream")
        leaf = LeafMinter(authority).mint("localhost")
        (folder / "leaf.pem").write_bytes(leaf.key_pem() + leaf.certificates_pem())
        (folder / "root.pem").write_bytes(authority.root_pem())
        serve = [sys.executable, bench.__file__, "--upstream", str(folder / "leaf.pem")]
        server = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        try:
            load = os.getloadavg()[0]
            took = measure(folder, int(server.stdout.readline()), options.rounds)
        finally:
            server.kill()
            server.wait()
    print("| what | median, s | least | most |\n|---|---|---|---|")
    for what, some in took.items():
        print(f"| {what} | {statistics.median(some):.2f} | {min(some):.2f} | {max(some):.2f} |")
    print(f"load: {load:.1f} before, {os.getloadavg()[0]:.1f} behind")


if __name__ == "__main__":
    main()
