"""Gates that are killed between two records of one hand-over: what ends in one turn of the loop
goes to the writer together. A program of its own, so that each gate is a fork of one process.

Run: python killed_hand_overs.py PLACE. Prints a line for each kill, and what is not right.
"""

import asyncio
import os
import signal
import sys
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from benchmarks.evidence_records import records
from core.errors import EvidenceError
from core.ids import uuid7
from core.ports import Done
from core.record import Record
from evidence.database import connect
from evidence.verification import verify
from evidence.writer import Writer
from proxy.outbox import Outbox
from tests.proxy.test_proxy_outbox import begun, leaves

MADE = list(records(50, 8))
TURNS, TOGETHER = 3, 5
"""Turns of a gate's life, and how many exchanges end in each."""
JOURNALLED = 2
"""The first so many of each other turn stand in the journal when they end. In those between,
nothing is waited for from the answers of the turn before on.
"""
DURABLE_S = 60.0


class Dying(Writer):
    """A writer whose process is killed before it takes such a record of a hand-over: at once, or
    when those before it are durable.
    """

    at = 0
    waits = False
    acks = -1

    def close_record(self, record: Record, done: Done) -> None:
        """Take a record, or be killed."""
        if self.at == 0:
            if self.waits:
                self._settle()
            os.kill(os.getpid(), signal.SIGKILL)
        self.at -= 1
        os.write(self.acks, f"handed {record.id}\n".encode())

        def durable(problem: EvidenceError | None) -> None:
            if problem is None:
                os.write(self.acks, f"durable {record.id}\n".encode())
            done(problem)

        super().close_record(record, durable)

    def _settle(self) -> None:
        """Wait until what was taken is durable: a journal's word behind it says so."""
        said = threading.Event()
        made = replace(MADE[0], id=uuid7(MADE[0].at))
        self.open(made, lambda _: said.set())
        said.wait(DURABLE_S)


async def live(writer: Dying) -> None:
    """Have exchanges end together, turn after turn; tell who had an answer."""
    outbox = Outbox(writer, asyncio.get_running_loop())
    for turn in range(TURNS):
        ending = []
        for number in range(TOGETHER):
            made = MADE[(turn * TOGETHER + number) % len(MADE)]
            record = replace(made, id=uuid7(made.at))
            transaction = begun(record.id)
            leaves(outbox, transaction)
            if number < JOURNALLED and not turn % 2:
                await outbox.durable(transaction)
            transaction.answer()
            ending.append((transaction, record))
        for transaction, record in ending:
            outbox.close(transaction, record)
        for transaction, record in ending:
            await transaction.recorded()
            os.write(writer.acks, f"told {record.id}\n".encode())


def killed(place: Path, at: int, waits: bool) -> list[tuple[str, str]]:
    """Fork a gate that is killed so; return what it did, in order."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        writer = Dying(place)
        writer.at, writer.waits, writer.acks = at, waits, write
        asyncio.run(live(writer))
        os._exit(1)
    os.close(write)
    seen = b""
    while part := os.read(read, 1 << 16):
        seen += part
    os.close(read)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status == -signal.SIGKILL, status
    lines = [line.decode().split(" ") for line in seen.splitlines()]
    return [(word, what) for word, what in lines]


def kept(place: Path) -> tuple[list[str], set[str]]:
    """Return the ids of what is chained, in order, and of what stands in the journal."""
    with closing(connect(place, read_only=True)) as connection:
        chained = [str(row[0]) for row in connection.execute("SELECT id FROM entries ORDER BY seq")]
        return chained, {str(row[0]) for row in connection.execute("SELECT id FROM open_exchanges")}


def wrong(place: Path, did: list[tuple[str, str]], *, waits: bool) -> list[str]:
    """Return what the file says that the gate's life does not, or the other way round."""
    handed = [what for word, what in did if word == "handed"]
    safe = {what for word, what in did if word in {"durable", "told"}}
    chained, journal = kept(place)
    mine = [one for one in chained if one in set(handed)]
    found = [f"lost {one}" for one in sorted(safe - set(chained))]
    found += [f"journalled still {one}" for one in sorted(safe & journal)]
    if mine != handed[: len(mine)]:
        found.append("others than the first of a hand-over are kept")
    if waits and mine != handed:
        found.append("what was durable is not kept")
    return found + [f"alarm {one}" for one in verify(place).problems]


def main() -> None:
    """Kill before each record of each turn in turn, at once and later; print what is not right."""
    place = Path(sys.argv[1])
    for waits in (False, True):
        for at in range(TURNS * TOGETHER):
            did = killed(place, at, waits)
            told = sum(word == "told" for word, _ in did)
            sys.stdout.write(f"killed at={at} told={told}\n")
            problems = wrong(place, did, waits=waits)
            sys.stdout.writelines(f"wrong at {at}: {one}\n" for one in problems)


if __name__ == "__main__":
    main()
