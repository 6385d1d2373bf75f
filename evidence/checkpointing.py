"""When a gate takes checkpoints: at start and stop, every hour, and while there is traffic often
enough that little can vanish unseen.
"""

import contextlib
import logging
import time
from collections.abc import Callable
from functools import cached_property

from core.errors import EvidenceError
from evidence.checkpoint import fingerprint
from evidence.database import Connection
from evidence.journal_seal import JournalSeal
from evidence.lots import Lot, LotKey
from evidence.notary import Notary
from evidence.retelling import TRAFFIC
from evidence.sqlite_errors import DatabaseFault, evidence_error

HOUR_S = 3600.0
TRAFFIC_S = 60.0
"""So long at most may entries be without a checkpoint."""
MOST_ENTRIES = 20_000
"""So many at most: growing a tree by them keeps the writer for some 30 ms."""

log = logging.getLogger("outgate.evidence")


class Checkpointing:
    """Takes checkpoints for one writer, from its thread."""

    def __init__(self, notary: Notary | None, clock: Callable[[], float] = time.monotonic) -> None:
        """Without a notary, does nothing."""
        self._notary = notary
        self._clock = clock
        self._size = 0
        self._at = self._hour_at = clock()

    @property
    def key(self) -> str | None:
        """Fingerprint of the key that signs. Raises EvidenceError."""
        return None if self._notary is None else fingerprint(self._notary.public)

    @property
    def journal_seal(self) -> JournalSeal | None:
        """What seals exchanges under way; None where there is no key."""
        with contextlib.suppress(EvidenceError):
            if self._notary is not None:
                return JournalSeal.of_seed(self._notary.key.private_bytes_raw())
        return None

    @cached_property
    def lot(self) -> Lot | None:
        """What the entries of this writer are told in; None where there is no key."""
        with contextlib.suppress(EvidenceError):
            if self._notary is not None:
                return Lot(LotKey.of_seed(self._notary.key.private_bytes_raw()))
        return None

    def _close_lot(self, connection: Connection) -> None:
        if self.lot is None:
            return
        try:
            self.lot.close(connection)
        except BaseException:
            self.lot.drop()  # it may have added up a part
            raise

    def look(self, connection: Connection, size: int) -> None:
        """Take one where it is time: `size` records are chained now."""
        if (why := self._due(size)) is not None:
            self.take(connection, why)

    def _due(self, size: int) -> str | None:
        now = self._clock()
        if now - self._hour_at >= HOUR_S:
            return "hour"
        grown = size - self._size
        waited = grown > 0 and now - self._at >= TRAFFIC_S
        return TRAFFIC if waited or grown >= MOST_ENTRIES else None

    def take(self, connection: Connection, why: str) -> None:
        """Take one now. That it cannot be taken is told, and is no reason to stop writing."""
        if self._notary is None:
            return
        try:
            taken = self._notary.take(connection, why, self._close_lot)
        except BaseException as error:  # noqa: BLE001 - boundary: the evidence is written on
            log.error("a checkpoint of the evidence could not be taken: %s", _why(error))
            return
        self._size, self._at = taken.checkpoint.records.size, self._clock()
        if why != TRAFFIC:
            self._hour_at = self._at


def _why(error: BaseException) -> str:
    """Return why in words of ours, or what kind of error it was."""
    if isinstance(error, DatabaseFault):
        return evidence_error(error).message
    return type(error).__name__
