"""The countries of addresses, from the organisation's own table: packed ranges, found by bisection.

The table is a CSV file with one range a line, as `first,last,country` or `network/length,country`;
IPv4 and IPv6 may be mixed. No table ships with Outgate, and nothing is asked over the network.
"""

import ipaddress
import re
from array import array
from collections.abc import Iterator
from itertools import pairwise

UNKNOWN = "unknown"
CODES = frozenset(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ
    EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW
    GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY
    KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV
    MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY
    QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG
    TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM
    ZW XK
    """.split()
)
"""ISO 3166-1 alpha-2, and XK, which has none but stands in every table."""

_V4 = re.compile(r"(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}", re.ASCII)
_CODE = re.compile(r"[A-Z]{2}", re.ASCII)
_REMEMBERED = 4096
_NONE = frozenset({"", "-", "ZZ"})
"""How tables write that nobody knows."""


class TableError(Exception):
    """A line of the table is wrong; lines count from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line
        self.message = message


class _Ranges:
    """Ranges of addresses of one width, as big-endian bytes: ordered as the numbers are."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._first, self._last = bytearray(), bytearray()
        self._country, self._line = array("H"), array("I")
        self._sorted = True

    def __len__(self) -> int:
        return len(self._country)

    def add(self, first: bytes, last: bytes, country: int, line: int) -> None:
        if first <= self._last[-self._width :]:
            self._sorted = False
        self._first += first
        self._last += last
        self._country.append(country)
        self._line.append(line)

    def settle(self) -> None:
        """Bring the ranges into order. Raises TableError where two of them overlap."""
        if not self._sorted:
            order = sorted(range(len(self)), key=lambda n: self._of(self._first, n))
            for earlier, later in pairwise(order):
                if self._of(self._first, later) <= self._of(self._last, earlier):
                    one, other = sorted((self._line[earlier], self._line[later]))
                    raise TableError(other, f"overlaps with line {one}")
            self._first = bytearray().join(self._of(self._first, n) for n in order)
            self._last = bytearray().join(self._of(self._last, n) for n in order)
            self._country = array("H", [self._country[n] for n in order])
        self._line = array("I")

    def find(self, address: bytes) -> int | None:
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self._of(self._first, middle) <= address:
                low = middle + 1
            else:
                high = middle
        return self._country[low - 1] if low and address <= self._of(self._last, low - 1) else None

    def _of(self, kept: bytearray, number: int) -> bytes:
        return bytes(kept[number * self._width : (number + 1) * self._width])


class CountryTable:
    """Which country an address belongs to, by one table."""

    def __init__(self, content: bytes) -> None:
        """Read a table. Raises TableError."""
        self._names: list[str] = [UNKNOWN]
        self._asked: dict[str, str] = {}
        self._by_width = {4: _Ranges(4), 16: _Ranges(16)}
        numbers = dict.fromkeys(_NONE, 0)
        for line, first, last, code in _rows(content):
            number = numbers.get(code)
            if number is None:
                number = numbers[code] = self._number(code, line)
            self._by_width[len(first)].add(first, last, number, line)
        for ranges in self._by_width.values():
            ranges.settle()
        if not len(self):
            raise TableError(1, "the table is empty")

    def __len__(self) -> int:
        return sum(map(len, self._by_width.values()))

    def country(self, address: str) -> str:
        """Return the country's code, or `unknown`."""
        known = self._asked.get(address)
        if known is None:
            if len(self._asked) >= _REMEMBERED:
                self._asked.clear()
            known = self._asked[address] = self._found(address)
        return known

    def _found(self, address: str) -> str:
        try:
            parsed = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return UNKNOWN
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        return self._names[self._by_width[len(parsed.packed)].find(parsed.packed) or 0]

    def _number(self, code: str, line: int) -> int:
        """Codes of regions, such as EU, are no countries: nobody knows."""
        if not _CODE.fullmatch(code):
            raise TableError(line, "the country should be two capital letters, such as DE")
        if code not in CODES:
            return 0
        self._names.append(code)
        return len(self._names) - 1


def _rows(content: bytes) -> Iterator[tuple[int, bytes, bytes, str]]:
    try:
        text = content.decode("utf-8-sig").replace('"', "").replace("'", "")
    except UnicodeDecodeError as error:
        raise TableError(
            content[: error.start].count(b"\n") + 1, "this is not UTF-8 text"
        ) from None
    seen = False
    for line, row in enumerate(text.splitlines(), 1):
        if not row or row.isspace() or row.startswith("#"):
            continue
        cells = row.split(",")
        try:
            yield (line, *_row(cells))
        except ValueError as error:
            if seen or any(c.isdigit() for c in cells[0]):
                raise TableError(line, str(error)) from None
        seen = True  # what has no address in its first row is a table with headings


def _row(cells: list[str]) -> tuple[bytes, bytes, str]:
    if len(cells) >= 2 and "/" in cells[0]:
        return (*_network(cells[0].strip()), cells[1].strip())
    if len(cells) < 3:
        raise ValueError("should be first,last,country or network,country")
    first, last = _packed(cells[0].strip()), _packed(cells[1].strip())
    if len(first) != len(last) or last < first:
        raise ValueError("the range ends before it begins")
    return first, last, cells[2].strip()


def _packed(text: str) -> bytes:
    if _V4.fullmatch(text):
        return bytes(map(int, text.split(".")))
    try:
        return ipaddress.IPv6Address(text).packed
    except ValueError:
        raise ValueError("holds no IP address where one should be") from None


def _network(text: str) -> tuple[bytes, bytes]:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise ValueError("holds no network such as 192.0.2.0/24 where one should be") from None
    return network.network_address.packed, network.broadcast_address.packed
