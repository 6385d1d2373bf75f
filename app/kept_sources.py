"""The masked sources that were kept of scripts, or in words why there is none."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from app.home import Home
from attribution.identity.contents import ContentStore
from evidence.removed import Removed
from evidence.store import Store
from tui.kept_code import Kept

_OFF = "Not kept: the setting keep_scripts is off."
_NO_RIGHTS = "It is kept, but you may not read it: ask the person who runs Outgate here."
_DAMAGED = "It was kept, and cannot be read any more: the copy is damaged."
_NEVER = (
    "Not kept: it had ended or changed before it could be read, is no text of Python that can be "
    "masked, is larger than 2 MB, or was erased."
)


def forget_old(home: Home, store: Store, before: datetime) -> int:
    """Remove the sources and parts of versions that were last seen before this time, and that no
    legal hold may keep; return how many. Raises EvidenceError.
    """
    kept, gone = ContentStore(home.scripts, lambda text: text), 0
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
        store = ContentStore(self.home.scripts, lambda text: text)
        try:
            text, has = store.text(sha256), store.has(sha256)
        except ValueError:
            return Kept(why=_NEVER)
        except PermissionError:
            return Kept(why=_NO_RIGHTS)
        if text is not None:
            return Kept(text=text)
        if has:
            return Kept(why=_DAMAGED if store.may_read(sha256) else _NO_RIGHTS)
        return Kept(why=_NEVER if self.keeps else _OFF)
