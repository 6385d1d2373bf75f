"""Which requests are calls of a model or a tool server, at known hosts, at any other, and which
must not be taken for one.
"""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from llm_requests import CHAT, CLAUDE, CONVERSE, FINGERPRINTER, GEMINI, request, seen
from llm_streams import field, grpc

from classifiers.llm import recognise
from classifiers.payload import Payload, Segment
from core.exchange import Exchange
from examples import most


@pytest.mark.parametrize(
    ("url", "body", "provider", "operation", "model", "stream"),
    [
        ("https://api.openai.com/v1/chat/completions", CHAT, "openai", "chat", "gpt-4o", False),
        (
            "https://eu.api.openai.com/v1/responses",
            {"model": "gpt-5", "input": "hi", "stream": True},
            "openai",
            "responses",
            "gpt-5",
            True,
        ),
        ("https://api.openai.com/v1/models", None, "openai", "models", None, False),
        (
            "https://api.openai.com/v1/threads/thread_abc/runs",
            {"assistant_id": "asst_1"},
            "openai",
            "assistants",
            None,
            False,
        ),
        (
            "https://api.openai.com/v1/traces/ingest",
            {"data": []},
            "openai",
            "telemetry",
            None,
            False,
        ),
        (
            "wss://api.openai.com/v1/realtime?model=gpt-realtime",
            None,
            "openai",
            "realtime",
            "gpt-realtime",
            True,
        ),
        (
            "https://acme.openai.azure.com/openai/deployments/my-gpt/chat/completions?api-version=1",
            {"messages": CHAT["messages"]},
            "azure",
            "chat",
            "my-gpt",
            False,
        ),
        (
            "https://api.anthropic.com/v1/messages",
            CLAUDE,
            "anthropic",
            "chat",
            "claude-sonnet-4-5",
            False,
        ),
        (
            "https://api.anthropic.com/v1/messages/count_tokens",
            CLAUDE,
            "anthropic",
            "count_tokens",
            "claude-sonnet-4-5",
            False,
        ),
        (
            "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
            GEMINI,
            "google",
            "generate_content",
            "gemini-2.5-flash",
            True,
        ),
        (
            "https://generativelanguage.googleapis.com/v1beta/models/text-embedding-004:batchEmbedContents",
            {"requests": []},
            "google",
            "embeddings",
            "text-embedding-004",
            False,
        ),
        (
            "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/l/publishers/anthropic/models/claude-opus-4@20250514:streamRawPredict",
            CLAUDE,
            "google-vertex",
            "chat",
            "claude-sonnet-4-5",
            True,
        ),
        (
            "https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse-stream",
            CONVERSE,
            "aws-bedrock",
            "chat",
            "anthropic.claude-3-haiku-20240307-v1:0",
            True,
        ),
        (
            "https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com/model/amazon.titan-text-lite-v1/invoke",
            {"inputText": "x"},
            "aws-bedrock",
            "invoke",
            "amazon.titan-text-lite-v1",
            False,
        ),
        (
            "https://bedrock-runtime.us-east-1.amazonaws.com/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A012345678901%3Ainference-profile%2Fus.x/converse",
            CONVERSE,
            "aws-bedrock",
            "chat",
            "arn:aws:bedrock:us-east-1:012345678901:inference-profile/us.x",
            False,
        ),
        (
            "https://api.groq.com/openai/v1/chat/completions",
            {**CHAT, "stream": True},
            "groq",
            "chat",
            "gpt-4o",
            True,
        ),
        (
            "https://openrouter.ai/api/v1/chat/completions",
            CHAT,
            "openrouter",
            "chat",
            "gpt-4o",
            False,
        ),
        (
            "https://api.cloudflare.com/client/v4/accounts/0123/ai/run/@cf/meta/llama-3",
            {"prompt": "x"},
            "cloudflare-workers-ai",
            "invoke",
            "@cf/meta/llama-3",
            False,
        ),
        (
            "https://adb-1.cloud.databricks.com/serving-endpoints/my-model/invocations",
            {"messages": CHAT["messages"]},
            "databricks",
            "invoke",
            "my-model",
            False,
        ),
        ("https://api.cohere.com/v2/chat", CHAT, "cohere", "chat", "gpt-4o", False),
        (
            "http://127.0.0.1:11434/api/chat",
            {"model": "llama3", "messages": CHAT["messages"]},
            "ollama",
            "chat",
            "llama3",
            True,
        ),
        (
            "http://127.0.0.1:11434/api/generate",
            {"model": "llama3", "prompt": "x", "stream": False},
            "ollama",
            "text_completion",
            "llama3",
            False,
        ),
        (
            "https://chatgpt.com/backend-api/conversation",
            {"messages": []},
            "chatgpt-web",
            "chat",
            None,
            False,
        ),
        (
            "https://claude.ai/api/organizations/0a0a0a0a-2222-4333-8444-555555555555/chat_conversations/1/completion",
            {"prompt": "x"},
            "claude-web",
            "chat",
            None,
            False,
        ),
        (
            "https://api.voyageai.com/v1/embeddings",
            {"input": ["a"], "model": "voyage-3"},
            "voyageai",
            "embeddings",
            "voyage-3",
            False,
        ),
        (
            "https://api.elevenlabs.io/v1/text-to-speech/v1",
            {"text": "x"},
            "elevenlabs",
            "audio",
            None,
            False,
        ),
    ],
)
def test_known_providers(
    url: str, body: object, provider: str, operation: str, model: str | None, stream: bool
) -> None:
    """Every provider of the catalogue is named, with what was asked of which model."""
    call = seen(url, body, "GET" if url.endswith("/models") else "POST")
    assert call is not None
    assert (call.provider, call.operation, call.model, call.stream) == (
        provider,
        operation,
        model,
        stream,
    )
    assert "host" in call.evidence


