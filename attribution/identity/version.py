"""A script's identity over time: hash of what ran, size, times, owner, repository, inline
dependencies.
"""

# paths of another process, kept as the text they are
# ruff: noqa: PTH116

import hashlib
import os
import stat
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from attribution.file_times import margin_s
from attribution.identity.inline_metadata import InlineMetadata, read_inline_metadata
from attribution.identity.repository import Repository, repository_of
from attribution.os_users import People
from attribution.plain_files import is_kept_out, opened
from core.attribution import WRITTEN_BEFORE_START

_HASH_MOST = 64 << 20
_INLINE_MOST = 256 << 10
_CLOCK_GRAIN_S = 0.015
"""A start mark is cut to 10 ms and a file time may lag by one kernel tick."""
_CHANGED = (
    "the script file was changed after the process started, so what ran is not what lies there now"
)
TURNED = (
    "a link or a folder on the way to the script was changed after the process started, "
    "so it may have led to another file"
)
_UNTIMED = (
    "the script lies where the times of files do not show every change, "
    "so what ran may not be what lies there now"
)
_UNDATED = (
    "when the process was started is not known well enough to say that the script is unchanged"
)
_UNKNOWN = frozenset({_UNTIMED, _UNDATED})
"""Here it may well be unchanged."""
_NO_FILE = "what lies at the script's path now is no plain file"
_UNSEEN = "the script file cannot be seen"
_UNREAD = "the script file cannot be read"
_OURS = "the path of the script leads to a file of Outgate itself"
_MOST_CACHED = 2000
_WRITTEN_BACK_S = 120.0
"""So long after a write through a mapping the next one may leave no time: until Linux has written
the page back (`vm.dirty_expire_centisecs`, 30 s, and its rounds of 5 s; more on a slow disk). So
what is read of a file is remembered only when it is older, and that it is younger is told.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What identifies one version of one script."""

    sha256: str | None = None
    """Of what ran; None when the file was changed since, is too large, or cannot be read."""
    size: int | None = None
    modified_at: datetime | None = None
    owner: str | None = None
    repository: Repository | None = None
    inline: InlineMetadata | None = None
    changed_since_start: bool = False
    sha256_now: str | None = None
    """Of the file as it lies there now, where that may not be what ran."""
    note: str | None = None
    written_before_start_s: int | None = None
    """Whole seconds between the file's last change and the start, where they are few: whoever held
    a mapping of the file by then could change it unseen.
    """

    def to_json(self, people: People) -> dict[str, object] | None:
        """Return what is known as JSON values; None when nothing is."""
        values: dict[str, object] = {}
        if self.size is not None:
            values["size"] = self.size
        if self.modified_at is not None:
            values["modified_at"] = self.modified_at.isoformat()
        if (owner := people.name(self.owner)) is not None:
            values["owner"] = owner
        if self.repository is not None:
            values["git"] = self.repository.to_json(people)
        if self.inline is not None:
            values["inline"] = self.inline.to_json()
        if self.changed_since_start:
            values["changed_since_start"] = True
        if self.changed_since_start or self.sha256_now is not None:
            values["sha256_now"] = self.sha256_now
        if self.written_before_start_s is not None:
            values[WRITTEN_BEFORE_START] = self.written_before_start_s
        return values or None


@dataclass(slots=True)
class _Cache:
    entries: dict[tuple[object, ...], Identity] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: tuple[object, ...]) -> Identity | None:
        return self.entries.get(key)

    def put(self, key: tuple[object, ...], identity: Identity) -> None:
        with self.lock:
            while len(self.entries) >= _MOST_CACHED:
                self.entries.pop(next(iter(self.entries)))
            self.entries[key] = identity


_CACHE = _Cache()


