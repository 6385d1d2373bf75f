"""Where requests go and whose account they use, and what of a path may be stored."""

import base64
from datetime import UTC, datetime
from urllib.parse import urlsplit

import orjson
import pytest

from classifiers.destinations import Bindings, destination
from core.classification import AccountKind, Category, LlmCall
from core.exchange import Exchange
from core.fingerprint import Fingerprinter
from core.organisation import Organisation
from destinations.amazon import aws_account
from destinations.microsoft import CONSUMER_TENANT

OWN_TENANT = "11111111-2222-4333-8444-555555555555"
OTHER_TENANT = "99999999-2222-4333-8444-555555555555"
ORGANISATION = Organisation(
    name="Example",
    domains=frozenset({"example.com"}),
    accounts={
        "microsoft": frozenset({OWN_TENANT, "contoso"}),
        "aws": frozenset({"029608264753"}),
        "openai": frozenset({"example-org"}),
        "anthropic": frozenset({"0a0a0a0a-2222-4333-8444-555555555555"}),
        "github": frozenset({"example-corp"}),
        "telegram": frozenset({"111111111"}),
        "google": frozenset({"example-project"}),
    },
)
NOBODY = Organisation()


def bindings() -> Bindings:
    return Bindings(Fingerprinter(b"k" * 32))


def jwt(**claims: object) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(orjson.dumps(value)).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part(claims)}.{part('x')}"


def exchange(method: str, url: str, body: bytes = b"", **headers: str) -> Exchange:
    parts = urlsplit(url)
    return Exchange(
        id="x",
        at=datetime(2026, 11, 21, tzinfo=UTC),
        scheme=parts.scheme,
        host=parts.hostname or "",
        port=parts.port or 443,
        method=method,
        path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()),
        body=body,
        body_bytes=len(body),
    )


