"""What the secrets detector finds, in which place, and under which type."""

import pytest

from classifiers.credentials import CredentialDetector
from classifiers.payload import Payload, Segment
from core.findings import SECRET
from core.organisation import Organisation

_RUN = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bD0fG3iJ6lM9oR2uX5zC8eF1hK4nP7qS0tV3wY6aB9dE2gH5jL8mP1rT4vX7z"
_HEX = "3f9a1c7be2d84056a1b9c3d7e5f20864" * 4


@pytest.fixture(scope="module")
def detector() -> CredentialDetector:
    return CredentialDetector(None, Organisation())


def _chat(text: str) -> Payload:
    return Payload(segments=[Segment("user", "role"), Segment(text, "content", ("messages", 0, "content"))])


SECRETS = [
    ("aws-access-key", "AKIA" + "Q3EGRIZ7XPO2NMKL"),
    ("openai-api-key", "sk-" + "proj-" + _RUN[:74]),
    ("anthropic-api-key", "sk-ant-" + "api03-" + (_RUN + _RUN)[:93] + "AA"),
    ("google-api-key", "AI" + "za" + _RUN[:35]),
    ("github-pat", "gh" + "p_" + _RUN[:36]),
    ("gitlab-token", "gl" + "pat-" + _RUN[:20]),
    ("slack-token", "xo" + "xb-" + "2839471650-3948271650-" + _RUN[:24]),
    ("stripe-secret-key", "sk_" + "live_" + _RUN[:24]),
    ("sendgrid-api-key", "S" + "G." + _RUN[:22] + "." + _RUN[22:65]),
    ("huggingface-token", "h" + "f_" + _RUN[:34]),
    ("databricks-token", "da" + "pi" + _HEX[:32]),
    ("telegram-bot-token", "583920174:A" + "A" + _RUN[:33]),
    ("npm-token", "np" + "m_" + _RUN[:36]),
    ("digitalocean-token", "do" + "p_v1_" + _HEX[:64]),
]


@pytest.mark.parametrize(("detector_name", "secret"), SECRETS, ids=[name for name, _ in SECRETS])
@pytest.mark.parametrize("frame", ["{}", "my key is {} thanks", "KEY={}\nNEXT=1", "Zürich: „{}“", "({})", '"{}",'])
def test_an_issued_key_is_found_where_it_stands(
    detector: CredentialDetector, detector_name: str, secret: str, frame: str
) -> None:
    """A key of a well-known provider inside a prompt is found, named, and its place is exact."""
    payload = _chat(frame.format(secret))

    hits = detector.detect(payload, "llm.example")

    assert [(SECRET, detector_name, secret, 1)] == [(h.kind, h.detector, h.value, h.segment) for h in hits]
    assert payload.segments[1].text[hits[0].start : hits[0].end] == secret
