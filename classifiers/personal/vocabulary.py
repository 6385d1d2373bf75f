"""What names mean: words of keys, column headers and labels in several languages, mapped to the
kinds they announce.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from classifiers.personal.tables.phrases import NATIONAL_ID_KINDS, PHRASES
from classifiers.personal.tables.words import NEGATIVE_WORDS, NEUTRAL_WORDS, PERSON_WORDS

EMPTY: frozenset[str] = frozenset()
NEGATIVE = frozenset({"!"})
"""A name that announces something else than personal data, such as `order_id`."""
ANY_NATIONAL_ID = "national_id"
"""Announces some national id without saying which."""
BESIDE_A_PERSON = "health_beside"
"""Announces health data where a person's fields stand beside it, such as a code of a laboratory."""

_WRAPPED = frozenset({"wrapped"})
"""Stands for what names further above announce."""
_MOST_WRAPPED = 8
_CAMEL = re.compile(r"[a-z0-9](?=[A-Z])|[A-Z](?=[A-Z][a-z])")
_TOKEN = re.compile(r"[a-z]+|\d+")
_VALUE_WORDS = frozenset(
    (
        "value values val raw text data content string v number s n long double decimal date start"
        " formatted display answer eq equals gte lte query"
    ).split()
)
"""Keys that only repeat what the key above them says; `description` and `title` speak about it
instead.
"""
_LONGEST_PHRASE = 5
_WITH_POINT = {
    **dict.fromkeys(("dir.", "end.", "ind."), "address"),
    **dict.fromkeys(("f.n.", "d.n.", "f. n.", "d. n."), "date_of_birth"),
}
"""Names cut short that name something else without their point."""
_CLINICAL_BIRTH = "birthTime"
"""As CDA writes it; the `birth_time` of a file is nobody's birth."""
_DOTTED = re.compile(r"\b[a-z](?:\.[a-z]\b){1,7}")
_BORN = frozenset({"f.n", "d.n"})
"""As Spanish, Portuguese and Italian forms cut the date of birth short."""
_MAX_NAME = 80


def _plain(text: str) -> str:
    """Return `text` in lower case without accents."""
    if text.isascii():
        return text.lower()
    lowered = text.casefold().replace("ø", "o").replace("ł", "l").replace("æ", "ae")
    decomposed = unicodedata.normalize("NFKD", lowered)
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _dictionary() -> dict[str, frozenset[str]]:
    phrases: dict[str, set[str]] = {}
    for kind, text in PHRASES.items():
        for phrase in text.split(","):
            tokens = _TOKEN.findall(_plain(phrase))
            for form in {" ".join(tokens), "".join(tokens)}:
                phrases.setdefault(form, set()).add(kind)
    return {phrase: frozenset(kinds) for phrase, kinds in phrases.items()}


def _lengths() -> dict[str, tuple[int, ...]]:
    lengths: dict[str, set[int]] = {}
    for phrase in _DICTIONARY:
        words = phrase.split(" ")
        if len(words) <= _LONGEST_PHRASE:
            lengths.setdefault(words[-1], set()).add(len(words))
    return {word: tuple(sorted(counts, reverse=True)) for word, counts in lengths.items()}


_DICTIONARY = _dictionary()
_LENGTHS = _lengths()
"""For the last word of each phrase, how many words the phrases have that end with it, the longest
first.
"""
_TELLING = frozenset(_LENGTHS) | NEGATIVE_WORDS


def telling_phrases() -> dict[str, frozenset[str]]:
    """Return all phrases, their tokens parted by blanks, and the kinds that they announce."""
    return {phrase: kinds - NEGATIVE for phrase, kinds in _DICTIONARY.items() if kinds - NEGATIVE}


def _phrase_ending_at(tokens: Sequence[str], end: int) -> frozenset[str]:
    """Return the kinds that the longest phrase ending with token `end - 1` announces."""
    for length in _LENGTHS.get(tokens[end - 1], ()):
        kinds = _DICTIONARY.get(" ".join(tokens[end - length : end])) if length <= end else None
        if kinds is not None:
            return kinds
    return EMPTY


def _nearest(tokens: Sequence[str]) -> frozenset[str]:
    """Return what the last telling word announces: kinds, NEGATIVE, or nothing."""
    if _TELLING.isdisjoint(tokens):
        return EMPTY
    for end in range(len(tokens), 0, -1):
        if tokens[end - 1] not in _TELLING:
            continue
        kinds = _phrase_ending_at(tokens, end)
        if kinds:
            return kinds
        if tokens[end - 1] in NEGATIVE_WORDS:
            return NEGATIVE
    return EMPTY


