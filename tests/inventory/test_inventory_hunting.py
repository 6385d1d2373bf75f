"""Who had a package, what left, and to whom."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from invented_day import finding, place, record, sender

from core.attribution import LaunchedAs, Script
from core.classification import Category
from core.decision import Verdict
from core.errors import InputError
from core.fate import CUT_OFF, TUNNEL
from core.record import Record
from core.review import ScriptVersion
from inventory.hunting import Wanted, what_left, who_had

AT = datetime(2026, 11, 1, tzinfo=UTC)
OLD, NEW, OTHER = ("a" * 64, "b" * 64, "c" * 64)
PARTS: dict[str, dict[str, Any]] = {
    OLD: {
        "installed": [["litellm", "1.82.7", False], ["idna", "3.1", False]],
        "used": [["litellm", "litellm", "1.82.7"]],
    },
    NEW: {
        "installed": [["litellm", "1.83.0", False], ["idna", "3.1", False]],
        "used": [["litellm", "litellm", "1.83.0"]],
    },
    OTHER: {"installed": [["idna", "3.1", False]], "used": [["x", None, None]], "imports": ["x"]},
}


def version(sha256: str | None, day: int, name: str = "/srv/jobs/bot.py") -> ScriptVersion:
    at = AT + timedelta(days=day)
    return ScriptVersion(script=name, sha256=sha256, first_at=at, last_at=at + timedelta(hours=3))


def sent(sha256: str, verdict: Verdict = Verdict.WATCH, **more: Any) -> Record:
    script = Script(
        path="/srv/jobs/bot.py", sha256=sha256, launched_as=LaunchedAs.FILE, name="bot.py"
    )
    where = place("api.openai.com", "openai", Category.LLM)
    return record(
        AT, sender("bot.py", script=script), where, finding("iban", 7), verdict=verdict, **more
    )


@pytest.mark.parametrize(
    ("version", "installed", "expected"),
    [
        (None, "1.0", True),
        ("1.0", "1.0", True),
        ("1.0", "1", True),
        ("1.0", "1.0.1", False),
        ("<2", "1.9", True),
        ("<2", "2.0rc1", False),
        (">=1.0,<2", "0.9", False),
        ("~=1.4", "1.5", True),
        ("1.82.7", "1.82.70", False),
        ("2004d", "2004d", True),
    ],
)
def test_a_version_or_a_range_is_hunted(
    version: str | None, installed: str, expected: bool
) -> None:
    """One version in any spelling, a range, or all."""
    assert Wanted(name="Lite_LLM", version=version).matches("lite-llm", installed) is expected


def test_a_wrong_range_says_how_it_is_written() -> None:
    """A mistyped range finds nobody by accident."""
    with pytest.raises(InputError, match="no range"):
        Wanted(name="x", version="<<2")


def test_only_the_versions_that_had_it_are_told() -> None:
    """A script counts in the version in which it had the package, whether it imports it or only
    lies beside it.
    """
    versions = [
        version(NEW, 9),
        version(OLD, 1),
        version(OTHER, 2),
        version(None, 0),
        version("d" * 64, 0),
    ]

    bad = who_had(Wanted(name="litellm", version="1.82.7"), versions, PARTS.get)
    assert [(h.sha256, h.imported) for h in bad] == [(OLD, True)]
    every = who_had(Wanted(name="idna"), versions, PARTS.get)
    assert [(h.sha256, h.imported) for h in every] == [(OLD, False), (OTHER, False), (NEW, False)]
    assert who_had(Wanted(name="absent"), versions, PARTS.get) == []


def test_what_left_is_added_up_by_place() -> None:
    """Of each version: how much, what stood in it, and what was stopped."""
    hads = who_had(Wanted(name="litellm", version="1.82.7"), [version(OLD, 1)], PARTS.get)
    records = [sent(OLD), sent(OLD, sent=800), sent(OLD, Verdict.BLOCK), sent(NEW)]

    (had,) = what_left(hads, records)
    assert [(s.place, s.requests, s.stopped, s.bytes) for s in had.sent] == [
        ("openai", 3, 1, 5_000)
    ]
    assert had.sent[0].found == "at least 7 bank account numbers"


def test_what_went_past_or_left_in_part_was_not_kept_back() -> None:
    """“stopped” is said of neither as if nothing had left."""
    hads = who_had(Wanted(name="litellm", version="1.82.7"), [version(OLD, 1)], PARTS.get)
    cut = replace(sent(OLD, Verdict.BLOCK, sent=800), notes=(f"{CUT_OFF} 800 bytes had left",))
    past = sent(OLD)
    past = replace(
        past,
        request=replace(past.request, method=TUNNEL, bytes=0),
        decision=replace(past.decision, degraded=("bypass: made up",)),
    )

    (had,) = what_left(hads, [cut, past])
    told = [(s.requests, s.stopped, s.past, s.bytes, s.bytes_exact) for s in had.sent]
    assert told == [(2, 1, 1, 800, False)]


@pytest.mark.parametrize(
    "kept", [{}, {"installed": 5, "used": "x"}, {"installed": [[1], ["a", "b"]], "used": [[None]]}]
)
def test_damaged_compositions_name_nobody(kept: dict[str, Any]) -> None:
    """What was not kept in its form is nobody's package."""
    assert who_had(Wanted(name="a"), [version(OLD, 1)], lambda _: kept) == []


@pytest.mark.parametrize("version", ["", " ", "1.82.*", "^2", "2, <3", "2\udcff", "1" * 300, "²"])
def test_what_is_no_version_is_told(version: str) -> None:
    """A slip of the pen must not read like "nobody had it"."""
    with pytest.raises(InputError, match="no version"):
        Wanted(name="requests", version=version)


@pytest.mark.parametrize("version", ["2", "v1.0", "1!2.0+cu118", "2004d", "1.0-rc_1"])
def test_versions_of_all_times_can_be_asked_for(version: str) -> None:
    """What PEP 440 does not know may lie in an old environment."""
    assert Wanted(name="pytz", version=version).matches("pytz", version)
