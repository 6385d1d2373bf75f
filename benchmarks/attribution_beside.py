"""Short-lived senders beside plain mitmdump, in turns in one run: one curl, or one Python program,
per request, and one curl each on a host that holds many other sockets.

    python benchmarks/attribution_beside.py [--seconds 8] [--rounds 3] [--sockets 100000] [--public]

Prints requests a second and CPU per connection of each proxy (its children included), as medians.
All senders read the same file of roots, whichever proxy they go through: a program that reads the
145 of a gate's bundle takes 20 ms longer for it than one that reads mitmdump's one. The file holds
both proxies' roots, and with `--public` those of the bundle.
"""

# ruff: noqa: E402

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.gate import ROOT, TICKS, mitmdump, outgate
from certs.authority import open_authority
from certs.leaf import LeafMinter

_PYTHON = """
import socket, ssl, sys
proxy, port, roots = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
raw = socket.create_connection(("127.0.0.1", proxy))
raw.sendall(b"CONNECT localhost:%d HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n" % port)
told = b""
while b"\\r\\n\\r\\n" not in told: told += raw.recv(4096) or sys.exit("a proxy gave no tunnel")
inner = ssl.create_default_context(cafile=roots).wrap_socket(raw, server_hostname="localhost")
inner.sendall(b"POST /x HTTP/1.1\\r\\nHost: localhost:%d\\r\\nContent-Length: 2\\r\\n\\r\\n{}" % port)
sys.exit(b" 200 " not in inner.recv(65536))
"""
_HOLDER = """
import resource, socket, sys
count = int(sys.argv[1])
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
held = [socket.socketpair() for _ in range(count // 2)]
print("ready", flush=True); sys.stdin.read()
"""

type Proxy = tuple[int, int, Path]
type Command = Callable[[Proxy, int], list[str]]


def certificates(folder: Path) -> tuple[Path, Path]:
    """Return a server's certificate with its key, and the root that signed it."""
    authority = open_authority(folder / "upstream")
    leaf = LeafMinter(authority).mint("localhost")
    (folder / "leaf.pem").write_bytes(leaf.key_pem() + leaf.certificates_pem())
    (folder / "root.pem").write_bytes(authority.root_pem())
    return folder / "leaf.pem", folder / "root.pem"


@contextmanager
def upstream(certificate: Path) -> Iterator[int]:
    """Run a server that answers at once; yield its port."""
    command = [sys.executable, str(ROOT / "benchmarks/gate.py"), "--upstream", str(certificate)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert server.stdout is not None
    try:
        yield int(server.stdout.readline())
    finally:
        server.kill()
        server.wait()


def curl(proxy: Proxy, port: int) -> list[str]:
    """One curl for one request."""
    options = ["-s", "-o", "/dev/null", "-f", "-d", "{}", "--noproxy", ""]
    through = ["-x", f"http://127.0.0.1:{proxy[0]}", "--cacert", str(proxy[2])]
    return ["curl", *options, *through, f"https://localhost:{port}/x"]


def alike(proxies: Sequence[Proxy], folder: Path, *, public: bool) -> list[Proxy]:
    """Return the proxies with one and the same file of roots: both their own, and the public ones
    where that is said.
    """
    plain, gate = (proxy[2] for proxy in proxies)
    ours = gate.read_bytes() if public else open_authority(gate.parent / "authority").root_pem()
    roots = folder / "roots.pem"
    roots.write_bytes(plain.read_bytes() + ours)
    return [(port, pid, roots) for port, pid, _ in proxies]


def python(script: Path) -> Command:
    """One Python program for one request."""
    return lambda proxy, port: [
        sys.executable,
        "-S",
        str(script),
        str(proxy[0]),
        str(port),
        str(proxy[2]),
    ]


def spent(pid: int) -> float:
    """CPU seconds of a process and of all below it that live: its helpers, and what those have
    forked, which are started before anything is counted.
    """
    children: dict[int, list[int]] = {}
    used: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.name))
        used[int(entry.name)] = (int(fields[11]) + int(fields[12])) / TICKS
    family = [pid]
    for one in family:
        family += children.get(one, [])
    return sum(used.get(one, 0.0) for one in family)


def settle(proxies: Sequence[Proxy]) -> None:
    """Wait until none works any more: a new home has the whole pack of secrets made once."""
    for _ in range(120):
        before = [spent(pid) for _, pid, _ in proxies]
        time.sleep(1)
        if all(spent(one[1]) - cpu < 0.05 for one, cpu in zip(proxies, before, strict=True)):
            return


def load(proxy: Proxy, port: int, command: Command, seconds: float) -> tuple[float, float]:
    """Start programs, four at a time, for so long; return requests a second and CPU ms each."""
    done, until, before = [0] * 4, time.perf_counter() + seconds, spent(proxy[1])

    def work(number: int) -> None:
        while time.perf_counter() < until:
            subprocess.run(command(proxy, port), check=True)
            done[number] += 1

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / seconds, (spent(proxy[1]) - before) / max(sum(done), 1) * 1000


@contextmanager
def crowded(sockets: int) -> Iterator[None]:
    """Other processes, ten or as many as it takes, that hold so many sockets together."""
    count = max(10, -(-sockets // (resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 100)))
    command = [sys.executable, "-S", "-c", _HOLDER, str(sockets // count)]
    pipe = subprocess.PIPE
    holders = [subprocess.Popen(command, stdin=pipe, stdout=pipe) for _ in range(count)]
    for holder in holders:
        assert holder.stdout is not None
        holder.stdout.readline()
    try:
        yield
    finally:
        for holder in holders:
            holder.kill()
            holder.wait()


def compare(name: str, proxies: list[Proxy], port: int, command: Command, options: object) -> str:
    """Return one row: both proxies in turns."""
    rates: list[list[float]] = [[], []]
    costs: list[list[float]] = [[], []]
    for _ in range(options.rounds):  # type: ignore[attr-defined]
        for at, proxy in enumerate(proxies):
            rate, cost = load(proxy, port, command, options.seconds)  # type: ignore[attr-defined]
            rates[at].append(rate)
            costs[at].append(cost)
    plain, gate = (statistics.median(values) for values in rates)
    plain_ms, gate_ms = (statistics.median(values) for values in costs)
    return (
        f"| {name} | {plain:.1f} | {gate:.1f} | {gate / plain:.2f}× |"
        f" {plain_ms:.1f} | {gate_ms:.1f} | {gate_ms / plain_ms:.2f}× |"
    )


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sockets", type=int, default=100_000)
    parser.add_argument("--public", action="store_true", help="have senders read public roots, too")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        certificate, root = certificates(folder)
        port = stack.enter_context(upstream(certificate))
        proxies = [stack.enter_context(make(folder, root)) for make in (mitmdump, outgate)]
        proxies = alike(proxies, folder, public=options.public)
        script = folder / "one.py"
        script.write_text(_PYTHON)
        for proxy in proxies:
            load(proxy, port, curl, 5)
        settle(proxies)
        print(
            "| load | mitmdump/s | Outgate/s | rate | mitmdump CPU ms | Outgate CPU ms | CPU |\n"
            "|---|---|---|---|---|---|---|"
        )
        print(compare("one curl each", proxies, port, curl, options), flush=True)
        print(compare("one Python each", proxies, port, python(script), options), flush=True)
        with crowded(options.sockets):
            name = f"one curl each, {options.sockets:,} other sockets"
            print(compare(name, proxies, port, curl, options), flush=True)


if __name__ == "__main__":
    main()
