"""A table of connections for runs that are followed."""

from collections.abc import Sequence

from core.exchange import Connection


class Hearing:
    """A table of connections of which only the ends are asked for."""

    def __init__(self, *, tells: bool = True) -> None:
        self.heard: list[bool] = []
        self.runs: dict[int, int] = {}
        self._tells = tells

    def hear(self, *, wanted: bool) -> bool:
        self.heard.append(wanted)
        return wanted and self._tells

    def ended(self) -> Sequence[Connection] | None:
        return [] if self._tells else None

    def changed(self) -> bool:
        return False

    def established(self) -> Sequence[Connection]:
        return []

    def speaks_quic(self, pid: int) -> bool:
        return False

    def run_of(self, pid: int) -> int | None:
        return self.runs.get(pid)
