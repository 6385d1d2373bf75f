"""Exceptions for pinned clients, ready to be asked: who passes undecrypted, and until when."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time

from core.attribution import Attribution
from core.decision import Verdict
from core.situation import Situation
from policy.predicates import matcher
from policy.tls_passthrough import PassThrough

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """An exception ready to be asked."""

    id: str
    description: str
    verdict: Verdict
    until: date
    host: Callable[[str], bool]
    sender: Callable[[Attribution], bool]

    def names(self, s: Situation) -> bool:
        """Return whether it is meant for this connection, in force or not."""
        return self.host(s.destination.host) and self.sender(s.sender)

    def ended(self, now: datetime) -> bool:
        """True from the midnight (UTC) after its last day."""
        return now >= datetime.combine(self.until + timedelta(days=1), clock_time(), UTC)

    def why(self) -> str:
        """Return the reason that stands in records."""
        stop = "" if self.description.endswith(".") else "."
        passes = "The connection passes undecrypted and unread, by an exception until"
        return f"{passes} {self.until}: {self.description}{stop}"

    def over(self) -> str:
        """Return the reason that stands in records once it has ended."""
        return f"The exception {self.id} ended on {self.until}."


def exemption_of(entry: PassThrough) -> Exemption:
    """Return the exception that this entry describes."""
    return Exemption(
        id=entry.id,
        description=entry.description.strip(),
        verdict=Verdict(entry.then),
        until=entry.until,
        host=matcher(entry.hosts),
        sender=_senders(entry),
    )


def _senders(entry: PassThrough) -> Callable[[Attribution], bool]:
    if not entry.scripts and not entry.executables:
        return lambda _: True
    hashes = frozenset(word for word in entry.scripts or () if _SHA256.fullmatch(word))
    script = matcher([word for word in entry.scripts or () if word not in hashes], fold=False)
    program = matcher(entry.executables or [], fold=False)

    def test(sender: Attribution) -> bool:
        ran, process = sender.script, sender.process
        if ran is not None and (ran.sha256 in hashes or script(_slashed(ran.path))):
            return True
        return process is not None and program(_slashed(process.exe))

    return test


def _slashed(path: str | None) -> str:
    return (path or "").replace("\\", "/")
