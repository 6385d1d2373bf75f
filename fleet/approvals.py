"""Approvals of the fleet as the gate asks them: by the hash of a script, from the signed list that
the hub sent last.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from core.errors import OutgateError
from fleet.membership import membership
from fleet.orders import APPROVALS, NO_APPROVALS, Order, opened

_FRESH_S = 1.0


@dataclass
class FleetApprovals:
    """Reads the list again when its file changes. A list that is damaged, or signed by another
    key, says nothing. For one thread at a time; a race costs a second reading.
    """

    folder: Path
    """Of the membership."""
    clock: Callable[[], float] = time.monotonic
    _looked_at: float = field(default=float("-inf"))
    _stamp: tuple[int, int, int] | None = None
    _order: Order = NO_APPROVALS

    def of(self, sha256: str | None) -> bool | None:
        """Return whether a version is approved; None where the fleet says nothing of it."""
        return None if sha256 is None else self._now().approvals.get(sha256)

    def said(self, sha256: str | None) -> str:
        """Return what was said of a version for the fleet, and by whom, in words; empty where
        nothing was.
        """
        approved = self.of(sha256)
        if sha256 is None or approved is None:
            return ""
        done = "approved" if approved else "withdrawn"
        return f"{done} for all machines by {self._order.said_by[sha256]}"

    def _now(self) -> Order:
        if self.clock() - self._looked_at >= _FRESH_S:
            self._looked_at = self.clock()
            self._look()
        return self._order

    def joined_with(self, own: bool | None, sha256: str | None) -> bool | None:
        """Return what counts beside what was said on this machine: whoever withdraws wins, here or
        for the fleet.
        """
        fleet = self.of(sha256)
        if own is False or fleet is False:
            return False
        return own or fleet

    def _look(self) -> None:
        path = self.folder / f"{APPROVALS}.orders"
        try:
            found = path.stat()
        except OSError:
            self._stamp, self._order = None, NO_APPROVALS
            return
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        if stamp != self._stamp:
            self._order = self._read(path)
            self._stamp = stamp

    def _read(self, path: Path) -> Order:
        try:
            member = membership(self.folder)
            if member is None:
                return NO_APPROVALS
            return opened(orjson.loads(path.read_bytes()), member.policy_key, APPROVALS)
        except (OSError, ValueError, OutgateError):
            return NO_APPROVALS
