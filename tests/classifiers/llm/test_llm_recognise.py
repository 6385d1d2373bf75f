"""Which requests are calls of a model or a tool server, at known hosts, at any other, and which
must not be taken for one.
"""

import hashlib
from datetime import UTC, datetime
from urllib.parse import urlsplit

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from llm_streams import field, grpc

from classifiers.llm import recognise
from classifiers.payload import Payload, Segment
from core.classification import LlmCall
from core.exchange import Exchange
from core.fingerprint import Fingerprinter
from destinations import SERVICES
from examples import most

FINGERPRINTER = Fingerprinter(b"k" * 32)
CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}
CLAUDE = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 9,
    "system": "be kind",
    "messages": [{"role": "user", "content": "hello"}],
}
GEMINI = {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}
CONVERSE = {
    "messages": [{"role": "user", "content": [{"text": "hello"}]}],
    "inferenceConfig": {"maxTokens": 9},
}


def request(
    url: str, body: object = None, method: str = "POST", **headers: str
) -> tuple[Exchange, Payload]:
    parts = urlsplit(url)
    raw = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
    named = {
        "content-type": "application/json",
        **{k.replace("_", "-"): v for k, v in headers.items()},
    }
    exchange = Exchange(
        id="x",
        at=datetime(2026, 11, 21, tzinfo=UTC),
        scheme=parts.scheme,
        host=parts.hostname or "",
        port=parts.port or 443,
        method=method,
        path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        headers=tuple(named.items()),
        body=raw,
        body_bytes=len(raw),
    )
    try:
        json = orjson.loads(raw)
    except orjson.JSONDecodeError:
        json = None
    return exchange, Payload(json=json, plain=raw)


def seen(url: str, body: object = None, method: str = "POST", **headers: str) -> LlmCall | None:
    return recognise(*request(url, body, method, **headers), FINGERPRINTER)


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


UNKNOWN = [
    ("/v1/chat/completions", CHAT, "chat"),
    ("/v1/chat/completions", {}, "chat"),
    ("/openai/deployments/x/embeddings", {"input": ["a"]}, "embeddings"),
    ("/v1/responses", {"model": "local", "input": "hi"}, "responses"),
    ("/v1/responses", {"prompt": {"id": "pmpt_1"}}, "responses"),
    ("/v1/embeddings", {"model": "local", "input": "hi"}, "embeddings"),
    ("/v1/completions", {"model": "local", "prompt": "hi"}, "text_completion"),
    ("/v1/messages", CLAUDE, "chat"),
    ("/v1beta/models/x:generateContent", GEMINI, "generate_content"),
    ("/model/x/converse", CONVERSE, "chat"),
    ("/model/x/invoke", {"message": "hi", "max_tokens": 5}, "invoke"),
    ("/api/chat", {"model": "llama3", "messages": CHAT["messages"]}, "chat"),
    ("/api/generate", {"model": "whatever", "prompt": "hi"}, "text_completion"),
    ("/generate", {"inputs": "hi", "parameters": {"max_new_tokens": 9}}, "text_completion"),
    ("/v2/embed", {"model": "local", "texts": ["a"]}, "embeddings"),
    ("/v1/rerank", {"model": "x", "query": "q", "documents": ["a"]}, "rerank"),
    ("/v1/images/generations", {"prompt": "a cat"}, "image"),
    ("/v1/moderations", {"input": "x"}, "moderation"),
    ("/v1/predictions", {"version": "abc", "input": {"prompt": "x"}}, "invoke"),
]


@pytest.mark.parametrize(("path", "body", "operation"), UNKNOWN)
def test_unknown_host_with_the_path_of_a_model(path: str, body: object, operation: str) -> None:
    """A model behind an unlisted host is found by path and body together."""
    call = seen("http://10.1.2.3:9000" + path, body)
    assert call is not None
    assert (call.provider, call.operation) == (None, operation)
    assert "host" not in call.evidence


