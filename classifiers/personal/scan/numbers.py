"""Runs of digits: which windows over their groups are identifiers, cards or phones."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise, takewhile

from classifiers.personal.scan import cards, host_names, phone_hints, phones
from classifiers.personal.scan.checks import CHECKS, is_filler
from classifiers.personal.scan.context import WRONG, Place
from classifiers.personal.scan.published import is_test_value
from classifiers.personal.scan.shapes import LONGEST, READINGS, READINGS_UNNAMED, Reading, Strength
from classifiers.personal.tables.phrases import NATIONAL_ID_KINDS
from classifiers.personal.vocabulary import ANY_NATIONAL_ID, EMPTY
from core.findings import Confidence

_GROUP = re.compile(r"\d+")
_DECIMAL = re.compile(r"\d+\.\d+")
_DATE = re.compile(
    r"(?:1[89]|20)\d\d[-/.][01]?\d[-/.][0-3]?\d|[0-3]?\d[-/.][0-3]?\d[-/.](?:1[89]|20)\d\d"
)
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_US_PHONE = re.compile(r"\(\d{3}\) ?\d{3}[ .-]?\d{4}|\d{3}[-. /]\d{3}[-.]\d{4}|\d{3} \d{3} \d{4}")
_KEEPS_SEPARATORS = frozenset({"fi_hetu", "se_personnummer", "dk_cpr"})
_SHORTEST_HINTED = 7
_FACTORS = frozenset("*^_")
_MAX_GROUP = 40
_SIZES = tuple(chr(48 + size) for size in range(_MAX_GROUP + 1))
_YEAR = 4
_IP_LEFT = 56
_IP_HINT = re.compile(
    r"(?i)\b(?:logged in|signed in|login|log-in|visitor|customer|user|client|patient|employee|he|she|his"
    r"|her|their|kunde|kundin|nutzer|besucher|angemeldet|eingeloggt|client|utilisateur|visiteur"
    r"|connect[eé]|usuario|usuária|usu[aá]rio|cliente|utente|gebruiker|klant|klient|użytkownik)\b"
    r"[^.!?\n\d]{0,40}\b(?:ip|from|at|address|adresse|von|unter|aus|de|depuis|desde|da|van|vanaf|z|indirizzo"
    r"|adres|dirección|endereço)\s{0,3}[:(]?\s{0,2}\Z"
)
"""Words that make the address behind them somebody's."""
_LONG_ENOUGH = 8
_PATHS = frozenset("/=#_-&")
_THOUSANDS = re.compile(r"\d{1,3}(?: \d{3}){1,5}")
_ROW, _LINE = 3, 120
_ENOUGH_BESIDE = 2
_LIST, _ENOUGH_IDS = 120, 3
_LONG_NUMBER = re.compile(r"(?<!\d)\d{13,19}(?!\d)")
_IN_LIST = re.compile(r"\d{13}[\"']?, ?[\"']?\d{13}")
_LABEL_REACH = 3
"""A label belongs to the number next to it, though a digit such as `1:` may stand between."""

_FEW_GROUPS = 24
"""Groups of one candidate from which on it pays to remember windows that were read in vain."""
_MOST_GROUPS = max(LONGEST.values())

Spans = list[tuple[int, int]]


def read_numbers(place: Place, start: int, end: int) -> int | None:
    """Judge the run of digits at `start:end`; return where the last accepted reading ends, None
    when there is none.
    """
    text = place.text[start:end]
    if "." in text and _IPV4.fullmatch(text):
        return read_ip(place, start, end)
    if _is_decimal(place, start, text):
        return None
    groups = [found.span() for found in _GROUP.finditer(text)]
    used = _announced_phone(place, start, text, groups)
    if used is None:
        used = _windows(place, start, text, groups)
    if used is None and len(text) >= _SHORTEST_HINTED:
        used = _hinted_phone(place, start, text, groups)
    return used


def _is_decimal(place: Place, start: int, text: str) -> bool:
    """True for a decimal number, and for digits behind a decimal point."""
    if "." in text and _DECIMAL.fullmatch(text) and not place.is_named("phone", start):
        return True
    behind_point = start - place.begin > 1 and place.text[start - 1] == "."
    return behind_point and place.text[start - 2].isdigit()


