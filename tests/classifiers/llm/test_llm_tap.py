"""Tokens, cost and account are read from answers as they pass, however the bytes are split."""

import gc
import gzip
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

import brotli
import orjson
import pytest
import zstandard
from families import with_each
from hypothesis import given, settings
from hypothesis import strategies as st
from llm_streams import STREAMS, Stream, aws, aws_frame, chunk, named, ndjson, sse

from classifiers.codecs.frames import MAX_MESSAGE
from classifiers.llm import UsageTap, complete
from classifiers.llm.answer.tap import MAX_JSON
from classifiers.payload import Payload
from core.classification import CostBasis, LlmCall, TokensBasis
from core.exchange import Answer, Exchange, Message
from examples import most

IDS = [s.name for s in STREAMS]
ENCODERS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "raw deflate": lambda data: zlib.compress(data)[2:-4],
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


def exchange(
    path: str = "/v1/chat/completions", host: str = "api.example.com", scheme: str = "https"
) -> Exchange:
    return Exchange(
        id="x",
        at=datetime(2026, 1, 2, tzinfo=UTC),
        scheme=scheme,
        host=host,
        port=443,
        method="POST",
        path=path,
    )


def call_of(stream: Stream) -> LlmCall:
    return LlmCall(provider=None, operation=stream.operation, model="m", stream=True)


def head(content_type: str, encoding: str | None = None, status: int = 200) -> Answer:
    more = (("content-encoding", encoding),) if encoding else ()
    return Answer(status=status, headers=(("content-type", content_type), *more))


def fed(stream: Stream, pieces: list[bytes], encoding: str | None = None) -> LlmCall:
    answer = head(stream.content_type, encoding)
    tap = UsageTap(call_of(stream), answer, exchange(stream.path))
    for piece in pieces:
        tap.feed(piece)
    return tap.finish(answer)


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def check(stream: Stream, call: LlmCall) -> None:
    assert (call.input_tokens, call.output_tokens) == stream.tokens
    assert call.tokens_basis is TokensBasis.EXACT
    assert call.reasoning_tokens == stream.reasoning
    if stream.cached is not None:
        assert call.cache_read_tokens == stream.cached


@with_each("stream", STREAMS)
@with_each("size", [1, 2, 7, 64, 1400, 1 << 20])
def test_usage_is_exact_for_every_split(stream: Stream, size: int) -> None:
    """The tokens recorded are those the provider states, whatever pieces the answer arrives in."""
    check(stream, fed(stream, cut(stream.body, size)))


@pytest.mark.parametrize("stream", STREAMS, ids=IDS)
def test_every_single_cut_point(stream: Stream) -> None:
    """No place to cut an answer in two makes a token count wrong."""
    for at in range(0, len(stream.body), max(1, len(stream.body) // 150)):
        check(stream, fed(stream, [stream.body[:at], stream.body[at:]]))


@given(st.sampled_from(STREAMS), st.lists(st.integers(0, 5000), max_size=30))
@settings(max_examples=most(200), deadline=None)
def test_random_splits(stream: Stream, cuts: list[int]) -> None:
    """Nor does any combination of cuts."""
    places = sorted({0, len(stream.body), *(c % (len(stream.body) + 1) for c in cuts)})
    check(stream, fed(stream, [stream.body[a:b] for a, b in pairwise(places)]))


@pytest.mark.parametrize("encoding", ENCODERS)
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_compressed_answers(encoding: str, size: int) -> None:
    """A compressed stream is read piece by piece as well."""
    for stream in STREAMS[:10]:
        body = ENCODERS[encoding](stream.body)
        check(stream, fed(stream, cut(body, size), encoding.removeprefix("raw ")))


def test_several_gzip_members_and_stacked_encodings() -> None:
    """Servers that compress each event apart, or twice, are read too."""
    stream = STREAMS[0]
    half = len(stream.body) // 2
    members = gzip.compress(stream.body[:half]) + gzip.compress(stream.body[half:])
    check(stream, fed(stream, cut(members, 5), "gzip"))
    check(stream, fed(stream, cut(brotli.compress(gzip.compress(stream.body)), 5), "gzip, br"))


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "deflate"])
@pytest.mark.parametrize("name", ["openai sse", "openai json", "anthropic sse"])
def test_recordings_keep_decoded_text_under_old_headers(encoding: str, name: str) -> None:
    """A recorded answer whose body was stored decoded is read although its header still names an
    encoding.
    """
    stream = next(s for s in STREAMS if s.name == name)
    answer = Answer(
        status=200,
        headers=(("content-type", stream.content_type), ("content-encoding", encoding)),
        body=stream.body,
    )
    check(stream, complete(call_of(stream), answer, exchange(stream.path)))


