"""Words in pieces: markup, line ends and joins of a program between the letters of one word, which
a browser, an interpreter or whoever reads takes away.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

from classifiers.codecs.linear import compiled, holding, ready, searching
from classifiers.decoding.first_look import Letters, letters_of
from classifiers.personal.scan.ibans import check_iban

_NEWLINE = r"(?:\r?\n|(?:\\r)?\\n)"
"""As it stands in a text, and in JSON as it is sent; so are all others here."""
_BLANKS = r"(?:[ \t\r\n]|\\[nrt])*"
_TAG = (
    r"</?(?:[abiqsu]|em|strong|span|font|mark|code|tt|kbd|var|samp|small|big|su[bp]|ins|del|abbr"
    r"|bd[io]|w?br|nobr|img|strike|o:p|[aw]:[a-zA-Z]+|text:[a-z]+|nowiki|tspan|m[inost]|mtext|rb|tt"
    r")(?:[ \t/][^<>]*)?>"
)
_REMARK = r"<!--[^<>]*-->|<!\[CDATA\[|\]\]>|<\?[^<>?]*\?>|\{#[^{}]*#\}|/\*[^*/]*\*/"
_MARK = r"[*`]+|~~|\[/?(?:[bius]|color|size|font|url|code)(?:=[^\[\]]*)?\]"
_LINK = r"\]\([^()\[\] ]*\)"
_CONTROL = r"\\+[a-z]+\{|\}|\\+[,;:!]|\\+(?:[a-mo-qsu-z]|[a-z]{2,})[0-9]* "
"""Of LaTeX and of RTF."""
_CONTINUED = rf"\\+{_NEWLINE}(?:[ \t]|\\t)*|={_NEWLINE}"
_PLUS = r"[+&.~^]|\+\+|\.\.|<[<>]|\|\||\)?\.(?:concat|append|plus)\(|\\+\n|\}\$\{"
"""What joins two literals in one language or another."""
_ADDED = rf"\\?[\"']{_BLANKS}(?:{_PLUS})?{_BLANKS}\\?[\"']"
"""The end of a literal and the begin of the next, which are one to a program."""
_JOINT = f"(?:{'|'.join((_TAG, _REMARK, _MARK, _LINK, _CONTROL, _CONTINUED, _ADDED))})"
_TELLING = rf"[0-9@][A-Za-z._-]*{_JOINT}+[A-Za-z0-9@._-]|[A-Za-z0-9._-]{_JOINT}+[A-Za-z._-]*[0-9@]"
"""Prose is set in bold and code has literals: a number or an address has a digit or an @ nearby."""
_LETTERS = r"[A-Za-z0-9@._+/%-]+"
_WORDS = rf"{_LETTERS}(?:{_JOINT}+{_LETTERS})+={{0,2}}"
_GROUPS = rf"[A-Z0-9]{{2,4}}(?:(?:{_JOINT}|[ -])+[A-Z0-9]{{1,4}})+"
_BEGUN = r"\b[A-Z]{2}[0-9]{2}[A-Z0-9 ]{2,34}"
_GAP = rf"(?:<br ?/?>|  +|[ \t]*-?{_NEWLINE}(?:[ \t\r\n]|\\[nrt])*(?:[>#*+]|//)?[ \t]*)"
_GAPS = f"{_GAP}|_+"
_ACCOUNTS = rf"{_BEGUN}(?:{_GAP}[A-Z0-9][A-Z0-9 ]{{0,34}})+"
_UNDERLINED = r"\b[A-Z]{2}[0-9]{2}[A-Z0-9]*(?:_+[A-Z0-9]+)+"
"""An account number that goes on below: its check digits and its length tell whether it does."""
_FOLD = rf"{_NEWLINE}(?:[ \t]|\\t)"
"""A line that goes on, as calendars, address books and directories write them."""
_FOLDED = rf"[A-Za-z0-9@._+/=-]+(?:{_FOLD}[A-Za-z0-9@._+/=-]+)+"
_FOLDING = (b"BEGIN:V", b":: ")
_FRONT = r"(?:[ \t]|\\t)*(?:[>#*]|//)?[ \t]*"
_WRAPPED = (
    rf"[^\n\\\"]{{36}}(?:[0-9][A-Za-z]*{_NEWLINE}{_FRONT}[A-Za-z0-9]"
    rf"|[A-Za-z0-9]{_NEWLINE}{_FRONT}[A-Za-z]*[0-9])"
)
"""A long line that ends within what may be a number or a key."""
_INSIDE = r"[A-Za-z0-9+/]"
_TO_NEXT = r"\r*\n[ \t>#*/]*"
_ENDS = "|".join(f"{_INSIDE}{{{5 - at}}}[0-9]{_INSIDE}{{{at}}}" for at in range(6))
_BROKEN = (
    rf"(?:{_ENDS}|[0-9]{_INSIDE}{{6,}}){_TO_NEXT}{_INSIDE}|[0-9]{_INSIDE}*{_TO_NEXT}{_INSIDE}{{6}}"
    rf"|{_INSIDE}{{6}}{_TO_NEXT}[A-Za-z+/]*[0-9]|{_INSIDE}{_TO_NEXT}(?:{_ENDS}|{_INSIDE}{{6,}}[0-9])"
)
"""A line end within what may be twelve letters, of which one at least is a digit."""
_ALONE = ("*", "<", "`", "\\", "'", "~")
_PAIRS = ("](", "#}", "[/", "=\n", "=\r")
"""Rare signs of joints."""

IN_ONE_LINE = f"{_TELLING}|{_ACCOUNTS}|{_FOLDED}|{_UNDERLINED}"
"""All that a single line may hold: what is broken at the end of one goes on in another."""

_LONGEST, _SHORTEST = 4096, 12
_FEWEST_DIGITS, _ENCODED = 6, 16
_ENOUGH_DIGITS, _DIGITS_OF_ACCOUNT = 2, 9
_WIDE, _FOLDED_FROM, _RAGGED = 37, 60, 20
_IN_WORDS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_FRONTS = b" \t>#*/"
_DIGITS = b"0123456789"
_ADDRESS = b"0123456789./"
_COMMAND = 16
_NEEDED = b"0123456789@"


class Joined(NamedTuple):
    """A word put together, and where its pieces stand. Holds payload."""

    start: int
    end: int
    word: bytes

    def __repr__(self) -> str:
        return f"<Joined {len(self.word)} bytes>"


def may_hold(data: bytes, letters: Letters | None = None) -> bool:
    """Return True when a text, or JSON as it is sent, may hold words in pieces. `letters`: what it
    is made of, where that is known.
    """
    return any(_holds(told)(data) for told, _ in _ways(data, letters or letters_of(data)))


def places(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the places of words in pieces."""
    for told, read in _ways(data, letters_of(data)):
        if _holds(told)(data):
            yield from ((found.start, found.end) for found in read(data))


