"""Talks with a model over a WebSocket are known by their messages, at any host, and every turn
counts.
"""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.answer_tap import ClassifierTap
from classifiers.destinations import Bindings
from classifiers.llm import Counted, UsageTap, recognise, spoken_call
from classifiers.llm import operations as op
from classifiers.payload import Payload
from core.classification import (
    Category,
    Classification,
    CostBasis,
    Destination,
    LlmCall,
    TokensBasis,
)
from core.exchange import Answer, Exchange, Message
from core.fingerprint import Fingerprinter
from examples import most

type Said = dict[str, Any]


def opened(host: str = "voice.example", path: str = "/ws") -> Exchange:
    return Exchange(
        id="x",
        at=datetime(2026, 11, 1, tzinfo=UTC),
        scheme="wss",
        host=host,
        port=443,
        method="GET",
        path=path,
    )


def message_of() -> Exchange:
    """Return what a message of the connection is inspected as."""
    return replace(opened(path="/"), method="WEBSOCKET")


def said(event: object, *, client: bool = False) -> Message:
    return Message(from_client=client, text=True, data=orjson.dumps(event))


def listened(*messages: Message, host: str = "voice.example") -> Classification:
    """Return what the gate knows at the end of a connection that nothing told before."""
    where = Destination(
        scheme="wss", host=host, port=443, path="/ws", service=None, category=Category.OTHER
    )
    bindings = Bindings(Fingerprinter(b"k" * 32))
    head = Answer(status=101)
    tap = ClassifierTap(opened(host), Classification(destination=where), head, bindings, Counted())
    for message in messages:
        tap.message(message)
    return tap.finish(head)


SPOKEN = [
    {"type": "session.update", "session": {"model": "gpt-realtime", "instructions": "x"}},
    {"type": "input_audio_buffer.append", "audio": "AAAA"},
    {"type": "conversation.item.create", "item": {"type": "message"}},
    {"type": "response.create"},
    {"type": "response.create", "model": "gpt-5", "input": "hello"},
    {"setup": {"model": "models/gemini-live-2.5-flash"}},
    {"clientContent": {"turns": [], "turnComplete": True}},
    {"client_content": {"turns": []}},
    {"realtimeInput": {"audio": {"data": "AA"}}},
    {"realtime_input": {"media_chunks": []}},
    {"type": "conversation_initiation_client_data"},
    {"messages": [{"role": "user", "content": "hello"}], "model": "llama3"},
]


@pytest.mark.parametrize("event", SPOKEN, ids=lambda e: str(e)[:40])
def test_a_talk_with_a_model_is_known_at_any_host(event: dict[str, Any]) -> None:
    """Its first message tells what a connection to an unlisted host is: rules on models hold."""
    seen = listened(said(event, client=True))
    assert seen.llm is not None
    assert seen.destination.category is Category.LLM
    assert recognise(message_of(), Payload(json=event)) is not None


@pytest.mark.parametrize(
    "event",
    [
        {"type": "ping"},
        {"type": "update", "session": {"id": 1}},
        {"type": "session.update"},
        {"type": "response.create", "order": 7},
        {"type": "message", "text": "hello"},
        {"setup": {"room": "blue"}},
        {"setup": {"model": "x"}, "id": 1},
        {"setup": "model"},
        {"realtimeInput": {"price": 1}},
        {"jsonrpc": "2.0", "method": "subscribe", "params": ["audio"]},
        {"action": "subscribe", "channel": "ticker"},
        ["type", "session.update"],
        "session.update",
        7,
    ],
    ids=str,
)
def test_other_talks_are_none(event: object) -> None:
    """Chats, games, exchanges and alarms over WebSockets are no calls of a model."""
    seen = listened(said(event, client=True))
    assert seen.llm is None
    assert seen.destination.category is Category.OTHER
    assert recognise(message_of(), Payload(json=event)) is None


