"""The masked sources that were kept of scripts, or in words why there is none."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from app.home import Home
from attribution.identity.contents import ContentStore
from attribution.identity.source_seals import Sealed, SourceSeal
from evidence.notary import seed_beside
from evidence.removed import Removed
from evidence.sealing_since import first_seen_since
from evidence.store import Store
from tui.kept_code import Kept

_OFF = "Not kept: the setting keep_scripts is off."
_NO_RIGHTS = "It is kept, but you may not read it: ask the person who runs Outgate here."
_DAMAGED = "It was kept, and cannot be read any more: the copy is damaged."
_NEVER = (
    "Not kept: it had ended or changed before it could be read, is no text of Python that can be "
    "masked, is larger than 2 MB, or was erased."
)
_BROKEN = (
    "What lies in its place is not what was kept of this version: its seal is broken. Somebody put "
    "another text there, or changed it."
)
_TAKEN_OFF = (
    "What lies in its place carries no seal, and this installation sealed everything that it kept "
    "when this version was seen first: somebody took the seal off, or put another text there."
)
_SEALS = {
    Sealed.NONE: (
        "it carries no seal: an earlier version of Outgate kept it, or somebody put it there. "
        "Nothing shows that it is the text of this version."
    ),
    Sealed.OTHER_KEY: (
        "its seal cannot be checked: you may not read the key of this installation, or another key "
        "made it. Nothing shows that it is the text of this version."
    ),
}

SEALS_IN_WORDS = {
    Sealed.NONE: "without a seal",
    Sealed.OTHER_KEY: "its seal cannot be checked",
    Sealed.TAKEN_OFF: "its seal was taken off: nobody knows whether that was kept",
    Sealed.BROKEN: "its seal is broken: what lies there is not what was kept",
}


def source_store(home: Home, mask: Callable[[str], str] = str) -> ContentStore:
    """Return what is kept of scripts below this home, under the seal of the installation. Without
    what masks it is for reading alone.
    """

    def seal() -> SourceSeal | None:
        seed = seed_beside(home.evidence)
        return None if seed is None else SourceSeal.of_seed(seed)

    def sealed(sha256: str) -> bool:
        return first_seen_since(home.evidence, sha256)

    return ContentStore(home.scripts, mask, seal, sealed)


def seal_trouble(kept: ContentStore, sha256: str) -> Sealed | None:
    """Return what is the matter with the seal of what is kept of a version; None where it fits, or
    nothing is kept.
    """
    found = kept.kept(sha256)
    return None if found is None or found.sealed is Sealed.FITS else found.sealed


def forget_old(home: Home, store: Store, before: datetime) -> int:
    """Remove the sources and parts of versions that were last seen before this time, and that no
    legal hold may keep; return how many. Raises EvidenceError.
    """
    kept, gone = source_store(home), 0
    with store.reading() as connection:
        holds = Removed.of(connection).holds.values()
    scripts = {one.script for one in holds}
    seen = store.script_versions()
    stays = {
        one.sha256
        for one in seen
        if one.last_at >= before or one.script in scripts or None in scripts
    }
    for sha256 in sorted(kept.kept_before(before)):
        if sha256 in stays or None in scripts:
            continue
        with suppress(OSError):  # the next round tries again
            kept.forget(sha256)
            gone += 1
    return gone


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSources:
    """Reads what a gate kept below this home."""

    home: Home
    keeps: bool
    """Whether sources are kept now."""

    def of(self, sha256: str) -> Kept:
        """Return the source of the version with this hash, or why there is none."""
        store = source_store(self.home)
        try:
            kept, there = store.kept(sha256), store.is_there(sha256)
        except ValueError:
            return Kept(why=_NEVER)
        except PermissionError:
            return Kept(why=_NO_RIGHTS)
        if kept is not None and kept.sealed is Sealed.TAKEN_OFF:
            return Kept(why=_TAKEN_OFF, note="its seal was taken off.")
        if kept is not None and kept.text is None:
            return Kept(why=_BROKEN, note="its seal is broken: somebody changed or replaced it.")
        if kept is not None:
            return Kept(text=kept.text, note=_SEALS.get(kept.sealed, ""))
        if there:
            return Kept(why=_DAMAGED if store.may_read(sha256) else _NO_RIGHTS)
        return Kept(why=_NEVER if self.keeps else _OFF)