def holds_folded(data: bytes) -> bool:
    """Return True where lines go on below: what says so may stand far from them."""
    told = any(sign in data for sign in _FOLDING)
    return told and next(_folded(data), None) is not None


def joined(data: bytes) -> Iterator[bytes]:
    """Yield the words of a text that stand in it in pieces, put together, a paragraph each: none
    goes on in the next.
    """
    words = [
        found.word
        for told, read in _ways(data, letters_of(data))
        if _holds(told)(data)
        for found in read(data)
    ]
    if words:
        yield b"\n\n".join(dict.fromkeys(words)) + b"\n"


_Way = tuple[str, Callable[[bytes], Iterator[Joined]]]


def _ways(data: bytes, letters: Letters) -> list[_Way]:
    """Return what tells that words may be in pieces, and what puts them together."""
    signs, digits = letters.signs, letters.digits
    if digits < _ENOUGH_DIGITS and "@" not in signs:
        return []
    ways: list[_Way] = []
    is_json = data[:1] in (b"{", b"[")  # whose own quotes join nothing: those within have a sign
    if _has_signs(data, signs) or (not is_json and '"' in signs):
        ways.append((_TELLING, _marked))
    if digits < _ENOUGH_DIGITS:
        return ways
    if _has_gaps(data, signs):
        ways += ((_ACCOUNTS, _accounts), (_WRAPPED, _wrapped))
        if any(sign in data for sign in _FOLDING):
            ways.append((_FOLDED, _folded))
    if digits >= _DIGITS_OF_ACCOUNT and "_" in signs:
        ways.append((_UNDERLINED, _accounts))
    return ways


def _has_gaps(data: bytes, signs: str) -> bool:
    return (
        "\n" in signs
        or ("\\" in signs and b"\\n" in data)
        or ("<" in signs and b"<br" in data)
        or b"  " in data
    )