def test_the_same_words_in_a_request_are_none() -> None:
    """What a WebSocket message means, a posted form does not."""
    exchange = Exchange(
        id="x",
        at=datetime(2026, 11, 1, tzinfo=UTC),
        scheme="https",
        host="a.example",
        port=443,
        method="POST",
        path="/hook",
    )
    event = {"type": "response.create", "response": {}}
    assert recognise(exchange, Payload(json=event)) is None


@given(st.binary(max_size=200))
@settings(max_examples=most(300))
def test_no_bytes_break_the_listening(data: bytes) -> None:
    """Sound, pings and nonsense are passed over."""
    spoken_call(opened(), data)
    spoken_call(opened(), b"{" + data)


def turn(asked: int, answered: int, *, apart: bool = False, thrice: bool = False) -> list[Message]:
    """Return what Gemini Live sends in one turn."""
    used: Said = {"usageMetadata": {"promptTokenCount": asked, "responseTokenCount": answered}}
    first: Said = {"usageMetadata": {"promptTokenCount": asked, "responseTokenCount": 1}}
    content: Said = {"serverContent": {"modelTurn": {"parts": [{"text": "hi"}]}}}
    over: Said = {"serverContent": {"turnComplete": True}}
    made: list[Said] = [{**content, **first}, {**content, **first}] if thrice else [content]
    made.append({"serverContent": {"generationComplete": True}})
    made += [over, used] if apart else [{**over, **used}]
    return [said(event) for event in made]


def test_every_turn_of_gemini_live_counts() -> None:
    """Google states the usage of each turn; the session's is their sum, of the model set up."""
    setup = said({"setup": {"model": "models/gemini-live-2.5-flash-preview"}}, client=True)
    tap = UsageTap(LlmCall(provider="google", operation=op.REALTIME), Answer(status=101), opened())
    for message in (
        setup,
        said({"setupComplete": {}}),
        *turn(10, 5),
        *turn(20, 6, apart=True),
        *turn(30, 7, thrice=True),
        said({"toolCall": {"functionCalls": []}}),
        *turn(40, 8),
    ):
        tap.message(message)
    done = tap.finish(Answer(status=101))
    assert (done.input_tokens, done.output_tokens) == (100, 26)
    assert done.model == "gemini-live-2.5-flash-preview"
    assert done.tokens_basis is TokensBasis.EXACT
    assert Decimal(done.cost_usd or "0") == (100 * Decimal("0.5") + 26 * 2) / 1_000_000


def test_every_answer_of_a_session_counts_once() -> None:
    """Realtime's and Responses' sessions over WebSockets end each answer with its usage."""
    made = []
    for kind, n in (("response.done", 1), ("response.completed", 2), ("response.done", 3)):
        used = {"input_tokens": n * 10, "output_tokens": n}
        made.append(said({"type": kind, "response": {"id": f"resp_{n}", "usage": used}}))
    created = said(
        {"type": "session.created", "session": {"id": "sess_1", "model": "gpt-realtime"}}
    )
    seen = listened(created, *made)
    assert seen.llm is not None
    assert (seen.llm.input_tokens, seen.llm.output_tokens) == (60, 6)
    assert seen.llm.model == "gpt-realtime"


def test_writing_down_what_was_said_is_billed_apart() -> None:
    """What the caller said is written down by another model: the cost says that it lacks it."""
    used = {"input_tokens": 100, "output_tokens": 10}
    tap = UsageTap(
        LlmCall(provider="openai", operation=op.REALTIME, model="gpt-realtime"),
        Answer(status=101),
        opened("api.openai.com", "/v1/realtime"),
    )
    tap.message(said({"type": "response.done", "response": {"usage": used}}))
    tap.message(
        said(
            {
                "type": "conversation.item.input_audio_transcription.completed",
                "transcript": "x",
                "usage": {"type": "tokens", "input_tokens": 900, "output_tokens": 9},
            }
        )
    )
    done = tap.finish(Answer(status=101))
    assert (done.input_tokens, done.output_tokens) == (100, 10)
    assert done.cost_left_out == ("writing down what was said",)
    assert done.cost_basis is CostBasis.TABLE
