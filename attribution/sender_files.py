"""The gate's side of file to wire: asks the helper process about files near a sender."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from attribution.backends.opened_files import OpenedFiles
from attribution.facts import ProcessFacts
from attribution.near_files import InFolder, Near, files_near, files_proven
from attribution.os_users import People
from attribution.process_profile import Portrait
from attribution.reader import Reader
from attribution.reader_helpers import Unread
from core.attribution import Attribution
from core.sent_file import (
    FilesLook,
    FoundBy,
    Nearby,
    NearFile,
    Proven,
    ProvenFile,
    SizesThatFit,
)

_NEAR_S, _PROVEN_S = 1.0, 2.0
_WERE_OPEN = frozenset({FoundBy.DESCRIPTOR.value, FoundBy.OPENED.value})


@dataclass(frozen=True, slots=True)
class FilesOfSenders:
    """Implements core.sent_file.SenderFiles."""

    behind: Callable[[Attribution], Portrait | None]
    reader: Reader
    people: People
    opened: OpenedFiles | None = None
    """Where folders of data are watched."""

    def near(
        self, sender: Attribution, named: Sequence[str], fits: SizesThatFit | None = None
    ) -> Nearby:
        """See SenderFiles.near."""
        if sys.platform != "linux":
            return Nearby(look=FilesLook.NOBODY)
        portrait = self.behind(sender)
        if portrait is None:
            gone = sender.process is not None
            return Nearby(look=FilesLook.ENDED if gone else FilesLook.UNNAMED)
        line = _line(portrait)
        try:
            found, folders, missed = self.reader.ask(
                _NEAR_S, files_near, line, portrait.script_path, tuple(named), self._opened(line)
            )
        except Unread:
            return Nearby(look=FilesLook.FAILED)
        fitting = _fitting(found, folders, fits)
        files = [self._shown(one) for one in fitting if one[0] != portrait.script_path]
        return Nearby(files=files, look=_look((*missed, *self._unheard())))

    def _opened(self, line: Sequence[ProcessFacts]) -> tuple[str, ...]:
        if self.opened is None:
            return ()
        found = (path for facts in line for path in self.opened.of(facts.pid, facts.start))
        return tuple(dict.fromkeys(found))

    def _unheard(self) -> tuple[FilesLook, ...]:
        """Return why not all is known of what was opened in folders that are to be watched."""
        if self.opened is None or self.opened.is_whole:
            return ()
        return (FilesLook.NO_RIGHTS if self.opened.obstacle else FilesLook.IN_PART,)

    def _shown(self, one: Near) -> NearFile:
        path, outside, size, found_by, read_to = one
        return NearFile(
            path=self.people.path(path),
            key=outside,
            size=size,
            found_by=FoundBy(found_by),
            read_to=read_to,
        )

    def proven(
        self,
        sender: Attribution,
        wanted: Sequence[tuple[NearFile, str]],
        prefixes: Mapping[str, str],
    ) -> Proven:
        """See SenderFiles.proven."""
        near = {one.key: one for one, _ in wanted}
        asked = [
            (one.key, one.size, one.read_to if prefixes.get(one.key) == sha256 else None, sha256)
            for one, sha256 in wanted
        ]
        try:
            found, missed = self.reader.ask(_PROVEN_S, files_proven, asked)
        except Unread:
            return Proven(look=FilesLook.FAILED)
        files = [
            ProvenFile(
                near=near[one.outside],
                sha256=one.sha256,
                owner=self.people.name(_user(one.uid)),
                modified_at=datetime.fromtimestamp(one.modified_ns / 1e9, UTC),
                whole=one.whole,
            )
            for one in found
        ]
        return Proven(files=files, look=_look(missed))


def _fitting(
    found: Sequence[Near], folders: Sequence[InFolder], fits: SizesThatFit | None
) -> list[Near]:
    """Return the files that were open, and those with a size that fits."""
    sizes = {one[2] for one in found}
    sizes.update(one[4] for one in found if one[4] is not None)
    for folder in folders:
        sizes.update(size for _, size in folder[3])
    fitting = sizes if fits is None or not sizes else fits(sizes)
    return [
        *(one for one in found if one[3] in _WERE_OPEN or one[2] in fitting),
        *(
            (f"{path}/{name}", f"{outside}/{name}", size, found_by, None)
            for path, outside, found_by, lying in folders
            for name, size in lying
            if size in fitting
        ),
    ]


def _look(missed: Iterable[str]) -> FilesLook:
    """Return what stands in the way of having looked at all, the weightiest first."""
    there = {FilesLook(word) for word in missed}
    ranks = FilesLook.ENDED, FilesLook.NO_RIGHTS, FilesLook.IN_PART
    return next((rank for rank in ranks if rank in there), FilesLook.WHOLE)


def _line(portrait: Portrait) -> tuple[ProcessFacts, ...]:
    """Return the sender, and the script's process where that is another one."""
    script = portrait.script_facts
    if script is None or script.pid == portrait.facts.pid:
        return (portrait.facts,)
    return portrait.facts, script


@lru_cache(256)
def _user(uid: int) -> str:
    try:
        import pwd

        return pwd.getpwuid(uid).pw_name
    except (ImportError, KeyError):
        return str(uid)
