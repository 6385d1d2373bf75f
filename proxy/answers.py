"""Answers: which ones stream past unbuffered, and what reads them as they go."""

from collections.abc import Mapping
from dataclasses import replace

from core.duties import kind_of
from core.exchange import Answer, Message
from core.ports import AnswerTap, Classifier, Restorer
from core.values import changed
from proxy.transaction import Transaction

_STREAMING_TYPES = (
    "text/event-stream",
    "application/x-ndjson",
    "application/jsonl",
    "application/stream+json",
    "application/vnd.amazon.eventstream",
    "application/grpc",
    "application/connect",
    "multipart/x-mixed-replace",
    "video/",
    "audio/",
)
SWITCHING = 101
_HELD_BYTES = 256 * 1024
"""An answer of a stated size up to this is held: one write, one read. Everything else streams."""
_COMPRESSED = "the answer came compressed: its placeholders were not replaced back"


def streams_past(head: Answer) -> bool:
    """Return True when the answer must not be buffered: event streams, unknown or large sizes."""
    if head.status == SWITCHING:
        return False
    if (head.header("content-type") or "").lower().startswith(_STREAMING_TYPES):
        return True
    length = head.header("content-length") or ""
    return not (length.isascii() and length.isdigit() and int(length) <= _HELD_BYTES)


class AnswerReader:
    """Reads one answer, streamed or held, on behalf of its transaction."""

    def __init__(self, transaction: Transaction, head: Answer, classifier: Classifier) -> None:
        self._transaction = transaction
        self._seen = 0
        self._streamed = False
        self.head = head
        self.streams = streams_past(head)
        """Whether its body passes in pieces as they come."""
        self.tap: AnswerTap | None = self._made(classifier, head)
        self._restorer = self._restores(classifier, transaction.values)

    @property
    def passes(self) -> bool:
        """Whether it passes as it comes: it streams, or what follows is a WebSocket."""
        return self.streams or self.head.status == SWITCHING

    @property
    def changes(self) -> bool:
        """Whether values are put back, so that the answer's size may change."""
        return self._restorer is not None

    @property
    def ended(self) -> bool:
        """Whether what came of the answer says itself that it is all."""
        return self.tap is not None and self.tap.ended()

    @property
    def holds_changes(self) -> bool:
        """Whether values are to be put back into an answer that was held whole."""
        return self._restorer is not None and not self._streamed

    def feed(self, chunk: bytes) -> bytes | list[bytes]:
        """Take the next bytes of one that streams, nothing at its end; return what goes on."""
        self._streamed = True
        self._seen += len(chunk)
        if chunk and self.tap is not None:
            self._learn(self.tap, chunk)
        if self._restorer is None:
            return chunk
        restored = self._put_back(chunk, last=not chunk)
        return [restored] if restored else []

    def message(self, message: Message) -> None:
        """Take one message of a WebSocket, either way."""
        if not message.from_client:
            self._seen += len(message.data)
        if self.tap is not None:
            self._told(self.tap, message)

    def restored(self, content: bytes) -> bytes:
        """Return the body of an answer that was held, with values put back."""
        if self._restorer is None:
            return content
        return self._put_back(content) + self._put_back(b"", last=True)

    def answer(self, content: bytes | None = None) -> Answer:
        """Return the answer for the record; `content`: of one that was held."""
        if self._streamed or content is None:
            return replace(self.head, body_bytes=self._seen)
        return replace(self.head, body=content, body_bytes=len(content))

    def _made(self, classifier: Classifier, head: Answer) -> AnswerTap | None:
        known = self._transaction
        try:
            return classifier.tap(known.exchange, known.classification, head)
        except BaseException as error:  # noqa: BLE001 - boundary: an answer goes on unread
            self._unread(error)
            return None

    def _learn(self, tap: AnswerTap, chunk: bytes) -> None:
        try:
            tap.feed(chunk)
        except BaseException as error:  # noqa: BLE001 - boundary: an answer goes on unread
            self.tap = None
            self._unread(error)

    def _told(self, tap: AnswerTap, message: Message) -> None:
        try:
            tap.message(message)
        except BaseException as error:  # noqa: BLE001 - boundary: an answer goes on unread
            self.tap = None
            self._unread(error)

    def _unread(self, error: BaseException) -> None:
        self._transaction.note(f"the answer was not read: {kind_of(error)}")

    def _put_back(self, chunk: bytes, *, last: bool = False) -> bytes:
        """Return what may go on with values put back; as it came where that fails."""
        if self._restorer is None:
            return chunk
        try:
            return self._restorer.finish() if last else self._restorer.feed(chunk)
        except BaseException as error:  # noqa: BLE001 - boundary: placeholders stay as they are
            self._restorer = None
            self._transaction.note(f"placeholders were not replaced back: {kind_of(error)}")
            return chunk

    def _restores(self, classifier: Classifier, values: Mapping[str, str]) -> Restorer | None:
        if not values:
            return None
        if (self.head.header("content-encoding") or "identity") != "identity":
            self._transaction.note(_COMPRESSED)
            return None
        return classifier.restorer(self.head.header("content-type") or "", dict(values))


def learn(transaction: Transaction, answer: Answer, tap: AnswerTap) -> None:
    """Findings of a WebSocket or a large upload go on coming after the tap was made: they stay."""
    try:
        learnt = tap.finish(answer)
    except BaseException as error:  # noqa: BLE001
        # boundary: the record is closed with what is known
        transaction.note(f"the answer was not read: {type(error).__name__}")
        return
    known = transaction.classification
    transaction.learn(changed(known, destination=learnt.destination, llm=learnt.llm))
