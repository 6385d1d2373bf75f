"""Starts py-spy for one dump of a process's stacks, with a hard deadline; finds it, reads what it
prints.
"""

# paths of other programs, kept as the text they are
# ruff: noqa: PTH118, PTH120

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from attribution.backends.thread_numbers import numbers_here
from attribution.line.frames import Frame, Thread

_MOST_OUTPUT = 8 << 20
_LEAST_S = 0.005


def dump(program: str, pid: int, seconds: float, *options: str) -> list[Thread] | None:
    """Return every thread of the process; None when it could not be read within so many seconds.

    Raises PermissionError where the operating system forbids to look.
    """
    if seconds <= _LEAST_S:
        return None
    try:
        done = subprocess.run(
            [program, "dump", "--json", "--pid", str(pid), *options],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=seconds,
            env={},
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode != 0:
        if b"ermission" in done.stderr:
            raise PermissionError
        return None
    threads = read_dump(done.stdout[:_MOST_OUTPUT])
    return None if threads is None else _numbered_here(threads, numbers_here(pid))


def _numbered_here(threads: list[Thread], here: Mapping[int, int] | None) -> list[Thread]:
    """Return the threads with the numbers that they have here: the sampler tells their own, and
    `here` gives for each of these that one; None where both are the same.
    """
    if here is None:
        return threads
    return [replace(t, id=None if t.id is None else here.get(t.id)) for t in threads]


def find_program() -> str | None:
    """Return py-spy's path: beside this interpreter, else where the installed package put it."""
    name = "py-spy.exe" if os.name == "nt" else "py-spy"
    beside = os.path.join(os.path.dirname(sys.executable), name)
    if os.access(beside, os.X_OK):
        return beside
    from importlib.metadata import PackageNotFoundError, files

    try:
        listed = files("py-spy") or []
    except PackageNotFoundError:
        return shutil.which("py-spy")
    found = next((str(entry.locate()) for entry in listed if entry.name == name), None)
    return found if found is not None and os.access(found, os.X_OK) else shutil.which("py-spy")


def read_dump(output: bytes) -> list[Thread] | None:
    """Return the threads of a JSON dump; None when it is no such dump."""
    try:
        threads = json.loads(output)
        return [_thread(thread) for thread in threads]
    except (ValueError, KeyError, TypeError):
        return None


def _thread(value: dict[str, Any]) -> Thread:
    frames = tuple(
        Frame(file=str(frame["filename"]), line=int(frame["line"]), function=str(frame["name"]))
        for frame in value["frames"]
    )
    return Thread(
        id=value.get("os_thread_id"),
        name=value.get("thread_name"),
        active=bool(value.get("active")),
        frames=frames,
    )
