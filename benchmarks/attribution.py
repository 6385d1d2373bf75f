"""Measures attribution against what the clients themselves say: wrong names, coverage, cost, line
of code.

Usage: `python benchmarks/attribution.py [--connections 1000] [--idle 100] [--lines 40]`; `--full`
is 10,000 connections over 300 idle processes; `--attacks` tries programs that pose as others;
`--under-run` measures lines of code behind a real gate, `--beacon` what the beacon costs.
Prints a Markdown table; exits 1 when a name was wrong.
"""

# ruff: noqa: E402

import argparse
import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

sys.path[0] = str(
    Path(__file__).resolve().parents[1]
)  # this file has the name of the package it measures

import psutil

import attribution
from benchmarks.attribution_clients import LINE_CLIENTS, LINE_MAIN, LOADS, PRELUDE, SHARES
from benchmarks.attribution_report import Tally, report
from benchmarks.attribution_table import table
from benchmarks.lines import beacon
from benchmarks.lines import under_run as lines_under_run
from core.attribution import Attribution, Certainty, CodeLine
from core.exchange import Connection

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Gate:
    """An asyncio server that attributes as the real gate does: at once on the loop, else by search
    in a thread.
    """

    def __init__(self) -> None:
        self.attributor = attribution.build()
        self.tally = Tally()
        self.threads = ThreadPoolExecutor(4)
        self.line_client = ""
        self.line_file = ""

    async def serve(self) -> int:
        self.server = await asyncio.start_server(self._handle, "127.0.0.1", 0, backlog=512)
        port: int = self.server.sockets[0].getsockname()[1]
        return port

    async def look(self, connection: Connection, first: bool) -> Attribution:
        begin, busy = time.perf_counter(), time.thread_time()
        found = self.attributor.attribute_now(connection)
        spent = (time.perf_counter() - begin) * 1e6
        if first:
            self.tally.loop_cpu_us.append((time.thread_time() - busy) * 1e6)
        (self.tally.loop_us if first else self.tally.later_us).append(spent)
        if found is not None:
            self.tally.at_once += first
            return found
        return await asyncio.get_running_loop().run_in_executor(
            self.threads, self._search, connection
        )

    def _search(self, connection: Connection) -> Attribution:
        begin = time.perf_counter()
        found = self.attributor.attribute(connection)
        self.tally.search_ms.append((time.perf_counter() - begin) * 1e3)
        return found

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = self._connection(writer)
        found, first = await self.look(connection, True), True
        try:
            while (request := await read_request(reader, writer)) is not None:
                found = await self.look(connection, False)
                if self.line_client:
                    await self._line(request, found)
                else:
                    told = re.search(rb"X-Truth: ({.*?})\r", request)
                    assert told is not None
                    self._check(json.loads(told[1]), found, first)
                first = False
                writer.write(ANSWER)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.attributor.forget(connection)
            writer.close()

    def _connection(self, writer: asyncio.StreamWriter) -> Connection:
        far, own = writer.get_extra_info("peername"), writer.get_extra_info("sockname")
        return Connection(
            id=str(uuid4()),
            client_host=far[0],
            client_port=far[1],
            gate_host=own[0],
            gate_port=own[1],
            at=datetime.now(UTC),
        )

    def _check(self, truth: dict[str, object], found: Attribution, first: bool) -> None:
        tally = self.tally
        tally.requests += 1
        if first:
            tally.connections += 1
            tally.certainty[found.certainty.value] += 1
            if found.reason:
                tally.reasons[found.reason] += 1
        if (fault := judge(truth, found)) is not None:
            tally.wrong.append(
                f"{fault}: said {truth}, found {found.process} {found.script and found.script.path}"
            )

    async def _line(self, request: bytes, found: Attribution) -> None:
        said = re.search(rb"LINE=(\d+);", request)
        if said is None:
            return
        begin = time.perf_counter()
        loop = asyncio.get_running_loop()
        line = await loop.run_in_executor(self.threads, self.attributor.line_of_code, found)
        self.tally.line_ms.append((time.perf_counter() - begin) * 1e3)
        self._check_line(int(said[1]), line)

    def _check_line(self, said: int, line: CodeLine | None) -> None:
        name = self.line_client
        if line is None:
            self.tally.line_none[name] += 1
        elif (line.file, line.line) == (self.line_file, said):
            self.tally.line_right[name] += 1
            self.tally.line_likely[name] += line.certainty is Certainty.LIKELY
        else:
            self.tally.line_wrong[name] += 1


