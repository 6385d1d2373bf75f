"""Reports: what they answer, in every form, and what never stands in them."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pypdfium2
import pytest
from reportlab.pdfbase.pdfmetrics import stringWidth

from core.case_keys import case_id, case_key
from core.classification import Account, AccountKind, Category
from core.decision import HoldOutcome, Verdict
from core.errors import InputError
from core.fate import Fate
from core.findings import not_inspected
from core.happenings import Event, happening
from core.observation import Kind
from core.record import Record
from core.review import Action, CaseFilter, Disposition, ReviewEvent, ScriptVersion, script_event
from evidence.store import Store
from exports.pack import verify as program
from exports.report.breach import breach
from exports.report.cases import case_named
from exports.report.forms import FORMS, drawn
from exports.report.html import html
from exports.report.monthly import Only, report
from exports.report.page import Bar, Chart, Page, Section, Table
from exports.report.pdf import _widths, pdf
from exports.report.period import Period, month, since
from tests.evidence.conftest import make_observation, with_fate

Make = Callable[..., Record]
NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
MARCH = month("2026-03", NOW)
HOSTILE = "<script>alert(1)</script>\u202e&amp;\"'"


@pytest.fixture
def store(write: Callable[..., None], place: Path, make_record: Make) -> Store:
    """March: two scripts with personal data, one without, one that nobody named; February: one."""
    to = make_record().destination
    drive = replace(
        to,
        host="drive.google.com",
        service="google-drive",
        category=Category.CLOUD_STORAGE,
        account=Account(kind=AccountKind.PERSONAL, id="{name}@gmail.com"),
    )
    finding = replace(make_record().findings[0], subjects=40, records=40)
    past = make_record(90, script="/srv/past.py", findings=())
    write(
        make_record(at=datetime(2026, 2, 10, 12, tzinfo=UTC)),
        make_record(0, findings=(finding,)),
        make_record(1, findings=(finding,)),
        make_record(2, script="/srv/drive.py", destination=drive, verdict=Verdict.BLOCK),
        make_record(3, script="/srv/plain.py", findings=(), llm=None),
        make_record(4, script="/srv/plain.py", findings=(not_inspected("sealed", "decoder"),)),
        make_record(5, script=f"/srv/{HOSTILE}.py", degraded=("classifier: late",)),
        replace(
            past,
            request=replace(past.request, method="CONNECT"),
            decision=replace(past.decision, degraded=("bypass: the process connected by itself",)),
        ),
    )
    opened = Store(place, clock=lambda: NOW)
    version = ScriptVersion(
        script="/home/analyst/upload.py", sha256="ab" * 32, first_at=NOW, last_at=NOW
    )
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    cases = opened.page(CaseFilter(status=None), 0, 99)
    hostile = next(case.key for case in cases if "alert" in case.key)
    opened.append(
        [
            script_event(version, approve=True, who="ada", at=at, note="with finance"),
            ReviewEvent(
                id="close",
                at=at,
                case_key=hostile,
                action=Action.CLOSE,
                who="ada",
                disposition=Disposition.CONFIRMED_LEAK,
                note=HOSTILE,
            ),
        ]
    )
    return opened


def of(store: Store, period: Period = MARCH) -> Page:
    return report(store, period, by="auditor", now=NOW)


def section(page: Page, title: str) -> str:
    """Return the words of one section."""
    found = next(one for one in page.sections if title in one.title)
    rows = () if found.table is None else found.table.rows
    return "\n".join([*found.sentences, *(" | ".join(row) for row in rows)])


def test_the_first_line_answers_the_board(store: Store) -> None:
    """How many Python scripts process customer data here, and who approved them?"""
    first = drawn(of(store), "text").decode().replace("\n", " ")
    assert first.startswith(
        "3 Python scripts process customer data here, as far as the gate saw: "
        "1 approved by ada (1); 2 not approved."
    )


def test_the_first_line_of_a_part_is_not_that_of_the_whole(store: Store) -> None:
    """A filter that chooses little must not read as if little had been sent."""
    for keys in (
        frozenset[str](),
        frozenset({case.key for case in store.page(CaseFilter(), 0, 1)}),
    ):
        told = report(store, MARCH, by="a", now=NOW, only=Only(keys, "open to:x")).answer
        assert told.startswith("Of what was chosen only (open to:x): "), told
    assert "chosen" not in of(store).answer


def test_an_approval_taken_back_or_given_later_does_not_count(store: Store) -> None:
    """Who had approved by the end of the time."""
    february = Period(since=MARCH.before.since, until=MARCH.since, called="February")
    assert of(store, february).answer.endswith(
        "1 Python script processes customer data here, as far as the gate saw: it is not approved."
    )
    version = ScriptVersion(
        script="/home/analyst/upload.py", sha256="ab" * 32, first_at=NOW, last_at=NOW
    )
    store.append([script_event(version, approve=False, who="ada", at=NOW, note="")])
    assert "none of them approved" in of(store).answer


@pytest.mark.parametrize(("verdict", "unknown"), [(Verdict.BLOCK, 0), (Verdict.ALLOW, 1)])
def test_what_a_call_cost_that_did_not_leave_is_not_unknown(
    verdict: Verdict, unknown: int, write: Callable[..., None], place: Path, make_record: Make
) -> None:
    """No model read it: only a call that left can have cost nobody knows what."""
    first, call = make_record(0), make_record(1, verdict=verdict)
    assert call.llm is not None
    nobody_counted = replace(call.llm, input_tokens=None, output_tokens=None, cost_usd=None)
    write(first, replace(call, llm=nobody_counted))
    words = section(of(Store(place)), "Language models")
    assert " | 2 | 10 | 20 | " in words
    assert ("1 not known" in words) is (unknown == 1)
    assert ("Of 1 call the tokens are not known." in words) is (unknown == 1)


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("by people affected", "/home/analyst/upload.py | analyst | 40 | 80"),
        ("by people affected", "not approved"),
        ("Destinations", "a personal Google Drive"),
        ("Language models", "openai | gpt-4o | /home/analyst/upload.py | 2 | 20 | 40 | 0.00"),
        ("Personal accounts", "/srv/drive.py | a personal Google Drive | blocked | 1"),
        ("New scripts", "destination | google-drive"),
        ("Outside working hours", "/home/analyst/upload.py | 2 | 2"),
        ("Approvals", "2026-03-02T09:00 | ada | approved this version"),
        ("Approvals", "with finance"),
        ("not be inspected", "not read | sealed | 1"),
        ("not be inspected", "check that failed | classifier | 1"),
        ("What went past", "/srv/past.py to api.openai.com | 1"),
        ("In figures", "Requests | 7 | 1 | +600 %"),
        ("In figures", "Requests not wholly inspected | 2 | 0"),
        ("Cases", "/home/analyst/upload.py · openai"),
    ],
)
def test_each_question_has_its_answer(store: Store, title: str, words: str) -> None:
    """What a privacy officer asks of a month."""
    assert words in section(of(store), title)


def test_that_nothing_was_outside_working_hours_is_said(store: Store) -> None:
    """An empty section does not tell whether anybody looked."""
    none = "No request that is told here was made outside of them."
    later = Period(since=MARCH.until, until=MARCH.until + timedelta(days=1), called="later")
    assert none in section(of(store, later), "Outside working hours")
    assert none not in section(of(store), "Outside working hours")


def test_a_script_known_before_is_not_new(store: Store) -> None:
    """New is what was never seen before the time."""
    new = section(of(store), "New scripts")
    assert "/srv/drive.py" in new
    assert "/home/analyst/upload.py" not in new


SEEN_ONLY: dict[str, dict[str, Any]] = {
    "other": {"kind": Kind.LISTENER, "about": "port 18999, reachable from this machine"},
    "database": {"kind": Kind.CONNECTION},
    "run": {"kind": Kind.RUN, "about": "a run", "notable": False},
}


@pytest.mark.parametrize("seen", SEEN_ONLY)
def test_what_was_only_seen_is_no_new_sender_or_destination(
    write: Callable[..., None], place: Path, make_record: Make, seen: str
) -> None:
    """What is new is among what the figures count: a program that listens sent nothing."""
    sender = make_record(script="/srv/listens.py").sender
    write(make_observation(1, sender=sender, **SEEN_ONLY[seen]))
    write(make_record(2), make_record(3, script="/srv/two.py", host="b.example", service=None))
    page = of(Store(place))
    new = section(page, "New scripts")
    assert "2 scripts and 2 destinations were seen for the first time." in new
    assert "listens.py" not in new and "port" not in new and "db.example" not in new
    assert "Scripts and programs | 2 |" in section(page, "In figures")


def test_a_destination_is_one_by_whichever_account(
    write: Callable[..., None], place: Path, make_record: Make
) -> None:
    """The figure and the list of new ones count the same things."""
    to = make_record().destination
    own = replace(to, account=Account(kind=AccountKind.CORPORATE, id="{name}@corp.example"))
    write(make_record(1), make_record(2, destination=own))
    page = of(Store(place))
    assert "Destinations | 1 |" in section(page, "In figures")
    assert "1 destination were seen" in section(page, "New scripts").replace(
        "was seen", "were seen"
    )


ENDINGS = {
    "released": {"verdict": Verdict.HOLD, "hold_outcome": HoldOutcome.APPROVED},
    "refused": {"verdict": Verdict.HOLD, "hold_outcome": HoldOutcome.REFUSED},
    "expired": {"verdict": Verdict.HOLD, "hold_outcome": HoldOutcome.TIMED_OUT},
}


@pytest.mark.parametrize(("word", "stopped"), [("released", 0), ("refused", 1), ("expired", 1)])
def test_a_hold_that_ended_goes_by_how_it_ended(
    write: Callable[..., None], place: Path, make_record: Make, word: str, stopped: int
) -> None:
    """Nothing that was released or refused is called held afterwards."""
    record = make_record(1)
    held = replace(record.decision, hold_key="aa", **ENDINGS[word])  # type: ignore[arg-type]
    to = replace(record.destination, account=Account(kind=AccountKind.PERSONAL, id="x"))
    write(replace(record, decision=held, destination=to))
    page = of(Store(place))
    assert f"What became of them: 1 {word}." in section(page, "In figures")
    assert f"| {word} | 1" in section(page, "Personal accounts")
    assert f"| {stopped} | not approved" in section(page, "by people affected")


@pytest.mark.parametrize("fate", Fate)
def test_only_what_was_stopped_counts_as_stopped(
    write: Callable[..., None], place: Path, make_record: Make, fate: Fate
) -> None:
    """What its destination refused, its client ended or went past the gate, nobody stopped."""
    write(with_fate(make_record(1), fate))
    page = of(Store(place))
    stopped = int(fate is Fate.FOREIGN)
    assert f"| {stopped} | not approved" in section(page, "by people affected")
    (bar,) = page.sections[0].chart.bars if page.sections[0].chart else ()
    assert bar.part == stopped


def test_times_without_a_gate_are_told(store: Store) -> None:
    """What could not be recorded is part of the report."""
    told = happening(Event.EVIDENCE_GAP, {"lost": 3})
    store.tell(replace(told, at=NOW))
    assert "could not be written" in section(of(store), "What went past")


def test_nothing_at_all_is_a_report(place: Path) -> None:
    """An empty month says so, in every form."""
    store = Store(place)
    for form in FORMS:
        assert drawn(of(store), form)
    assert "no request of a Python script held personal data" in of(store).answer


@pytest.mark.parametrize("form", sorted(FORMS))
def test_the_same_report_gives_the_same_bytes(
    store: Store, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two people who make it hold the same file, whatever their settings."""
    first = drawn(of(store), form)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert drawn(of(store), form) == first


