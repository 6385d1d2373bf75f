"""Measures the review: over a store of many records, what a reviewer waits for.

Run: python -m benchmarks.review [--records 1000000] [--cases 7000] [--keep FOLDER]
       [--flood-s 60]

The app runs in a pseudo-terminal of 140 × 45 cells, as a person would run it; a key's time is that
from writing it to the last byte of what it makes the screen say.
"""

import argparse
import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.evidence import record
from core.classification import Account, AccountKind
from core.record import Record
from core.review import CaseFilter, Order
from evidence.batch import Appender, Batch, Items
from evidence.database import connect
from evidence.schema import prepare
from evidence.store import Store

_GROUP = 2000
_QUIET_S = 0.25
_TABS = {
    2: b"by outcome",
    3: b"Scripts, 30 days",
    4: b"Destinations, 30 days",
    5: b"By script, this month",
    6: b"People who run scripts",
    7: b"Rules, in the order",
    8: b"Checkpoints",
    9: b"Not checked",
    1: b"Risk",
}
"""What only the whole tab says: before it is read, something else is on the screen."""
_ACCOUNTS = tuple(AccountKind)


def made(place: Path, records: int, cases: int) -> None:
    """Write a store of so many records in so many cases, the last of them today."""
    prepare(place)
    now, items = datetime.now(UTC), Items()
    step = timedelta(days=180) / records
    start = time.perf_counter()
    with closing(connect(place)) as connection:
        appender = Appender(connection, "benchmark")
        for first in range(0, records, _GROUP):
            some = range(first, min(first + _GROUP, records))
            batch = [_one(n, cases, now - (records - n) * step) for n in some]
            appender.write(Batch(closes=[items.closed(one) for one in batch]))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    rate = records / (time.perf_counter() - start)
    size = place.stat().st_size / records
    print(f"written at {rate:,.0f} records/s in groups of {_GROUP}, {size:,.0f} B each")


