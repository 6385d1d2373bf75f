"""What the hub tells a person of the state of the fleet."""

from datetime import UTC, datetime

import pytest

from core.fate import Fate
from core.findings import NOT_INSPECTED
from core.observation import OBSERVED, Kind
from core.vocabulary.fleet import ALARMS, Alarm, Over
from hub.telling import Row, alarms, bytes_exact, cases, endpoints, hunted, status
from hub.telling_hunts import sought

CALM: Row = {
    "endpoints": 2,
    "silent": 0,
    "revoked": 0,
    "records": 5,
    "acts": 3,
    "scripts": 1,
    "hub_away_since": None,
    "alarms": 0,
    "totals_to_make": 0,
    "hows_to_read": 0,
    "rows_to_read": 0,
    "erasures_open": 0,
    "erasures_unswept": 0,
}


@pytest.mark.parametrize(
    ("left", "words"),
    [
        ({"erasures_open": 1}, "1 erasures to do; 0 erasures to sweep"),
        ({"erasures_unswept": 1}, "0 erasures to do; 1 erasure to sweep"),
        ({"erasures_open": 2000, "erasures_unswept": 3}, "2,000 erasures to do; 3 erasures"),
    ],
)
def test_an_erasure_that_is_not_finished_is_told(left: dict[str, int], words: str) -> None:
    """Who asks how the fleet is learns that somebody's data is not gone yet, and what to do."""
    told = list(status({**CALM, **left}))
    assert words in told[-1] and told[-1].endswith("outgate hub sweep")


def test_of_finished_erasures_nothing_is_told() -> None:
    """Where all are done, nothing waits."""
    assert "erasure" not in " ".join(status(CALM))


@pytest.mark.parametrize(
    ("kinds", "outcomes", "exact"),
    [
        (["email"], ["allow"], True),
        (["email", NOT_INSPECTED], ["allow"], False),
        ([], ["allow", Fate.PAST.value], False),
        ([Kind.CONNECTION.value], [OBSERVED], False),
        ([Kind.RUN.value], [OBSERVED], True),
    ],
)
def test_bytes_of_what_was_not_read_or_went_past_are_the_least(
    kinds: list[str], outcomes: list[str], exact: bool
) -> None:
    """The hub keeps no more of a record than that: a gate that was killed says it so."""
    assert bytes_exact({"kinds": kinds, "outcomes": outcomes}) == exact


def test_an_alarm_of_both_chains_is_told_once() -> None:
    """Whose store was swapped with another's stood there as “foreign, foreign”."""
    now = datetime(2026, 11, 27, tzinfo=UTC)
    row: Row = {
        "name": "till-1",
        "group": "all",
        "seen_at": now,
        "records": 4,
        "policy": 0,
        "revoked_at": None,
        "silent": False,
        "trouble": None,
        "id": "ab" * 16,
        "alarms": ["foreign", "gap", "foreign"],
    }
    assert "foreign, gap " in "\n".join(endpoints([row], now))


ALARM: Row = {
    "number": 12,
    "endpoint": "till-1",
    "endpoint_id": "ab" * 16,
    "kind": "swapped",
    "words": f"{ALARMS[Alarm.SWAPPED]}: 40 entries of the former were witnessed",
    "last_at": datetime(2026, 11, 27, tzinfo=UTC),
    "times": 1,
    "ended_at": None,
    "ended_by": None,
}
ACTS = f"{ALARMS[Alarm.SWAPPED]}: 5 entries of the former were witnessed"


@pytest.mark.parametrize(
    ("other", "lines"),
    [
        ({"words": ACTS}, ["40 entries of the former were witnessed; 5 entries of the former"]),
        ({}, [f"12, 13  till-1: {ALARM['words']} ("]),
        ({"endpoint_id": "cd" * 16, "endpoint": "till-2"}, ["   12  till-1", "   13  till-2"]),
        ({"kind": "cut", "words": ALARMS[Alarm.CUT]}, ["it has another", "its newest evidence"]),
        ({"words": "of a \x1b[31m later\nversion", "kind": "new"}, ["it has", "of a "]),
        ({"ended_at": ALARM["last_at"], "ended_by": "ada"}, ["12  ", "[ended by ada]"]),
    ],
)
def test_alarms_of_one_kind_are_told_on_one_line(other: Row, lines: list[str]) -> None:
    """Both chains of an endpoint raise them; each says on that line what is its own."""
    told = list(alarms([ALARM, {**ALARM, "number": 13, **other}], ALARM["last_at"]))
    assert len(told) == len(lines)
    assert all(
        words in line and line.isprintable() for words, line in zip(lines, told, strict=True)
    )


def test_a_flood_of_alarms_is_one_line() -> None:
    """What each of them adds is told of some."""
    many = [
        {**ALARM, "number": number, "words": f"{ALARMS[Alarm.SWAPPED]}: {number}"}
        for number in range(50)
    ]
    (line,) = alarms(many, ALARM["last_at"])
    assert line.startswith("0, 1, 2, 3 and 46 more  till-1") and "; 3; and 46 more" in line


SENT: Row = {
    "place": "paste.example",
    "kinds": [],
    "people": [],
    "script": "a.py",
    "endpoint": "till-1",
    "requests": 5,
    "went": 1,
    "past": 3,
    "bytes": 900,
    "sha256": "ab" * 32,
    "what": "",
    "observed": False,
    "last_at": datetime(2026, 11, 27, tzinfo=UTC),
}
HAD: Row = {
    "name": "a.py",
    "sha256": "ab" * 32,
    "on_endpoint": "till-1",
    "imported": True,
    "package": "litellm",
    "version": "1.82.7",
    "sent": [SENT],
}


def test_what_went_past_the_gate_was_not_stopped() -> None:
    """Who hunts reads of nothing that went past that it was kept back, nor how much it was."""
    words = "5 requests, at least 900 bytes left, 1 request stopped or failed, 3 past Outgate"
    assert words in "\n".join(hunted("litellm", None, [HAD], 0, 0))
    assert words in "\n".join(sought("a.py", Over.SCRIPTS, [SENT]))


@pytest.mark.parametrize(
    ("outcome", "word"),
    [("block", "blocked"), ("watch", "passed"), ("past", "bypassed"), ("\x1b[2J", "unknown")],
)
def test_the_list_of_cases_calls_outcomes_as_the_review_does(outcome: str, word: str) -> None:
    """“watch” is what a rule says; what became of the request is that it passed."""
    row = {
        **dict.fromkeys(("script", "destination", "account"), "a"),
        **dict.fromkeys(("endpoints", "open_on", "records"), 1),
        "kinds": ["iban"],
        "outcome": outcome,
        "last_at": datetime(2026, 11, 20, tzinfo=UTC),
    }
    [_, line] = cases([row])
    assert f"  {word}  " in line and line.isprintable()