def test_hostile_names_are_text_in_html(store: Store) -> None:
    """A script cannot put anything into the report but its name."""
    told = drawn(of(store), "html").decode()
    assert "<script" not in told.lower()
    assert "&lt;script&gt;" in told
    assert "\u202e" not in told
    assert not re.search(r"(src|href)=|url\(|https?:(?!//www\.w3\.org/2000/svg)", told)
    assert "default-src 'none'" in told
    assert told.count("<svg") >= 3


def test_the_pdf_is_one_and_says_the_same(store: Store) -> None:
    """The first line stands on the first page, and the hostile name did not break it."""
    document = pypdfium2.PdfDocument(drawn(of(store), "pdf"))
    text = " ".join(document[0].get_textpage().get_text_range().split())
    assert "3 Python scripts process customer data here" in text
    everything = "".join(page.get_textpage().get_text_range() for page in document)
    assert "alert(1)" in everything


@pytest.mark.parametrize("form", sorted(FORMS))
def test_no_excerpt_and_no_mark_stands_in_a_report(store: Store, form: str) -> None:
    """A report needs numbers, not values."""
    data = drawn(of(store), form)
    if form == "pdf":
        document = pypdfium2.PdfDocument(data)
        data = "".join(page.get_textpage().get_text_range() for page in document).encode()
    assert b"0123456789abcdef" not in data
    assert "an••••om".encode() not in data


