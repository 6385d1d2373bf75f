"""The review by commands: what a screen reader speaks, and what a program may do for a person."""

import io
import subprocess
import sys
from datetime import UTC, date, datetime
from typing import Any

import pytest
from invented_day import finding, place, record, sample_holds, sender

from core.classification import Category
from core.decision import Verdict
from core.review import Action, Case, CaseFilter, Disposition
from core.rights import Deed
from tests.tui.conftest import NOW, FragileStore
from tui.case_detail import describe
from tui.case_reading import Reading, read_fully
from tui.kept_code import Kept
from tui.plain import print_queue
from tui.plain_commands import HELP, Speaker, converse
from tui.rule_making import Proposal, RuleMaking, Wanted, Wish
from tui.wording import risk_is_low


def talk(
    store: FragileStore, *lines: str, filter_line: str = "", **more: object
) -> tuple[int, str]:
    """Say these lines; return the exit code and what was answered after the first list."""
    speaker = Speaker(who="dpo", clock=lambda: NOW, zone=UTC, **more)  # type: ignore[arg-type]
    out = io.StringIO()
    told = io.StringIO("".join(f"{line}\n" for line in lines))
    code = converse(store, store, speaker, told, out, filter_line)
    return code, out.getvalue()


def test_it_begins_with_the_list(store: FragileStore) -> None:
    """The most urgent first, each with its number; an empty line ends the answer."""
    code, told = talk(store)
    assert code == 0
    assert told.startswith("7 cases, the most urgent first.\n1. “ledger_upload.py”")
    assert told.endswith("\n\n")


def test_a_case_is_shown_in_full(store: FragileStore) -> None:
    """All that the screen tells of it, as lines."""
    _, told = talk(store, "show 1")
    for words in ("Why:", "Found:", "DE89 •••• •••• 3000", "Sent to:"):
        assert words in told


def test_the_code_that_sent_is_shown_too(store: FragileStore) -> None:
    """Whoever listens to the review learns as much of the code as whoever looks at it."""
    _, told = talk(store, "show 1", kept=lambda _: Kept(text="import requests\nrequests.post(U)\n"))
    assert "Code:" in told and "import requests" in told
    _, told = talk(store, "show 1", kept=lambda _: Kept(why="Not kept: it was erased."))
    assert "Code:" in told
    _, told = talk(store, "show 1")
    assert "Code:" not in told


def test_what_left_and_should_worry_is_never_drawn_as_harmless(store: FragileStore) -> None:
    """The outcome of a case has the same colour in its detail as in the queue."""
    worrying = 0
    for case in store.page(CaseFilter(), 0, 100):
        reading = read_fully(store, Reading(case=case))
        rows = [row for section in describe(reading, NOW, UTC) for row in section.rows]
        outcomes = [row.tone for row in rows if row.label == "Outcome"]
        if outcomes and not risk_is_low(case):
            worrying += 1
            assert outcomes != ["allowed"]
    assert worrying


def test_a_case_is_closed_and_opened_again(store: FragileStore) -> None:
    """With a reason of the five, and a note; the other way round it is said."""
    code, told = talk(store, "close 1 false-alarm only a test", "close 1 test-data", "reopen 1")
    assert code == 1 and "Closed: false alarm." in told and "closed already" in told
    assert [(e.action, e.disposition, e.note, e.who) for e in store._events[-2:]] == [
        (Action.CLOSE, Disposition.FALSE_ALARM, "only a test", "dpo"),
        (Action.REOPEN, None, "", "dpo"),
    ]


def test_a_case_reads_as_it_does_without_commands(store: FragileStore) -> None:
    """A hold that expired or was answered is not told as one that still waits."""
    for waiting in sample_holds(NOW):
        store.hold(waiting)
    out = io.StringIO()
    print_queue(store, out, clock=lambda: NOW, zone=UTC, holds=store)
    plain = [line for line in out.getvalue().splitlines() if line[:1].isdigit() and ". " in line]
    _, told = talk(store)
    assert "Expired unseen." in told
    assert [line for line in told.splitlines() if line.partition(". ")[0].isdigit()] == plain


