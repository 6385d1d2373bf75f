"""Habits are learnt from what left, and judge what comes after."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from benchmarks.habits import CALENDAR, DAYS, PLANTED_ON, alerts, seen, told
from benchmarks.habits_world import FIRST, SCRIPTS, Habit, Sent, clean, path_of, planted
from core.attribution import Certainty
from core.classification import AccountKind
from core.decision import Verdict
from core.habits import LEARNING_DAYS, Sending
from core.vocabulary.habits import Unusual
from habits.baseline import Baseline
from habits.learning import Learner
from habits.sentences import habit_lines

SENT = clean(DAYS, 1)
PLANTED = planted(SENT, PLANTED_ON)
JOB = Habit(name="job", clock="daily", kinds=("email",), size=10_000, spread=0.1)


def learnt(days: int, habit: Habit = JOB, *extra: Sent) -> Learner:
    """Return what so many days of one script taught."""
    learner = Learner(CALENDAR)
    for one in sorted((*clean(days, scripts=(habit,)), *extra), key=lambda one: one.at):
        learner.add(one.record())
    return learner


def on(day: int, hour: int = 6) -> datetime:
    return datetime(FIRST.year, FIRST.month, FIRST.day, hour, 20, tzinfo=UTC) + timedelta(days=day)


def baseline(learner: Learner, day: int, habit: Habit = JOB) -> Baseline:
    found = learner.baseline(path_of(habit.name), on(day))
    assert found is not None
    return found


def like(**other: object) -> Sending:
    usual = Sending(
        at=on(20),
        place="api.partner.example",
        kinds=frozenset({"email"}),
        bytes=10_000,
    )
    return replace(usual, **other)  # type: ignore[arg-type]


def test_a_clean_month_is_quiet() -> None:
    """No script has more than one day with an alert in a month in which it did nothing new."""
    assert max(map(len, told(SENT).values()), default=0) <= 1


@pytest.mark.parametrize("name", PLANTED)
def test_what_a_script_never_did_is_told(name: str) -> None:
    """Each of twenty things that were planted is seen by a rule that asks for its kind alone."""
    word, extra = PLANTED[name]
    own = [one for one in SENT if one.script == extra[0].script and one.at <= extra[-1].at]
    assert seen(own, extra, word)


def test_twenty_things_are_planted_in_scripts_of_many_kinds() -> None:
    """The bar is no smaller than it says."""
    assert len(PLANTED) == 20
    assert len({habit.clock for habit in SCRIPTS}) >= 8


@pytest.mark.parametrize(
    ("days", "at", "words"),
    [
        (3, 2, "learning, day 3 of 14"),
        (13, 13, "learning, day 14 of 14"),
        (14, 14, "None"),
        (40, 40, "None"),
    ],
)
def test_the_state_of_learning_is_told(days: int, at: int, words: str) -> None:
    """Everybody sees from which day on a script's habits count."""
    assert str(baseline(learnt(days), at).learning) == words


def test_a_page_does_not_say_that_a_script_of_today_sent_nothing() -> None:
    """Habits are of days that are over: what was sent today is none of them yet."""
    [first, *_] = habit_lines(baseline(learnt(1), 0))
    assert first == (
        "learning, day 1 of 14: learnt from 0 requests on 0 days before today; "
        "nothing is unusual yet"
    )


def test_a_script_that_seldom_runs_is_learnt_longer() -> None:
    """Two Mondays are not enough to know a weekly job; the third is."""
    weekly = Habit(name="weekly", clock="monday")
    learner = learnt(30, weekly)
    assert str(baseline(learner, 14, weekly).learning) == "learning, seen on 2 days of 3"
    assert baseline(learner, 15, weekly).learning is None


def test_nothing_is_unusual_while_habits_are_learnt() -> None:
    """A new script is no alarm."""
    odd = like(at=on(5, 3), place="evil.example", bytes=10**9, kinds=frozenset({"iban"}))
    assert baseline(learnt(5), 5).unusual(odd) == {}


