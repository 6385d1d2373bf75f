"""What a person reads at the end of `outgate run`: how much left, and what was stopped."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from invented_day import finding, place, record, sender
from reading import entries_of

from app.leftovers import Leftovers
from app.run_summary import print_session
from app.short_connections import ShortConnections
from app.summary import print_records
from core.attribution import Attribution, Certainty, ProcessRef, unknown_sender
from core.classification import Category, LlmCall
from core.decision import HoldOutcome, Verdict
from core.fate import (
    BROKEN_OFF_NOTE,
    CUT_NOTE,
    CUT_OFF,
    LEFT_EARLY_NOTE,
    LEFT_NOTE,
    NO_ANSWER_NOTE,
    UNREACHED_NOTE,
    UNTRUSTED_SERVER,
    WANTS_CERTIFICATE,
    Fate,
)
from core.findings import CLASSIFIER, not_inspected
from core.record import Record
from core.run_members import descends

LIKELY = Certainty.LIKELY
AT = datetime(2026, 11, 20, 14, 2, tzinfo=UTC)


def sent(verdict: Verdict, size: int, hold: HoldOutcome | None = None) -> Record:
    """A request of this size that ended so."""
    more: dict[str, Any] = (
        {"hold_outcome": hold, "hold_key": "k"} if verdict is Verdict.HOLD else {}
    )
    where = place("api.ai21.com", "ai21", Category.LLM)
    return record(AT, sender("a.py"), where, finding("iban", 1), verdict=verdict, sent=size, **more)


def told(*records: Record) -> str:
    out = io.StringIO()
    none = ShortConnections(places=())
    print_session(entries_of(*records), 0, as_json=False, out=out, short=none)
    return out.getvalue()


def summary(*records: Record) -> str:
    return told(*records).splitlines()[0]


@pytest.mark.parametrize(
    ("records", "line"),
    [
        ([sent(Verdict.ALLOW, 1)], "outgate: 1 request, 1 byte sent, nothing to review"),
        (
            [sent(Verdict.BLOCK, 999_700)],
            "outgate: 1 request, 0 bytes sent, 1 stopped, 1 to review: outgate review",
        ),
        (
            [sent(Verdict.WATCH, 999_700), sent(Verdict.BLOCK, 5_000), sent(Verdict.REDACT, 0)],
            "outgate: 3 requests, 999.7 kB sent, 1 stopped, 3 to review: outgate review",
        ),
        (
            [sent(Verdict.HOLD, 4_000, ended) for ended in HoldOutcome],
            "outgate: 4 requests, 8.0 kB sent, 2 stopped, 4 to review: outgate review",
        ),
    ],
)
def test_only_what_left_counts_as_sent(records: list[Record], line: str) -> None:
    """A refused upload of a megabyte is not a megabyte sent."""
    assert summary(*records) == line


def test_what_had_left_of_a_large_body_that_was_cut_counts_as_sent() -> None:
    """It was stopped, and the bytes of its record had reached the destination by then."""
    cut = replace(sent(Verdict.BLOCK, 8_000_000), notes=(f"{CUT_OFF} 8,000,000 bytes had left",))
    line = "outgate: 2 requests, 8.0 MB sent, 2 stopped, 2 to review: outgate review"
    assert summary(cut, sent(Verdict.BLOCK, 5_000)) == line


def test_what_was_stopped_too_late_to_keep_all_of_it_here_is_told_so() -> None:
    """Beside a refusal of which nothing left, which says nothing like it."""
    cut = replace(sent(Verdict.BLOCK, 8_000_000), notes=(f"{CUT_OFF} 8,000,000 bytes had left",))
    late, kept = told(cut), told(sent(Verdict.BLOCK, 5_000))
    both = told(cut, sent(Verdict.BLOCK, 5_000))
    assert "8.0 MB" in late and "It was cut after 8,000,000 bytes had left" in late
    assert "had left" not in kept
    assert both.count("had left") == 1 and both.count("It was blocked") == 1


def test_machines_read_the_same_sums() -> None:
    """The JSON counts as the sentence does."""
    out = io.StringIO()
    entries = entries_of(sent(Verdict.ALLOW, 7), sent(Verdict.BLOCK, 9))
    print_session(entries, 3, as_json=True, out=out)
    totals = json.loads(out.getvalue())["totals"]
    assert (totals["requests"], totals["bytes_sent"], totals["stopped"], totals["blocked"]) == (
        2,
        7,
        1,
        1,
    )
    assert totals["bytes_at_least"] is False


def test_the_table_claims_of_no_stopped_request_that_it_was_sent() -> None:
    """The amount is the request's size, whatever became of it."""
    out = io.StringIO()
    print_records([sent(Verdict.BLOCK, 999_700)], out)
    heading, row = out.getvalue().splitlines()
    assert "SENT" not in heading and "SIZE" in heading
    assert "999.7 kB" in row and "blocked" in row


