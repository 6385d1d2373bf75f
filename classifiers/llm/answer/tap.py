"""Reads usage, model and account from an answer as it passes: never buffers a stream, never raises,
bounded memory.
"""

import binascii
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import orjson

from classifiers.codecs.content_encoding import Decoder, Part, content_encoding
from classifiers.codecs.frames import EventStream, Grpc, Lines
from classifiers.codecs.limits import DEFAULT
from classifiers.llm import estimate, prices
from classifiers.llm.answer import completion
from classifiers.llm.answer.completion import Read, Seen
from classifiers.llm.answer.counted import Counted
from classifiers.llm.answer.ending import TAIL, is_whole, says_end
from classifiers.llm.answer.ledger import Ledger, model_of
from classifiers.llm.answer.salvage import salvage
from classifiers.llm.answer.usage import later
from classifiers.llm.answer.vectors import without_vectors
from classifiers.llm.grpc import unpacked, usage_map
from classifiers.llm.grpc import usage_of as protobuf_usage
from classifiers.payload import Payload
from core.classification import LlmCall
from core.exchange import Answer, Exchange, Message
from core.uncounted import TokenCount, Uncounted

MAX_JSON = 8 * 1024 * 1024
MAX_PLAIN = 256 * 1024 * 1024
"""After this many decoded bytes the tap stops reading: nothing a model says is that long."""
MAX_SAMPLE = 512 * 1024
"""Of a stream without usage so far, kept for an estimate."""
_LIMITS = replace(DEFAULT, decoded_bytes=MAX_PLAIN, ratio=MAX_PLAIN)
"""Models repeat themselves: what is read is bounded by its size, in steps of bounded memory."""
_AT_ONCE, _FIRST = 64, 8
"""Events that are looked at when many come in one piece, two milliseconds of them, and how many of
those are the first."""
_NULL = b'"usage":null'
_MODEL_TRIES = 16
_SNIFF = 64 * 1024
_LONGEST_START = 6
"""Bytes that tell SSE from JSON: decided at the latest when so many have come."""
_SSE_STARTS = (b"data:", b"event:", b":", b"id:", b"retry:")