def test_what_is_held_is_answered(store: FragileStore) -> None:
    """By its own number, also until a day."""
    for waiting in sample_holds(NOW):
        store.hold(waiting)
    _, told = talk(
        store, "held", "show H2", "release H1 until 30d agreed with finance", "held", "refuse h1"
    )
    assert "H1. 8 seconds left to answer." in told and "H2. 19 seconds" in told
    released, refused = store._events[-2:]
    assert (released.action, released.note) == (Action.APPROVE, "agreed with finance")
    assert released.scope is not None and refused.action is Action.REFUSE


def test_every_request_of_a_case_can_be_heard(store: FragileStore) -> None:
    """The newest, and by number those before it; a number that is none is said."""
    _, told = talk(store, "list sender:claims", "show 1 45", "show 1 46", "show 1 x")
    assert "What follows is request 1 of them." in told
    assert told.count("This case holds 46 requests: say a number from 0 to 45.") == 2


def test_what_expired_is_approved_for_the_next_run_and_taken_back(store: FragileStore) -> None:
    """As a and b do on the screen; what was never held can be answered by nobody."""
    code, told = talk(
        store, "list expired", "release 1 ok", "list expired", "refuse 1", "release 1 until 30d ok"
    )
    assert code == 0
    assert "Approved: it passes when the script is run again." in told
    assert "pproved, run again" in told and "Taken back: an identical request" in told
    code, told = talk(store, "list ledger", "release 1", "refuse 1")
    assert code == 1 and told.count("Nothing that was held there can be answered so now") == 2


def test_a_closing_ends_on_a_day(store: FragileStore) -> None:
    """As in the dialog; a day that is none closes nothing."""
    code, told = talk(store, "close 1 false-alarm until whenever why", "show 1")
    assert code == 1 and "until takes a day to come" in told and "Closed:" not in told
    code, told = talk(store, "close 1 false-alarm until 30d why", "show 1")
    assert code == 0 and "until 20 Dec" in told and "“why”" in told


def test_a_rule_is_told_before_it_is_written(store: FragileStore) -> None:
    """Nothing is written unless that is said, by nobody who may not, and never by a slip."""
    wrote: list[Wanted] = []

    def write(_: Case, wanted: Wanted) -> str:
        wrote.append(wanted)
        return "Rule x is in outgate.yaml."

    proposal = Proposal(name="x", sentence="When.", effect="It would.", lines=("- id: x",))
    rules = RuleMaking(propose=lambda *_: proposal, write=write)
    code, told = talk(store, "rule 1 stop until 30d", rules=rules)
    assert code == 0 and not wrote
    assert "When.\nIt would.\n    - id: x\nNothing is written yet: rule 1 stop until 30d w" in told
    for slip in ("", "stopp", "stop until", "stop until never", "stop now", "write", "9 stop"):
        assert talk(store, f"rule 1 {slip} write" if slip else "rule 1", rules=rules)[0] == 1, slip
    refusing: dict[str, Any] = {
        "rules": rules,
        "refusal": lambda deed: "No." if deed is Deed.POLICY else None,
    }
    assert talk(store, "rule 1 stop write", **refusing)[0] == 1
    assert talk(store, "rule 1 stop write", rules=rules, read_only=True)[0] == 1
    assert not wrote
    assert talk(store, "rule 1 ask enforce until 2027-03-01 write", rules=rules)[0] == 0
    assert wrote == [Wanted(wish=Wish.ASK, watch_first=False, until=date(2027, 3, 1))]


@pytest.mark.parametrize(
    "line",
    [
        "dance", "close", "close 1", "close 1 because", "close 99 false-alarm",
        "close 0 false-alarm",
        "close -1 false-alarm", "close ² false-alarm", "close " + "9" * 400, "show", "show x",
        "show H2", "release", "release 1", "release H9", "release H", "refuse", "reopen 1",
        "list nosuchword", "list to:", "release H1 until yesterday",
        "\x1b[2Jclose 1 false-alarm", "close 1 false-alarm\x00".replace(" 1", " 1x"),
    ],
)  # fmt: skip
def test_what_is_not_understood_changes_nothing(store: FragileStore, line: str) -> None:
    """And is said in words, on lines of text."""
    store.hold(sample_holds(NOW)[0])
    before = list(store._events)
    code, told = talk(store, line)
    assert (code, store._events) == (1, before)
    assert "\x1b" not in told and "Traceback" not in told


