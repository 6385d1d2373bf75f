"""Indexes of packages. Hosts are written as digests: no registry is named in this repository."""

from core.classification import Category
from destinations.service import Keys, Refusal, Service, at
from destinations.signals import opaque

_PUBLISHING = r"PUT |POST .*/(?:legacy|gems|blobs/uploads)"


def _index(
    service_id: str,
    name: str,
    *digests: str,
    aliases: tuple[str, ...] = (),
    keys: Keys = Keys(),  # noqa: B008 - a frozen value
) -> Service:
    hosts = [f"sha256:{digest}" for digest in digests]
    return Service(
        service_id,
        name,
        Category.PACKAGE_INDEX,
        at(*hosts),
        _PUBLISHING,
        opaque,
        Refusal.AS_ASKED,
        aliases=aliases,
        keys=keys,
    )


_ANYWHERE = Keys(anywhere=True)

PACKAGE_INDEXES: tuple[Service, ...] = (
    _index(
        "python-index",
        "a Python package index",
        "a4aa2ac280bb8d1a0ce7a1be",
        "9ab2ad663f3d2a5e0a381904",
        "9495278a74715c7e246a3640",
        "c899567ee906851741bf7f3b",
        aliases=("pypi",),
        keys=_ANYWHERE,
    ),
    _index(
        "npm",
        "npm",
        "0dc11026ac75c015aaa1deaf",
        "70bb4000cd2fab03af01fed0",
        keys=_ANYWHERE,
    ),
    _index(
        "conda",
        "conda",
        "4db460c55b85212e50a70cad",
        "15bdb44dafa6843b1e260ba6",
        "8f716e767912b8373ddae9e5",
    ),
    _index(
        "crates",
        "a Rust package index",
        "789e46d79514e28093cabe2b",
        "3d01f3609be82d98eeedcd97",
        "eb7e11c7f9ecbcf48099060e",
        keys=_ANYWHERE,
    ),
    _index(
        "docker-hub",
        "Docker Hub",
        "dcb6cc3991f9799eecfd7195",
        "edd83f6692f960c74ef91ce0",
        "e83cc4bcd94e4ed54ac0180a",
        aliases=("docker",),
        keys=_ANYWHERE,
    ),
    _index("ghcr", "GitHub Container Registry", "0fd460f0568e29c129d51644"),
    _index("rubygems", "RubyGems", "71741fe2460a615058687c45", keys=_ANYWHERE),
)
