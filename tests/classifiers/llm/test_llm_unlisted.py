"""Hosts that no catalogue has: what is a call of a model there, and what is none."""

import orjson
import pytest
from llm_requests import CHAT, CLAUDE, CONVERSE, GEMINI, seen

from destinations import SERVICES

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
