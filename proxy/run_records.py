"""What a run is told of its own records at its end, by a gate whose evidence its user cannot
read. Only the run's own process is told, by what the kernel says of who asks.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mitmproxy import http

from core.attribution import Attribution, Certainty
from core.run_members import Members, descends, has_no_sender, is_member, members_told
from core.stored import KeptEntry, OpenedEntry, StoredObservation, StoredRecord
from proxy.evasion import EvasionWatch
from proxy.following import Question, asked_of
from proxy.inspection import Inspection
from proxy.parts import Kept
from proxy.threads import COURTESIES

_MOST, _MOST_BYTES, _MOST_S = 1_000, 3 << 20, 2.0
_SEEN_AT_ONCE = 256
_NOBODY = b'"pid":null'


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run that asks. `sender`: who asks, as the gate attributes it."""

    pid: int
    since: datetime
    sender: Attribution
    members: Members = frozenset()

    @property
    def is_itself(self) -> bool:
        """Whether it is the run's own process that asks."""
        process, certainty = self.sender.process, self.sender.certainty
        return (
            process is not None and process.pid == self.pid and certainty is not Certainty.UNKNOWN
        )

    def has_sent(self, sender: Attribution) -> bool:
        """Whether this sender is of the run, and of its user."""
        is_of_it = descends(sender, self.pid) or is_member(sender, self.members)
        return is_of_it and self.sender.user == sender.user


async def answer_to(
    flow: http.HTTPFlow, evasion: EvasionWatch, inspection: Inspection
) -> Mapping[str, Any]:
    """Do what `outgate run` asks the gate for, and return what to answer beside the health.

    A gate that serves everybody tells the run's own process only, and no places of connections that
    may be another user's.
    """
    await evasion.settled()
    question, parts = Question.read(flow.request.path), inspection.parts
    told = asked_of(question, evasion.runs)
    if question is None or question.since is None or parts.kept is None:
        return told
    run = Run(
        pid=question.pid,
        since=question.since,
        sender=await inspection.senders.of(flow.client_conn.id),
        members=members_told(told),
    )
    return await told_to(run, told, parts.kept)


async def told_to(run: Run, told: Mapping[str, Any], kept: Kept) -> Mapping[str, Any]:
    """Return what to answer a run that has ended: nothing to another process."""
    if not run.is_itself:
        return {}
    short = told["short_connections"]
    hidden = short and [("", sum(count for _, count in short))]
    records = await COURTESIES.run(read_records, run, kept)
    return {**told, "short_connections": hidden, **records}


def read_records(
    run: Run, kept: Kept, clock: Callable[[], float] = time.monotonic
) -> dict[str, Any]:
    """Return the entries of a run as JSON values, how many requests of its time can be nobody's in
    particular, and whether that is all: read until so many are found, or so much, or so long.
    """
    until, told, size, unknown = clock() + _MOST_S, list[Any](), 0, 0
    wanted = [_NOBODY, *(b'"pid":%d' % pid for pid in {run.pid, *(p for p, _ in run.members)})]
    whole = False
    for number, entry in enumerate(kept(run.since)):
        if number % _SEEN_AT_ONCE == 0 and clock() > until:
            break
        if not any(pid in entry.text for pid in wanted):
            continue
        opened = entry.opened()
        unknown += has_no_sender(opened)
        if not _is_of(run, opened):
            continue
        size += len(entry.text)
        if len(told) >= _MOST or size > _MOST_BYTES:
            break
        told.append(_told(entry))
    else:
        whole = True
    return {"records": told, "records_unknown": unknown, "records_whole": whole}


def _is_of(run: Run, opened: OpenedEntry) -> bool:
    """Whether this is of the run. What cannot be read may be another user's: it is none."""
    if isinstance(opened, StoredRecord):
        return run.has_sent(opened.record.sender)
    return isinstance(opened, StoredObservation) and run.has_sent(opened.observation.sender)


def _told(entry: KeptEntry) -> list[Any]:
    """Return an entry as values: see evidence.entries.told_entry. Its salt stays here."""
    link, text = entry.link, entry.text.decode()
    hashes = link.prev.hex(), link.hash.hex()
    return [link.chain_id, link.seq, *hashes, entry.id, entry.at_us, text]
