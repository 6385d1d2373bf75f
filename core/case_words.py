"""The filter in words: `held script:claims to:openai not kind:email since:monday` → which cases.
Pure: the one language of the review, of `--plain`, of exports and of reports.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from types import MappingProxyType

from core.case_phrases import AMOUNTS, PHRASES, SEVERAL, WORDS, digits, joined, of_a_kind, plainly
from core.case_vocabulary import (
    ACCOUNT_WORDS,
    CHOICES,
    DISPOSITION_WORDS,
    NOT,
    OUTCOMES,
    PREFIXES,
    READS,
    RETURNED,
    STATUSES,
    WRITTEN,
    case_named,
    many_of,
    shown,
    shown_as,
)
from core.day_words import SINCE_WORDS, Moment, moment_named
from core.review import About, CaseFilter, CaseStatus, Condition
from core.text import printable
from core.vocabulary.kinds import KINDS

OR = "or"
MAX_LENGTH = 200
_TOKEN = re.compile(r'[^\s"]*"[^"]*"?|\S+')
_MOST_OFFERED = 20

type Occurs = Callable[[str], bool]
"""Says whether a text stands in the script, place, kinds or users of any case."""
type Stands = Callable[[About, str], bool]
"""Says whether any case has such a rule, or such a model."""
type Called = Callable[[str], Iterable[str]]
"""Which texts of the evidence a person calls so on the screen: `amazon` → `aws-s3`."""
type Names = Mapping[str, Iterable[str]]
"""What there is, by the word before the colon, for completions and for the nearest word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What a filter line says; with a `problem` (what was not understood, in words) `wanted` is not
    to be used.
    """

    wanted: CaseFilter
    problem: str | None = None


class _ProblemError(Exception):
    """What was not understood, in words."""


@dataclass(slots=True)
class _Reading:
    """A line on its way to a filter."""

    now: datetime
    zone: tzinfo | None
    occurs: Occurs | None
    names: Names
    called: Called
    stands: Stands
    wanted: CaseFilter = field(default_factory=CaseFilter)
    texts: list[str] = field(default_factory=list)
    values: dict[tuple[About, bool], list[str]] = field(default_factory=dict)
    shown: list[Condition] = field(default_factory=list)
    times: dict[str, tuple[str, Moment]] = field(default_factory=dict)
    """By the word before the colon: what stood behind it, and what that names."""

    def either(self, before: Sequence[str], behind: Sequence[str]) -> None:
        """Take the word between two: it adds nothing where both ask for the same, since one of them
        is enough then, and is a word as any other in `passwords or keys`. Raises _ProblemError
        elsewhere.
        """
        around = (*before[-1:], OR, *behind[:1])
        if len(around) > 1 and of_a_kind(" ".join(around)):
            self._plain(OR, "", negated=False)
            return
        if not before or not behind or behind[0].lower() == OR:
            side = "after" if before else "before"
            raise _ProblemError(f"Say what {side} or. {_EITHER}")
        if behind[0].lower() == NOT:
            raise _ProblemError(_EITHER)
        asked: list[set[tuple[About, bool]]] = []
        for word in (before[-1], behind[0]):
            one = replace(self, occurs=None, values={}, texts=[], shown=[], times={})
            one.take(word, negated=False)
            asked.append(set(one.values))
        negated = [word.lower() for word in before[-2:-1]] == [NOT]
        if not asked[0] or asked[0] != asked[1] or negated:
            raise _ProblemError(_EITHER)

    def take(self, token: str, *, negated: bool) -> None:
        """Take one word."""
        if token.lower() in {NOT, OR}:
            raise _ProblemError(_AFTER_NOT)
        prefix, colon, rest = token.partition(":")
        key, word = prefix.lower(), token.lower()
        if colon and key in PREFIXES:
            value = rest.replace('"', "").strip()
            if not value:
                raise _ProblemError(f"Say what after {key}:")
            self._prefixed(key, value, negated=negated)
        elif word in STATUSES:
            if negated:
                raise _ProblemError("Write open, closed or all, without not.")
            self.wanted = replace(self.wanted, status=STATUSES[word])
        elif word in OUTCOMES:
            self._add(About.OUTCOME, OUTCOMES[word], negated=negated)
        elif word == RETURNED:
            self._add(About.RETURNED, (RETURNED,), negated=negated)
        elif word in DISPOSITION_WORDS:
            self._add(About.DISPOSITION, (DISPOSITION_WORDS[word],), negated=negated)
            if not negated:
                self.wanted = replace(self.wanted, status=CaseStatus.CLOSED)
        elif said := PHRASES.get(plainly(token.replace('"', ""))):
            self._say(token.replace('"', ""), said, negated=negated)
        else:
            self._plain(token, prefix if colon else "", negated=negated)

    def _say(self, text: str, said: str, *, negated: bool) -> None:
        """Take what the screen says in words of its own."""
        written = plainly(text).replace(" ", "-")
        condition = Condition(about=About.SHOWN, values=(written, said), negated=negated)
        self.shown.append(condition)

    def _prefixed(self, key: str, value: str, *, negated: bool) -> None:
        about = PREFIXES[key]
        if about is None:
            self._time(key, value, negated=negated)
            return
        said = PHRASES.get(plainly(value), "") if about is About.SCRIPT else ""
        if said and shown_as(said)[0] is About.STATE:
            self._say(value, said, negated=negated)
            return
        reads = READS.get(key)
        values = (value,) if reads is None else reads(value)
        if values is None and about in WRITTEN:
            raise _ProblemError(f"Write {WRITTEN[about].format(key)}.")
        if values is None:
            raise _ProblemError(_unknown(value, CHOICES[key], f"{key}:"))
        self._check_kind(key, value, values)
        if about is About.DESTINATION:
            named = self.called(value)
            values = (value, *(n for n in named if self.occurs is None or self.occurs(n)))
        self._add(about, values, negated=negated)

    def _check_kind(self, key: str, value: str, kinds: tuple[str, ...]) -> None:
        """An organisation's own kind is known by its having been found."""
        if key not in {"kind", "found"} or kinds[0] in KINDS or self.occurs is None:
            return
        if not self.occurs(kinds[0]):
            raise _ProblemError(_unknown(value, [*KINDS, *map(many_of, KINDS)], f"{key}:"))

    def _time(self, key: str, value: str, *, negated: bool) -> None:
        if negated:
            raise _ProblemError(f"Write {key}: without not.")
        at = moment_named(value, self.now, self.zone)
        if at is None:
            raise _ProblemError(_no_day(key, value))
        before = self.times.setdefault(key, (value, at))
        if before[1] != at:
            raise _ProblemError(_twice(key, before[0], value))

    def _plain(self, token: str, prefix: str, *, negated: bool) -> None:
        text = token.replace('"', "").strip()
        if not text:
            return
        meant = () if self.occurs is None else tuple(_meant(text, self.called, self.occurs))
        if meant:
            condition = Condition(about=About.SHOWN, values=(text, *meant), negated=negated)
            self.shown.append(condition)
            return
        if '"' not in token and self.occurs is not None and not self.occurs(text):
            if self._named(text, negated=negated):
                return
            if count := digits(text):
                raise _ProblemError(f"Say of what: people:{count}, rows:{count} or times:{count}.")
            if prefix.isalpha():
                raise _ProblemError(_unknown(prefix, [f"{name}:" for name in PREFIXES], ""))
            choices = [*_words(), *(name for names in self.names.values() for name in names)]
            raise _ProblemError(_unknown(token, choices, ""))
        if negated:
            self._add(About.TEXT, (text,), negated=True)
        else:
            self.texts.append(text)

    def _named(self, text: str, *, negated: bool) -> bool:
        """Take what is called without its prefix: a day, rule, model, version or case, if it is."""
        at = moment_named(text, self.now, self.zone)
        if at is not None and at.end > at.begin:
            self._time("when", text, negated=negated)
            return True
        asked = {About.RULE: (text,), About.MODEL: (text,), About.HASH: READS["hash"](text) or ()}
        asked[About.CASE] = case_named(text)
        for about, values in asked.items():
            if values and self.stands(about, *values):
                self._add(about, values, negated=negated)
                return True
        return False

    def _add(self, about: About, values: Iterable[str], *, negated: bool) -> None:
        self.values.setdefault((about, negated), []).extend(values)

    def filter(self) -> CaseFilter:
        """Return what was read."""
        conditions = tuple(
            Condition(about=about, values=tuple(dict.fromkeys(values)), negated=negated)
            for (about, negated), values in self.values.items()
        )
        conditions += tuple(dict.fromkeys(self.shown))
        since, until = self._span()
        return replace(
            self.wanted,
            conditions=conditions,
            text=" ".join(self.texts),
            since=since,
            until=until,
        )

    def _span(self) -> tuple[datetime | None, datetime | None]:
        """Return from when to when, of all that was said of it. Raises _ProblemError where no time
        is in all of it.
        """
        asked = {key: at for key, (_, at) in self.times.items()}
        since = max((at.begin for key, at in asked.items() if key != "until"), default=None)
        ends = (at.end for key, at in asked.items() if key == "until" or _ends(key, at))
        until = min(ends, default=None)
        if since is not None and until is not None and since >= until:
            said = " and ".join(f"{key}:{quoted(value)}" for key, (value, _) in self.times.items())
            raise _ProblemError(f"No time is in {printable(said, 120)}.")
        return since, until


