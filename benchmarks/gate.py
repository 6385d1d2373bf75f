"""The gate against plain mitmdump, side by side in one run: requests a second, CPU, new TLS
connections, first byte of a stream, memory.

    python benchmarks/gate.py [--seconds 8] [--rounds 3] [--connections 8]

Both proxies get the same requests to the same loopback server over real TLS with keep-alive, in
turns (A B A B …); quoted are medians and the ratio of medians. mitmdump runs with its defaults and
does nothing; Outgate attributes, classifies, decides, records and waits for its evidence.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.gate_load import first_byte, load  # noqa: E402 - found by the path above

_CONNECTIONS = 100
"""New ones of a round, to a known host and to new ones."""
TICKS = os.sysconf("SC_CLK_TCK")
ANSWER = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o-mini",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Fine."},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 210, "completion_tokens": 2, "total_tokens": 212},
    }
).encode()
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"word "}}]}\n\n'
LAST = (
    b"data:"
    b' {"choices":[],"usage":{"prompt_tokens":210,"completion_tokens":40,"total_tokens":250}}\n\ndata:'
    b" [DONE]\n\n"
)


@dataclass
class Measured:
    """Samples of one proxy."""

    rate: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    rate_hits: list[float] = field(default_factory=list)
    cpu_hits_ms: list[float] = field(default_factory=list)
    first_byte_ms: list[float] = field(default_factory=list)
    peak_mb: float = 0.0
    idle_percent: float = 0.0


class Upstream(asyncio.Protocol):
    """Answers every request at once; `/stream` with forty events, five milliseconds apart."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.buffer = b""

    def connection_lost(self, _: Exception | None) -> None:
        if (task := getattr(self, "task", None)) is not None:
            task.cancel()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            mark = head.find(b"content-length:")
            size = int(head[mark + 15 :].split(b"\r\n", 1)[0]) if mark >= 0 else 0
            if len(self.buffer) < end + 4 + size:
                return
            streaming = b"/stream " in head.split(b"\r\n", 1)[0]
            self.buffer = self.buffer[end + 4 + size :]
            if streaming:
                self.task = asyncio.get_running_loop().create_task(self.stream())
            else:
                self.transport.write(  # type: ignore[attr-defined]
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length:"
                    b" %d\r\n\r\n" % len(ANSWER) + ANSWER
                )

    async def stream(self) -> None:
        write = self.transport.write  # type: ignore[attr-defined]
        write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding:"
            b" chunked\r\n\r\n"
        )
        for _ in range(40):
            write(b"%x\r\n%s\r\n" % (len(EVENT), EVENT))
            await asyncio.sleep(0.005)
        write(b"%x\r\n%s\r\n" % (len(LAST), LAST))
        write(b"0\r\n\r\n")


async def upstream_main(certificate: str) -> None:
    """Serve until killed; print the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def cpu_seconds(pid: int) -> float:
    """Return user and system time of one process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def with_children(pid: int) -> float:
    """Return the same of one process and those that it has running."""
    total = cpu_seconds(pid)
    for one in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(OSError, psutil.Error):
            total += cpu_seconds(one.pid)
    return total


def peak_mb(pid: int) -> float:
    """Return the largest resident size of one process so far."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


@contextmanager
def mitmdump(folder: Path, upstream_root: Path) -> Iterator[tuple[int, int, Path]]:
    """Run plain mitmdump; yield (port, pid, roots)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    confdir = folder / "mitm"
    program = Path(sys.executable).with_name("mitmdump")
    options = [
        "-q",
        "--listen-host",
        "127.0.0.1",
        "--listen-port",
        str(port),
        "--set",
        f"confdir={confdir}",
    ]
    options += ["--set", f"ssl_verify_upstream_trusted_ca={upstream_root}"]
    process = subprocess.Popen([program, *options])
    try:
        wait_for(lambda: (confdir / "mitmproxy-ca-cert.pem").exists() and listens(port))
        yield port, process.pid, confdir / "mitmproxy-ca-cert.pem"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


@contextmanager
def outgate(folder: Path, upstream_root: Path) -> Iterator[tuple[int, int, Path]]:
    """Run Outgate with everything on; yield (port, pid, roots)."""
    home = folder / "home"
    environment = {**os.environ, "OUTGATE_HOME": str(home)}
    command = [
        sys.executable,
        "-m",
        "app.cli",
        "start",
        "--listen",
        "127.0.0.1:0",
        "--upstream-ca",
        str(upstream_root),
    ]
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_for((home / "gate.json").exists)
        yield json.loads((home / "gate.json").read_text())["port"], process.pid, home / "bundle.pem"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def listens(port: int) -> bool:
    """Return True when something accepts connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until it holds, at most two minutes: a busy machine takes one to start a gate."""
    for _ in range(2400):
        if condition():
            return
        time.sleep(0.05)
    raise SystemExit("a proxy did not start")


