"""From candidates to verdicts: shape, check digit, then the words around decide; other readings are tried on failure."""

import re
from collections.abc import Callable
from typing import NamedTuple

from classifiers.personal import cards, hosts, ibans, phones
from classifiers.personal.checks import CHECKS, WITHOUT_CHECK_DIGIT, compact, is_filler
from classifiers.personal.labelled import read_labelled
from classifiers.personal.published import is_test_value
from classifiers.personal.shapes import LONGEST, READINGS, Reading, Strength
from classifiers.personal.vocabulary import EMPTY, announces, label_kinds
from core.findings import Confidence

_LEFT = 48
_DIGITS = re.compile(r"\d+")
_DECIMAL = re.compile(r"\d+\.\d+")
_DATE = re.compile(r"(?:1[89]|20)\d\d[-/.][01]?\d[-/.][0-3]?\d|[0-3]?\d[-/.][0-3]?\d[-/.](?:1[89]|20)\d\d")
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_US_PHONE = re.compile(r"\+?1?[ .-]?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}|\(\d{3}\) ?\d{3}[ .-]?\d{4}|\d{3}[-.]\d{3}[-.]\d{4}")
_WRAPPING = 4
_UUID_LENGTH = 36
_QUOTES = " \t\"'."


class Verdict(NamedTuple):
    """A candidate and what became of it. Holds payload."""

    kind: str
    value: str
    start: int
    end: int
    confidence: Confidence
    test_data: bool
    rejected: str | None = None

    def __repr__(self) -> str:
        return f"<Verdict {self.kind} {self.confidence}>"


Report = Callable[[Verdict], None]


def confirmed(kind: str, value: str, start: int, end: int, confidence: Confidence) -> Verdict:
    """Return a verdict that holds."""
    return Verdict(kind, value, start, end, confidence, is_test_value(kind, value))


def refused(kind: str, value: str, start: int, end: int, why: str) -> Verdict:
    """Return a verdict for `--explain` only."""
    return Verdict(kind, value, start, end, Confidence.POSSIBLE, False, why)


