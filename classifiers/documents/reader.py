"""What a reader of documents is, and what it is given to work with."""

from typing import NamedTuple, Protocol

from classifiers.codecs.limits import Limits
from classifiers.payload import Document, Path, Payload
from core.vocabulary.unread import UnreadKind


class Work(Protocol):
    """The reading of one document, as its readers see it. Holds payload."""

    @property
    def limits(self) -> Limits:
        """Bounds of the whole reading."""

    @property
    def payload(self) -> Payload:
        """What everything that is read goes into."""

    def plain(self, document: Document) -> None:
        """Read data that no reader claims as any payload is read."""

    def member(
        self, data: bytes, name: str | None, path: Path = (), media_type: str | None = None
    ) -> None:
        """Queue a file found inside."""

    def allow(self, size: int, path: Path) -> bool:
        """Count an unpacked file against the limits of the whole document; False when it is one too
        many.
        """

    def unread(self, reason: str, path: Path = (), kind: UnreadKind = UnreadKind.CONTENT) -> None:
        """Say what could not be read."""

    def text(
        self, text: str, key: str | None, path: Path, *, quoted: bool = True, tabular: bool = False
    ) -> bool:
        """Add text; False when the document's text budget is used up."""

    def add_table(
        self,
        columns: dict[str, list[str]],
        rows: int,
        path: Path,
        *,
        part: str | None = None,
        complete: bool = True,
        spread: bool = False,
    ) -> str | None:
        """Add a table without its text; return its label."""

    def table(
        self,
        columns: dict[str, list[str]],
        rows: int,
        path: Path,
        *,
        part: str | None = None,
        complete: bool = True,
        spread: bool = False,
    ) -> None:
        """Add a table and its columns as text; an incomplete one says so."""


class Read(Protocol):
    """The function of a reader."""

    def __call__(self, document: Document, work: Work, /) -> None:
        """Read a document into the work. May raise whatever its library raises."""


class Reader(NamedTuple):
    """One reader: the media types it takes and the function that reads."""

    name: str
    media_types: frozenset[str]
    read: Read
