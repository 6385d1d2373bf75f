"""Which answers were counted before: polling, downloads and resumed streams state the same answer
again, and what it used is counted once.
"""

from collections import OrderedDict
from decimal import Decimal
from hashlib import blake2b
from typing import NamedTuple

from classifiers.llm.answer.usage import Usage, later, rest

_MOST = 50_000
"""So many answers are remembered, each in some 300 bytes; the oldest are forgotten first."""


class Bill(NamedTuple):
    """What an answer used and cost, as far as known."""

    usage: Usage
    cost: Decimal | None


class Counted:
    """Remembers what was counted of each answer id, by a hash; one per gate, on its loop."""

    def __init__(self) -> None:
        self._bills: OrderedDict[bytes, Bill] = OrderedDict()

    def new(self, place: str, answer_id: str, bill: Bill) -> Bill | None:
        """Count this statement of an answer; return what was not counted before, or None where
        that is nothing. `place` is the provider or host that gives the ids.
        """
        key = blake2b(f"{place}\n{answer_id}".encode("utf-8", "replace"), digest_size=16).digest()
        before = self._bills.get(key)
        if before is None:
            self._keep(key, bill)
            return bill
        self._keep(key, Bill(later(before.usage, bill.usage), _larger(before.cost, bill.cost)))
        left = rest(bill.usage, before.usage)
        cost = None if bill.cost is None else max(Decimal(0), bill.cost - (before.cost or 0))
        used = (left.input, left.output, left.cache_read, left.cache_write)
        return Bill(left, cost) if any(used) or (before.cost is None and cost) else None

    def _keep(self, key: bytes, bill: Bill) -> None:
        self._bills[key] = bill
        self._bills.move_to_end(key)
        if len(self._bills) > _MOST:
            self._bills.popitem(last=False)


def _larger(a: Decimal | None, b: Decimal | None) -> Decimal | None:
    known = [cost for cost in (a, b) if cost is not None]
    return max(known) if known else None
