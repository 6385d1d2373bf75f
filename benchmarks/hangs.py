"""How many exchanges get no answer: clean, hostile, packed, broken and abandoned ones, mixed.

    python benchmarks/hangs.py [--count 20000] [--clients 6] [--wait 60]

Clients send made-up bodies of many sorts through one gate to a stand-in internet. Each must get an
answer, or a closed connection, within the wait; whoever gets neither hangs. Quoted is how many of
each sort were answered, closed and hung, and the longest wait in seconds. What may leave a
connection unusable is sent on a new one. All traffic is loopback. The clients share the machine's
cores with the gate and its workers.
"""

import argparse
import collections
import gzip
import itertools
import json
import random
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "fakes")]

from heads_of_parts import PLACES  # noqa: E402
from hidden_places import BYTES  # noqa: E402
from unread_packings import BINARY, TEXTUAL  # noqa: E402

from benchmarks import gate as bench  # noqa: E402
from benchmarks import gate_load as bench_load  # noqa: E402
from benchmarks.hostile import CLEAN, SHAPES  # noqa: E402

IBAN = b"DE02120300000000202051"
_HOSTILE = 20_000
_OF_CLEAN = 200
"""So many clean bodies for one of each other sort."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One exchange to send."""

    sort: str
    data: bytes
    leaves: bool = False
    """True when the client goes away without waiting."""
    alone: bool = False
    """True when the connection is of no use behind it."""


@dataclass(slots=True, kw_only=True)
class Counted:
    """What became of the exchanges of one sort."""

    answered: int = 0
    closed: int = 0
    hung: int = 0
    longest_s: float = 0.0


