"""A run behind a gate that is not its user's: what that gate told of the records that it keeps."""

from collections.abc import Mapping, Sequence
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
        unknown = told.get("records_unknown")
        return cls(
            url=url,
            entries=entries,
            whole=whole and entries is not None,
            unknown=unknown if isinstance(unknown, int) else 0,
        )

    def sentence(self) -> str:
        """Return where all of it is, and how much of it was not told here."""
        if self.entries is None or self.whole:
            return _KEPT
        return f"that is the first {counted(len(self.entries), 'entry', 'entries')} only; {_KEPT}"
