"""Records in an officer's words."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from invented_day import finding, place, record, sender
from memory_case_store import as_stored

from core.attribution import UNATTRIBUTED, Attribution, Certainty
from core.case_inside import Inside, KindInside
from core.classification import AccountKind, Category, Destination, LlmCall
from core.decision import Verdict
from core.fate import AT_LEAST_NOTE
from core.findings import Confidence, Finding
from core.review import Case
from destinations import SERVICES
from tui.case_queue import Queue
from tui.wording import (
    READING,
    case_found,
    case_place,
    case_sentence,
    disposition_words,
    health,
    kind_words,
    sentence,
    service_name,
    tally,
)

ONEDRIVE = place("graph.microsoft.com", "onedrive", Category.CLOUD_STORAGE, AccountKind.PERSONAL)
OPENAI = place("api.openai.com", "openai", Category.LLM)


def said(
    now: datetime,
    who: Attribution | None = None,
    where: Destination = ONEDRIVE,
    *findings: Finding,
    **more: Any,
) -> str:
    at = now - timedelta(minutes=12)
    made = record(at, who or sender("ledger_upload.py"), where, *findings, **more)
    return sentence(as_stored(made), now, UTC)


def test_who_what_where_when_and_outcome_in_that_order(now: datetime) -> None:
    """The sentence that an officer reads first."""
    rows = finding("iban", 14_212, records=15_000)

    assert (
        said(now, None, ONEDRIVE, rows)
        == "“ledger_upload.py”, run by fin-ops, sent 15,000 rows with bank account numbers to a"
        " personal OneDrive at 14:02. It passed; policy only watches."
    )


@pytest.mark.parametrize(
    ("verdict", "intended", "verb", "outcome"),
    [
        (Verdict.ALLOW, None, "sent", "It was allowed."),
        (
            Verdict.WATCH,
            Verdict.BLOCK,
            "sent",
            "It passed; policy only watches. The rule would have blocked it.",
        ),
        (Verdict.WATCH, Verdict.WATCH, "sent", "It passed; policy only watches."),
        (Verdict.WARN, None, "sent", "It passed, and the sender was warned."),
        (Verdict.REDACT, None, "sent", "It passed with the sensitive values taken out."),
        (Verdict.HOLD, Verdict.HOLD, "tried to send", "It was held."),
        (Verdict.BLOCK, None, "tried to send", "It was blocked."),
    ],
)
def test_the_outcome_is_never_left_open(
    now: datetime, verdict: Verdict, intended: Verdict | None, verb: str, outcome: str
) -> None:
    """What was stopped was not sent; what a rule would have done is said."""
    words = said(now, None, OPENAI, finding("email", 2), verdict=verdict, intended=intended)

    assert f" {verb} 2 e-mail addresses to OpenAI at 14:02. {outcome}" in words
    assert words.endswith(outcome)


def test_a_number_that_is_a_least_one_is_said_as_that(now: datetime) -> None:
    """Of what was leaving when its gate was killed."""
    made = as_stored(record(now, sender("a.py"), OPENAI))
    told = sentence(replace(made, notes=(AT_LEAST_NOTE,)), now, UTC)
    assert "at least" in told
    assert "at least" not in sentence(made, now, UTC)


@pytest.mark.parametrize(
    ("who", "start"),
    [
        (sender("a.py", user=None), "“a.py” sent"),
        (sender("a.py", certainty=Certainty.LIKELY), "Probably “a.py”, run by fin-ops, sent"),
        (UNATTRIBUTED, "A program that could not be identified sent"),
        (sender("a.py", script=None, user=None), "python3 (script not known) sent"),
        (
            replace(sender("a.py", script=None, user=None), certainty=Certainty.LIKELY),
            "Probably python3 (script not known) sent",
        ),
        (
            replace(UNATTRIBUTED, user="root"),
            "A program that could not be identified, run by root, sent",
        ),
    ],
)
def test_no_sender_is_named_that_was_not_found(now: datetime, who: Attribution, start: str) -> None:
    """Certain, likely and unknown senders read differently."""
    assert said(now, who).startswith(start)


@pytest.mark.parametrize(
    ("where", "words"),
    [
        (
            place("x", "onedrive", Category.CLOUD_STORAGE, AccountKind.CORPORATE),
            "the organisation's own OneDrive",
        ),
        (
            place("x", "onedrive", Category.CLOUD_STORAGE, AccountKind.OTHER_TENANT),
            "another organisation's OneDrive",
        ),
        (
            place("x", "anthropic", Category.LLM, AccountKind.PERSONAL),
            "a personal Anthropic account",
        ),
        (place("x", "openai", Category.LLM), "OpenAI at"),
        (
            place("p.example", None, Category.PASTE, AccountKind.ANONYMOUS),
            "p.example, without an account",
        ),
        (place("p.example", "some_new-service", Category.OTHER), "to Some new service at"),
        (place("", None, Category.OTHER), "an unnamed host"),
    ],
)
def test_whose_account_of_which_service(now: datetime, where: Destination, words: str) -> None:
    """A personal account is told from the organisation's own."""
    assert words in said(now, None, where)


