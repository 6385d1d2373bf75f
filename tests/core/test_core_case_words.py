"""The filter in words."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from families import with_each
from hypothesis import assume, given
from hypothesis import strategies as st

from core.case_telling import in_words
from core.case_vocabulary import OUTCOMES, PREFIXES, kind_named
from core.case_words import MAX_LENGTH, completions, parse
from core.day_words import moment_named
from core.review import About, CaseFilter, CaseStatus, Condition
from core.vocabulary.kinds import GROUPS

NOW = datetime(2026, 11, 20, 14, 14, tzinfo=UTC)  # a Friday


MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
REFERENCE = "01a21f3e-d877-7ef1-b6f2-2861afcab90e"


def where(about: About, *values: str, negated: bool = False, **more: Any) -> CaseFilter:
    """Return a filter with one condition."""
    return CaseFilter(conditions=(Condition(about=about, values=values, negated=negated),), **more)


def both(one: About, value: str, other: About, second: str) -> CaseFilter:
    """Return a filter with two conditions."""
    conditions = where(one, value).conditions + where(other, second).conditions
    return CaseFilter(conditions=conditions)


def span(since: datetime, minutes: int) -> CaseFilter:
    """Return a filter of so many minutes."""
    return CaseFilter(since=since, until=since + timedelta(minutes=minutes))


@with_each(
    ("line", "wanted"),
    [
        ("", CaseFilter()),
        ("   ", CaseFilter()),
        ("held", where(About.OUTCOME, "hold")),
        ("HELD closed", where(About.OUTCOME, "hold", status=CaseStatus.CLOSED)),
        ("all", CaseFilter(status=None)),
        ("blocked", where(About.OUTCOME, "block")),
        ("passed", where(About.OUTCOME, "watch")),
        ("expired", where(About.OUTCOME, "hold:timed_out")),
        ("released", where(About.OUTCOME, "hold:approved", "hold:approved_before")),
        ("refused", where(About.OUTCOME, "foreign", "hold:refused")),
        ("bypassed unsent", where(About.OUTCOME, "past", "untrusted")),
        ("outcome:expired", where(About.OUTCOME, "hold:timed_out")),
        ("script:claims", where(About.SCRIPT, "claims")),
        ("sender:claims", where(About.SCRIPT, "claims")),
        ("people:1,000 times:5", both(About.PEOPLE, "1000", About.TIMES, "5")),
        ("rows:20", where(About.ROWS, "20")),
        ("came back", where(About.RETURNED, "came-back")),
        ("not came-back", where(About.RETURNED, "came-back", negated=True)),
        ("false alarm", where(About.DISPOSITION, "false_alarm", status=CaseStatus.CLOSED)),
        ("to:openai and held", both(About.DESTINATION, "openai", About.OUTCOME, "hold")),
        ("when:mon", CaseFilter(since=MONDAY, until=MONDAY + timedelta(days=1))),
        ("when:16-nov", CaseFilter(since=MONDAY, until=MONDAY + timedelta(days=1))),
        ("when:16-november", CaseFilter(since=MONDAY, until=MONDAY + timedelta(days=1))),
        ('when:"16 Nov 2026"', CaseFilter(since=MONDAY, until=MONDAY + timedelta(days=1))),
        ("since:21-nov", CaseFilter(since=datetime(2025, 11, 21, tzinfo=UTC))),
        ("when:7d", CaseFilter(since=NOW - timedelta(days=7))),
        (
            "Script:claims to:OpenAI",
            CaseFilter(
                conditions=(
                    Condition(about=About.SCRIPT, values=("claims",)),
                    Condition(about=About.DESTINATION, values=("OpenAI",)),
                )
            ),
        ),
        ("to:openai to:anthropic", where(About.DESTINATION, "openai", "anthropic")),
        ("not to:openai", where(About.DESTINATION, "openai", negated=True)),
        ("not held not expired", where(About.OUTCOME, "hold", "hold:timed_out", negated=True)),
        ("not claims", where(About.TEXT, "claims", negated=True)),
        ("user:ann user:bob", where(About.USER, "ann", "bob")),
        ("account:personal", where(About.ACCOUNT, "personal")),
        ("account:others", where(About.ACCOUNT, "other_tenant")),
        ("account:no-account account:own", where(About.ACCOUNT, "anonymous", "corporate")),
        ("rule:hold-health", where(About.RULE, "hold-health")),
        ("model:gpt", where(About.MODEL, "gpt")),
        ("risk:high risk:Medium", where(About.RISK, "high", "medium")),
        ("group:health", where(About.KIND, *sorted(GROUPS["health"]))),
        ("false-alarm", where(About.DISPOSITION, "false_alarm", status=CaseStatus.CLOSED)),
        ('script:"my report.py"', where(About.SCRIPT, "my report.py")),
        ('script:"my report', where(About.SCRIPT, "my report")),
        ("found:iban", where(About.KIND, "iban")),
        ("kind:iban found:email", where(About.KIND, "iban", "email")),
        ("found:passwords-or-keys", where(About.KIND, "secret")),
        ('found:"e-mail address"', where(About.KIND, "email")),
        ("found:gr_amka", where(About.KIND, "gr_amka")),
        ("since:today", CaseFilter(since=datetime(2026, 11, 20, tzinfo=UTC))),
        ("since:monday", CaseFilter(since=datetime(2026, 11, 16, tzinfo=UTC))),
        ("since:friday", CaseFilter(since=datetime(2026, 11, 20, tzinfo=UTC))),
        ("since:2026-11-02", CaseFilter(since=datetime(2026, 11, 2, tzinfo=UTC))),
        ("since:7d", CaseFilter(since=NOW - timedelta(days=7))),
        ("until:yesterday", CaseFilter(until=datetime(2026, 11, 20, tzinfo=UTC))),
        ("until:2026-11-02", CaseFilter(until=datetime(2026, 11, 3, tzinfo=UTC))),
        ("until:7d", CaseFilter(until=NOW - timedelta(days=7))),
        ("since:9:30", CaseFilter(since=NOW.replace(hour=9, minute=30))),
        ("until:14:02", CaseFilter(until=NOW.replace(hour=14, minute=3))),
        ("when:14:02", span(NOW.replace(minute=2), 1)),
        ("since:today until:14:02", span(NOW.replace(hour=0, minute=0), 14 * 60 + 3)),
        ("since:30m", CaseFilter(since=NOW - timedelta(minutes=30))),
        ("yesterday 14:02", span(NOW.replace(minute=2) - timedelta(days=1), 1)),
        ("Mon 08:15", span(MONDAY + timedelta(hours=8, minutes=15), 1)),
        ("16 Nov 2026 08:15", span(MONDAY + timedelta(hours=8, minutes=15), 1)),
        ("since:16-nov-08:15", CaseFilter(since=MONDAY + timedelta(hours=8, minutes=15))),
        ("since:2026-11-16T08:15", CaseFilter(since=MONDAY + timedelta(hours=8, minutes=15))),
        ("since:monday when:tue", span(MONDAY + timedelta(days=1), 24 * 60)),
        ("since:monday until:tue", span(MONDAY, 48 * 60)),
        ("until:wed since:tue since:tuesday", span(MONDAY + timedelta(days=1), 48 * 60)),
        ("hash:9F2C41…", where(About.HASH, "9f2c41")),
        ("certain:exact certain:not-known", where(About.CERTAIN, "exact", "unknown")),
        ("held or blocked", where(About.OUTCOME, "hold", "block")),
        ("to:openai or to:anthropic", where(About.DESTINATION, "openai", "anthropic")),
        ("held, blocked", where(About.OUTCOME, "hold", "block")),
        ("16 Nov", CaseFilter(since=MONDAY, until=MONDAY + timedelta(days=1))),
        ("16 Nov 2026", CaseFilter(since=MONDAY, until=MONDAY + timedelta(days=1))),
        ("ledger_uplo…", CaseFilter(text="ledger_uplo")),
        ("passwords or keys", CaseFilter(text="passwords or keys")),
        ("passwords or…", CaseFilter(text="passwords or")),
        ("not passwords or keys", where(About.TEXT, "passwords or keys", negated=True)),
        ("not health data", where(About.TEXT, "health data", negated=True)),
        ("NOT Bank account numb…", where(About.TEXT, "Bank account numb", negated=True)),
        ("not health claims", where(About.TEXT, "health", negated=True, text="claims")),
        ("health data", CaseFilter(text="health data")),
        ('"or"', CaseFilter(text="or")),
        ('"or"', CaseFilter(text="or")),
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
    [
        *(
            "when:31-feb",
            "when:5-nob",
            "when:5-novel",
            "people:",
            "people:-1",
            "rows:1.5",
            "times:" + "9" * 20,
        ),
        *("since:blursday", "script:", "to: held", "since:2026-13-01", 'found:""'),
        *("since:99999999d", "until:never", "not", "not not", "held not", "not since:today"),
        *("held or user:ann", "claims or report", "held or or held"),
        *("not held or blocked", "held or not blocked", "held or since:monday"),
        *("since:today when:yesterday", "until:mon since:tue", "since:7d until:30d"),
        *("when:mon when:tue", "since:mon since:tue", "until:9:00 until:10:00"),
        *("since:24:00", "since:9:60", "since:blursday-9:00", "when:5-nob-9:00", "since:14"),
        *("hash:9f", "hash:xyzz", "hash:", "certain:perhaps", "version:" + "a" * 65),
        *("not closed", "risk:huge", "account:mine", "group:everything", "outcome:gone"),
    ],
)
def test_what_is_not_understood_is_said(line: str) -> None:
    """Never a silent guess: a filter that hides cases must be meant."""
    assert parse(line, NOW, UTC).problem


@pytest.mark.parametrize(
    ("line", "nearest"),
    [
        ("blokced", "blocked"),
        ("hold", "held"),
        ("expird", "expired"),
        ("usr:ann", "user:"),
        ("usre:ann", "user:"),
        ("scirpt:a", "script:"),
        ("clams", "claims.py"),
        ("not opneai", "openai"),
        ("risk:hgih", "risk:high"),
        ("kind:ibam", "kind:iban"),
        ("found:e-mail-adress", "found:e-mail-addresses"),
        ("account:privat", "account:personal"),
        ("group:helth", "group:health"),
        ("to:openai false-alram", "false-alarm"),
    ],
)
def test_an_unknown_word_is_an_error_that_names_the_nearest(line: str, nearest: str) -> None:
    """“None” would be a lie where the word was only misspelt."""
    names = {"script": ["claims.py", "payroll.py"], "to": ["openai"]}
    parsed = parse(line, NOW, UTC, occurs=lambda word: word in {"claims", "openai"}, names=names)
    assert parsed.problem is not None and nearest in parsed.problem
    assert parsed.wanted == CaseFilter()


@pytest.mark.parametrize("line", ["claims", "CLAIMS openai", '"clams"', "text:clams", "kind:own"])
def test_what_stands_on_the_screen_or_in_quotation_marks_is_looked_for(line: str) -> None:
    """A name is a word, too; and who wants to look for any text says so."""
    known = {"claims", "openai", "own"}
    assert parse(line, NOW, UTC, occurs=lambda word: word.lower() in known).problem is None


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("watch-personal", where(About.RULE, "watch-personal")),
        ("not gpt-5-mini", where(About.MODEL, "gpt-5-mini", negated=True)),
        (REFERENCE, where(About.CASE, REFERENCE)),
        ("mon", CaseFilter(since=MONDAY, until=MONDAY + timedelta(days=1))),
        ("Monday", CaseFilter(since=MONDAY, until=MONDAY + timedelta(days=1))),
    ],
)
def test_rules_models_days_and_references_need_no_prefix(line: str, wanted: CaseFilter) -> None:
    """They stand on the screen as they are, or in what a script was told."""
    named = (About.RULE, "watch-personal"), (About.MODEL, "gpt-5-mini")
    known = {*named, (About.CASE, REFERENCE)}
    parsed = parse(
        line, NOW, UTC, occurs=lambda _: False, stands=lambda about, text: (about, text) in known
    )
    assert (parsed.problem, parsed.wanted) == (None, wanted)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("since:today when:yesterday", "No time is in since:today and when:yesterday."),
        ('until:"16 Nov" since:tue', 'No time is in until:"16 Nov" and since:tue.'),
        ("or", "Say what before or. “or” joins only"),
        ("or held", "Say what before or."),
        ("held or", "Say what after or."),
        ("HELD OR", "Say what after or."),
        ("claims or", "Say what after or."),
        ("held or or blocked", "Say what after or."),
        ("held or not blocked", "“or” joins only what asks for the same"),
        ("not", "Say what after not."),
        ("held not", "Say what after not."),
        ("not not held", "Say what after not."),
        ("not or", "Say what after not."),
        ("not or held", "Say what after not."),
        ("or not", "Say what before or."),
        ("when:mon when:tue", "Which: when:mon or when:tue?"),
        ("hash:9f", "Write a version's first digits after hash:"),
        ("certain:exct", "The nearest word is certain:exact"),
    ],
)
def test_times_that_exclude_each_other_are_named(line: str, said: str) -> None:
    """The last one never wins in silence."""
    assert said in (parse(line, NOW, UTC).problem or "")


def test_a_number_alone_says_of_what_it_may_be() -> None:
    """No name is near to a number."""
    said = parse("1,472+", NOW, UTC, occurs=lambda _: False, names={"model": ["gpt-4"]}).problem
    assert said is not None and "people:1472" in said and "gpt" not in said


@pytest.mark.parametrize(
    ("words", "account"),
    [
        ("the organisation's own OneDrive", "corporate"),
        ("another organisation’s OneDrive", "other_tenant"),
        ("OneDrive, without an account", "anonymous"),
    ],
)
def test_whose_account_is_asked_for_as_sentences_tell_it(words: str, account: str) -> None:
    """What a case reads is what finds it."""
    parsed = parse(words, NOW, UTC, occurs=lambda word: word == "OneDrive")
    assert parsed.problem is None
    assert parsed.wanted.text == "OneDrive"
    assert [one.values[1:] for one in parsed.wanted.conditions] == [(f"account={account}",)]


def test_every_word_before_a_colon_is_offered() -> None:
    """Nobody has to learn a syntax."""
    for name in PREFIXES:
        assert f"{name}:" in completions(name[:-1])
    for word in OUTCOMES:
        assert word in completions(word[:-1])


def test_days_begin_at_the_persons_midnight() -> None:
    """Not at midnight in Greenwich."""
    tokyo = timezone(timedelta(hours=9))

    moment = moment_named("today", NOW, tokyo)
    assert moment is not None
    assert moment.begin == datetime(2026, 11, 19, 15, tzinfo=UTC)
    assert moment.end == datetime(2026, 11, 20, 15, tzinfo=UTC)


def test_without_a_zone_days_are_those_of_this_machine() -> None:
    """An officer's monday is the one on the wall."""
    moment = moment_named("monday", NOW)
    assert moment is not None
    since = moment.begin
    assert since.tzinfo is not None
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
    for option in completions(line, NAMES):
        assert len(option) <= len(line) + 60
        assert option.rsplit(" ", 1)[0] or not line.strip() or option