@pytest.mark.parametrize(
    ("body", "family", "operation"),
    [
        (CHAT, "openai", "chat"),
        (CLAUDE, "anthropic", "chat"),
        (GEMINI, "gemini", "generate_content"),
        (CONVERSE, "bedrock", "chat"),
        ({"model": "gpt-5", "input": "hi"}, "openai", "responses"),
        ({"model": "x", "input": [{"role": "user", "content": "hi"}]}, "openai", "responses"),
        (
            {
                "model": "x",
                "input": [{"type": "function_call_output", "call_id": "c", "output": "o"}],
            },
            "openai",
            "responses",
        ),
        ({"model": "llama3", "messages": CHAT["messages"], "options": {}}, "ollama", "chat"),
        ({"message": "hi", "chat_history": [], "model": "command-r"}, "cohere", "chat"),
        (
            {"model_id": "ibm/granite", "input": "hi", "parameters": {}},
            "watsonx",
            "text_completion",
        ),
        ({"messages": CHAT["messages"], "temperature": 0}, "openai", "chat"),
        (
            {
                "model": "mistral",
                "messages": [{"role": "tool", "content": "x", "tool_call_id": "1"}],
            },
            "openai",
            "chat",
        ),
        (
            {"request": GEMINI, "model": "gemini-2.5-pro", "project": "p"},
            "gemini",
            "generate_content",
        ),
        ({"chatRequest": {"messages": []}, "compartmentId": "c"}, "oci", "chat"),
    ],
)
def test_the_body_alone_tells(body: object, family: str, operation: str) -> None:
    """Host and path renamed to hide a model call do not hide it: the body has its shape."""
    call = seen("https://innocent.example/x/y", body)
    assert call is not None
    assert call.operation == operation
    assert f"shape:{family}" in call.evidence


def test_a_body_that_is_cut_off_is_still_recognised() -> None:
    """A chat too large to be kept whole, or with broken JSON, is recognised by its beginning."""
    raw = orjson.dumps({"model": "x", "messages": [{"role": "user", "content": "a" * 100}]})[:-20]
    call = seen("https://innocent.example/x", raw)
    assert call is not None
    assert call.operation == "chat"


HARMLESS = [
    ("https://api.stripe.com/v1/customers", {"name": "x"}),
    ("https://api.github.com/repos/a/b/issues", {"title": "t", "body": "b"}),
    ("https://slack.com/api/chat.postMessage", {"channel": "C1", "text": "hello"}),
    ("https://example.example/api/chat", {"message": "hi", "user": 1}),
    ("https://example.example/v1/messages", {"to": "+491234", "body": "hi"}),
    ("https://example.example/v1/messages", {"messages": [{"to": "a", "text": "b"}]}),
    ("https://example.example/orders", {"input": "a", "model": "T-1000"}),
    ("https://example.example/v1/files", {"name": "x"}),
    ("https://example.example/v1/generate", {"template": "invoice", "format": "pdf"}),
    ("https://example.example/predictions", {"city": "x"}),
    ("https://example.example/v1/rerank", {"query": "x"}),
    ("https://example.example/graphql", {"query": "{me{id}}", "variables": {}}),
    ("https://example.example/search", {"query": "x", "documents": ["a"]}),
    (
        "https://memory.example/v1/memories",
        {"messages": CHAT["messages"], "user_id": "u", "org_id": "o"},
    ),
    ("https://example.example/x", {"contents": [{"text": "a"}]}),
    ("https://example.example/x", {"contents": "abc"}),
    ("https://example.example/x", {"prompt": "Name?"}),
    ("https://example.example/x", {"inputs": {"a": 1}, "parameters": {"b": 2}}),
    ("https://example.example/x", {"texts": ["a", "b"]}),
    ("https://example.example/x", {"message": "deployed", "model": "prod"}),
    ("https://example.example/rpc", {"jsonrpc": "2.0", "method": "eth_call", "params": []}),
    (
        "https://example.example/rpc",
        {"jsonrpc": "2.0", "method": "initialize", "params": {"rootUri": "x"}},
    ),
    (
        "https://example.example/",
        {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "message/send",
            "params": {"message": {"role": "user", "parts": [{"kind": "text", "text": "x"}]}},
        },
    ),
    (
        "https://example.example/",
        {"jsonrpc": "2.0", "id": 1, "method": "tasks/get", "params": {"id": "1"}},
    ),
    ("https://storage.googleapis.com/upload/storage/v1/b/x/o", {"name": "x"}),
    ("https://www.googleapis.com/drive/v3/files", {"name": "x"}),
    ("https://api.smith.langchain.com/runs/batch", {"post": [{"inputs": CHAT}]}),
    ("https://api.cloudflare.com/client/v4/zones", {"name": "x"}),
    ("https://mycompany.cloud.databricks.com/api/2.0/jobs/create", {"name": "x"}),
    ("https://huggingface.co/api/models", {"search": "x"}),
    ("https://ollama.com/library", {"x": 1}),
    ("https://auth.openai.com/oauth/token", {"grant_type": "x"}),
    ("https://example.example/v1/traces", {"resourceSpans": [{"x": CHAT}]}),
    ("https://example.example/x", [CHAT]),
    ("https://example.example/x", "text"),
    ("https://example.example/x", None),
]


