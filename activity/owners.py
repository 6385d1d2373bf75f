"""Whose a socket is: asked once in its life, a bounded number of them remembered."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from core.activity import OpenSocket
from core.attribution import Attribution
from core.exchange import Connection
from core.ports import Attributor

_AGE = timedelta(minutes=1)
"""How old a socket is that was there at the first look cannot be told: old enough for anybody to
have inherited it.
"""

_TRIES = 3
"""So often an owner that could not be named is looked for: it may have been about to start."""

type Ends = tuple[int, str, int, str, int]


def ends_of(one: OpenSocket) -> Ends:
    """Return what tells one socket from all others that are open."""
    return one.number, one.host, one.port, one.far_host, one.far_port


class Owners:
    """Names the programs behind sockets."""

    def __init__(self, attributor: Attributor, own_scripts: frozenset[str] = frozenset()) -> None:
        self._attributor = attributor
        self._own_scripts = own_scripts
        self._known: dict[Ends, Attribution] = {}
        self._tries: Counter[Ends] = Counter()
        self._looked = False
        self._there: set[Ends] = set()
        """Sockets that were there at the first look."""

    def keep_only(self, there: Iterable[OpenSocket]) -> None:
        """Forget all that are not open any more."""
        alive = set(map(ends_of, there))
        self._there = self._there & alive if self._looked else alive
        self._looked = True
        self._known = {ends: who for ends, who in self._known.items() if ends in alive}
        self._tries = Counter({ends: n for ends, n in self._tries.items() if ends in alive})

    def program(self, one: OpenSocket, now: datetime) -> Attribution | None:
        """Return the Python program that holds it; None where it is another one, or Outgate."""
        sender = self.of(one, now)
        own = sender.script is not None and sender.script.path in self._own_scripts
        return sender if sender.is_python and not own else None

    def of(self, one: OpenSocket, now: datetime) -> Attribution:
        """Return who holds it. Takes milliseconds the first time."""
        ends = ends_of(one)
        known = self._known.get(ends)
        if known is not None and (known.is_python is not None or self._tries[ends] >= _TRIES):
            return known
        self._tries[ends] += 1
        asked = Connection(
            id=f"observed-{'-'.join(map(str, ends))}",
            client_host=one.host,
            client_port=one.port,
            gate_host=one.far_host,
            gate_port=one.far_port,
            at=now - _AGE if ends in self._there else now,
            socket=one.number or None,
        )
        found = self._known[ends] = self._attributor.attribute(asked)
        self._attributor.forget(asked)
        return found


def run_of(sender: Attribution) -> tuple[object, ...]:
    """Return what tells one run of a program from the next."""
    script, process = sender.script, sender.script_process or sender.process
    named = () if script is None else (script.path or script.name, script.sha256)
    return (*named, *(() if process is None else (process.pid, process.started_at)))
