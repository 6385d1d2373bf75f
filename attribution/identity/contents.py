"""Keeps what scripts looked like: compressed, by content, with secrets masked; for the diff between
two versions.
"""

import contextlib
import difflib
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import zstandard

from attribution.identity.source_seals import Sealed, SourceSeal, frame_of
from core.text import printable

_HASH = re.compile(r"[0-9a-f]{64}")
MOST_BYTES = 2 << 20
_MOST_LINES = 20_000
_NO_SEAL: Callable[[], SourceSeal | None] = lambda: None  # noqa: E731 - a default


@dataclass(frozen=True, slots=True)
class KeptText:
    """What is kept under one name."""

    text: str | None
    """None where its seal is broken or taken off: nobody can say what that text is."""
    sealed: Sealed


class ContentStore:
    """A folder of masked sources, addressed by the SHA-256 of the script as it ran.

    `mask` turns source text into text without secrets and personal values, or raises ValueError for
    what is no source; only its result is ever written. `seal` returns what seals it, None where
    this installation has no key, or one that may not be read: then nothing is sealed or checked.
    `sealed` says of a version whether it was kept when everything was sealed.
    """

    def __init__(
        self,
        folder: Path,
        mask: Callable[[str], str],
        seal: Callable[[], SourceSeal | None] = _NO_SEAL,
        sealed: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._folder = folder
        self._mask = mask
        self._seal = seal
        self._sealed = sealed

    def has(self, sha256: str) -> bool:
        """True when this version is kept already, under the seal of this installation if it has
        one.
        """
        place = self._place(sha256)
        if self._seal() is None:
            return place.exists()
        kept = self._kept(place)
        return kept is not None and kept.sealed is Sealed.FITS

    def is_there(self, sha256: str) -> bool:
        """True when there is a file for this version, whatever it holds."""
        return self._place(sha256).exists()

    def keep(self, source: bytes, sha256: str) -> bool:
        """Keep a source that has this hash. False when it has not, or is no source that can be
        masked.
        """
        if (
            len(source) > MOST_BYTES
            or b"\0" in source
            or hashlib.sha256(source).hexdigest() != sha256
        ):
            return False
        try:
            masked = self._mask(source.decode("utf-8"))
        except ValueError:
            return False
        self._write(self._place(sha256), masked)
        return True

    def keep_parts(self, sha256: str, parts: Mapping[str, Any]) -> None:
        """Keep what a version is made of: names and versions only. The newest environment
        counts.
        """
        with contextlib.suppress(OSError):
            self._write(self._place(sha256, ".parts"), json.dumps(parts))

    def parts(self, sha256: str) -> dict[str, Any] | None:
        """Return what a version is made of, or None when it was not kept."""
        try:
            found = json.loads(self._read(self._place(sha256, ".parts")) or "null")
        except ValueError:
            return None
        return found if isinstance(found, dict) else None

    def text(self, sha256: str) -> str | None:
        """Return the masked source of a version, or None when it was not kept, or its seal is
        broken or taken off.
        """
        return self._read(self._place(sha256))

    def kept(self, sha256: str) -> KeptText | None:
        """Return the masked source of a version, and what its seal says; None where it was not
        kept or cannot be read.
        """
        return self._kept(self._place(sha256))

    def may_read(self, sha256: str) -> bool:
        """True when this version is kept, and its copy may be read."""
        return os.access(self._place(sha256), os.R_OK)

    def diff(self, before: str, after: str) -> tuple[str, ...] | None:
        """Return a unified diff of two versions, each line safe to show; None when either was not
        kept.
        """
        old, new = self.text(before), self.text(after)
        if old is None or new is None:
            return None
        lines = difflib.unified_diff(_lines(old), _lines(new), before[:12], after[:12], lineterm="")
        return tuple(printable(line, 1000) for line in lines)

    def forget(self, sha256: str) -> None:
        """Erase one version."""
        self._place(sha256).unlink(missing_ok=True)
        self._place(sha256, ".parts").unlink(missing_ok=True)

    def hashes(self) -> Iterator[str]:
        """Yield the hashes of all versions kept."""
        for path in self._folder.glob("??/*.zst"):
            if _HASH.fullmatch(path.stem):
                yield path.stem

    def kept_before(self, before: datetime) -> set[str]:
        """Return the hashes of versions of which something was kept before this time and nothing
        since.
        """
        newest: dict[str, float] = {}
        for path in self._folder.glob("??/*.zst"):
            name = path.stem.removesuffix(".parts")
            with contextlib.suppress(OSError):
                if _HASH.fullmatch(name):
                    newest[name] = max(newest.get(name, 0.0), path.stat().st_mtime)
        return {name for name, at in newest.items() if at < before.timestamp()}

    def _place(self, sha256: str, what: str = "") -> Path:
        if _HASH.fullmatch(sha256) is None:
            raise ValueError("not a SHA-256 in hex")
        return self._folder / sha256[:2] / f"{sha256}{what}.zst"

    def _read(self, place: Path) -> str | None:
        kept = self._kept(place)
        return None if kept is None else kept.text

    def _kept(self, place: Path) -> KeptText | None:
        try:
            packed = place.read_bytes()
            text = zstandard.ZstdDecompressor().decompress(packed, max_output_size=MOST_BYTES * 4)
            frame, seal = frame_of(packed), self._seal()
            if seal is None:
                return KeptText(text.decode(), Sealed.OTHER_KEY if frame else Sealed.NONE)
            sealed = seal.told(place.name, text, frame)
            if sealed is Sealed.NONE and self._sealed(place.name.partition(".")[0]):
                sealed = Sealed.TAKEN_OFF
            is_foreign = sealed in {Sealed.BROKEN, Sealed.TAKEN_OFF}
            return KeptText(None if is_foreign else text.decode(), sealed)
        except (OSError, zstandard.ZstdError, UnicodeDecodeError):
            return None

    def _write(self, place: Path, text: str) -> None:
        """Write whole or not at all, for the owner's eyes only."""
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        plain, seal = text.encode("utf-8", "replace"), self._seal()
        packed = zstandard.ZstdCompressor(level=10).compress(plain)
        if seal is not None:
            packed += seal.of(place.name, plain)
        handle, name = tempfile.mkstemp(dir=place.parent)  # made with mode 0600
        with os.fdopen(handle, "wb") as file:
            file.write(packed)
        Path(name).replace(place)


def _lines(text: str) -> list[str]:
    return text.splitlines()[:_MOST_LINES]