@pytest.mark.parametrize(("url", "body"), HARMLESS)
def test_what_is_no_model_call(url: str, body: object) -> None:
    """Ordinary interfaces with words like message, prompt, model or generate are not taken for
    models.
    """
    assert seen(url, body) is None


@pytest.mark.parametrize("shape", ["{h}.evil.example", "{h}-evil.example", "{h}.evil", "a.evil{d}"])
def test_look_alike_hosts_are_never_labelled_as_the_provider(shape: str) -> None:
    """A look-alike host gets no provider's name; its traffic is judged by shape alone."""
    sites = [site for service in SERVICES if service.llm is not None for site in service.sites]
    hosts = {host.removeprefix("*.") for site in sites for host in site.hosts}
    for host in (h for h in hosts if not h.startswith("/")):
        fake = shape.format(h=host, d=".".join(host.split(".")[-2:]))
        call = seen(f"https://{fake}/v1/chat/completions", CHAT)
        assert call is not None
        assert call.provider is None, fake
        assert seen(f"https://{fake}/v1/other", {"a": 1}) is None


@pytest.mark.parametrize(
    ("headers", "body", "tool", "evidence"),
    [
        (
            {},
            {
                "jsonrpc": "2.0",
                "id": 1,
                "method": "tools/call",
                "params": {"name": "search", "arguments": {}},
            },
            ("search",),
            ("mcp:tools/call",),
        ),
        (
            {},
            {
                "jsonrpc": "2.0",
                "id": 1,
                "method": "initialize",
                "params": {"protocolVersion": "2025-06-18"},
            },
            (),
            ("mcp:initialize",),
        ),
        ({}, [{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}], (), ("mcp:tools/list",)),
        (
            {"mcp_protocol_version": "2026-07-28"},
            {"jsonrpc": "2.0", "id": 1, "method": "server/discover"},
            (),
            ("mcp:server/discover",),
        ),
        ({"mcp_session_id": "s"}, {"jsonrpc": "2.0", "id": 1, "method": "ping"}, (), ("mcp:ping",)),
        ({"mcp_session_id": "s"}, {"jsonrpc": "2.0", "id": 1, "result": {}}, (), ("mcp:response",)),
        (
            {"mcp_method": "tools/call", "mcp_name": "search"},
            None,
            ("search",),
            ("mcp:tools/call",),
        ),
        (
            {"mcp_method": "tools/list", "mcp_protocol_version": "2026-07-28"},
            {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "delete_all"}},
            ("delete_all",),
            ("mcp:tools/call", "mcp-header-mismatch"),
        ),
        (
            {"mcp_method": "tools/call", "mcp_name": "search"},
            {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "delete_all"}},
            ("delete_all",),
            ("mcp:tools/call", "mcp-header-mismatch"),
        ),
    ],
)
def test_tool_servers(
    headers: dict[str, str], body: object, tool: tuple[str, ...], evidence: tuple[str, ...]
) -> None:
    """Calls of tool servers are named in every revision of the protocol, with the tool; a header
    that lies is noted.
    """
    call = seen("https://tools.example/mcp", body, **headers)
    assert call is not None
    assert (call.operation, call.tools, call.evidence) == ("mcp", tool, evidence)


def test_an_open_tool_server_stream_is_a_call() -> None:
    """Listening to a tool server is seen too, although it sends no body."""
    call = seen("https://tools.example/mcp", None, "GET", mcp_session_id="s")
    assert call is not None
    assert call.operation == "mcp"


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