@pytest.mark.parametrize(
    ("findings", "words"),
    [
        ((), "sent 4.2 kB without known personal data or secrets to"),
        ((finding("email", 1),), "sent 1 e-mail address to"),
        (
            (finding("secret", 1), finding("email", 3)),
            "sent 1 password or key and 3 e-mail addresses to",
        ),
        (
            (finding("email", 3), finding("secret", 1)),
            "sent 1 password or key and 3 e-mail addresses to",
        ),
        ((finding("iban", 2), finding("bank_account", 3)), "sent 5 bank account numbers to"),
        ((finding("email", 0, count=7),), "sent 7 e-mail addresses to"),
        ((finding("not_inspected", 1),), "sent 4.2 kB that could not all be read to"),
        (
            (finding("email", 2), finding("not_inspected", 1)),
            "sent 2 e-mail addresses, partly unread, to",
        ),
        ((finding("email", 2, records=1),), "sent 2 e-mail addresses to"),
        (
            tuple(finding(k, 1) for k in ("secret", "iban", "us_ssn", "email", "phone")),
            "number and 2 other kinds to",
        ),
    ],
)
def test_what_was_found_gravest_first(
    now: datetime, findings: tuple[Finding, ...], words: str
) -> None:
    """Counts with the right singular and plural; what was not read is not called clean."""
    assert words in said(now, None, OPENAI, *findings)


def test_the_model_is_named(now: datetime) -> None:
    """For a language model, which one."""
    assert "to OpenAI (gpt-5-mini) at" in said(
        now, None, OPENAI, llm=LlmCall(provider="openai", operation="chat", model="gpt-5-mini")
    )


def test_a_kind_without_words_goes_by_its_own_name() -> None:
    """A new classifier shows at once, though plainly."""
    assert kind_words("gr_amka").many == "gr amka values"
    assert kind_words("").one == "something without a name"


def test_services_go_by_their_proper_names() -> None:
    """The screen says the name that refusals say; an id that no version of ours knows is inert on
    it.
    """
    for service in SERVICES:
        assert service_name(service.id, "host") == service.name
    assert service_name("file.io", "x") == "file.io"
    assert service_name("\u3164new\x1b[1m", "x") == "·new·[1m"
    assert service_name(None, "files.example") == "files.example"
    assert service_name(None, "") == "an unnamed host"


def test_a_reason_to_close_is_said_in_words() -> None:
    """Also one that this version does not know, and none at all."""
    assert disposition_words("false_alarm") == "false alarm"
    assert disposition_words(None) == "no reason given"
    assert disposition_words("own_reason") == "own reason"


