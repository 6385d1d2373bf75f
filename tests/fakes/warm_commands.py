"""Commands of `outgate` for tests, forked from a process whose imports are done.

A new interpreter needs a second of processor time before a gate listens, nine tenths of it for
imports: over a thousand starts of commands and gates that was a third of all tests. What is forked
is a process of its own with its own descriptors, environment, session and folder; only `exec` does
not happen, nor are modules taken apart at its end. Tests of what happens then (other interpreters,
services, packages, attribution of the gate itself) start a new one.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from patience import eventually
from warm_process import HEAD, NUMBER, ROOT

_COMMAND: tuple[str, ...] = (sys.executable, "-m", "app.cli")
_GATE_OF_A_RUN = ("start", "--private")
_place: list[Path] = []


def warm_up() -> None:
    """Start the process that forks, once for each process of tests; it ends with us."""
    if _place:
        return
    folder = Path(tempfile.mkdtemp(prefix="outgate-warm-"))
    _place.append(folder / "door")
    subprocess.Popen(
        [sys.executable, str(ROOT / "tests/fakes/warm_process.py"), str(_place[0])],
        stdin=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests/fakes'}"},
    )


class WarmPopen(subprocess.Popen[Any]):
    """`subprocess.Popen` for commands of `outgate`: where it can, by a fork of the warm process.
    Everything else is as there.
    """

    _asked: socket.socket | None = None

    def _execute_child(self, args: Sequence[str], *more: Any) -> None:
        """Start it. The order of arguments is that of Python 3.12 and 3.13."""
        (
            executable, preexec, _, passed, cwd, env, _, _, shell, stdin, p2cwrite, c2pread, stdout,
            errread, stderr, _, gid, gids, uid, umask, session, group,
        ) = more  # fmt: skip
        odd = (executable, preexec, passed, shell, gid, gids, uid)
        whole = dict(os.environ if env is None else env)
        if any(odd) or umask != -1 or group != -1 or not _is_ours(args, whole):
            super()._execute_child(args, *more)  # type: ignore[misc]
            return
        order = json.dumps(
            {
                "arguments": list(map(str, args[3:])),
                "environment": whole,
                "cwd": os.fspath(cwd) if cwd else os.getcwd(),  # noqa: PTH109
                "session": bool(session),
            }
        ).encode()
        given = [
            number if number != -1 else standard
            for standard, number in enumerate((stdin, stdout, stderr))
        ]
        self._asked = _caller()
        socket.send_fds(self._asked, [HEAD.pack(len(order))], given)
        self._asked.sendall(order)
        (self.pid,) = NUMBER.unpack(self._asked.recv(NUMBER.size, socket.MSG_WAITALL))
        self._child_created = True
        self._close_pipe_fds(  # type: ignore[attr-defined]
            stdin, p2cwrite, c2pread, stdout, errread, stderr
        )

    def _try_wait(self, flags: int) -> tuple[int, int]:
        """Like `os.waitpid`, of a child that is another's."""
        if self._asked is None:
            return super()._try_wait(flags)  # type: ignore[misc, no-any-return]
        if flags & os.WNOHANG:
            self._asked.setblocking(False)
        try:
            told = self._asked.recv(NUMBER.size)
        except BlockingIOError:
            return 0, 0
        finally:
            self._asked.setblocking(True)
        self._asked.close()
        return self.pid, NUMBER.unpack(told)[0] if told else 0

    def _internal_poll(self, _deadstate: int | None = None, **more: Any) -> int | None:
        if self._asked is None:
            return super()._internal_poll(_deadstate, **more)  # type: ignore[misc, no-any-return]
        if self.returncode is None and self._asked.fileno() != -1:
            number, status = self._try_wait(os.WNOHANG)
            if number:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


def be_asked(place: Path) -> None:
    """In a fork of the warm process: the gate that a run starts comes from there too."""
    global _COMMAND
    _COMMAND = (*_COMMAND, *_GATE_OF_A_RUN)
    _place.append(place)
    subprocess.Popen = WarmPopen  # type: ignore[misc]


def _is_ours(args: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Tell whether this is a command of `outgate` in an interpreter as the warm one is."""
    if tuple(args[: len(_COMMAND)]) != _COMMAND or not _place:
        return False
    mine = _settings_of_python(os.environ)
    return _settings_of_python(environment) == mine


def _settings_of_python(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what an interpreter, and modules as they are imported, read once; but for where
    modules are found, as tests name this checkout there.
    """
    return {
        name: value
        for name, value in environment.items()
        if (name.startswith(("PYTHON", "LC_", "TEXTUAL")) or name == "LANG")
        and name != "PYTHONPATH"
    }


def _caller() -> socket.socket:
    caller = socket.socket(socket.AF_UNIX)

    def answers() -> bool:
        try:
            caller.connect(str(_place[0]))
        except (FileNotFoundError, ConnectionRefusedError):  # it still imports
            return False
        return True

    eventually(answers, "the warm process did not start")
    return caller