NAMES = {"script": ["my report.py", "a.py"], "to": ["openai"]}
_WORD = st.sampled_from(["claims", "report.py", "my report"])


_VALUES = {
    About.SCRIPT: _WORD,
    About.DESTINATION: _WORD,
    About.USER: _WORD,
    About.RULE: _WORD,
    About.MODEL: _WORD,
    About.KIND: st.sampled_from(["iban", "secret", "gr_amka"]),
    About.RISK: st.sampled_from(["high", "low"]),
    About.ACCOUNT: st.sampled_from(["personal", "unknown", "anonymous"]),
    About.PEOPLE: st.sampled_from(["5", "1000"]),
    About.ROWS: st.sampled_from(["5", "1000"]),
    About.TIMES: st.sampled_from(["5", "1000"]),
    About.RETURNED: st.just("came-back"),
    About.CERTAIN: st.sampled_from(["exact", "likely", "unknown"]),
    About.HASH: st.sampled_from(["9f2c", "aa17b2c3"]),
}


def _minutes(year: int) -> st.SearchStrategy[datetime]:
    """Return days, and minutes of them, of that year and the next."""
    begin = datetime(year, 1, 1, tzinfo=UTC)
    days = st.integers(0, 700).map(lambda n: begin + timedelta(days=n))
    return days | st.integers(0, 1_000_000).map(lambda n: begin + timedelta(minutes=n))