def parse(
    line: str,
    now: datetime,
    zone: tzinfo | None = None,
    occurs: Occurs | None = None,
    names: Names = MappingProxyType({}),
    called: Called = lambda _: (),
    stands: Stands = lambda _about, _text: False,
) -> Parsed:
    """Read a filter line. Never raises; days are those of `zone` (None: this machine's).

    With `occurs` a word that is none of the language and stands in no case is a problem, which
    names the nearest of all words and `names`. In quotation marks it is only looked for. What
    the screen calls otherwise than the evidence is known by `called`, kinds by their words, rules
    and models that are written without their prefix by `stands`.
    """
    if len(line) > MAX_LENGTH:
        return Parsed(wanted=CaseFilter(), problem=f"A filter has at most {MAX_LENGTH} characters.")
    reading, negated = _Reading(now, zone, occurs, names, called, stands), False
    tokens = list(joined(_TOKEN.findall(line)))
    try:
        for at, token in enumerate(tokens):
            if token.lower() == OR and not negated:
                reading.either(tokens[:at], tokens[at + 1 :])
                continue
            if token.lower() == NOT and not negated:
                negated = True
                continue
            reading.take(token, negated=negated)
            negated = False
        if negated:
            raise _ProblemError(_AFTER_NOT)
        return Parsed(wanted=reading.filter())
    except _ProblemError as problem:
        return Parsed(wanted=CaseFilter(), problem=str(problem))


