"""A PostgreSQL of one's own: made in a folder, reached by a Unix socket there, and gone with it.
For the demonstration, the tests and the benchmarks; never for a fleet.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import SettingsError

_STARTS_WITHIN_S = 60.0
_USERS = ("postgres", "nobody")
"""Whom the server runs as where we are root: it refuses to run as root."""


def binaries() -> Path | None:
    """Return the folder of the newest PostgreSQL on this machine; None where there is none."""
    found = [p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda folder: int(folder.parent.name.split(".")[0] or 0))
    initdb = shutil.which("initdb")
    if initdb is None:
        return None
    return Path(initdb).resolve().parent


class OwnPostgres:
    """A server in `folder`, which is made; its address is `url`."""

    def __init__(self, folder: Path) -> None:
        found = binaries()
        if found is None:
            raise SettingsError(
                "No PostgreSQL was found on this machine.",
                remedy=(
                    "Install one (apt-get install postgresql), or name a database with --database."
                ),
            )
        self._bin = found
        self.folder = folder
        self.data = folder / "data"
        self._user = _other_user()
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of its database."""
        return f"host={self.folder} dbname=postgres user=outgate"

    @property
    def pid(self) -> int:
        """Of the running server."""
        assert self._server is not None
        return self._server.pid

    def make(self) -> None:
        """Make the cluster."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._user is not None:
            os.chown(self.folder, *self._user)
        command = f"{self._bin}/initdb", "-D", str(self.data), "-U", "outgate", "-A", "trust"
        done = self._run([*command, "-E", "UTF8", "--no-locale", "-N"])
        if done.returncode:
            raise SettingsError(
                "PostgreSQL could not be set up here.", remedy="Try another folder (TMPDIR)."
            )

    def start(self, *, durable: bool = True, settings: tuple[str, ...] = ()) -> None:
        """Start the server and wait until it answers."""
        options = [f"unix_socket_directories={self.folder}", "listen_addresses=", *settings]
        if not durable:
            options += ["fsync=off", "full_page_writes=off"]
        command = [str(self._bin / "postgres"), "-D", str(self.data)]
        for option in options:
            command += ["-c", option]
        log = self.folder / "server.log"
        with log.open("ab") as out:
            self._server = subprocess.Popen(
                command, stdout=out, stderr=out, start_new_session=True, **self._as()
            )
        self._wait()

    def _wait(self) -> None:
        end = time.monotonic() + _STARTS_WITHIN_S
        place = ["-h", str(self.folder), "-d", "postgres", "-U", "outgate"]
        ready = [f"{self._bin}/pg_isready", *place]
        while time.monotonic() < end:
            if self._server is None or self._server.poll() is not None:
                break
            if self._run(ready).returncode == 0:
                return
            time.sleep(0.05)
        self.stop()
        raise SettingsError(
            "PostgreSQL does not start here.", remedy=f"See {self.folder / 'server.log'}."
        )

    def stop(self, *, at_once: bool = False) -> None:
        """Stop the server; `at_once`: by kill, as a power cut would."""
        if self._server is None:
            return
        if at_once:
            _kill_group(self._server.pid)
        else:
            self._server.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._server.wait(30)
        if self._server.poll() is None:
            _kill_group(self._server.pid)
            self._server.wait(10)
        self._server = None

    def _run(self, command: list[str]) -> "subprocess.CompletedProcess[bytes]":
        options: dict[str, Any] = {"capture_output": True, **self._as()}
        done: subprocess.CompletedProcess[bytes] = subprocess.run(command, check=False, **options)
        return done

    def _as(self) -> dict[str, Any]:
        if self._user is None:
            return {}
        return {"user": self._user[0], "group": self._user[1], "extra_groups": [], "cwd": "/"}


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _other_user() -> tuple[int, int] | None:
    """Return whom the server is to run as; None: as we do."""
    if os.geteuid() != 0:
        return None
    for name in _USERS:
        with contextlib.suppress(KeyError):
            found = pwd.getpwnam(name)
            return found.pw_uid, found.pw_gid
    return None


@contextlib.contextmanager
def ended_in_order() -> Iterator[None]:
    """Let this process, told to end (SIGTERM, or its terminal is closed), end what it started, too:
    by SystemExit. In threads but the first, where no signal arrives, nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, _: object) -> None:
    raise SystemExit(128 + number)


@contextlib.contextmanager
def own_postgres(folder: Path, *, durable: bool = True) -> Iterator[OwnPostgres]:
    """Make and run a server in `folder`. Raises SettingsError where none can be."""
    server = OwnPostgres(folder)
    with ended_in_order():
        try:
            server.make()
            server.start(durable=durable)
            yield server
        finally:
            server.stop()