def label_kinds(left: str) -> frozenset[str]:
    """Return what the text just left of a value announces; the nearest label wins."""
    plain = _plain(left)
    if "." in plain:
        plain = _DOTTED.sub(_undotted, plain)
    return _nearest(_TOKEN.findall(plain))


def _undotted(found: re.Match[str]) -> str:
    """Return the one word that letters with points between them are: `s.s.n` is `ssn`."""
    return "dob" if found[0] in _BORN else found[0].replace(".", "")


def last_word(left: str) -> str:
    """Return the last word of a text in lower case, numbers aside; empty without any."""
    words = [token for token in _TOKEN.findall(_plain(left)) if not token.isdecimal()]
    return words[-1] if words else ""


def split_name(name: str) -> list[str]:
    """Return the words of a key in lower case: `customerSSN`, `customer_ssn` and `Customer SSN` are
    alike.
    """
    return _TOKEN.findall(_plain(_CAMEL.sub(r"\g<0> ", name[:_MAX_NAME])))


@lru_cache(maxsize=8192)
def name_kinds(name: str) -> frozenset[str]:
    """Return what a key or column header announces: kinds, NEGATIVE for another thing's name, or
    nothing.

    The last telling word decides (`patient_id_number` is no `id_number` of a parcel), but a
    trailing qualifier such as `hash` or `count` makes the whole name negative.
    """
    if name[-1:] == "." and (short := _WITH_POINT.get(name.lower())) is not None:
        return frozenset({short})
    tokens = split_name("birthdate" if name == _CLINICAL_BIRTH else name)
    if not tokens:
        return EMPTY
    joined = _DICTIONARY.get("".join(tokens))
    if joined is not None:
        return joined
    kinds = _nearest(tokens)
    if "name" in kinds and PERSON_WORDS.isdisjoint(tokens[:-1]):
        return EMPTY
    if kinds:
        return kinds
    is_number = tokens[-1] in {"id", "ids", "no", "number"}
    return NEGATIVE if is_number and tokens[-1] not in NEUTRAL_WORDS else EMPTY


@lru_cache(maxsize=8192)
def is_telling(name: str) -> bool:
    """True when a name announces personal data."""
    kinds = name_kinds(name)
    return bool(kinds) and NEGATIVE.isdisjoint(kinds)


@lru_cache(maxsize=8192)
def is_neutral(name: str | None) -> bool:
    """True for names that say nothing of their value, such as `value`, `text`, `content`."""
    if name is None:
        return True
    tokens = split_name(name)
    return not tokens or tokens[-1] in NEUTRAL_WORDS


@lru_cache(maxsize=8192)
def is_person_word(name: str) -> bool:
    """True for a name of somebody, such as `customer`, `patients`, `billing_contact`."""
    return any(
        token in PERSON_WORDS or token.rstrip("s") in PERSON_WORDS for token in split_name(name)
    )


def _is_no_name(tokens: Sequence[str]) -> bool:
    """True for keys that say nothing of their value: a word for values, a number."""
    return tokens[-1] in _VALUE_WORDS or (len(tokens) == 1 and tokens[0].isdecimal())


@lru_cache(maxsize=8192)
def _kinds_under(key: str, parent: str) -> frozenset[str]:
    """Return what a key announces, else what the key above it does: `{"ssn": {"value": …}}`."""
    own = name_kinds(key)
    tokens = split_name(key)
    if own or (key != parent and tokens and not _is_no_name(tokens)):
        return own
    above = name_kinds(parent)
    if not above and (words := split_name(parent)) and _is_no_name(words):
        return _WRAPPED
    return EMPTY if "!" in above or "name" in above else above


def _above(path: tuple[str | int, ...]) -> frozenset[str]:
    """Return what the nearest name that is more than a word for values announces."""
    for name in path[-_MOST_WRAPPED:-1][::-1]:
        if isinstance(name, str) and not _is_no_name(split_name(name) or ["v"]):
            above = name_kinds(name)
            return EMPTY if "!" in above or "name" in above else above
    return EMPTY


def context_of(key: str | None, path: tuple[str | int, ...]) -> frozenset[str]:
    """Return what the nearest telling name over a value announces: its key, else the key above
    it.
    """
    if key is None:
        return EMPTY
    depth = len(path)
    if depth > 1:
        parent = path[-2]
        if parent.__class__ is int and depth > 2:
            parent = path[-3]
        if parent.__class__ is str:
            kinds = _kinds_under(key, parent)
            return _above(path) if kinds is _WRAPPED else kinds
    return name_kinds(key)


def announces(context: frozenset[str], kind: str) -> bool:
    """True when a context names this kind, or national ids in general and this is one."""
    return kind in context or (ANY_NATIONAL_ID in context and kind in NATIONAL_ID_KINDS)