def _meant(text: str, called: Called, occurs: Occurs) -> Iterator[str]:
    """Yield what a word of the screen stands for, as values of `About.SHOWN`."""
    part = text.lower().replace("-", " ").strip()
    if not part:
        return
    if part in AMOUNTS:
        yield shown(AMOUNTS[part], SEVERAL)
    for service in called(text):
        if occurs(service):
            yield shown(About.DESTINATION, service)
    for kind, names in KINDS.items():
        words = (names.one, names.many)
        if any(part in one.lower().replace("-", " ") for one in words) and occurs(kind):
            yield shown(About.KIND, kind)
    for word, account in ACCOUNT_WORDS.items():
        if text.lower().replace("'", "") in {word, *word.split("-")}:
            yield shown(About.ACCOUNT, account)
    for level in READS["risk"](text) or ():
        yield shown(About.RISK, level)


_EITHER = "“or” joins only what asks for the same: held or blocked, to:a or to:b."

_AFTER_NOT = "Say what after not."


def _ends(key: str, at: Moment) -> bool:
    """Say whether this names a day or a minute, which ends, and not all since some moment."""
    return key == "when" and at.end > at.begin


def _twice(key: str, first: str, second: str) -> str:
    said = f"{key}:{quoted(printable(first, 40))} or {key}:{quoted(printable(second, 40))}"
    return f"Which: {said}? since: and until: name a longer time."


