"""The Pythons to look at: those named, those found below folders, or the one that a shell finds."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from app.probing.clients import LISTING
from certs.placing.blocks import VARIABLES
from core.errors import InputError

_NAMES = ("bin/python3", "bin/python", "Scripts/python.exe", "python.exe")
_USUAL = "Scripts/python.exe" if os.name == "nt" else "bin/python3"
_MARK = "pyvenv.cfg"
"""Lies in each environment, also in one whose Python has gone."""
_MOST = 50
_DEPTH = 6
_ANSWERS_S = 30
_AT_ONCE = 8
"""So many are asked at a time."""
_HARMLESS = frozenset({"PATH", "LANG", "LC_ALL", "TZ"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """One Python with its environment."""

    program: str
    prefix: str
    version: str
    modules: frozenset[str]
    """Those of our probes that can be imported there."""
    certifi: str | None
    """The bundle that certifi has there."""
    owner: int | None = None
    """The user whose it is, where that is not us: it is run as that user and never as root."""


def interpreters(named: Sequence[Path]) -> Iterator[Interpreter | str]:
    """Yield each interpreter once, and in words what could not be asked. Raises InputError for a
    path that is none and holds none.
    """
    seen: set[str] = set()
    # Each is another process, and one that hangs is waited for beside the others.
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="python") as pool:
        for found in pool.map(_asked, list(_programs(named))):
            if isinstance(found, Interpreter):
                if found.prefix in seen:
                    continue
                seen.add(found.prefix)
            yield found


def _programs(named: Sequence[Path]) -> Iterator[Path]:
    if not named:
        found = shutil.which("python3") or shutil.which("python")
        yield Path(found or sys.executable)
        return
    for path in named:
        if path.is_file():
            yield path.absolute()
            continue
        if path.is_symlink() and (path.parent.parent / _MARK).is_file():
            yield path.absolute()  # of an environment whose Python has gone
            continue
        below = list(_below(path.absolute())) if path.is_dir() else []
        if not below:
            raise InputError(
                f"{path} is no Python interpreter, and holds none.",
                remedy="Name an interpreter, an environment, or a folder above some.",
            )
        yield from below[:_MOST]


def _below(folder: Path) -> Iterator[Path]:
    """Yield the interpreters of environments, of one whose Python has gone where it was; nothing
    inside one is looked at.
    """
    for above, names, _ in os.walk(folder):
        here = Path(above)
        program = next((here / n for n in _NAMES if (here / n).is_file()), None)
        if program is None and (here / _MARK).is_file():
            program = here / _USUAL
        if program is not None:
            yield program
        deep = len(here.relative_to(folder).parts) >= _DEPTH
        if deep or program is not None:
            names.clear()
        names[:] = sorted(n for n in names if n not in {"node_modules", "__pycache__", ".git"})


def _asked(program: Path) -> "Interpreter | str":
    owner = _owner(program)
    rights = rights_of(owner)
    try:
        done = subprocess.run(
            [program, "-c", LISTING],
            capture_output=True,
            text=True,
            timeout=_ANSWERS_S,
            check=False,
            cwd="/",
            stdin=subprocess.DEVNULL,
            env=environment_of(owner, os.environ),
            user=rights.user,
            group=rights.group,
            extra_groups=rights.groups,
        )
        told = json.loads(done.stdout)
        return Interpreter(
            program=str(program),
            prefix=str(told["prefix"]),
            version=str(told["version"]),
            modules=frozenset(map(str, told["modules"])),
            certifi=None if told["certifi"] is None else str(told["certifi"]),
            owner=owner,
        )
    except subprocess.TimeoutExpired:
        return f"{program} gave no answer within {_ANSWERS_S} s"
    except (OSError, ValueError, KeyError, TypeError):
        if not program.is_file() and (program.parent.parent / _MARK).is_file():
            return f"{program.parent.parent} is an environment whose Python has gone: make it again"
        return f"{program} does not run as a Python"


def _owner(program: Path) -> int | None:
    """Return whose interpreter root is about to run, where it is not root's own."""
    if os.name != "posix" or os.geteuid() != 0:
        return None
    try:
        owners = {program.lstat().st_uid, program.stat().st_uid, program.parent.stat().st_uid}
    except OSError:
        return None
    return max(owners) or None


def environment_of(owner: int | None, ours: Mapping[str, str]) -> dict[str, str]:
    """Return what a program of this user sees of our environment: all of it where it is ours, else
    only what clients need. Root's own may hold secrets.
    """
    if owner is None:
        return dict(ours)
    return {name: value for name, value in ours.items() if name in VARIABLES | _HARMLESS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """As whom a process runs; None: as we do."""

    user: int | None = None
    group: int | None = None
    groups: tuple[int, ...] | None = None


def rights_of(owner: int | None) -> Rights:
    """Return the rights of a process that runs as this user, with none of ours."""
    if owner is None:
        return Rights()
    import pwd

    try:
        group = pwd.getpwuid(owner).pw_gid
    except KeyError:
        group = owner
    return Rights(user=owner, group=group, groups=())
