"""The tabs of the review, read from a real store."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from evidence_file import many_cases
from invented_day import sample_holds

from app.desk_sheets import DeskSheets
from app.desk_tables import MOST
from app.home import Home
from core.attribution import Attribution, Certainty
from core.case_words import parse
from core.classification import CostBasis
from core.decision import Decision, HoldOutcome, Verdict
from core.fate import Fate
from core.findings import NOT_INSPECTED
from core.ids import uuid7
from core.record import Record
from evidence import open_evidence
from evidence.people_lately import PeopleLately
from evidence.store import Store
from tests.evidence.conftest import START, make_observation, make_record, with_fate
from tui.case_names import understood
from tui.sheet import TABS
from tui.sheet_view import sheet_lines

NOW = datetime(2026, 3, 9, tzinfo=UTC)


@pytest.fixture
def sheets(tmp_path: Path) -> Iterator[DeskSheets]:
    """Sheets of a store with six scripts."""
    many_cases(tmp_path / "evidence.db")
    store = Store(tmp_path / "evidence.db", clock=lambda: NOW)
    yield DeskSheets(store=store, home=Home(tmp_path), watching=lambda: False)
    store.close()


@pytest.mark.parametrize("name", [name for name in TABS if name != "review"])
def test_every_tab_can_be_read(sheets: DeskSheets, name: str) -> None:
    """Each has facts or a table; what its rows lead to is understood."""
    sheet = sheets.read(name, NOW)
    assert sheet.facts or sheet.tables
    for table in sheet.tables:
        for line in table.lines:
            assert len(line.cells) == len(table.columns)
            assert not line.filter or parse(line.filter, NOW, UTC).problem is None


@pytest.mark.parametrize("name", [name for name in TABS if name != "review"])
def test_every_tab_can_be_read_of_an_empty_store(tmp_path: Path, name: str) -> None:
    """On the first day there is nothing to show, and nothing fails."""
    store = Store(tmp_path / "evidence.db", clock=lambda: NOW)
    sheets = DeskSheets(store=store, home=Home(tmp_path), watching=lambda: True)
    assert not [line for line in sheets.read(name, NOW).lines if line.filter]
    store.close()


def test_the_numbers_are_those_of_the_records(sheets: DeskSheets) -> None:
    """Scripts, their cases, the model and the person who runs them."""
    scripts = {line.cells[0]: line.cells[1] for line in sheets.read("scripts", NOW).lines}
    assert scripts["/srv/tickets.py"] == "150" and len(scripts) == 6
    (user,) = sheets.read("users", NOW).lines
    assert user.cells[0] == "analyst" and user.cells[2] == "6"
    facts = {row.label: row.text for row in sheets.read("overview", NOW).facts}
    assert facts["To look at"].startswith("5 cases")


def test_nobody_waits_for_the_models_to_see_the_month(sheets: DeskSheets) -> None:
    """What stands within cases is counted behind the rankings: no row above it moves then."""
    first = sheets.read("llm", NOW)
    assert first.more is not None and (first.tables[-1].empty, first.tables[-1].lines) == (
        "Counting…",
        (),
    )
    assert sheet_lines(first, 80).lines
    whole = first.more()
    assert whole.more is None and whole.lines[: len(first.lines)] == first.lines
    assert [line.cells[0] for line in whole.tables[-1].lines] == ["gpt-4o"]


def test_the_tabs_count_what_the_report_counts(tmp_path: Path) -> None:
    """What was only seen is no request; what failed was not stopped; a hold that ended is not
    called held.
    """
    writing = open_evidence(tmp_path / "evidence.db")
    held = make_record(1, verdict=Verdict.HOLD)
    ended = (HoldOutcome.APPROVED, HoldOutcome.TIMED_OUT)
    holds = [replace(held, id=uuid7(), decision=replace(held.decision, hold_outcome=one))
             for one in ended]  # fmt: skip
    for record in (*holds, *(with_fate(make_record(n), fate) for n, fate in enumerate(Fate, 2))):
        writing.writer.close_record(record, lambda _: None)
    for n in range(5):
        writing.writer.observed(make_observation(n), lambda _: None)
    writing.close()
    store, now = Store(tmp_path / "evidence.db", clock=lambda: NOW), START.replace(hour=23)
    sheets = DeskSheets(store=store, home=Home(tmp_path), watching=lambda: True)
    assert {row.label: row.text for row in sheets.read("health", now).facts}["Today"] == (
        "7 requests"
    )
    facts = {row.label: row.text for row in sheets.read("overview", now).facts}
    assert facts["Requests"].endswith("at most 7 a day")
    assert facts["Stopped"].endswith("at most 2 a day")
    outcomes = {line.cells[0]: line.cells[1:3] for line in sheets.read("overview", now).lines}
    assert outcomes["held at first"] == ("2", "1") and "held" not in outcomes
    (user,) = sheets.read("users", now).lines
    assert user.cells[4] == "7"
    store.close()


def people_of(sheets: DeskSheets, now: datetime) -> list[str]:
    """Return what the overview says of people, as it reads on."""
    sheet, told = sheets.read("overview", now), list[str]()
    while True:
        told += [row.text for row in sheet.facts if row.label == "People"]
        if sheet.more is None:
            return told
        sheet = sheet.more()


def test_the_people_of_the_week_are_those_of_its_requests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Different ones over all cases, in what was allowed too; what earlier requests of the same
    cases held counts nothing; it is never told as none while it is still being read.
    """
    monkeypatch.setattr("app.desk_sheets.PeopleLately", partial(PeopleLately, step=2))
    writing = open_evidence(tmp_path / "evidence.db")

    def write(number: int, people: range, **changes: object) -> None:
        made = make_record(number, **changes)
        (found,) = made.findings
        marks = tuple(f"{n:016x}" for n in people)
        found = replace(found, distinct=len(people), fingerprints=marks)
        writing.writer.close_record(replace(made, findings=(found,)), lambda _: None)

    write(-30 * 86_400, range(500, 515))
    write(1, range(6))
    write(2, range(4, 10), script="/srv/other.py", verdict=Verdict.ALLOW)
    write(3, range(2), host="other.example", service=None)
    writing.close()
    store = Store(tmp_path / "evidence.db", clock=lambda: NOW)
    sheets = DeskSheets(store=store, home=Home(tmp_path), watching=lambda: True)
    told = people_of(sheets, START + timedelta(days=2))
    assert told[-1] == "10 in the requests of 7 days" and "still counting" in told[0]
    assert people_of(sheets, START + timedelta(days=20))[-1] == (
        "none found in the requests of 7 days"
    )
    store.close()