_CONDITIONS = st.sampled_from(sorted(_VALUES)).flatmap(
    lambda about: st.builds(
        Condition,
        about=st.just(about),
        values=st.lists(_VALUES[about], min_size=1, max_size=2, unique=True).map(tuple),
        negated=st.booleans(),
    )
)


@given(
    st.builds(
        CaseFilter,
        status=st.sampled_from([None, *CaseStatus]),
        conditions=st.lists(_CONDITIONS, max_size=4, unique_by=lambda c: (c.about, c.negated)).map(
            tuple
        ),
        since=st.none() | _minutes(2020),
        until=st.none() | _minutes(2027),
        text=st.sampled_from(["", "claims", "two words", "held", "this or that", "to:x"]),
    )
)
def test_a_filter_read_back_from_its_words_is_the_same(wanted: CaseFilter) -> None:
    """What the screen says is shown is what is shown."""
    line = in_words(wanted)
    assume(len(line) <= MAX_LENGTH)
    assert parse(line, NOW, UTC).wanted == wanted


@pytest.mark.parametrize("word", [*OUTCOMES, "false-alarm", "confirmed-leak", "group:bank"])
def test_a_word_is_said_as_it_was_written(word: str) -> None:
    """`released` reads released, whatever the evidence calls it."""
    assert word in in_words(parse(word, NOW, UTC).wanted).split()


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
    assert completions(line, NAMES)[0] == first


def test_kinds_go_by_id_or_by_name() -> None:
    """`found:us_ssn` and `found:us-social-security-number` are one."""
    assert kind_named("us_ssn") == kind_named("US-social-security-number") == "us_ssn"
