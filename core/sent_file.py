"""Which file of the sender's a request holds: what is recorded of it, and who finds it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from core.attribution import Attribution
from core.exchange import Exchange
from core.ids import rfc3339
from core.json_fields import Fields, by_word
from core.text import printable
from core.values import quick


class SameAs(StrEnum):
    """What is proven of a file and a request. Less than this is not recorded."""

    BYTES = "same_bytes"
    """What was sent is the file, byte for byte, as it lay there."""
    DECODED = "same_bytes_decoded"
    """What was sent is the file, once packing or encoding is undone."""
    OPEN = "was_open"
    """The program had it open to read when it sent; nobody can tell what of it was sent."""


class FoundBy(StrEnum):
    """Why the file was looked at."""

    DESCRIPTOR = "open_file"
    OPENED = "opened_before"
    """The kernel told that it was opened."""
    COMMAND_LINE = "command_line"
    REQUEST = "named_in_request"
    SCRIPT = "named_in_script"
    FOLDER = "working_folder"
    BESIDE = "script_folder"


class Label(StrEnum):
    """What kind of file it is, by its name."""

    SPREADSHEET = "spreadsheet"
    TABLE = "table"
    DATASET = "dataset"
    DATABASE = "database"
    EXPORT = "export"
    LOG = "log"
    KEY_FILE = "key_file"
    DOCUMENT = "document"
    MAIL = "mail"
    PICTURE = "picture"
    ARCHIVE = "archive"
    SOURCE = "source_code"
    TEXT = "text"
    OTHER = "other"


class FilesLook(StrEnum):
    """Whether the files near a sender were compared with what it sent. Where they were not, that no
    file is named means nothing.
    """

    WHOLE = "whole"
    """All were compared."""
    IN_PART = "in_part"
    """There were more than are compared, or larger ones."""
    NO_RIGHTS = "no_rights"
    """Some of them may not be read."""
    ENDED = "ended"
    """The sender had ended: what it had open is not known."""
    UNNAMED = "unnamed"
    """Nobody could tell which program it is."""
    STREAMED = "streamed"
    """The body went past without being held."""
    CONVERSATION = "conversation"
    """It is a conversation of messages, which are not compared."""
    TIME_USED_UP = "time_used_up"
    """The sender's share of time for such looks was used up."""
    LATE = "late"
    """The look took too long."""
    FAILED = "failed"
    """The look failed."""
    NOBODY = "nobody"
    """Nothing looks at the files of senders here."""


def are_all(
    look: FilesLook | None, sender: Attribution, body_bytes: int, *, complete: bool
) -> bool:
    """Return whether no file but those that are named is in a request; False: nobody can tell. Of
    programs that are none of Outgate's business nobody asks.
    """
    if look is None:
        return sender.is_python is False or (body_bytes == 0 and complete)
    return look is FilesLook.WHOLE


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class NearFile:
    """A file that the sender may have read."""

    path: str
    """As it may be recorded."""
    key: str
    """As it is opened; never recorded."""
    size: int
    found_by: FoundBy
    read_to: int | None = None
    """How far an open descriptor has read; None where none is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenFile:
    """A file with this content, at the time of asking."""

    near: NearFile
    sha256: str
    owner: str | None
    modified_at: datetime | None
    whole: bool = True
    """False: its first `NearFile.read_to` bytes are the content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """A file that a request holds, or that its sender had open."""

    path: str
    same: SameAs
    found_by: FoundBy
    label: Label
    size: int
    sha256: str | None = None
    """Of its content; None where only that it was open is known."""
    owner: str | None = None
    modified_at: datetime | None = None
    rows: int | None = None
    """Of a table in text: lines but the first."""
    read_to: int | None = None
    """How far it was read, where a descriptor shows that not all of it was."""
    copies: int = 1
    """So many files near the sender have this very content."""

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.path.replace("\\", "/").rpartition("/")[2]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values. Paths stand as those of scripts do."""
        at = self.modified_at
        return {
            "path": printable(self.path, 400),
            "same": self.same.value,
            "found_by": self.found_by.value,
            "label": self.label.value,
            "size": self.size,
            "sha256": self.sha256,
            "owner": None if self.owner is None else printable(self.owner, 100),
            "modified_at": None if at is None else rfc3339(at),
            "rows": self.rows,
            "read_to": self.read_to,
            "copies": self.copies,
        }


_SAME, _FOUND_BY, _LABELS = by_word(SameAs), by_word(FoundBy), by_word(Label)


def read_sent_file(value: object) -> SentFile:
    """Rebuild one from its JSON. Raises ValueError."""
    fields = Fields(value, "file")
    return SentFile(
        path=fields.text("path"),
        same=fields.word("same", _SAME),
        found_by=fields.word("found_by", _FOUND_BY),
        label=fields.word("label", _LABELS),
        size=fields.whole("size"),
        sha256=fields.text_or_none("sha256"),
        owner=fields.text_or_none("owner"),
        modified_at=fields.time_or_none("modified_at"),
        rows=fields.whole_or_none("rows"),
        read_to=fields.whole_or_none("read_to"),
        copies=fields.whole("copies"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearby:
    """Files near a sender, and whether these are all."""

    files: Sequence[NearFile] = ()
    look: FilesLook = FilesLook.WHOLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """Files with the content that was asked for, and whether all could be asked."""

    files: Sequence[ProvenFile] = ()
    look: FilesLook = FilesLook.WHOLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """What is proven of a request's files, and whether that is all."""

    files: tuple[SentFile, ...] = ()
    look: FilesLook = FilesLook.WHOLE


class FileTracer(Protocol):
    """Finds which files of the sender's a request holds. Takes milliseconds, and never raises: not
    for the event loop.
    """

    def sent(self, exchange: Exchange, sender: Attribution) -> Traced:
        """Return what is proven, the best known first."""


type SizesThatFit = Callable[[Collection[int]], Collection[int]]
"""Takes sizes of files in bytes, and returns those of them that a request may hold."""


class SenderFiles(Protocol):
    """Looks at files near a sender. Takes milliseconds, and never raises: not for the event
    loop.
    """

    def near(
        self, sender: Attribution, named: Sequence[str], fits: SizesThatFit | None = None
    ) -> Nearby:
        """Return the files that it has open, was told of on its command line, that are `named` in
        its request or in its script, or lie in its and its script's folder; the best known first,
        a bounded number.

        `fits`: asked once, with the sizes of all these and how far the open ones were read. Of
        files that were not open, only those with a size that it returns are made: thousands may
        lie near a sender.
        """

    def proven(
        self,
        sender: Attribution,
        wanted: Sequence[tuple[NearFile, str]],
        prefixes: Mapping[str, str],
    ) -> Proven:
        """Return those of the files whose content has, at this moment, the SHA-256 that is wanted.

        `prefixes`: key → the SHA-256 that the first `read_to` bytes of it are asked for.
        """
