"""A body that is nothing but one word of encoded letters: what it says nobody knows.

In a field such a word is a key, a hash or an id, as most traffic has; as all that a body says it is
the message.
"""

from itertools import pairwise

_FEWEST, _MOST = 24, 1024
"""Letters: what is shorter is a word; what is longer was told where it was decoded."""
_DIGESTS = frozenset({24, 32, 40, 48, 56, 64, 96, 128})
"""Digits of hex that ids, digests and their signatures have."""
_ID_DIGITS = 40
"""Decimal digits that no number of an order or a parcel has."""
_ULID = 26
_CROCKFORD = frozenset("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
_UUID = (8, 4, 4, 4, 12)
_HEX = frozenset("0123456789abcdefABCDEF")
_SIGNS = frozenset("+/=_-$%*.:~!@#&^(){}[]<>?;|`")
"""Of base45, base64, base85 and of the codes between."""
_PARTS_GROUPS = "-. :"
_PADDING = {ord(sign): None for sign in "+/="}
_SHORTEST_RUN, _FEWEST_GROUPS = 16, 6
_MORE_GROUPS, _PAIR, _FEWEST_PAIRS = 8, 2, 12
_FEWEST_DIGITS = 2
_MANY_LETTERS, _FEWEST_SIGNS, _OF_WORD = 16, 4, 4
_TRACE, _NETWORK = (2, 32, 16, 2), (4,) * 8
"""Widths of the parts of a `traceparent` and of an address of IPv6."""


def is_opaque(body: bytes) -> bool:
    """Return True for one word, in quotes or not, that is written as encoded bytes are: neither
    words nor a name, a path, an id or a digest. Linear.
    """
    if not _FEWEST <= len(body) <= _MOST + 4 or not body.isascii():
        return False
    word = body.decode("ascii").strip().strip('"')
    if len(word) < _FEWEST or "//" in word or "=" in word.rstrip("="):
        return False
    if len(set(filter(str.isalnum, word))) < _FEWEST_GROUPS or _is_id(word):
        return False
    return _in_groups(word) or _is_one_code(word)


def _is_one_code(word: str) -> bool:
    if any(not char.isalnum() and char not in _SIGNS for char in word):
        return False
    if word.isdecimal():
        return len(word) >= _ID_DIGITS
    return any(map(_is_coded, _runs(word))) or _is_of_signs(word)


def _is_id(word: str) -> bool:
    """True for a UUID, a ULID, a trace, an address, or as many digits of hex as ids and digests
    have.
    """
    if tuple(map(len, word.split("-"))) in (_UUID, _TRACE):
        return True
    if tuple(map(len, word.split(":"))) == _NETWORK:
        return True
    if word.isalnum() and _HEX.issuperset(word) and not word.isdecimal():
        return len(word) in _DIGESTS
    return len(word) == _ULID and _CROCKFORD.issuperset(word) and word[0] in "01234567"


def _in_groups(word: str) -> bool:
    """True for many groups of one width, the last may be shorter: with a digit in them, or more
    than a sentence has words of one length.
    """
    for sign in _PARTS_GROUPS:
        groups = word.split(sign)
        width, bare = len(groups[0]), word.replace(sign, "")
        if len(groups) < _FEWEST_GROUPS or bare.isdecimal():
            continue
        if any(len(group) != width for group in groups[:-1]) or len(groups[-1]) > width:
            continue
        if width == _PAIR:
            return len(groups) >= _FEWEST_PAIRS and not _is_id(bare) and _HEX.issuperset(bare)
        if width > _PAIR and bare.translate(_PADDING).isalnum():
            return any(map(str.isdecimal, bare)) or len(set(groups)) >= _MORE_GROUPS
    return False


def _runs(word: str) -> list[str]:
    """Return what stands between signs that part names and steps of a path."""
    bare = "".join(char if char.isalnum() or char == "+" else " " for char in word)
    return [run for run in bare.split() if len(run) >= _SHORTEST_RUN]


def _is_coded(run: str) -> bool:
    """True where letters, digits and signs take turns more often than in a name: of both cases at
    nearly every other letter, of one with many digits.
    """
    turns, digits = _turns(run), sum(map(str.isdecimal, run))
    if digits < _FEWEST_DIGITS:
        return False
    return turns * 9 >= len(run) * 4 or (turns * 5 > len(run) and digits * 10 >= len(run))


def _is_of_signs(word: str) -> bool:
    """True for base45, base85 and the like: turns at every other letter, and more letters than
    formulas have.
    """
    letters = [char for char in word if char.isalnum()]
    alphabetic = sum(map(str.isalpha, word))
    return (
        _turns(word) * 2 > len(word)
        and len(set(letters)) >= _MANY_LETTERS
        and len(set(word).difference(letters)) >= _FEWEST_SIGNS
        and alphabetic * 5 >= len(word) * 2
        and len(letters) * 10 < len(word) * 9
        and not _has_words(word)
    )


def _has_words(word: str) -> bool:
    """True for four small letters in a row anywhere, twice."""
    small = "".join(char if char.islower() else " " for char in word).split()
    return sum(len(part) >= _OF_WORD for part in small) > 1


def _turns(run: str) -> int:
    return sum(_sort(one) != _sort(other) for one, other in pairwise(run))


def _sort(char: str) -> int:
    if char.isdecimal():
        return 0
    if char.isalpha():
        return 1 + char.islower()
    return 3