@pytest.mark.parametrize(
    ("text", "days"), [("2026-10", 31), ("2026-02", 28), ("2026-12", 31), ("2024-02", 29)]
)
def test_a_month_is_a_calendar_month(text: str, days: int) -> None:
    """Also the last of a year."""
    found = month(text, NOW)
    assert (found.until - found.since) == timedelta(days=days)
    assert found.since.day == found.until.day == 1


def test_a_month_is_that_of_the_reader() -> None:
    """Hours and months are those of where the report is read."""
    berlin = ZoneInfo("Europe/Berlin")
    found = month("2026-10", NOW.astimezone(berlin))
    assert found.since.utcoffset() == timedelta(hours=2)
    assert found.off_hours(datetime(2026, 10, 5, 17, 30, tzinfo=UTC))
    assert not found.off_hours(datetime(2026, 10, 5, 5, 30, tzinfo=UTC))
    assert found.off_hours(datetime(2026, 10, 4, 10, tzinfo=UTC))


@pytest.mark.parametrize("text", ["2026-13", "2026", "October", "2026-10-01", "", "0000-01"])
def test_what_is_no_month_is_told(text: str) -> None:
    """Wrong use is answered with what would be right."""
    with pytest.raises(InputError, match="is no month"):
        month(text, NOW)
    with pytest.raises(InputError, match="ends before it begins"):
        since(NOW, NOW)