@pytest.mark.parametrize(
    ("kinds", "cell"),
    [
        ((), "could not all be read"),
        (("iban",), "1 bank account number; could not all be read"),
    ],
)
def test_the_table_shows_no_body_as_clean_that_nobody_could_read(
    kinds: tuple[str, ...], cell: str
) -> None:
    """An upload whose reader was late looked like one in which nothing was found."""
    out = io.StringIO()
    late = not_inspected("the worker was late", CLASSIFIER)
    known = tuple(finding(kind, 1) for kind in kinds)
    print_records([replace(sent(Verdict.WATCH, 5), findings=(*known, late))], out)
    assert f"  {cell}  " in out.getvalue()


def test_nor_one_of_which_a_check_failed() -> None:
    """A check that ended in an error leaves no finding behind."""
    one = sent(Verdict.WATCH, 5)
    failed = replace(one.decision, degraded=("shapes: IndexError",))
    out = io.StringIO()
    print_records([replace(one, findings=(), decision=failed)], out)
    assert "  could not all be read  " in out.getvalue()


def uninspected(stage: str, reason: str) -> Record:
    """A connection of which nothing was inspected, as the gate records it."""
    one = record(
        AT, sender("a.py"), place("db.example", None, Category.OTHER), verdict=Verdict.WATCH, sent=0
    )
    decision = replace(one.decision, rule=None, reason=reason, degraded=(stage,))
    return replace(one, request=replace(one.request, method="CONNECT"), decision=decision)


def unreached() -> Record:
    """A request that was let out to a server that is not there."""
    return replace(sent(Verdict.WATCH, 5_000), notes=(UNREACHED_NOTE,))


@pytest.mark.parametrize(
    ("records", "amounts"),
    [
        ([unreached()], "1 request, nothing of 5.0 kB left"),
        ([unreached(), unreached()], "2 requests, nothing of 10.0 kB left"),
        ([sent(Verdict.BLOCK, 5_000)], "1 request, nothing of 5.0 kB left"),
        ([sent(Verdict.WATCH, 5_000)], "1 request, 5.0 kB"),
        ([replace(sent(Verdict.BLOCK, 5_000), notes=(f"{CUT_OFF} 5,000",))], "1 request, 5.0 kB"),
    ],
)
def test_the_list_tells_no_bytes_that_did_not_leave(records: list[Record], amounts: str) -> None:
    """Its sizes are those that left, as in the line above it: of the others it says how large they
    were, and that nothing of them left.
    """
    places = [line for line in told(*records).splitlines() if "request" in line][1:]
    assert any(f": {amounts}" in line for line in places), told(*records)


@pytest.mark.parametrize(
    ("one", "head", "what"),
    [
        (
            uninspected("bypass: a", "Why"),
            "an unknown number of bytes sent, 1 past Outgate, 1 to review",
            "Why.",
        ),
        (uninspected("tls: a", "Why"), "0 bytes sent, 1 not sent, 1 to review", "Why."),
        (uninspected("protocol: a", "Why"), "0 bytes sent, 1 stopped, 1 to review", "Why."),
        (unreached(), "0 bytes sent, 1 not sent, 1 to review", "Nothing was sent"),
    ],
)
def test_nothing_is_called_sent_or_passed_that_was_not(one: Record, head: str, what: str) -> None:
    """What went past, what a client would not send, what was no HTTP and what reached nobody are
    each told as what they are, with what to do about it.
    """
    first, place_line, why, remedy, *exception = told(one).splitlines()
    assert bool(exception) is (one.fate is Fate.UNTRUSTED)
    assert head in first
    assert "passed" not in told(one)
    assert what in why
    assert place_line.startswith("  ") and remedy.strip()


