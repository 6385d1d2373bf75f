"""Unix sockets of programs outside that are in a network of their own, as containers and shut-in
services are: only that network's table tells them, and their files stand in the folders of all.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from capture.mount_table import Mount, names, parsed
from capture.network import TCP_PORT
from capture.unix_table import Row, rows

_LISTENS = "0A"
_AT_GATE = f":{TCP_PORT:04X}"
_GENERATIONS = 64


class OtherNetworks:
    """The networks of a machine beside that of the process that made this, and beside sealed runs:
    what is in those gets out by the gate alone.
    """

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._proc = proc
        self._home = self._number("self")

    def rows(self) -> set[Row]:
        """Return the rows of these networks' tables of Unix sockets, but for names that sealed
        programs have bound as well: whose file stands there cannot be told. Takes some 10 µs for
        each process of the machine.
        """
        found = self._processes()
        here = self._number("self")
        sealed = {
            number for number, pids in found.items() if number == here or self._is_sealed(pids[0])
        }
        ours = self._mounts("self")
        inside: set[str] = set()
        outside: set[Row] = set()
        for number, pids in found.items():
            table = set(rows(self._read(f"{pids[0]}/net/unix")))
            if number in sealed or self._was_begun_in(pids[0], sealed):
                inside.update(name for _, name in table)
            else:
                outside |= table | set(self._named_here(table, pids, ours))
        return {row for row in outside if row[1] not in inside}

    def _named_here(
        self, table: Iterable[Row], pids: Iterable[int], ours: list[Mount]
    ) -> Iterator[Row]:
        """Yield the rows by the names that their files have here: a folder that a container shares
        has another one inside.
        """
        for theirs in {tuple(self._mounts(pid)) for pid in pids}:
            if list(theirs) != ours:
                for number, name in table:
                    yield from ((number, here) for here in names(name, list(theirs), ours))

    def _mounts(self, pid: int | str) -> list[Mount]:
        return list(parsed(self._read(f"{pid}/mountinfo")))

    def _processes(self) -> dict[int, list[int]]:
        """Return each other network by its number, with the pids in it, the lowest first."""
        found: dict[int, list[int]] = {}
        for pid in sorted(int(one) for one in os.listdir(self._proc) if one.isdigit()):  # noqa: PTH208
            number = self._number(pid)
            if number is not None and number != self._home:
                found.setdefault(number, []).append(pid)
        return found

    def _number(self, pid: int | str) -> int | None:
        """Return what tells a process's network from others: the number of its table's file, which
        anybody may see.
        """
        try:
            return os.stat(f"{self._proc}/{pid}/net/unix").st_ino  # noqa: PTH116 - of /proc
        except OSError:
            return None

    def _is_sealed(self, pid: int) -> bool:
        """Whether connections there end at a gate's port: see capture.network."""
        rows = (line.split(None, 4) for line in self._read(f"{pid}/net/tcp6").splitlines())
        return any(row[3:4] == [_LISTENS] and row[1].endswith(_AT_GATE) for row in rows)

    def _was_begun_in(self, pid: int, sealed: set[int]) -> bool:
        """Whether a sealed program made this network: orphans are its supervisor's children."""
        for _ in range(_GENERATIONS):
            if pid <= 1 or self._number(pid) in sealed:
                return pid > 1
            _, _, rest = self._read(f"{pid}/stat").rpartition(")")
            _, parent, *_ = *rest.split(None, 2), "0", "0"
            pid = int(parent)
        return False

    def _read(self, name: str) -> str:
        try:
            return os.fsdecode((self._proc / name).read_bytes())
        except OSError:
            return ""
