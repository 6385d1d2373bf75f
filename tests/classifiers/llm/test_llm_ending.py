"""A stream that has said its last word is over, although its connection is not."""

from datetime import UTC, datetime

import orjson
import pytest
from llm_streams import STREAMS, Stream, ndjson, sse

from classifiers.llm import UsageTap
from classifiers.llm.answer.ending import says_end
from core.classification import LlmCall
from core.exchange import Answer, Exchange

CUT = sse({"choices": [{"delta": {"content": "he"}, "finish_reason": None}]})


def heard(body: bytes, kind: str, path: str = "/v1/chat/completions") -> UsageTap:
    exchange = Exchange(
        id="x",
        at=datetime(2026, 1, 2, tzinfo=UTC),
        scheme="https",
        host="api.example.com",
        port=443,
        method="POST",
        path=path,
    )
    call = LlmCall(provider=None, operation="chat", stream=True)
    tap = UsageTap(call, Answer(status=200, headers=(("content-type", kind),)), exchange)
    for at in range(0, len(body), 100):
        tap.feed(body[at : at + 100])
    return tap


ENDINGS = [
    ("openai", sse({"choices": [{"delta": {}, "finish_reason": "stop"}]})),
    ("openai, done", sse({"choices": []}, done=True)),
    ("anthropic", b'event: message_stop\ndata: {"type": "message_stop"}\n\n'),
    ("responses", sse({"type": "response.completed", "response": {}})),
    ("cut by length", sse({"type": "response.incomplete", "response": {}})),
    ("gemini", sse({"candidates": [{"finishReason": "STOP"}]})),
    ("cohere", sse({"type": "message-end", "delta": {"finish_reason": "COMPLETE"}})),
    ("ollama", ndjson({"message": {"content": ""}, "done": True})),
    ("tgi", sse({"token": {"text": "x"}, "generated_text": "x"})),
]


@pytest.mark.parametrize(("name", "end"), ENDINGS)
def test_the_last_event_ends_the_answer(name: str, end: bytes) -> None:
    """When the provider's last event has come, a client that leaves has missed nothing."""
    kind = "application/x-ndjson" if name == "ollama" else "text/event-stream"
    assert heard(CUT + end, kind).ended()


def test_a_stream_in_the_middle_is_not_over() -> None:
    """What is still going on has broken off when its client leaves; the model's own words do not
    end it.
    """
    words = sse(
        {"choices": [{"delta": {"content": '"finish_reason":"stop" data: [DONE]'}}]},
        {"type": "content_block_delta", "delta": {"text": 'event: "type":"message_stop"'}},
        {"candidates": [{"content": {"parts": [{"text": "x"}]}}]},
        {"message": {"content": "x"}, "done": False},
        {"type": "message_start", "message": {"stop_reason": None}},
    )
    assert not heard(CUT + words, "text/event-stream").ended()
    assert not heard(b"", "text/event-stream").ended()


def test_json_is_over_when_it_is_whole() -> None:
    """An answer in one piece is over with its last bracket."""
    body = orjson.dumps({"choices": [], "usage": {"prompt_tokens": 1}})
    assert heard(body, "application/json").ended()
    assert not heard(body[:-1], "application/json").ended()


@pytest.mark.parametrize(
    "stream", [s for s in STREAMS if "converse" in s.name], ids=lambda s: s.name
)
def test_bedrocks_last_frames_end_its_streams(stream: Stream) -> None:
    """Frames of Bedrock end with why the model stopped and what it used."""
    assert heard(stream.body, stream.content_type, stream.path).ended()


def test_nothing_but_the_end_is_looked_at() -> None:
    """A first event that says nothing is no end."""
    assert not says_end(b'data: {"finish_reason":null}\n\n')
    assert not says_end(b'data: {"finishReason": ""}\n\n')