@pytest.mark.parametrize(
    ("body", "tokens", "basis"),
    [
        (STREAMS[0].body[:-60], None, None),
        (
            named(
                {
                    "type": "message_start",
                    "message": {"usage": {"input_tokens": 17, "output_tokens": 1}},
                }
            ),
            (17, 1),
            TokensBasis.ESTIMATED,
        ),
        (
            sse({"usageMetadata": {"promptTokenCount": 8, "candidatesTokenCount": 2}}),
            (8, 2),
            TokensBasis.EXACT,
        ),
        (
            b'{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":6},"system_fingerprint":"fp',
            (5, 6),
            TokensBasis.EXACT,
        ),
    ],
)
def test_half_finished_answers_keep_what_was_seen(
    body: bytes, tokens: tuple[int, int] | None, basis: TokensBasis | None
) -> None:
    """When a stream breaks off, what it had stated until then stays; what it had not is never shown
    as exact.
    """
    kind = "application/json" if body.startswith(b"{") else "text/event-stream"
    done = complete(
        LlmCall(provider=None, operation="moderation"),
        Answer(status=200, headers=(("content-type", kind),), body=body),
    )
    if tokens is None:
        assert done.tokens_basis is TokensBasis.UNKNOWN
        assert done.input_tokens is None
    else:
        assert (done.input_tokens, done.output_tokens, done.tokens_basis) == (*tokens, basis)


@given(
    st.binary(max_size=400),
    st.sampled_from(
        [
            "application/json",
            "text/event-stream",
            "application/x-ndjson",
            "application/vnd.amazon.eventstream",
            "application/grpc",
            "",
        ]
    ),
    st.sampled_from([None, "gzip", "br", "zstd", "deflate", "gzip, br, zstd, gzip", "weird"]),
)
@settings(max_examples=most(400), deadline=None)
def test_no_bytes_break_the_tap(data: bytes, kind: str, encoding: str | None) -> None:
    """Whatever a server answers, the tap neither fails nor invents tokens."""
    tap = UsageTap(LlmCall(provider="openai", operation="image"), head(kind, encoding), exchange())
    for piece in cut(data, 50):
        tap.feed(piece)
    done = tap.finish(head(kind, encoding))
    assert done.tokens_basis is not TokensBasis.ESTIMATED


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": -1, "completion_tokens": True},
        {"prompt_tokens": "7x"},
        {"prompt_tokens": 1e300},
        {"prompt_tokens": None},
        {},
        [],
        7,
        "x",
        {"prompt_tokens": {"a": 1}},
        {"tokens": 5, "billed_units": []},
    ],
)
def test_nonsense_is_not_a_token_count(usage: object) -> None:
    """A number that cannot be a token count leaves the count unknown, never 0."""
    body = orjson.dumps({"usage": usage, "choices": []})
    done = complete(
        LlmCall(provider=None, operation="moderation"),
        Answer(status=200, headers=(("content-type", "application/json"),), body=body),
    )
    assert (done.input_tokens, done.output_tokens, done.tokens_basis) == (
        None,
        None,
        TokensBasis.UNKNOWN,
    )


def test_a_bad_checksum_ends_the_reading() -> None:
    """An event stream that was tampered with or damaged is not believed."""
    good = aws({"usage": {"inputTokens": 28, "outputTokens": 22}})
    damaged = bytearray(good)
    damaged[-8] ^= 1
    stream = Stream("x", "application/vnd.amazon.eventstream", bytes(damaged), (None, None))
    assert fed(stream, [stream.body]).tokens_basis is not TokensBasis.EXACT
    both = Stream("x", "application/vnd.amazon.eventstream", aws_frame(b"{}") + good, (28, 22))
    check(both, fed(both, cut(both.body, 3)))