@pytest.mark.parametrize(
    ("sending", "words"),
    [
        (like(), {}),
        (like(bytes=14_000), {}),
        (like(kinds=frozenset()), {}),
        (like(at=on(20, 7)), {}),
        (like(at=on(20, 13)), {Unusual.HOURS: "it never sends at 13:00, but 06:00-07:00"}),
        (
            like(place="evil.example"),
            {Unusual.DESTINATION: "it never sent to evil.example"},
        ),
        (
            like(bytes=90_000),
            {Unusual.VOLUME: "it never sent more than 11.5 kB at once, and this is 90.0 kB"},
        ),
        (
            like(kinds=frozenset({"email", "iban"})),
            {Unusual.KIND: "it never sent bank account numbers there"},
        ),
        (
            like(account=(AccountKind.PERSONAL, "me")),
            {},  # no account of this place was ever known, so that none is another
        ),
    ],
)
def test_each_deviation_is_explained_in_words(sending: Sending, words: dict[Unusual, str]) -> None:
    """Who is asked about it reads what the script does as a rule, and what this is instead."""
    assert dict(baseline(learnt(20), 20).unusual(sending)) == words


def test_a_text_from_a_payload_is_inert_in_the_words() -> None:
    """A host's name cannot draw on the screen."""
    (why,) = baseline(learnt(20), 20).unusual(like(place="a\x1b[31m\u202eb")).values()
    assert "\x1b" not in why
    assert "\u202e" not in why


def _new(day: int, **other: object) -> Sent:
    plain = Sent(at=on(day), script=path_of("job"), place="new.example", size=10_000)
    return replace(plain, **other)  # type: ignore[arg-type]


def test_what_is_new_stays_unusual_until_it_is_as_old_as_learning_takes() -> None:
    """No single day, and no few days in a row, teach a script another habit."""
    extra = [_new(day) for day in range(20, 45)]
    learner = learnt(60, JOB, *extra)
    there = like(place="new.example")

    def unusual(day: int) -> bool:
        return Unusual.DESTINATION in baseline(learner, day).unusual(there)

    assert all(unusual(day) for day in range(20, 20 + LEARNING_DAYS))
    assert not unusual(40)
    once = learnt(60, JOB, _new(20))
    assert Unusual.DESTINATION in baseline(once, 50).unusual(there)


@pytest.mark.parametrize(
    "other",
    [{"verdict": Verdict.BLOCK}, {"verdict": Verdict.HOLD}],
)
def test_what_was_stopped_teaches_nothing(other: dict[str, object]) -> None:
    """A refused request is no habit, however often it is tried."""
    learner = learnt(30, JOB, *[_new(day, **other) for day in range(30)])
    assert "new.example" not in baseline(learner, 30).places


def test_what_is_not_proven_teaches_nothing() -> None:
    """A script's habits are its own: a likely name may be another's."""
    learner = Learner(CALENDAR)
    record = _new(1).record()
    learner.add(replace(record, sender=replace(record.sender, certainty=Certainty.LIKELY)))
    assert learner.baseline(path_of("job"), on(3)) is None


def test_what_is_older_than_ninety_days_is_forgotten() -> None:
    """A habit that was given up long ago is none."""
    old = [_new(day, place="old.example") for day in range(20)]
    assert "old.example" in baseline(learnt(60, JOB, *old), 60).places
    assert "old.example" not in baseline(learnt(140, JOB, *old), 140).places


def test_a_record_that_comes_late_counts() -> None:
    """Records are written when requests end: the order of days is theirs, not of writing."""
    learner = learnt(20)
    assert "late.example" not in baseline(learner, 20).places
    learner.add(_new(3, place="late.example").record())
    assert "late.example" in baseline(learner, 20).places


def test_hosts_below_a_name_of_their_own_are_one_family() -> None:
    """A service with a host for each customer is known by its name; strangers are not."""
    habit = Habit(name="job", clock="daily", places=tuple(f"c{n}.hooks.example" for n in range(9)))
    known = baseline(learnt(20, habit), 20)
    assert Unusual.DESTINATION not in known.unusual(like(place="c77.hooks.example"))
    assert Unusual.DESTINATION in known.unusual(like(place="hooks.example.evil.example"))
    country = Habit(name="job", clock="daily", places=tuple(f"site{n}.co.uk" for n in range(9)))
    assert Unusual.DESTINATION in baseline(learnt(20, country), 20).unusual(
        like(place="evil.co.uk")
    )


def test_one_alert_names_the_script_and_why() -> None:
    """The reason in the record is a sentence that an officer can act on."""
    _, extra = PLANTED["payroll to a paste"]
    own = [one for one in SENT if one.script == extra[0].script]
    reasons = [why for _, why in alerts(sorted((*own, *extra), key=lambda one: one.at))]
    assert any("unusual for this script (it never sent to Pastebin)" in why for why in reasons)


def test_days_are_those_of_the_organisation() -> None:
    """A request at half past midnight in Berlin belongs to the new day there."""
    assert isinstance(FIRST, date)
    learner = learnt(2)
    assert baseline(learner, 2).until == FIRST + timedelta(days=1)
