"""An internet of its own in a network namespace: real names, real ports, servers that count what
reaches them, and a gate that serves as on any machine. Run as a program inside; used from outside
by `SmallWorld`.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
WEB, SOCKETS, OTHERS = "10.77.1.1", "10.77.1.2", "10.77.1.3"
"""Addresses of the web, of what speaks WebSocket, and of all else."""
LONGEST_S = 9.0
"""How long a direct connection lasts at most: it is over once it was seen, however busy the machine
is, and no sooner.
"""
BANNERS = {
    21: b"220 files ready\r\n",
    22: b"SSH-2.0-OpenSSH_9.9\r\n",
    23: b"login: ",
    25: b"220 mail ESMTP\r\n",
    110: b"+OK ready\r\n",
    143: b"* OK ready\r\n",
    389: b"",
    1433: b"",
    3306: b"",
    5432: b"",
    5672: b"",
    6379: b"",
    9092: b"",
    27017: b"",
}
"""What a server says first, at its usual port; nothing: it waits."""
_NETWORK = """
set -e
ip link set lo up
ip addr add 10.77.0.1/32 dev lo
for address in 10.77.1.1 10.77.1.2 10.77.1.3; do ip addr add $address/32 dev lo; done
ip route add local 10.77.1.0/24 dev lo table local src 10.77.0.1 2>/dev/null || true
for address in 10.77.1.1 10.77.1.2 10.77.1.3; do
  ip route replace local $address dev lo table local src 10.77.0.1
