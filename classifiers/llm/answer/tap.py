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
from classifiers.llm.answer.completion import Read, completed
from classifiers.llm.answer.salvage import salvage
from classifiers.llm.answer.usage import Usage, later, of_answer, of_gateway, total
from classifiers.llm.grpc import unpacked, usage_map
from classifiers.llm.grpc import usage_of as protobuf_usage
from classifiers.payload import Payload
from core.classification import LlmCall
from core.exchange import Answer, Exchange, Message

MAX_JSON = 8 * 1024 * 1024
MAX_PLAIN = 256 * 1024 * 1024
"""After this many decoded bytes the tap stops reading: nothing a model says is that long."""
MAX_SAMPLE = 512 * 1024
"""Of a stream without usage so far, kept for an estimate."""
_LIMITS = replace(DEFAULT, decoded_bytes=MAX_PLAIN, ratio=MAX_PLAIN)
"""Models repeat themselves: what is read is bounded by its size, in steps of bounded memory."""
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
            "_answer _call _decoder _exchange _first _gateway _json _json_size _kept _kept_size"
            " _lines _mode _model _organisation _payload _plain _provisional _sampling _sse _tries"
            " _usage"
        ).split()
    )

    def __init__(
        self,
        call: LlmCall,
        answer: Answer,
        exchange: Exchange | None = None,
        payload: Payload | None = None,
    ) -> None:
        self._call, self._answer, self._exchange, self._payload = call, answer, exchange, payload
        self._usage, self._gateway = Usage(), Usage()
        self._provisional = False
        self._model: str | None = None
        self._organisation: str | None = None
        self._decoder: Decoder | None = Decoder(content_encoding(answer.headers), _LIMITS)
        self._first = b""
        self._plain = 0
        self._mode: Callable[[bytes], None] | None = None
        self._lines, self._sse = Lines(), False
        self._json: list[bytes] = []
        self._json_size = 0
        self._kept: list[bytes] = []
        self._kept_size = 0
        self._sampling = True
        self._tries = 0
        if answer.status is not None and answer.status < 300:
            prices.begin(call.provider)
            estimate.begin(call, b"" if exchange is None else exchange.body)

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
        if not message.from_client and len(message.data) <= MAX_JSON and _tells(message.data):
            self._object(message.data)

    def finish(self, answer: Answer | None = None) -> LlmCall:
        """Return the call completed with all that was seen."""
        if answer is not None:
            self._answer = answer
            if answer.body and not self._plain and not self._first:
                self.feed(answer.body)
        try:
            self._end()
            return self._completed()
        except Exception as error:  # noqa: BLE001 - boundary: an answer that breaks the reading still reaches its client
            return replace(
                self._call, evidence=(*self._call.evidence, f"tap-failed:{type(error).__name__}")
            )

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
                    self._usage = later(self._usage, found)

        return take

    def _take_lines(self, piece: bytes) -> None:
        block = self._lines.feed(piece)
        if block:
            self._block(block)

    def _block(self, block: bytes) -> None:
        if self._sampling:
            self._keep(block)
        if not _tells(block) and self._known_model():
            return
        for line in block.split(b"\n"):
            if self._sse and not line.startswith(b"data:"):
                continue
            if _tells(line) or not self._known_model():
                self._object(line[5:] if self._sse else line)

    def _known_model(self) -> bool:
        return self._model is not None or self._tries >= _MODEL_TRIES

    def _keep(self, block: bytes) -> None:
        """Hold a bounded sample for an estimate, for as long as no usage was stated."""
        self._kept.append(block)
        self._kept_size += len(block)
        self._sampling = self._kept_size < MAX_SAMPLE

    def _object(self, data: bytes) -> None:
        try:
            event = orjson.loads(data)
        except orjson.JSONDecodeError:
            return
        self._tries += 1
        inner = _chunk_bytes(event)
        if inner is not None:
            self._object(inner)
        elif isinstance(event, dict):
            self._event(event)
        elif isinstance(event, list):
            for item in event[-200:] if len(event) > 1 else event:
                if isinstance(item, dict):
                    self._event(item)

    def _event(self, event: dict[str, Any]) -> None:
        if self._model is None:
            self._model = _model_of(event)
        if self._organisation is None and isinstance(event.get("organization"), str):
            self._organisation = event["organization"][:200]
        gateway = of_gateway(event)
        if gateway is not None:
            self._gateway = gateway
        found = of_answer(event)
        if found is None:
            return
        kind = event.get("type")
        if kind == "response.done":
            self._usage = total(self._usage, found)
            return
        self._provisional = kind == "message_start"
        self._usage = later(self._usage, found)
        if self._usage.output is not None and not self._provisional:
            self._sampling, self._kept = False, []

    def _end(self) -> None:
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
            self._end_json(b"".join(self._json))

    def _end_json(self, data: bytes) -> None:
        try:
            answer = orjson.loads(data)
        except orjson.JSONDecodeError:
            for line in data.splitlines():
                self._object(line)
            if self._usage.empty and (found := salvage(data)) is not None:
                self._usage = found
            return
        for item in answer if isinstance(answer, list) else (answer,):
            if isinstance(item, dict):
                self._event(item)

    def _completed(self) -> LlmCall:
        read = Read(
            usage=self._usage,
            gateway=self._gateway,
            provisional=self._provisional,
            model=self._model,
            organisation=self._organisation,
            sample=self._kept or self._json,
            sample_of=self._plain,
        )
        return completed(self._call, self._answer, read, self._exchange, self._payload)

    def __repr__(self) -> str:
        return f"<UsageTap {self._plain} bytes>"


def complete(
    call: LlmCall, answer: Answer, exchange: Exchange | None = None, payload: Payload | None = None
) -> LlmCall:
    """Return the call completed from an answer whose body was held."""
    return UsageTap(call, answer, exchange, payload).finish(answer)


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
    return b"sage" in data and data.count(b"sage") > data.count(_NULL)


def _model_of(event: dict[str, Any]) -> str | None:
    for key in ("model", "modelVersion", "model_version"):
        if isinstance(event.get(key), str) and event[key]:
            return str(event[key])[:300]
    for key in ("response", "message"):
        inner = event.get(key)
        if isinstance(inner, dict) and (
            found := _model_of({k: v for k, v in inner.items() if k not in ("response", "message")})
        ):
            return found
    return None