class UsageTap:
    """Takes an answer's raw bytes, split anywhere, and completes the call at the end.

    `feed` takes body bytes as received; `message` takes WebSocket messages instead. `finish`
    returns the call with tokens (exact, estimated or unknown), cost, model and organisation.
    """

    __slots__ = tuple(
        (
            "_answer _call _counted _decoder _exchange _first _json _json_size _kept _kept_size"
            " _ledger _lines _mode _over _payload _plain _sampling _sse _tail _told _tries"
        ).split()
    )

    def __init__(
        self,
        call: LlmCall,
        answer: Answer,
        exchange: Exchange | None = None,
        payload: Payload | None = None,
        counted: Counted | None = None,
    ) -> None:
        self._call, self._answer, self._exchange, self._payload = call, answer, exchange, payload
        self._counted = Counted() if counted is None else counted
        self._ledger = Ledger()
        self._decoder: Decoder | None = Decoder(content_encoding(answer.headers), _LIMITS)
        self._first = b""
        self._plain = 0
        self._mode: Callable[[bytes], None] | None = None
        self._lines, self._sse = Lines(), False
        self._tail = b""
        self._json: list[bytes] = []
        self._json_size = 0
        self._kept: list[bytes] = []
        self._kept_size = 0
        self._sampling = True
        self._tries = 0
        self._over = False
        self._told: TokenCount | None = None
        if _is_good(answer):
            prices.begin(call.provider)

    def feed(self, chunk: bytes) -> None:
        """Take the next raw bytes of the answer's body."""
        decoder = self._decoder
        if decoder is None or not chunk:
            return
        if decoder.is_plain:
            self._take(chunk)
        else:
            self._take_all(decoder.feed(chunk))

    def message(self, message: Message) -> None:
        """Take one WebSocket message of a realtime session."""
        if len(message.data) > MAX_JSON:
            return
        if message.from_client:
            if self._ledger.model is None and b'"model"' in message.data[:_SNIFF]:
                self._names(message.data)
        elif _tells(message.data) or b"urn" in message.data or not self._known_model():
            self._object(message.data, live=True)

    def ended(self) -> bool:
        """Return True when a stream has said that it is over, or a JSON answer is whole."""
        if self._json:
            return is_whole(b"".join(self._json))
        return self._ledger.over or says_end(self._tail)

    def foreseen(self) -> Uncounted | None:
        """Return the call, without its answer, where that will likely not say what it used."""
        body = b"" if self._exchange is None else self._exchange.body
        if not _is_good(self._answer) or not estimate.is_foreseen(self._call, body):
            return None
        return Uncounted(call=self._call, asked=b"", sample=b"", seen=0)

    def uncounted(self, answer: Answer) -> Uncounted | None:
        """Read to the end; return what has to be counted since the answer does not say it.

        `finish` counts nothing from then on.
        """
        self._told = estimate.NOTHING
        try:
            self._end(answer)
            return completion.uncounted(self._call, self._seen(), self._read())
        except Exception:  # noqa: BLE001 - boundary: `finish` meets it again, and says so
            return None

    def count(self, tokens: TokenCount) -> None:
        """Learn what was counted of it."""
        self._told = tokens

    def finish(self, answer: Answer | None = None) -> LlmCall:
        """Return the call completed with all that was seen."""
        try:
            self._end(answer)
            return completion.completed(self._call, self._seen(), self._read(), self._counted)
        except Exception as error:  # noqa: BLE001 - boundary: an answer that breaks the reading still reaches its client
            return replace(
                self._call, evidence=(*self._call.evidence, f"tap-failed:{type(error).__name__}")
            )
        finally:
            # What holds a method of its own is freed only when garbage is looked for.
            self._mode = _nothing_more

    def _take_all(self, parts: Iterator[Part]) -> None:
        for piece, number in parts:
            if number == 0 and self._decoder is not None:
                self._take(piece)

    def _take(self, piece: bytes) -> None:
        self._plain += len(piece)
        if self._plain > MAX_PLAIN:
            self._decoder = None
            return
        if self._mode is None:
            self._first += piece
            if len(self._first.lstrip()) < _LONGEST_START and len(self._first) < _SNIFF:
                return
            piece, self._first = self._first, b""
            self._mode = self._choose(piece)
        self._mode(piece)

    def _choose(self, start: bytes) -> Callable[[bytes], None]:
        kind = (self._answer.header("content-type") or "").partition(";")[0].strip().lower()
        if kind == "application/vnd.amazon.eventstream":
            return self._take_event_stream(EventStream())
        if kind.startswith("application/grpc"):
            return self._take_grpc(Grpc())
        text = start.lstrip()
        if kind == "text/event-stream" or text.startswith(_SSE_STARTS):
            self._sse = True
            return self._take_lines
        if "ndjson" in kind or "jsonl" in kind or kind == "application/stream+json":
            return self._take_lines
        if text[:1] == b"{" and _holds_rows(self._exchange):
            return self._take_lines
        return self._take_json if text[:1] in b"{[" or "json" in kind else self._ignore

    def _ignore(self, _piece: bytes) -> None:
        """Audio, images, HTML: no usage inside."""

    def _take_json(self, piece: bytes) -> None:
        self._json_size += len(piece)
        if self._json_size <= MAX_JSON:
            self._json.append(piece)
        else:
            self._json = []

    def _take_event_stream(self, frames: EventStream) -> Callable[[bytes], None]:
        def take(piece: bytes) -> None:
            for message in frames.feed(piece):
                self._object(message.payload)

        return take

    def _take_grpc(self, frames: Grpc) -> Callable[[bytes], None]:
        where = usage_map(self._exchange.path.partition("?")[0]) if self._exchange else None
        if where is None:
            return self._ignore
        coding = self._answer.header("grpc-encoding")

        def take(piece: bytes) -> None:
            for message in frames.feed(piece):
                found = protobuf_usage(unpacked(message, coding), where)
                if found is not None:
                    self._ledger.usage = later(self._ledger.usage, found)

        return take

    def _take_lines(self, piece: bytes) -> None:
        self._tail = (self._tail + piece)[-TAIL:]
        block = self._lines.feed(piece)
        if block:
            self._block(block)

    def _block(self, block: bytes) -> None:
        if self._sampling:
            self._keep(block)
        if not _tells(block) and self._known_model():
            return
        lines = block.split(b"\n")
        if self._sse:
            lines = _first_and_last([line[5:] for line in lines if line.startswith(b"data:")])
        for line in lines:
            if _tells(line) or not self._known_model():
                self._object(line)

    def _known_model(self) -> bool:
        return self._ledger.model is not None or self._tries >= _MODEL_TRIES

    def _keep(self, block: bytes) -> None:
        """Hold a bounded sample for an estimate, for as long as no usage was stated."""
        self._kept.append(block)
        self._kept_size += len(block)
        self._sampling = self._kept_size < MAX_SAMPLE

    def _object(self, data: bytes, *, live: bool = False) -> None:
        try:
            event = orjson.loads(data)
        except orjson.JSONDecodeError:
            return
        self._tries += 1
        inner = _chunk_bytes(event)
        if inner is not None:
            self._object(inner)
        elif isinstance(event, dict):
            self._event(event, live=live)
        elif isinstance(event, list):
            for item in event[-200:] if len(event) > 1 else event:
                if isinstance(item, dict):
                    self._event(item)

    def _event(self, event: dict[str, Any], *, live: bool = False) -> None:
        self._ledger.event(event, live=live)
        if self._ledger.settled:
            self._sampling, self._kept = False, []

    def _names(self, data: bytes) -> None:
        """Learn the model that a client's message chooses."""
        try:
            event = orjson.loads(data)
        except orjson.JSONDecodeError:
            return
        if isinstance(event, dict):
            self._ledger.model = model_of(event)

    def _end(self, answer: Answer | None) -> None:
        if self._over:
            return
        if answer is not None:
            self._answer = answer
            if answer.body and not self._plain and not self._first:
                self.feed(answer.body)
        self._over = True
        if self._decoder is not None:
            self._take_all(self._decoder.finish())
        if self._first and self._mode is None:
            self._mode = self._choose(self._first)
            self._mode(self._first)
            self._first = b""
        rest = self._lines.rest()
        if rest:
            self._lines = Lines()
            self._block(rest)
        if self._json:
            self._end_json(without_vectors(b"".join(self._json)))

    def _end_json(self, data: bytes) -> None:
        try:
            answer = orjson.loads(data)
        except orjson.JSONDecodeError:
            for line in data.splitlines():
                self._object(line)
            if self._ledger.usage.empty and (found := salvage(data)) is not None:
                self._ledger.usage = found
            return
        for item in answer if isinstance(answer, list) else (answer,):
            if isinstance(item, dict):
                self._event(item)

    def _read(self) -> Read:
        return Read(
            ledger=self._ledger,
            sample=self._kept or self._json,
            sample_of=self._plain,
            streamed=not self._json,
            told=self._told,
        )

    def _seen(self) -> Seen:
        return Seen(self._answer, self._exchange, self._payload)

    def __repr__(self) -> str:
        return f"<UsageTap {self._plain} bytes>"


