"""Groups of addresses that are nobody's on the internet, and what is met there."""

import ipaddress
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache

from core.host_names import Address, address_of, host_of, inner


class Network(StrEnum):
    """A group of addresses."""

    LOOPBACK = "loopback"
    PRIVATE = "private"
    LINK_LOCAL = "link_local"
    METADATA = "metadata"


_RANGES: dict[Network, tuple[str, ...]] = {
    Network.LOOPBACK: ("127.0.0.0/8", "0.0.0.0/8", "::1/128", "::/128"),
    Network.PRIVATE: (
        # RFC 1918; shared by carriers (RFC 6598); of one site (RFC 4193, RFC 3879).
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "fc00::/7",
        "fec0::/10",
    ),
    Network.LINK_LOCAL: ("169.254.0.0/16", "fe80::/10"),
    Network.METADATA: (
        # EC2, Azure, Google, Oracle, DigitalOcean, OpenStack and others.
        "169.254.169.254/32",
        # Credentials of tasks and pods at Amazon (ECS, EKS); Tencent; time and names at Amazon.
        "169.254.170.2/32",
        "169.254.170.23/32",
        "169.254.0.23/32",
        "169.254.169.253/32",
        "169.254.169.123/32",
        "169.254.169.250/32",
        "169.254.169.251/32",
        # Amazon and Google by IPv6, pods at Amazon.
        "fd00:ec2::/32",
        "fd20:ce::254/128",
        # Alibaba; Azure's host of agents; Oracle's old one; Scaleway.
        "100.100.100.200/32",
        "168.63.129.16/32",
        "192.0.0.192/32",
        "169.254.42.42/32",
        "fd00:42::42/128",
    ),
}
_NAMES: dict[Network, tuple[str, ...]] = {
    Network.LOOPBACK: ("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"),
    Network.METADATA: (
        "metadata.google.internal",
        "metadata.goog",
        "metadata",
        "instance-data",
        "instance-data.ec2.internal",
        "metadata.azure.internal",
        "metadata.azure.com",
        "metadata.platformequinix.com",
        "metadata.packet.net",
        "metadata.tencentyun.com",
        "api.metadata.cloud.ibm.com",
        "metadata.oraclecloud.com",
        "metadata.exoscale.com",
    ),
}
_BELOW = {".localhost": Network.LOOPBACK}
"""RFC 6761: every name below it stays on the machine."""
_NETWORKS = tuple(
    (group, ipaddress.ip_network(written))
    for group, ranges in _RANGES.items()
    for written in ranges
)
_NONE: frozenset[str] = frozenset()


def networks_of(host: str, address: str | None) -> frozenset[str]:
    """Return the groups that a host is of: by its own name, and by the address it leads to."""
    groups = _groups(host)
    return groups if address is None else groups | _groups(address)


def is_placed(host: str, address: str | None) -> bool:
    """Return whether it is known where a host is, without asking the name service."""
    return address is not None or address_of(host) is not None or bool(_groups(host))


def is_loopback(host: str) -> bool:
    """Return whether a name or an address, in any spelling, is this machine itself to its own
    programs. What only holds such an address inside (6to4, Teredo) is elsewhere.
    """
    address = address_of(host_of(host))
    if address is None:
        return Network.LOOPBACK in _groups(host)
    return any(
        group is Network.LOOPBACK and network.version == address.version and address in network
        for group, network in _NETWORKS
    )


@lru_cache(maxsize=4096)
def _groups(host: str) -> frozenset[str]:
    name = host_of(host)
    address = address_of(name)
    if address is None:
        named = {group.value for group, names in _NAMES.items() if name in names}
        named |= {group.value for ending, group in _BELOW.items() if name.endswith(ending)}
        return frozenset(named) if named else _NONE
    meant = tuple(_meant(address))
    return frozenset(
        group.value
        for group, network in _NETWORKS
        if any(one.version == network.version and one in network for one in meant)
    )


def _meant(address: Address) -> Iterable[Address]:
    """Yield an address and those inside it (RFC 3056: 6to4; RFC 4380: Teredo)."""
    yield address
    if isinstance(address, ipaddress.IPv6Address):
        inside = (inner(address), address.sixtofour, *(address.teredo or ())[1:])
        yield from (one for one in inside if one is not None)
