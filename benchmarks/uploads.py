"""One large upload through the gate, scanned, against plain streaming mitmdump: speed, peak memory,
stalls of the loop.

    python benchmarks/uploads.py [--mb 400] [--content text|mail|random|ledger]

Both proxies get the same bytes to the same loopback server over real TLS, one after the other.
mitmdump streams (`stream_large_bodies`) and does nothing; Outgate scans every byte. A stall is how
long a small request of another connection waits while the upload runs.
"""

import argparse
import random
import socket
import ssl
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.gate import (  # noqa: E402 - found by the path above
    mitmdump,
    outgate,
    peak_mb,
    wait_for,
)
from benchmarks.gate_load import tunnel  # noqa: E402

MB = 1 << 20
TYPES = {"random": "application/octet-stream", "ledger": "text/csv"}
WORDS = (
    "invoice",
    "customer",
    "total",
    "shipped",
    "2026-01-02",
    "open",
    "north",
    "depot",
    "42.10",
    "pallet",
)


def content(kind: str) -> bytes:
    """Return four megabytes that are sent again and again."""
    dice = random.Random(5)
    if kind == "random":
        return dice.randbytes(4 * MB)
    lines: list[str] = []
    size = 0
    if kind == "ledger":
        return ledger(dice)
    while size < 4 * MB:
        line = " ".join(dice.choice(WORDS) for _ in range(10))
        if kind == "mail" and dice.random() < 0.1:
            line += f" contact{dice.randrange(10**6)}@example.com"
        lines.append(line)
        size += len(line) + 1
    return "\n".join(lines).encode()[: 4 * MB]


def ledger(dice: random.Random) -> bytes:
    """Return a table of postings, a tenth of them with somebody's address."""
    lines = ["posting;day;account;text;amount"]
    size = 0
    while size < 4 * MB:
        text = (
            f"transfer customer{dice.randrange(10**6)}@example.com"
            if dice.random() < 0.1
            else "office supplies"
        )
        day = f"2026-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}"
        lines.append(
            f"{dice.randrange(10**6)};{day};{dice.randrange(1000, 10**4)};{text};{dice.randrange(10**6) / 100}"
        )
        size += len(lines[-1]) + 1
    return "\n".join(lines).encode()[: 4 * MB]


class Sink:
    """A TLS server that reads requests and answers when they are complete."""

    def __init__(self, certificate: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._context = context
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        try:
            connection = self._context.wrap_socket(plain, server_side=True)
            while self._one(connection):
                pass
        except OSError:
            plain.close()

    def _one(self, connection: ssl.SSLSocket) -> bool:
        data = b""
        while b"\r\n\r\n" not in data:
            if not (more := connection.recv(65536)):
                return False
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(
            int(n.split(b":")[1])
            for n in head.split(b"\r\n")
            if n.lower().startswith(b"content-length")
        )
        left = length - len(body)
        buffer = bytearray(256 * 1024)
        while left > 0:
            if not (got := connection.recv_into(buffer)):
                return False
            left -= got
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok"
        )
        return True


def head(port: int, size: int, kind: str = "text/plain") -> bytes:
    """Return the head of one upload."""
    lines = (
        "PUT /backup.txt HTTP/1.1",
        f"Host: localhost:{port}",
        f"Content-Type: {kind}",
        f"Content-Length: {size}",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def upload(proxy: int, port: int, roots: Path, block: bytes, size: int, kind: str) -> float:
    """Send `size` bytes; return the seconds until the answer."""
    connection = tunnel(proxy, port, roots)
    began = time.perf_counter()
    connection.sendall(head(port, size, kind))
    for at in range(0, size, len(block)):
        connection.sendall(block[: min(len(block), size - at)])
    answer = connection.recv(65536)
    if b" 200 " not in answer.split(b"\r\n", 1)[0]:
        raise SystemExit(f"unexpected answer: {answer[:80]!r}")
    return time.perf_counter() - began


def stalls(proxy: int, port: int, roots: Path, stop: threading.Event) -> list[float]:
    """Return how long small requests on another connection take until told to stop, in
    milliseconds.
    """
    connection = tunnel(proxy, port, roots)
    took: list[float] = []
    while not stop.wait(0.05):
        began = time.perf_counter()
        connection.sendall(head(port, 2) + b"{}")
        answer = b""
        while not answer.endswith(b"\r\n\r\nok"):
            answer += connection.recv(65536)
        took.append((time.perf_counter() - began) * 1000)
    return took


def cpu(process: psutil.Process) -> float:
    """Return the seconds of processor time that a process has taken."""
    times = process.cpu_times()
    return float(times.user + times.system)


def measure(
    name: str, proxy: tuple[int, int, Path], port: int, block: bytes, size: int, kind: str
) -> float:
    """Upload once while small requests run beside it; print and return the speed in MB/s."""
    listen, pid, roots = proxy
    upload(listen, port, roots, block, 16 * MB, kind)
    before, stop, took = peak_mb(pid), threading.Event(), []
    beside = threading.Thread(target=lambda: took.extend(stalls(listen, port, roots, stop)))
    beside.start()
    process = psutil.Process(pid)
    own, others = cpu(process), sum(map(cpu, process.children(recursive=True)))
    seconds = upload(listen, port, roots, block, size, kind)
    own, others = cpu(process) - own, sum(map(cpu, process.children(recursive=True))) - others
    stop.set()
    beside.join()
    speed = size / MB / seconds
    typical, worst = statistics.median(took or [0]), max(took or [0])
    helpers = sum(peak_mb(child.pid) for child in process.children(recursive=True))
    print(
        f"{name:9} {speed:7.1f} MB/s   peak {peak_mb(pid):5.0f} MB (before {before:.0f}), ", end=""
    )
    print(f"workers {helpers:.0f} MB   ", end="")
    print(f"CPU {own / size * MB * 1000:.1f} + {others / size * MB * 1000:.1f} ms/MB   ", end="")
    print(f"small requests beside it: median {typical:.1f} ms, worst {worst:.1f} ms")
    return speed


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mb", type=int, default=400)
    parser.add_argument("--content", choices=("text", "mail", "random", "ledger"), default="text")
    options = parser.parse_args()
    from certs.authority import open_authority
    from certs.leaf import LeafMinter

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = open_authority(folder / "upstream")
        leaf = LeafMinter(authority).mint("localhost")
        (folder / "leaf.pem").write_bytes(leaf.key_pem() + leaf.certificates_pem())
        (folder / "root.pem").write_bytes(authority.root_pem())
        (folder / "mitm").mkdir()
        (folder / "mitm" / "config.yaml").write_text("stream_large_bodies: 1m\n")
        sink, block, size = Sink(folder / "leaf.pem"), content(options.content), options.mb * MB
        kind = TYPES.get(options.content, "text/plain")
        with mitmdump(folder, folder / "root.pem") as plain:
            streaming = measure("mitmdump", plain, sink.port, block, size, kind)
        with outgate(folder, folder / "root.pem") as gate:
            wait_for(
                lambda: any(path.is_file() for path in (folder / "home").rglob("credentials/*"))
            )
            scanned = measure("outgate", gate, sink.port, block, size, kind)
    print(f"ratio     {scanned / streaming:.2f}")


if __name__ == "__main__":
    main()
