"""What gates leave said beside the evidence: how far they had written, and what they lost. `verify`
repeats it.

A chain cannot show that its newest entries are missing; whoever wrote them can.
"""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from core.text import printable
from evidence.database import Connection

MARK = "-gate-"
_BYTES = 4096
UNSAID = b" " * _BYTES
"""What stands there before anything is said: the room is taken then, for a disk may be full when
there is something to say.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What one gate says. `seq` is 0 until it knows of an entry."""

    gate: str
    at: str
    """RFC 3339."""
    seq: int = 0
    head: str = ""
    """Hash of that entry, hex."""
    trouble: str | None = None

    def to_bytes(self) -> bytes:
        """Return it as it is kept: always of the same length."""
        return json.dumps(asdict(self)).encode().ljust(_BYTES)


def words(evidence: Path) -> list[Word]:
    """Return what all gates said, of those that left anything readable."""
    return [word for path in _files(evidence) if (word := _read(path)) is not None]


def objection(connection: Connection, word: Word) -> str | None:
    """Return what is wrong with this evidence by a gate's word; None when nothing is."""
    if word.trouble is not None:
        return f"a gate said at {word.at}: {word.trouble}"
    if word.seq == 0:
        return None
    oldest = connection.value("SELECT min(seq) FROM entries")
    if oldest is not None and word.seq < oldest:
        return None  # it expired since: what is there begins behind it, and says so
    found = connection.value("SELECT hash FROM entries WHERE seq = ?", (word.seq,))
    if found is not None and bytes(found).hex() == word.head:
        return None
    wrong = "which is not there" if found is None else "which is another one here"
    return f"a gate had written up to entry {word.seq} at {word.at}, {wrong}"


def _files(evidence: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        yield from sorted(evidence.parent.glob(f"{evidence.name}{MARK}*"))


def _read(path: Path) -> Word | None:
    try:
        with path.open("rb") as file:
            value = json.loads(file.read(_BYTES))
        trouble = value["trouble"]
        return Word(
            gate=path.name.rpartition(MARK)[2],
            at=printable(str(value["at"]), 40),
            seq=int(value["seq"]),
            head=str(value["head"]),
            trouble=None if trouble is None else printable(str(trouble), 500),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
