"""What a run is told of its own records at its end, by a gate whose evidence its user cannot
read. Only the run's own process is told, by what the kernel says of who asks.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from mitmproxy import http

from core.attribution import Attribution, Certainty
from core.ids import utc_now
from core.ports import EvidenceWriter
from core.run_members import (
    SAME,
    Members,
    descends_from,
    has_no_sender,
    is_member,
    may_be_detached,
    members_told,
)
from core.stored import KeptEntry, OpenedEntry, StoredObservation, StoredRecord
from proxy.evasion import EvasionWatch
from proxy.following import Followed, Question, asked_of
from proxy.inspection import Inspection
from proxy.parts import Kept
from proxy.threads import Threads

_READERS, _WAITS_S = Threads("told", 2), 5.0
"""So many runs are told at once; others wait so long at most: whoever asks a hundred times takes
no more of the gate, and nobody's summary waits for it.
"""
_MOST, _MOST_BYTES, _MOST_S = 1_000, 3 << 20, 2.0
_SEEN_AT_ONCE = 256
_WRITTEN_LOOKS, _WRITTEN_EVERY_S = 100, 0.01
_NOBODY = b'"pid":null'


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run that asks. `sender`: who asks, as the gate attributes it."""

    pid: int
    since: datetime
    sender: Attribution
    members: Members = frozenset()
    set_by: timedelta = timedelta()
    """As much as the clock was put right since it is followed."""

    @property
    def is_itself(self) -> bool:
        """Whether it is the run's own process that asks, and of no time before it began: of then,
        its number was another's.
        """
        process, certainty = self.sender.process, self.sender.certainty
        return (
            process is not None
            and process.pid == self.pid
            and certainty is not Certainty.UNKNOWN
            and process.started_at is not None
            and self.since > process.started_at - SAME - self.set_by
        )

    def may_have_sent(self, sender: Attribution) -> bool:
        """Whether this sender is of the run's user, and of this run or of none that can be told: a
        service cannot read the mark that a daemon has of its run.
        """
        process = self.sender.process
        detached = process is not None and may_be_detached(sender, process, self.set_by)
        return detached and self.sender.user == sender.user

    @property
    def marks(self) -> Sequence[bytes]:
        """One of these stands in whatever may be of it."""
        pids = {self.pid, *(pid for pid, _ in self.members)}
        named = json.dumps(self.sender.user, ensure_ascii=False).encode(errors="replace")
        return [_NOBODY, b'"user":' + named, *(b'"pid":%d' % pid for pid in pids)]

    def has_sent(self, sender: Attribution) -> bool:
        """Whether this sender is of the run, and of its user. Users' names may be left out of the
        evidence: then they are all alike, and only processes tell.
        """
        process = self.sender.process
        is_of_it = process is not None and descends_from(sender, process, self.set_by)
        is_of_it = is_of_it or is_member(sender, self.members)
        return is_of_it and self.sender.user == sender.user


async def answer_to(
    flow: http.HTTPFlow, evasion: EvasionWatch, inspection: Inspection
) -> Mapping[str, Any]:
    """Do what `outgate run` asks the gate for, and return what to answer beside the health.

    A gate that serves everybody hears the run's own process only, and tells it no places of
    connections that may be another user's.
    """
    question, kept = Question.read(flow.request.path), inspection.parts.kept
    if question is not None and question.since is not None:
        await written(inspection.parts.evidence)
    if question is None or kept is None:
        await evasion.settled()
        return asked_of(question, evasion.runs)
    since = question.since or utc_now()
    who = await inspection.senders.of(flow.client_conn.id)
    clock = evasion.runs.clock_of(question.pid)
    since = clock.earliest(since)
    run = Run(pid=question.pid, since=since, sender=who, set_by=clock.apart)
    if run.is_itself:
        await evasion.settled()
    return await told_to(run, question, evasion.runs, kept)


async def written(evidence: EvidenceWriter) -> None:
    """Return when all that was handed over can be read, or soon: a run that asks a moment earlier
    would tell of fewer requests than are on record.
    """
    for _ in range(_WRITTEN_LOOKS):
        if not evidence.backlog:
            return
        await asyncio.sleep(_WRITTEN_EVERY_S)


async def told_to(run: Run, question: Question, runs: Followed, kept: Kept) -> Mapping[str, Any]:
    """Do what a run asks for, and return what to answer it: nothing for another process, which
    could end another user's run, or have a hundred followed that nobody watches.
    """
    if not run.is_itself:
        return {}
    told = asked_of(question, runs)
    if question.since is None:
        return told
    short = told["short_connections"]
    hidden = short and [("", sum(count for _, count in short))]
    run = replace(run, members=members_told(told))
    try:
        records = await asyncio.wait_for(_READERS.run(read_records, run, kept), _WAITS_S)
    except TimeoutError:
        records = {}
    return {**told, "short_connections": hidden, **records}


def read_records(
    run: Run, kept: Kept, clock: Callable[[], float] = time.monotonic
) -> dict[str, Any]:
    """Return the entries of a run as JSON values, how many requests of its time can be nobody's in
    particular, how many a detached process of its user sent, and whether that is all: read until so
    many are found, or so much, or so long.
    """
    until, told, size, unknown, detached = clock() + _MOST_S, list[Any](), 0, 0, 0
    wanted, whole = run.marks, False
    for number, entry in enumerate(kept(run.since)):
        if number % _SEEN_AT_ONCE == 0 and clock() > until:
            break
        if not any(pid in entry.text for pid in wanted):
            continue
        opened = entry.opened()
        unknown += has_no_sender(opened)
        if not _is_of(run, opened):
            if isinstance(opened, StoredRecord):
                detached += run.may_have_sent(opened.record.sender)
            continue
        size += len(entry.text)
        if len(told) >= _MOST or size > _MOST_BYTES:
            break
        told.append(_told(entry))
    else:
        whole = True
    return {
        "records": told,
        "records_unknown": unknown,
        "records_detached": detached,
        "records_whole": whole,
    }


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
