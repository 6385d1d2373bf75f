"""The filter in words."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.review import CaseFilter, CaseStatus
from tui.filtering import completions, in_words, kind_named, parse, since_named

NOW = datetime(2026, 11, 20, 14, 14, tzinfo=UTC)  # a Friday


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("", CaseFilter()),
        ("   ", CaseFilter()),
        ("held", CaseFilter(verdict="hold")),
        ("HELD closed", CaseFilter(verdict="hold", status=CaseStatus.CLOSED)),
        ("all", CaseFilter(status=None)),
        ("blocked", CaseFilter(verdict="block")),
        ("passed", CaseFilter(verdict="watch")),
        ("script:claims", CaseFilter(script="claims")),
        ("Script:claims to:OpenAI", CaseFilter(script="claims", destination="OpenAI")),
        ('script:"my report.py" held', CaseFilter(script="my report.py", verdict="hold")),
        ('script:"my report', CaseFilter(script="my report")),
        ("found:iban", CaseFilter(kind="iban")),
        ("found:passwords-or-keys", CaseFilter(kind="secret")),
        ('found:"e-mail address"', CaseFilter(kind="email")),
        ("found:gr_amka", CaseFilter(kind="gr_amka")),
        ("since:today", CaseFilter(since=datetime(2026, 11, 20, tzinfo=UTC))),
        ("since:monday", CaseFilter(since=datetime(2026, 11, 16, tzinfo=UTC))),
        ("since:friday", CaseFilter(since=datetime(2026, 11, 20, tzinfo=UTC))),
        ("since:2026-11-02", CaseFilter(since=datetime(2026, 11, 2, tzinfo=UTC))),
        ("since:7d", CaseFilter(since=NOW - timedelta(days=7))),
        ("claims report", CaseFilter(text="claims report")),
        ("heldback", CaseFilter(text="heldback")),
        ("http://x", CaseFilter(text="http://x")),
    ],
)
def test_words_become_a_filter(line: str, wanted: CaseFilter) -> None:
    """What a person writes is what is shown."""
    parsed = parse(line, NOW, UTC)

    assert parsed.problem is None
    assert parsed.wanted == wanted


@pytest.mark.parametrize(
    "line",
    ["since:blursday", "script:", "to: held", "since:2026-13-01", 'found:""', "since:99999999d"],
)
def test_what_is_not_understood_is_said(line: str) -> None:
    """Never a silent guess: a filter that hides cases must be meant."""
    assert parse(line, NOW, UTC).problem


def test_days_begin_at_the_persons_midnight() -> None:
    """Not at midnight in Greenwich."""
    tokyo = timezone(timedelta(hours=9))

    assert since_named("today", NOW, tokyo) == datetime(2026, 11, 19, 15, tzinfo=UTC)


def test_without_a_zone_days_are_those_of_this_machine() -> None:
    """An officer's monday is the one on the wall."""
    since = since_named("monday", NOW)

    assert since is not None and since.tzinfo is not None
    assert (since.astimezone().hour, since.astimezone().weekday()) == (0, 0)


@given(st.text(max_size=300))
def test_no_line_breaks_it(line: str) -> None:
    """Any text gives a filter or a problem in words."""
    parsed = parse(line, NOW, UTC)

    assert isinstance(parsed.wanted, CaseFilter)
    assert parsed.problem is None or len(parsed.problem) < 350


@given(st.text(max_size=60))
def test_completions_only_add(line: str) -> None:
    """A completion keeps what is already written before the last word."""
    for option in completions(line, ["my report.py", "a.py"], ["openai"]):
        assert len(option) <= len(line) + 60
        assert option.rsplit(" ", 1)[0] or not line.strip() or option


_WORD = st.sampled_from(["claims", "report.py", "my report"])


@given(
    st.builds(
        CaseFilter,
        status=st.sampled_from([None, *CaseStatus]),
        verdict=st.sampled_from([None, "allow", "watch", "warn", "redact", "hold", "block"]),
        script=st.none() | _WORD,
        destination=st.none() | _WORD,
        kind=st.sampled_from([None, "iban", "secret"]),
        since=st.none()
        | st.dates(date(2020, 1, 1), date(2026, 1, 1)).map(
            lambda d: datetime(d.year, d.month, d.day, tzinfo=UTC)
        ),
        text=st.sampled_from(["", "claims", "two words"]),
    )
)
def test_a_filter_read_back_from_its_words_is_the_same(wanted: CaseFilter) -> None:
    """What the screen says is shown is what is shown."""
    assert parse(in_words(wanted), NOW, UTC).wanted == wanted


@pytest.mark.parametrize(
    ("line", "first"),
    [
        ("h", "held"),
        ("held s", "held script:"),
        ("script:a", "script:a.py"),
        ("script:m", 'script:"my report.py"'),
        ("to:o", "to:openai"),
        ("found:ib", "found:iban"),
        ("since:mo", "since:monday"),
        ("CL", "closed"),
    ],
)
def test_the_word_begun_is_completed(line: str, first: str) -> None:
    """The first offer is the one that Tab takes."""
    assert completions(line, ["my report.py", "a.py"], ["openai"])[0] == first


def test_kinds_go_by_id_or_by_name() -> None:
    """`found:us_ssn` and `found:us-social-security-number` are one."""
    assert kind_named("us_ssn") == kind_named("US-social-security-number") == "us_ssn"
