"""Keys of model providers are known again, and never told."""

import pytest
from llm_requests import FINGERPRINTER, seen


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