def test_a_place_is_told_once() -> None:
    """A hundred requests to one place by one rule are one paragraph with their sum, not a hundred
    rows.
    """
    lines = told(*(sent(Verdict.BLOCK, 5_000) for _ in range(100))).splitlines()
    assert len(lines) == 4
    assert "100 requests, nothing of 500.0 kB left" in lines[1]


def test_what_was_stopped_says_whom_to_ask_and_with_what() -> None:
    """The analyst reads the reference and the command with which the officer finds the request,
    which is one that reviewers may give (docs/deploy.md).
    """
    stopped = sent(Verdict.BLOCK, 5_000)
    whole = told(stopped)
    assert f"Ask your privacy officer and quote reference {stopped.id}" in whole
    assert f"they look at it with: outgate review --case {stopped.id}" in whole


def test_what_models_used_is_added_up() -> None:
    """Tokens and cost of a place are sums; a call whose cost is not known makes it "at least"."""
    call = LlmCall(
        provider="openai", operation="chat", input_tokens=100, output_tokens=20, cost_usd="0.0101"
    )
    known = replace(sent(Verdict.ALLOW, 10), llm=call)
    unknown = replace(sent(Verdict.ALLOW, 10), llm=replace(call, cost_usd=None))
    assert "200 + 40 tokens, $0.0202" in told(known, known)
    assert "200 + 40 tokens, at least $0.0101" in told(known, unknown)
    tiny = replace(sent(Verdict.ALLOW, 10), llm=replace(call, cost_usd="0.00003"))
    assert "200 + 40 tokens, less than $0.0001" in told(tiny, tiny)
    assert "$" not in told(tiny, unknown)
    free = replace(sent(Verdict.ALLOW, 10), llm=replace(call, cost_usd="0"))
    assert "200 + 40 tokens, $0\n" in told(free, free)


def test_a_socket_that_several_processes_share_counts() -> None:
    """Whose of them sent it is not certain; that it was one of this program's is."""
    process = ProcessRef(pid=77, started_at=None, name="git", exe=None)
    assert descends(Attribution(certainty=LIKELY, method="sock_diag", candidates=(process,)), 77)
    assert not descends(Attribution(certainty=LIKELY, method="sock_diag", candidates=()), 77)


def test_a_program_that_sent_nothing_is_not_said_to_be_unwatched() -> None:
    """Nothing through the gate and nothing seen past it are two facts, and both are told."""
    assert told() == (
        "outgate: this program sent nothing through the gate, and no connection past it was seen\n"
    )


def test_where_short_connections_can_have_been_missed_that_is_said() -> None:
    """With requests or without: what nobody heard of is not told as not there."""
    for records in ([], [sent(Verdict.ALLOW, 7)]):
        out = io.StringIO()
        print_session(entries_of(*records), 0, as_json=False, out=out)
        assert "shorter than half a second can have been missed" in out.getvalue()


def test_what_wants_its_own_certificate_gets_the_lines_for_it() -> None:
    """Whoever cannot be inspected reads which lines the policy would need, once for all hosts."""
    wants = [
        replace(
            record(AT, sender("a.py"), place(host, None, Category.OTHER)),
            notes=(UNREACHED_NOTE, WANTS_CERTIFICATE),
        )
        for host in ("a.bank.example", "b.bank.example")
    ]
    lines = told(*wants).splitlines()

    assert [line for line in lines if "pass_through:" in line] == ["  pass_through:"]
    assert '      hosts: ["a.bank.example", "b.bank.example"]' in lines
    assert "pass_through:" not in told(sent(Verdict.BLOCK, 5))
    assert "pass_through:" not in told(replace(wants[0], notes=(UNREACHED_NOTE,)))


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (Leftovers(), []),
        (Leftovers(processes=(7,)), ["1 process of this program still runs (7);"]),
        (
            Leftovers(processes=(7, 8), own_gate=True),
            ["2 processes of this program still run (7, 8);", "The gate stays until"],
        ),
        (
            Leftovers(processes=(7,), own_gate=True, gate_ended=True),
            ["the gate ended while this program ran", "1 process of this program still runs"],
        ),
        (Leftovers(processes=tuple(range(1, 9))), ["(1, 2, 3, 4, 5, …)"]),
    ],
)
def test_what_a_run_leaves_behind_is_told(left: Leftovers, words: list[str]) -> None:
    """Nobody is told that a gate stays that has ended, nor that nothing left where none looked."""
    said = " ".join(left.sentences())
    for each in words:
        assert each in said
    assert ("The gate stays" in said) is (left.own_gate and not left.gate_ended)
    out = io.StringIO()
    print_session([], 0, as_json=False, out=out, left=left)
    assert ("no connection past it was seen" in out.getvalue()) is not left.gate_ended


