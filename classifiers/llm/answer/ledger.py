"""What the objects of one answer state, kept apart where they are answers of their own: rows of a
batch, responses of a realtime session, turns of a live one.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from classifiers.llm.answer import units
from classifiers.llm.answer.families import of_answer, of_gateway
from classifiers.llm.answer.usage import NOTHING, Usage, later, total
from classifiers.llm.one_of import one_of

Json = Mapping[str, Any]

_MAX_ID, _MAX_MODEL, _MAX_ORGANISATION = 200, 300, 200
_IDS = ("id", "responseId", "response_id")
_HOLDERS = ("response", "message", "session", "setup", "result")
_BEGINS_A_TURN = frozenset(("modelTurn", "outputTranscription", "inputTranscription"))
_TRANSCRIBED = "conversation.item.input_audio_transcription.completed"
_ANSWERED = frozenset(("response.done", "response.completed", "response.incomplete"))
"""Each ends one of the answers of a session that is spoken over a WebSocket."""
_LAST = frozenset(("stopReason", "metrics", "amazon-bedrock-invocationMetrics"))
"""What only the last events of Bedrock's streams hold."""
_PENDING = frozenset(("queued", "in_progress", "validating", "finalizing", "processing"))
_LENGTHS = (32_000, 128_000, 200_000, 272_000)
"""Where some lists begin to ask more for a token of a longer prompt: answers of a batch are summed
up within these bounds, so that each is priced as its own length asks."""
_MOST_GROUPS = 64


class Part(NamedTuple):
    """Answers of one model and of like length, summed up."""

    model: str | None
    usage: Usage
    number: int


class Ledger:
    """Takes the JSON objects of one answer in their order. Holds no text of it but ids and
    names.
    """

    def __init__(self) -> None:
        self.usage = self.gateway = NOTHING
        self.provisional = False
        """True while the stream has only stated what it was asked, not what it answered."""
        self.over = False
        """True when an object said that the answer is over."""
        self.pending = False
        """True for an answer that says itself that it is not there yet."""
        self.model: str | None = None
        self.organisation: str | None = None
        self.answer_id: str | None = None
        self._parts: dict[tuple[str | None, int], Part] = {}
        self._turn: Usage | None = None
        self._turn_over = False

    @property
    def settled(self) -> bool:
        """True when what the answer used is stated."""
        return self.usage.output is not None and not self.provisional

    def parts(self) -> tuple[Part, ...]:
        """Return the answers that are accounted for by themselves; the rest is in `usage`."""
        self._end_turn()
        return tuple(self._parts.values())

    def event(self, event: Json, *, live: bool = False) -> None:
        """Take one object; `live`: it is a message of a WebSocket."""
        row = _row_of(event)
        if row is not None:
            self._row(row)
            return
        self.over = self.over or not _LAST.isdisjoint(event)
        self._names(event)
        gateway = of_gateway(event)
        if gateway is not None:
            self.gateway = gateway
        if live and self._spoken(event):
            return
        found = of_answer(event)
        if found is None:
            return
        self.provisional = event.get("type") == "message_start"
        self.usage = later(self.usage, found)

    def _names(self, event: Json) -> None:
        if self.model is None:
            self.model = model_of(event)
        if self.organisation is None and isinstance(event.get("organization"), str):
            self.organisation = event["organization"][:_MAX_ORGANISATION]
        if self.answer_id is None:
            self.answer_id = id_of(event)
        self.pending = one_of(event.get("status"), _PENDING)

    def _row(self, answer: Json) -> None:
        """One row of the results of a batch is an answer of its own, at the price of batches."""
        found = of_answer(answer)
        if found is not None:
            terms = {**found.terms, units.PROCESSING: units.BATCH}
            self._add(replace(found, terms=terms), model_of(answer))

    def _spoken(self, event: Json) -> bool:
        """Take a message of a realtime session; return False for one that tells nothing special."""
        kind = event.get("type")
        if kind in _ANSWERED:
            if (found := of_answer(event)) is not None:
                self._add(found, self.model)
            return True
        if kind == _TRANSCRIBED:
            if isinstance(event.get("usage"), dict):
                self._add(Usage(units={units.TRANSCRIPTS: 1}), self.model)
            return True
        if (
            "serverContent" not in event
            and "usageMetadata" not in event
            and "toolCall" not in event
        ):
            return False
        self._turns(event)
        return True

    def _turns(self, event: Json) -> None:
        """Google states the usage of each turn, in or behind its last message."""
        said = event.get("serverContent")
        content: Json = said if isinstance(said, dict) else {}
        found = of_answer({k: v for k, v in event.items() if k == "usageMetadata"})
        ends = content.get("turnComplete") is True
        begins = not _BEGINS_A_TURN.isdisjoint(content) or "toolCall" in event
        if self._turn_over and (begins or (ends and found is not None)):
            self._end_turn()
        if found is not None:
            self._turn = found if self._turn is None else later(self._turn, found)
        self._turn_over = self._turn_over or ends

    def _end_turn(self) -> None:
        if self._turn is not None:
            self._add(self._turn, self.model)
        self._turn, self._turn_over = None, False

    def _add(self, usage: Usage, model: str | None) -> None:
        length = sum((usage.total_input or 0) > bound for bound in _LENGTHS)
        key = (model, length)
        if key not in self._parts and len(self._parts) >= _MOST_GROUPS:
            key = (None, length)
        known = self._parts.get(key)
        self._parts[key] = (
            Part(key[0], usage, 1)
            if known is None
            else Part(known.model, total(known.usage, usage), known.number + 1)
        )


def _row_of(event: Json) -> Json | None:
    """Return the answer in a row of a batch's results, or None for what is no such row."""
    if "custom_id" not in event and not ("key" in event and "response" in event):
        return None
    inner = event.get("response", event.get("result"))
    for key in ("body", "message"):
        if isinstance(inner, dict) and isinstance(inner.get(key), dict):
            inner = inner[key]
    return inner if isinstance(inner, dict) else {}


def id_of(event: Json) -> str | None:
    """Return the provider's id of the answer that an object belongs to, or None."""
    for key in ("response", "message", "data"):
        inner = event.get(key)
        if isinstance(inner, dict) and isinstance(inner.get("id"), str) and inner["id"]:
            return str(inner["id"])[:_MAX_ID]
    if event.get("object") == "batch" and isinstance(event.get("output_file_id"), str):
        return str(event["output_file_id"])[:_MAX_ID]  # its rows are downloaded under this name
    if event.get("object") == "thread.run.step" and isinstance(event.get("run_id"), str):
        return str(event["run_id"])[:_MAX_ID]  # a run states what all its steps used
    for key in _IDS:
        if isinstance(event.get(key), str) and event[key]:
            return str(event[key])[:_MAX_ID]
    return None


def model_of(event: Json) -> str | None:
    """Return the model that an answer or event names, or None."""
    for key in ("model", "modelVersion", "model_version"):
        if isinstance(event.get(key), str) and event[key]:
            return str(event[key])[:_MAX_MODEL]
    for key in _HOLDERS:
        inner = event.get(key)
        if isinstance(inner, dict):
            flat = {k: v for k, v in inner.items() if k not in _HOLDERS}
            if (found := model_of(flat)) is not None:
                return found.removeprefix("models/")
    return None
