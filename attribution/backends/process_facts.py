"""Everything that /proc tells of one process, as facts (Linux)."""

import os
from datetime import UTC, datetime
from functools import cache

from attribution.backends import procfs
from attribution.backends.beginnings_process import digest
from attribution.backends.procfs import ARGUMENTS, ENV_END, START
from attribution.facts import KEPT_ENVIRONMENT, ProcessFacts


def process(pid: int) -> ProcessFacts | None:
    """Read everything about a process; None when it is gone or became another one while it was
    read.
    """
    fields = procfs.stat_fields(pid)
    if not procfs.is_alive(fields):
        return None
    start = int(fields[START])
    place = procfs.home(pid)
    loaded = procfs.link(f"{place}/exe") or ""
    exe = loaded.removesuffix(" (deleted)") or None
    line, environment = procfs.line_and_environment(pid)
    image = procfs.image_of(fields)
    facts = ProcessFacts(
        pid=pid,
        start=start,
        started_at=datetime.fromtimestamp(procfs.start_seconds(start), UTC),
        parent=int(fields[1]),
        name=os.fsdecode(procfs.read(f"{place}/comm", 64).rstrip(b"\n")),
        exe=exe,
        argv=procfs.arguments(line),
        command_line=line,
        cwd=procfs.link(f"{place}/cwd"),
        env=_kept(environment),
        uid=procfs.owner_uid(pid),
        stdin=procfs.link(f"{place}/fd/0"),
        terminal=fields[4] != b"0",
        root=_root(place),
        image=image,
        born_at=procfs.start_seconds(start),
        image_from=procfs.start_seconds(start),
        line_intact=_is_intact(fields, line),
        exe_replaced=loaded.endswith(" (deleted)"),
        is_asked=True,
        environment=digest(environment),
        holds_up=procfs.holds_up(pid),
        filters=filters_of(procfs.told(pid, "status")) - _own_filters(),
    )
    same = procfs.start_and_image(pid) == (start, image) and procfs.command_line(pid) == line
    return facts if same else None


_FILTERED = b"2"
"""Of the three words for how a process's system calls are looked at."""


@cache
def _own_filters() -> int:
    """Those of the container, or the service, that the gate is in: of all that is in there."""
    return filters_of(procfs.read("/proc/self/status"))


def filters_of(status: bytes) -> int:
    """Return how many filters (seccomp) a process's system calls go through; before Linux 5.9 one
    where they go through any.
    """
    _, found, rest = status.partition(b"\nSeccomp_filters:")
    if found:
        return int(rest.split(b"\n", 1)[0])
    _, _, rest = status.partition(b"\nSeccomp:")
    return int(rest.split(b"\n", 1)[0].strip() == _FILTERED)


def _kept(environment: bytes) -> dict[str, str]:
    """Return the kept variables of the environment the process was started with; of a name that
    stands there twice, what comes first, which is what the C library finds.
    """
    found: dict[str, str] = {}
    for entry in environment.split(b"\0"):
        name, _, value = entry.partition(b"=")
        if (text := os.fsdecode(name)) in KEPT_ENVIRONMENT:
            found.setdefault(text, os.fsdecode(value))
    return found


def _is_intact(fields: list[bytes], line: bytes) -> bool:
    """True when the command line fills the room that the kernel gave it, as words that end where it
    gave them their end.

    A title written over it is shorter, and zeros fill the rest, or longer, and runs on into the
    environment.
    """
    if len(fields) <= ENV_END or not line:
        return bool(line)
    begin, end, environment = (int(fields[ARGUMENTS + at]) for at in range(3))
    if begin == 0:
        # The kernel does not tell us: then only what is plainly padding can be seen.
        return not line.endswith(b"\0\0\0")
    return len(line) == end - begin and environment == end and not line.endswith(b"\0\0\0")


def _root(place: str) -> str:
    mounts, ours = procfs.link(f"{place}/ns/mnt"), procfs.link("/proc/self/ns/mnt")
    same = mounts is None or mounts == ours
    return "" if same and procfs.link(f"{place}/root") in {"/", None} else f"{place}/root"
