"""Requests of the hub about a person or a value, done here: looked for, or erased, under this
endpoint's own keys; the hub is told numbers of entries.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from app.home import Home
from core.errors import OutgateError
from core.ids import utc_now
from fleet.line import Line
from fleet.membership import Membership
from fleet.orders import BadOrdersError
from fleet.requests import MOST_ENTRIES, Kind, Request, request_opened

if TYPE_CHECKING:
    from evidence.erasure import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedByHub:
    """Does what the hub asks of one endpoint."""

    home: Home
    member: Membership
    line: Line
    clock: Callable[[], datetime] = utc_now

    def answer_all(self) -> list[str]:
        """Do what is asked and tell the hub; return what was wrong with requests, in words.

        One that is none keeps nobody from the others. Raises HubAwayError, HubRefusesError.
        """
        answer = self.line.send("/v1/requests", orjson.dumps({"replies": []})).value
        told = answer.get("requests")
        replies, troubles = [], []
        for one in told if isinstance(told, list) else ():
            try:
                asked = request_opened(one, self.member.policy_key, self.clock())
            except BadOrdersError as bad:
                troubles.append(bad.message)
                continue
            replies.append(self._reply(asked))
        if replies:
            self.line.send("/v1/requests", orjson.dumps({"replies": replies}))
        return troubles

    def _reply(self, asked: Request) -> Mapping[str, Any]:
        try:
            made = self._done(asked)
        except OutgateError as error:
            problem = error.message
            return {"id": asked.id, "done": False, "found": 0, "entries": [], "problem": problem}
        entries = sorted(made.whole | made.parts.keys())
        doubts = (
            (made.held, "entries are kept by a legal hold"),
            (made.more_values, "entries hold more values than are marked: it may be among them"),
            (
                int(not made.swept),
                "erasure is not finished: what stood there may be left in the file",
            ),
        )
        problem = "; ".join(f"{count} {words}" for count, words in doubts if count)
        return {
            "id": asked.id,
            "done": True,
            "found": len(entries),
            "entries": entries[:MOST_ENTRIES],
            "problem": problem,
        }

    def _done(self, asked: Request) -> "Plan":
        from app.value_marks import marks_of
        from app.wiring import pseudonym_of
        from evidence import open_store
        from evidence.erasure import Plan, Wanted, erase_now, plan

        if not self.home.evidence.is_file():
            return Plan()
        names = frozenset({asked.value, pseudonym_of(self.home, asked.value)})
        wanted = Wanted(users=names, fingerprints=marks_of(self.home, asked.value))
        made = plan(self.home.evidence, wanted)
        if asked.kind is Kind.ERASE and not made.nothing:
            who = f"{asked.who} at the hub"
            made = erase_now(self.home.evidence, wanted, who=who, why=asked.note)
            _forget_sources(self.home, made.sha256s)
            open_store(self.home.evidence).checkpoint("erased")
        return made


def _forget_sources(home: Home, sha256s: set[str]) -> None:
    from app.kept_sources import source_store

    kept = source_store(home)
    for sha256 in sha256s:
        kept.forget(sha256)