def test_what_was_sent_and_not_answered_is_told_with_its_cause() -> None:
    """A request that was let out and failed all the same is no silent success."""
    whole = record(AT, sender("a.py"), place("files.example", None, Category.OTHER))
    notes = (NO_ANSWER_NOTE, "the destination: it broke the connection")
    unanswered = replace(whole, notes=notes)

    assert "no answer came: the destination: it broke the connection." in told(unanswered)
    assert "Check the address" in told(unanswered)
    assert "no answer" not in told(whole)
    other = replace(whole, notes=(NO_ANSWER_NOTE, "the destination: it did not answer in HTTP"))
    assert "it broke the connection." in (both := told(unanswered, other))
    assert "it did not answer in HTTP." in both


def test_a_fault_of_the_proxy_sends_nobody_to_the_destination() -> None:
    """What has to be mended is the way out, by whoever keeps its settings."""
    whole = record(AT, sender("a.py"), place("files.example", None, Category.OTHER))
    why = "the proxy behind the gate: it refused the connection"
    unreached = told(replace(whole, notes=(UNREACHED_NOTE, why)))

    assert f"Nothing was sent: {why}." in unreached
    assert "upstream_proxy" in unreached and "Check the address" not in unreached


def test_an_answer_that_is_not_whole_is_told_with_its_cause() -> None:
    """Half an answer is no success; that a program read no further is no fault. Each fault of a
    place has its own lines.
    """
    whole = record(AT, sender("a.py"), place("files.example", None, Category.OTHER))
    cut = replace(whole, notes=(CUT_NOTE, "the destination: it broke the connection"))
    left = replace(whole, notes=(LEFT_NOTE,))

    text = told(whole, cut, left)
    assert "the answer is not whole: the destination: it broke the connection." in text
    assert "the program ended the connection before an answer came." in text
    assert text.count("files.example: 1 request") == 3
    assert "the answer is not whole." in told(replace(whole, notes=(CUT_NOTE,))), "of old"
    assert "not whole" not in told(replace(whole, notes=(CUT_NOTE, LEFT_EARLY_NOTE)))


def test_of_an_upload_that_was_broken_off_only_a_part_was_sent() -> None:
    """Whoever ends a program in the middle of an upload does not read that the upload was sent."""
    whole = record(AT, sender("a.py"), place("files.example", None, Category.OTHER))
    half = replace(whole.request, bytes=4_124_672, complete=False)

    left = told(replace(whole, request=half, notes=(LEFT_NOTE,)))
    assert "      A part of it was sent, and the program ended the connection before" in left
    broken = (NO_ANSWER_NOTE, BROKEN_OFF_NOTE, "the destination: it broke the connection")
    unanswered = told(replace(whole, request=half, notes=broken))
    assert "      At least a part of it was sent, and no answer came: " in unanswered
    cut = told(replace(whole, request=half, notes=(CUT_NOTE,)))
    assert "      A part of it was sent, and the answer is not whole." in cut


def test_what_to_do_about_a_certificate_is_not_to_check_the_address() -> None:
    """Of a server that nobody here trusts it is told how to trust it; of others, who mends it."""
    whole = record(AT, sender("a.py"), place("files.example", None, Category.OTHER))
    own = told(replace(whole, notes=(UNREACHED_NOTE, UNTRUSTED_SERVER)))
    assert "upstream_ca in settings" in own and "Check the address" not in own
    expired = "the destination: its certificate has expired"
    bad = told(replace(whole, notes=(UNREACHED_NOTE, expired)))
    assert "Whoever keeps the server" in bad and "Check the address" not in bad


