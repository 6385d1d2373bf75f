"""Words for verdicts, holds, dispositions, acts, accounts and senders: each value has its own."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from attribution.backends.linux import LinuxBackend
from attribution.backends.psutil_table import PsutilBackend
from core.attribution import UNATTRIBUTED, Certainty, LaunchedAs
from core.classification import AccountKind, Category
from core.decision import Decision, HoldOutcome, Verdict
from core.fate import CUT_OFF, UNFINISHED_NOTE
from core.findings import Confidence
from core.happenings import Event
from core.review import Action, Disposition
from core.vocabulary.destinations import ACCOUNTS, CATEGORIES, whose
from core.vocabulary.findings import CONFIDENCE, Amount, content, found
from core.vocabulary.happenings import HAPPENED
from core.vocabulary.reviews import ACTS, DISPOSITIONS
from core.vocabulary.senders import CERTAINTIES, LAUNCHES, METHODS
from core.vocabulary.verdicts import HOLDS, UNKNOWN, VERDICTS, WAITING, WOULD, became, words_of
from destinations.naming import place_name
from tests.evidence.conftest import make_record


@pytest.mark.parametrize(
    ("table", "values"),
    [
        (VERDICTS, Verdict),
        (WOULD, Verdict),
        (HOLDS, [*HoldOutcome, WAITING]),
        (DISPOSITIONS, Disposition),
        (ACTS, Action),
        (HAPPENED, Event),
        (CATEGORIES, Category),
        (ACCOUNTS, AccountKind),
        (CONFIDENCE, Confidence),
        (LAUNCHES, LaunchedAs),
        (CERTAINTIES, Certainty),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_every_value_has_its_words_and_no_word_is_left_over(
    table: Mapping[object, str], values: Iterable[object]
) -> None:
    """A value of the core without words, and words without a value, are found here."""
    assert list(table) == sorted(values, key=list(table).index)
    assert set(table) == set(values)


def test_every_way_to_find_a_sender_has_words() -> None:
    """What the backends can answer, recorded traffic, and nothing at all."""
    ways = {LinuxBackend.method, PsutilBackend.method, UNATTRIBUTED.method, "recording"}
    assert set(METHODS) == ways


def test_outcomes_are_told_apart_by_word_sign_and_meaning() -> None:
    """Nobody has to tell colours apart, and each sentence says something else."""
    every = [*VERDICTS.values(), *HOLDS.values(), UNKNOWN]
    assert len({v.word for v in VERDICTS.values()}) == len(VERDICTS)
    assert len({w.outcome for w in every}) == len(every)
    assert {w.meaning for w in every} == {"allowed", "held", "blocked", "unknown"}
    signs = {w.sign: w.meaning for w in VERDICTS.values()}
    assert all(signs[w.sign] == w.meaning for w in VERDICTS.values())


@pytest.mark.parametrize(
    ("verdict", "hold", "said"),
    [
        ("block", None, "It was blocked."),
        ("hold", "refused", "It was held, and a person refused it."),
        ("hold", "waiting", "It is held now."),
        ("hold", "something new", "It was held."),
        ("allow", "approved", "It was allowed."),
        ("quarantine", None, "What became of it is not known."),
    ],
)
def test_what_happened_is_a_sentence(verdict: str, hold: str | None, said: str) -> None:
    """A held request goes by how its hold ended; what a later version wrote is not guessed."""
    assert words_of(verdict, hold).outcome == said


@pytest.mark.parametrize(
    ("decision", "notes", "said"),
    [
        (Decision(verdict=Verdict.BLOCK, intended=Verdict.BLOCK), (), "It was blocked."),
        (
            Decision(verdict=Verdict.WATCH, intended=Verdict.BLOCK),
            (),
            "It passed; policy only watches. The rule would have blocked it.",
        ),
        (
            Decision(verdict=Verdict.WATCH, intended=Verdict.BLOCK),
            (UNFINISHED_NOTE,),
            "It ended before it could leave: nothing was sent.",
        ),
        (Decision(verdict=Verdict.BLOCK), (CUT_OFF,), "It was cut after 1,200 bytes had left."),
    ],
)
def test_what_became_of_a_record_is_a_sentence(
    decision: Decision, notes: tuple[str, ...], said: str
) -> None:
    """With what its rule would have done, but where it came to no rule."""
    assert became(replace(make_record(bytes=1200), decision=decision, notes=notes)) == said


@pytest.mark.parametrize(
    ("amounts", "words"),
    [
        ([], ""),
        ([Amount("not_inspected", 1, 0, False)], ""),
        ([Amount("nl_bsn", 1, 0, False)], "1 Dutch citizen number (BSN)"),
        ([Amount("nl_bsn", 2, 1, False)], "2 Dutch citizen numbers (BSN)"),
        (
            [Amount("iban", 2, 0, False), Amount("bank_account", 3, 0, False)],
            "5 bank account numbers",
        ),
        ([Amount("iban", 9, 15_000, False)], "15,000 rows with bank account numbers"),
        ([Amount("employee_id", 2, 0, False)], "2 employee id values"),
        (
            [Amount("email", 3, 0, True), Amount("iban", 1, 0, False)],
            "1 bank account number (and published examples)",
        ),
        ([Amount("email", 3, 0, True)], "3 e-mail addresses (published examples)"),
    ],
)
def test_what_was_found_is_said_in_one_way(amounts: list[Amount], words: str) -> None:
    """Counted, gravest first, example values apart; what was not read is no finding by itself."""
    assert found(amounts) == words


def test_what_was_not_read_is_never_called_clean() -> None:
    """The size stands where nothing was found, and says whether all of it was read."""
    unread, email = Amount("not_inspected", 1, 0, False), Amount("email", 1, 0, False)
    assert content([], 1, unread=False) == "1 byte without known personal data or secrets"
    assert content([], 4200, unread=True) == "4.2 kB that could not all be read"
    assert content([unread], 4200, unread=True) == "4.2 kB that could not all be read"
    assert content([email, unread], 4200, unread=True) == "1 e-mail address, partly unread,"


@pytest.mark.parametrize(
    ("service", "account", "category", "words"),
    [
        ("onedrive", "personal", "cloud_storage", "a personal OneDrive"),
        ("openai", "corporate", "llm", "the organisation's own OpenAI account"),
        ("github", "other_tenant", "code_host", "another organisation's GitHub account"),
        ("0x0.st", "anonymous", "paste", "0x0.st, without an account"),
        ("ai21", "unknown", "llm", "AI21"),
        (None, "unknown", "other", "files.example"),
        (None, "something new", "other", "files.example"),
    ],
)
def test_whose_account_of_which_service(
    service: str | None, account: str, category: str, words: str
) -> None:
    """A personal account is told from the organisation's own; services have proper names."""
    name = place_name(service, "files.example")
    assert whose(name, account, category, service=bool(service)) == words
