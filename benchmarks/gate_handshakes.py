"""A new TLS connection for each request, through the gate and through plain mitmdump: the CPU time
of each for one, to a host whose leaf is there already and to hosts that are new.

    python benchmarks/gate_handshakes.py [--rounds 5] [--connections 200]

Part of `benchmarks/gate.py` as well. One request over one connection: CONNECT, TLS with the client,
a chat post of 1 KB, TLS with the server, the answer, the end. Each round asks the two in turns.
Hosts are addresses of 127.0.0.0/8, each with a certificate of its own; sessions are not resumed, as
Python's clients do not.
"""

import argparse
import asyncio
import contextlib
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.gate_load import bodies, read_answer, request  # noqa: E402 - found by the path above

KNOWN = "127.0.0.1"
_AT_ONCE = 4
_PATIENCE_S = 20.0
type Proxy = tuple[int, int, Path]
"""Port, pid, roots."""


@dataclass
class Handshakes:
    """CPU of one proxy for one new connection, in milliseconds, a figure for each round."""

    known_ms: list[float] = field(default_factory=list)
    new_ms: list[float] = field(default_factory=list)


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that the threads of one process have had so far, in seconds."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def new_hosts(number: int, count: int) -> list[str]:
    """Return so many addresses that no round before this one has asked for."""
    return [f"127.{number + 1}.{one // 250}.{one % 250 + 1}" for one in range(count)]


def ask_each(proxy: int, port: int, roots: Path, hosts: Sequence[str]) -> None:
    """Send one request to each host, each over a connection of its own."""
    context = ssl.create_default_context(cafile=str(roots))
    posts = [request(port, body) for body in bodies(False, 64)]

    def work(own: Sequence[str]) -> None:
        for number, host in enumerate(own):
            with socket.create_connection(("127.0.0.1", proxy), _PATIENCE_S) as raw:
                raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                place = f"{host}:{port}"
                raw.sendall(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode())
                if b" 200 " not in raw.recv(4096):
                    raise SystemExit("a proxy takes no connections")
                with context.wrap_socket(raw, server_hostname=host) as connection:
                    post = posts[number % len(posts)]
                    connection.sendall(post.replace(b"Host: localhost", f"Host: {host}".encode()))
                    read_answer(connection)

    threads = [threading.Thread(target=work, args=(hosts[n::_AT_ONCE],)) for n in range(_AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def measure(proxies: Sequence[Proxy], port: int, rounds: int, count: int) -> list[Handshakes]:
    """Measure these proxies in turns; the first round counts for nothing."""
    found = [Handshakes() for _ in proxies]
    for number in range(rounds + 1):
        for (listen, pid, roots), into in zip(proxies, found, strict=True):
            for hosts, figures in (
                ([KNOWN] * count, into.known_ms),
                (new_hosts(number, count), into.new_ms),
            ):
                before = cpu_seconds(pid)
                command = [sys.executable, __file__, "--ask", str(listen), str(port), str(roots)]
                subprocess.run([*command, *hosts], check=True)
                if number:
                    figures.append((cpu_seconds(pid) - before) / count * 1000)
    return found


def rows(plain: Handshakes, gate: Handshakes) -> Iterator[str]:
    """Yield the rows of a table: the medians, the gate's share of mitmdump's (the bar: 0.8), and
    how far the shares of the rounds go apart.
    """
    for name, one, other in (
        ("CPU ms per new TLS connection, host known", plain.known_ms, gate.known_ms),
        ("CPU ms per new TLS connection, host new", plain.new_ms, gate.new_ms),
    ):
        a, b = statistics.median(one), statistics.median(other)
        each = [y / x for x, y in zip(one, other, strict=True)]
        spread = f"{min(each):.2f} to {max(each):.2f}"
        yield f"| {name} | {a:.2f} | {b:.2f} | {b / a:.2f} of mitmdump's ({spread}) |"


@contextmanager
def server(folder: Path) -> Iterator[int]:
    """Run the server in a process of its own, with the authority of this folder; yield its port."""
    command = [sys.executable, __file__, "--serve", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


async def _serve(folder: Path) -> None:
    from benchmarks.gate import ANSWER
    from certs.authority import open_authority
    from certs.leaf import LeafMinter

    minter = LeafMinter(open_authority(folder))
    contexts: dict[str, ssl.SSLContext] = {}

    def context_of(host: str) -> ssl.SSLContext:
        if host not in contexts:
            leaf, file = minter.mint(host), folder / "leaf.pem"
            file.write_bytes(leaf.key_pem() + leaf.certificates_pem())
            contexts[host] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            contexts[host].load_cert_chain(file)
        return contexts[host]

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await writer.start_tls(context_of(writer.get_extra_info("sockname")[0]))
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            size = head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]
            await reader.readexactly(int(size))
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                % len(ANSWER)
                + ANSWER
            )
            await reader.read()
            writer.close()

    found = await asyncio.start_server(one, "0.0.0.0", 0)
    print(found.sockets[0].getsockname()[1], flush=True)
    await found.serve_forever()


def main() -> None:
    """Run the comparison alone."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=200)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--ask", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(_serve(options.serve))
        return
    if options.ask:
        listen, port, roots, *hosts = options.ask
        ask_each(int(listen), int(port), Path(roots), hosts)
        return
    from benchmarks.gate import mitmdump, outgate
    from certs.authority import open_authority

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = open_authority(folder / "upstream")
        root = folder / "root.pem"
        root.write_bytes(authority.root_pem())
        with (
            server(folder / "upstream") as port,
            mitmdump(folder, root) as plain,
            outgate(folder, root) as gate,
        ):
            found = measure((plain, gate), port, options.rounds, options.connections)
    print("| what | plain mitmdump | Outgate, everything on | ratio |")
    print("|---|---|---|---|")
    for row in rows(*found):
        print(row)


if __name__ == "__main__":
    main()