@pytest.mark.parametrize(
    ("path", "headers", "found"),
    [
        ("/v1/models", {"x_stainless_lang": "python"}, True),
        ("/v1/files/file-1", {"x_stainless_lang": "python"}, True),
        ("/v1/models", {"anthropic_version": "2023-06-01"}, True),
        ("/v1/models", {}, False),
        ("/v1/customers", {"x_stainless_lang": "python"}, False),
        ("/accounts/1/images/v1", {"x_stainless_lang": "python"}, False),
    ],
)
def test_management_calls_by_the_clients_of_model_providers(
    path: str, headers: dict[str, str], found: bool
) -> None:
    """Listing models at an unlisted host is a call when a provider's own client asks; other
    clients' lists are not.
    """
    assert (seen("http://10.0.0.1:8000" + path, None, "GET", **headers) is not None) is found


@pytest.mark.parametrize(
    ("body", "tools"),
    [
        (
            {
                **CHAT,
                "tools": [{"type": "function", "function": {"name": "a"}}, {"type": "web_search"}],
            },
            ("a", "web_search"),
        ),
        ({**CLAUDE, "tools": [{"name": "a", "input_schema": {}}]}, ("a",)),
        (
            {
                **GEMINI,
                "tools": [
                    {"functionDeclarations": [{"name": "a"}, {"name": "b"}]},
                    {"googleSearch": {}},
                ],
            },
            ("a", "b", "googleSearch"),
        ),
        ({**CONVERSE, "toolConfig": {"tools": [{"toolSpec": {"name": "a"}}]}}, ("a",)),
        ({**CHAT, "functions": [{"name": "a"}]}, ("a",)),
        ({**CHAT, "tools": "x"}, ()),
    ],
)
def test_tools_that_the_model_may_call(body: object, tools: tuple[str, ...]) -> None:
    """The names of tools offered to the model are recorded."""
    call = seen("https://x.example/y", body)
    assert call is not None
    assert call.tools == tools


def test_grpc_requests_name_their_model() -> None:
    """A gRPC call is read without its schema."""
    gemini = grpc(field(1, b"models/gemini-2.5-flash") + field(2, b"x"))
    call = seen(
        "https://generativelanguage.googleapis.com/google.ai.generativelanguage.v1beta.GenerativeService/GenerateContent",
        gemini,
        content_type="application/grpc",
    )
    assert call is not None
    assert (call.operation, call.model) == ("generate_content", "gemini-2.5-flash")
    xai = grpc(field(1, b"msg") + field(2, b"grok-4"))
    call = seen(
        "http://10.0.0.1:1/xai_api.Chat/GetCompletion", xai, content_type="application/grpc"
    )
    assert call is not None
    assert (call.operation, call.model) == ("chat", "grok-4")


def test_form_uploads_name_their_model() -> None:
    """An audio file sent as a form names its model in a field."""
    exchange, payload = request(
        "https://api.openai.com/v1/audio/transcriptions",
        b"--x",
        content_type="multipart/form-data; boundary=x",
    )
    payload.segments.append(Segment("whisper-1", "model"))
    call = recognise(exchange, payload, FINGERPRINTER)
    assert call is not None
    assert (call.operation, call.model) == ("audio", "whisper-1")


def test_headers_alone_tell_at_known_hosts_and_distinctive_paths() -> None:
    """Before the body is there, host and path already say what most calls are."""
    for url in ("https://api.openai.com/v1/responses", "http://10.0.0.1:8000/v1/chat/completions"):
        exchange, _ = request(url, CHAT)
        assert recognise(exchange, None) is not None
    exchange, _ = request("http://10.0.0.1:8000/v1/orders", CHAT)
    assert recognise(exchange, None) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                (
                    "messages role content parts input contents prompt tools function name type source"
                    " data model inputs parameters texts documents query jsonrpc method params request"
                    " chat_history image_url url bytes"
                ).split()
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(
    json_values,
    st.sampled_from(
        [
            "/v1/chat/completions",
            "/v1/messages",
            "/x",
            "/model/%/invoke",
            "/v1beta/models/:generateContent",
        ]
    ),
    st.sampled_from(["api.openai.com", "10.0.0.1"]),
)
@settings(max_examples=most(400), deadline=None)
def test_no_body_breaks_recognition(body: object, path: str, host: str) -> None:
    """Whatever a request holds, recognising it never fails, and a known host is always a call."""
    call = recognise(
        Exchange(
            id="x",
            at=datetime(2026, 1, 1, tzinfo=UTC),
            scheme="https",
            host=host,
            port=443,
            method="POST",
            path=path,
            headers=(),
            body=b"{}",
            body_bytes=2,
        ),
        Payload(json=body),
        FINGERPRINTER,
    )
    if host == "api.openai.com":
        assert call is not None


ODD_WORDS = [
    {"messages": [{"role": [], "content": "x"}]},
    {"input": [{"role": {}, "type": ["message"]}]},
    {"inputs": {"role": [], "type": {}}},
    {"messages": [{"role": "user", "content": [{"type": [], "text": "x"}]}]},
]


@pytest.mark.parametrize("body", ODD_WORDS, ids=str)
def test_a_word_that_is_no_text_breaks_nothing(body: dict[str, object]) -> None:
    """Roles and types may be lists or objects in a body that others wrote."""
    assert seen("https://api.openai.com/v1/chat/completions", {"model": "gpt-4o", **body})