PNG = b"\x89PNG\r\n" + b"x" * 90


def b64(data: bytes) -> str:
    import base64

    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("part", "media_type"),
    [
        (
            {"type": "image_url", "image_url": {"url": "data:image/png;base64," + b64(PNG)}},
            "image/png",
        ),
        ({"type": "input_image", "image_url": "data:image/png;base64," + b64(PNG)}, "image/png"),
        (
            {
                "type": "file",
                "file": {
                    "filename": "a.pdf",
                    "file_data": "data:application/pdf;base64," + b64(PNG),
                },
            },
            "application/pdf",
        ),
        ({"type": "input_audio", "input_audio": {"data": b64(PNG), "format": "wav"}}, "audio/wav"),
        (
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": b64(PNG)},
            },
            "image/png",
        ),
        ({"image": {"format": "png", "source": {"bytes": b64(PNG)}}}, "image/png"),
        ({"document": {"format": "csv", "name": "x", "source": {"bytes": b64(PNG)}}}, "text/csv"),
        (
            {
                "type": "tool_result",
                "content": [
                    {"type": "image", "source": {"media_type": "image/png", "data": b64(PNG)}}
                ],
            },
            "image/png",
        ),
    ],
)
def test_attachments_in_messages(part: object, media_type: str) -> None:
    """Each file or image in a prompt is recorded by type, size and hash of its bytes."""
    call = seen(
        "https://x.example/y",
        {
            "model": "m",
            "messages": [{"role": "user", "content": [{"type": "text", "text": "see"}, part]}],
        },
    )
    assert call is not None
    [attachment] = call.attachments
    assert (attachment.media_type, attachment.bytes, attachment.sha256) == (
        media_type,
        len(PNG),
        hashlib.sha256(PNG).hexdigest(),
    )


def _said(role: str, content: object, **more: object) -> dict[str, object]:
    return {"model": "m", "messages": [{"role": role, "content": content, **more}]}


PICTURE = b64(PNG)
URL = "data:image/png;base64," + PICTURE
INLINE = {"inlineData": {"mimeType": "image/png", "data": PICTURE}}
MCP_IMAGE = {"type": "image", "data": PICTURE, "mimeType": "image/png"}
CLAUDE_IMAGE = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": PICTURE},
}


@pytest.mark.parametrize(
    "body",
    [
        _said("user", [{"type": "tool_result", "tool_use_id": "t", "content": [CLAUDE_IMAGE]}]),
        _said(
            "user",
            [{"type": "tool_result", "content": orjson.dumps([MCP_IMAGE]).decode()}],
        ),
        _said("tool", [{"type": "image_url", "image_url": {"url": URL}}], tool_call_id="t"),
        _said("tool", orjson.dumps({"content": [MCP_IMAGE]}).decode(), tool_call_id="t"),
        _said("tool", orjson.dumps({"screenshot": 1, "image": {"url": URL}}).decode()),
        _said(
            "user",
            [
                {
                    "toolResult": {
                        "toolUseId": "t",
                        "content": [{"image": {"format": "png", "source": {"bytes": PICTURE}}}],
                    }
                }
            ],
        ),
        {
            "model": "m",
            "input": [
                {
                    "type": "function_call_output",
                    "call_id": "c",
                    "output": [{"type": "input_image", "image_url": URL}],
                }
            ],
        },
        {
            "model": "m",
            "input": [
                {
                    "type": "function_call_output",
                    "call_id": "c",
                    "output": orjson.dumps([MCP_IMAGE]).decode(),
                }
            ],
        },
        {
            "model": "m",
            "input": [
                {
                    "type": "computer_call_output",
                    "output": {"type": "computer_screenshot", "image_url": URL},
                }
            ],
        },
        {
            "contents": [
                {
                    "role": "user",
                    "parts": [
                        {
                            "functionResponse": {
                                "name": "f",
                                "response": {"ok": True},
                                "parts": [INLINE],
                            }
                        }
                    ],
                }
            ]
        },
        _said(
            "user",
            [
                {
                    "type": "tool_result",
                    "content": [
                        {
                            "type": "resource",
                            "resource": {"uri": "x", "mimeType": "image/png", "blob": PICTURE},
                        }
                    ],
                }
            ],
        ),
    ],
    ids=range(11),
)
def test_files_in_results_of_tools_are_attachments(body: object) -> None:
    """What a tool gave back leaves with the next call: a picture in it counts once."""
    call = recognise(*request("https://api.openai.com/v1/chat/completions", body))
    assert call is not None
    assert [(a.media_type, a.bytes) for a in call.attachments] == [("image/png", len(PNG))]