def identify_code(code: str) -> Identity:
    """Identify the program text of `-c` by its hash alone."""
    data = code.encode("utf-8", "surrogateescape")
    return Identity(sha256=hashlib.sha256(data).hexdigest(), size=len(data))


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """From when on the file must have been left alone, to be what ran."""

    at: float | None
    """Unix time before which the program was certainly not loaded; None when that is not known."""
    exact: bool = False
    """True where the time is that of the exec itself, and not a start mark cut to clock ticks."""
    turned_at: float = 0.0
    """When, at the latest, the path to the file was turned to another one."""

    def doubt(self, touched_at: float, margin_s: float = 0.0) -> str | None:
        """Return why a file that was last touched at this time may not be what ran; None when it
        is. `margin_s`: by how much a change may be later than the time says.
        """
        if self.at is None:
            return _UNDATED
        limit = self.at if self.exact else self.at + _CLOCK_GRAIN_S
        if touched_at > limit:
            return _CHANGED
        if touched_at + margin_s > limit:
            return _UNTIMED
        return TURNED if self.turned_at > limit else None

    def young(self, touched_at: float) -> int | None:
        """Return how long before the start a file was touched; None when it is long ago."""
        if self.at is None or self.at == float("inf"):
            return None
        age = max(0.0, self.at - touched_at)
        return int(age) if age < _WRITTEN_BACK_S else None


def identify(path: str, since: Since) -> Identity:
    """Identify the file at `path`.

    A file that was touched after the process started gets no hash of what ran: nobody can know it
    any more. Nor does one to which the path may not have led then.
    """
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return Identity(note=_UNSEEN)
    if not stat.S_ISREG(found.st_mode):
        return Identity(note=_NO_FILE)
    if is_kept_out(found):
        return Identity(note=_OURS)
    key = (path, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    margin, touched_at = margin_s(path, mapped=True), _touched(found)
    identity = _CACHE.get(key)
    if identity is None:
        read_at = time.time()
        identity = _read(path, found)
        if not _is_same(path, found):
            return Identity(note=_CHANGED)
        if touched_at + margin + _WRITTEN_BACK_S < read_at:
            _CACHE.put(key, identity)
    # The repository's commit moves on while the file stays, so it is read anew.
    identity = replace(identity, repository=repository_of(path))
    doubt = since.doubt(touched_at, margin)
    if doubt is None:
        return replace(identity, written_before_start_s=since.young(touched_at))
    return replace(
        identity,
        sha256=None,
        sha256_now=identity.sha256,
        changed_since_start=doubt not in _UNKNOWN,
        note=doubt,
    )


def _is_same(path: str, found: os.stat_result) -> bool:
    """True when the file is still what it was before it was read."""
    try:
        now = os.stat(path)
    except (OSError, ValueError):
        return False
    return os.path.samestat(now, found) and now.st_ctime_ns == found.st_ctime_ns


def _touched(found: os.stat_result) -> float:
    """The time of the last change; on POSIX the change time, which nobody can set back."""
    return found.st_mtime if os.name == "nt" else max(found.st_ctime, found.st_mtime)


def _read(path: str, found: os.stat_result) -> Identity:
    digest, head = _hash(path) if found.st_size <= _HASH_MOST else (None, b"")
    return Identity(
        sha256=digest,
        size=found.st_size,
        modified_at=datetime.fromtimestamp(found.st_mtime, UTC),
        owner=_owner(found),
        note=_UNREAD if digest is None and found.st_size <= _HASH_MOST else None,
        inline=(
            read_inline_metadata(head)
            if path.endswith((".py", ".pyw")) or b"# /// script" in head
            else None
        ),
    )


def _hash(path: str) -> tuple[str | None, bytes]:
    digest, head = hashlib.sha256(), b""
    handle = opened(path)
    if handle is None:
        return None, b""
    try:
        with os.fdopen(handle, "rb") as file:
            while chunk := file.read(1 << 18):
                digest.update(chunk)
                head = head or chunk[:_INLINE_MOST]
    except OSError:
        return None, b""
    return digest.hexdigest(), head


def _owner(found: os.stat_result) -> str | None:
    if os.name == "nt":
        return None
    import pwd

    try:
        return pwd.getpwuid(found.st_uid).pw_name
    except KeyError:
        return str(found.st_uid)
