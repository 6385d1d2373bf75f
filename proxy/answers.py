"""Answers: which ones stream past unbuffered, and what reads them as they go."""

from dataclasses import replace

from mitmproxy import http

from core.exchange import Answer, Message
from core.ports import AnswerTap, Restorer
from proxy.inspection import Inspection
from proxy.transaction import Acknowledgement, Ruling
from proxy.translate import answer_of

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


def streams_past(head: Answer) -> bool:
    """Return True when the answer must not be buffered: event streams, unknown or large sizes."""
    if head.status == SWITCHING:
        return False
    if (head.header("content-type") or "").lower().startswith(_STREAMING_TYPES):
        return True
    length = head.header("content-length") or ""
    return not (length.isascii() and length.isdigit() and int(length) <= _HELD_BYTES)


class AnswerReader:
    """Reads one answer, streamed or held, and closes the record at its end. Also the stream callable itself."""

    def __init__(self, flow: http.HTTPFlow, inspection: Inspection, ruling: Ruling) -> None:
        self._flow = flow
        self._inspection = inspection
        self._ruling = ruling
        self._seen = 0
        self._streamed = False
        self._restorer: Restorer | None = None
        self.head = answer_of(flow, held=False)
        self._tap: AnswerTap | None = inspection.tap(ruling, self.head)

    def stream(self) -> None:
        """Let the body pass in pieces as they come."""
        response = self._flow.response
        assert response is not None
        had_length = (
            self._restorer is not None and response.headers.pop("content-length", None) is not None
        )
        if had_length and not response.is_http2:
            response.headers["transfer-encoding"] = "chunked"
        response.stream = self

    def restore(self, values: dict[str, str]) -> None:
        """Put redacted values back into the answer as it passes."""
        response = self._flow.response
        assert response is not None
        if response.headers.get("content-encoding", "identity") != "identity":
            self._ruling.notes.append(
                "the answer came compressed: its placeholders were not replaced back"
            )
            return
        content_type = response.headers.get("content-type", "")
        self._restorer = self._inspection.parts.classifier.restorer(content_type, values)

    def put_back(self) -> None:
        """Restore an answer that was held whole."""
        response = self._flow.response
        if self._restorer is None or self._streamed or response is None:
            return
        content = self._restorer.feed(response.raw_content or b"") + self._restorer.finish()
        response.raw_content = content
        if "content-length" in response.headers:
            response.headers["content-length"] = str(len(content))

    def __call__(self, chunk: bytes) -> bytes | list[bytes]:
        """Pass a chunk on after the tap has read it."""
        self._streamed = True
        self._seen += len(chunk)
        if chunk and self._tap is not None:
            try:
                self._tap.feed(chunk)
            except Exception as error:  # noqa: BLE001 - boundary: an answer goes on even if it cannot be read
                self._tap = None
                self._ruling.notes.append(f"the answer was not read: {type(error).__name__}")
        if self._restorer is None:
            return chunk
        restored = self._restorer.feed(chunk) if chunk else self._restorer.finish()
        return [restored] if restored else []

    def message(self, message: Message) -> None:
        """Take one message of a WebSocket, either way."""
        if not message.from_client:
            self._seen += len(message.data)
        if self._tap is not None:
            self._tap.message(message)

    def end(self, note: str | None = None) -> Acknowledgement | None:
        """The answer is over, or broken off: close the record."""
        if note is not None:
            self._ruling.notes.append(note)
        return self._inspection.close(self._ruling, self._answer(), self._tap)

    def _answer(self) -> Answer:
        if self._streamed or self._flow.response is None or self._flow.websocket is not None:
            return replace(self.head, body_bytes=self._seen)
        content = self._flow.response.raw_content or b""
        return Answer(
            status=self.head.status,
            headers=self.head.headers,
            body=content,
            body_bytes=len(content),
        )
