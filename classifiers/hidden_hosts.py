"""Hosts fit to be stored: a label that holds a found value gives way."""

from collections.abc import Callable
from dataclasses import replace

from classifiers.codecs.limits import INLINE
from classifiers.decoding.decode_state import Reading
from classifiers.decoding.names import labels_of, names_of, read_hosts
from classifiers.hits import Hit
from classifiers.payload import Path, Payload
from core.classification import Destination
from core.exchange import Exchange

MASK = "{value}"
_REMEMBERED = 2048

type Detect = Callable[[Payload, str], list[Hit]]


class HostMasks:
    """Remembers which labels of which hosts hold values. `detect` finds them in a payload."""

    def __init__(self, detect: Detect) -> None:
        self._detect = detect
        self._known: dict[tuple[str, ...], frozenset[str]] = {}

    def applied(self, where: Destination, exchange: Exchange) -> Destination:
        """Return a destination whose hosts and account hold nothing that was found in labels."""
        names = names_of(exchange)
        found = self._known.get(names)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[names] = self._found(names)
        if not found:
            return where
        others = tuple(_masked(name, found) for name in where.other_names)
        return replace(_masked(where, found), other_names=others)

    def _found(self, names: tuple[str, ...]) -> frozenset[str]:
        found: set[str] = set()
        for name in names:
            payload = Payload()
            read_hosts(Reading(payload, INLINE), [name])
            labels = labels_of(name)
            for hit in self._detect(payload, name) if payload.segments else ():
                if hit.rejected is None:
                    found.update(_held(payload.segments[hit.segment].path, labels))
        return frozenset(found)


def _held(path: Path, labels: list[str]) -> set[str]:
    """Return the labels that a place stands for: one, or those from one to before another."""
    at = [part for part in path if isinstance(part, int)]
    match at:
        case []:
            held = labels
        case [one]:
            held = [labels[one]]
        case [first, stop, *_]:
            held = labels[first:stop]
    return {label.lower() for label in held}


def _masked(where: Destination, found: frozenset[str]) -> Destination:
    host = ".".join(MASK if part.lower() in found else part for part in where.host.split("."))
    account = where.account
    if account.id is not None and any(label in account.id.lower() for label in found):
        account = replace(account, id=MASK)
    return replace(where, host=host, account=account)