def test_what_a_gate_that_ended_had_counted_is_the_least_that_left() -> None:
    """Of a request that was under way when its gate was killed nobody knows how much left."""
    out = io.StringIO()
    left = Leftovers(gate_ended=True)
    print_session(entries_of(sent(Verdict.ALLOW, 1)), 7, as_json=False, out=out, left=left)
    assert "1 request, at least 1 byte sent" in out.getvalue()


def test_a_name_that_could_not_be_found_is_a_sentence_of_its_own() -> None:
    """Whoever mistypes a name reads that it could not be found, why, and what to check."""
    reason = "mistyped.example could not be found: no such name. Nothing was sent."
    one = sent(Verdict.WATCH, 0)
    decision = replace(one.decision, rule=None, reason=reason, degraded=("name: no such name",))
    asked = replace(one, request=replace(one.request, method="CONNECT"), decision=decision)
    said = told(asked)
    assert reason in said
    assert "Check how it is spelled" in said
    assert "1 not sent" in said
    assert asked.fate is Fate.UNREACHED


def test_requests_whose_sender_was_not_seen_are_told_and_are_not_the_programs() -> None:
    """A client that cancels at once is gone before its process is seen: of forty such requests the
    fourteen that are nobody's stand in a sentence of their own, and in no sum.
    """
    known = [sent(Verdict.ALLOW, 7) for _ in range(26)]
    gone = unknown_sender("sock_diag", "the connection had ended")
    nobodys = [replace(sent(Verdict.ALLOW, 7), sender=gone) for _ in range(14)]
    line = (
        "outgate: 14 requests through Outgate were over before it could be seen whose, this"
        " program's or another's: api.ai21.com (14 times)"
    )
    assert told(*known, *nobodys).splitlines()[0] == line
    assert "outgate: 26 requests, 182 bytes sent" in told(*known, *nobodys)
    assert told(*nobodys) == f"{line}\n", "that nothing was sent is not known"
    out = io.StringIO()
    print_session(entries_of(*known, *nobodys), 0, as_json=True, out=out)
    as_json = json.loads(out.getvalue())
    assert (as_json["totals"]["requests"], as_json["unknown_senders"]) == (26, {"api.ai21.com": 14})
    of_itself = replace(nobodys[0], request=replace(nobodys[0].request, method="GATE"))
    assert "over before" not in told(of_itself)


def test_a_request_of_which_a_check_failed_is_not_told_as_any_other() -> None:
    """It was let through; that not all of it was looked at is said, and why: of a check that ended
    in an error as of a part that nobody could read.
    """
    whole = replace(sent(Verdict.ALLOW, 7), findings=())
    failed = replace(whole, decision=replace(whole.decision, degraded=("shapes: IndexError",)))
    unread = replace(whole, findings=(not_inspected("the worker was late", CLASSIFIER),))
    said = told(whole, failed, failed, unread)
    assert "outgate: 4 requests, 28 bytes sent, 3 not wholly checked, " in said
    assert "2 requests, 14 bytes\n" in said
    assert "      Not all of it was checked: shapes: IndexError.\n" in said
    assert "      Not all of it was checked: the worker was late.\n" in said
    assert "checked" not in told(whole)
    assert "checked" not in told(uninspected("bypass: a", "Why"))


@pytest.mark.parametrize("why", ["redaction: the request is signed", "hold: nobody can be asked"])
@pytest.mark.parametrize("verdict", [Verdict.BLOCK, Verdict.WATCH, Verdict.ALLOW])
def test_what_a_rule_could_not_do_is_not_told_as_not_checked(why: str, verdict: Verdict) -> None:
    """All of it was read: that it was not rewritten, or did not wait, is what became of it."""
    intended = Verdict.REDACT if why.startswith("redaction") else Verdict.HOLD
    whole = replace(sent(verdict, 7), findings=())
    could_not = replace(
        whole.decision, intended=intended, degraded=(why,), reason="Stays; it could not be done."
    )
    said = told(replace(whole, decision=could_not))
    assert "checked" not in said
    assert "Stays; it could not be done." in said
    both = replace(could_not, degraded=("shapes: IndexError", why))
    assert "Not all of it was checked: shapes: IndexError.\n" in told(replace(whole, decision=both))
