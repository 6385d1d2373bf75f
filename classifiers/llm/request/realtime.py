"""Recognises a spoken session with a model by its messages, at any host: OpenAI's Realtime and
Responses events, Google's Live messages, ElevenLabs' agents.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from classifiers.llm import operations as op
from classifiers.llm.request import shapes
from core.classification import LlmCall
from core.exchange import Exchange

Body = Mapping[str, Any]

_EVENTS: Mapping[str, frozenset[str]] = {
    "session.update": frozenset({"session"}),
    "transcription_session.update": frozenset({"session"}),
    "input_audio_buffer.append": frozenset({"audio"}),
    "conversation.item.create": frozenset({"item"}),
    "response.create": frozenset({"response", "input", "model"}),
    "session.created": frozenset({"session"}),
    "transcription_session.created": frozenset({"session"}),
    "conversation_initiation_client_data": frozenset({"conversation_config_override", "user_id"}),
}
"""Types of events, and what one of them holds besides."""
_BARE = frozenset(
    {"response.create", "input_audio_buffer.commit", "conversation_initiation_client_data"}
)
_ENVELOPES: Mapping[str, frozenset[str]] = {
    "setup": frozenset({"model"}),
    "clientContent": frozenset({"turns", "turnComplete"}),
    "client_content": frozenset({"turns", "turn_complete"}),
    "realtimeInput": frozenset({"audio", "mediaChunks", "text", "video", "activityStart"}),
    "realtime_input": frozenset({"audio", "media_chunks", "text", "video", "activity_start"}),
}
"""Google's messages have one key, and in it one of these."""
_MAX_BYTES = 256 * 1024
_MAX_MODEL = 300


def shape_of(body: Body) -> shapes.Shape | None:
    """Return the family that a message of a WebSocket has the shape of, or None."""
    kind = body.get("type")
    if isinstance(kind, str):
        holds = _EVENTS.get(kind, frozenset())
        bare = kind in _BARE and body.keys() <= {"type", "event_id"}
        if bare or not holds.isdisjoint(body):
            return shapes.Shape("openai-realtime", op.REALTIME)
        return None
    if len(body) > 1:
        return None
    for key, holds in _ENVELOPES.items():
        inner = body.get(key)
        if isinstance(inner, dict) and not holds.isdisjoint(inner):
            return shapes.Shape("gemini-live", op.REALTIME)
    return None


def spoken_call(exchange: Exchange, message: bytes) -> LlmCall | None:
    """Return the call that this message of a connection to an unlisted host belongs to, or None."""
    if len(message) > _MAX_BYTES or not message.lstrip().startswith(b"{"):
        return None
    try:
        body = orjson.loads(message)
    except orjson.JSONDecodeError:
        return None
    shape = shape_of(body) or shapes.of_body(body)
    if shape is None:
        return None
    return LlmCall(
        provider=None,
        operation=shape.operation,
        model=model_of(body),
        stream=True,
        evidence=("shape:" + shape.family,),
    )


def model_of(body: Body) -> str | None:
    """Return the model that a message chooses, or None."""
    for holder in (body, body.get("session"), body.get("response"), body.get("setup")):
        named = holder.get("model") if isinstance(holder, dict) else None
        if isinstance(named, str) and named:
            return named[:_MAX_MODEL].removeprefix("models/")
    return None
