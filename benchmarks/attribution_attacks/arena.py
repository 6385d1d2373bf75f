"""Where attacks are tried: a folder with senders that tell the truth, and the table of cases."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

PRELUDE = """
import hashlib, json, os, socket, sys, time
def _truth(path):
    real = os.path.realpath(path)
    with open(real, "rb") as file:
        return {"script": real, "sha256": hashlib.sha256(file.read()).hexdigest()}
TRUTH = _truth(__file__) if "__file__" in globals() and os.path.isfile(__file__) else {"script": None, "sha256": None}
def dial():
    return socket.create_connection(("127.0.0.1", int(os.environ["GATE_PORT"])))
def tell(sock, **more):
    place = {"arena": os.environ.get("GO")}
    told = json.dumps(TRUTH | place | {"pid": os.getpid()} | more).encode()
    sock.sendall(b"POST / HTTP/1.1\\r\\nX-Truth: " + told + b"\\r\\n\\r\\n")
def ask(sock, **more):
    tell(sock, **more)
    return sock.recv(100)
def wait():
    open(os.environ["GO"] + ".ready", "w").close()
    for _ in range(2000):
        if os.path.exists(os.environ["GO"]):
            return
        time.sleep(0.005)
def overwrite_line(new):
    import ctypes
    with open("/proc/self/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    begin, end = int(fields[45]), int(fields[46])
    new = (new + b"\\0" * (end - begin))[: end - begin]
    ctypes.memmove(begin, new, end - begin)
def title(text):
    import ctypes
    with open("/proc/self/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    begin, end = int(fields[45]), int(fields[48])
    data = text.encode() + b"\\0"
    ctypes.memmove(begin, data + b"\\0" * max(0, int(fields[46]) - begin - len(data)), max(len(data), int(fields[46]) - begin))
"""
SEND = "ask(dial())\n"
SEND_FROM_WITHIN = "ask(dial(), pid=None)\n"
"""Where nobody knows which number a process has outside."""
IN_A_CONTAINER = ("unshare", "--pid", "--fork", "--mount", "--mount-proc")
"""Before a command: it has numbers of processes, and mounts, of its own."""
VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
"""What this Python's program and its folder of modules are called."""
OTHER = {"script": "another", "sha256": "another"}
"""Whom a script that passes for another one tells of."""
SENDS_BESIDE = f"""
def _begin():
    import threading
    def beside():
        exec(compile(TEXT, "<frozen abc>", "exec"), {{}})
    threading.Thread(target=beside).start()
TEXT = {f"import time; time.sleep(0.3){chr(10)}{PRELUDE}{chr(10)}TRUTH = {OTHER}{chr(10)}{SEND}"!r}
_begin()
"""
"""Code that sends from a thread, while the main program does something else."""
WAITS = "time.sleep(1.5)\n"
"""The good script: it waits while the other sends."""


@cache
def interpreter() -> str:
    """Return a Python whose environment nobody else writes into: that of these very tests is
    changed by whatever imports a module there first, and what is imported from it is in doubt then.
    """
    folder = tempfile.mkdtemp(prefix="outgate-attacks-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    place = Path(folder).resolve() / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    return str(place / "bin/python")


def settled() -> None:
    """Let some ms lie between what was written and what is started."""
    time.sleep(0.05)


@dataclass
class Arena:
    """A folder of its own, a gate to send to, and the processes that were started."""

    folder: Path
    port: int
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def write(self, name: str, body: str = SEND, note: str = "") -> Path:
        """Write a sender; `note` makes its content another one."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{PRELUDE}\n# {note}\n{body}")
        return path

    def data(self, name: str, text: str = "x\n") -> Path:
        """Write a file that is no program."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(self, *words: str, cwd: str = ".", **more: object) -> subprocess.Popen[bytes]:
        """Start a process."""
        env = os.environ | {"GATE_PORT": str(self.port), "GO": str(self.folder / "go")}
        env |= dict(more.pop("env", {}))  # type: ignore[call-overload]
        values = {"cwd": self.folder / cwd, "env": env, "stdin": subprocess.DEVNULL} | more
        process: subprocess.Popen[bytes] = subprocess.Popen(list(words), **values)  # type: ignore[call-overload]
        self.started.append(process)
        return process

    def python(self, *words: str, **more: object) -> subprocess.Popen[bytes]:
        """Start Python."""
        return self.run(interpreter(), *words, **more)  # type: ignore[arg-type]

    def shell(self, text: str, **more: object) -> subprocess.Popen[bytes]:
        """Start a shell; `$PY` is Python."""
        env = {"PY": interpreter()} | dict(more.pop("env", {}))  # type: ignore[call-overload]
        return self.run("/bin/bash", "-c", text, env=env, **more)  # type: ignore[arg-type]

    def go(self) -> None:
        """Let those that wait go on."""
        (self.folder / "go").touch()

    def end(self) -> None:
        """End everything that was started, and take off what was mounted."""
        for process in self.started:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
        with Path("/proc/self/mountinfo").open(encoding="utf-8", errors="replace") as file:
            mounted = [
                place for line in file if (place := line.split()[4]).startswith(f"{self.folder}/")
            ]
        for place in mounted:
            subprocess.run(["umount", "-l", place], check=False)

    def until(self, name: str) -> None:
        """Wait for a file that a process makes."""
        for _ in range(2000):
            if (self.folder / name).exists():
                return
            time.sleep(0.005)
        raise TimeoutError(name)


type Attack = Callable[[Arena], None]
ATTACKS: dict[str, Attack] = {}
REQUESTS: dict[str, int] = {}
"""How many requests a case sends, where it is not one."""


def attack(make: Attack) -> Attack:
    """Enter a case under its name."""
    ATTACKS[make.__name__] = make
    return make


def named(name: str, make: Attack) -> None:
    ATTACKS[name] = make


def sends(count: int) -> Callable[[Attack], Attack]:
    """Say that a case sends so many requests."""

    def note(make: Attack) -> Attack:
        REQUESTS[make.__name__] = count
        return make

    return note
