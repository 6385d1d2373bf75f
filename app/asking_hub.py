"""Held requests and the hub: it is told of what waits here for a person, and its answers are acts
of review in the evidence here, as if they had been given at this machine.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.home import Home
from app.settings import load_settings
from app.wiring import store_of
from core.case_keys import case_key
from core.errors import OutgateError
from core.ids import utc_now, uuid7
from core.record import Record
from core.review import Action, ReviewEvent
from evidence.holds import HeldRequests
from evidence.store import Store
from fleet.held import Answered, Became, answer_opened, told, told_back
from fleet.line import Line
from fleet.membership import Membership
from fleet.orders import Orders

TRIES = 60
"""So often is told to a hub that is away that nothing waits any more: holds end there, too."""


@dataclass
class AskingHub:
    """Asks the hub about what is held now. For one thread."""

    home: Home
    member: Membership
    line: Line
    orders: Orders | None = None
    fresh_id: Callable[[], str] = uuid7
    _store: Store | None = field(default=None, repr=False)
    _owed: int = 0
    """How often is tried still to tell the hub that nothing waits any more."""
    _became: dict[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    """Signature of an answer → what the hub is to be told of it."""
    _done: frozenset[str] = frozenset()
    """Signatures of the answers that were acted on, of those that the hub gave last."""

    def look(self) -> int:
        """Tell the hub what waits and keep its answers; return how many came.

        Costs nothing where nothing waits. Raises HubAwayError, HubRefusesError, EvidenceError,
        BadOrdersError, SettingsError.
        """
        store = self._opened()
        if store is None:
            return 0
        waiting = {r.id: r for r in HeldRequests(store).waiting() if isinstance(r, Record)}
        if not waiting and not self._owed:
            return 0
        self._owed = TRIES if waiting else self._owed - 1
        told_ = {"held": told(list(waiting.values())), "became": list(self._became.values())}
        answer = self.line.send("/v1/holds", orjson.dumps(told_)).value
        self._owed = TRIES if waiting else 0  # once more when all are over, so that the hub knows
        self._became.clear()
        offered = answer.get("orders")
        if self.orders is not None and isinstance(offered, dict):
            self.orders.take(self.line, offered)
        said = answer.get("answers")
        given = {_signature(one): one for one in said} if isinstance(said, list) else {}
        self._done &= given.keys()
        kept, trouble = 0, None
        for signature, one in given.items():
            if signature in self._done:
                continue
            try:
                opened = answer_opened(one, self.member.policy_key)
                kept += self._kept(store, waiting, opened, signature)
            except OutgateError as error:  # of one answer: the others count all the same
                trouble = error
        if trouble is not None:
            raise trouble
        return kept

    def _kept(
        self, store: Store, waiting: dict[str, Record], said: Answered, signature: str
    ) -> int:
        record = waiting.pop(said.record, None)
        if record is None or said.endpoint != self.member.endpoint:
            return 0
        event = ReviewEvent(
            id=self.fresh_id(),
            at=utc_now(),
            case_key=case_key(record),
            action=Action.APPROVE if said.approved else Action.REFUSE,
            who=said.who,
            note=said.note,
            record_id=record.id,
            role=said.role,
            channel="hub",
        )
        try:
            (written,) = store.append([event])
        except OutgateError as error:  # it may be taken at another time
            why = error.message
            self._became[signature] = told_back(record.id, signature, Became.REFUSED, why)
            raise
        became = Became.ASKED if written.action is Action.ASK_APPROVE else Became.DONE
        self._became[signature] = told_back(record.id, signature, became)
        self._done |= {signature}
        return 1

    def _opened(self) -> Store | None:
        if self._store is None and self.home.evidence.is_file():
            self._store = store_of(self.home, load_settings(self.home.settings), "hub")
        return self._store

    def close(self) -> None:
        """Let go of the evidence."""
        if self._store is not None:
            self._store.close()
            self._store = None


def _signature(answer: object) -> str:
    """Return by what an answer is known; its place in the list says nothing."""
    value: Any = answer.get("signature") if isinstance(answer, dict) else None
    return value if isinstance(value, str) else ""


LOOK_S = 1.0
"""How often is looked whether something waits here."""


@dataclass
class Looking:
    """Looks once a second at most, whoever asks it to; what goes wrong is told once."""

    asking: AskingHub
    say: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    _next: float = float("-inf")
    _said: str = ""

    def __call__(self) -> None:
        """Look, if it is time."""
        if self.clock() < self._next:
            return
        said = ""
        try:
            self.asking.look()
        except OutgateError as error:
            said = error.message
            self.asking.close()
        if said and said != self._said:
            self.say(said)
        self._said, self._next = said, self.clock() + LOOK_S

    def close(self) -> None:
        """Let go of the evidence."""
        self.asking.close()