def test_a_breach_is_drafted_with_what_the_evidence_knows(store: Store, make_record: Make) -> None:
    """Categories, numbers, recipients, times, what was stopped; the rest is marked as to be
    written.
    """
    key = case_key(make_record())
    page = breach(store, case_named(store, case_id(key)), by="auditor", now=NOW)
    told = drawn(page, "text").decode()
    assert "3 requests, 3 of which left, with data of between 40 and 82" in " ".join(told.split())
    for words in (
        "e-mail addresses",
        "OpenAI",
        "From 2026-02-10",
        "It passed; policy only watches.",
        "[to be written by the controller]",
        "Art. 33(3)(b)",
        "Art. 34",
    ):
        assert words in " ".join(told.split()), words


def test_a_breach_of_which_all_was_stopped_says_so(store: Store, make_record: Make) -> None:
    """What was stopped is no leak by itself."""
    page = breach(store, case_named(store, "/srv/drive.py"), by="auditor", now=NOW)
    assert "Nothing left the machine" in page.answer


def test_a_case_is_named_by_id_record_or_words(store: Store, make_record: Make) -> None:
    """Wrong or ambiguous names are answered with what there is."""
    key = case_key(make_record())
    record = next(iter(store.iter_entries())).id
    for name in (key, case_id(key), record, "upload.py"):
        assert case_named(store, name).key == key
    with pytest.raises(InputError, match="There is no case"):
        case_named(store, "nobody")
    with pytest.raises(InputError, match="cases match"):
        case_named(store, "srv")


