"""The words of filters: what each stands for in the evidence. Pure."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from core.classification import AccountKind
from core.day_words import SINCE_WORDS
from core.decision import HoldOutcome, hold_word
from core.fate import Delivery
from core.observation import OBSERVED
from core.review import About, CaseStatus
from core.risk import Level
from core.vocabulary.desk import CAME_BACK
from core.vocabulary.destinations import ACCOUNTS
from core.vocabulary.kinds import GROUPS, KINDS
from core.vocabulary.reviews import DISPOSITIONS
from core.vocabulary.senders import CERTAINTIES
from core.vocabulary.verdicts import CUT, FATES, HOLDS, SEEN, VERDICTS, WAITING

STATUSES: Mapping[str, CaseStatus | None] = MappingProxyType(
    {"open": CaseStatus.OPEN, "closed": CaseStatus.CLOSED, "all": None}
)


def _outcomes() -> dict[str, tuple[str, ...]]:
    """Return what each word for an outcome stands for in the evidence."""
    found: dict[str, tuple[str, ...]] = {}
    for verdict, words in VERDICTS.items():
        found[words.word] = (verdict.value,)
    for fate, words in FATES.items():
        found[words.word] = (fate.value,)
    found[SEEN.word] = (OBSERVED,)
    found[CUT] = (Delivery.CUT.value,)
    for ending, words in HOLDS.items():
        if ending != WAITING and ending in HoldOutcome:
            value = hold_word(HoldOutcome(ending))
            found[words.word] = (*found.get(words.word, ()), value)
    return found


OUTCOMES: Mapping[str, tuple[str, ...]] = MappingProxyType(_outcomes())


def _hyphenated(words: str) -> str:
    return words.replace(" ", "-").replace("'", "")


ACCOUNT_WORDS: Mapping[str, str] = MappingProxyType(
    {_hyphenated(words.word or "unknown"): kind.value for kind, words in ACCOUNTS.items()}
)
DISPOSITION_WORDS: Mapping[str, str] = MappingProxyType(
    {_hyphenated(words.words): reason.value for reason, words in DISPOSITIONS.items()}
)
NOT = "not"
"""What stands before a word that is not to be there."""
RETURNED = _hyphenated(CAME_BACK)
PREFIXES: Mapping[str, About | None] = MappingProxyType(
    {
        "script": About.SCRIPT,
        "sender": About.SCRIPT,
        "to": About.DESTINATION,
        "kind": About.KIND,
        "found": About.KIND,
        "group": About.KIND,
        "user": About.USER,
        "account": About.ACCOUNT,
        "rule": About.RULE,
        "model": About.MODEL,
        "risk": About.RISK,
        "outcome": About.OUTCOME,
        "people": About.PEOPLE,
        "rows": About.ROWS,
        "times": About.TIMES,
        "case": About.CASE,
        "certain": About.CERTAIN,
        "hash": About.HASH,
        "version": About.HASH,
        "since": None,
        "until": None,
        "when": None,
        "text": About.TEXT,
    }
)
"""Words before a colon, each column of the queue among them; None are times."""


def kind_named(words: str) -> str:
    """Return the kind that a person means: its id, or its name in words with spaces or hyphens."""
    wanted = _spaced(words)
    for kind, names in KINDS.items():
        if wanted in {_spaced(kind), _spaced(names.one), _spaced(names.many)}:
            return kind
    return wanted.replace(" ", "_")


def many_of(kind: str) -> str:
    """Return the name of several of a kind as one word."""
    return _hyphenated(KINDS[kind].many)


def _spaced(words: str) -> str:
    return words.lower().replace("_", " ").replace("-", " ")


def _group(value: str) -> tuple[str, ...] | None:
    found = GROUPS.get(_spaced(value).replace(" ", "_"))
    return None if found is None else tuple(sorted(found))


def _account(value: str) -> tuple[str, ...] | None:
    word = _hyphenated(value.lower())
    kind = ACCOUNT_WORDS.get(word, word.replace("-", "_"))
    return (kind,) if kind in AccountKind else None


def _risk(value: str) -> tuple[str, ...] | None:
    return (value.lower(),) if value.lower() in Level else None


def _at_least(value: str) -> tuple[str, ...] | None:
    digits = value.replace(",", "")
    is_number = digits.isascii() and digits.isdecimal() and len(digits) <= _MOST_DIGITS
    return (str(int(digits)),) if is_number else None


def _certain(value: str) -> tuple[str, ...] | None:
    return CERTAIN.get(_hyphenated(value.lower()))


def _hash(value: str) -> tuple[str, ...] | None:
    digits = value.lower().rstrip(":…")
    fits = 4 <= len(digits) <= 64 and not digits.strip("0123456789abcdef")
    return (digits,) if fits else None


def case_named(value: str) -> tuple[str, ...]:
    """Return what is formed as a case's short id or as a record's, which refusals give; else
    nothing.
    """
    digits = value.lower().replace("-", "")
    fits = len(digits) in _DIGITS_OF_IDS and not digits.strip("0123456789abcdef")
    return (value,) if fits else ()


_DIGITS_OF_IDS = (12, 32)
CERTAIN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        word: (certainty.value,)
        for certainty, words in CERTAINTIES.items()
        for word in (certainty.value, _hyphenated(words.partition(",")[0]))
    }
)
"""By the word of the evidence, and by that of the screen: `exact`, `certain`, `not-known`."""
_MOST_DIGITS = 12
READS: Mapping[str, Callable[[str], tuple[str, ...] | None]] = MappingProxyType(
    {
        "kind": lambda value: (kind_named(value),),
        "found": lambda value: (kind_named(value),),
        "group": _group,
        "account": _account,
        "risk": _risk,
        "certain": _certain,
        "hash": _hash,
        "version": _hash,
        "outcome": lambda value: OUTCOMES.get(value.lower()),
        "people": _at_least,
        "rows": _at_least,
        "times": _at_least,
    }
)
"""What each value stands for in the evidence; None for what is no value."""
_NUMBER = "a number after {0}:, as in {0}:100"
WRITTEN: Mapping[About, str] = MappingProxyType(
    {
        **dict.fromkeys((About.PEOPLE, About.ROWS, About.TIMES), _NUMBER),
        About.HASH: "a version's first digits after {0}:, at least four, as in {0}:9f2c41d8",
    }
)
"""What is to be written where a value is none, and there are no words to choose from."""
CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "group": tuple(GROUPS),
        "account": tuple(ACCOUNT_WORDS),
        "risk": tuple(Level),
        "certain": tuple(CERTAIN),
        "outcome": tuple(OUTCOMES),
        "kind": tuple(KINDS),
        "found": tuple(KINDS),
        "since": SINCE_WORDS,
        "until": SINCE_WORDS,
        "when": SINCE_WORDS,
        "people": ("10", "100", "1000"),
        "rows": ("100", "1000"),
        "times": ("10", "100", "1000"),
    }
)


def shown(about: About, value: str) -> str:
    """Return a value of `About.SHOWN`: what a word stands for; `shown_as` reads it."""
    return f"{about}={value}"


def shown_as(value: str) -> tuple[About, str]:
    """Return what one value of `About.SHOWN` asks for: a text, or what it stands for."""
    about, sign, rest = value.partition("=")
    return (About(about), rest) if sign and about in _STANDS_FOR else (About.TEXT, value)


_STANDS_FOR = frozenset(
    {
        *(About.DESTINATION, About.KIND, About.ACCOUNT, About.RISK, About.OUTCOME),
        *(About.STATE, About.OWN, About.PEOPLE, About.ROWS, About.TIMES),
    }
)