def test_memory_is_bounded() -> None:
    """An endless answer costs the gate bounded memory, and what was stated before is kept."""
    stated = sse({"usage": {"prompt_tokens": 5, "completion_tokens": 6}})
    tap = UsageTap(LlmCall(provider=None, operation="chat"), head("text/event-stream"), exchange())
    tap.feed(stated)
    for _ in range(2 * MAX_MESSAGE // (1 << 20) + 2):
        tap.feed(b"x" * (1 << 20))
    held = sum(len(part) for part in tap._lines._parts) + sum(len(part) for part in tap._kept)
    assert held <= MAX_MESSAGE
    assert tap.finish(head("text/event-stream")).output_tokens == 6


def test_a_huge_json_answer_is_honestly_unknown() -> None:
    """Beyond the limit of what is kept, tokens are unknown instead of wrong."""
    tap = UsageTap(
        LlmCall(provider=None, operation="moderation"), head("application/json"), exchange()
    )
    tap.feed(b'{"data":"')
    for _ in range(MAX_JSON // (1 << 20) + 1):
        tap.feed(b"x" * (1 << 20))
    tap.feed(b'","usage":{"prompt_tokens":5}}')
    assert not tap._json
    assert tap.finish(head("application/json")).tokens_basis is TokensBasis.UNKNOWN


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
def test_decompression_bombs_cost_bounded_memory(encoding: str) -> None:
    """A few kilobytes that swell to megabytes are passed over in small pieces."""
    bomb = ENCODERS[encoding](b" " * 20_000_000)
    tap = UsageTap(
        LlmCall(provider=None, operation="moderation"),
        head("application/json", encoding),
        exchange(),
    )
    for piece in cut(bomb, 1400):
        tap.feed(piece)
    assert sum(len(part) for part in tap._json) <= MAX_JSON
    assert tap.finish(head("application/json", encoding)).tokens_basis is TokensBasis.UNKNOWN


def test_realtime_sessions_add_up() -> None:
    """Each response of a realtime session states its own usage; the session's is their sum."""
    tap = UsageTap(
        LlmCall(provider="openai", operation="realtime"),
        Answer(status=101),
        exchange("/v1/realtime", scheme="wss"),
    )
    for count in (10, 5):
        event = {
            "type": "response.done",
            "response": {"usage": {"input_tokens": count, "output_tokens": 2}},
        }
        tap.message(Message(from_client=False, text=True, data=orjson.dumps(event)))
    tap.message(
        Message(
            from_client=True,
            text=True,
            data=orjson.dumps(
                {"type": "response.done", "response": {"usage": {"input_tokens": 9}}}
            ),
        )
    )
    done = tap.finish(Answer(status=101))
    assert (done.input_tokens, done.output_tokens, done.tokens_basis) == (15, 4, TokensBasis.EXACT)


def test_bedrock_counts_in_headers() -> None:
    """Where the body says nothing, the counts in Bedrock's answer headers are used."""
    answer = Answer(
        status=200,
        headers=(
            ("content-type", "application/json"),
            ("x-amzn-bedrock-input-token-count", "12"),
            ("x-amzn-bedrock-output-token-count", "34"),
        ),
        body=b'{"completion":"x"}',
    )
    done = complete(
        LlmCall(provider="aws-bedrock", operation="invoke", model="anthropic.claude-v2"),
        answer,
        exchange(),
    )
    assert (done.input_tokens, done.output_tokens) == (12, 34)


def test_organisation_and_model_are_learnt_from_the_answer() -> None:
    """The answer tells whose organisation a key belongs to, and the model where the request named
    none.
    """
    answer = Answer(
        status=200,
        headers=(
            ("content-type", "application/json"),
            ("openai-organization", "example-org"),
            ("openai-project", "proj_1"),
        ),
        body=orjson.dumps(
            {
                "model": "gpt-4o-mini-2024-07-18",
                "usage": {"prompt_tokens": 1, "completion_tokens": 1},
            }
        ),
    )
    done = complete(LlmCall(provider="openai", operation="chat"), answer, exchange())
    assert (done.organisation, done.project, done.model) == (
        "example-org",
        "proj_1",
        "gpt-4o-mini-2024-07-18",
    )


def priced(
    provider: str | None, model: str, usage: Mapping[str, object], host: str = "api.example.com"
) -> LlmCall:
    answer = Answer(
        status=200,
        headers=(("content-type", "application/json"),),
        body=orjson.dumps({"model": model, "usage": usage}),
    )
    return complete(
        LlmCall(provider=provider, operation="chat", model=model), answer, exchange(host=host)
    )


def test_cost_is_stated_else_table_else_unknown() -> None:
    """A cost the provider states wins over the table; a model without a price has no cost, not a
    cost of 0.
    """
    tokens = {"prompt_tokens": 1000, "completion_tokens": 100}
    stated = priced("openrouter", "openai/gpt-4o-mini", {**tokens, "cost": 0.00123})
    assert (stated.cost_usd, stated.cost_basis) == ("0.00123", CostBasis.STATED)
    ticks = priced("xai", "grok-4", {**tokens, "cost_in_usd_ticks": 12_300_000})
    assert (ticks.cost_usd, ticks.cost_basis) == ("0.00123", CostBasis.STATED)
    table = priced("openai", "gpt-4o-mini", tokens)
    assert (Decimal(table.cost_usd or "0"), table.cost_basis) == (
        Decimal("0.00021"),
        CostBasis.TABLE,
    )
    unknown = priced("openai", "no-such-model", tokens)
    assert (unknown.cost_usd, unknown.cost_basis) == (None, CostBasis.UNKNOWN)
    stranger = priced(None, "gpt-4o-mini", tokens)
    assert (stranger.cost_usd, stranger.cost_basis) == (None, CostBasis.UNKNOWN)
    for host in ("localhost", "127.0.0.1", "10.1.2.3", "box.local"):
        assert priced(None, "llama3", tokens, host).cost_basis is CostBasis.LOCAL


def test_cached_tokens_are_priced_as_such() -> None:
    """Anthropic leaves cached tokens out of its input count: they are added at their own price."""
    plain = Decimal(
        priced(
            "anthropic", "claude-sonnet-4-5", {"input_tokens": 1000, "output_tokens": 0}
        ).cost_usd
        or "0"
    )
    cached = priced(
        "anthropic",
        "claude-sonnet-4-5",
        {"input_tokens": 1000, "cache_read_input_tokens": 1000, "output_tokens": 0},
    )
    assert cached.input_tokens == 1000
    assert plain < Decimal(cached.cost_usd or "0") < 2 * plain


PROMPT = {
    "model": "gpt-4o",
    "messages": [
        {"role": "user", "content": "Write a short story about a lighthouse keeper. " * 20}
    ],
}


def test_streams_without_usage_are_estimated_with_a_band() -> None:
    """A stream that states no usage gets an estimate that says it is one, and how far off it may
    be.
    """
    text = "Once upon a time there was a lighthouse at the end of the world."
    body = sse(*(chunk(word + " ") for word in text.split()), done=True)
    call = LlmCall(provider="openai", operation="chat", model="gpt-4o", stream=True)
    answer = Answer(status=200, headers=(("content-type", "text/event-stream"),), body=body)
    done = complete(call, answer, exchange(), Payload(json=PROMPT))
    assert done.tokens_basis is TokensBasis.ESTIMATED
    assert done.tokens_band == "±12 %"
    assert 150 < (done.input_tokens or 0) < 260
    assert 10 <= (done.output_tokens or 0) <= 20
    assert done.cost_basis is CostBasis.TABLE


WORDS = [{"role": "user", "content": "Write a short story about a lighthouse. " * 9}]
PICTURE = {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}


@pytest.mark.parametrize(
    ("model", "more", "band"),
    [
        ("gpt-4o", {}, "±12 %"),
        ("gpt-4.1-mini", {}, "±12 %"),
        ("ft:gpt-4o-mini:acme::1", {}, "±12 %"),
        ("openai/gpt-3.5-turbo", {}, "±12 %"),
        (
            "gpt-4o",
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]},
            "±12 %",
        ),
        ("gpt-4o", {"tools": [{"type": "function", "function": {"name": "f"}}]}, None),
        ("gpt-4o", {"response_format": {"type": "json_schema", "json_schema": {}}}, None),
        ("gpt-4o", {"n": 3}, None),
        ("gpt-4o", {"messages": [{"role": "user", "content": [PICTURE]}]}, None),
        ("gpt-4o", {"messages": [*WORDS, {"role": "tool", "content": "x"}]}, None),
        ("gpt-4o-audio-preview", {}, None),
        ("gpt-5", {}, None),
        ("o3-mini", {}, None),
        ("gpt-oss-120b", {}, None),
        ("claude-sonnet-4-5", {}, None),
        ("gemini-2.5-flash", {}, None),
        ("my-deployment", {}, None),
    ],
)
def test_a_band_is_given_only_where_it_holds(
    model: str, more: dict[str, object], band: str | None
) -> None:
    """Where a model reads or thinks more than the request shows, no band is true, and none is
    given.
    """
    body = sse(chunk("Once upon a time "), done=True)
    call = LlmCall(provider=None, operation="chat", model=model, stream=True)
    answer = Answer(status=200, headers=(("content-type", "text/event-stream"),), body=body)
    asked = {"model": model, "messages": WORDS, **more}
    done = complete(call, answer, exchange(), Payload(json=asked))
    assert (done.tokens_basis, done.tokens_band) == (TokensBasis.ESTIMATED, band)


