"""Hosts in one spelling: what `0x7f.1`, `MÜNCHEN.example.` and `[::FFFF:127.0.0.1]` stand for.

Two spellings that a resolver or a server takes for one host are one here, and nothing else is.
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import unquote

from core.exchange import OtherName

_REMEMBERED = 4096
_LONGEST = 1024
_DOTS = str.maketrans({"。": ".", "．": ".", "｡": "."})
"""Full stops of other scripts, which every resolver of names takes for dots (UTS 46, 2.3)."""
_IGNORED = re.compile("[\u00ad\u034f\u180b-\u180f\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff]")
"""Characters that are dropped from names (UTS 46: ignored)."""
_BETWEEN = str.maketrans(dict.fromkeys(",;/\\?#\0", " "))
"""What stands in no host, and before or behind which some server reads one."""
_PARTS = 8
"""So many hosts are looked for in a text that is none."""
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")
_PORT = re.compile(r":([0-9]{0,10})$")
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_TRANSLATED = (
    ipaddress.IPv6Network("64:ff9b::/96"),
    ipaddress.IPv6Network("64:ff9b:1::/48"),
    ipaddress.IPv6Network("::ffff:0:0:0/96"),
)
"""NAT64 (RFC 6052, RFC 8215) and IPv4-translated (RFC 2765): the last 32 bits are who answers."""
_FEW = 0xFFFF
"""Below it `::n` is an address of its own, such as `::1`, and no IPv4 address inside."""

type Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@lru_cache(maxsize=_REMEMBERED)
def host_of(text: str) -> str:
    """Return a host in the one spelling: lower case, ASCII, no dot at the end, addresses plain.

    Never raises: what is no name that could be is returned in lower case.
    """
    if len(text) > _LONGEST:
        return text.lower()
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    address = address_of(bare)
    if address is not None:
        return str(address)
    if bare.isascii():
        return bare.lower().rstrip(".")
    spelt = _IGNORED.sub("", _folded(bare).translate(_DOTS)).rstrip(".")
    address = address_of(spelt)
    return str(address) if address is not None else ".".join(map(_ascii, spelt.split(".")))


def authority_of(text: str) -> tuple[str, int | None]:
    """Return host and port of `host`, `host:port`, `[::1]:port` or `user@host:port`.

    The port is None where none is named, and 0 where what is named is none.
    """
    rest = text.strip().rpartition("@")[2]
    if not rest.startswith("[") and rest.count(":") > 1:
        return host_of(rest), None
    match = _PORT.search(rest)
    if match is None:
        return host_of(rest), None
    host = host_of(rest[: match.start()])
    if not match[1]:
        return host, None
    port = int(match[1])
    return host, port if port < 1 << 16 else 0


def host_meant(text: str) -> str | None:
    """Return the host that is meant by a text that holds more than one: a scheme, a user, a port,
    a path. None where it is a host, or a pattern of hosts, and nothing more.
    """
    bare = text.strip()
    _, scheme, rest = bare.partition("://")
    # Without a scheme a question mark is one of a pattern.
    ends = "/?#\\" if scheme else "/#\\"
    rest = rest if scheme else bare
    for sign in ends:
        rest = rest.partition(sign)[0]
    rest = rest.rpartition("@")[2]
    if rest.startswith("["):
        host = rest[1:].partition("]")[0]
        return None if bare in {host, f"[{host}]"} else host
    host = rest.partition(":")[0] if rest.count(":") == 1 else rest
    return None if host == bare else host


def other_names(host: str, port: int, named: Iterable[tuple[str, str]]) -> tuple[OtherName, ...]:
    """Return every host and port named beside these, each once, in the order met.

    `named`: (what names it, host with or without a port). A name without a port leaves it as it is.
    Behind a text that is no host come those that a server may read in it.
    """
    found: dict[tuple[str, int], OtherName] = {}
    for named_by, text in _read_anyhow(host, named):
        other, other_port = authority_of(text)
        place = other, port if other_port is None else other_port
        if other and place != (host, port) and place not in found:
            found[place] = OtherName(host=other, port=place[1], named_by=named_by)
    return tuple(found.values())


def _read_anyhow(host: str, named: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield those beside the host, and what a server that undoes escapes, or takes the first or the
    last of several, makes of them.
    """
    for named_by, text in named:
        # Most requests name their own host in one spelling.
        if text == host:
            continue
        yield named_by, text
        parts = unquote(text[:_LONGEST]).translate(_BETWEEN).split(maxsplit=_PARTS)
        if parts != [text]:
            yield from ((named_by, part) for part in parts[:_PARTS])


def address_of(text: str) -> Address | None:
    """Return the address that a resolver takes this for, or None for a name.

    Numbers are read as `inet_aton` does (0x7f.1, 0177.0.0.1, 2130706433); zones are dropped, and
    an IPv4 address inside an IPv6 one (mapped, NAT64) is the IPv4 address.
    """
    if ":" in text:
        return _six(text)
    last = text.rstrip(".").rpartition(".")[2]
    return _four(text) if last[:1].isdecimal() and last.isascii() else None


def _six(text: str) -> Address | None:
    try:
        found = ipaddress.IPv6Address(text.partition("%")[0].rstrip("."))
    except ValueError:
        return None
    return inner(found) or found


def inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that answers for this one, or None."""
    low = int(address) & 0xFFFFFFFF
    if address in _MAPPED or any(address in network for network in _TRANSLATED):
        return ipaddress.IPv4Address(low)
    return ipaddress.IPv4Address(low) if address in _COMPATIBLE and low > _FEW else None


def _four(text: str) -> ipaddress.IPv4Address | None:
    """Read one to four numbers, each decimal, octal or hexadecimal; the last fills the rest."""
    parts = text.removesuffix(".").split(".")
    if len(parts) > 4 or not all(map(_NUMBER.fullmatch, parts)):
        return None
    try:
        numbers = [_number(part) for part in parts]
    except ValueError:
        return None
    *leading, last = numbers
    if any(number > 255 for number in leading) or last >= 256 ** (4 - len(leading)):
        return None
    value = last
    for place, number in enumerate(leading):
        value |= number << (24 - 8 * place)
    return ipaddress.IPv4Address(value)


def _number(part: str) -> int:
    if part[:2] in {"0x", "0X"}:
        return int(part[2:] or "0", 16)
    return int(part, 8) if part.startswith("0") and len(part) > 1 else int(part)


def _folded(text: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).lower())


def _ascii(label: str) -> str:
    """Return the A-label of a label (RFC 5891), without asking whether it could be registered."""
    if label.isascii():
        return label
    try:
        return "xn--" + label.encode("punycode").decode("ascii")
    except UnicodeError:
        return label