def test_the_health_line_says_when_something_was_skipped(now: datetime) -> None:
    """Good only when nothing was skipped and the evidence can be read."""
    well = {"last_at_epoch": int(now.timestamp()) - 4, "degraded": 0}
    some = {**well, "degraded": 12}

    assert health(well, now, None, True) == (
        "allowed",
        "Watching · last request 4 s ago · nothing skipped today",
    )
    assert health(some, now, None, True) == (
        "blocked",
        "Watching · last request 4 s ago · 12 not fully checked today",
    )
    assert health({**well, "last_at_epoch": 0}, now, None, True) == (
        "allowed",
        "Watching · no request today · nothing skipped today",
    )
    assert health(well, now, "locked", True) == ("blocked", "Not reading evidence · locked")


def test_what_was_skipped_is_not_said_where_nobody_knows(now: datetime) -> None:
    """A fleet's list does not hold it."""
    told = {"last_at_epoch": int(now.timestamp()) - 4}
    assert health(told, now) == ("quiet", "Last request 4 s ago")


def test_nothing_is_well_before_it_was_read(now: datetime) -> None:
    """A long file on a slow disk: for seconds the first lines said that nothing needs anybody."""
    assert health({}, now) == ("quiet", READING)
    assert health({}, now, "locked") == ("blocked", "Not reading evidence · locked")
    assert "being read" in Queue().lacks


def test_the_health_line_claims_no_watch_that_it_does_not_know_of(now: datetime) -> None:
    """When no gate runs it says so; when nobody can tell, it says nothing of it."""
    well = {"last_at_epoch": int(now.timestamp()) - 4, "degraded": 0}

    assert health(well, now, None, False)[0] == "quiet"
    assert health(well, now, None, False)[1].startswith("No gate runs · last request")
    assert health(well, now) == ("allowed", "Last request 4 s ago · nothing skipped today")


@pytest.mark.parametrize(
    ("cases", "held", "words"),
    [
        (0, 0, "Nothing needs you."),
        (1, 0, "1 case needs you"),
        (0, 1, "1 held now"),
        (1, 1, "1 case needs you, 1 held now"),
        (1_204, 2, "1,204 cases need you, 2 held now"),
    ],
)
def test_how_much_there_is_to_do(cases: int, held: int, words: str) -> None:
    """The first words of the screen."""
    assert tally(cases, held) == words


def test_a_case_in_the_queue(now: datetime, case_of: Callable[..., Case]) -> None:
    """Short words for the list, a sentence for plain print."""
    many = case_of(
        7,
        kinds=("iban", "person"),
        records=15_000,
        account_kind="personal",
        service="onedrive",
        category="cloud_storage",
        count=46,
        user=None,
    )

    assert case_found(many) == "15,000 rows · bank account numbers and names of people"
    assert case_place(many) == "OneDrive, personal"
    assert case_found(case_of(1, kinds=("email",))) == "1 e-mail address"
    assert case_found(case_of(1, kinds=("secret",))) == "passwords or keys"
    assert case_found(case_of(1, kinds=())) == "nothing known"
    assert case_found(case_of(1, kinds=("not_inspected",))) == "could not all be read"
    assert (
        case_sentence(many, now, UTC)
        == "“job_7.py” sent up to 15,000 rows with bank account numbers and names of people at once"
        " to a personal OneDrive, last at 14:14 (46 times since yesterday 14:14)."
        " It passed; policy only watches."
    )
    assert case_sentence(replace(many, likely=True), now, UTC).startswith(
        "Probably “job_7.py” sent up to"
    )


