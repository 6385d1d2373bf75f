"""Rounds of retention beside a writer, killed at random instants: a program of its own, so that
each round is a fork of one process that has everything loaded.

Run: python killed_retention.py PLACE KILLS SEED. Prints a line for each kill.
"""

import os
import random
import select
import signal
import sys
import threading
import time
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

from benchmarks.evidence_records import START, records
from core.happenings import Event, happening
from core.ids import uuid7
from core.record import Record
from evidence.acts_retention import expire_acts
from evidence.database import connect
from evidence.notary import Notary
from evidence.retention import expire, tidy
from evidence.store import Store
from evidence.sums_retention import expire_sums
from evidence.times import HOUR_US, micros
from evidence.verification import verify
from evidence.writer import Writer

MADE = list(records(400, 3))
EACH = 500
"""So many records come in before each kill, some ten hours of them."""
STEP = timedelta(minutes=1)
RULE = "older than a day"
REST_S = 0.001
STEPPED = b"."
SUMS_LONGER = 6
"""Hours that sums are kept longer than records."""


def record(number: int) -> Record:
    """The record of this number in the life of the file: one a minute."""
    at = START + number * STEP
    return replace(MADE[number % len(MADE)], id=uuid7(at), at=at)


def write(place: Path, first: int, many: int) -> None:
    """Chain so many records."""
    writer, done = Writer(place), threading.Semaphore(0)
    for number in range(first, first + many):
        writer.close_record(record(number), lambda _: done.release())
    for _ in range(many):
        done.acquire()
    writer.stop()


def retention(place: Path, ready: int, newest: int) -> None:
    """Remove what is over in rounds, beside a gate that writes, until killed."""
    threading.Thread(target=_write_on, args=(place, newest), daemon=True).start()
    limit = micros(START + newest * STEP)
    os.write(ready, STEPPED)

    def rest(_: float) -> None:
        os.write(ready, STEPPED)
        time.sleep(REST_S)

    while True:
        expire(place, limit, RULE, rest=rest)
        expire_sums(place, limit - SUMS_LONGER * HOUR_US, RULE)
        expire_acts(place, limit, RULE, rest=rest)
        tidy(place, rest=rest)


def _write_on(place: Path, newest: int) -> None:
    for number in count(newest):
        write(place, number, 1)


def killed(place: Path, newest: int, steps: int, after_s: float) -> None:
    """Fork a round, and kill it so long after so many of its steps."""
    read, written = os.pipe()
    child = os.fork()
    if child == 0:
        retention(place, written, newest)
    for _ in range(1 + steps):
        if select.select([read], [], [], 60)[0]:
            os.read(read, len(STEPPED))
    select.select([], [], [], after_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(read)
    os.close(written)


def main() -> None:
    """Kill one round after the other on one file; print what is there after each, and what is
    wrong.
    """
    place, kills, rng = Path(sys.argv[1]), int(sys.argv[2]), random.Random(int(sys.argv[3]))
    newest = 0
    for _ in range(kills):
        write(place, newest, EACH)
        with closing(Store(place, clock=lambda: START)) as store:
            store.tell(happening(Event.GATE_STARTED, {"machine": "m"}))
        Notary(place).take_now("test")
        killed(place, newest + EACH, rng.randrange(6), rng.uniform(0, 0.03))
        wal = place.with_name(f"{place.name}-wal").stat().st_size
        with closing(connect(place, read_only=True)) as connection:
            first, newest, kept = connection.execute(
                "SELECT min(seq), max(seq), count(*) FROM entries"
            ).fetchone()
            free = connection.value("PRAGMA freelist_count")
            hours = connection.value("SELECT sum(exchanges) FROM hours")
        report = verify(place, workers=1)
        sys.stdout.write(
            f"killed cut={first - 1} newest={newest} kept={kept} hours={hours} wal={wal}"
            f" free={free}\n"
        )
        for problem in report.problems:
            sys.stdout.write(f"wrong {problem}\n")


if __name__ == "__main__":
    main()
