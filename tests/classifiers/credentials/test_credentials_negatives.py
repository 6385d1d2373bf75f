"""What looks like a secret and is none."""

import base64
import lzma
import os
import pathlib
import random
import string
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from families import with_each

from classifiers.credentials import CredentialDetector
from classifiers.decoding import decode
from classifiers.payload import Carrier, Payload, Segment
from core.exchange import Exchange

HEX = "0123456789abcdef"
ALNUM = string.ascii_letters + string.digits
UUID = "4f9d2c1e-7b3a-4e58-9c06-1d2e3f4a5b6c"
RUN = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bD0fG3iJ6lM9oR2uX5zC8eF1hK4nP7qS0tV3wY6aB9dE2gH5jL8mP1rT4vX7z"

NEGATIVES = [
    ("idempotency_key", UUID),
    ("prompt_cache_key", UUID),
    ("primary_key", UUID),
    ("api_key_id", UUID),
    ("token_id", UUID),
    ("etag", RUN[:32]),
    ("passport-number", "C01X4037H"),
    ("Numéro de passeport", "C01X4037H"),
    ("numero_passeport", "C01X4037H"),
    ("Número do passaporte", "C01X4037H"),
    ("Passaporto", "C01X4037H"),
    ("Passnummer", "C01X4037H"),
    ("Pass-Nr.", "C01X4037H"),
    ("passaggio", "Tr4mB12a"),
    ("sha256", "3f9a1c7be2d84056" * 4),
    ("commit", "3f9a1c7be2" * 4),
    ("integrity", "sha512-" + RUN[:86] + "=="),
    ("traceparent", "00-3f9a1c7be2d840563f9a1c7be2d84056-3f9a1c7be2d84056-01"),
    ("id", "chatcmpl-" + RUN[:29]),
    ("tool_call_id", "call_" + RUN[:24]),
    ("tool_use_id", "toolu_01" + RUN[:22]),
    ("previous_response_id", "resp_" + RUN[:48]),
    ("publishable_key", "pk_live_" + RUN[:24]),
    ("posthog_token", "phc_" + RUN[:43]),
    ("token", "phc_" + RUN[:43]),
    ("dsn", "https://3f9a1c7be2d840563f9a1c7be2d84056@o12345.ingest.sentry.io/67890"),
    ("next_page_token", RUN[:64]),
    ("nextPageToken", RUN[:88]),
    ("page_token", RUN[:40]),
    ("continuationToken", RUN[:60]),
    ("cursor", RUN[:60]),
    ("secretName", "web-tls-x7k2m9q4"),
    ("secret_name", "prod/db-9x8k2"),
    ("secretKeyRef", "db-9x8k2m"),
    ("max_tokens", "4096"),
    ("max_completion_tokens", "16384"),
    ("prompt_tokens", "1234567890123"),
    ("token_count", "98765432101234"),
    ("token_type", "bearer2x9k2m4q7"),
    ("password", "********"),
    ("password", "<password>"),
    ("password", "${DB_PASSWORD}"),
    ("password", "{{ vault_pw_1 }}"),
    ("password", "changeme"),
    ("password", "required"),
    ("password", "Incorrect"),
    ("password", "string"),
    ("password", "your-password-here"),
    ("password", "XXXXXXXX1"),
    ("password_hash", "$2b$12$" + RUN[:53]),
    ("password_policy", "min12Characters!"),
    ("password_updated_at", "2026-01-01T10:00:00Z"),
    ("password_reset_url", "https://app.corp.internal/reset?id=9x8"),
    ("api_key", "YOUR_API_KEY"),
    ("api_key", "sk-..."),
    ("api_key", "xxxxxxxxxxxxxxxx1234"),
    ("api_key", "os.environ['API_KEY_2']"),
    ("api_key", "settings.API_KEY_V2"),
    ("csrf_token", RUN[:43]),
    ("device_token", "3f9a1c7be2d84056" * 4),
    ("sync_token", RUN[:40]),
    ("tokenizer", "cl100k_base_v2_2024_01"),
    ("special_tokens_map", "eos_token_2_bos_1234"),
    ("author", "secretary2@corp.internal"),
    ("arn", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbC123"),
    ("storage_key", UUID + "/" + UUID + ".jpg"),
    ("access_token_url", "https://login.corp.internal/oauth2/token9"),
    ("image_url", "data:image/png;base64,iVBORw0KGgo" + RUN * 8),
    ("signature", RUN * 3),
    ("encrypted_content", RUN * 4),
    ("thinking", RUN),
    (
        "content",
        (
            "The password must have 8 characters, one digit and one sign. Never share your password"
            " with anyone."
        ),
    ),
    (
        "content",
        (
            "token = get_token(client_id, scope2)\npassword ="
            " os.environ['DB_PASSWORD_2']\napi_key=settings.API_KEY2"
        ),
    ),
    ("content", "if password == user.password2: raise ValueError('secret1')"),
    ("content", "def check(password: str, token: int = 12345678901234): ..."),
    (
        "content",
        "The secret is 42 and the token was 1,234,567 last year; API key: see section 3.2.1",
    ),
    ("content", "Total tokens: 123456789012345, cache key 3f9a1c7be2d840563f9a1c7be2d84056"),
    ("content", "skip-to-content sk-tracing-123 task-1234567890abcdef"),
    ("content", "postgres://user:password@localhost:5432/db and https://user:pass@example.com/"),
    ("content", "mysql://${USER}:${PASS}@db/x"),
    ("content", "git@github.com:org/repo.git ssh://git@host:22/x http://[::1]:8080/@x"),
    ("content", "mailto:user:name@example.com 12:34@56"),
    ("content", "Authorization: Bearer <token> and Authorization: Basic <credentials>"),
    ("content", "Bearer token authentication is required here, see docs"),
    ("content", "AKIA is the prefix; AKIAXXXXXXXXXXXXXXXX is a mask; ghp_" + "x" * 36),
    ("content", "curl -u user:password https://x.example -H 'Accept: a'"),
    ("model", "sk-learn-classifier-2024-large-model-name"),
    ("content", "eyJhbGciOiJIUzI1NiJ9"),
    ("content", "-----BEGIN CERTIFICATE-----\n" + RUN[:64] * 4),
]


@with_each(("key", "text"), NEGATIVES)
def test_what_only_looks_like_a_secret_is_not_reported(
    full_detector: CredentialDetector, key: str, text: str
) -> None:
    """Identifiers, hashes, placeholders and talk about passwords raise no alarm, with every rule
    active.
    """
    hits = full_detector.detect(Payload(segments=[Segment(text, key, (key,))]), "llm.example")

    assert [(h.detector, h.value) for h in hits] == []


def test_a_thousand_generated_look_alikes_raise_no_alarm(full_detector: CredentialDetector) -> None:
    """Random identifiers of services under the names they travel with: none is taken for a
    secret.
    """
    rng = random.Random(20261121)

    def run(alphabet: str, size: int) -> str:
        return "".join(rng.choice(alphabet) for _ in range(size))

    wrong = []
    for _ in range(100):
        uuid = "-".join(run(HEX, n) for n in (8, 4, 4, 4, 12))
        cases = {
            "cache_key": run(HEX, 40),
            "partition_key": uuid,
            "x-request-id": "req_" + run(ALNUM, 24),
            "etag": 'W/"' + run(HEX, 32) + '"',
            "next_page_token": run(ALNUM + "-_", 80),
            "commit_sha": run(HEX, 40),
            "id": "chatcmpl-" + run(ALNUM, 29),
            "tool_call_id": "call_" + run(ALNUM, 24),
            "session_id": uuid,
            "content": f"see {uuid}, {run(HEX, 64)} and {run(ALNUM, 30)}",
        }
        payload = Payload(segments=[Segment(text, key, (key,)) for key, text in cases.items()])
        wrong += [
            (h.detector, payload.segments[h.segment].key)
            for h in full_detector.detect(payload, "llm.example")
        ]

    assert wrong == []


def test_cells_of_numbers_and_headers_of_clients_raise_no_alarm(
    full_detector: CredentialDetector,
) -> None:
    """What every HTTP client sends along is not looked at with suspicion."""
    names = {
        "user-agent": "python-httpx/0.28.1",
        "x-request-id": UUID,
        "traceparent": "00-" + "3f9a1c7b" * 4 + "-" + "3f9a1c7b" * 2 + "-01",
        "x-amz-date": "20260101T000000Z",
        "x-amz-content-sha256": "3f9a1c7be2d84056" * 4,
        "if-none-match": '"' + RUN[:32] + '"',
        "openai-organization": "org-" + RUN[:24],
        "anthropic-version": "2023-06-01",
        "idempotency-key": UUID,
    }
    payload = Payload(
        segments=[Segment(text, key, (key,), Carrier.HEADER) for key, text in names.items()]
    )

    assert full_detector.detect(payload, "api.unknown.example") == []


RECORDINGS = os.environ.get("OUTGATE_RECORDINGS", "")


@pytest.mark.skipif(not RECORDINGS, reason="OUTGATE_RECORDINGS names no folder of recordings")
def test_recorded_llm_requests_raise_no_alarm(full_detector: CredentialDetector) -> None:
    """Real requests to language models, credentials replaced, are clean: at most 2 in 1,000 may be
    flagged.
    """
    with lzma.open(pathlib.Path(RECORDINGS) / "llm-dev.har.xz") as file:
        entries = orjson.loads(file.read())["log"]["entries"]
    flagged = [
        i
        for i, entry in enumerate(entries)
        if full_detector.detect(decode(_exchange(entry)), "llm.example")
    ]

    assert len(flagged) <= len(entries) * 2 // 1000


def _exchange(entry: dict[str, Any]) -> Exchange:
    posted = entry["request"].get("postData", {})
    text = posted.get("text") or ""
    body = base64.b64decode(text) if posted.get("encoding") == "base64" else text.encode()
    headers = (("content-type", posted.get("mimeType", "")),)
    return Exchange(
        id="-",
        at=datetime.now(UTC),
        scheme="https",
        host="llm.example",
        port=443,
        method="POST",
        path="/",
        headers=headers,
        body=body,
        body_bytes=len(body),
    )