def _announced_phone(place: Place, start: int, text: str, groups: Spans) -> int | None:
    """Read a phone number that a sign or a label announces."""
    if "+" in text[:2] and not _is_sum(place, start, start + len(text)):
        return _phone(place, start, text, groups, named=False)
    named = place.is_named("phone", start)
    if named or text[0] == "(" or text[:2] == "00":
        return _phone(place, start, text, groups, named=named)
    return None


def _is_sum(place: Place, start: int, end: int) -> bool:
    """True when the `+` adds: a word, a number or a bracket stands before it, or the number is
    multiplied.
    """
    before = place.text[start - 1 : start]
    if place.text[end : end + 1] in _FACTORS:
        return True
    return start > place.begin and (before.isalnum() or before in "_)]*^")


def read_ip(place: Place, start: int, end: int) -> int | None:
    """Judge an IP address: personal only when public and said to be somebody's."""
    named = place.is_named("ip_address", start)
    somebodys = named or _IP_HINT.search(place.text, max(place.last, start - _IP_LEFT), start)
    value = host_names.public_ip(place.text[start:end]) if somebodys or place.explain else None
    if value is None:
        return None
    if somebodys:
        sure = Confidence.LIKELY if named else Confidence.POSSIBLE
        place.confirm("ip_address", value, start, end, sure)
        return end
    place.refuse("ip_address", value, start, end, "nothing near it says that it is somebody's")
    return None


def _windows(place: Place, start: int, text: str, groups: Spans) -> int | None:
    """Slide over the groups, the longest known shape first; return where the last accepted window
    ended.
    """
    sizes = "".join([_SIZES[min(stop - begin, _MAX_GROUP)] for begin, stop in groups])
    used = None
    failed: set[str] = set()
    index, count = 0, len(groups)
    while index < count:
        shapes = _shapes_ahead(sizes[index : index + _MOST_GROUPS])
        taken = _taken(place, start, text, groups, index, shapes, failed) if shapes else 0
        american = not taken and sizes.startswith("334", index)
        if american and _us_phone(place, start, text, groups[index : index + 3]):
            taken = 3
        if taken:
            used = place.last = start + groups[index + taken - 1][1]
        index += taken or 1
    return used


def _taken(
    place: Place,
    start: int,
    text: str,
    groups: Spans,
    index: int,
    shapes: tuple[str, ...],
    failed: set[str],
) -> int:
    """Return how many groups from `index` on make up a number; 0: none do. `failed` remembers what
    was read in vain.
    """
    for shape in shapes:
        window = groups[index : index + len(shape)]
        label = place.label(start) if window[0][0] <= _LABEL_REACH else EMPTY
        whole = text[window[0][0] : window[-1][1]]
        if not label and whole in failed and not place.explain:
            continue
        if _read(place, start, text, window, shape, label):
            return len(shape)
        if not label and len(groups) > _FEW_GROUPS:
            failed.add(whole)
    return 0


@lru_cache(maxsize=4096)
def _shapes_ahead(sizes: str) -> tuple[str, ...]:
    """Return the known shapes that these groups begin with, the longest first."""
    longest = min(LONGEST.get(sizes[0], 0), len(sizes))
    return tuple(sizes[:length] for length in range(longest, 0, -1) if sizes[:length] in READINGS)


def _read(
    place: Place, start: int, text: str, window: Spans, shape: str, label: frozenset[str]
) -> bool:
    """Try every reading of one window: a failed one must not hide the others."""
    begin, stop = window[0][0], window[-1][1]
    single = len(window) == 1
    if single and "." in (text[begin - 1 : begin], text[stop : stop + 1]):
        return False
    readings = READINGS[shape] if label or place.names else READINGS_UNNAMED.get(shape, ())
    if not readings:
        return False
    separators = "" if single else "".join([_plain(text[a[1] : b[0]]) for a, b in pairwise(window)])
    digits = text[begin:stop] if single else "".join([text[a:b] for a, b in window])
    best = _best(place, readings, label, start + begin, start + stop, digits, separators)
    if best is None:
        return False
    kind, value, strength, named = best
    if not named and _is_one_of_many(place, kind, strength, start, window):
        place.refuse(kind, value, start + begin, start + stop, "numbers in a row")
        return False
    return place.judge(kind, value, strength, start + begin, start + stop, named=named)