@pytest.mark.parametrize(
    ("method", "url", "headers", "service", "category", "kind", "upload"),
    [
        (
            "PUT",
            "https://graph.microsoft.com/v1.0/me/drive/root:/l.csv:/content",
            {"authorization": f"Bearer {jwt(tid=OWN_TENANT)}"},
            "onedrive",
            "cloud_storage",
            "corporate",
            True,
        ),
        (
            "PUT",
            "https://graph.microsoft.com/v1.0/me/drive/root:/l.csv:/content",
            {"authorization": f"Bearer {jwt(tid=CONSUMER_TENANT)}"},
            "onedrive",
            "cloud_storage",
            "personal",
            True,
        ),
        (
            "PUT",
            "https://graph.microsoft.com/v1.0/me/drive/root:/l.csv:/content",
            {"authorization": f"Bearer {jwt(tid=OTHER_TENANT)}"},
            "onedrive",
            "cloud_storage",
            "other_tenant",
            True,
        ),
        (
            "PUT",
            "https://graph.microsoft.com/v1.0/me/drive/root:/l.csv:/content",
            {"authorization": "Bearer opaque"},
            "onedrive",
            "cloud_storage",
            "unknown",
            True,
        ),
        (
            "GET",
            "https://graph.microsoft.com/v1.0/me/drive/root/children",
            {},
            "onedrive",
            "cloud_storage",
            "unknown",
            False,
        ),
        (
            "POST",
            "https://graph.microsoft.com/v1.0/me/sendMail",
            {},
            "outlook",
            "messaging",
            "unknown",
            True,
        ),
        (
            "PUT",
            "https://api.onedrive.com/v1.0/drive/root:/x:/content",
            {},
            "onedrive-personal",
            "cloud_storage",
            "personal",
            True,
        ),
        (
            "PUT",
            "https://contoso-my.sharepoint.com/_api/x",
            {},
            "sharepoint",
            "cloud_storage",
            "corporate",
            True,
        ),
        (
            "PUT",
            "https://fabrikam.sharepoint.com/_api/x",
            {},
            "sharepoint",
            "cloud_storage",
            "other_tenant",
            True,
        ),
        (
            "PUT",
            f"https://acct.blob.core.windows.net/c/f?sktid={OTHER_TENANT}&sig=abc",
            {},
            "azure-blob",
            "cloud_storage",
            "other_tenant",
            True,
        ),
        (
            "PUT",
            "https://b.s3.eu-west-1.amazonaws.com/f?X-Amz-Credential=ASIAQNZGKIQY56JQ7WML%2F20261121",
            {},
            "aws-s3",
            "cloud_storage",
            "corporate",
            True,
        ),
        (
            "GET",
            "https://s3.amazonaws.com/bucket/f",
            {},
            "aws-s3",
            "cloud_storage",
            "other_tenant",
            False,
        ),
        (
            "POST",
            "https://www.googleapis.com/upload/drive/v3/files?uploadType=media",
            {},
            "google-drive",
            "cloud_storage",
            "unknown",
            True,
        ),
        (
            "POST",
            "https://storage.googleapis.com/upload/storage/v1/b/bucket/o",
            {},
            "google-cloud-storage",
            "cloud_storage",
            "other_tenant",
            True,
        ),
        (
            "POST",
            "https://content.dropboxapi.com/2/files/upload",
            {},
            "dropbox",
            "cloud_storage",
            "unknown",
            True,
        ),
        (
            "POST",
            "https://api.dropboxapi.com/2/files/list_folder",
            {},
            "dropbox",
            "cloud_storage",
            "unknown",
            False,
        ),
        (
            "POST",
            "https://upload.box.com/api/2.0/files/content",
            {},
            "box",
            "cloud_storage",
            "unknown",
            True,
        ),
        (
            "POST",
            "https://p01-docws.icloud.com/upload",
            {},
            "icloud",
            "cloud_storage",
            "personal",
            True,
        ),
        ("POST", "https://g.api.mega.co.nz/cs", {}, "mega", "cloud_storage", "personal", True),
        (
            "POST",
            "https://wetransfer.com/api/v4/transfers",
            {},
            "wetransfer",
            "paste",
            "anonymous",
            True,
        ),
        ("PUT", "https://transfer.sh/x.csv", {}, "transfer.sh", "paste", "anonymous", True),
        (
            "POST",
            "https://pastebin.com/api/api_post.php",
            {},
            "pastebin",
            "paste",
            "anonymous",
            True,
        ),
        (
            "POST",
            "https://webhook.site/0e7a2f7e-1111-4222-8333-9b0a0c0d0e0f",
            {},
            "webhook.site",
            "webhook",
            "anonymous",
            True,
        ),
        ("POST", "https://abc123.ngrok-free.app/in", {}, "ngrok", "webhook", "anonymous", True),
        (
            "PUT",
            "https://api.github.com/repos/example-corp/x/contents/a.csv",
            {},
            "github",
            "code_host",
            "corporate",
            True,
        ),
        (
            "PUT",
            "https://api.github.com/repos/somebody/x/contents/a.csv",
            {},
            "github",
            "code_host",
            "other_tenant",
            True,
        ),
        ("POST", "https://api.github.com/gists", {}, "github-gist", "code_host", "unknown", True),
        (
            "GET",
            "https://api.github.com/repos/somebody/x",
            {},
            "github",
            "code_host",
            "other_tenant",
            False,
        ),
        (
            "POST",
            "https://slack.com/api/files.getUploadURLExternal",
            {},
            "slack",
            "messaging",
            "unknown",
            True,
        ),
        ("POST", "https://api.notion.com/v1/pages", {}, "notion", "messaging", "unknown", True),
        (
            "POST",
            "https://discord.com/api/webhooks/123456789012/abc",
            {},
            "discord-webhook",
            "webhook",
            "unknown",
            True,
        ),
        (
            "POST",
            "https://o1.ingest.sentry.io/api/1/envelope/",
            {},
            "sentry",
            "observability",
            "unknown",
            True,
        ),
        (
            "POST",
            "https://cloud.langfuse.com/api/public/ingestion",
            {},
            "langfuse",
            "observability",
            "unknown",
            True,
        ),
        (
            "POST",
            "https://api.openai.com/v1/chat/completions",
            {"openai_organization": "example-org"},
            "openai",
            "llm",
            "corporate",
            False,
        ),
        (
            "POST",
            "https://api.openai.com/v1/chat/completions",
            {"openai_organization": "other"},
            "openai",
            "llm",
            "other_tenant",
            False,
        ),
        ("POST", "https://api.openai.com/v1/files", {}, "openai", "llm", "unknown", True),
        (
            "POST",
            "https://chatgpt.com/backend-anon/conversation",
            {},
            "chatgpt-web",
            "llm",
            "anonymous",
            False,
        ),
        (
            "POST",
            "https://api.individual.githubcopilot.com/chat/completions",
            {},
            "github-copilot",
            "llm",
            "personal",
            False,
        ),
        (
            "POST",
            "https://claude.ai/api/organizations/0a0a0a0a-2222-4333-8444-555555555555/chat_conversations/1/completion",
            {},
            "claude-web",
            "llm",
            "corporate",
            False,
        ),
        ("GET", "https://intranet.example/x", {}, None, "other", "unknown", False),
    ],
)
def test_service_category_and_account(
    method: str,
    url: str,
    headers: dict[str, str],
    service: str | None,
    category: str,
    kind: str,
    upload: bool,
) -> None:
    """Each service that scripts really use is named, with its category, whose account it is, and
    whether data is stored.
    """
    found = destination(exchange(method, url, b"", **headers), ORGANISATION, bindings())
    assert (found.service, found.category.value, found.account.kind.value, found.upload) == (
        service,
        category,
        kind,
        upload,
    )


