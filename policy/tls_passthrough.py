"""Exceptions for pinned clients as an author writes them, and what is wrong with their dates."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from core.host_names import host_meant
from policy.fields import Listed, RuleId, Strict

SOON = timedelta(days=14)
LONGEST = timedelta(days=366)

_LONGEST_HOST = 253
_HOST = re.compile(r"[a-z0-9*?_-]+(?:\.[a-z0-9*?_-]+)*")
_ADDRESS = re.compile(r"[0-9.]+|[^:\n]*:.*")
_NOTHING_BUT_WILD = re.compile(r"[*?./\\]*")


def _host(value: str) -> str:
    name = value.lower().rstrip(".")
    if _ADDRESS.fullmatch(name) or not _HOST.fullmatch(name):
        meant = host_meant(name)
        fit = meant is not None and _HOST.fullmatch(meant) and not _ADDRESS.fullmatch(meant)
        raise ValueError(
            "write hosts as names without scheme, port or path, such as "
            f"{meant if fit else 'backup.vendor.example'}"
        )
    last = name.split(".")[-2:]
    if any(set(label) & set("*?") for label in last):
        raise ValueError(
            "names too many hosts: of its last two parts none may hold * or ?, "
            "as in *.vendor.example"
        )
    return name


def is_exemptible(host: str) -> bool:
    """Return whether an exception can be for this very host: a name, and not an address."""
    try:
        return len(host) <= _LONGEST_HOST and not set(_host(host)) & set("*?")
    except ValueError:
        return False


def _program(value: str) -> str:
    if _NOTHING_BUT_WILD.fullmatch(value):
        raise ValueError("stands for every program: leave it out when you mean that")
    return value.replace("\\", "/")


type HostPattern = Annotated[
    str, Field(min_length=1, max_length=_LONGEST_HOST), AfterValidator(_host)
]
type Program = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_program)]


class PassThrough(Strict):
    """An exception: connections to these hosts pass undecrypted, unread and recorded."""

    id: RuleId
    description: Annotated[
        str, Field(min_length=1, max_length=500, description="Why, in a sentence.")
    ]
    owner: Annotated[str, Field(min_length=1, max_length=200, description="Who answers for it.")]
    hosts: Listed[HostPattern] = Field(
        description="Names of hosts; *.vendor.example for all below it, never a bare *."
    )
    scripts: Listed[Program] | None = Field(
        None, description="Only these scripts: paths with *, or SHA-256 digests."
    )
    executables: Listed[Program] | None = Field(
        None, description="Only these program files: paths with *."
    )
    until: date = Field(description="Last day on which it is in force (UTC).")
    then: Literal["watch", "allow"] = Field(
        "watch", description="Whether its connections are listed for review."
    )


def dates_to_mend(entries: list[PassThrough], today: date) -> Iterator[tuple[str, str]]:
    """Yield (id, what is wrong with its date) for entries that ended, end soon or last too long."""
    for entry in entries:
        words = _date_to_mend(entry.until, today)
        if words is not None:
            yield entry.id, words


def _date_to_mend(until: date, today: date) -> str | None:
    left = until - today
    if left < timedelta():
        return f"ENDED on {until}: its connections are inspected again; delete it or decide anew"
    if left <= SOON:
        return f"ENDS SOON, on {until}: afterwards its clients will refuse Outgate's certificate"
    if left > LONGEST:
        yearly = "an exception should be decided anew each year"
        return f"lasts until {until}, more than a year: {yearly}"
    return None