def test_what_nobody_knows_is_not_told_as_none(tmp_path: Path) -> None:
    """What went past the gate left, with nobody knows what; of what was not read in full there may
    be more values; of what was stopped, all is known.
    """
    writing = open_evidence(tmp_path / "evidence.db")
    made = make_record(1, script="/srv/unread.py", host="unread.example", service=None)
    (found,) = made.findings
    unread = replace(found, kind=NOT_INSPECTED, count=0, distinct=0)
    past = make_record(2, script="/srv/past.py", host="past.example", service=None)
    block = make_record(3, script="/srv/stopped.py", host="stopped.example", service=None,
                        verdict=Verdict.BLOCK)  # fmt: skip
    for one in (replace(made, findings=(unread,)), with_fate(past, Fate.PAST), block):
        writing.writer.close_record(one, lambda _: None)
    writing.close()
    store = Store(tmp_path / "evidence.db", clock=lambda: NOW)
    sheets = DeskSheets(store=store, home=Home(tmp_path), watching=lambda: True)
    for tab, before in (("scripts", "/srv/{}.py"), ("destinations", "{}.example")):
        told = {line.cells[0]: line.cells[1:5] for line in sheets.read(tab, START).lines}
        assert told[before.format("past")] == ("1", "1", "1.0 kB+", "2+"), told
        assert told[before.format("unread")][1:] == ("1", "1.0 kB", "0+"), told
        assert told[before.format("stopped")] == ("1", "0", "0 bytes", "2"), told
    store.close()