@pytest.mark.parametrize(
    ("count", "inside", "words"),
    [
        (1, {}, "sent 1,472 bank account numbers to Dropbox at 14:14."),
        (9, {}, "sent up to 1,472 bank account numbers at once to Dropbox, last at 14:14 (9 times"),
        (9, {"distinct": 3000}, "sent 3,000 bank account numbers in all to Dropbox, last at"),
        (
            9,
            {"distinct": 3000, "exact": False},
            "sent at least 3,000 bank account numbers in all to Dropbox, last at",
        ),
        (
            9,
            {"people": 2},
            "sent data of 2 people (bank account numbers and names of people) in all",
        ),
    ],
)
def test_the_largest_of_many_requests_is_not_said_of_the_newest(
    count: int, inside: dict[str, int], words: str, now: datetime, case_of: Callable[..., Case]
) -> None:
    """A number that another request held, or all of them together, is not given the newest's
    time.
    """
    kinds = ("iban", "person") if "people" in inside else ("iban",)
    known = {}
    if "distinct" in inside:
        exact = bool(inside.get("exact", True))
        known = {"iban": KindInside(requests=count, distinct=inside["distinct"], exact=exact)}
    case = case_of(7, kinds=kinds, values=1472, records=None, count=count, user=None)
    case = replace(
        case,
        service="dropbox",
        category="cloud_storage",
        account_kind="unknown",
        inside=Inside(kinds=known, people=inside.get("people", 0)),
    )
    assert words in case_sentence(case, now, UTC)


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (0, "“job_7.py” tried to send 3 e-mail addresses to api.example.com at"),
        (4_112_346, "“job_7.py” began to send 3 e-mail addresses to api.example.com at"),
    ],
)
def test_of_a_case_that_was_cut_the_list_says_that_a_part_had_left(
    left: int, words: str, now: datetime, case_of: Callable[..., Case]
) -> None:
    """As the sentence of its one request does."""
    case = case_of(7, verdict="block", kinds=("email",), values=3, records=None, count=1, user=None)
    case = replace(case, bytes_sent=left, service=None, host="api.example.com", category="other")
    case = replace(case, account_kind="unknown")
    told = case_sentence(case, now, UTC)
    assert words in told and told.endswith("It was blocked.")


def test_a_case_of_an_unknown_sender_and_a_verdict_not_heard_of(
    now: datetime, case_of: Callable[..., Case]
) -> None:
    """Nothing is made up."""
    words = case_sentence(case_of(2, script="", user=None, verdict="quarantine"), now, UTC)

    assert words.startswith("An unknown sender tried to send 2 e-mail addresses")
    assert words.endswith("What became of it is not known.")


def test_words_need_no_terminal() -> None:
    """The tables and sentences, the plain list and the package itself load neither Textual nor
    Rich.
    """
    code = (
        "import sys, tui, tui.wording, tui.plain, tui.case_detail, tui.actions;"
        " print({'textual', 'rich'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"


def test_confidence_is_not_asserted_for_likely_findings(now: datetime) -> None:
    """The sentence states counts; certainty stands with each finding in the detail."""
    assert "certain" not in said(
        now, None, OPENAI, finding("person", 2, confidence=Confidence.LIKELY)
    )


@pytest.mark.parametrize(
    ("degraded", "reason", "words"),
    [
        (
            "bypass: HTTP/3 past the gate",
            "Nothing is inspected",
            "went past Outgate to 203.0.113.5 at 14:02. Nothing is inspected.",
        ),
        (
            "tls: refused",
            "It did not accept the certificate.",
            "tried to reach 203.0.113.5 at 14:02. It did not accept the certificate.",
        ),
    ],
)
def test_what_was_never_inspected_is_not_said_to_be_clean(
    now: datetime, degraded: str, reason: str, words: str
) -> None:
    """A direct connection or a refused certificate reads as what it is, not as nothing sent."""
    seen = record(
        now - timedelta(minutes=12), sender("a.py"), place("203.0.113.5", None, Category.OTHER)
    )
    request = replace(seen.request, method="CONNECT")
    decision = replace(seen.decision, degraded=(degraded,), reason=reason)
    seen = replace(seen, request=request, decision=decision)

    assert sentence(seen, now, UTC) == f"“a.py”, run by fin-ops, {words}"


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        (("not_inspected",), "sent what could not all be read to"),
        ((), "sent data without known personal data or secrets to"),
        (("iban", "not_inspected"), "sent 1 bank account number, partly unread, to"),
    ],
)
def test_a_case_of_nothing_found_is_a_sentence(
    kinds: tuple[str, ...], words: str, now: datetime, case_of: Callable[..., Case]
) -> None:
    """It says that something was sent, and what is not known of it."""
    assert words in case_sentence(case_of(1, kinds=kinds), now, UTC)