done
mount --bind "$1/hosts" /etc/hosts
mount --bind "$1/resolv.conf" /etc/resolv.conf
exec "$2" "$3" "$1"
"""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One program that was run behind the gate, or without it."""

    code: int
    out: str
    told: str
    """What it and `outgate run` said on standard error."""
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the gate has on record, in numbers of records."""

    paths: dict[str, int]
    """Of scripts."""
    names: dict[str, int]
    """Of scripts, by their names."""
    places: dict[str, int]
    """`10.0.0.7:443`."""

    @classmethod
    def of(cls, records: Sequence[dict[str, Any]]) -> "Seen":
        """Count these."""
        scripts = [record["sender"]["script"] or {} for record in records]
        to = [record["destination"] for record in records]
        return cls(
            paths=dict(Counter(str(script.get("path")) for script in scripts)),
            names=dict(Counter(str(script.get("name")) for script in scripts)),
            places=dict(Counter(f"{one['host']}:{one['port']}" for one in to)),
        )


class Holding:
    """Keeps a connection open until there is one record more of its kind, or for so long."""

    def __init__(self, folder: Path, by_host: dict[str, str]) -> None:
        """`by_host`: the names of the scripts whose connections are kept, by where they go."""
        self._seen, self._by_host = folder / "seen", by_host
        self._lock, self._let_go = threading.Lock(), Counter[str]()
        self._held: set[Any] = set()

    def at(self, host: str, connection: Any) -> None:
        """Keep a connection to this host, once."""
        name = self._by_host.get(host)
        if name is not None and connection not in self._held:
            self._held.add(connection)
            self._until(f"names {name}", lambda seen: seen["names"].get(name, 0))

    def at_place(self, place: str) -> None:
        """Keep a connection to this place."""
        if self._by_host:
            self._until(place, lambda seen: seen["places"].get(place, 0))

    def _until(self, key: str, count: Callable[[Any], int]) -> None:
        until = time.monotonic() + LONGEST_S
        while time.monotonic() < until:
            seen = json.loads(self._seen.read_text()) if self._seen.exists() else None
            with self._lock:
                if seen is not None and count(seen) > self._let_go[key]:
                    self._let_go[key] += 1
                    return
            time.sleep(0.1)


class SmallWorld:
    """The world as seen from outside."""

    def __init__(self, folder: Path, pid: int, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self._pid = pid

    def inside(self, *command: str, seconds: float = 100) -> Ran:
        """Run a program in there, to its end."""
        begun = time.monotonic()
        enter = ["nsenter", f"--target={self._pid}", "--net", "--mount", f"--wd={self.folder}"]
        done = subprocess.run(
            [*enter, "--", *command],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
        took = time.monotonic() - begun
        return Ran(code=done.returncode, out=done.stdout, told=done.stderr, seconds=took)

    def run(self, *command: str, seconds: float = 100) -> Ran:
        """Run a program behind the gate, as a user would."""
        whole = (sys.executable, "-m", "app.cli", "run", "--", *command)
        return self.inside(*whole, seconds=seconds)

    def arrivals(self, host: str) -> list[dict[str, Any]]:
        """Return the requests for this host that reached a server."""
        lines = (self.folder / "arrivals").read_text().splitlines()
        return [one for one in map(json.loads, lines) if one["host"] == host]

    @contextmanager
    def telling_what_is_seen(self) -> Iterator[None]:
        """Tell those inside what the gate has on record, for as long as the block lasts."""
        over = threading.Event()
        evidence = [self.folder / "home" / f"evidence.db{end}" for end in ("", "-wal")]

        def tell() -> None:
            known = None
            while not over.wait(0.1):
                there = [path.stat() for path in evidence if path.exists()]
                now = [(file.st_mtime_ns, file.st_size) for file in there]
                if now == known:
                    continue  # reading all of it again would take from those who are waited for
                known = now
                seen = Seen.of(self.all_records())
                (self.folder / "seen.new").write_text(json.dumps(asdict(seen)))
                (self.folder / "seen.new").rename(self.folder / "seen")

        with ThreadPoolExecutor(1) as one:
            telling = one.submit(tell)
            try:
                yield
            finally:
                over.set()
            telling.result()

    def all_records(self) -> list[dict[str, Any]]:
        """Return all records, without observations."""
        from evidence import open_store

        store = open_store(self.folder / "home" / "evidence.db")
        told = (entry.exported() for entry in store.iter_entries())
        return [one for one in told if one["schema"] == "outgate.record/1"]


@contextmanager
def small_world(
    folder: Path, pack: Path, names: dict[str, str], kept: dict[str, str]
) -> Iterator[SmallWorld]:
    """Yield a world in which these names have these addresses. `kept`: hosts whose connections last
    until they are seen, with the names of the scripts that make them. Raises OSError where
    namespaces cannot be made.
    """
    (folder / "home").mkdir(mode=0o700)
    (folder / "home" / "cache").symlink_to(pack)
    lines = ["127.0.0.1 localhost", *(f"{address} {name}" for name, address in names.items())]
    (folder / "hosts").write_text("\n".join(lines) + "\n")
    (folder / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    (folder / "kept").write_text(json.dumps(kept))
    (folder / "arrivals").touch()
    own = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    environment = {**own, "PYTHONPATH": str(ROOT), "OUTGATE_HOME": str(folder / "home")}
    command = ["sh", "-c", _NETWORK, "sh", str(folder), sys.executable, __file__]
    process = subprocess.Popen(
        ["unshare", "--net", "--mount", *command],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise OSError("no namespace of its own can be made here")
        yield SmallWorld(folder, process.pid, environment)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def _serve(port: int, address: str, talk: Callable[[socket.socket], None]) -> None:
    listening = socket.create_server((address, port))

    def one(plain: socket.socket) -> None:
        try:
            with plain:
                plain.settimeout(20)
                talk(plain)
        except OSError:
            return

    def accept() -> None:
        while True:
            threading.Thread(target=one, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def _says(banner: bytes, port: int, holding: Holding) -> Callable[[socket.socket], None]:
    def talk(plain: socket.socket) -> None:
        if banner:
            plain.sendall(banner)
        holding.at_place(f"{OTHERS}:{port}")
        plain.shutdown(socket.SHUT_WR)
        while plain.recv(65536):
            continue

    return talk


def _web(folder: Path, holding: Holding) -> Path:
    """Serve the web at its ports; return the file of its root."""
    from app.demo import internet as stand_in

    lock = threading.Lock()

    def noted(handler: Any, host: str, size: int) -> None:
        told = {"host": host, "method": handler.command, "bytes": size}
        with lock, (folder / "arrivals").open("a") as file:
            file.write(json.dumps(told) + "\n")
        holding.at(host, handler.client_address)

    class Answers(dict[str, Callable[[Any, bytes], None]]):
        """Notes each request, then has it answered as ever."""

        def get(self, host: str, otherwise: Any = None) -> Any:
            answer = super().get(host, otherwise)

            def noting(handler: Any, body: bytes) -> None:
                noted(handler, host, len(body))
                if host.endswith(".amazonaws.com"):  # whose SDK takes any other text for a fault
                    handler.send_response(200)
                    handler.send_header("content-length", "0")
                    handler.end_headers()
                else:
                    answer(handler, body)

            return noting

    stand_in._ANSWERS = Answers(stand_in._ANSWERS)
    for port in (443, 80, 8443):
        stand_in.StandInInternet(folder / "internet", (WEB, port)).__enter__()
    whole = stand_in.StandInInternet(folder / "internet", (OTHERS, 443))
    root = folder / "root.pem"
    root.write_bytes(whole.authority.root_pem())
    _sockets(whole.context_for("sockets.example"), holding)
    return root


def _sockets(context: Any, holding: Holding) -> None:
    """Serve WebSockets that answer each message."""
    from websockets.asyncio.server import ServerConnection, serve

    ready = threading.Event()

    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            holding.at_place(f"{SOCKETS}:{connection.local_address[1]}")
            await connection.send(message)

    async def serving() -> None:
        for port, secured in ((443, context), (80, None)):
            await serve(echo, SOCKETS, port, ssl=secured)
        ready.set()
        await asyncio.Future()

    threading.Thread(target=asyncio.run, args=(serving(),), daemon=True).start()
    ready.wait()


def _main(folder: Path) -> None:
    holding = Holding(folder, json.loads((folder / "kept").read_text()))
    root = _web(folder, holding)
    for port, banner in BANNERS.items():
        _serve(port, OTHERS, _says(banner, port, holding))
    # A company's own authority, as its machines have it: gate and clients trust it.
    environment = {**os.environ, "SSL_CERT_FILE": str(root)}
    command = [sys.executable, "-m", "app.cli", "start", "--listen", "127.0.0.1:8899"]
    with (folder / "gate.log").open("w") as log:
        gate = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    while not (folder / "home" / "gate.json").exists() and gate.poll() is None:
        time.sleep(0.05)
    sys.stdout.write("ready\n" if gate.poll() is None else "failed\n")
    sys.stdout.flush()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        sys.stdin.read()
    finally:
        gate.terminate()
        gate.wait(20)


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
