"""Epochs of the key that marks are made with: each has a key of its own, so that old marks can be
made untellable by destroying one.

The key in force is `keys/fingerprint.key`. That of an epoch which ended is
`keys/fingerprint-20261126T040000Z.key`, by when it ended; a search looks under all that are kept.
"""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.home import Home, private_key
from core.errors import InputError, SettingsError
from core.happenings import EPOCH_NAME, epoch_end
from core.ids import utc_now

_KEY_BYTES = 32
_KEPT = "fingerprint-*.key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """One epoch whose key is kept."""

    name: str
    """When it ended, as `20261126T040000Z`; `current` for the one in force."""
    path: Path
    until: datetime | None
    """When it ended, UTC; None for the one in force, and where the file's name does not say it."""

    @property
    def key(self) -> bytes:
        """Its key. Raises SettingsError."""
        return private_key(self.path)


CURRENT = "current"


def epochs(home: Home) -> Sequence[Epoch]:
    """Return the epochs whose keys are kept, the oldest first, the one in force last."""
    current = home.fingerprint_key
    kept = [
        Epoch(name=path.stem.partition("-")[2], path=path, until=_ended(path))
        for path in sorted(current.parent.glob(_KEPT))
    ]
    return [*kept, Epoch(name=CURRENT, path=current, until=None)]


def key_ends(home: Home) -> Sequence[datetime]:
    """Return when epochs ended whose keys are kept, the earliest first."""
    return sorted(epoch.until for epoch in epochs(home) if epoch.until is not None)


def _ended(path: Path) -> datetime | None:
    return epoch_end(path.stem.partition("-")[2])


def rotate(home: Home, now: datetime | None = None) -> Epoch:
    """End the epoch in force and begin another; return the one that ended. Raises SettingsError.

    At no moment is there no key, or one that is lost.
    """
    current, at = home.fingerprint_key, now or utc_now()
    private_key(current)  # made, where there was none; refused, where it is damaged
    kept = current.with_name(f"fingerprint-{at.strftime(EPOCH_NAME)}.key")
    try:
        os.link(current, kept)
        _replace(current, os.urandom(_KEY_BYTES))
    except FileExistsError:
        raise InputError(
            "The key was rotated in this very second.", remedy="Wait a moment, then try again."
        ) from None
    except OSError as error:
        raise SettingsError(f"Cannot rotate the key {current}: {error.strerror}.") from error
    return Epoch(name=kept.stem.partition("-")[2], path=kept, until=_ended(kept))


def _replace(path: Path, key: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=".key-", dir=path.parent)  # with mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def is_due(home: Home, days: int, now: datetime | None = None) -> bool:
    """Return whether the key in force is older than so many days; never with 0."""
    try:
        made = datetime.fromtimestamp(home.fingerprint_key.stat().st_mtime, UTC)
    except OSError:
        return False
    return bool(days) and (now or utc_now()) - made > timedelta(days=days)


def destroy(epoch: Epoch) -> None:
    """Overwrite and remove the key of an epoch that ended: nobody finds its marks any more.

    Raises InputError for the one in force, SettingsError where it cannot be done.
    """
    if epoch.name == CURRENT:
        raise InputError(
            "The key in force cannot be destroyed.", remedy="Rotate it first: outgate keys rotate."
        )
    try:
        with epoch.path.open("r+b") as file:
            file.write(bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        epoch.path.unlink()
    except OSError as error:
        raise SettingsError(f"Cannot destroy the key {epoch.path}: {error.strerror}.") from error


def past_their_time(home: Home, oldest_us: int | None) -> Sequence[Epoch]:
    """Return the epochs that ended before the oldest record that is kept: no mark of theirs is."""
    if oldest_us is None:
        return []
    oldest = datetime.fromtimestamp(oldest_us / 1_000_000, UTC)
    return [one for one in epochs(home) if one.until is not None and one.until < oldest]
