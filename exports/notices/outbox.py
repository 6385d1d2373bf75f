"""The outbox of one way to people: what is to be told and was not yet, beside the evidence.

What needs a person is read from the evidence; what was made of it is kept in a small file until it
is delivered, so that nothing is lost while a way is closed or a gate starts again. It may come
twice (it arrived, and the answer was lost): each has its id.
"""

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.happenings import Event, Fact, happening
from evidence.store import Store
from exports.alone import alone_at
from exports.notices.notice import About, Channel, Notice, PartlyDeliveredError
from exports.notices.seen import (
    case_notice,
    ends_at,
    held_notice,
    held_now,
    high_cases,
    many_notice,
    troubles_after,
)

MOST_WAITING = 200
MOST_AT_ONCE = 5
"""More new cases than this are told together."""
KEPT_FOR = timedelta(days=7)


@dataclass(slots=True)
class Box:
    """What the file holds."""

    chain: str
    acts: int
    """The last act that was looked at."""
    cases: set[int] = field(default_factory=set)
    """Open cases of high risk that were told, or were there before."""
    held: set[str] = field(default_factory=set)
    """Held requests that were told and still wait."""
    waiting: list[Notice] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return {
            "chain": self.chain,
            "acts": self.acts,
            "cases": sorted(self.cases),
            "held": sorted(self.held),
            "waiting": [one.to_json() for one in self.waiting],
        }

    @classmethod
    def from_json(cls, value: Any) -> "Box":
        """Return what was kept. Raises ValueError, KeyError, TypeError."""
        return cls(
            chain=str(value["chain"]),
            acts=int(value["acts"]),
            cases={int(one) for one in value["cases"]},
            held={str(one) for one in value["held"]},
            waiting=[Notice.from_json(one) for one in value["waiting"]],
        )


@dataclass(frozen=True, slots=True)
class NoticeOutbox:
    """What goes one way. One process at a time delivers."""

    store: Store
    name: str
    about: frozenset[About]
    clock: Callable[[], datetime]

    @property
    def _folder(self) -> Path:
        return self.store.path.with_name("outbox")

    @property
    def file(self) -> Path:
        """Where it is kept."""
        return self._folder / f"notices-{self.name}.json"

    def waiting(self) -> Sequence[Notice]:
        """Return what was not delivered yet. Raises InputError, EvidenceError."""
        return tuple(self._box().waiting)

    def send(self, channel: Channel, more: Sequence[Notice] = ()) -> int:
        """Look for what is new, add `more`, and deliver all that waits, oldest first; return how
        many were delivered. Raises NotDeliveredError, InputError, EvidenceError; and after all
        of it PartlyDeliveredError, where some were not for everybody.
        """
        with alone_at(self.file) as alone:
            if not alone:
                return 0
            box = self._box()
            box.waiting += [one for one in (*self._new(box), *more) if one.about in self.about]
            self._drop_old(box)
            self._keep(box)
            delivered, refused = 0, None
            while box.waiting:
                try:
                    channel.tell(box.waiting[0])
                except PartlyDeliveredError as error:
                    refused = error
                del box.waiting[0]
                self._keep(box)
                delivered += 1
            if refused is not None:
                raise refused
            return delivered

    def _new(self, box: Box) -> Iterator[Notice]:
        now = self.clock()
        with self.store.reading() as connection:
            held = [one for one in held_now(connection) if ends_at(one) > now]
            yield from (held_notice(one) for one in held if one.id not in box.held)
            box.held = {one.id for one in held}
            high = set(high_cases(connection, self.store.now_us()))
            fresh = sorted(high - box.cases)
            box.cases = high
            if len(fresh) > MOST_AT_ONCE:
                yield many_notice(len(fresh), now)
            else:
                found = (case_notice(connection, one, now) for one in fresh)
                yield from (one for one in found if one is not None)
            for number, one in troubles_after(connection, box.acts):
                box.acts = number
                yield one

    def _drop_old(self, box: Box) -> None:
        """Notices of long ago are of use to nobody; that they never arrived is an act."""
        oldest = self.clock() - KEPT_FOR
        kept = [one for one in box.waiting if datetime.fromisoformat(one.at) >= oldest]
        kept = kept[-MOST_WAITING:]
        dropped = len(box.waiting) - len(kept)
        box.waiting = kept
        if dropped:
            why = "notices that could not be delivered in time"
            facts: dict[str, Fact] = {"collector": self.name, "refused": dropped, "why": why}
            self.store.tell(happening(Event.OUTBOX_DROPPED, facts))

    def _box(self) -> Box:
        try:
            box = Box.from_json(json.loads(self.file.read_bytes()))
        except FileNotFoundError:
            return self._begin()
        except (ValueError, KeyError, TypeError, OSError):
            raise InputError(
                f"Nobody can read in {self.file} what was told already.",
                remedy="Remove the file: what is new from then on is told.",
            ) from None
        return box if box.chain == self.store.chain_id else self._begin()

    def _begin(self) -> Box:
        """What is there at the first look is not new, but what is held still is."""
        with self.store.reading() as connection:
            acts = connection.value("SELECT coalesce(max(seq), 0) FROM review_entries")
            return Box(
                chain=self.store.chain_id,
                acts=int(acts),
                cases=set(high_cases(connection, self.store.now_us())),
            )

    def _keep(self, box: Box) -> None:
        handle, name = tempfile.mkstemp(prefix=".notices-", dir=self._folder)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(box.to_json(), file)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self.file)
        finally:
            Path(name).unlink(missing_ok=True)