def judge(truth: dict[str, object], found: Attribution) -> str | None:
    """Return what is wrong with an attribution; None when everything it names is true."""
    pid = truth.get("pid")
    if found.process is not None and pid is not None and found.process.pid != pid:
        return "process"
    if (
        found.process is not None
        and truth.get("program")
        and found.process.name != truth["program"]
    ):
        return "program"
    if found.script is not None and found.script.path not in {None, truth["script"]}:
        return "script"
    owner = truth.get("script_pid")
    if owner is not None and found.script_process is not None and found.script_process.pid != owner:
        return "script process"
    return None


async def read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes | None:
    """Return one whole request; None at the end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    if b"100-continue" in head.lower():
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    if length:
        return head + await reader.readexactly(int(length[1]))
    if b"transfer-encoding: chunked" in head.lower():
        return head + await reader.readuntil(b"0\r\n\r\n")
    return head


def interpreters() -> list[str]:
    """Return up to five interpreters of this machine, this one first."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [
        sys.executable,
        *(str(path) for path in sorted(root.glob("3.*/bin/python3"), reverse=True)),
    ]
    found += [path for minor in range(9, 15) if (path := shutil.which(f"python3.{minor}"))]
    return list({os.path.realpath(path): path for path in found}.values())[:5]


def plan(folder: Path, total: int) -> Iterator[tuple[str, list[str]]]:
    """Yield the client processes of the mixed load: kind and command."""
    pythons = interpreters()
    for kind, share in SHARES.items():
        if kind == "curl child" and shutil.which("curl") is None:
            continue
        count = max(total * share // 100, 10)
        script = folder / f"load_{kind.replace(' ', '_').replace('-', '_')}.py"
        each = count // len(pythons) if kind == "interpreter" else count
        script.write_text(PRELUDE + LOADS[kind].replace("COUNT", str(each)))
        if kind == "short script":
            yield from ((kind, [sys.executable, "-S", str(script)]) for _ in range(count))
        elif kind == "interpreter":
            yield from ((kind, [python, str(script)]) for python in pythons)
        else:
            yield kind, [sys.executable, str(script)]


async def mixed_load(gate: Gate, port: int, total: int, folder: Path) -> None:
    """Run all clients, six at a time."""
    environment = os.environ | {"GATE_PORT": str(port)}
    slots = asyncio.Semaphore(6)

    async def run(command: list[str]) -> None:
        async with slots:
            process = await asyncio.create_subprocess_exec(*command, env=environment, cwd=folder)
            if await process.wait():
                print(f"a client failed: {command[-1]}", file=sys.stderr)

    async with asyncio.TaskGroup() as group:
        for _, command in plan(folder, total):
            group.create_task(run(command))


async def lines(gate: Gate, port: int, count: int, folder: Path) -> None:
    """Ask for the line of every request of each client library, with one thread and with four."""
    url = f"http://127.0.0.1:{port}"
    for name, source in LINE_CLIENTS.items():
        gate.line_client = name
        for threads in (1, 4):
            script = folder / f"line_{name.replace(' ', '_')}_{threads}.py"
            numbers = f"COUNT, THREADS, URL = {max(count // threads // 2, 1)}, {threads}, {url!r}\n"
            script.write_text(numbers + source + LINE_MAIN)
            gate.line_file = str(script)
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(script),
                cwd=folder,
                env=os.environ | {"NO_PROXY": "*"},
                stderr=subprocess.DEVNULL,
            )
            await process.wait()
    gate.line_client = ""