def measure(
    proxy: tuple[int, int, Path],
    port: int,
    options: argparse.Namespace,
    into: Measured,
    load_command: list[str],
) -> None:
    """Take one round of samples of one proxy."""
    listen, pid, roots = proxy
    for personal, rates, cpus in (
        (False, into.rate, into.cpu_ms),
        (True, into.rate_hits, into.cpu_hits_ms),
    ):
        before = cpu_seconds(pid)
        started = time.perf_counter()
        command = [*load_command, str(listen), str(port), str(roots), str(int(personal))]
        answered = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        del started
        rates.append(answered / options.seconds)
        cpus.append((cpu_seconds(pid) - before) / answered * 1000)
    into.first_byte_ms += [first_byte(listen, port, roots) for _ in range(5)]
    into.peak_mb = max(into.peak_mb, peak_mb(pid))


def warm_up(proxies: Iterable[tuple[int, int, Path]], port: int, me: list[str]) -> None:
    """Let both proxies load what they load once, and wait until both are quiet, with what they have
    running beside them: a gate's first start makes its pack of rules in a process of its own.
    """
    for listen, _, roots in proxies:
        for personal in ("0", "1"):
            subprocess.run(
                [*me, "--load", str(listen), str(port), str(roots), personal],
                check=True,
                capture_output=True,
            )
    for _, pid, _ in proxies:
        for _ in range(180):
            before = with_children(pid)
            time.sleep(1)
            if with_children(pid) - before < 0.03:
                break


def idle(proxy: tuple[int, int, Path], seconds: float) -> float:
    """Return the CPU share of an idle proxy in percent."""
    before = cpu_seconds(proxy[1])
    time.sleep(seconds)
    return (cpu_seconds(proxy[1]) - before) / seconds * 100


def report(plain: Measured, gate: Measured, direct: list[float], more: Iterable[str]) -> None:
    """Print the table that the README quotes."""
    middle = statistics.median
    print("| what | plain mitmdump | Outgate, everything on | ratio |")
    print("|---|---|---|---|")
    for name, a, b, inverse in (
        ("requests/s, clean 1 KB chat posts", plain.rate, gate.rate, False),
        ("CPU ms per request, clean", plain.cpu_ms, gate.cpu_ms, True),
        ("requests/s, five personal values each", plain.rate_hits, gate.rate_hits, False),
        ("CPU ms per request, five values", plain.cpu_hits_ms, gate.cpu_hits_ms, True),
        ("first byte of an event stream, ms", plain.first_byte_ms, gate.first_byte_ms, True),
    ):
        ratio = middle(a) / middle(b) if inverse else middle(b) / middle(a)
        print(f"| {name} | {middle(a):.2f} | {middle(b):.2f} | {ratio:.2f}× |")
    for row in more:
        print(row)
    print(f"| peak memory of the process, MB | {plain.peak_mb:.0f} | {gate.peak_mb:.0f} | |")
    print(f"| idle CPU, % | {plain.idle_percent:.2f} | {gate.idle_percent:.2f} | |")
    print(f"\nFirst byte without any proxy: {middle(direct):.2f} ms.")


def main() -> None:
    """Run the whole comparison."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--idle", type=float, default=10)
    parser.add_argument("--upstream", metavar="PEM", help=argparse.SUPPRESS)
    parser.add_argument("--load", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.upstream:
        asyncio.run(upstream_main(options.upstream))
        return
    if options.load:
        listen, port, roots, personal = options.load
        print(
            load(
                int(listen),
                int(port),
                Path(roots),
                options.connections,
                options.seconds,
                personal == "1",
            )
        )
        return
    from benchmarks import gate_handshakes
    from certs.authority import open_authority
    from certs.leaf import LeafMinter

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = open_authority(folder / "upstream")
        leaf = LeafMinter(authority).mint("localhost")
        (folder / "leaf.pem").write_bytes(leaf.key_pem() + leaf.certificates_pem())
        root = folder / "root.pem"
        root.write_bytes(authority.root_pem())
        me = [
            sys.executable,
            __file__,
            "--seconds",
            str(options.seconds),
            "--connections",
            str(options.connections),
        ]
        server = subprocess.Popen(
            [*me, "--upstream", str(folder / "leaf.pem")], stdout=subprocess.PIPE, text=True
        )
        assert server.stdout is not None
        port = int(server.stdout.readline())
        plain, gate = Measured(), Measured()
        try:
            with mitmdump(folder, root) as a, outgate(folder, root) as b:
                warm_up((a, b), port, me)
                plain.idle_percent, gate.idle_percent = idle(a, options.idle), idle(b, options.idle)
                for _ in range(options.rounds):
                    measure(a, port, options, plain, [*me, "--load"])
                    measure(b, port, options, gate, [*me, "--load"])
                direct = [first_byte(None, port, root) for _ in range(5)]
                with gate_handshakes.server(folder / "upstream") as other:
                    shaken = gate_handshakes.measure((a, b), other, options.rounds, _CONNECTIONS)
        finally:
            server.kill()
            server.wait()
    report(plain, gate, direct, gate_handshakes.rows(*shaken))


if __name__ == "__main__":
    main()
