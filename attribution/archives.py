"""Archives from which a program imports modules: what they may hold, for any reader.

In the helper process; nothing of what is found is run.
"""

import io
import posixpath
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from attribution.asked_for import is_plugin_mark, module_at
from attribution.plain_files import text_of
from attribution.startup import Start

_MOST_ARCHIVE = 64 << 20
_HEAD, _HEAD_BYTES = b"PK\x01\x02", 46
"""How the entry of an archive's directory begins, and how long it is before its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """What an archive may hold below one folder in it. Everything that Python could take for an
    entry counts, whichever directory it belongs to, and by the name that stands there: readers
    differ in both.
    """

    names: tuple[str, ...] = ()
    """Paths from that folder."""
    readable: bool = True
    """False where it may hold anything."""

    @classmethod
    def of(cls, start: Start, archive: str, folder: str) -> "Packed":
        """Look into an archive, which stands on the way to this folder."""
        data = text_of(start.files.outside(archive), _MOST_ARCHIVE + 1)
        if not data or len(data) > _MOST_ARCHIVE:
            return cls(readable=False)
        if not zipfile.is_zipfile(io.BytesIO(data)):
            return cls(readable=data[:2] != b"PK" and b"PK\x05\x06" not in data)
        inner = f"{folder[len(archive) + 1 :]}/".lstrip("/")
        below = (name.removeprefix(inner) for name in _entries(data) if name.startswith(inner))
        return cls(names=tuple(dict.fromkeys(below)))

    def may_hold(self, names: Collection[str]) -> bool:
        """True where a module of one of these names may be in it."""
        return not self.readable or any(_first(name) in names for name in self.names)

    @property
    def modules(self) -> set[str]:
        """The dotted names of the modules in it."""
        return {module for name in self.names if (module := module_at(name)) is not None}

    @property
    def has_plugins(self) -> bool:
        """True where something in it tells who asks for plugins what to import."""
        return any(
            is_plugin_mark(name.partition("/")[0]) and name.lower().endswith("entry_points.txt")
            for name in self.names
        )


def archive_of(start: Start, folder: str) -> str | None:
    """Return the file that stands on the way to a folder, in which Python then looks for it."""
    place = folder
    while place not in {"", "/"}:
        if start.files.exists(place):
            return None if start.files.is_dir(place) else place
        place = posixpath.dirname(place)
    return None


def _first(name: str) -> str:
    return name.partition("/")[0].partition(".")[0]


def _entries(data: bytes) -> Iterator[str]:
    """Yield the names of an archive's entries, without ways back and forth."""
    at = data.find(_HEAD)
    while at >= 0:
        end = at + _HEAD_BYTES
        name = data[end : end + int.from_bytes(data[at + 28 : at + 30], "little")]
        yield posixpath.normpath(name.decode("cp437"))
        yield posixpath.normpath(name.decode("utf-8", "replace"))
        at = data.find(_HEAD, at + len(_HEAD))
