"""What a verification found, in plain words for an auditor."""

from dataclasses import dataclass

from core.vocabulary.sizes import counted

LIMIT = (
    "A chain shows edits, reordering and deletions inside it, but not that its newest entries were "
    "cut off. "
    "Note the number and the head below somewhere else; a later check must still contain them."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What a verification found."""

    ok: bool
    entries: int
    """Records whose chain was recomputed."""
    reviews: int
    """Review events, of the chain of acts."""
    first_problem: str | None
    chain_id: str | None
    seq: int
    """Place of the last good record in its chain."""
    head: str
    """Hash of the last good record, hex."""
    reviews_head: str | None = None
    """Hash of the last good act, hex; None for an export, which holds none."""
    acts: int = 0
    """Review events and what befell the gate: place of the last good act in its chain."""
    missing: int = 0
    """Records that an export leaves out before and between those it holds."""
    skipped: int = 0
    """Records that were not read again: those up to a checkpoint."""
    still_open: int = 0
    """Exchanges that went out and are not chained yet."""
    unreadable: int = 0
    """Entries whose chain is right and whose content this version cannot read."""
    witnessed: int = 0
    """Checkpoints that witnesses kept and that it was compared with."""
    problems: tuple[str, ...] = ()
    """All that is wrong, the first problem among it; of each kind of check the first."""
    notes: tuple[str, ...] = ()
    """What an auditor should know and that breaks nothing."""

    def _limit(self) -> str:
        if not self.witnessed:
            return LIMIT
        seen = counted(self.witnessed, "checkpoint")
        return (
            f"Compared with {seen} that witnesses kept: what was written after the last of them "
            "could have been cut off unseen."
        )

    def text(self) -> str:
        """Return the report in plain words, with what an auditor should note."""
        lines = [f"{'The evidence is whole.' if self.ok else 'The evidence is NOT whole.'}"]
        if self.first_problem is not None:
            lines.append(f"First problem: {self.first_problem}.")
        lines += [f"Also: {other}." for other in self.problems if other != self.first_problem]
        counted = f"Records checked: {self.entries}. Review events checked: {self.reviews}."
        events = self.acts - self.reviews
        lines.append(counted if events <= 0 else f"{counted} Events of the gate: {events}.")
        if self.missing:
            lines.append(
                f"Records that this export leaves out before or between its own: {self.missing}."
            )
        if self.unreadable:
            lines.append(
                f"Entries that this version cannot read: {self.unreadable}. "
                "Their chain was checked; what cases they belong to was not."
            )
        if self.still_open:
            lines.append(f"Exchanges under way, not chained yet: {self.still_open}.")
        lines += self.notes
        lines.append(self._limit())
        lines.append(f"Chain {self.chain_id}, entry {self.seq}, head {self.head}")
        if self.reviews_head is not None:
            lines.append(f"Reviews: entry {self.acts}, head {self.reviews_head}")
        return "\n".join(lines)
