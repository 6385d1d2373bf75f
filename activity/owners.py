"""Whose a socket is: asked once in its life, a bounded number of them remembered."""

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from core.activity import OpenSocket
from core.attribution import Attribution
from core.exchange import Connection
from core.ports import Attributor

_AGE = timedelta(minutes=1)
"""How old a socket is that was there at the first look cannot be told: old enough for anybody to
have inherited it.
"""

_AT_ONCE = 8
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

    def learn(self, some: Iterable[OpenSocket], now: datetime) -> None:
        """Have the owners of those looked for that are not known, several at once: one look at all
        processes answers everybody who waits for one.
        """
        new = [one for one in some if self._has_to_ask(ends_of(one))]
        if len(new) < 2:
            for one in new:
                self._note(*self._asked(one, now))
            return
        with ThreadPoolExecutor(min(len(new), _AT_ONCE), "outgate-owners") as asking:
            for found in asking.map(lambda one: self._asked(one, now), new):
                self._note(*found)

    @property
    def unsure(self) -> bool:
        """Whether some of those that are open are to be asked for again."""
        return any(map(self._has_to_ask, self._known))

    def of(self, one: OpenSocket, now: datetime) -> Attribution:
        """Return who holds it, as was learnt; takes milliseconds where it was not."""
        ends = ends_of(one)
        if ends not in self._known:
            self._note(*self._asked(one, now))
        return self._known[ends]

    def _has_to_ask(self, ends: Ends) -> bool:
        known = self._known.get(ends)
        done = known is not None and (known.is_python is not None or self._tries[ends] >= _TRIES)
        return not done

    def _note(self, ends: Ends, found: Attribution) -> None:
        self._tries[ends] += 1
        self._known[ends] = found

    def _asked(self, one: OpenSocket, now: datetime) -> tuple[Ends, Attribution]:
        ends = ends_of(one)
        asked = Connection(
            id=f"observed-{'-'.join(map(str, ends))}",
            client_host=one.host,
            client_port=one.port,
            gate_host=one.far_host,
            gate_port=one.far_port,
            at=now - _AGE if ends in self._there else now,
            socket=one.number or None,
        )
        found = self._attributor.attribute(asked)
        self._attributor.forget(asked)
        return ends, found


def run_of(sender: Attribution) -> tuple[object, ...]:
    """Return what tells one run of a program from the next."""
    script, process = sender.script, sender.script_process or sender.process
    named = () if script is None else (script.path or script.name, script.sha256)
    return (*named, *(() if process is None else (process.pid, process.started_at)))