def _one(number: int, cases: int, at: datetime) -> Record:
    one = record(number * 2654435761 % cases, scripts=cases // 3)
    place = replace(one.destination, account=Account(kind=_ACCOUNTS[number % len(_ACCOUNTS)]))
    found = tuple(
        replace(f, fingerprints=(f"{number % 99_991:016x}",), count=1, distinct=1)
        for f in one.findings
    )
    return replace(one, id=f"{number:036d}", at=at, destination=place, findings=found)


def timed(what: str, call: Callable[[], object], rounds: int = 5) -> None:
    """Print the median time of a call."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000)
    print(f"{what}: {statistics.median(times):,.1f} ms")


def asked(place: Path) -> None:
    """Time what the screen asks the store for."""
    store = Store(place)
    print(f"cases: {store.count(CaseFilter(status=None)):,}")
    timed("count of open cases", lambda: store.count(CaseFilter()))
    for order in Order:
        timed(f"first page by {order}", partial(store.page, _by(order), 0, 100))
    timed("last page by risk", lambda: store.page(CaseFilter(), 6_500, 100))
    timed("filter word", lambda: store.count(CaseFilter(text="report_7 iban")))
    timed("totals", lambda: store.totals(datetime.now(UTC) - timedelta(hours=12)))
    case = store.page(CaseFilter(), 0, 1)[0]
    timed("record of a case", lambda: store.records(case.key, 1))
    store.close()


def _by(order: Order) -> CaseFilter:
    return CaseFilter(order=order)


class Terminal:
    """The review in a pseudo-terminal."""

    def __init__(self, home: Path) -> None:
        self._rest = b""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 45, 140, 0, 0))
        env = {**os.environ, "OUTGATE_HOME": str(home), "TERM": "xterm-256color"}
        self.begun = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "review"],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=env,
            cwd=Path(__file__).parents[1],
            start_new_session=True,
        )
        os.close(slave)

    def until(self, words: bytes, timeout_s: float = 60) -> float:
        """Return the seconds since the start at which the words were there."""
        seen = self._rest
        while time.perf_counter() - self.begun < timeout_s:
            ready, _, _ = select.select([self._master], [], [], 0.05)
            if ready:
                seen += os.read(self._master, 65536)
            if words in seen:
                self._rest = seen.partition(words)[2]
                return time.perf_counter() - self.begun
        raise TimeoutError

    def settle(self) -> float:
        """Read until nothing comes any more; return when the last came."""
        last = time.perf_counter()
        while True:
            ready, _, _ = select.select([self._master], [], [], _QUIET_S)
            if not ready:
                return last
            os.read(self._master, 65536)
            last = time.perf_counter()

    def first(self, keys: bytes) -> float:
        """Return the milliseconds from a key to the first bytes that it makes."""
        self.settle()
        start = time.perf_counter()
        os.write(self._master, keys)
        select.select([self._master], [], [], 5)
        first = (time.perf_counter() - start) * 1000
        self.settle()
        return first

    def whole(self, keys: bytes) -> float:
        """Return the milliseconds from keys to the last bytes that they make."""
        self.settle()
        start = time.perf_counter()
        os.write(self._master, keys)
        select.select([self._master], [], [], 5)
        return (self.settle() - start) * 1000

    def says(self, keys: bytes, words: bytes) -> float:
        """Return the milliseconds from keys until they have made it say these words."""
        self.settle()
        self._rest = b""
        start = time.perf_counter()
        os.write(self._master, keys)
        return (self.begun + self.until(words, start - self.begun + 60) - start) * 1000

    def soon(self, keys: bytes) -> float:
        """Return the milliseconds from a key to the first bytes after it, while others come."""
        while select.select([self._master], [], [], 0)[0]:
            os.read(self._master, 65536)
        start = time.perf_counter()
        os.write(self._master, keys)
        select.select([self._master], [], [], 5)
        return (time.perf_counter() - start) * 1000

    def sentence(self) -> str:
        """Return which case is under the cursor, as the whole screen tells it after Enter."""
        self.settle()
        os.write(self._master, b"\r")
        drawn = b""
        while select.select([self._master], [], [], 0.6)[0]:
            drawn += os.read(self._master, 65536)
        os.write(self._master, b"\x1b")
        self.settle()
        return drawn.partition(b", run by")[0][-40:].decode("utf-8", "replace")

    def cpu_s(self) -> float:
        """Return the seconds of a processor that its threads have used."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    def memory_mb(self) -> float:
        """Return its resident memory."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1000
        return 0.0

    def close(self) -> None:
        """End it."""
        os.write(self._master, b"q")
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


class Waits:
    """What a person waits for, told by the wall's clock and by the processor's: the former grows
    with whatever else the machine does.
    """

    def __init__(self, terminal: Terminal, what: str) -> None:
        self._terminal, self._what = terminal, what
        self._wall, self._cpu = list[float](), list[float]()

    def add(self, wait: Callable[[], float]) -> None:
        """Take the time of one wait, in ms, and what of a processor went into it."""
        spent = self._terminal.cpu_s()
        self._wall.append(wait())
        self._cpu.append((self._terminal.cpu_s() - spent) * 1000)

    def tell(self) -> None:
        """Print it."""
        wall, cpu = statistics.median(self._wall), statistics.median(self._cpu)
        print(f"{self._what}: {wall:.0f} ms median, {max(self._wall):.0f} most; CPU {cpu:.0f} ms")


def shown(home: Path) -> None:
    """Drive the app by keys."""
    terminal = Terminal(home)
    loaded = terminal.until(b"\x1b[?1049h")
    first = terminal.until(b"need")
    print(f"first screen: {first - loaded:.2f} s, and {loaded:.2f} s of imports before")
    terminal.settle()
    downs = Waits(terminal, "key to repaint")
    for _ in range(30):
        downs.add(partial(terminal.first, b"\x1b[B"))
    downs.tell()
    _filtered(terminal)
    for number, words in _TABS.items():
        tab = Waits(terminal, f"tab {number}")
        for _ in range(3):
            tab.add(partial(terminal.says, str(number).encode(), words))
            terminal.says(b"1" if number > 1 else b"2", _TABS[1 if number > 1 else 2])
        tab.tell()
    print(f"memory: {terminal.memory_mb():.0f} MB")
    terminal.close()


def flooded(home: Path, seconds: int, cases: int) -> None:
    """Drive it while fifty records a second arrive for so long: keys are answered, and the case
    under the cursor stays what it was.
    """
    terminal = Terminal(home)
    terminal.until(b"need")
    terminal.settle()
    terminal.whole(b"\x1b[B" * 10)
    before, spent = terminal.sentence(), terminal.cpu_s()
    if "." not in before:
        raise RuntimeError(f"no case is under the cursor: {before!r}")
    keys = list[float]()
    with closing(connect(home / "evidence.db")) as connection:
        appender, items = Appender(connection, "flood"), Items()
        begun = time.perf_counter()
        for second in range(seconds):
            now = datetime.now(UTC)
            some = range(second * 50, second * 50 + 50)
            batch = [replace(_one(n, cases, now), id=f"flood{n:031d}") for n in some]
            appender.write(Batch(closes=[items.closed(one) for one in batch]))
            keys += [terminal.soon(key) for key in (b"\x1b[B", b"\x1b[A")]
            time.sleep(max(0.0, begun + second + 1 - time.perf_counter()))
    share = (terminal.cpu_s() - spent) / seconds
    print(
        f"50 records/s for {seconds} s: key {statistics.median(keys):.0f} ms median, "
        f"{max(keys):.0f} ms most; {share:.0%} of a processor; "
        f"the case under the cursor {'stayed' if terminal.sentence() == before else 'CHANGED'}"
    )
    terminal.close()


def _filtered(terminal: Terminal, rounds: int = 5) -> None:
    """Write a filter as a person does, letter by letter, each seen before the next. Of Esc, a tenth
    of a second is the terminal's: it waits whether Esc begins a longer key.
    """
    opened, letters = Waits(terminal, "filter line opens"), Waits(terminal, "a letter of it")
    entered, left = Waits(terminal, "filter, Enter to the list"), Waits(terminal, "back to all")
    for _ in range(rounds):
        opened.add(partial(terminal.whole, b"/"))
        for letter in b"risk:high":
            letters.add(partial(terminal.whole, bytes([letter])))
        entered.add(partial(terminal.says, b"\r", b"risk:high"))
        left.add(partial(terminal.says, b"\x1b", b"need"))
    for waits in (opened, letters, entered, left):
        waits.tell()


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--cases", type=int, default=7_000)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--flood-s", type=int, default=60, help="0: without the flood.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = options.keep or Path(folder)
        place = home / "evidence.db"
        if not place.exists():
            made(place, options.records, options.cases)
        asked(place)
        shown(home)
        if options.flood_s:
            flooded(home, options.flood_s, options.cases)


if __name__ == "__main__":
    main()