@pytest.mark.parametrize("status", [400, 401, 429, 500, None])
def test_refused_calls_are_not_estimated(status: int | None) -> None:
    """A call that the provider refused used no tokens that anybody could know."""
    answer = Answer(
        status=status,
        headers=(("content-type", "application/json"),),
        body=b'{"error":{"message":"no"}}',
    )
    done = complete(
        LlmCall(provider="openai", operation="chat", model="gpt-4o"),
        answer,
        exchange(),
        Payload(json=PROMPT),
    )
    assert (done.tokens_basis, done.input_tokens, done.cost_usd) == (
        TokensBasis.UNKNOWN,
        None,
        None,
    )


def test_repr_shows_no_payload() -> None:
    """A tap that ends up in a log shows sizes only."""
    tap = UsageTap(LlmCall(provider=None, operation="chat"), head("application/json"), exchange())
    tap.feed(ndjson({"secret": "text"}))
    assert "text" not in repr(tap)


def test_an_answer_leaves_memory_when_it_was_read() -> None:
    """Of an answer that was finished nothing waits to be looked for as garbage, whatever its kind:
    a bounded memory is one that is free again at once.
    """
    kinds = {
        "application/json": b'{"usage": {"prompt_tokens": 1, "completion_tokens": 2}}',
        "text/event-stream": b'data: {"usage": {"prompt_tokens": 1}}\n\ndata: [DONE]\n\n',
        "application/x-ndjson": b'{"done": true, "eval_count": 3}\n',
        "application/vnd.amazon.eventstream": bytes(40),
        "application/grpc": b"\0\0\0\0\x02ab",
        "image/png": b"\x89PNG12345",
    }
    call = LlmCall(provider="openai", operation="chat")
    gc.collect()
    gc.disable()
    try:
        for kind, body in kinds.items():
            tap = UsageTap(call, Answer(status=200, headers=(("content-type", kind),)))
            tap.feed(body)
            assert tap.finish() == tap.finish(), kind
        del tap
        assert not [one for one in gc.get_objects() if isinstance(one, UsageTap)]
    finally:
        gc.enable()


@pytest.mark.parametrize("size", [64 * 1024, 1 << 20])
def test_thousands_of_usages_in_one_piece_are_not_all_parsed(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """A server that states usage in each of many events tells it with the last: others do not wait
    while all of them are read.
    """
    parsed = 0
    loads = orjson.loads

    def counted(data: bytes) -> object:
        nonlocal parsed
        parsed += 1
        return loads(data)

    monkeypatch.setattr(orjson, "loads", counted)
    events = [
        {"model": "m", "choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": n}}
        for n in range(2_000)
    ]
    body = sse(*events, done=True)
    answer = head("text/event-stream")
    tap = UsageTap(LlmCall(provider=None, operation="chat", model="m", stream=True), answer)
    for piece in cut(body, size):
        tap.feed(piece)
    done = tap.finish(answer)
    assert (done.input_tokens, done.output_tokens) == (9, 1_999)
    assert parsed <= 70 * (len(body) // size + 2)
