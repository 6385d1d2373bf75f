"""The lines of an exception (`pass_through`) that a policy needs to have for a client, ready to be
copied.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from core.text import printable
from policy.tls_passthrough import is_exemptible

_LASTS = timedelta(days=90)
_LONGEST_PATH = 1000


class Wants(StrEnum):
    """Why a client cannot be inspected."""

    CERTIFICATE = "client-certificate"
    """Its server wants a certificate that only the client has (mTLS)."""
    PINNED = "pinned-client"
    """It accepts no certificate but its server's own."""


_DESCRIPTIONS = {
    Wants.CERTIFICATE: "The server wants a certificate of the client, which only the client has",
    Wants.PINNED: "The client accepts no certificate but its server's own",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """What one exception is to be for."""

    wants: Wants
    host: str
    script: str | None = None
    """Path of the only script meant, where that is proven."""


def exception_lines(needed: Iterable[Needed], today: date) -> list[str]:
    """Return the lines, one entry for each reason and script; none where no host is a name.

    `owner` is left for the reader to fill in, and loads as it is.
    """
    hosts: dict[tuple[Wants, str | None], dict[str, None]] = {}
    for one in needed:
        if is_exemptible(one.host):
            hosts.setdefault((one.wants, one.script), {})[one.host.lower().rstrip(".")] = None
    lines = ["pass_through:"] if hosts else []
    used: dict[Wants, int] = {}
    for (wants, script), names in hosts.items():
        used[wants] = used.get(wants, 0) + 1
        number = "" if used[wants] == 1 else f"-{used[wants]}"
        lines += _entry(f"{wants}{number}", wants, script, list(names), today)
    return lines


def _entry(
    name: str, wants: Wants, script: str | None, hosts: Sequence[str], today: date
) -> list[str]:
    # JSON is YAML: what stands in quotes cannot break out of its value.
    entry = [
        f"  - id: {name}",
        f"    description: {_DESCRIPTIONS[wants]}",
        "    owner: whoever answers for it",
        f"    hosts: {json.dumps(list(hosts))}",
    ]
    if script is not None and _is_plain(script):
        entry.append(f"    scripts: {json.dumps(script, ensure_ascii=False)}")
    return [*entry, f"    until: {today + _LASTS}"]


def _is_plain(path: str) -> bool:
    """Return whether a path means itself alone, as a pattern and on a screen."""
    wild = set(path) & set("*?[]\\")
    return not wild and len(path) <= _LONGEST_PATH and printable(path, 2 * _LONGEST_PATH) == path
