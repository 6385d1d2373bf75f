"""What a hunt looks for, beside packages, and whether a record holds it: a destination, a script, a
file that was sent, or what was observed. Pure.
"""

from dataclasses import dataclass
from typing import NamedTuple

import orjson

from core.errors import InputError
from core.observation import OBSERVED
from core.text import printable
from core.vocabulary.fleet import Over
from destinations.hosts import service_at
from hub.facts import Fact
from hub.file_rows import files_in

_MOST_NAME = 300
_LEAST_HEX, _SHA256_HEX = 8, 64
_ESCAPES = (b"\\u", b"\\/")


class Sighting(NamedTuple):
    """Where something that is hunted for was seen: one sender and one destination."""

    fact: Fact
    """One of its records."""
    what: str
    """What was seen, for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is looked for, but for packages (see `inventory.hunting.Wanted`)."""

    over: Over
    name: str
    """Host, service, script or hash of it, file or hash of it, or words of an observation."""

    def __post_init__(self) -> None:
        if not self.name.strip() or printable(self.name, _MOST_NAME) != self.name:
            raise InputError(
                "That is nothing to hunt for.", remedy="A host, a name, or a SHA-256 in hex."
            )

    @property
    def lower(self) -> str:
        """As it is compared."""
        return self.name.strip().lower()

    @property
    def hex(self) -> str:
        """The beginning of a SHA-256; empty where it is none."""
        text = self.lower
        is_one = _LEAST_HEX <= len(text) <= _SHA256_HEX and set(text) <= set("0123456789abcdef")
        return text if is_one else ""

    @property
    def service(self) -> str:
        """The service that owns a host: records are kept by it; the same text where none does."""
        found = service_at(self.lower, "/")
        return self.lower if found is None else found.id

    @property
    def needles(self) -> tuple[bytes, ...]:
        """What stands in the bytes of a record that holds this file, as it was typed or in lower
        case.
        """
        texts = {self.name.strip(), self.lower} if self.hex else {self.name.strip()}
        return tuple(sorted(orjson.dumps(text)[1:-1] for text in texts))

    def may_stand_in(self, data: bytes) -> bool:
        """Return whether records in these bytes may hold it; False only where none does."""
        if any(escape in data for escape in _ESCAPES):
            return True  # JSON that Outgate does not write: any letter may stand there so
        if self.over is Over.FILES:
            return any(needle in data for needle in self.needles)
        wanted = (self.lower, self.service) if self.over is Over.DESTINATIONS else (self.lower,)
        if not all(_is_plain(text) for text in wanted):
            return True  # those letters have more cases than bytes know
        lower = data.lower()
        return any(text.lower().encode() in lower for text in wanted)

    def seen_in(self, fact: Fact, text: bytes) -> Sighting | None:
        """Return what of a record, or an observation, is hunted for; None where nothing is."""
        what: str | None = None
        observed = fact.outcome == OBSERVED
        match self.over:
            case Over.DESTINATIONS if not observed:
                what = fact.destination if self._is_place(fact.destination) else None
            case Over.SCRIPTS:
                what = fact.sender.name if self._is_script(fact) else None
            case Over.OBSERVATIONS if observed:
                is_it = self.lower in fact.destination.lower() or fact.kinds == (self.lower,)
                what = fact.destination if is_it else None
            case Over.FILES if self.may_stand_in(text):
                what = next(filter(self._is_file, files_in(text)), (None, ""))[0]
        return None if what is None else Sighting(fact, what)

    def _is_place(self, place: str) -> bool:
        lower = place.lower()
        return lower == self.lower or place == self.service or lower.endswith("." + self.lower)

    def _is_script(self, fact: Fact) -> bool:
        path, wanted = fact.sender.path.lower(), self.lower
        if wanted in (fact.sender.name.lower(), path) or path.endswith(
            ("/" + wanted, "\\" + wanted)
        ):
            return True
        return bool(self.hex) and fact.sender.sha256.startswith(self.hex)

    def _is_file(self, file: tuple[str, str]) -> bool:
        path, sha256 = file
        wanted = self.name.strip()
        if path == wanted or path.endswith(("/" + wanted, "\\" + wanted)):
            return True
        return bool(self.hex) and sha256.startswith(self.hex)


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and '"' not in text and "\\" not in text
