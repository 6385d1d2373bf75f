"""A filter as the line of words that a person would write for it. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from core.case_vocabulary import (
    ACCOUNT_WORDS,
    DISPOSITION_WORDS,
    NOT,
    OUTCOMES,
    PREFIXES,
    RETURNED,
    STATUSES,
)
from core.case_words import parse, quoted
from core.review import About, CaseFilter, Condition
from core.vocabulary.kinds import GROUPS


def in_words(wanted: CaseFilter) -> str:
    """Return a filter as the line that a person would write for it."""
    words = [next(word for word, status in STATUSES.items() if status == wanted.status)]
    plain = (
        (About.OUTCOME, wanted.verdict),
        (About.SCRIPT, wanted.script),
        (About.DESTINATION, wanted.destination),
        (About.KIND, wanted.kind),
    )
    asked = [Condition(about=a, values=(v,)) for a, v in plain if v]
    for condition in (*asked, *wanted.conditions):
        words += _told(condition)
    if wanted.since:
        words.append(f"since:{_time(wanted.since, wanted.since)}")
    if wanted.until:
        words.append(f"until:{_time(wanted.until, wanted.until - timedelta(minutes=1))}")
    return " ".join([*words, _literally(wanted.text)]).strip()


def _time(end: datetime, named: datetime) -> str:
    """Return what names this end of a time: a day where it is a midnight, else a minute."""
    return f"{named:%Y-%m-%d}" if end.time() == time.min else f"{named:%Y-%m-%dT%H:%M}"


_ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)


def _literally(text: str) -> str:
    """Return what is looked for as it is: in quotation marks where a word of it means more."""
    read = parse(text, _ANY_DAY, UTC)
    if read.problem is None and read.wanted == CaseFilter(text=text):
        return text
    return " ".join(f'"{word}"' for word in text.split())


def _told(condition: Condition) -> Iterator[str]:
    """Yield the words for one condition."""
    before = f"{NOT} " if condition.negated else ""
    values = condition.values
    if condition.about is About.KIND:
        group = next((g for g, kinds in GROUPS.items() if tuple(sorted(kinds)) == values), None)
        if group is not None and len(values) > 1:
            yield f"{before}group:{group}"
            return
    if condition.about is About.SHOWN:
        yield before + quoted(values[0])
        return
    if condition.about is About.OUTCOME:
        yield from (before + word for word in _outcome_words(values))
        return
    for value in values:
        yield before + _one(condition.about, value)


def _outcome_words(values: tuple[str, ...]) -> Iterator[str]:
    for word, stands_for in OUTCOMES.items():
        if set(stands_for) <= set(values):
            yield word


def _one(about: About, value: str) -> str:
    if about is About.RETURNED:
        return RETURNED
    if about is About.DISPOSITION:
        return next((w for w, reason in DISPOSITION_WORDS.items() if reason == value), value)
    if about is About.ACCOUNT:
        value = next((w for w, kind in ACCOUNT_WORDS.items() if kind == value), value)
    prefix = next(name for name, one in PREFIXES.items() if one is about)
    return f"{prefix}:{quoted(value)}"
