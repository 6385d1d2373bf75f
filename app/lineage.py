"""File to wire: joins what lies near a sender with what a request holds. Proof or nothing."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import unquote

from classifiers.codecs.content_encoding import content_encoding
from classifiers.file_pieces import parts_of_size
from classifiers.file_search import SMALLEST, Part
from core.attribution import Attribution
from core.exchange import Exchange
from core.sent_file import (
    FilesLook,
    FoundBy,
    Label,
    NearFile,
    Proven,
    ProvenFile,
    SameAs,
    SenderFiles,
    SentFile,
    Traced,
)
from core.vocabulary.files import label_of

_MOST_ASKED, _MOST_TOLD, _MOST_NAMES = 64, 20, 20
_FILE_NAME = re.compile(rb'filename="([^"\r\n]{1,255})"')
_HEADS = 1 << 20
_LINES_ARE_ROWS = (".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracer:
    """Implements core.sent_file.FileTracer."""

    files: SenderFiles

    def sent(self, exchange: Exchange, sender: Attribution) -> Traced:
        """See FileTracer.sent."""
        parts, proven, traced = self._looked(exchange, sender, deep=False)
        known = {one.sha256 for one in proven}
        if all(part.opened or part.sha256 in known for part in parts):
            return traced
        # Something large has the size of a file and is another: what is in it counts, too.
        return self._looked(exchange, sender, deep=True)[2]

    def _looked(
        self, exchange: Exchange, sender: Attribution, *, deep: bool
    ) -> tuple[list[Part], Sequence[ProvenFile], Traced]:
        parts: list[Part] = []

        def fits(sizes: Collection[int]) -> Collection[int]:
            looked_for = frozenset(size for size in sizes if size >= SMALLEST)
            media = exchange.header("content-type") or ""
            coding = content_encoding(exchange.headers)
            parts.extend(parts_of_size(exchange.body, media, coding, looked_for, deep=deep))
            return {part.size for part in parts}

        near = self.files.near(sender, _named_in(exchange), fits)
        if not near.files:
            return [], [], Traced(look=near.look)
        proven = self._proven(sender, near.files, parts)
        told = [*_same(proven.files, parts), *_open(near.files, proven.files)]
        look = proven.look if near.look is FilesLook.WHOLE else near.look
        if len(told) > _MOST_TOLD and look is FilesLook.WHOLE:
            look = FilesLook.IN_PART
        return parts, proven.files, Traced(files=tuple(told[:_MOST_TOLD]), look=look)

    def _proven(
        self, sender: Attribution, near: Sequence[NearFile], parts: Sequence[Part]
    ) -> Proven:
        by_size: dict[int, list[Part]] = {}
        for part in parts:
            by_size.setdefault(part.size, []).append(part)
        wanted: list[tuple[NearFile, str]] = []
        prefixes: dict[str, str] = {}
        for one in near:
            wanted += [(one, part.sha256) for part in by_size.get(one.size, ())]
            if _is_partial(one):
                for part in by_size.get(one.read_to or 0, ())[:1]:
                    prefixes[one.key] = part.sha256
                    wanted.append((one, part.sha256))
        if not wanted:
            return Proven()
        proven = self.files.proven(sender, wanted[:_MOST_ASKED], prefixes)
        if len(wanted) > _MOST_ASKED and proven.look is FilesLook.WHOLE:
            return replace(proven, look=FilesLook.IN_PART)
        return proven


def _is_partial(one: NearFile) -> bool:
    return one.read_to is not None and SMALLEST <= one.read_to < one.size


def _same(proven: Sequence[ProvenFile], parts: Sequence[Part]) -> list[SentFile]:
    """Return one file for each content: the one that is best known; the others are its copies."""
    known = {part.sha256: part for part in parts}
    told: dict[str, SentFile] = {}
    copies: dict[str, int] = {}
    for one in proven:
        copies[one.sha256] = copies.get(one.sha256, 0) + 1
        if one.sha256 not in told:
            told[one.sha256] = _sent(one, known[one.sha256])
    return [_with_copies(file, copies[sha256]) for sha256, file in told.items()]


def _with_copies(file: SentFile, copies: int) -> SentFile:
    return file if copies == 1 else replace(file, copies=copies)


def _sent(one: ProvenFile, part: Part) -> SentFile:
    label = label_of(one.near.path)
    return SentFile(
        path=one.near.path,
        same=SameAs.DECODED if part.decoded else SameAs.BYTES,
        found_by=one.near.found_by,
        label=label,
        size=one.near.size,
        sha256=one.sha256,
        owner=one.owner,
        modified_at=one.modified_at,
        rows=_rows(one.near.path, label, part.lines),
        read_to=None if one.whole else one.near.read_to,
    )


def _rows(path: str, label: Label, lines: int) -> int | None:
    if path.casefold().endswith(_LINES_ARE_ROWS):
        return lines
    return max(0, lines - 1) if path.casefold().endswith((".csv", ".tsv", ".tab", ".psv")) else None


def _open(near: Iterable[NearFile], proven: Sequence[ProvenFile]) -> Iterable[SentFile]:
    """Yield what the program reads and was not found in the request: that it was open is all that
    is known of it.
    """
    found = {one.near.key for one in proven}
    for one in near:
        if one.found_by not in {FoundBy.DESCRIPTOR, FoundBy.OPENED} or one.key in found:
            continue
        label = label_of(one.path)
        if one.found_by is FoundBy.OPENED or one.read_to or label is Label.DATABASE:
            partial = one.read_to if _is_partial(one) else None
            yield SentFile(
                path=one.path,
                same=SameAs.OPEN,
                found_by=one.found_by,
                label=label,
                size=one.size,
                read_to=partial,
            )


def _named_in(exchange: Exchange) -> list[str]:
    """Return the names of files that a request gives, as they stand there."""
    last = unquote(exchange.path.partition("?")[0].rpartition("/")[2])
    names = [last] if "." in last else []
    if b"filename=" in exchange.body[:_HEADS]:
        found = islice(_FILE_NAME.finditer(exchange.body, 0, _HEADS), _MOST_NAMES)
        names += [name[1].decode("utf-8", "replace") for name in found]
    return names[:_MOST_NAMES]
