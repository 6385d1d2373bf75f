"""A run behind a gate that is not its user's: what that gate told of the records that it keeps."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.vocabulary.sizes import counted

if TYPE_CHECKING:
    from evidence.entries import Entry

_KEPT = "what it sent is on record at the gate of this machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Where the records of a run are kept, and those that were told. `entries`: None where the gate
    told none, as to a process that it could not tell for certain, or where it is an older one.
    """

    url: str
    entries: "Sequence[Entry] | None" = None
    whole: bool = False
    """Whether these are all that there are."""
    unknown: int = 0
    """Requests of that time that can be nobody's in particular."""
    detached: int = 0
    """Requests of that time by processes of this user that have let go of their parents."""

    @classmethod
    def read(cls, url: str, answer: Mapping[str, Any] | None) -> "Elsewhere":
        """Return what a gate told at the end of a run."""
        from evidence.entries import told_entry

        told = answer or {}
        records, whole = told.get("records"), told.get("records_whole") is True
        try:
            entries = [told_entry(one) for one in records] if isinstance(records, list) else None
        except (TypeError, ValueError):
            return cls(url=url)
        unknown, detached = told.get("records_unknown"), told.get("records_detached")
        return cls(
            url=url,
            entries=entries,
            whole=whole and entries is not None,
            unknown=unknown if isinstance(unknown, int) else 0,
            detached=detached if isinstance(detached, int) else 0,
        )

    @property
    def is_complete(self) -> bool:
        """Whether nothing else can have been the program's."""
        return self.whole and not self.unknown and not self.detached

    def told_of_detached(self) -> Iterator[str]:
        """Yield the sentence of such requests; nothing where there were none."""
        if self.detached:
            yield (
                f"{counted(self.detached, 'request')} of processes of yours that have let go of"
                " their parents, as daemons do: this program's or another's, for which run such a"
                " process is of stands in its memory, which the machine's gate may not read"
            )

    def at_the_end(self) -> Iterator[str]:
        """Yield where all of it is; nothing where nothing was sent."""
        if self.entries or not self.is_complete:
            yield self.sentence()

    def sentence(self) -> str:
        """Return where all of it is, and how much of it was not told here."""
        if self.entries is None or self.whole:
            return _KEPT
        if not self.entries:
            return f"Outgate had no time to look for more; {_KEPT}"
        return f"that is the first {counted(len(self.entries), 'entry', 'entries')} only; {_KEPT}"