def test_words_of_tools_and_people_are_no_attachments() -> None:
    """JSON without a file, and what a person writes about one, carry none."""
    for body in (
        _said("tool", orjson.dumps({"data": [1, 2], "url": "https://x/y.png"}).decode()),
        _said("tool", '{"data": "short"}'),
        _said("tool", '{"data": "' + PICTURE),
        _said("user", orjson.dumps([MCP_IMAGE]).decode()),
    ):
        call = recognise(*request("https://api.openai.com/v1/chat/completions", body))
        assert call is not None
        assert call.attachments == ()


def test_attachments_of_gemini_and_ollama() -> None:
    """So are those of families that put them elsewhere."""
    inline = {
        "contents": [
            {"role": "user", "parts": [{"inlineData": {"mimeType": "image/png", "data": b64(PNG)}}]}
        ]
    }
    images = {
        "model": "llava",
        "messages": [{"role": "user", "content": "see", "images": [b64(PNG)]}],
        "options": {},
    }
    for body, media_type in ((inline, "image/png"), (images, None)):
        call = seen("https://x.example/y", body)
        assert call is not None
        assert [(a.media_type, a.bytes) for a in call.attachments] == [(media_type, len(PNG))]


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


@pytest.mark.parametrize(
    ("headers", "url", "key_class"),
    [
        (
            {"authorization": "Bearer " + "sk-" + "proj-abc"},
            "https://api.openai.com/v1/models",
            "project",
        ),
        (
            {"authorization": "Bearer " + "sk-" + "svcacct-abc"},
            "https://api.openai.com/v1/models",
            "service-account",
        ),
        (
            {"authorization": "Bearer " + "sk-" + "ant-oat01-abc"},
            "https://api.anthropic.com/v1/messages",
            "oauth",
        ),
        (
            {"x_api_key": "sk-" + "ant-api03-abc"},
            "https://api.anthropic.com/v1/messages",
            "api-key",
        ),
        (
            {"api_key": "0123456789abcdef"},
            "https://x.openai.azure.com/openai/v1/responses",
            "api-key",
        ),
        (
            {},
            "https://generativelanguage.googleapis.com/v1beta/models/x:generateContent?key="
            + "AI"
            + "zaXyz",
            "api-key",
        ),
        (
            {
                "authorization": (
                    "AWS4-HMAC-SHA256 Credential="
                    + "AK"
                    + "IAQNZGKIQY56JQ7WML/20261121/us-east-1/bedrock/aws4_request, SignedHeaders=x"
                )
            },
            "https://bedrock-runtime.us-east-1.amazonaws.com/model/x/invoke",
            "aws-access-key",
        ),
        (
            {"cookie": "a=b; sessionKey=" + "sk-" + "ant-sid01-x"},
            "https://claude.ai/api/organizations/0a0a0a0a-2222-4333-8444-555555555555/x",
            "session",
        ),
    ],
)
def test_keys_become_fingerprints(headers: dict[str, str], url: str, key_class: str) -> None:
    """A key is known by its class and a keyed fingerprint; the key itself is nowhere in the
    result.
    """
    call = seen(url, {}, **headers)
    assert call is not None
    assert call.key_class == key_class
    assert call.key_fingerprint is not None
    assert len(call.key_fingerprint) == 16
    assert not any(
        part in repr(call)
        for part in ("proj-abc", "zaXyz", "QNZGKIQY", "sid01-x", "0123456789abcdef")
    )


def test_the_same_key_has_the_same_fingerprint_wherever_it_is() -> None:
    """The key in a header and the same key found in a text share one fingerprint."""
    key = "sk-" + "proj-" + "z" * 20
    call = seen("https://api.openai.com/v1/models", {}, authorization=f"Bearer {key}")
    assert call is not None
    assert call.key_fingerprint == FINGERPRINTER.of("secret", key)


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
