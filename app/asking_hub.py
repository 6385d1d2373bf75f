"""Held requests and the hub: it is told of what waits here for a person, and its answers are acts
of review in the evidence here, as if they had been given at this machine.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

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
from fleet.held import Answered, answer_opened, told
from fleet.line import Line
from fleet.membership import Membership
from fleet.orders import Orders


@dataclass
class AskingHub:
    """Asks the hub about what is held now. For one thread."""

    home: Home
    member: Membership
    line: Line
    orders: Orders | None = None
    fresh_id: Callable[[], str] = uuid7
    _store: Store | None = field(default=None, repr=False)
    _asked: bool = False

    def look(self) -> int:
        """Tell the hub what waits and keep its answers; return how many came.

        Costs nothing where nothing waits. Raises HubAwayError, HubRefusesError, EvidenceError,
        BadOrdersError, SettingsError.
        """
        store = self._opened()
        if store is None:
            return 0
        waiting = {r.id: r for r in HeldRequests(store).waiting() if isinstance(r, Record)}
        if not waiting and not self._asked:
            return 0
        self._asked = bool(waiting)  # once more when all are over, so that the hub knows
        body = orjson.dumps({"held": told(list(waiting.values()))})
        answer = self.line.send("/v1/holds", body).value
        offered = answer.get("orders")
        if self.orders is not None and isinstance(offered, dict):
            self.orders.take(self.line, offered)
        said = answer.get("answers")
        kept, trouble = 0, None
        for one in said if isinstance(said, list) else ():
            try:
                kept += self._kept(store, waiting, answer_opened(one, self.member.policy_key))
            except OutgateError as error:  # of one answer: the others count all the same
                trouble = error
        if trouble is not None:
            raise trouble
        return kept

    def _kept(self, store: Store, waiting: dict[str, Record], said: Answered) -> int:
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
        store.append([event])
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