def test_a_cost_is_the_least_that_it_was(tmp_path: Path) -> None:
    """Of a call whose price nobody knows nothing is in the sums: never 0.00 alone beside tokens."""
    writing = open_evidence(tmp_path / "evidence.db")
    made = make_record(1, script="/srv/priced.py")
    asked = make_record(2, script="/srv/unpriced.py", host="own.example", service=None)
    assert asked.llm is not None
    call = replace(asked.llm, cost_usd=None, cost_basis=CostBasis.UNKNOWN)
    for one in (made, replace(asked, llm=call)):
        writing.writer.close_record(one, lambda _: None)
    writing.close()
    store = Store(tmp_path / "evidence.db", clock=lambda: NOW)
    sheets = DeskSheets(store=store, home=Home(tmp_path), watching=lambda: True)
    for tab, label in (("overview", "LLM cost"), ("llm", "This month")):
        sheet = sheets.read(tab, START)
        (told,) = [row.text for row in sheet.facts if row.label == label]
        assert "at least 0.00025 US dollars, 60 tokens" in told
        costs = {line.cells[0]: line.cells[-1] for line in sheet.tables[0].lines}
        assert costs == {"/srv/priced.py": "0.00025", "/srv/unpriced.py": "0.00+"}
    store.close()


def test_rules_that_never_hold_are_named(sheets: DeskSheets) -> None:
    """A rule of the policy that stands in no case, and a rule in cases that the policy lost."""
    rules, gone, accounts = sheets.read("rules", NOW).tables
    assert {line.cells[4] for line in rules.lines} == {"never"}
    assert [line.cells[0] for line in gone.lines] == ["personal-data-to-llm"]
    assert accounts.lines == ()


@pytest.mark.parametrize(("later", "told"), [(0, "1 held now"), (12 * 3600, "never")])
def test_a_rule_that_holds_a_request_now_is_not_one_that_never_held(
    tmp_path: Path, later: int, told: str
) -> None:
    """It stands in no case yet; a hold whose gate must be gone is none, here as in the queue."""
    (tmp_path / "outgate.yaml").write_text(
        "version: 1\nrules:\n"
        "- {id: hold-payroll, when: {findings: {kinds: [iban]}}, then: hold}\n"
        "- {id: stop-keys, when: {findings: {kinds: credentials}}, then: block}\n"
    )
    writing, durable = open_evidence(tmp_path / "evidence.db"), threading.Event()
    payroll = sample_holds(NOW)[0]
    assert payroll.decision.rule == "hold-payroll"
    writing.writer.open(payroll, lambda _: durable.set())
    assert durable.wait(30)
    store, now = Store(tmp_path / "evidence.db", clock=lambda: NOW), NOW + timedelta(seconds=later)
    sheets = DeskSheets(store=store, home=Home(tmp_path), watching=lambda: True)
    rules = sheets.read("rules", now)
    assert [(line.name, line.cells[4]) for line in rules.tables[0].lines] == [
        ("hold-payroll", told),
        ("stop-keys", "never"),
    ]
    never = {row.label: row.text for row in rules.facts}["Never hit"]
    assert never == ("2 rules" if later else "1 rule")
    held = {row.label: row.text for row in sheets.read("overview", now).facts}["Held now"]
    assert held == ("0" if later else "1")
    store.close()
    writing.close()