def _is_one_of_many(place: Place, kind: str, strength: Strength, start: int, window: Spans) -> bool:
    """True for a number of no name among others of its form."""
    if kind == "credit_card" and len(window) == 1:
        return _is_among_ids(place, start + window[0][0])
    return strength is Strength.MEDIUM and _is_in_row(place.text, start, window)


def _is_among_ids(place: Place, start: int) -> bool:
    """True for a number in a list of as long ones, most of which are no cards."""
    text = place.text[max(place.begin, start - _LIST) : min(place.finish, start + _LIST)]
    beside = [number for number in _LONG_NUMBER.findall(text) if not cards.check_card(number)]
    return len(beside) >= _ENOUGH_IDS and _IN_LIST.search(text) is not None


def _is_in_row(text: str, start: int, window: Spans) -> bool:
    """True for short numbers between blanks in a row of a matrix: two more of them before or
    behind, or one where its line holds numbers only, or none between lines of other widths.
    """
    if len(window) < _ROW or any(stop - begin > _ROW for begin, stop in window):
        return False
    if text[start + window[0][1] : start + window[1][0]].strip(" \t"):
        return False
    first, end = start + window[0][0], start + window[-1][1]
    left = text[max(0, first - _LINE) : first].rpartition("\n")[2].split()
    right = text[end : end + _LINE].partition("\n")[0].split()
    before, behind = _short_numbers(reversed(left)), _short_numbers(right)
    if before >= _ENOUGH_BESIDE or behind >= _ENOUGH_BESIDE:
        return True
    if before < len(left) or behind < len(right):
        return False
    return bool(before or behind) or _has_other_rows(text, first, end, window)


def _short_numbers(words: Iterable[str]) -> int:
    """Return how many words in a row are numbers as short as those of a matrix."""
    return sum(1 for _ in takewhile(lambda w: w.isdigit() and len(w) <= _ROW, words))


def _has_other_rows(text: str, first: int, end: int, window: Spans) -> bool:
    """True when a line above or below holds short numbers only, of other lengths: in a list of ids
    all lines are alike.
    """
    own = [stop - begin for begin, stop in window]
    above = text[max(0, first - _LINE) : first].rstrip(" \t").removesuffix("\n").rpartition("\n")
    below = text[end : end + _LINE].lstrip(" \t").removeprefix("\n").partition("\n")
    for line in (above[2], below[0]):
        words = line.split()
        only = len(words) >= _ROW and _short_numbers(words) == len(words)
        if only and [len(word) for word in words] != own:
            return True
    return False


def _plain(separator: str) -> str:
    """Return what parts two groups, without blanks around a sign."""
    return separator if len(separator) == 1 else separator.strip() or " "


def _best(
    place: Place,
    readings: Sequence[Reading],
    label: frozenset[str],
    start: int,
    end: int,
    digits: str,
    separators: str,
) -> tuple[str, str, Strength, bool] | None:
    """Return the reading (kind, value, strength, named) to go by: the one named exactly, else the
    first that passes.
    """
    names = place.names
    any_id = ANY_NATIONAL_ID in label or ANY_NATIONAL_ID in names
    accepted: tuple[str, str, Strength, bool] | None = None
    for kind, wanted, strength in readings:
        exact = kind in label or kind in names
        named = exact or (any_id and kind in NATIONAL_ID_KINDS)
        if not named and (accepted is not None or strength is Strength.WEAK):
            continue
        if separators != (wanted if wanted is not None else separators[:1] * len(separators)):
            continue
        value = _check(kind, digits, place.text[start:end])
        if value is None:
            place.refuse(kind, digits, start, end, WRONG)
        elif exact:
            return kind, value, strength, named
        elif accepted is None:
            accepted = kind, value, strength, named
    return accepted


def _check(kind: str, digits: str, piece: str) -> str | None:
    if kind == "credit_card":
        return cards.check_card(digits)
    if is_filler(digits) and not is_test_value(kind, digits):
        return None
    return CHECKS[kind](piece if kind in _KEEPS_SEPARATORS else digits)


