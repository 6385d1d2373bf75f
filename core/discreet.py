"""The one masking door: what a payload named is shown without what names a person or authorises.

Places, file names, models, tools, accounts and notes are words that somebody else wrote. What
reads like an address, a token or a long number gives way; ordinary words stay readable.
"""

import codecs
import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from unicodedata import normalize
from urllib.parse import unquote

EMAIL_MARK, UUID_MARK, TOKEN_MARK, NUMBER_MARK = "{email}", "{uuid}", "{token}", "{number}"
VALUE_MARK = "{value}"
"""Stands for a value that was found."""

_LONGEST = 4096
_PLAIN = re.compile(r"[A-Z]?[a-z_. -]{0,40}|[A-Za-z_. -]{0,15}")
_EMAIL = re.compile(
    r"[^\s@<>()\[\]{}\"',;:/\\|=]{1,64}@((?:[\w-]{1,63}\.){1,8}[^\W\d_][\w-]{1,62})"
)
UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
PREFIXED = re.compile(
    r"(?<![A-Za-z0-9])(?:sk[-_]|pk_|rk_|gh[pousr]_|github_pat_|glpat-|xox[a-z]-|AKIA|ASIA|eyJ"
    r"|ya29\.|AIza|hf_|npm_|pypi-|SG\.|shpat_|dapi)[\w.~+-]{8,}"
)
_DATE = re.compile(
    r"(?<![0-9])(?:19|20)[0-9]{2}(?:-(?:0[1-9]|1[0-2])-|(?:0[1-9]|1[0-2]))"
    r"(?:0[1-9]|[12][0-9]|3[01])"
    r"(?:[T _-]?[0-2][0-9]:?[0-5][0-9](?::?[0-5][0-9])?Z?)?(?![0-9])"
)
_NUMBER = re.compile(r"\+?[0-9][0-9 .()/_-]*[0-9]")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]){11,30}")
_PIECE = re.compile(r"[^-_.:/@ ,;=+()\[\]{}]+")
_PHONE = re.compile(
    r"\+[0-9][0-9 ().-]{6,24}|(?<![0-9])[0-9]{2,4}(?: [0-9]{2,4} [0-9 ]{3,12}"
    r"|-[0-9]{2,4}-[0-9-]{3,12})"
)
_BRACKETS = re.compile(r"\(([^()]*)\)")
_MEDIA_TYPE = re.compile(
    r"(?i)(?:application|audio|chemical|font|haptics|image|message|model|multipart|text|video)"
    r"/[a-z0-9*][a-z0-9!#$&^_.+-]{0,126}"
)
_CHARSET = re.compile(r"(?i)charset=\"?([a-z][a-z0-9_:-]{1,30})")
_SEPARATORS = re.compile(r"[-_.:~!*'() ,;=+@$&]+")
_DIGITS = 6
"""So many in a name may be a number of a person."""
_REMEMBERED, _KEPT = 2048, 1000
"""The same names come again and again: so many are remembered, in memory only, each as far as any
record keeps it."""
_SHORTEST = 4
"""Letters and digits: shorter values are words, and stand in words."""


def name_shown(text: str) -> str:
    """Return a name that a payload gave (a key, column, file, tool or model), fit to be stored."""
    return _name(text[:_KEPT])