def test_a_person_is_not_told_the_requests_of_others(tmp_path: Path) -> None:
    """Two people run one script: each has the own requests, as each rule and each model has; what
    nobody could name is called so, and is found by what it is called.
    """
    writing = open_evidence(tmp_path / "evidence.db")
    for n, user in enumerate(("ada", "bo", "bo", "bo")):
        made = make_record(n)
        decision = replace(made.decision, rule=f"rule-{user}")
        sender = replace(made.sender, user=user)
        writing.writer.close_record(replace(made, sender=sender, decision=decision), lambda _: None)
    nobody = Attribution(certainty=Certainty.UNKNOWN, method="none")
    writing.writer.close_record(replace(make_record(9), sender=nobody), lambda _: None)
    writing.close()
    store, now = Store(tmp_path / "evidence.db", clock=lambda: NOW), START.replace(hour=23)
    sheets = DeskSheets(store=store, home=Home(tmp_path), watching=lambda: False)
    users = {line.cells[0]: line.cells[4] for line in sheets.read("users", now).lines}
    assert users == {"ada": "1", "bo": "3"}
    gone = sheets.read("rules", now).tables[1].lines
    told = {line.cells[0]: line.cells[4] for line in gone}
    assert (told["rule-ada"], told["rule-bo"]) == ("1", "3")
    named = [line for line in sheets.read("scripts", now).lines if "unknown" in line.cells[0]]
    assert [line.cells[0] for line in named] == ["unknown sender"]
    found = understood(store, named[0].filter, now, UTC)
    assert store.count(found.wanted) == 1
    store.close()


def scripted(name: str) -> Record:
    """Return a request of the script at this path."""
    made = make_record()
    assert made.sender.script is not None
    script = replace(made.sender.script, name=name.rsplit("/", 1)[-1], path=name)
    return replace(made, id=uuid7(made.at), sender=replace(made.sender, script=script))


def write(tmp_path: Path, records: Sequence[Record]) -> DeskSheets:
    """Return the sheets of a store of these."""
    evidence = open_evidence(tmp_path / "evidence.db")
    for one in records:
        evidence.writer.close_record(one, lambda _: None)
    evidence.close()
    store = Store(tmp_path / "evidence.db", clock=lambda: NOW)
    return DeskSheets(store=store, home=Home(tmp_path), watching=lambda: False)


def test_a_table_that_is_cut_says_so(tmp_path: Path) -> None:
    """Who looks for a script that is not there sees that there are more."""
    day = NOW - timedelta(days=1)
    many = [replace(scripted(f"/srv/job_{n}.py"), at=day) for n in range(MOST + 3)]
    sheets = write(tmp_path, many)
    [table] = sheets.read("scripts", NOW).tables
    assert table.title == f"Scripts, 30 days: the first {MOST} of {MOST + 3}"
    assert len(table.lines) == MOST
    [few] = sheets.read("users", NOW).tables
    assert few.title == "People who run scripts"
    sheets.store.close()


def test_a_script_s_row_leads_to_its_own_cases(tmp_path: Path) -> None:
    """And not to those of scripts whose names end alike."""
    day, left = NOW - timedelta(days=1), Decision(verdict=Verdict.WATCH)
    names = ("/srv/a.py", "/srv/data.py", "/opt/a.py")
    sheets = write(tmp_path, [replace(scripted(n), at=day, decision=left) for n in names])
    for line in sheets.read("scripts", NOW).lines:
        wanted = understood(sheets.store, line.filter, NOW, UTC).wanted
        found = [case.script_path for case in sheets.store.page(wanted, 0, 10)]
        assert found == [line.cells[0]]
    sheets.store.close()


def test_a_month_in_which_nothing_was_is_told_as_none(tmp_path: Path) -> None:
    """“At most 0 a day” is what a machine says."""
    open_evidence(tmp_path / "evidence.db").close()
    store = Store(tmp_path / "evidence.db", clock=lambda: NOW)
    sheets = DeskSheets(store=store, home=Home(tmp_path), watching=lambda: True)
    facts = {row.label: row.text for row in sheets.read("overview", NOW).facts}
    for label in ("Requests", "Stopped", "Values", "Tokens"):
        assert facts[label].endswith("  30 days, none")
