"""Which name each address stands for in one sealed run: so that a connection, which knows only an
address, is known by the name that was asked for. Pure.

Programs are given the real addresses of a name. An address that stands for another name of the same
run already is not given again: the name gets one of its own then, and so does a name that nobody
here can look up. Those come from ranges that scripts' own guards against internal addresses let
pass: shared address space (RFC 6598), and well-known IPv6 translations of it (RFC 6052).
"""

import ipaddress
from collections.abc import Iterable

_FIRST = int(ipaddress.IPv4Address("100.127.0.1"))
_LAST = int(ipaddress.IPv4Address("100.127.255.254"))
_TRANSLATED = int(ipaddress.IPv6Address("64:ff9b::"))


class AddressBook:
    """The names and addresses of one run. An address never comes to stand for another name."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._own: dict[str, str] = {}
        self._next = _FIRST

    def given(self, name: str, real: Iterable[str] | None) -> list[str]:
        """Return the addresses to give to who asks for this name.

        `real`: those that it has; None where nobody can look it up and it may exist all the same.
        """
        if real is None:
            return self._of_its_own(name, (4, 6))
        found = list(real)
        free = [one for one in found if self._names.setdefault(_plain(one), name) == name]
        taken = {ipaddress.ip_address(one).version for one in found}
        missing = sorted(taken - {ipaddress.ip_address(one).version for one in free})
        return [*free, *self._of_its_own(name, missing)]

    def name_of(self, address: str) -> str | None:
        """Return the name that an address was given for; None for one that nobody was given."""
        return self._names.get(_plain(address))

    def _of_its_own(self, name: str, versions: Iterable[int]) -> list[str]:
        wanted = list(versions)
        if not wanted:
            return []
        four = self._own.get(name)
        if four is None:
            four = self._free()
            if four is None:
                return []
            self._own[name] = four
            self._names[four] = self._names[_translated(four)] = name
        return [four if version == 4 else _translated(four) for version in wanted]

    def _free(self) -> str | None:
        """Return an address that stands for nothing yet; None when all are used up."""
        while self._next <= _LAST:
            address = str(ipaddress.IPv4Address(self._next))
            self._next += 1
            if address not in self._names and _translated(address) not in self._names:
                return address
        return None


def _translated(four: str) -> str:
    return str(ipaddress.IPv6Address(_TRANSLATED + int(ipaddress.IPv4Address(four))))


def _plain(address: str) -> str:
    """Return an address in one spelling; an IPv4 address in IPv6 clothes is an IPv4 address."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return str(found if mapped is None else mapped)
