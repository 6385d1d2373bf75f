"""Exceptions for pinned clients: whose connections pass undecrypted, to which hosts, and until when."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from core.attribution import Attribution, Certainty
from core.decision import Verdict
from policy.fields import Listed, Strict

SOON = timedelta(days=14)
LONGEST = timedelta(days=366)

_HOST = re.compile(r"[a-z0-9*?_-]+(?:\.[a-z0-9*?_-]+)*")
_ADDRESS = re.compile(r"[0-9.]+|.*:.*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NOTHING_BUT_WILD = re.compile(r"[*?./\\]*")


def _host(value: str) -> str:
    name = value.lower().rstrip(".")
    if _ADDRESS.fullmatch(name) or not _HOST.fullmatch(name):
        raise ValueError(
            "write hosts as names without scheme, port or path, such as backup.vendor.example"
        )
    last = name.split(".")[-2:]
    if any(set(label) & set("*?") for label in last):
        raise ValueError(
            "names too many hosts: of its last two parts none may hold * or ?, as in *.vendor.example"
        )
    return name


def _program(value: str) -> str:
    if _NOTHING_BUT_WILD.fullmatch(value):
        raise ValueError("stands for every program: leave it out when you mean that")
    return value.replace("\\", "/")


type HostPattern = Annotated[str, Field(min_length=1, max_length=253), AfterValidator(_host)]
type Program = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_program)]


class PassThrough(Strict):
    """An exception: connections to these hosts pass undecrypted, unread and recorded."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,79}$")]
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """An exception ready to be asked."""

    id: str
    description: str
    verdict: Verdict
    until: date
    host: Callable[[str], bool]
    sender: Callable[[Attribution], bool]

    def ended(self, now: datetime) -> bool:
        """True from the midnight (UTC) after its last day."""
        return now >= datetime.combine(self.until + timedelta(days=1), clock_time(), UTC)

    def why(self) -> str:
        """Return the reason that stands in records."""
        stop = "" if self.description.endswith(".") else "."
        return f"The connection passes undecrypted and unread, by an exception until {self.until}: {self.description}{stop}"


def exemption_of(entry: PassThrough, matcher: Callable[..., Callable[[str], bool]]) -> Exemption:
    """Return the exception that this entry describes; `matcher` makes tests of text from patterns."""
    return Exemption(
        id=entry.id,
        description=entry.description.strip(),
        verdict=Verdict(entry.then),
        until=entry.until,
        host=matcher(entry.hosts),
        sender=_senders(entry, matcher),
    )


def _senders(
    entry: PassThrough, matcher: Callable[..., Callable[[str], bool]]
) -> Callable[[Attribution], bool]:
    if not entry.scripts and not entry.executables:
        return lambda _: True
    hashes = frozenset(word for word in entry.scripts or () if _SHA256.fullmatch(word))
    script = matcher([word for word in entry.scripts or () if word not in hashes], fold=False)
    program = matcher(entry.executables or [], fold=False)

    def test(sender: Attribution) -> bool:
        ran, process = sender.script, sender.process
        proven = sender.certainty is Certainty.EXACT
        if ran is not None and proven and (
            ran.sha256 in hashes or script((ran.path or "").replace("\\", "/"))
        ):
            return True
        if process is None or (sender.candidates and not proven):
            return False
        return program((process.exe or "").replace("\\", "/"))

    return test


def dates_to_mend(entries: list[PassThrough], today: date) -> Iterator[tuple[str, str]]:
    """Yield (id, what is wrong with its date) for entries that have ended, end soon, or end in a distant future."""
    for entry in entries:
        left = entry.until - today
        if left < timedelta():
            yield (
                entry.id,
                f"ENDED on {entry.until}: its connections are inspected again; delete it or decide anew",
            )
        elif left <= SOON:
            yield (
                entry.id,
                f"ENDS SOON, on {entry.until}: afterwards its clients will refuse Outgate's certificate",
            )
        elif left > LONGEST:
            yield (
                entry.id,
                f"lasts until {entry.until}, more than a year: an exception should be decided anew each year",
            )
