"""The filter in words: `held script:claims to:openai found:iban since:monday` → which cases to
show. Pure.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo

from core.observation import OBSERVED
from core.review import CaseFilter, CaseStatus
from core.vocabulary.kinds import KINDS
from core.vocabulary.verdicts import FATES, SEEN, VERDICTS

STATUSES: dict[str, CaseStatus | None] = {
    "open": CaseStatus.OPEN,
    "closed": CaseStatus.CLOSED,
    "all": None,
}
VERDICT_WORDS = {
    **{words.word: verdict.value for verdict, words in VERDICTS.items()},
    **{words.word: fate.value for fate, words in FATES.items()},
    SEEN.word: OBSERVED,
}
PREFIXES = ("script:", "to:", "found:", "since:")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SINCE_WORDS = ("today", "yesterday", *_DAYS, "7d", "30d")
_TOKEN = re.compile(r'[^\s"]*"[^"]*"?|\S+')
_SPAN = re.compile(r"(\d{1,4})([dhw])")
_SPAN_HOURS = {"h": 1, "d": 24, "w": 168}
MAX_LENGTH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What a filter line says; with a `problem` (what was not understood, in words) `wanted` is not
    to be used.
    """

    wanted: CaseFilter
    problem: str | None = None


def parse(line: str, now: datetime, zone: tzinfo | None = None) -> Parsed:
    """Read a filter line. Never raises; days are those of `zone` (None: this machine's)."""
    wanted = CaseFilter()
    words: list[str] = []
    for token in _TOKEN.findall(line[:MAX_LENGTH]):
        prefix, colon, rest = token.partition(":")
        value = rest.replace('"', "").strip()
        key = prefix.lower()
        if colon and f"{key}:" in PREFIXES:
            if not value:
                return Parsed(wanted=wanted, problem=f"Say what after {key}:")
            found = _condition(wanted, key, value, now, zone)
            if isinstance(found, str):
                return Parsed(wanted=wanted, problem=found)
            wanted = found
        elif token.lower() in STATUSES:
            wanted = replace(wanted, status=STATUSES[token.lower()])
        elif token.lower() in VERDICT_WORDS:
            wanted = replace(wanted, verdict=VERDICT_WORDS[token.lower()])
        else:
            words.append(token.replace('"', ""))
    return Parsed(wanted=replace(wanted, text=" ".join(words).strip()))


def _condition(
    wanted: CaseFilter, key: str, value: str, now: datetime, zone: tzinfo | None
) -> CaseFilter | str:
    match key:
        case "script":
            return replace(wanted, script=value)
        case "to":
            return replace(wanted, destination=value)
        case "found":
            return replace(wanted, kind=kind_named(value))
        case _:
            since = since_named(value, now, zone)
            if since is None:
                return f"I cannot read the day “{value}”. Try today, monday, 7d or 2026-11-20."
            return replace(wanted, since=since)


def kind_named(words: str) -> str:
    """Return the kind that a person means: its id, or its name in words with spaces or hyphens."""
    wanted = _spaced(words)
    for kind, names in KINDS.items():
        if wanted in {_spaced(kind), _spaced(names.one), _spaced(names.many)}:
            return kind
    return wanted.replace(" ", "_")


def _spaced(words: str) -> str:
    return words.lower().replace("_", " ").replace("-", " ")


def since_named(value: str, now: datetime, zone: tzinfo | None = None) -> datetime | None:
    """Return the moment that `today`, `monday`, `3d`, `12h`, `2w` or `2026-11-20` names, or
    None.
    """
    word = value.lower()
    here = now.astimezone(zone)
    if span := _SPAN.fullmatch(word):
        return now - timedelta(hours=int(span[1]) * _SPAN_HOURS[span[2]])
    if word in {"today", "yesterday"}:
        return _midnight(here.date() - timedelta(days=word == "yesterday"), here, zone)
    if word in _DAYS:
        back = (here.weekday() - _DAYS.index(word)) % 7
        return _midnight(here.date() - timedelta(days=back), here, zone)
    try:
        return _midnight(date.fromisoformat(word), here, zone)
    except (ValueError, OverflowError, OSError):
        return None


def _midnight(day: date, here: datetime, zone: tzinfo | None) -> datetime:
    if zone is not None:
        return datetime.combine(day, time.min, tzinfo=zone).astimezone(here.tzinfo)
    return datetime.combine(day, time.min).astimezone()


def completions(
    line: str, scripts: Iterable[str] = (), destinations: Iterable[str] = ()
) -> list[str]:
    """Return whole lines that complete the word being written, most useful first; at most
    twenty.
    """
    head, word = _split_last(line)
    prefix, colon, begun = word.partition(":")
    if colon:
        values = {
            "script": tuple(scripts),
            "to": tuple(destinations),
            "found": tuple(KINDS),
            "since": SINCE_WORDS,
        }.get(prefix.lower(), ())
        options = [
            f"{prefix}:{_quoted(value)}"
            for value in values
            if value.lower().startswith(begun.lower())
        ]
    else:
        everything = (*VERDICT_WORDS, *STATUSES, *PREFIXES)
        options = [option for option in everything if option.startswith(word.lower())]
    return [head + option for option in dict.fromkeys(options) if option != word][:20]


def _split_last(line: str) -> tuple[str, str]:
    if line.count('"') % 2:
        start = line.rfind(" ", 0, line.rfind('"')) + 1
    else:
        start = max(line.rfind(" "), line.rfind("\t")) + 1
    return line[:start], line[start:]


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value else value


def in_words(wanted: CaseFilter) -> str:
    """Return a filter as the line that a person would write for it, without its day."""
    words = [next(word for word, status in STATUSES.items() if status == wanted.status)]
    words += [word for word, verdict in VERDICT_WORDS.items() if verdict == wanted.verdict]
    pairs = (("script", wanted.script), ("to", wanted.destination), ("found", wanted.kind))
    words += [f"{name}:{_quoted(value)}" for name, value in pairs if value]
    if wanted.since:
        words.append(f"since:{wanted.since:%Y-%m-%d}")
    return " ".join([*words, wanted.text]).strip()