def _no_day(key: str, value: str) -> str:
    if value[:1].isdecimal():
        told = f"I cannot read the day “{printable(value, 40)}”."
    else:
        told = f"{_unknown(value, SINCE_WORDS, f'{key}:')}."
    return f"{told} Try today, monday, 14:02, 7d or 2026-11-20."


def _words() -> list[str]:
    return [
        *OUTCOMES,
        *STATUSES,
        RETURNED,
        *DISPOSITION_WORDS,
        NOT,
        *(f"{name}:" for name in PREFIXES),
        *WORDS,
        *AMOUNTS,
    ]


def _unknown(value: str, choices: Iterable[str], prefix: str) -> str:
    """Return what to say of a word that is not known: the nearest that is."""
    wanted = value.lower()
    options = list(dict.fromkeys(choices))
    lower = {option.lower().rstrip(":"): option for option in options}
    begun = [option for option in lower if wanted and option.startswith(wanted)]
    near = begun[:1] or difflib.get_close_matches(wanted, lower, n=1, cutoff=0.0)
    if not any(map(str.isalnum, wanted)):
        near = []  # no word is near to what has no letter
    said = f"I do not know “{printable(value, 40)}”"
    if not near:
        return f"{said}."
    nearest = printable(f"{prefix}{quoted(lower[near[0]])}", 80)
    told = f"{said}. The nearest word is {nearest}"
    return told if prefix or value in PREFIXES else f"{told}. {LITERALLY}"


LITERALLY = "In quotation marks a word is looked for as it is."
"""How one says that what is written is meant."""


def completions(line: str, names: Names = MappingProxyType({})) -> list[str]:
    """Return whole lines that complete the word being written, most useful first; at most
    twenty. `names` are those that there are, by the word before the colon.
    """
    head, word = _split_last(line)
    prefix, colon, begun = word.partition(":")
    key = prefix.lower()
    if colon:
        values = (*names.get(key, ()), *CHOICES.get(key, ()))
        options = [
            f"{prefix}:{quoted(value)}"
            for value in values
            if value.lower().startswith(begun.replace('"', "").lower())
        ]
    else:
        prefixes = (f"{name}:" for name in PREFIXES)
        everything = (*OUTCOMES, *STATUSES, RETURNED, *prefixes, NOT, *DISPOSITION_WORDS, *WORDS)
        options = [option for option in everything if option.startswith(word.lower())]
    return [head + option for option in dict.fromkeys(options) if option != word][:_MOST_OFFERED]


def _split_last(line: str) -> tuple[str, str]:
    if line.count('"') % 2:
        start = line.rfind(" ", 0, line.rfind('"')) + 1
    else:
        start = max(line.rfind(" "), line.rfind("\t")) + 1
    return line[:start], line[start:]


def last_word(line: str) -> str:
    """Return the last word of a line, with what stands in quotation marks as one."""
    words = _TOKEN.findall(line)
    return words[-1] if words else ""


def quoted(value: str) -> str:
    """Return a value as it is written behind a colon."""
    value = value.replace('"', "")
    return f'"{value}"' if any(map(str.isspace, value)) else value