LONG = Table(
    headings=("Script", "User", "Stopped", "Approved by"),
    rows=(("/srv/" + "a" * 300 + ".py", "u" * 120 + " <b>&amp;", "0", "not approved"),),
    numbers=frozenset({2}),
)


def test_no_table_of_the_html_is_wider_than_the_page() -> None:
    """A long word can be broken, and is copied as it was; words of people stay whole."""
    text = html(page_with(Section(title="One", table=LONG)))
    cells = re.findall(r"<t[dh](?: [^>]*)?>(.*?)</t[dh]>", text)
    told = [unescape(cell.replace("<wbr>", "")) for cell in cells]
    assert told == [*LONG.headings, *LONG.rows[0]]
    pieces = [piece for cell in cells for piece in re.split(r"<wbr>| ", cell)]
    assert max(len(unescape(piece)) for piece in pieces) < 24
    assert "not approved" in cells


def test_no_word_of_the_pdf_is_cut() -> None:
    """Each column has room for its longest ordinary word, and all of them for the page."""
    widths = _widths(LONG, 495.0)
    assert sum(widths) == pytest.approx(495.0)
    for width, words in zip(widths, ("", "", "Stopped", "approved"), strict=True):
        assert width >= stringWidth(words, "Helvetica", 7.5) + 6
    crowded = Table(headings=("Requests",) * 30, rows=(("1",) * 30,), numbers=frozenset())
    assert sum(_widths(crowded, 495.0)) == pytest.approx(495.0)
    assert pdf(page_with(Section(title="One", table=LONG))).startswith(b"%PDF")


@pytest.mark.parametrize("has_chart", [False, True])
def test_no_title_of_the_pdf_stands_alone_at_the_end_of_a_page(has_chart: bool) -> None:
    """What it is the title of begins on the same page, wherever on the page that is."""
    bars = tuple(Bar(label=f"bar {n}", value=n) for n in range(9))
    titled = Section(
        title="Title",
        table=Table(headings=("What",), rows=(("a row",),) * 9),
        chart=Chart(title="Bars", bars=bars) if has_chart else None,
    )
    for before in range(20, 44):  # from a page that has room for all to one that is full
        filled = Section(title="Filled", sentences=("A line.",) * before)
        document = pypdfium2.PdfDocument(pdf(page_with(filled, titled)))
        first = document[0].get_textpage().get_text_range().splitlines()
        assert [line for line in first if not line.isdigit()][-1] != "Title", before
    assert len(document) > 1


def page_with(*sections: Section) -> Page:
    return Page(
        title="A report",
        answer="None.",
        sections=sections,
        made_at=datetime(2026, 3, 1, tzinfo=UTC),
        made_by="auditor",
        evidence="records:x",
    )


def test_the_report_says_which_of_its_figures_a_pack_counts_again(store: Store) -> None:
    """Each row that verify.py holds against the records, and that the rest is not."""
    (figures,) = (one for one in of(store).sections if "… that left" in str(one.table))
    assert figures.table is not None
    (told,) = (one for one in figures.sentences if "verify.py" in one)
    assert all(f"“{program.named(name)}”" in told for name in program.FIGURES)
    assert {row[0] for row in figures.table.rows} > set(program.FIGURES)


def test_a_path_breaks_behind_its_folders_and_not_within_their_names(store: Store) -> None:
    """Whoever reads a table reads whole names, however narrow its column is."""
    row = ("/tmp/last/examples/finance/ledger_upload.py", "transfer.trial-partner.example")
    table = Table(headings=("a", "b"), rows=(row,))
    page = replace(of(store), sections=(Section(title="t", sentences=(), table=table),))
    drawn_ = drawn(page, "html").decode()
    assert (
        "/<wbr>tmp/<wbr>last/<wbr>examples/<wbr>finance/<wbr>ledger_<wbr>upload.<wbr>py" in drawn_
    )
    assert "transfer.<wbr>trial-<wbr>partner.<wbr>example" in drawn_
