"""The shipper: one round takes to the hub all that is new in the evidence, and brings back what the
hub has to give. It reads the evidence and writes nothing there but what it leaves out, where the
settings cap what waits; what is not acknowledged is sent again, and the hub keeps each entry once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from core.errors import InputError
from core.ids import rfc3339
from core.json_fields import Fields
from core.text import printable
from evidence.shipping import ChainKind, ShippedFile, Standing, shipped_file
from fleet.line import HubRefusesError, Line
from fleet.membership import Membership, now_utc, request, use_certificate
from fleet.orders import MOST_TROUBLE, NO_ORDERS, Orders
from fleet.outbox import Cap, Dropped, drop_over, dropped_runs
from fleet.wire import packed_stretch

MOST_ENTRIES = 2000
MOST_BYTES = 8 << 20
_MOST_PARTS = 50
_KINDS: tuple[ChainKind, ChainKind] = ("acts", "records")
"""Acts first: an act tells which records will never come."""
_REFUSED = 422

type Parts = Callable[[str], Mapping[str, Any] | None]


@dataclass(slots=True, kw_only=True)
class Round:
    """What came of one round."""

    shipped: dict[ChainKind, int] = field(default_factory=lambda: {"records": 0, "acts": 0})
    """Entries that the hub did not have before."""
    last: dict[ChainKind, int] = field(default_factory=lambda: {"records": 0, "acts": 0})
    """Up to where the hub has each chain now."""
    troubles: list[str] = field(default_factory=list)
    """What the hub did not take, in words."""
    orders: Mapping[str, Any] = field(default_factory=dict)
    """Kind of orders → version that the hub has for this endpoint."""
    erased: Mapping[str, Any] = field(default_factory=dict)
    """Chain of acts → up to which act the hub has erased what was erased here."""
    requests: int = 0
    """How many requests of the hub wait for an answer."""


@dataclass(frozen=True, kw_only=True)
class Shipper:
    """Ships one evidence file as one member of a fleet."""

    evidence: Path
    membership: Membership
    line: Line
    version: str
    clock: Callable[[], datetime] = now_utc
    parts: Parts = lambda sha256: None
    """What a version of a script is made of, where it is known."""
    orders: Orders | None = None
    """Takes what travels back."""
    between: Callable[[], None] = lambda: None
    """Done before each message: what must not wait until all is shipped."""
    cap: Cap = Cap()  # noqa: RUF009 - frozen
    """How much may wait; what is over it is left out."""

    def round(self) -> Round:
        """Check in, ship all that is new, answer what the hub asks for.

        Raises HubAwayError, HubRefusesError, EvidenceError, SettingsError.
        """
        if not self.evidence.is_file():  # nothing is told of it, but it stays a member
            self._renewed({})
        with shipped_file(self.evidence) as file:
            standing = {kind: file.standing(kind) for kind in _KINDS}
            answer = self._check_in(standing)
            done = Round(troubles=self._renewed(answer))
            done.orders = _object(answer.get("orders"))
            done.requests = _number(answer.get("requests"))
            done.erased = _object(answer.get("erased"))
            chains = _object(answer.get("chains"))
            if self._left_out(_object(chains.get("records"))):
                standing = {kind: file.standing(kind) for kind in _KINDS}
            for kind in _KINDS:
                told = _object(chains.get(kind))
                next_ = _number(told.get("next"))
                done.last[kind] = max(0, next_ - 1)
                if told.get("state") != "good":
                    done.troubles.append(f"the hub has set the chain of {kind} aside")
                    continue
                self._ship(file, standing[kind], kind, next_, done)
            if done.shipped["records"]:
                # What the hub wants to know of scripts that it had not heard of before.
                answer = self._check_in({kind: file.standing(kind) for kind in _KINDS})
        self._tell_parts([str(one) for one in answer.get("wanted") or ()])
        if self.orders is not None:
            self.orders.take(self.line, done.orders)
        return done

    def _left_out(self, told: Mapping[str, Any]) -> bool:
        """Leave out what is over the cap; return whether that was chained."""
        if self.cap.is_none or told.get("state") != "good":
            return False
        shipped = max(0, _number(told.get("next")) - 1)
        return drop_over(self.evidence, shipped, self.cap, self.clock) is not None

    def _renewed(self, answer: Mapping[str, Any]) -> list[str]:
        """Renew the certificate where the hub's clock, by which it ends, says that it is time.

        Return what is wrong: as long as it is good, what is new is shipped by it.
        """
        try:
            now = Fields(answer, "check-in").time("at")
        except ValueError:
            now = self.clock()
        if not self.membership.due_for_renewal(now):
            return []
        asked = request(self.membership.folder)
        try:
            told = self.line.send("/v1/renew", orjson.dumps({"request": asked.decode()}))
            use_certificate(self.membership.folder, str(told.value.get("certificate")).encode())
        except (HubRefusesError, InputError) as error:
            return [f"the certificate is not renewed: {error.message}"]
        self.line.renewed()
        return []

    def _check_in(self, standing: Mapping[ChainKind, Standing]) -> Mapping[str, Any]:
        chains = {
            kind: {"chain": one.chain, "last": one.last, "head": one.head.hex()}
            for kind, one in standing.items()
        }
        following = NO_ORDERS if self.orders is None else self.orders.following()
        told = {
            "at": rfc3339(self.clock()),
            "version": self.version,
            "chains": chains,
            "orders": following.versions,
            "trouble": None
            if following.trouble is None
            else printable(following.trouble, MOST_TROUBLE),
        }
        return self.line.send("/v1/check-in", orjson.dumps(told)).value

    def _ship(
        self, file: ShippedFile, standing: Standing, kind: ChainKind, next_: int, done: Round
    ) -> None:
        """Ship what stands there now, and no further: what comes meanwhile is the next round's."""
        asked: set[int] = set()
        after = max(next_ - 1, standing.first)
        if after >= standing.last:  # as at most check-ins: nothing is read for it
            return
        left_out = dropped_runs(self.evidence) if kind == "records" else []
        while after < standing.last:
            self.between()
            # What the hub asks for all the same (it was restored from a backup) it is given.
            end, after = (standing.last, after) if asked else _around(left_out, after, standing)
            run = file.stretch(kind, after, min(MOST_ENTRIES, end - after), MOST_BYTES)
            if run is None:
                return
            if kind == "records" and run.emptied:
                # The act that tells of it may have come after the acts were shipped.
                self._ship(file, file.standing("acts"), "acts", done.last["acts"] + 1, done)
            try:
                answer = self.line.send("/v1/upload", packed_stretch(standing.chain, kind, run))
            except HubRefusesError as refused:
                if refused.status != _REFUSED:
                    raise
                done.troubles.append(refused.message)
                return
            if answer.status == 200:
                done.shipped[kind] += _number(answer.value.get("new"))
                after = done.last[kind] = run.last
                continue
            wanted = _number(answer.value.get("wanted"))
            if wanted in asked or wanted <= standing.first:
                done.troubles.append(f"the hub wants entry {wanted} of the {kind}, which is gone")
                return
            asked.add(wanted)
            after = wanted - 1

    def _tell_parts(self, wanted: Sequence[str]) -> None:
        for at in range(0, len(wanted), _MOST_PARTS):
            told = {sha256: self.parts(sha256) for sha256 in wanted[at : at + _MOST_PARTS]}
            self.line.send("/v1/parts", orjson.dumps(told))


def _around(left_out: Sequence[Dropped], after: int, standing: Standing) -> tuple[int, int]:
    """Return up to where to ship next, and behind which entry to begin, around what is left out."""
    for run in sorted(left_out, key=lambda one: one.first):
        if run.first <= after + 1 <= run.last:
            after = run.last
        elif after + 1 < run.first:
            return min(run.first - 1, standing.last), after
    return standing.last, after


def _number(value: object) -> int:
    return value if type(value) is int else 0


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