def test_without_a_list_no_account_is_called_foreign() -> None:
    """An organisation that has listed nothing sees ids as unknown, not as somebody else's."""
    found = destination(
        exchange("PUT", "https://fabrikam.sharepoint.com/_api/x"), NOBODY, bindings()
    )
    assert found.account.kind is AccountKind.UNKNOWN
    assert found.account.id == "fabrikam"


@pytest.mark.parametrize(
    ("path", "stored"),
    [
        (
            "/bot123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw/sendDocument",
            "/bot{number}:{token}/sendDocument",
        ),
        ("/file?sv=2024&sig=AbC%2Fdef&se=2026", "/file?sv=…&sig=…&se=…"),
        (
            "/a.csv?X-Amz-Signature=0011&X-Amz-Credential=x",
            "/a.csv?X-Amz-Signature=…&X-Amz-Credential=…",
        ),
        ("/x?access_token=abc&jane.doe%40example.com=1", "/x?access_token=…&…"),
        ("/users/jane.doe@example.com/mail", "/users/{email}/mail"),
        ("/users/jane.doe%40example.com/mail", "/users/{email}/mail"),
        ("/patients/123-45-6789", "/patients/{number}"),
        ("/t/0e7a2f7e-1111-4222-8333-9b0a0c0d0e0f", "/t/{uuid}"),
        ("/reset/Zk3PqR8sT1vWxY6zA0bC", "/reset/{token}"),
        ("/v1/chat/completions", "/v1/chat/completions"),
        (
            "/model/us.anthropic.claude-3-5-sonnet-20240620-v1%3A0/converse",
            "/model/us.anthropic.claude-3-5-sonnet-20240620-v1:0/converse",
        ),
        (
            "/reports/2026-11-21/general-ledger-export-2026.csv",
            "/reports/2026-11-21/general-ledger-export-2026.csv",
        ),
        (
            "/v1beta/models/gemini-2.5-flash:generateContent",
            "/v1beta/models/gemini-2.5-flash:generateContent",
        ),
    ],
)
def test_stored_paths_hold_no_token_and_no_person(path: str, stored: str) -> None:
    """A stored path keeps what explains the request, and nothing that authorises it or names a
    person.
    """
    host = "api.telegram.org" if path.startswith("/bot") else "unknown.example"
    assert destination(exchange("POST", f"https://{host}{path}"), NOBODY, bindings()).path == stored


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.slack.com/services/T0123ABCD/B0123ABCD/{secret}",
        "https://discord.com/api/webhooks/123456789012/{secret}",
        "https://api.telegram.org/bot123456:{secret}/sendMessage",
        "https://api.telegram.org/file/bot123456:{secret}/x",
        "https://maker.ifttt.com/trigger/x/with/key/{secret}",
        "https://hooks.zapier.com/hooks/catch/123/{secret}/",
        "https://example.example/x?token={secret}",
        "https://example.example/x#{secret}",
        "https://objectstorage.eu-frankfurt-1.oraclecloud.com/p/{secret}/n/x/b/y/o/z",
    ],
)
def test_secrets_of_webhooks_and_signed_urls_are_not_stored(url: str) -> None:
    """Whoever reads the evidence cannot use the webhook or the signed link."""
    secret = "abc" + "DEF123ghiJKL456mnoPQR"
    found = destination(exchange("POST", url.format(secret=secret)), NOBODY, bindings())
    assert secret not in found.path