def _phone(place: Place, start: int, text: str, groups: Spans, *, named: bool) -> int | None:
    """Read a number that `+`, `00`, a bracket or a label announces; the longest valid prefix
    wins.
    """
    plus = "+" in text[:2] and not _is_sum(place, start, start + len(text))
    if not plus and _DATE.match(text):
        return None
    north_american = None if plus else _US_PHONE.match(text)
    ends = [stop for _, stop in groups]
    if north_american is not None and north_american.end() in ends:
        ends = [north_american.end()]
    for stop in _plausible_ends(groups, ends):
        digits = "".join([text[a:b] for a, b in groups if b <= stop])
        value = _phone_value(
            digits, plus=plus, named=named, north_american=north_american is not None
        )
        if value is not None:
            sure, several = named or plus, len(groups) > 1
            return _judged_phone(place, value, start, start + stop, sure=sure, several=several)
    why = "no country's plan has this number"
    place.refuse("phone", text[: phones.MAX_DIGITS], start, start + len(text), why)
    return None


def _judged_phone(
    place: Place, value: str, start: int, end: int, *, sure: bool, several: bool
) -> int | None:
    """Report a number that some country's plan has; return where it ends, None when nothing says
    that it is one.
    """
    if sure:
        place.confirm("phone", value, start, end, Confidence.LIKELY)
        return end
    strength = Strength.MEDIUM if several else Strength.WEAK
    return end if place.judge("phone", value, strength, start, end) else None


def _hinted_phone(place: Place, start: int, text: str, groups: Spans) -> int | None:
    """Read a number in a national format near a word of calling, in any of many languages."""
    count = sum(b - a for a, b in groups)
    if count < _SHORTEST_HINTED or ("." in text and "/" in text):
        return None
    left = place.text[max(place.last, start - phone_hints.LEFT) : start]
    strength = phone_hints.strength(left)
    if strength is None or left[-1:] in _PATHS:
        return None
    if strength is phone_hints.Hint.FAINT and phone_hints.is_of_a_thing(left):
        return None
    if not phone_hints.points_at(left) and (
        count <= _LONG_ENOUGH or not _reads_as_phone(place, start, text, groups)
    ):
        return None
    if groups[0][1] - groups[0][0] == _YEAR and _DATE.match(text):
        return None
    return _phone(place, start, text, groups, named=True)


def _reads_as_phone(place: Place, start: int, text: str, groups: Spans) -> bool:
    """True for a number that no word points at and that is written as one may be: in groups, not as
    an amount, and under no name of something else.
    """
    grouped = len(groups) > 1 or text[0] == "0" or _US_PHONE.fullmatch(text) is not None
    end = start + len(text)
    behind = place.text[end : end + 2].strip()
    if not grouped or (_THOUSANDS.fullmatch(text) and behind.isalpha()):
        return False
    return "!" not in place.label(start)


def _plausible_ends(groups: Spans, ends: list[int]) -> list[int]:
    plausible = []
    total = 0
    for begin, stop in groups:
        total += stop - begin
        if total > phones.MAX_DIGITS + 2:
            break
        if total >= phones.MIN_DIGITS and stop in ends:
            plausible.append(stop)
    return plausible[:-7:-1]


def _phone_value(digits: str, *, plus: bool, named: bool, north_american: bool) -> str | None:
    if is_filler(digits):
        return None
    if plus:
        return phones.international(digits)
    if digits.startswith("00"):
        return phones.international(digits[2:])
    if north_american and len(digits) == 10:
        return phones.north_american(digits) or (phones.national(digits) if named else None)
    return phones.national(digits) or phones.international(digits) if named else None


def _us_phone(place: Place, start: int, text: str, window: Spans) -> bool:
    """Three, three and four digits with dashes or points are a North American number, even without
    a label.
    """
    begin, stop = window[0][0], window[-1][1]
    separators = text[window[0][1] : window[1][0]] + text[window[1][1] : window[2][0]]
    if separators not in {"--", ".."}:
        return False
    value = phones.north_american("".join([text[a:b] for a, b in window]))
    if value is None or is_filler(value[2:]):
        return False
    return place.judge("phone", value, Strength.MEDIUM, start + begin, start + stop)
