"""The last labels that domains can have: of every public suffix, in both of their spellings."""

from functools import cache
from importlib import resources

_PRIVATE = "===BEGIN PRIVATE DOMAINS==="
_MOST_LABELS = 10
_LONGEST = 253

INTERNAL = frozenset("local internal lan corp home intranet localdomain".split())
"""Endings of an organisation's own network: nobody's address unless its place says so."""


@cache
def _last_labels() -> frozenset[str]:
    text = resources.files("publicsuffixlist").joinpath("public_suffix_list.dat").read_text("utf-8")
    lines = text.partition(_PRIVATE)[0].splitlines()
    labels = {line.strip().rpartition(".")[2] for line in lines if line and line[:2] != "//"}
    return frozenset(label for label in (_encoded(label) for label in labels) if label)


def _encoded(domain: str) -> str | None:
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None


def ascii_form(domain: str) -> str | None:
    """Return a domain as it travels, in lower case ASCII; None when it can be none."""
    if len(domain) > _LONGEST or domain.count(".") > _MOST_LABELS:
        return None
    return _encoded(domain.lower())


def is_suffix(label: str) -> bool:
    """True for a last label that some registry gives names under."""
    return label in _last_labels()


def warm() -> None:
    """Load the list now (about 20 ms)."""
    _last_labels()