class Scan:
    """Reads the candidates of one segment from left to right; remembers where the last one ended."""

    __slots__ = ("_begin", "_finish", "_last", "_names", "_neutral", "_report", "_text")

    def __init__(self, text: str, begin: int, finish: int, names: frozenset[str], neutral: bool, report: Report) -> None:
        self._text = text
        self._begin = begin
        self._finish = finish
        self._names = names
        self._neutral = neutral
        self._report = report
        self._last = begin

    def candidate(self, start: int, end: int) -> int:
        """Judge the candidate at `start:end`; return where reading goes on (more than `end` when more was used)."""
        text = self._text
        first = text[start]
        used = None
        if first == "@":
            used = self._email(start, end)
        elif first.isdigit() or first in "+(":
            used = self._digits_first(start, end)
        elif any(c.isdigit() for c in text[start:end]) or ":" in text[start:end]:
            used = self._letters_first(start, end)
        else:
            return self._label(start, end)
        self._last = max(self._last, end if used is None else used)
        return end if used is None else max(used, start + 1)

    # -- context ---------------------------------------------------------------------------------------------------

    def _is_whole(self, start: int, end: int) -> bool:
        return (
            start - self._begin <= _WRAPPING
            and self._finish - end <= _WRAPPING
            and not self._text[self._begin : start].strip(_QUOTES)
            and not self._text[end : self._finish].strip(_QUOTES)
        )

    def _label_kinds(self, start: int) -> frozenset[str]:
        left = max(self._last, self._begin, start - _LEFT)
        if start - left < 2:
            return EMPTY
        text = self._text[left:start]
        cut = max(text.rfind("\n"), text.rfind(";"), text.rfind("|"))
        if cut >= 0 and text[cut + 1 :].strip():
            text = text[cut + 1 :]
        return label_kinds(text)

    def _confidence(self, kind: str, strength: Strength, start: int, end: int) -> tuple[Confidence | None, str]:
        """Return how sure a candidate is that passed its check, or None and why it is refused."""
        label = self._label_kinds(start)
        checked = kind not in WITHOUT_CHECK_DIGIT
        if announces(label, kind) or announces(self._names, kind):
            return Confidence.CERTAIN if checked else Confidence.LIKELY, ""
        if strength is Strength.WEAK:
            return None, "passes its check, but nothing near it names it"
        if strength is Strength.MEDIUM:
            if "!" in label or (label and kind not in label):
                return None, "the word before it names something else"
            if ("!" in self._names or not self._neutral) and self._is_whole(start, end):
                return None, "its key names something else"
        return Confidence.LIKELY, ""

    def _judge(self, kind: str, value: str, strength: Strength, start: int, end: int) -> bool:
        confidence, why = self._confidence(kind, strength, start, end)
        if confidence is None:
            self._report(refused(kind, value, start, end, why))
            return False
        self._report(confirmed(kind, value, start, end, confidence))
        return True

    # -- e-mail ------------------------------------------------------------------------------------------------------

    def _email(self, at: int, end: int) -> int | None:
        found = hosts.email_around(self._text, self._begin, at, end)
        if found is None:
            return None
        start, stop, value, why = found
        if why is not None:
            self._report(refused("email", value, start, stop, why))
            return None
        self._report(confirmed("email", value, start, stop, Confidence.CERTAIN))
        return stop

    # -- letters and digits ------------------------------------------------------------------------------------------

    def _letters_first(self, start: int, end: int) -> int | None:
        text = self._text[start:end]
        iban = ibans.check_iban(text)
        if iban is not None:
            value, used = iban
            self._report(confirmed("iban", value, start, start + used, Confidence.CERTAIN))
            return start + used
        for kind, shape, strength in _LETTER_READINGS:
            found = shape.match(text)
            if found is None:
                continue
            value_or_none = CHECKS[kind](found.group())
            stop = start + found.end()
            if value_or_none is None:
                self._report(refused(kind, compact(found.group()), start, stop, "its structure or check digit is wrong"))
            elif self._judge(kind, value_or_none, strength, start, stop):
                return stop
        if ":" in text:
            return self._ip(start, end)
        self._last = start + 2
        inner = _DIGITS.search(text, 2)
        return None if inner is None or len(text) < 12 else self._numbers(start + inner.start(), end)

    def _digits_first(self, start: int, end: int) -> int | None:
        text = self._text[start:end]
        if text.isascii() and any(c.isalpha() for c in text):
            return self._mixed(start, end)
        return self._numbers(start, end)

    def _mixed(self, start: int, end: int) -> int | None:
        text = self._text[start:end]
        if ":" in text:
            return self._ip(start, end) if text.count(":") > 3 else None
        if len(text) == _UUID_LENGTH:
            return None
        for kind, shape, strength in _MIXED_READINGS:
            found = shape.fullmatch(text)
            if found is None:
                continue
            value = CHECKS[kind](text)
            if value is None:
                self._report(refused(kind, compact(text), start, end, "its structure or check digit is wrong"))
            elif self._judge(kind, value, strength, start, end):
                return end
        return None

    # -- numbers -----------------------------------------------------------------------------------------------------

    def _numbers(self, start: int, end: int) -> int | None:
        text = self._text[start:end]
        if self._is_decimal(start, end, text):
            return None
        if _IPV4.fullmatch(text):
            return self._ip(start, end)
        groups = [m.span() for m in _DIGITS.finditer(text)]
        if text[0] in "+(" or text.startswith("00") or self._phone_named(start):
            used = self._phone(start, text, groups)
            if used is not None:
                return used
        if len(groups) == 1 and not 8 <= end - start <= 19:
            return None
        return self._windows(start, text, groups)

    def _is_decimal(self, start: int, end: int, text: str) -> bool:
        """Digits around a single point, or next to one, are a decimal number, never an identifier."""
        if text.count(".") == 1 and _DECIMAL.fullmatch(text):
            return not self._phone_named(start)
        before = self._text[start - 1] if start > self._begin else " "
        return before in ".," and start - 1 > self._begin and self._text[start - 2].isdigit() and before == "."

    def _windows(self, start: int, text: str, groups: list[tuple[int, int]]) -> int | None:
        """Slide over the groups, longest known shape first; return where the last accepted window ended."""
        sizes = "".join([chr(48 + min(stop - begin, 40)) for begin, stop in groups])
        used = None
        index = 0
        while index < len(groups):
            taken = 0
            for length in range(LONGEST.get(sizes[index], 0), 0, -1):
                readings = READINGS.get(sizes[index : index + length])
                if readings is not None and index + length <= len(groups):
                    window = groups[index : index + length]
                    if self._is_piece_of_decimal(text, window) is False and self._read(start, text, window, readings):
                        taken = length
                        break
            if taken:
                used = start + groups[index + taken - 1][1]
                self._last = used
                index += taken
            elif self._us_phone_at(start, text, groups, index):
                index += 3
                used = self._last
            else:
                index += 1
        return used

    @staticmethod
    def _is_piece_of_decimal(text: str, window: list[tuple[int, int]]) -> bool:
        """A single group beside a point belongs to a decimal number or a version."""
        begin, stop = window[0][0], window[-1][1]
        alone = len(window) == 1
        return alone and (text[begin - 1 : begin] == "." or text[stop : stop + 1] == ".")

    def _read(self, start: int, text: str, window: list[tuple[int, int]], readings: tuple[Reading, ...]) -> bool:
        begin, stop = window[0][0], window[-1][1]
        piece = text[begin:stop]
        separators = "".join([piece[a[1] - begin : b[0] - begin] for a, b in zip(window, window[1:], strict=False)])
        digits = "".join([text[a:b] for a, b in window])
        label: frozenset[str] | None = None
        accepted: tuple[str, str, Strength] | None = None
        for reading in readings:
            if reading.separators is not None and reading.separators != separators:
                continue
            if reading.separators is None and len(set(separators)) > 1:
                continue
            if label is None:
                label = self._label_kinds(start + begin)
            named = announces(label, reading.kind) or announces(self._names, reading.kind)
            if reading.strength is Strength.WEAK and not named:
                continue
            value = self._check(reading.kind, digits, piece)
            if value is None:
                self._report(
                    refused(reading.kind, digits, start + begin, start + stop, "its structure or check digit is wrong")
                )
                continue
            exact = reading.kind in label or reading.kind in self._names
            if exact or (named and accepted is None):
                accepted = (reading.kind, value, reading.strength)
                if exact:
                    break
            elif accepted is None:
                accepted = (reading.kind, value, reading.strength)
        if accepted is None:
            return False
        kind, value, strength = accepted
        return self._judge(kind, value, strength, start + begin, start + stop)

    @staticmethod
    def _check(kind: str, digits: str, piece: str) -> str | None:
        if kind == "credit_card":
            return cards.check_card(digits)
        if is_filler(digits) and not is_test_value(kind, digits):
            return None
        return CHECKS[kind](piece if kind in _KEEPS_SEPARATORS else digits)

    # -- phones ------------------------------------------------------------------------------------------------------

    def _phone_named(self, start: int) -> bool:
        return "phone" in self._names or "phone" in self._label_kinds(start)

    def _phone(self, start: int, text: str, groups: list[tuple[int, int]]) -> int | None:
        """Read a number that announces itself by `+`, `00`, a bracket or a label; the longest valid prefix wins."""
        if _DATE.fullmatch(text):
            return None
        named = self._phone_named(start)
        us = _US_PHONE.match(text)
        ends = [stop for _, stop in groups]
        if us is not None and us.end() in ends:
            ends = [us.end()]
        else:
            ends = [stop for stop in ends if 7 <= sum(c.isdigit() for c in text[:stop]) <= 15][::-1][:6]
        for stop in ends:
            digits = "".join(c for c in text[:stop] if c.isdigit())
            value = self._phone_value(text, digits, named)
            if value is None:
                continue
            self._report(confirmed("phone", value, start, start + stop, Confidence.LIKELY))
            return start + stop
        self._report(refused("phone", "".join(c for c in text if c.isdigit())[:20], start, start + len(text), "no country's plan has this number"))
        return None

    @staticmethod
    def _phone_value(text: str, digits: str, named: bool) -> str | None:
        if is_filler(digits):
            return None
        if text.startswith(("+", "(+")):
            return phones.international(digits)
        if digits.startswith("00"):
            return phones.international(digits[2:])
        if _US_PHONE.fullmatch(text[: len(text)]) and len(digits) == 10:
            return phones.north_american(digits) or (phones.national(digits) if named else None)
        return phones.national(digits) or phones.international(digits) if named else None

    def _us_phone_at(self, start: int, text: str, groups: list[tuple[int, int]], index: int) -> bool:
        """Three, three and four digits with dashes or points are a North American number, even without a label."""
        window = groups[index : index + 3]
        if len(window) < 3 or [b - a for a, b in window] != [3, 3, 4]:
            return False
        begin, stop = window[0][0], window[-1][1]
        if not _US_PHONE.fullmatch(text[begin:stop]) or text[window[0][1]] == " ":
            return False
        value = phones.north_american("".join(text[a:b] for a, b in window))
        if value is None or is_filler(value[2:]) or not self._judge("phone", value, Strength.MEDIUM, start + begin, start + stop):
            return False
        self._last = start + stop
        return True

    # -- labels and addresses ------------------------------------------------------------------------------------------

    def _ip(self, start: int, end: int) -> int | None:
        text = self._text[start:end]
        value = hosts.public_ip(text)
        if value is None:
            return None
        if "ip_address" in self._names or "ip_address" in self._label_kinds(start):
            self._report(confirmed("ip_address", value, start, end, Confidence.LIKELY))
            return end
        self._report(refused("ip_address", value, start, end, "nothing near it says that it is somebody's"))
        return None

    def _label(self, start: int, end: int) -> int:
        """A label was seen: read the value right of it, where only the label tells what it is."""
        found = read_labelled(self._text, start, end, self._finish)
        if found is None:
            return end
        kind, value, begin, stop = found
        self._report(confirmed(kind, value, begin, stop, Confidence.LIKELY))
        self._last = stop
        return stop


