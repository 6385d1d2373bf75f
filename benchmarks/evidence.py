"""Measures the evidence: CPU of a pair (open, close) in groups, and queries over many records.

Run: python -m benchmarks.evidence [--records 200000]
"""

import argparse
import gc
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import evidence
from benchmarks.evidence_records import records
from core.attribution import Attribution, Certainty, LaunchedAs, ProcessRef, Script
from core.classification import Category, Destination, LlmCall
from core.decision import Decision, Verdict
from core.findings import Confidence, Finding
from core.ids import uuid7
from core.record import Record, RequestSummary, ResponseSummary
from core.review import CaseFilter
from evidence.batch import Appender, Batch, Items
from evidence.checkpointing import MOST_ENTRIES
from evidence.database import connect
from evidence.finding_people import found
from evidence.hours import Wanted, ranking
from evidence.lots import Lot, LotKey
from evidence.notary import Notary
from evidence.schema import prepare
from evidence.store import Store
from evidence.verification import verify
from evidence.writer import MOST_IN_A_BATCH, Writer
from exports.pack import verify as program
from exports.pack.building import Sources, build
from exports.selection import Selection

START = datetime(2026, 1, 1, tzinfo=UTC)
PROCESS = ProcessRef(pid=4000, started_at=START, name="python3", exe="/usr/bin/python3")
ANCESTRY = tuple(replace(PROCESS, pid=pid) for pid in (300, 200, 1))


def record(number: int, scripts: int = 20) -> Record:
    """A record of about 2 KB: an LLM call with two findings; every fourth needs no review."""
    at = START + timedelta(seconds=number)
    path = f"/home/analyst/jobs/report_{number % scripts}.py"
    script = Script(
        path=path, sha256="ab" * 32, launched_as=LaunchedAs.FILE, name=path.rsplit("/", 1)[1]
    )
    finding = Finding(
        kind="email",
        detector="email",
        confidence=Confidence.LIKELY,
        count=3,
        distinct=2,
        where=("body.messages[0].content",),
        excerpt="an••••om",
        fingerprints=("0123456789abcdef",),
    )
    quiet = number % 4 == 0
    return Record(
        id=uuid7(at),
        at=at,
        sender=Attribution(
            certainty=Certainty.EXACT,
            method="sock_diag",
            process=PROCESS,
            user="analyst",
            script=script,
            ancestry=ANCESTRY,
        ),
        destination=Destination(
            scheme="https",
            host="api.openai.com",
            port=443,
            path="/v1/chat/completions",
            service="openai",
            category=Category.LLM,
        ),
        request=RequestSummary(
            method="POST", content_type="application/json", bytes=1000, complete=True
        ),
        response=ResponseSummary(status=200, bytes=2000),
        llm=LlmCall(
            provider="openai", operation="chat", model="gpt-4o", input_tokens=10, output_tokens=20
        ),
        findings=() if quiet else (finding, replace(finding, kind="iban", detector="iban")),
        decision=Decision(
            verdict=Verdict.ALLOW if quiet else Verdict.WATCH, reason="Personal data to an LLM."
        ),
    )


def pairs(folder: Path, group: int, rounds: int = 300) -> float:
    """Return µs of CPU for one exchange opened in one group and closed in the next, of `group`
    each.
    """
    place = folder / f"pairs-{group}.db"
    prepare(place)
    costs = []
    with closing(connect(place)) as connection:
        appender = Appender(connection, "benchmark")
        items = Items()
        before: list[Record] = []
        for round_ in range(rounds):
            new = [record(round_ * group + n) for n in range(group)]
            start = time.thread_time()
            batch = Batch(
                opens={r.id: items.opened(r) for r in new}, closes=[items.closed(r) for r in before]
            )
            appender.write(batch)
            costs.append((time.thread_time() - start) / group * 1e6)
            before = [replace(r, response=ResponseSummary(status=201, bytes=9)) for r in new]
    return statistics.median(costs)


def through_the_writer(folder: Path, count: int = 4000, window: int = 16) -> float:
    """Return µs of CPU of the whole process for one pair, with `window` exchanges under way at
    once.
    """
    writer = Writer(folder / "writer.db")
    slots = threading.Semaphore(window)
    made = [record(n) for n in range(count)]
    start = time.process_time()
    for one in made:
        slots.acquire()
        writer.open(one, lambda _: None)
        writer.close_record(one, lambda _: slots.release())
    writer.stop()
    return (time.process_time() - start) / count * 1e6


def yardstick(rounds: int = 2000) -> float:
    """Return µs of CPU of a sorted `json.dumps` of one record: how fast this machine is at this
    moment.
    """
    body = record(1).to_json()
    start = time.thread_time()
    for _ in range(rounds):
        json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return (time.thread_time() - start) / rounds * 1e6


def timed(what: str, call: Callable[[], object]) -> None:
    start = time.perf_counter()
    call()
    first = time.perf_counter() - start
    start = time.perf_counter()
    call()
    print(
        f"  {what:44} {first * 1e3:9.2f} ms first, {(time.perf_counter() - start) * 1e3:9.2f} ms"
        " again"
    )


def store_marks(some: Iterable[Record]) -> str:
    """Return the mark of a value in one of the records."""
    return next(f.fingerprints[0] for one in some for f in one.findings if f.fingerprints)


