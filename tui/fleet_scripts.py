"""A script at the desk of a fleet: what versions are made of on any machine, and the approval of
one for all of them, by its hash.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Protocol

from tui.approving import Approving
from tui.background_reader import Trouble
from tui.live_queue import LiveQueue
from tui.rows import Row
from tui.script_review import ScriptReview
from tui.script_view import ScriptParts, ScriptReading
from tui.version_changes import Changes, base_of
from tui.wording import safe


class FleetScripts(Protocol):
    """What a fleet's store tells of versions beside what every store does."""

    def made_of(self, sha256: str) -> Sequence[tuple[str, str, bool]] | None:
        """Name and version of each package that a version of a script has on any machine, and
        whether it imports it; None where no machine has told. May block.
        """

    def script_of(self, key: str) -> str | None:
        """The path of the script that a case is about, where it was used last, as far as people are
        shown; None where no script is known. May block.
        """


def parts_on_machines(store: FleetScripts, sha256: str) -> ScriptParts | None:
    """Return what a version is made of on all machines together. Blocks."""
    found = store.made_of(sha256)
    if found is None:
        return None
    return ScriptParts(
        imports=tuple(sorted({name for name, _, imported in found if imported})),
        installed=tuple(f"{name} {version}" for name, version, _ in found),
        where="in its environments on all machines",
    )


def known_by_hash(reading: ScriptReading, chosen: int) -> Changes:
    """Return what is told of a version whose source is nowhere here: its hash, where to read it,
    and which packages are others than those of the version that was approved last.
    """
    version, base = reading.versions[chosen], base_of(reading, chosen)
    sha256 = safe(version.sha256 or "not known", 64)
    said = (
        f"SHA-256 {sha256}. No source leaves its machine: read it there (outgate scripts --source "
        f"--version {sha256[:12]} with its path), or in your repository, where sha256sum tells "
        "whether it is this very file."
    )
    if base is None:
        return Changes(said=f"{said} No other version of it is approved.")
    before = safe(base.sha256 or "not known", 64)[:12]
    lines = tuple(_packages(reading, version.sha256, base.sha256))
    told = "Its packages are those of" if not lines else "Its packages differ from those of"
    if not _told(reading, version.sha256, base.sha256):
        told = "No machine has told what it is made of, or what was made of"
    legend = "Packages on any machine; + is new, - is gone."
    return Changes(said=f"{said} {told} version {before}.", lines=lines, legend=legend)


def _told(reading: ScriptReading, *versions: str | None) -> bool:
    return all(sha256 in reading.parts for sha256 in versions)


def _packages(reading: ScriptReading, new: str | None, old: str | None) -> Iterator[Row]:
    if not _told(reading, new, old):
        return
    now, before = (set(reading.parts[sha256 or ""].installed) for sha256 in (new, old))
    for name in sorted(now ^ before):
        yield Row("", f"{'+' if name in now else '-'} {safe(name, 200)}", _tone(name in now))


def _tone(new: bool) -> str:
    return "allowed" if new else "blocked"


class FleetScriptReview(ScriptReview):
    """From the fleet's queue to a script, on all machines."""

    def __init__(self, desk: LiveQueue, store: FleetScripts) -> None:
        super().__init__(desk)
        self._store = store

    def path(self) -> str | None:
        """Return what names the script under the cursor until it is read: its path, or the key of
        its case, which is on many machines.
        """
        here = self.desk.begun()
        return None if here is None else here.case.script_path or here.case.key

    async def read(self, approving: Approving, path: str) -> ScriptReading | Trouble:
        """Return what is known of it on all machines."""
        here = self.desk.begun()
        if here is not None and here.case.key == path:
            found = await self.desk.reader.ask(partial(self._store.script_of, path))
            if isinstance(found, Trouble):
                return found
            path = found or here.case.script
        return await approving.read(path)

    def approving(self) -> Approving:
        """Return what the screens of a script share: by its hash, for all machines."""
        return Approving(
            store=self.desk.store,
            reader=self.desk.reader,
            reviewer=self.desk.reviewer,
            parts_of=partial(parts_on_machines, self._store),
            unread_too=True,
            by_hash=known_by_hash,
        )