def test_own_key_makes_the_account_corporate() -> None:
    """A key that the organisation lists by fingerprint is its own, whatever else is unknown."""
    memory = bindings()
    key = "sk-" + "proj-" + "a1B2" * 8
    ours = Organisation(key_fingerprints=frozenset({memory.fingerprint(key)}))
    sent = exchange("POST", "https://api.openai.com/v1/responses", authorization=f"Bearer {key}")
    assert destination(sent, ours, memory).account.kind is AccountKind.CORPORATE
    assert destination(sent, NOBODY, memory).account.kind is AccountKind.UNKNOWN


@pytest.mark.parametrize(
    ("url", "header"),
    [
        ("https://http-intake.logs.datadoghq.com/api/v2/logs", "dd-api-key"),
        ("https://gitlab.com/api/v4/projects/1/uploads", "private-token"),
        ("https://api.elevenlabs.io/v1/text-to-speech/x", "xi-api-key"),
        ("https://api.honeycomb.io/1/events/x", "x-honeycomb-team"),
        ("https://files.wasabisys.com/b/k", "authorization"),
    ],
)
def test_an_own_key_is_known_in_any_providers_header(url: str, header: str) -> None:
    """Providers take their keys in headers of their own: an organisation's key is its own there,
    too.
    """
    memory = bindings()
    key = "0123456789abcdef" * 2
    ours = Organisation(key_fingerprints=frozenset({memory.fingerprint(key)}))
    sent = exchange("POST", url, b"", **{header: key})
    assert destination(sent, ours, memory).account.kind is AccountKind.CORPORATE
    assert destination(sent, NOBODY, memory).account.kind is AccountKind.UNKNOWN
    consumers = exchange("POST", "https://transfer.sh/x", b"", **{header: key})
    assert destination(consumers, ours, memory).account.kind is AccountKind.ANONYMOUS


@pytest.mark.parametrize(
    ("url", "headers", "account", "kind"),
    [
        ("https://api.individual.githubcopilot.com/chat/completions", {}, None, "personal"),
        (
            "https://acme.openai.azure.com/openai/deployments/x/chat/completions",
            {"authorization": f"Bearer {jwt(tid=OTHER_TENANT)}"},
            OTHER_TENANT,
            "other_tenant",
        ),
        (
            "https://bedrock-runtime.us-east-1.amazonaws.com/model/x/converse",
            {"authorization": "AWS4-HMAC-SHA256 Credential=ASIAQNZGKIQY56JQ7WML/20261121/x"},
            "029608264753",
            "corporate",
        ),
        ("https://api.deepseek.com/chat/completions", {}, "example-org", "unknown"),
    ],
)
def test_what_a_token_says_outweighs_a_header_that_anybody_can_set(
    url: str, headers: dict[str, str], account: str | None, kind: str
) -> None:
    """A client that names an organisation in a header does not hide whose token it holds."""
    sent = exchange("POST", url, b"", **{**headers, "openai_organization": "example-org"})
    found = destination(sent, ORGANISATION, bindings()).account
    assert (found.id, found.kind.value) == (account, kind)


def test_an_opaque_token_is_told_as_a_hint_only() -> None:
    """A token that tells nothing is no proof of a personal account, but an officer may know the
    odds.
    """
    for url in (
        "https://graph.microsoft.com/v1.0/me/drive/root:/a:/content",
        "https://dev.azure.com/",
    ):
        sent = exchange("PUT", url, authorization="Bearer opaque")
        found = destination(sent, ORGANISATION, bindings()).account
        assert found.kind is AccountKind.UNKNOWN
        assert "no proof" in (found.evidence or "")


def test_unknown_host_recognised_by_shape_is_an_llm() -> None:
    """A model behind an unknown host is still filed under language models."""
    sent = exchange("POST", "https://ml.internal.example/generate")
    call = LlmCall(provider=None, operation="chat")
    assert destination(sent, NOBODY, bindings(), call).category is Category.LLM
    assert destination(sent, NOBODY, bindings()).category is Category.OTHER