_KEEPS_SEPARATORS = frozenset({"fi_hetu", "se_personnummer", "dk_cpr"})

_LETTER_READINGS: tuple[tuple[str, re.Pattern[str], Strength], ...] = (
    ("uk_nino", re.compile(r"[A-Z]{2}[ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-D]\b"), Strength.MEDIUM),
    ("uk_nino", re.compile(r"(?i:[A-Z]{2}[ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-D])\b"), Strength.WEAK),
    ("es_nie", re.compile(r"(?i:[XYZ][ .-]?\d{7}[ .-]?[A-Z])\b"), Strength.MEDIUM),
    ("in_pan", re.compile(r"[A-Z]{5}\d{4}[A-Z]\b"), Strength.MEDIUM),
    ("it_codice_fiscale", re.compile(r"(?i:[A-Z]{6}[0-9A-Z]{2}[A-Z][0-9A-Z]{2}[A-Z][0-9A-Z]{3}[A-Z])\b"), Strength.SOLID),
    ("mx_curp", re.compile(r"[A-Z]{4}\d{6}[HMX][A-Z]{5}[0-9A-Z]\d\b"), Strength.SOLID),
)
_MIXED_READINGS: tuple[tuple[str, re.Pattern[str], Strength], ...] = (
    ("fi_hetu", re.compile(r"(?i:\d{6}[-+A-FU-Y]\d{3}[0-9A-Y])"), Strength.SOLID),
    ("se_personnummer", re.compile(r"\d{6}\+\d{4}"), Strength.MEDIUM),
    ("in_gstin", re.compile(r"\d{2}[A-Z]{5}\d{4}[A-Z][0-9A-Z]Z[0-9A-Z]"), Strength.SOLID),
    ("es_dni", re.compile(r"(?:\d{8}|\d{1,2}\.\d{3}\.\d{3})[ -]?[A-Z]"), Strength.MEDIUM),
    ("es_dni", re.compile(r"(?i:\d{1,2}\.?\d{3}\.?\d{3}[ -]?[A-Z])"), Strength.WEAK),
    ("ie_pps", re.compile(r"\d{7}[ -]?[A-W][A-IW]?"), Strength.MEDIUM),
    ("fr_nir", re.compile(r"(?i:[12] ?\d\d ?[01]\d ?2[AB] ?\d{3} ?\d{3} ?\d\d)"), Strength.MEDIUM),
    ("cn_ric", re.compile(r"\d{17}[Xx]"), Strength.SOLID),
    ("us_mbi", re.compile(r"\d[A-Z][A-Z0-9]\d-?[A-Z][A-Z0-9]\d-?[A-Z]{2}\d\d"), Strength.WEAK),
)
