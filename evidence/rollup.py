"""What is added up from records: cases, versions of scripts, traffic.

Pure; the writer and the rebuild share it.
"""

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from core.record import Record
from core.review import Disposition, case_key, destination_of, needs_review, sender_of
from evidence.case_sums import CaseSums
from evidence.times import BUCKET_US

COMES_BACK = (Disposition.CONFIRMED_LEAK.value, Disposition.ALREADY_HANDLED.value)
"""A case closed for one of these reasons opens again when it happens again; the other reasons hold
for what is alike.
"""

UNREADABLE = "unreadable"
"""Key of the case of entries that this version cannot read, so that a person sees that there are
some.
"""


def micro_usd(cost: str | None) -> int:
    """Return a cost in millionths of a dollar; 0 when it is unknown."""
    try:
        return 0 if cost is None else int(Decimal(cost) * 1_000_000)
    except (InvalidOperation, ValueError, OverflowError):
        return 0


def joined(whole: "Rollup", later: "Rollup") -> None:
    """Add the sums of later records to those of earlier ones."""
    for case in later.cases.values():
        whole.join_case(case)
    for version, seen in later.scripts.items():
        known = whole.scripts.setdefault(version, [seen[0], seen[1], 0])
        known[:] = [min(known[0], seen[0]), max(known[1], seen[1]), known[2] + seen[2]]
    for place, sums in later.traffic.items():
        before = whole.traffic.get(place, [0, 0, 0, 0])
        whole.traffic[place] = [a + b for a, b in zip(before, sums, strict=True)]


@dataclass(slots=True)
class Rollup:
    """Adds up the records of one batch, in the order of the chain."""

    cases: dict[str, CaseSums] = field(default_factory=dict)
    scripts: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    """(script, hash) → first, last, count."""
    traffic: dict[tuple[str, str, int], list[int]] = field(default_factory=dict)
    """(script, destination, five minutes) → exchanges, bytes, tokens, millionths of a dollar."""

    def add(self, record: Record, at_us: int) -> str | None:
        """Add one record as it is stored; return the key of its case, or None when it needs no
        review.
        """
        key = case_key(record) if needs_review(record) else None
        if key is not None:
            self._case(key, at_us).add(record, at_us)
        self._add_script(record, at_us)
        if record.left:
            self._add_traffic(record, at_us)
        return key

    def add_unreadable(self, id_: str, at_us: int) -> str:
        """Add an entry that this version cannot read; return the key of its case."""
        self._case(UNREADABLE, at_us).add_unreadable(id_, at_us)
        return UNREADABLE

    def _case(self, key: str, at_us: int) -> CaseSums:
        found = self.cases.get(key)
        if found is None:
            found = self.cases[key] = CaseSums(key=key, first_us=at_us, last_us=at_us)
        return found

    def join_case(self, later: CaseSums) -> None:
        """Add the sums of later records of a case."""
        known = self.cases.get(later.key)
        if known is None:
            self.cases[later.key] = later
        else:
            known.join(later)

    def _add_script(self, record: Record, at_us: int) -> None:
        script = record.sender.script
        if script is None:
            return
        seen = self.scripts.setdefault((sender_of(record), script.sha256 or ""), [at_us, at_us, 0])
        seen[0], seen[1], seen[2] = min(seen[0], at_us), max(seen[1], at_us), seen[2] + 1

    def _add_traffic(self, record: Record, at_us: int) -> None:
        place = (sender_of(record), destination_of(record), at_us // BUCKET_US)
        sums = self.traffic.setdefault(place, [0, 0, 0, 0])
        llm = record.llm
        sums[0] += 1
        sums[1] += record.request.bytes
        if llm is not None:
            sums[2] += (llm.input_tokens or 0) + (llm.output_tokens or 0)
            sums[3] += micro_usd(llm.cost_usd)