def _first_and_last(events: list[bytes]) -> list[bytes]:
    """Return those of many events at once that are looked at: what they state grows from one to the
    next, and the last one tells all.
    """
    if len(events) <= _AT_ONCE:
        return events
    telling = [event for event in events[_FIRST:] if _tells(event)]
    return [*events[:_FIRST], *telling[-(_AT_ONCE - _FIRST) :]]


def _nothing_more(_piece: bytes) -> None:
    """An answer that was finished is read no further."""


def complete(
    call: LlmCall, answer: Answer, exchange: Exchange | None = None, payload: Payload | None = None
) -> LlmCall:
    """Return the call completed from an answer whose body was held."""
    return UsageTap(call, answer, exchange, payload).finish(answer)


def _is_good(answer: Answer) -> bool:
    return answer.status is not None and answer.status < 300


def _holds_rows(exchange: Exchange | None) -> bool:
    """Return True for the download of a batch's results, a row a line of any number."""
    path = "" if exchange is None else exchange.path.partition("?")[0]
    return path.endswith(("/results", "/content", ":download"))


def _chunk_bytes(event: object) -> bytes | None:
    """Return the JSON inside a Bedrock `chunk` event (`{"bytes": base64}`), or None."""
    inner = event.get("bytes") if isinstance(event, dict) else None
    if not isinstance(inner, str):
        return None
    try:
        return binascii.a2b_base64(inner)
    except binascii.Error:
        return None


def _tells(data: bytes) -> bool:
    """Return True when the bytes may state usage. Many streams say `"usage":null` in every event
    but the last.
    """
    if b"oken" in data or b"eval_count" in data or b"etrics" in data or b"units" in data:
        return True
    if b'cost"' in data or b"webSearchQueries" in data:
        return True
    return b"sage" in data and data.count(b"sage") > data.count(_NULL)
