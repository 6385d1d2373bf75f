"""What a worker counts of an answer is what would have been counted here, and nothing is counted
twice or here where a worker does it.
"""

from dataclasses import replace

import orjson
import pytest
from llm_streams import STREAMS, chunk, ndjson, sse

from classifiers.llm import UsageTap, encodings
from classifiers.llm.estimate import tokens_of
from core.classification import LlmCall, TokensBasis
from core.exchange import Answer, Exchange
from core.ids import utc_now
from core.uncounted import TokenCount

ASKED = {
    "model": "gpt-4o",
    "stream": True,
    "messages": [{"role": "user", "content": "Tell of a lighthouse. " * 9}],
}
CALL = LlmCall(provider="openai", operation="chat", model="gpt-4o", stream=True)
WORDS = [chunk(f"{word} ") for word in "Once upon a time there was a lighthouse".split()]
SSE = "text/event-stream"
SILENT = {
    "a whole stream": (SSE, sse(*WORDS, done=True)),
    "a stream that broke off": (SSE, sse(*WORDS)[:-40]),
    "a stream without an event": (SSE, b""),
    "lines of JSON": ("application/x-ndjson", ndjson(*WORDS)),
    "an answer in one": (
        "application/json",
        orjson.dumps({"choices": [{"message": {"role": "assistant", "content": "Once upon."}}]}),
    ),
    "half an answer in one": ("application/json", b'{"choices":[{"message":{"content":"Onc'),
    "no JSON at all": ("text/html", b"<p>Once upon a time</p>"),
}


def asked(body: object = ASKED, **more: object) -> Exchange:
    data = orjson.dumps(body)
    made = Exchange(
        id="x",
        at=utc_now(),
        scheme="https",
        host="api.openai.com",
        port=443,
        method="POST",
        path="/v1/chat/completions",
        body=data,
        body_bytes=len(data),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def tap_of(kind: str, exchange: Exchange, call: LlmCall = CALL, status: int = 200) -> UsageTap:
    return UsageTap(call, Answer(status=status, headers=(("content-type", kind),)), exchange)


@pytest.fixture
def nothing_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading a table in this process is an error."""

    def load(_name: str) -> None:
        raise AssertionError("a table of tokens was loaded in the gate")

    monkeypatch.setattr(encodings, "load", load)


@pytest.mark.parametrize("exchange", [asked(), asked(complete=False), asked([1])])
@pytest.mark.parametrize("size", [1, 1 << 20])
@pytest.mark.parametrize("what", SILENT)
def test_counted_elsewhere_is_counted_here(what: str, size: int, exchange: Exchange) -> None:
    """Tokens, band and cost are the same, whoever counts and however the answer came."""
    kind, body = SILENT[what]
    here, elsewhere = tap_of(kind, exchange), tap_of(kind, exchange)
    for at in range(0, len(body), size):
        here.feed(body[at : at + size])
        elsewhere.feed(body[at : at + size])
    answer = Answer(status=200, headers=(("content-type", kind),))
    uncounted = elsewhere.uncounted(answer)
    assert uncounted is not None
    assert "Once" not in repr(uncounted)
    elsewhere.count(tokens_of(uncounted))
    assert elsewhere.finish(answer) == here.finish(answer)


@pytest.mark.usefixtures("nothing_here")
@pytest.mark.parametrize("what", SILENT)
def test_the_gate_counts_nothing(what: str) -> None:
    """Where a worker is asked, the gate loads no table, even if nobody answers."""
    kind, body = SILENT[what]
    tap = tap_of(kind, asked())
    answer = Answer(status=200, headers=(("content-type", kind),), body=body)
    assert tap.uncounted(answer) is not None
    done = tap.finish(answer)
    assert (done.input_tokens, done.tokens_basis) == (None, TokensBasis.UNKNOWN)


@pytest.mark.usefixtures("nothing_here")
@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_what_is_stated_is_counted_by_nobody(stream: object) -> None:
    """An answer that says what it used stays exact, and once what it said."""
    kind, body = stream.content_type, stream.body  # type: ignore[attr-defined]
    call = LlmCall(provider=None, operation=stream.operation, model="m")  # type: ignore[attr-defined]
    tap = tap_of(kind, asked(path=stream.path), call)  # type: ignore[attr-defined]
    answer = Answer(status=200, headers=(("content-type", kind),), body=body)
    assert tap.uncounted(answer) is None
    done = tap.finish(answer)
    assert (done.input_tokens, done.output_tokens) == stream.tokens  # type: ignore[attr-defined]
    assert done.tokens_basis is TokensBasis.EXACT


@pytest.mark.usefixtures("nothing_here")
@pytest.mark.parametrize(
    ("call", "exchange", "status"),
    [
        (CALL, asked(), 429),
        (replace(CALL, operation="moderation"), asked(), 200),
        (CALL, asked(method="GET"), 200),
    ],
)
def test_what_has_no_tokens_is_counted_by_nobody(
    call: LlmCall, exchange: Exchange, status: int
) -> None:
    """Refusals, calls that use no tokens and downloads ask for no worker."""
    tap = tap_of(SSE, exchange, call, status)
    assert tap.uncounted(Answer(status=status, body=sse(*WORDS, done=True))) is None


@pytest.mark.parametrize(
    ("call", "body", "status", "foreseen"),
    [
        (CALL, ASKED, 200, True),
        (CALL, {**ASKED, "stream_options": {"include_usage": True}}, 200, False),
        (CALL, ASKED, 500, False),
        (replace(CALL, stream=False), ASKED, 200, False),
        (replace(CALL, provider="anthropic"), ASKED, 200, False),
        (replace(CALL, provider=None), ASKED, 200, False),
    ],
)
def test_silence_is_foreseen(call: LlmCall, body: object, status: int, *, foreseen: bool) -> None:
    """A worker is made ready only for streams whose provider states usage on request alone."""
    known = tap_of(SSE, asked(body), call, status).foreseen()
    assert (known is not None) is foreseen
    if known is not None:
        assert tokens_of(known) == TokenCount(None, None, None)
