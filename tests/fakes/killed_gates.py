"""Gates that write evidence under load and are killed at random instants: a program of its own, so
that each gate is a fork of one process that has everything loaded.

Run: python killed_gates.py PLACE KILLS SEED. Prints, a line each, what was acknowledged.
"""

import os
import random
import select
import signal
import sys
import threading
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.evidence_records import records
from core.errors import EvidenceError
from core.ids import uuid7
from core.ports import Done
from evidence import checkpointing
from evidence.checkpoint import opened
from evidence.database import connect
from evidence.notary import Notary
from evidence.verification import verify
from evidence.writer import Writer

START = datetime(2026, 3, 1, tzinfo=UTC)
MADE = list(records(500, 8))
UNDER_WAY = 24
CHECKPOINT_EVERY_S = 0.004
MOST_AFTER_S = 0.15
LOT_EVERY = 20
"""Entries between two checkpoints that a writer takes by itself, and closes its lot with."""


def gate(place: Path, acks: int, round_: int) -> None:
    """Write until killed; tell each acknowledgement by a line, as a client sees its answer."""
    notary = Notary(place)
    checkpointing.MOST_ENTRIES = LOT_EVERY
    writer = Writer(place, notary=notary)
    os.write(acks, b"ready 0\n")
    slots = threading.Semaphore(UNDER_WAY)

    def told(word: str, id_: str, last: bool) -> Done:
        def done(problem: EvidenceError | None) -> None:
            if problem is None:
                os.write(acks, f"{word} {id_}\n".encode())
            if last:
                slots.release()

        return done

    def sign() -> None:
        rest = threading.Event()
        with closing(connect(place)) as connection:
            while not rest.wait(CHECKPOINT_EVERY_S):
                taken = notary.take(connection, "printed")
                size, at = taken.checkpoint.records.size, taken.checkpoint.at
                os.write(acks, f"signed {size},{at}\n".encode())

    threading.Thread(target=sign, daemon=True).start()
    number = 0
    while True:
        number += 1
        slots.acquire()
        made = MADE[(round_ * 37 + number) % len(MADE)]
        record = replace(made, id=uuid7(made.at))
        writer.open(record, told("open", record.id, last=number % 4 == 0))
        if number % 4:
            writer.close_record(record, told("closed", record.id, last=True))


MOST_AWAITED = {"ready": 1, "open": 40, "closed": 80, "signed": 4}
"""Which lines a round waits for before it kills, in turns, and for how many of them at most: so
each is told however slow the machine is.
"""


def killed(place: Path, round_: int, rng: random.Random) -> list[str]:
    """Fork a gate, kill it some time after it has told so much, and return what it acknowledged."""
    word, most = list(MOST_AWAITED.items())[round_ % len(MOST_AWAITED)]
    wanted, after_s = rng.randint((most + 1) // 2, most), rng.uniform(0, MOST_AFTER_S)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        gate(place, write, round_)
    os.close(write)
    seen = b""
    while lines_of(word, seen) < wanted and select.select([read], [], [], 60)[0]:
        part = os.read(read, 1 << 16)
        if not part:
            break
        seen += part
    select.select([], [], [], after_s)
    os.kill(child, signal.SIGKILL)
    while part := os.read(read, 1 << 20):
        seen += part
    os.close(read)
    os.waitpid(child, 0)
    return [line.decode() for line in seen.splitlines(keepends=True) if line.endswith(b"\n")]


def lines_of(word: str, seen: bytes) -> int:
    """Return how many whole lines of a kind have come."""
    return sum(line.startswith(word.encode()) for line in seen.split(b"\n")[:-1])


def missing(place: Path, acknowledged: list[str], signed: set[tuple[int, str]]) -> list[str]:
    """Return which of the acknowledgements the file does not keep."""
    with closing(connect(place, read_only=True)) as connection:
        chained = {str(row[0]) for row in connection.execute("SELECT id FROM entries")}
        journal = {str(row[0]) for row in connection.execute("SELECT id FROM open_exchanges")}
        kept = set()
        for note, public in connection.execute("SELECT note, public FROM checkpoints"):
            found = opened(note, bytes(public))
            kept.add((found.records.size, found.at))
    lost = []
    for line in acknowledged:
        word, _, what = line.strip().partition(" ")
        if word == "signed":
            size, _, at = what.partition(",")
            signed.add((int(size), at))
        if word == "closed" and what not in chained:
            lost.append(line)
        if word == "open" and what not in chained | journal:
            lost.append(line)
    return lost + [f"signed {size} {at}" for size, at in sorted(signed - kept)]


def alarmed(place: Path) -> list[str]:
    """Return what `verify` says against the file as a killed gate left it, and of how many records
    it read no text.
    """
    report = verify(place)
    told = [note.split()[1].replace(",", "") for note in report.notes if note.startswith("Of ")]
    return [f"alarm {one}" for one in report.problems] + [f"told={one}" for one in told]


def main() -> None:
    """Kill one gate after the other on one file; print what each acknowledged, and what is lost."""
    place, kills, rng = Path(sys.argv[1]), int(sys.argv[2]), random.Random(int(sys.argv[3]))
    signed: set[tuple[int, str]] = set()
    for round_ in range(kills):
        acknowledged = killed(place, round_, rng)
        words = [line.partition(" ")[0] for line in acknowledged]
        counts = " ".join(f"{word}={words.count(word)}" for word in ("open", "closed", "signed"))
        sys.stdout.write(f"killed {counts}\n")
        sys.stdout.writelines(f"{line}\n" for line in alarmed(place))
        for line in missing(place, acknowledged, signed):
            sys.stdout.write(f"lost {line.strip()} in round {round_}\n")


if __name__ == "__main__":
    main()