def _has_signs(data: bytes, signs: str) -> bool:
    for sign in _ALONE:
        if sign in signs:
            return True
    for both in _PAIRS:  # noqa: SIM110 - a generator costs as much as the looks
        if both in signs and both.encode() in data:
            return True
    return False


def _marked(data: bytes) -> Iterator[Joined]:
    for pattern in (_pattern(_WORDS), _pattern(_GROUPS)):
        for found in pattern.finditer(data):
            first, broken = found.start(), found.group()
            if len(broken) < _SHORTEST or broken.translate(None, _NEEDED) == broken:
                continue
            before = data[max(0, first - _COMMAND) : first]
            if (
                b"}" in broken.replace(b"#}", b"").replace(b'"}${"', b"")
                and b"\\" not in before + broken
            ):
                continue  # a place in a template
            word = _pattern(_JOINT).sub(b"", broken)
            if len(word) < len(broken) and _is_telling(word):
                yield Joined(first, found.end(), word)


def _is_telling(word: bytes) -> bool:
    if not _SHORTEST <= len(word) <= _LONGEST:
        return False
    digits = len(word) - len(word.translate(None, _DIGITS))
    if digits < len(word) and not word.translate(None, _ADDRESS):
        return False
    return digits >= _FEWEST_DIGITS or b"@" in word or (digits > 1 and len(word) >= _ENCODED)


def _accounts(data: bytes) -> Iterator[Joined]:
    """Account numbers that go on behind a gap: their check digits say so."""
    for pattern in (_ACCOUNTS, _UNDERLINED):
        for found in _pattern(pattern).finditer(data):
            broken = found.group()
            begun = _pattern(_GAPS).split(broken, 1)[0].replace(b" ", b"")
            whole = check_iban(_pattern(_GAPS).sub(b"", broken).decode("ascii", "replace"))
            if whole is not None and len(begun) < len(whole[0]):
                yield Joined(found.start(), found.end(), whole[0].encode())


def _folded(data: bytes) -> Iterator[Joined]:
    for found in _pattern(_FOLDED).finditer(data):
        word = _pattern(_FOLD).sub(b"", found.group())
        if _is_telling(word):
            yield Joined(found.start(), found.end(), word)


def _wrapped(data: bytes) -> Iterator[Joined]:
    """Lines of about one width may be broken within a word; numbers in rows are none of these."""
    page: _Page | None = None
    for end in _broken_ends(data):
        line = data[data.rfind(b"\n", 0, end) + 1 : end].rstrip(b"\r")
        stop = data.find(b"\n", end + 1)
        below = data[end + 1 : len(data) if stop < 0 else stop]
        left = line[len(line.rstrip(_IN_WORDS)) :]
        right = below.lstrip(_FRONTS)
        right = right[: len(right) - len(right.lstrip(_IN_WORDS))]
        word = left + right
        if not (left and right and len(left) < len(line) and _is_telling(word)):
            continue
        page = page or _page_of(data)
        is_folded = below[:1] in (b" ", b"\t") and len(line) >= _FOLDED_FROM
        is_wide = is_folded or len(line) >= max(_WIDE, page.widest - _RAGGED)
        if page.widest >= _WIDE and is_wide and not (page.rows and word.isdigit()):
            yield Joined(end - len(left), end + len(below), word)


class _Page(NamedTuple):
    """What the lines of a text have in common."""

    widest: int
    rows: bool
    """Several of them begin with a digit."""


def _page_of(data: bytes) -> _Page:
    lines = data.split(b"\n")
    numbered = sum(line.lstrip(_FRONTS)[:1].isdigit() for line in lines[1:])
    return _Page(max(map(len, lines)), numbered > 1)


def _broken_ends(data: bytes) -> Iterator[int]:
    """Yield the line ends that may be within a word: the line behind one may be broken, too."""
    search, end = _broken(), -1
    while (found := search(data, end + 1)) >= 0:
        end = data.find(b"\n", found)
        yield end


@cache
def _pattern(text: str) -> Any:
    return compiled(text)


@cache
def _holds(text: str) -> Callable[[bytes], bool]:
    return holding(_pattern(text))


@ready
def _broken() -> Callable[[bytes, int], int]:
    return searching(compiled(_BROKEN))


@ready
def _patterns() -> list[Any]:
    every = (
        _TELLING,
        _WORDS,
        _GROUPS,
        _JOINT,
        _GAPS,
        _ACCOUNTS,
        _UNDERLINED,
        _WRAPPED,
        _FOLD,
        _FOLDED,
    )
    return [_pattern(text) for text in every]