LONG = b"x" * 200_000
AGENT_CALLS = [
    ("/", b'{"jsonrpc":"2.0","id":1,"method":"message/send","params":{}}'),
    ("/", b'{"jsonrpc": "2.0", "method": "message/stream", "params": {}}'),
    ("/a", b'{"params":{"t":"' + LONG + b'"},"jsonrpc":"2.0","method":"message/send"}'),
    ("/", b'{"jsonrpc":"2.0","method":"tasks/sendSubscribe","params":{}}'),
    ("/", b'{"jsonrpc":"2.0","method":"tasks/resubscribe","params":{}}'),
    ("/", b'{"jsonrpc":"2.0","method":"SendMessage","params":{}}'),
    ("/", b'{"jsonrpc":"2.0","method":"SendStreamingMessage","params":{}}'),
    ("/v1/message:send", b'{"message":{"parts":[]}}'),
    ("/agents/7/message:stream?x=1", b'{"message":{"parts":[]}}'),
    ("/a2a.v1.A2AService/SendMessage", b"\0\0\0\0\1x"),
    ("/lf.a2a.v1.A2AService/GetTask", b"\0\0\0\0\1x"),
    ("/", b'{"jsonrpc":"2.0","id":2,"method":"tasks/get","params":{"id":"7","historyLength":3}}'),
    ("/", b'{"jsonrpc":"2.0","id":2,"method":"tasks/cancel","params":{"id":"7"}}'),
    ("/", b'{"jsonrpc":"2.0","id":2,"method":"tasks/list","params":{"contextId":"c1"}}'),
    ("/", b'{"jsonrpc":"2.0","id":2,"method":"GetTask","params":{"id":"7"}}'),
    ("/", b'{"jsonrpc":"2.0","id":2,"method":"ListTasks","params":{}}'),
    ("/", b'{"jsonrpc":"2.0","method":"tasks/pushNotificationConfig/get","params":{"id":"7"}}'),
    ("/", b'{"jsonrpc":"2.0","id":2,"method":"GetExtendedAgentCard"}'),
    ("/v1/tasks/7:cancel", b"{}"),
    ("/tasks/7:subscribe", b""),
    ("/v1/tasks/7/pushNotificationConfigs", b"{}"),
]


@pytest.mark.parametrize(("path", "body"), AGENT_CALLS, ids=range(len(AGENT_CALLS)))
def test_agent_to_agent_calls_are_named_and_reach_models(path: str, body: bytes) -> None:
    """A message to another agent is named as such, and rules on models hold for it."""
    sent = exchange("POST", f"https://agent.example{path}", body)
    found = destination(sent, NOBODY, bindings())
    assert (found.service, found.category) == ("a2a", Category.LLM)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/", b'{"jsonrpc":"2.0","method":"eth_call","params":["message/sent"]}'),
        ("/", b'{"method":"message/send"}'),
        ("/messages/send", b'{"to":"x"}'),
        ("/message", b'{"text":"SendMessage"}'),
        ("/", b'{"jsonrpc":"2.0","method":"tasks/get","params":{}}'),
        ("/", b'{"jsonrpc":"2.0","method":"tasks/get","params":{"taskId":"7"}}'),
        ("/", b'{"jsonrpc":"2.0","method":"tools/call","params":{"name":"GetTask","id":"7"}}'),
        ("/v1/tasks/7", b"{}"),
        ("/queue/tasks/7:run", b"{}"),
    ],
)
def test_other_messages_reach_no_agent(path: str, body: bytes) -> None:
    """Chats, chains and queues that speak of messages are no agents."""
    sent = exchange("POST", f"https://agent.example{path}", body)
    assert destination(sent, NOBODY, bindings()).service is None


def test_aws_account_decodes_from_published_example() -> None:
    """The account number inside an access key id is read as AWS's own tools show it."""
    assert aws_account("ASIA" + "QNZGKIQY56JQ7WML") == "029608264753"
    assert aws_account("AKIA" + "short") is None
    assert aws_account("AKIA" + "!" * 16) is None
