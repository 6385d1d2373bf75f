"""What the screen says in several words, as words of filters: `expired unseen`, `by the sender:
closed`, `1,472 people`. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from core.case_vocabulary import ACCOUNT_WORDS, DISPOSITION_WORDS, NOT, RETURNED, shown
from core.day_words import is_a_shown_day
from core.fate import Fate
from core.review import About, Action
from core.vocabulary.desk import BY_THE_SENDER, STATES
from core.vocabulary.destinations import ACCOUNTS, OWNERS
from core.vocabulary.kinds import KINDS
from core.vocabulary.reviews import SHORT_ACTS

_SAYS_NOTHING = frozenset({"and", "·", "+", "at least", "up to"})
"""Words between those that choose."""
AMOUNTS: Mapping[str, About] = MappingProxyType(
    {
        "people": About.PEOPLE,
        "person": About.PEOPLE,
        "rows": About.ROWS,
        "row": About.ROWS,
        "times": About.TIMES,
        "requests": About.TIMES,
    }
)
"""Words beside a number: behind one they ask for so many, by themselves for several."""
SEVERAL = "2"
_BETWEEN = str.maketrans({**dict.fromkeys(",:-_;", " "), "'": None, "’": None})
_OF_TWO_WORDS = frozenset({*DISPOSITION_WORDS, *ACCOUNT_WORDS, RETURNED})


def plainly(words: str) -> str:
    """Return words of the screen without what stands between them: `approved run again`."""
    return " ".join(words.lower().translate(_BETWEEN).split())


def _phrases() -> Iterator[tuple[str, str]]:
    for words, state in STATES.items():
        yield words, shown(About.STATE, state)
    yield BY_THE_SENDER, shown(About.OWN, "")
    for action, words in SHORT_ACTS.items():
        value = shown(About.OWN, action)
        yield f"{BY_THE_SENDER}: {words}", value
        if action in _SENDERS_ALONE:
            yield words, value
    for account, told in ACCOUNTS.items():
        yield told.meaning, shown(About.ACCOUNT, account)
    for account, words in OWNERS.items():
        yield words, shown(About.ACCOUNT, account)
    yield "it went past outgate", shown(About.OUTCOME, Fate.PAST)


_SENDERS_ALONE = frozenset({Action.APPROVE, Action.APPROVE_SCRIPT, Action.WITHDRAW_SCRIPT})
"""What rows say of nobody but the sender."""
PHRASES: Mapping[str, str] = MappingProxyType({plainly(w): value for w, value in _phrases()})
"""What each stands for, as a value of `About.SHOWN`."""
WORDS: Sequence[str] = tuple(words.replace(" ", "-") for words in PHRASES)
"""The same as one word each, for completions and nearest words."""
_LONGEST = max(len(words.split()) for words in PHRASES)


def joined(tokens: Sequence[str]) -> Iterator[str]:
    """Yield the words of a line; those of several words that stand for one thing as one. A kind of
    data is one thing behind `not`: `not health data` has not `health` and yet `data`.
    """
    tokens, at = list(filter(None, map(_bare, tokens))), 0
    while at < len(tokens):
        length, word = _next(tokens, at)
        if length == 1 and at and tokens[at - 1].lower() == NOT:
            length, word = _kind(tokens, at)
        if word.lower() not in _SAYS_NOTHING:
            yield word
        at += length


def of_a_kind(words: str) -> bool:
    """Say whether a kind of data is called so, or begins so somewhere in its name."""
    names = (f" {name.lower()}" for kind in KINDS.values() for name in (kind.one, kind.many))
    return any(f" {words.lower()}" in name for name in names)


def _kind(tokens: Sequence[str], at: int) -> tuple[int, str]:
    """Return how many tokens name a kind of data here, and them as one word; else the next one."""
    for length in range(min(_LONGEST, len(tokens) - at), 1, -1):
        words = " ".join(tokens[at : at + length])
        if of_a_kind(words):
            return length, f'"{words}"'
    return 1, tokens[at]


def _bare(token: str) -> str:
    """Return a word without what a list sets behind it: `OneDrive,`, `ledger_uplo…`."""
    return token.rstrip(",;…") if '"' not in token else token.rstrip(",;")


def _next(tokens: Sequence[str], at: int) -> tuple[int, str]:
    """Return how many tokens make the next word, and that word."""
    for length in range(min(_LONGEST, len(tokens) - at), 1, -1):
        phrase = plainly(" ".join(tokens[at : at + length]))
        if phrase in PHRASES:
            return length, phrase.replace(" ", "-")
    for length in (4, 3, 2):
        if is_a_shown_day(day := " ".join(tokens[at : at + length])):
            return min(length, len(tokens) - at), f'when:"{day}"'
    two = tokens[at : at + 2]
    if len(two) > 1 and (pair := "-".join(two).lower()) in _OF_TWO_WORDS:
        return 2, pair
    if (both := " ".join(two).lower()) in _SAYS_NOTHING:
        return len(two), both
    count, unit = digits(two[0]), two[-1].lower()
    if count and unit in AMOUNTS:
        return 2, f"{AMOUNTS[unit]}:{count}"
    if two[0].startswith("×") and digits(two[0][1:]):
        return 1, f"{About.TIMES}:{digits(two[0][1:])}"
    return 1, two[0]


def digits(token: str) -> str:
    """Return the number that a cell says, `1,472+` among them; nothing for any other token."""
    said = token.rstrip("+").replace(",", "")
    return said if said.isascii() and said.isdecimal() else ""
