"""Writing, clocks set back, erasing, expiry, legal holds, rebuilding, exports, packs and reports in
any order: the evidence stays whole by both roads, and a copy of yesterday is named.
"""

import shutil
import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from packs import checked, pack

from core.decision import Verdict
from core.happenings import Event, happening
from evidence.acts_retention import expire_acts
from evidence.database import connect
from evidence.erasure import Wanted, erase_now
from evidence.notary import Notary
from evidence.retention import expire
from evidence.store import Store
from evidence.sums_retention import expire_sums
from evidence.times import micros
from evidence.verification import verify
from evidence.writer import Writer
from examples import most
from exports.report.monthly import report
from exports.report.period import since
from exports.selection import Selection
from exports.verification import verify_export
from exports.writing import export
from tests.evidence.conftest import Told, make_observation, make_record

START = datetime(2026, 3, 1, tzinfo=UTC)
LATER = START + timedelta(days=300)
AGES = st.integers(0, 40)
"""Hours behind the start: what is written later may well have begun earlier."""
WHO = st.sampled_from(("ada", "bob", "analyst"))


class Evidence(RuleBasedStateMachine):
    """One installation."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.place = self.folder / "home" / "evidence.db"
        self.written = 0
        self.holds: list[str] = []
        self.yesterday: int | None = None

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @initialize()
    def begins(self) -> None:
        self.gate(6, 0, "ada")

    @rule(count=st.integers(1, 5), age=AGES, user=WHO)
    def gate(self, count: int, age: int, user: str) -> None:
        """A gate starts, writes, closes its lot and stops; its clock may be behind."""
        writer, told = Writer(self.place, notary=Notary(self.place)), Told()
        for number in range(count):
            self.written += 1
            at = START + timedelta(hours=age, seconds=self.written)
            verdict = Verdict.BLOCK if number == 1 else Verdict.WATCH
            made = make_record(self.written, at=at, script=f"/srv/{user}.py", verdict=verdict)
            sender = replace(made.sender, user=user)
            writer.close_record(replace(made, sender=sender), told)
        writer.observed(make_observation(100_000 + self.written), told)
        self.written += 1
        assert set(told.wait(count + 1)) == {None}
        writer.stop()

    @rule(user=WHO, part=st.booleans())
    def erases_a_person(self, user: str, part: bool) -> None:
        wanted = Wanted(users=frozenset({user})) if part else Wanted(script=f"/srv/{user}.py")
        erase_now(self.place, wanted, who="dpo", why="asked", patience_s=0)

    @rule(age=AGES)
    def erases_what_is_old(self, age: int) -> None:
        before = micros(START + timedelta(hours=age))
        erase_now(self.place, Wanted(before_us=before), who="dpo", why="asked", patience_s=0)

    @rule(age=AGES)
    def records_expire(self, age: int) -> None:
        before = micros(START + timedelta(hours=age))
        expire(self.place, before, "test", rest=lambda _: None)

    @rule(age=AGES)
    def sums_expire(self, age: int) -> None:
        expire_sums(self.place, micros(START + timedelta(hours=age)), "test")

    @rule()
    def acts_expire(self) -> None:
        expire_acts(
            self.place, micros(datetime(2100, 1, 1, tzinfo=UTC)), "test", rest=lambda _: None
        )

    @rule(user=WHO)
    def is_held(self, user: str) -> None:
        self.holds.append(f"hold-{len(self.holds)}")
        self.tell(Event.LEGAL_HOLD, {"hold": self.holds[-1], "user": user})

    @precondition(lambda self: self.holds)
    @rule()
    def is_held_no_more(self) -> None:
        self.tell(Event.HOLD_LIFTED, {"hold": self.holds.pop()})

    @rule()
    def is_rebuilt(self) -> None:
        with closing(Store(self.place, clock=lambda: LATER)) as store:
            store.rebuild_cases()

    def tell(self, event: Event, facts: dict[str, Any]) -> None:
        with closing(Store(self.place, clock=lambda: LATER)) as store:
            store.tell(happening(event, facts))

    @rule(name=st.sampled_from(("jsonl", "csv", "xlsx")))
    def is_exported(self, name: str) -> None:
        out = self.folder / "export"
        with closing(Store(self.place, clock=lambda: LATER)) as store:
            export(name, store, Selection(), out, by="dpo", overwrite=True)
        assert not verify_export(out).problems

    @rule()
    def is_packed(self) -> None:
        code, said = checked(pack(self.place, self.folder / "pack.zip"))
        assert code == 0, said

    @rule(first=AGES, hours=st.integers(1, 30))
    def is_reported(self, first: int, hours: int) -> None:
        begin = START + timedelta(hours=first)
        period = since(begin, begin + timedelta(hours=hours))
        with closing(Store(self.place, clock=lambda: LATER)) as store:
            page = report(store, period, by="dpo", now=period.until)
        told = [one for part in page.sections for one in part.sentences]
        assert not [one for one in told if "NOT TRUE" in one]

    @rule()
    def is_copied(self) -> None:
        """As a backup does: the file alone."""
        copy = self.folder / "yesterday.db"
        copy.unlink(missing_ok=True)
        with closing(connect(self.place)) as connection:
            connection.execute("VACUUM INTO ?", (str(copy),))
            self.yesterday = int(connection.value("SELECT max(seq) FROM checkpoints"))

    @precondition(lambda self: self.yesterday is not None)
    @rule()
    def yesterday_is_put_back(self) -> None:
        """It is named, as long as a checkpoint was taken since; then the file of today is back."""
        with closing(connect(self.place)) as connection:
            newest = int(connection.value("SELECT max(seq) FROM checkpoints"))
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        today = self.folder / "today.db"
        shutil.copy2(self.place, today)
        for ending in ("-wal", "-shm"):
            self.place.with_name(self.place.name + ending).unlink(missing_ok=True)
        shutil.copy2(self.folder / "yesterday.db", self.place)
        report = verify(self.place, workers=1)
        shutil.copy2(today, self.place)
        assert newest == self.yesterday or not report.ok

    @invariant()
    def is_whole_by_both_roads(self) -> None:
        if self.place.exists():
            for full in (False, True):
                found = verify(self.place, workers=1, full=full)
                assert found.ok, (full, found.problems)


TestEveryOrder = pytest.mark.timeout(900)(Evidence.TestCase)
TestEveryOrder.settings = settings(
    max_examples=most(40), stateful_step_count=12, deadline=None, print_blob=False
)
