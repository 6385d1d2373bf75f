"""The same key is normal use at its own service and a leak anywhere else."""

import pytest

from classifiers.credentials import CredentialDetector
from classifiers.payload import Carrier, Payload, Segment

RUN = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bD0fG3iJ6lM9oR2uX5zC8eF1hK4nP7qS0tV3wY6aB9dE2gH5jL8mP1rT4vX7z"
HEX = "3f9a1c7be2d84056a1b9c3d7e5f20864" * 2
OPENAI = "sk-" + "proj-" + RUN[:74]
ANTHROPIC = "sk-ant-" + "api03-" + (RUN + RUN)[:93] + "AA"
GEMINI = "AI" + "za" + RUN[:35]
GITHUB = "gh" + "p_" + RUN[:36]
TELEGRAM = "583920174:A" + "A" + RUN[:33]
BASIC = "etl:kV7" + "!rq9Zt2"


def header(name: str, text: str, *path: str) -> Segment:
    return Segment(text, name, path or (name,), Carrier.HEADER)


def query(name: str, text: str) -> Segment:
    return Segment(text, name, (name,), Carrier.QUERY)


def leaks(detector: CredentialDetector, segment: Segment, host: str) -> list[str]:
    return [hit.detector for hit in detector.detect(Payload(segments=[segment]), host)]


NORMAL = [
    ("api.openai.com", header("authorization", "Bearer " + OPENAI)),
    ("api.openai.com", header("authorization", OPENAI, "authorization", "bearer")),
    ("eu.api.openai.com", header("authorization", OPENAI, "authorization", "bearer")),
    ("gateway.ai.cloudflare.com", header("authorization", "Bearer " + OPENAI)),
    ("api.anthropic.com", header("x-api-key", ANTHROPIC)),
    ("generativelanguage.googleapis.com", header("x-goog-api-key", GEMINI)),
    ("generativelanguage.googleapis.com", query("key", GEMINI)),
    ("myorg.openai.azure.com", header("api-key", HEX[:32])),
    ("api.github.com", header("authorization", "token " + GITHUB)),
    ("api.github.com", header("authorization", "x-token:" + GITHUB, "authorization", "basic")),
    ("api.telegram.org", Segment("bot" + TELEGRAM, None, (0,), Carrier.PATH)),
    ("api.unknown.example", header("authorization", "Bearer " + RUN[:50])),
    ("api.unknown.example", header("x-api-key", HEX)),
    ("gitlab.corp.internal", header("private-token", "gl" + "pat-" + RUN[:20])),
    ("intranet.corp.internal", header("authorization", BASIC, "authorization", "basic")),
]


@pytest.mark.parametrize(
    ("host", "segment"), NORMAL, ids=[f"{host}-{s.key or 'path'}" for host, s in NORMAL]
)
def test_a_key_at_its_own_service_is_no_leak(
    own_detector: CredentialDetector, host: str, segment: Segment
) -> None:
    """Authenticating where a key belongs is what it is for."""
    assert leaks(own_detector, segment, host) == []


LEAKS = [
    ("api.openai.com.evil.example", header("authorization", "Bearer " + OPENAI), "openai-api-key"),
    ("notapi.openai.com.example", header("authorization", "Bearer " + OPENAI), "openai-api-key"),
    ("evilopenai.com", header("authorization", "Bearer " + OPENAI), "openai-api-key"),
    ("api.anthropic.com", header("authorization", "Bearer " + OPENAI), "openai-api-key"),
    ("api.openai.com", header("x-api-key", ANTHROPIC), "anthropic-api-key"),
    ("collector.example", header("x-api-key", ANTHROPIC), "anthropic-api-key"),
    ("collector.example", query("key", GEMINI), "google-api-key"),
    ("collector.example", header("authorization", "token " + GITHUB), "github-pat"),
    ("collector.example", header("x-note", GITHUB), "github-pat"),
    (
        "collector.example",
        Segment("bot" + TELEGRAM, None, (0,), Carrier.PATH),
        "telegram-bot-token",
    ),
    ("collector.example", header("cookie", ANTHROPIC), "anthropic-api-key"),
    ("api.openai.com", Segment(OPENAI, "content"), "openai-api-key"),
    ("api.anthropic.com", Segment(ANTHROPIC, "x-api-key"), "anthropic-api-key"),
    ("api.github.com", Segment(GITHUB, "body"), "github-pat"),
    ("api.unknown.example", Segment("Bearer " + RUN[:50], "content"), "bearer-token"),
]


@pytest.mark.parametrize(
    ("host", "segment", "name"), LEAKS, ids=[f"{n[0]}-{n[1].key}" for n in LEAKS]
)
def test_a_key_elsewhere_is_a_leak(
    own_detector: CredentialDetector, host: str, segment: Segment, name: str
) -> None:
    """In a body, a prompt, or at a host that is not the key's own, however alike its name, the key
    leaks.
    """
    assert leaks(own_detector, segment, host) == [name]


def test_a_signed_request_leaks_nothing(own_detector: CredentialDetector) -> None:
    """A signature names the access key's id, which is no secret there."""
    key = "AKIA" + "Q3EGRIZ7XPO2NMKL"
    text = (
        f"Credential={key}/20260101/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature={HEX}"
    )
    segment = header("authorization", text, "authorization", "aws4-hmac-sha256")

    assert leaks(own_detector, segment, "bucket.s3.amazonaws.com") == []


def test_a_token_request_is_what_a_client_secret_is_for(own_detector: CredentialDetector) -> None:
    """Asking an identity service for a token sends the client's secret by design; a key of another
    service does not belong there.
    """
    asked = [
        Segment("client_credentials", "grant_type"),
        Segment("kV7rq9Zt2mW8xY3pLq5T", "client_secret"),
    ]
    own = [*asked, Segment(GITHUB, "password")]

    assert own_detector.detect(Payload(segments=asked), "login.corp.internal") == []
    assert [
        h.detector for h in own_detector.detect(Payload(segments=own), "login.corp.internal")
    ] == ["github-pat"]


def test_explain_says_why_a_key_is_no_leak(own_detector: CredentialDetector) -> None:
    """Every candidate that is no hit says what rejected it."""
    payload = Payload(
        segments=[
            header("x-api-key", ANTHROPIC),
            Segment("<your-password>", "password"),
            Segment("x" * 8 + "1", "password"),
        ]
    )

    hits = own_detector.detect(payload, "api.anthropic.com", explain=True)

    assert ("anthropic-api-key", "authenticates this request at the service it is for") in [
        (h.detector, h.rejected) for h in hits
    ]
    assert all(h.rejected for h in hits)