def space(folder: Path, count: int) -> None:
    """Print what a record of a varied machine takes on the disk, and what writing it costs."""
    place = folder / "space.db"
    prepare(place)
    made, costs, notary = list(records(count, 5)), [], Notary(place)
    lot = Lot(LotKey.of_seed(notary.key.private_bytes_raw()))
    with closing(connect(place)) as connection:
        appender, items = Appender(connection, "benchmark", None, lot), Items()
        for first in range(0, count, 64):
            start = time.thread_time()
            appender.write(Batch(closes=[items.closed(r) for r in made[first : first + 64]]))
            costs.append((time.thread_time() - start) / 64 * 1e6)
        start = time.process_time()
        notary.take(connection, "benchmark", lot.close)
        taken = time.process_time() - start
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    verified = []
    for full in (False, True):
        start = time.process_time()
        assert verify(place, workers=1, full=full).ok
        verified.append(count / (time.process_time() - start))
    print(
        f"varied records: {place.stat().st_size / count:.0f} bytes each;"
        f" close in groups of 64: {statistics.median(costs):.1f} µs CPU, best twentieth"
        f" {sorted(costs)[len(costs) // 20]:.1f}; verify {verified[0]:.0f}/s CPU,"
        f" in full {verified[1]:.0f}/s; a checkpoint of all: {taken * 1e3:.0f} ms"
    )


def queries(folder: Path, count: int) -> None:
    """Fill a file and time what the review app, exports and policy ask."""
    place = folder / "many.db"
    prepare(place)
    notary, spent, start = Notary(place), 0.0, time.perf_counter()
    lot = Lot(LotKey.of_seed(notary.key.private_bytes_raw()))
    with closing(connect(place)) as connection:
        appender, items = Appender(connection, "benchmark", None, lot), Items()
        for some in batched(range(count), MOST_IN_A_BATCH):
            made = [record(n, 500) for n in some]
            begun = time.thread_time()
            appender.write(Batch(closes=[items.closed(one) for one in made]))
            if some[0] // MOST_ENTRIES != (some[-1] + 1) // MOST_ENTRIES or some[-1] + 1 == count:
                notary.take(connection, "benchmark", lot.close)
            spent += time.thread_time() - begun
    size = place.stat().st_size
    print(
        f"{count} records in {time.perf_counter() - start:.1f} s with the making of them, of these"
        f" {spent:.1f} s CPU are the writing, with checkpoints and lots ({count / spent:.0f}/s, in"
        f" groups of {MOST_IN_A_BATCH}); {size / count:.0f} bytes a record"
    )
    opened = evidence.open_evidence(place)
    store, history = opened.store, opened.history
    mark = store_marks(records(200, 5))
    timed("what is known of a value (find)", lambda: found(store, [mark]))
    late = START + timedelta(seconds=count - 1000)
    case = store.page(CaseFilter(), 0, 1)[0]
    script = case.script_path or ""
    timed("page of 50 cases", lambda: store.page(CaseFilter(), 0, 50))
    timed("page of 200 cases", lambda: store.page(CaseFilter(), 0, 200))
    timed("count of cases that hold a word", lambda: store.count(CaseFilter(text="report_7 iban")))
    timed("50 newest records of a case", lambda: store.records(case.key))
    timed("one record by its id", lambda: store.records_by_ids([case.last_record]))
    timed("the last 1000 records (since)", lambda: list(store.iter_records(late)))
    keys = frozenset(one.key for one in store.page(CaseFilter(), 0, 3))
    timed("records of three cases", lambda: list(store.iter_of_cases(keys)))
    timed("totals", store.totals)
    timed("totals since", lambda: store.totals(late))
    timed("script history", lambda: history.script(script, "ab" * 32))
    timed("volume", lambda: history.volume(script, "openai", late + timedelta(seconds=1000)))
    timed("verify by lots, one process", lambda: verify(place, workers=1))
    timed("verify by lots, as many as there are processors", lambda: verify(place))
    timed("verify in full, one process", lambda: verify(place, workers=1, full=True))
    timed("verify in full, as many as there are processors", lambda: verify(place, full=True))
    month = Wanted(since=late - timedelta(days=30))
    timed("top destinations of 30 days", lambda: ranking(store, "destination", month))
    timed("rebuild of all cases", store.rebuild_cases)
    opened.close()


def pack(folder: Path, count: int) -> None:
    """Print what a pack of varied records costs, and what its own program takes to check it."""
    place = folder / "packed.db"
    prepare(place)
    with closing(connect(place)) as connection:
        appender, items = Appender(connection, "benchmark"), Items()
        for some in batched(records(count, 5), 500):
            appender.write(Batch(closes=[items.closed(r) for r in some]))
    store, out = Store(place), folder / "pack.zip"
    start = time.process_time()
    with out.open("wb") as file:
        build(store, Selection(), file, by="benchmark", sources=Sources())
    made = time.process_time() - start
    store.close()
    start = time.process_time()
    assert program.main([str(out)], lambda _: None) == 0
    checked = time.process_time() - start
    print(
        f"pack of {count} records: {made:.1f} s CPU, {out.stat().st_size / 1e6:.1f} MB;"
        f" its verify.py {checked:.1f} s CPU"
    )


def main() -> None:
    """Print all figures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--records", type=int, default=200_000)
    count = arguments.parse_args().records
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)  # as a gate does (`app.service`)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(
            f"record of {len(Items().closed(record(1)).text)} bytes; yardstick: {yardstick():.1f}"
            " µs (34 when idle)"
        )
        for group in (1, 8, 64):
            print(
                f"  open + close in groups of {group:3}: {pairs(folder, group):6.1f} µs CPU a pair"
            )
        print(
            f"  through the writer, 16 under way: {through_the_writer(folder):6.1f} µs CPU a pair"
            " (whole process)"
        )
        if count:
            space(folder, min(count, 50_000))
            queries(folder, count)
            pack(folder, min(count, 100_000))


if __name__ == "__main__":
    main()
