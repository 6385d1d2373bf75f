"""Real SDKs against a real gate: a block is each SDK's own permission error, readable, after
exactly one attempt. Each SDK is imported by its own call: they take seconds to load.
"""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from classifiers.engine import EngineSetup
from classifiers.gate_classifier import GateClassifier
from core.decision import Decision, Verdict
from core.organisation import Organisation

RULE = "no-personal-cloud"
QUESTION = [{"role": "user", "content": "hello"}]


@pytest.fixture(scope="module")
def engine() -> GateClassifier:
    """The real classifier: it knows the services."""
    return GateClassifier(EngineSetup(key=b"k" * 32, organisation=Organisation()))


@pytest.fixture
def blocking(gate: Any, engine: GateClassifier, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A gate that blocks everything, found by every SDK through the usual variables."""
    gate.classifier.on_headers = engine.on_headers
    blocked = Decision(
        verdict=Verdict.BLOCK,
        rule=RULE,
        reason="This account is not ours",
        contact="privacy@example.com",
    )
    gate.policy.decide_on_headers = lambda _: blocked
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{gate.port}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(gate.roots))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AK" + "IA" + "0" * 16)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x" * 40)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return gate


def openai_chat() -> str:
    import openai

    with (
        openai.OpenAI(api_key="none") as client,
        pytest.raises(openai.PermissionDeniedError) as error,
    ):
        client.chat.completions.create(model="gpt-4o-mini", messages=QUESTION)  # type: ignore[arg-type]
    return str(error.value)


def openai_stream() -> str:
    import openai

    with (
        openai.OpenAI(api_key="none") as client,
        pytest.raises(openai.PermissionDeniedError) as error,
    ):
        list(client.responses.create(model="gpt-4o-mini", input="hello", stream=True))
    return error.value.message


def openai_async() -> str:
    import openai

    async def call() -> str:
        async with openai.AsyncOpenAI(api_key="none") as client:
            with pytest.raises(openai.PermissionDeniedError) as error:
                await client.embeddings.create(model="text-embedding-3-small", input="hello")
            return str(error.value)

    return asyncio.run(call())


def anthropic_messages() -> str:
    import anthropic

    with (
        anthropic.Anthropic(api_key="none") as client,
        pytest.raises(anthropic.PermissionDeniedError) as error,
    ):
        client.messages.create(model="claude-3", max_tokens=5, messages=QUESTION)  # type: ignore[arg-type]
    return str(error.value)


def google_genai() -> str:
    import google.genai
    import google.genai.errors

    client = google.genai.Client(api_key="none")
    with pytest.raises(google.genai.errors.ClientError) as error:
        client.models.generate_content(model="gemini-2.0-flash", contents="hello")
    assert (error.value.code, error.value.status) == (403, "PERMISSION_DENIED")
    return str(error.value)


def s3_put() -> str:
    import boto3
    import botocore.exceptions

    client = boto3.client("s3", region_name="eu-central-1")
    with pytest.raises(botocore.exceptions.ClientError) as error:
        client.put_object(Bucket="ledger", Key="a.csv", Body=b"a,b\n1,2\n" * 1000)
    assert error.value.response["Error"]["Code"] == "AccessDenied"
    assert error.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    return str(error.value)


def s3_large(tmp: Path) -> str:
    import boto3
    import botocore.exceptions

    path = tmp / "large.csv"
    path.write_bytes(b"a,b\n1,2\n" * 1_000_000)
    client = boto3.client("s3", region_name="eu-central-1")
    with path.open("rb") as body, pytest.raises(botocore.exceptions.ClientError) as error:
        client.put_object(Bucket="ledger", Key="large.csv", Body=body)
    return str(error.value)


def bedrock() -> str:
    import boto3

    client = boto3.client("bedrock-runtime", region_name="eu-central-1")
    with pytest.raises(client.exceptions.AccessDeniedException) as error:
        client.converse(
            modelId="amazon.nova-lite-v1:0",
            messages=[{"role": "user", "content": [{"text": "hello"}]}],
        )
    return str(error.value)


def sns() -> str:
    import boto3
    import botocore.exceptions

    client = boto3.client("sns", region_name="eu-central-1")
    with pytest.raises(botocore.exceptions.ClientError) as error:
        client.publish(TopicArn="arn:aws:sns:eu-central-1:123456789012:t", Message="hello")
    assert error.value.response["Error"]["Code"] == "AccessDenied"
    return str(error.value)


def ec2() -> str:
    import boto3
    import botocore.exceptions

    client = boto3.client("ec2", region_name="eu-central-1")
    with pytest.raises(botocore.exceptions.ClientError) as error:
        client.create_tags(Resources=["i-1"], Tags=[{"Key": "a", "Value": "b"}])
    assert error.value.response["Error"]["Code"] == "AccessDenied"
    return str(error.value)


def route53() -> str:
    import boto3
    import botocore.exceptions

    client = boto3.client("route53", region_name="eu-central-1")
    with pytest.raises(botocore.exceptions.ClientError) as error:
        client.create_hosted_zone(Name="x.example", CallerReference="r")
    return str(error.value)


def graph_by_requests() -> str:
    import requests

    url = "https://graph.microsoft.com/v1.0/me/drive/root:/a.csv:/content"
    answer = requests.put(url, data=b"a,b\n1,2\n", timeout=20)
    with pytest.raises(requests.HTTPError):
        answer.raise_for_status()
    error = answer.json()["error"]
    assert error["code"] == "accessDenied"
    return str(error["message"])


def dropbox_by_httpx() -> str:
    import httpx

    answer = httpx.post("https://content.dropboxapi.com/2/files/upload", content=b"x", timeout=20)
    with pytest.raises(httpx.HTTPStatusError):
        answer.raise_for_status()
    return str(answer.json()["error_summary"])


def telegram_by_aiohttp() -> str:
    import aiohttp

    async def call() -> str:
        async with (
            # aiohttp reads the variables for certificates once, when it is imported: here, before
            # the gate was there.
            aiohttp.ClientSession(
                trust_env=True, connector=aiohttp.TCPConnector(ssl=ssl.create_default_context())
            ) as session,
            session.post(
                f"https://api.telegram.org/bot{1}:{'a' * 35}/sendMessage", json={"text": "x"}
            ) as answer,
        ):
            with pytest.raises(aiohttp.ClientResponseError):
                answer.raise_for_status()
            return str((await answer.json())["description"])

    return asyncio.run(call())


def upload_by_requests() -> str:
    import requests

    answer = requests.put("https://files.example/big", data=iter([b"x" * 100_000] * 20), timeout=20)
    assert answer.status_code == 403
    return answer.text


def retrying_requests() -> str:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util.retry import Retry

    with requests.Session() as session:
        retry = Retry(
            total=5,
            backoff_factor=0,
            status_forcelist=[429, 500, 502, 503, 504],
            allowed_methods=None,
        )
        session.mount("https://", HTTPAdapter(max_retries=retry))
        answer = session.post("https://files.example/x", json={"a": 1}, timeout=20)
    assert answer.status_code == 403
    return answer.text


CALLS: list[Callable[[], str]] = [
    openai_chat,
    openai_stream,
    openai_async,
    anthropic_messages,
    google_genai,
    s3_put,
    bedrock,
    sns,
    ec2,
    route53,
    graph_by_requests,
    dropbox_by_httpx,
    telegram_by_aiohttp,
    upload_by_requests,
    retrying_requests,
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_a_block_is_a_readable_error_after_one_attempt(
    blocking: Any, call: Callable[[], str]
) -> None:
    """Whoever is blocked reads that it was Outgate, by which rule, and what to quote; nothing is
    tried twice.
    """
    message = call()

    [record] = blocking.evidence.closed
    for word in ("Outgate", RULE, "This account is not ours", "privacy@example.com", record.id):
        assert word in message
    assert blocking.internet.bytes_received == 0
    assert blocking.internet.arrivals == []


def test_a_large_s3_upload_is_blocked_before_its_body(blocking: Any, tmp_path: Path) -> None:
    """A large upload to S3 is refused on its headers, readable, once."""
    message = s3_large(tmp_path)

    [record] = blocking.evidence.closed
    assert "Outgate" in message
    assert record.id in message
    assert blocking.internet.bytes_received == 0