def quiet(gate: Gate) -> dict[str, list[float]]:
    """Measure single look-ups of one settled connection against psutil's table, side by side."""
    import socket

    listener = socket.create_server(("127.0.0.1", 0))
    code = (
        f"import socket; s=socket.create_connection(('127.0.0.1',{listener.getsockname()[1]}));"
        " s.recv(1)"
    )
    child = subprocess.Popen([sys.executable, "-c", code])
    client, far = listener.accept()
    time.sleep(2.5)  # older than the age below which a process may have inherited the socket
    own = client.getsockname()
    spent: dict[str, list[float]] = {"now": [], "again": [], "search": [], "psutil": []}

    def connection() -> Connection:
        return Connection(
            id=str(uuid4()),
            client_host=far[0],
            client_port=far[1],
            gate_host=own[0],
            gate_port=own[1],
            at=datetime.now(UTC),
        )

    def timed(name: str, call: object, *values: object) -> object:
        begin = time.perf_counter()
        found = call(*values)  # type: ignore[operator]
        spent[name].append((time.perf_counter() - begin) * 1e6)
        return found

    for _ in range(200):
        timed("search", gate.attributor.attribute, connection())
    known = connection()
    for _ in range(1000):
        while timed("now", gate.attributor.attribute_now, one := connection()) is None:
            gate.attributor.attribute(one)  # a slow machine: it may take connections by now
        timed("again", gate.attributor.attribute_now, known)
    for _ in range(20):
        rows = timed("psutil", psutil.net_connections, "tcp")
        assert any(row.pid == child.pid and row.laddr and row.laddr.port == far[1] for row in rows)  # type: ignore[attr-defined]
    child.kill()
    child.wait()
    client.close()
    listener.close()
    return spent


def sleepers(count: int) -> list[subprocess.Popen[bytes]]:
    """Start idle processes for the background."""
    return [subprocess.Popen(["sleep", "3600"]) for _ in range(count)]


async def measure(options: argparse.Namespace, folder: Path) -> int:
    """Run everything and print the report."""
    gate = Gate()
    port = await gate.serve()
    idle = await asyncio.to_thread(sleepers, options.idle)
    try:
        begin = time.perf_counter()
        await mixed_load(gate, port, options.connections, folder)
        seconds = time.perf_counter() - begin
        spent = await asyncio.to_thread(quiet, gate)
        processes = len(psutil.pids())
        await lines(gate, port, options.lines, folder)
    finally:
        for process in idle:
            process.kill()
            process.wait()
    print(report(gate.tally, spent, processes, seconds))
    print(f"\nLine outcomes: {gate.attributor.health()['lines']}")
    return 1 if gate.tally.wrong else 0


def main() -> int:
    """Parse the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--idle", type=int, default=100, help="idle processes in the background")
    parser.add_argument(
        "--lines", type=int, default=40, help="requests per client library whose line is asked"
    )
    parser.add_argument(
        "--full", action="store_true", help="10,000 connections over 300 idle processes"
    )
    parser.add_argument(
        "--attacks", action="store_true", help="only the table of programs that pose as others"
    )
    parser.add_argument(
        "--under-run", action="store_true", help="only lines of code under `outgate run`"
    )
    parser.add_argument("--beacon", action="store_true", help="only what the beacon costs")
    options = parser.parse_args()
    if options.under_run:
        return min(lines_under_run(options.lines), 1)
    if options.beacon:
        return beacon()
    if options.attacks:
        return min(table(), 1)
    if options.full:
        options.connections, options.idle, options.lines = 10_000, 300, 100
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(measure(options, Path(folder).resolve()))


if __name__ == "__main__":
    raise SystemExit(main())
