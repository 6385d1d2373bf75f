"""`outgate hub serve` as a process of its own, for the measurements of the fleet."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
from pathlib import Path


def free_port() -> int:
    """Return a port that nobody has, from below those that clients are given."""
    for port in random.sample(range(18_000, 28_000), 50):
        with contextlib.suppress(OSError), socket.socket() as tried:
            tried.bind(("127.0.0.1", port))
            return port
    raise SystemExit("no port is free")


class HubProcess:
    """`outgate hub serve` as a process of its own."""

    def __init__(self, folder: Path, processes: int = 1) -> None:
        self.folder, self.processes, self.port = folder, processes, free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.begin()
        assert self.process is not None and self.process.stdout is not None
        self.process.stdout.readline()

    def begin(self) -> None:
        """Start it and wait for nothing."""
        program = "from app.cli import main; main()"
        command = [sys.executable, "-c", program, "hub", "serve", "--hub", str(self.folder)]
        command += ["--processes", str(self.processes)]
        self.process = subprocess.Popen(
            command,
            cwd=Path(__file__).parents[1],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def kill(self, number: int = signal.SIGKILL) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(30)
            self.process = None

    @property
    def usage(self) -> tuple[float, float]:
        """CPU seconds and megabytes at most, of all processes."""
        assert self.process is not None
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        cpu = kilobytes = 0
        for one in (pid, *children):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            cpu += int(fields[11]) + int(fields[12])
            peak = Path(f"/proc/{one}/status").read_text()
            kilobytes += int(peak.partition("VmHWM:")[2].split()[0])
        return cpu / os.sysconf("SC_CLK_TCK"), kilobytes / 1000