@dataclass(slots=True, kw_only=True)
class Counts:
    """What became of all of them."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    sorts: dict[str, Counted] = field(default_factory=lambda: collections.defaultdict(Counted))

    def add(self, sort: str, what: str, seconds: float) -> None:
        """Count one."""
        with self.lock:
            one = self.sorts[sort]
            setattr(one, what, getattr(one, what) + 1)
            one.longest_s = max(one.longest_s, seconds)


def with_header(port: int, body: bytes, line: str) -> bytes:
    """A request with one more header."""
    return bench_load.request(port, body).replace(b"\r\n\r\n", f"\r\n{line}\r\n\r\n".encode(), 1)


def typed(port: int, body: bytes, kind: str) -> bytes:
    """A request of another type."""
    return bench_load.request(port, body).replace(
        b"application/json\r\nContent-L", b"%b\r\nContent-L" % kind.encode()
    )


def packed(rng: random.Random) -> bytes:
    """A value packed two or three times."""
    ways = {**BINARY, **TEXTUAL}
    while True:
        data = b"Customer 77 pays from %b. " % IBAN * rng.choice([1, 9])
        for name in rng.sample(sorted(ways), rng.choice([2, 3])):
            data = ways[name](data)
        if len(data) < 100_000:
            return data


def bomb(rng: random.Random) -> bytes:
    """Megabytes in kilobytes."""
    unit = rng.choice([b"\0", b"a@a.", b"x\n", b'{"a":', b"1 "])
    return gzip.compress(unit * (rng.choice([3, 12]) * 1_000_000 // len(unit)), 6)


def made(port: int) -> Iterator[Sent]:
    """Yield exchanges without end: mostly clean ones, and every sort in turn."""
    rng = random.Random(1)
    shapes = itertools.cycle(SHAPES.values())
    places, heads = itertools.cycle(BYTES.values()), itertools.cycle(PLACES.values())
    while True:
        for _ in range(_OF_CLEAN):
            yield Sent(sort="clean", data=bench_load.request(port, CLEAN))
        shape = next(shapes)
        text = shape * (_HOSTILE // len(shape.encode()))
        hostile = json.dumps({"messages": [{"role": "user", "content": text}]}).encode()
        yield Sent(sort="hostile", data=bench_load.request(port, hostile))
        octets = "application/octet-stream"
        yield Sent(sort="packed", data=typed(port, packed(rng), octets))
        yield Sent(sort="beside the content", data=typed(port, next(places)(IBAN), octets))
        form = next(heads)(IBAN.decode())
        kind = form.header("content-type") or octets
        yield Sent(sort="heads of parts", data=typed(port, form.body, kind))
        data = with_header(port, bomb(rng), "Content-Encoding: gzip")
        yield Sent(sort="bomb", data=data)
        data = zlib.compress(rng.randbytes(3000))[: rng.randrange(10, 3000)]
        yield Sent(sort="broken", data=with_header(port, data, "Content-Encoding: deflate"))
        whole = bench_load.request(port, hostile)
        yield Sent(sort="left behind", data=whole, leaves=True, alone=True)
        cut = whole[: rng.randrange(20, len(whole))]
        yield Sent(sort="cut", data=cut, leaves=True, alone=True)
        yield Sent(sort="no HTTP", data=rng.randbytes(600) + b"\r\n\r\n", alone=True)


class Client:
    """One client with a connection that it keeps while it can."""

    def __init__(self, connect: Callable[[], ssl.SSLSocket], counts: Counts, wait_s: float) -> None:
        self._connect, self._counts, self._wait_s = connect, counts, wait_s
        self._connection: ssl.SSLSocket | None = None

    def send(self, sent: Sent) -> None:
        """Send one exchange, and note what became of it."""
        begun = time.perf_counter()
        try:
            if sent.alone or self._connection is None:
                self.close()
                self._connection = self._connect()
                self._connection.settimeout(self._wait_s)
            self._connection.sendall(sent.data)
            whole = not sent.leaves and answered(self._connection)
            what = "answered" if whole else "closed"
        except TimeoutError:
            what = "hung"
        except OSError:
            what = "closed"
        self._counts.add(sent.sort, what, time.perf_counter() - begun)
        if sent.alone or what != "answered":
            self.close()

    def close(self) -> None:
        """Go away."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def answered(connection: ssl.SSLSocket) -> bool:
    """Read one answer of stated size; False where the connection was closed instead."""
    data = b""
    while (end := data.find(b"\r\n\r\n")) < 0:
        more = connection.recv(65536)
        if not more:
            return False
        data += more
    head = data[:end].lower()
    _, stated, rest = head.partition(b"content-length:")
    size = int(rest.split(b"\r\n", 1)[0]) if stated else 0
    while len(data) < end + 4 + size:
        more = connection.recv(65536)
        if not more:
            return False
        data += more
    return True


def run(gate: tuple[int, int, Path], port: int, options: argparse.Namespace) -> Counts:
    """Let the clients send so many exchanges."""
    proxy, _, roots = gate
    counts, lock = Counts(), threading.Lock()
    waiting = itertools.islice(made(port), options.count)

    def connect() -> ssl.SSLSocket:
        socket.setdefaulttimeout(options.wait)
        return bench_load.tunnel(proxy, port, roots)

    def work() -> None:
        client = Client(connect, counts, options.wait)
        while True:
            with lock:
                sent = next(waiting, None)
            if sent is None:
                client.close()
                return
            client.send(sent)

    threads = [threading.Thread(target=work) for _ in range(options.clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return counts


def main() -> None:
    """Start a gate and a stand-in internet; print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--clients", type=int, default=6)
    parser.add_argument("--wait", type=float, default=60)
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
            with bench.outgate(folder, folder / "root.pem") as gate:
                told(run(gate, int(server.stdout.readline()), options))
        finally:
            server.kill()
            server.wait()


def told(counts: Counts) -> None:
    """Print the table."""
    print("| sort | answered | closed | hung | longest wait, s |\n|---|---|---|---|---|")
    for sort, one in counts.sorts.items():
        print(f"| {sort} | {one.answered} | {one.closed} | {one.hung} | {one.longest_s:.1f} |")
    print(f"hung: {sum(one.hung for one in counts.sorts.values())}")


if __name__ == "__main__":
    main()