@pytest.mark.parametrize("line", ["close 1 false-alarm", "release H1", "refuse H1"])
def test_without_the_right_nothing_is_done(store: FragileStore, line: str) -> None:
    """Neither by somebody who only looks, nor by a role that may not."""
    store.hold(sample_holds(NOW)[0])
    before = list(store._events)

    def refusal(deed: Deed) -> str:
        return f"To {deed} takes a role."

    assert "You look only" in talk(store, line, read_only=True)[1]
    assert "takes a role" in talk(store, line, refusal=refusal)[1]
    assert store._events == before


def test_ten_at_a_time(empty_store: FragileStore) -> None:
    """A screen reader is not given a thousand sentences; more goes on where it stopped."""
    for number in range(23):
        where = place(f"h{number:02}.example", None, Category.OTHER)
        made = record(
            NOW, sender(f"job{number:02}.py"), where, finding("email", 1), verdict=Verdict.WATCH
        )
        empty_store.add(made)
    _, told = talk(empty_store, "more", "more", "more", "show 23")
    assert told.count("more shows what follows.") == 2
    assert "\n23. " in told and "That is all." in told


def test_a_store_that_fails_is_words(store: FragileStore) -> None:
    """And the next command is taken."""
    store.failure = RuntimeError("secret")
    code, told = talk(store, "list", "help")
    assert code == 1 and "secret" not in told and HELP in told


def test_it_loads_no_textual() -> None:
    """It starts at once, and works where no screen can be drawn."""
    code = "import sys, tui.plain_commands; print('textual' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_any_code_page_is_survived(store: FragileStore) -> None:
    """What it cannot show is written by its number."""
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii", errors="backslashreplace")
    speaker = Speaker(who="dpo", clock=lambda: datetime(2026, 11, 20, 14, 14, tzinfo=UTC))
    assert converse(store, store, speaker, io.StringIO("show 1\n"), out) == 0
    out.flush()
    assert b"\\u201cledger_upload.py\\u201d" in raw.getvalue()


VERSION = "9f2c41d8" * 8


def approvals(store: FragileStore) -> list[tuple[str | None, str]]:
    return [(e.script_sha256, e.note) for e in store._events if e.action is Action.APPROVE_SCRIPT]


def test_a_version_is_approved_after_it_was_read(store: FragileStore) -> None:
    """diff reads every line of it, masked and inert; approve takes the version by its hash."""
    text = "import requests\nrequests.post('\x1b[2J')\n"
    code, told = talk(store, "diff 1", "approve 1 9f2c41 read it", kept=lambda _: Kept(text=text))
    assert code == 0 and "import requests" in told and "\x1b" not in told
    assert "approve 1 9f2c41d89f2c REASON" in told and "\nApproved.\n" in told
    assert approvals(store) == [(VERSION, "read it")]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("approve 1", "Say which version you read"),
        ("approve 1 reason only", "Say which version you read"),
        ("approve 1 9f2 why", "Say which version you read"),
        ("approve 1 abababab why", "Say which version you read"),
        ("approve 1 9f2c41d8", "Say why"),
        ("approve 99 9f2c41d8 why", "Say which case"),
        ("diff", "Say which case"),
    ],
)
def test_a_slip_approves_no_version(store: FragileStore, line: str, said: str) -> None:
    """Neither without the hash of what was read, nor without a reason."""
    code, told = talk(store, line, kept=lambda _: Kept(text="x = 1\n"))
    assert code == 1 and said in told and approvals(store) == []


@pytest.mark.parametrize("unread_too", [False, True])
def test_a_version_that_cannot_be_read_is_approved_only_with_leave(
    store: FragileStore, unread_too: bool
) -> None:
    """And is marked so."""
    more: dict[str, Any] = {"kept": lambda _: Kept(why="Not kept."), "unread_too": unread_too}
    code, told = talk(store, "diff 1", "approve 1 9f2c41d8 so be it", **more)
    assert "Only what can be read is approved. Not kept." in told and code == (not unread_too)
    assert approvals(store) == ([(VERSION, "approved unread: so be it")] if unread_too else [])


def test_who_may_not_approve_does_not(store: FragileStore) -> None:
    """Roles count here as they do on the screen; who looks only approves nothing either."""
    for name, value in (("refusal", lambda _: "No."), ("read_only", True)):
        more: dict[str, Any] = {name: value, "kept": lambda _: Kept(text="x")}
        code, _ = talk(store, "approve 1 9f2c41d8 why", **more)
        assert code == 1 and approvals(store) == []