@lru_cache(_REMEMBERED)
def _name(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    folded = _folded(text)
    shown = UUID.sub(UUID_MARK, _masked(folded, EMAIL_MARK))
    shown = _tokens_masked(_numbers_masked(shown))
    return text if shown == folded else shown


def words_shown(text: str) -> str:
    """Return a sentence of ours that may quote a name of theirs, fit to be stored.

    Counts and references stay: only what is surely a value gives way.
    """
    return _words(text[:_KEPT])


@lru_cache(_REMEMBERED)
def _words(text: str) -> str:
    return _BRACKETS.sub(lambda found: f"({name_shown(found[1])})", _masked(text, EMAIL_MARK))


def note_shown(text: str) -> str:
    """Return what a person wrote (a note, a reason), fit to be stored: an act stays in its chain
    when a person is erased, so no value may stand in it.

    As `words_shown`, and whole: numbers of tickets and times stay, also in brackets.
    """
    return _masked(text[:_LONGEST], EMAIL_MARK)


def id_shown(text: str) -> str:
    """Return an identifier (of an account, a project, a bucket), fit to be stored.

    Identifiers are long and random by nature and stay; of an e-mail address its domain does.
    """
    return _id(text[:_KEPT])


@lru_cache(_REMEMBERED)
def _id(text: str) -> str:
    shown = _masked(text, r"{name}@\1")
    return shown if UUID.search(shown) else _PHONE.sub(_number, shown)


def media_type_shown(text: str) -> str:
    """Return a media type with its charset; other parameters and what is no type is not kept."""
    return _media_type(text[:_KEPT])


@lru_cache(_REMEMBERED)
def _media_type(text: str) -> str:
    kind, _, parameters = text.partition(";")
    if _MEDIA_TYPE.fullmatch(kind.strip()) is None:
        return VALUE_MARK
    charset = _CHARSET.search(parameters)
    known = charset is not None and _is_charset(charset[1])
    return name_shown(kind.strip()) + (f"; charset={charset[1]}" if charset and known else "")


def _is_charset(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True


def without(text: str, values: Iterable[str]) -> str:
    """Return `text` without these values, whatever their case and the signs between their words."""
    for value in values:
        sought = "".join(filter(str.isalnum, value.casefold()))
        if len(sought) >= _SHORTEST:
            text = _cut(text, sought)
    return text


def _cut(text: str, sought: str) -> str:
    letters = [(i, d) for i, c in enumerate(text) for d in c.casefold() if d.isalnum()]
    at, bare = [i for i, _ in letters], "".join(d for _, d in letters)
    out, begin, found = "", 0, bare.find(sought)
    while found >= 0:
        out += text[begin : at[found]] + VALUE_MARK
        begin = at[found + len(sought) - 1] + 1
        found = bare.find(sought, found + len(sought))
    return out + text[begin:]


def token_mark(match: re.Match[str]) -> str:
    """Words begin like keys do, too (`sk-learn-models`): a key holds digits or mixes its cases."""
    rest = match[0][4:]
    if any(map(str.isdecimal, rest)) or not (rest.islower() or rest.isupper()):
        return TOKEN_MARK
    return match[0]


def opaque(text: str) -> bool:
    """Return True for a random-looking string: long, and changing between kinds of characters."""
    if len(text) < 16:
        return False
    if any(len(piece) >= 20 and _mixed(piece) for piece in _SEPARATORS.split(text)):
        return True
    bare = _SEPARATORS.sub("", text)
    return len(bare) >= 16 and _changes(bare) > 0.22 * len(bare)


def _masked(text: str, email: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    folded = _folded(text)
    shown = _EMAIL.sub(email, folded) if "@" in folded else folded
    shown = PREFIXED.sub(token_mark, shown)
    shown = _NUMBER.sub(_card, _IBAN.sub(_iban, shown))
    return text if shown == folded else shown


def _folded(text: str) -> str:
    """Undo what hides a value: width, compatibility forms, percent signs."""
    short = text[:_LONGEST]
    plain = short if short.isascii() else normalize("NFKC", short)
    return unquote(plain) if "%" in plain else plain


def _numbers_masked(text: str) -> str:
    """Mask long numbers between the dates of a text, which stay."""
    shown, at = "", 0
    for date in _DATE.finditer(text):
        shown += _long_masked(text[at : date.start()]) + date[0]
        at = date.end()
    return shown + _long_masked(text[at:])


def _long_masked(text: str) -> str:
    return _NUMBER.sub(_number, text)


def _number(match: re.Match[str]) -> str:
    return NUMBER_MARK if sum(map(str.isdecimal, match[0])) >= _DIGITS else match[0]


def _tokens_masked(text: str) -> str:
    """Mask the pieces that look random; models and files join several words with signs."""
    return _PIECE.sub(lambda piece: TOKEN_MARK if _random(piece[0]) else piece[0], text)


def _random(piece: str) -> bool:
    """Return True where letters and digits alternate more than in words with numbers."""
    if len(piece) < 8:
        return False
    turns = sum(a.isdecimal() != b.isdecimal() for a, b in pairwise(piece))
    return turns > 2 and turns * 9 > len(piece)


def _iban(match: re.Match[str]) -> str:
    """Mask what has the check digits of a bank account number (ISO 13616)."""
    bare = match[0].replace(" ", "").replace("-", "").upper()
    for size in range(len(bare), 14, -1):
        part = bare[4:size] + bare[:4]
        if int("".join(str(int(c, 36)) for c in part)) % 97 == 1:
            return "{iban}"
    return match[0]


def _card(match: re.Match[str]) -> str:
    """Mask what has the check digit of a payment card (ISO/IEC 7812)."""
    digits = [int(c) for c in match[0] if c.isdecimal()]
    if not 13 <= len(digits) <= 19:
        return match[0]
    doubled = [d * 2 - 9 if d > 4 else d * 2 for d in digits[-2::-2]]
    return NUMBER_MARK if (sum(doubled) + sum(digits[-1::-2])) % 10 == 0 else match[0]


def _mixed(piece: str) -> bool:
    return not piece.isalpha() and not piece.isdecimal() and _changes(piece) >= 3


def _changes(text: str) -> int:
    return sum(a != b for a, b in pairwise(map(_kind, text)))


def _kind(character: str) -> str:
    if character.isdecimal():
        return "0"
    if character.isupper():
        return "A"
    return "a" if character.islower() else "-"
