"""Requests as providers document them: whose account each uses, told rightly or not at all."""

import base64
from datetime import UTC, datetime
from urllib.parse import urlsplit

import orjson
import pytest
from families import with_each

from classifiers.destinations import Bindings, destination
from core.classification import Destination
from core.exchange import Exchange
from core.fingerprint import Fingerprinter
from core.host_names import host_of
from core.organisation import Organisation

OURS, THEIRS = "11111111-2222-3333-4444-555555555555", "99999999-8888-7777-6666-555555555555"
CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
OWN_AWS, OTHER_AWS = "581039954779", "609629065308"
ORGANISATION = Organisation(
    domains=frozenset({"acme.example"}),
    accounts={
        "microsoft": frozenset({OURS, "acme", "acmestore"}),
        "aws": frozenset({OWN_AWS, "acme-data"}),
        "slack": frozenset({"T01ACME99"}),
        "github": frozenset({"acme"}),
        "gitlab": frozenset({"acme"}),
        "google-cloud-storage": frozenset({"acme-prod", "acme-bucket"}),
        "zendesk": frozenset({"acme"}),
        "atlassian": frozenset({"acme"}),
        "twilio": frozenset({"AC" + "1" * 32}),
        "huggingface": frozenset({"acme"}),
        "salesforce": frozenset({"acme"}),
    },
)
G = "https://graph.microsoft.com/v1.0"
B = "https://acct7.blob.core.windows.net/c/f.csv"
SAS = "sv=2022-11-02&sr=b&sig=abc%3D"
DELEGATED = f"skoid={THEIRS}&skt=a&ske=b&sks=b&skv=2022-11-02&{SAS}"


def token(tenant: str) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(orjson.dumps(value)).decode().rstrip("=")

    return f"Bearer {part({'alg': 'none'})}.{part({'tid': tenant})}.x"


def key(account: str) -> str:
    """Return an authorization of Amazon's, whose access key id holds this account."""
    number = (int(account) << 7) | (1 << 47)
    text = base64.b32encode(number.to_bytes(6) + b"\0" * 4).decode()[:16]
    return (
        f"AWS4-HMAC-SHA256 Credential=AKIA{text}/20261121/eu-central-1/s3/aws4_request, Signature=0"
    )


def seen(method: str, url: str, authorization: str | None = None, body: bytes = b"") -> Destination:
    parts = urlsplit(url)
    headers = () if authorization is None else (("authorization", authorization),)
    exchange = Exchange(
        id="x",
        at=datetime(2026, 11, 21, tzinfo=UTC),
        scheme="https",
        host=host_of(parts.hostname or ""),
        port=443,
        method=method,
        path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        headers=headers,
        body=body,
        body_bytes=len(body),
    )
    return destination(exchange, ORGANISATION, Bindings(Fingerprinter(b"k" * 32)))


TENANTS = (
    (token(OURS), "corporate"),
    (token(CONSUMERS), "personal"),
    (token(THEIRS), "other_tenant"),
    ("Bearer EwBopaque", "unknown"),
)
GRAPH = [
    ("PUT", f"{G}/me/drive/root:/a.csv:/content", "onedrive"),
    ("PUT", "https://graph.microsoft.com/V1.0/ME/DRIVE/ROOT:/A.csv:/CONTENT", "onedrive"),
    ("POST", "https://GRAPH.microsoft.com/v1.0/Me/Drive/Root/Children", "onedrive"),
    ("POST", f"{G}/drives/b!x/items/1/createUploadSession", "onedrive"),
    ("POST", "https://graph.microsoft.com/BETA/drives/b!x/items/1/CREATEUPLOADSESSION", "onedrive"),
    ("PUT", f"{G}/users/u1/drive/items/1/content", "onedrive"),
    ("PUT", f"{G}/groups/g1/drive/items/1/content", "onedrive"),
    ("PATCH", f"{G}/me/drive/items/1/workbook/worksheets/s/range(address='A1')", "onedrive"),
    ("POST", f"{G}/me/onenote/pages", "onenote"),
    ("POST", f"{G}/me/onenote/sections/1/pages", "onenote"),
    ("PATCH", "https://graph.microsoft.com/v1.0/Me/OneNote/Pages/1/Content", "onenote"),
    ("POST", f"{G}/sites/s1/onenote/pages", "onenote"),
    ("POST", f"{G}/groups/g1/onenote/pages", "onenote"),
    ("POST", f"{G}/me/todo/lists/1/tasks", "microsoft-todo"),
    ("PATCH", "https://graph.microsoft.com/v1.0/ME/TODO/lists/1/tasks/2", "microsoft-todo"),
    ("POST", f"{G}/me/todo/lists/1/tasks/2/attachments/createUploadSession", "microsoft-todo"),
    ("POST", f"{G}/planner/tasks", "microsoft-todo"),
    ("POST", f"{G}/me/sendMail", "outlook"),
    ("POST", "https://graph.microsoft.com/v1.0/me/SENDMAIL", "outlook"),
    ("POST", f"{G}/me/messages", "outlook"),
    ("POST", f"{G}/me/events", "outlook"),
    ("POST", f"{G}/users/u1/contacts", "outlook"),
    ("POST", f"{G}/chats/1/messages", "microsoft-teams"),
    ("POST", f"{G}/teams/1/channels/2/messages", "microsoft-teams"),
]
NOT_STORING = [
    ("GET", f"{G}/me/drive/root/children", "onedrive"),
    ("GET", f"{G}/me/onenote/pages", "onenote"),
    ("GET", f"{G}/me/todo/lists", "microsoft-todo"),
    ("POST", f"{G}/me/drive/root/search", "onedrive"),
    ("GET", f"{G}/users", "microsoft-graph"),
    ("POST", f"{G}/subscriptions", "microsoft-graph"),
]


@with_each(("authorization", "account"), TENANTS)
@with_each(("method", "url", "service"), [*GRAPH, *NOT_STORING])
def test_graph(method: str, url: str, service: str, authorization: str, account: str) -> None:
    """Every way of storing with Microsoft Graph is one, in capitals too, in the token's account."""
    where = seen(method, url, authorization)
    stored = (method, url, service) in GRAPH
    assert (where.service, where.account.kind.value, where.upload) == (service, account, stored)


INNER = [
    (
        [{"id": "1", "method": "PUT", "url": "/me/drive/root:/a:/content", "body": "eA=="}],
        "onedrive",
    ),
    (
        [
            {"id": "1", "method": "GET", "url": "/me"},
            {"id": "2", "method": "post", "url": "me/sendMail"},
        ],
        "outlook",
    ),
    ([{"id": "1", "method": "POST", "url": "/me/onenote/pages"}], "onenote"),
    ([{"id": "1", "method": "GET", "url": "/me/drive/root/children"}], None),
    ([], None),
    (["x", {"method": 1, "url": 2}, {}], None),
    ("no list", None),
]


@pytest.mark.parametrize("path", ["v1.0/$batch", "beta/$batch", "V1.0/$BATCH", "v1.0/%24batch"])
@pytest.mark.parametrize(("requests", "service"), INNER)
def test_a_batch_stores_what_one_inside_stores(
    path: str, requests: object, service: str | None
) -> None:
    """What stands inside a batch is judged like a request of its own."""
    body = orjson.dumps({"requests": requests})
    where = seen("POST", f"https://graph.microsoft.com/{path}", token(CONSUMERS), body)
    assert where.upload is (service is not None)
    assert where.service == (service or "microsoft-graph")
    assert where.account.kind.value == "personal"


ROWS = [
    # Azure storage: unsigned parameters are no evidence.
    ("PUT", f"{B}?{SAS}&sktid={OURS}", None, "azure-blob", "other_tenant", True),
    ("PUT", f"{B}?{SAS}&sktid={OURS}&skoid={OURS}", None, "azure-blob", "other_tenant", True),
    ("PUT", f"{B}?sktid={OURS}", "SharedKey acct7:abc", "azure-blob", "other_tenant", True),
    (
        "PUT",
        f"{B}?{DELEGATED}&sktid={OURS}",
        "SharedKey acct7:abc",
        "azure-blob",
        "other_tenant",
        True,
    ),
    (
        "PUT",
        f"{B}?{DELEGATED}&sktid={OURS}&sktid={THEIRS}",
        None,
        "azure-blob",
        "other_tenant",
        True,
    ),
    ("PUT", f"{B}?{DELEGATED}&sktid={OURS}", None, "azure-blob", "corporate", True),
    ("PUT", f"{B}?{DELEGATED}&sktid={THEIRS}", None, "azure-blob", "other_tenant", True),
    ("PUT", f"{B}?sktid={OURS}", token(THEIRS), "azure-blob", "other_tenant", True),
    ("PUT", B, token(OURS), "azure-blob", "corporate", True),
    (
        "PUT",
        "https://acmestore.blob.core.windows.net/c/f",
        "SharedKey acmestore:x",
        "azure-blob",
        "corporate",
        True,
    ),
    ("GET", "https://acmestore.blob.core.windows.net/c/f", None, "azure-blob", "corporate", False),
    (
        "PATCH",
        "https://acct7.dfs.core.windows.net/fs/f?action=append",
        token(OURS),
        "azure-blob",
        "corporate",
        True,
    ),
    # Amazon: a bucket is no account.
    (
        "PUT",
        "https://acme-data.s3.eu-central-1.amazonaws.com/f",
        key(OTHER_AWS),
        "aws-s3",
        "corporate",
        True,
    ),
    ("PUT", "https://b1.s3.amazonaws.com/f", key(OWN_AWS), "aws-s3", "corporate", True),
    ("PUT", "https://b1.s3.amazonaws.com/f", key(OTHER_AWS), "aws-s3", "other_tenant", True),
    (
        "PUT",
        f"https://{OWN_AWS}.s3.amazonaws.com/f",
        key(OTHER_AWS),
        "aws-s3",
        "other_tenant",
        True,
    ),
    ("PUT", f"https://{OWN_AWS}.s3.amazonaws.com/f", None, "aws-s3", "other_tenant", True),
    (
        "PUT",
        f"https://s3.eu-west-1.amazonaws.com/{OWN_AWS}/f",
        key(OTHER_AWS),
        "aws-s3",
        "other_tenant",
        True,
    ),
    ("GET", "https://b1.s3.amazonaws.com/f", key(OTHER_AWS), "aws-s3", "other_tenant", False),
    # SharePoint and sign-in.
    (
        "PUT",
        "https://acme.sharepoint.com/sites/x/_api/web/f",
        None,
        "sharepoint",
        "corporate",
        True,
    ),
    (
        "POST",
        "https://acme-my.sharepoint.com/_API/web/folders/files/ADD",
        None,
        "sharepoint",
        "corporate",
        True,
    ),
    (
        "POST",
        "https://other.sharepoint.com/_api/web/files/add",
        None,
        "sharepoint",
        "other_tenant",
        True,
    ),
    (
        "PUT",
        "https://api.onedrive.com/v1.0/drive/root:/a:/content",
        "Bearer x",
        "onedrive-personal",
        "personal",
        True,
    ),
    # Messages, code, tickets.
    (
        "POST",
        "https://hooks.slack.com/services/T01ACME99/B1/secret",
        None,
        "slack-webhook",
        "corporate",
        True,
    ),
    (
        "POST",
        "https://hooks.slack.com/services/T0STRANGE/B1/secret",
        None,
        "slack-webhook",
        "other_tenant",
        True,
    ),
    (
        "POST",
        "https://hooks.slack.com/workflows/T01ACME99/A1/secret",
        None,
        "slack-webhook",
        "corporate",
        True,
    ),
    ("POST", "https://slack.com/api/files.upload", "Bearer xoxb-1", "slack", "unknown", True),
    (
        "POST",
        "https://discord.com/api/webhooks/123456789012345678/tok",
        None,
        "discord-webhook",
        "unknown",
        True,
    ),
    (
        "PUT",
        "https://api.github.com/repos/acme/x/contents/f",
        "Bearer ghp_x",
        "github",
        "corporate",
        True,
    ),
    (
        "PUT",
        "https://api.github.com/repos/me/x/contents/f",
        "Bearer ghp_x",
        "github",
        "other_tenant",
        True,
    ),
    ("POST", "https://api.github.com/gists", "Bearer ghp_x", "github-gist", "unknown", True),
    (
        "POST",
        "https://gitlab.com/api/v4/projects/acme%2Fx/repository/files/f",
        None,
        "gitlab",
        "corporate",
        True,
    ),
    (
        "POST",
        "https://gitlab.com/api/v4/projects/77/repository/files/f",
        None,
        "gitlab",
        "unknown",
        True,
    ),
    ("POST", "https://acme.zendesk.com/api/v2/tickets", None, "zendesk", "corporate", True),
    ("POST", "https://other.zendesk.com/api/v2/tickets", None, "zendesk", "other_tenant", True),
    ("POST", "https://acme.atlassian.net/rest/api/3/issue", None, "atlassian", "corporate", True),
    # Google.
    (
        "POST",
        "https://storage.googleapis.com/upload/storage/v1/b/acme-bucket/o",
        None,
        "google-cloud-storage",
        "corporate",
        True,
    ),
    (
        "POST",
        "https://storage.googleapis.com/upload/storage/v1/b/b9/o",
        None,
        "google-cloud-storage",
        "other_tenant",
        True,
    ),
    (
        "POST",
        "https://www.googleapis.com/upload/drive/v3/files",
        "Bearer ya29.x",
        "google-drive",
        "unknown",
        True,
    ),
    (
        "GET",
        "https://www.googleapis.com/drive/v3/files",
        "Bearer ya29.x",
        "google-drive",
        "unknown",
        False,
    ),
    (
        "POST",
        "https://content.dropboxapi.com/2/files/upload",
        "Bearer sl.x",
        "dropbox",
        "unknown",
        True,
    ),
    # Catchers keep each request as it was asked.
    ("GET", "https://webhook.site/u1/?d=" + "x" * 3000, None, "webhook.site", "anonymous", True),
    ("GET", "https://webhook.site/u1/?d=1", None, "webhook.site", "anonymous", False),
    ("HEAD", "https://webhook.site/" + "y" * 400, None, "webhook.site", "anonymous", True),
    ("GET", "https://x1.oast.fun/?q=" + "z" * 100, None, "interactsh", "anonymous", True),
    ("GET", "https://a1.ngrok.io/?q=" + "z" * 100, None, "ngrok", "anonymous", True),
    (
        "GET",
        "https://hooks.zapier.com/hooks/catch/1/a?q=" + "z" * 100,
        None,
        "zapier",
        "unknown",
        True,
    ),
    ("GET", "https://pastebin.com/raw/abc", None, "pastebin", "anonymous", False),
]


@pytest.mark.parametrize(("method", "url", "authorization", "service", "account", "upload"), ROWS)
def test_accounts(
    method: str, url: str, authorization: str | None, service: str, account: str, upload: bool
) -> None:
    """Whose account it is follows from what the service issued, never from what anybody may
    name.
    """
    where = seen(method, url, authorization)
    assert (where.service, where.account.kind.value, where.upload) == (service, account, upload)


ASKS, CHANGES = "query { viewer { login } }", "mutation { createIssue(input: {}) { id } }"


@pytest.mark.parametrize(
    "url", ["https://api.github.com/graphql", "https://api.linear.app/graphql"]
)
@pytest.mark.parametrize(
    ("body", "upload"),
    [
        (orjson.dumps({"query": ASKS}), False),
        (orjson.dumps({"query": "{ viewer { login } }"}), False),
        (orjson.dumps({"query": CHANGES}), True),
        (orjson.dumps([{"query": ASKS}, {"query": CHANGES}]), True),
        (orjson.dumps([{"query": ASKS}]), False),
        (orjson.dumps({"id": "persisted"}), True),
        (b"not JSON", True),
        (b"", True),
    ],
)
def test_graphql_stores_only_where_it_changes(url: str, body: bytes, upload: bool) -> None:
    """A question asked by POST stores nothing; what cannot be told counts as stored."""
    assert seen("POST", url, "Bearer x", body).upload is upload


_SNS = "https://sns.eu-central-1.amazonaws.com/"
_SQS = "https://sqs.eu-central-1.amazonaws.com"
RESOURCES = [
    (f"{_SQS}/{OTHER_AWS}/q", b""),
    (f"{_SQS}/", f'{{"QueueUrl": "{_SQS}/{OTHER_AWS}/q", "MessageBody": "x"}}'.encode()),
    (_SNS, f"Action=Publish&TopicArn=arn%3Aaws%3Asns%3Aeu-central-1%3A{OTHER_AWS}%3At".encode()),
    (f"https://lambda.eu-central-1.amazonaws.com/2015-03-31/functions/arn%3Aaws%3Alambda%3A"
     f"eu-central-1%3A{OTHER_AWS}%3Afunction%3Af/invocations", b"{}"),
    (f"https://ap-{OTHER_AWS}.s3-accesspoint.eu-central-1.amazonaws.com/x", b"x"),
    (f"https://{OTHER_AWS}.s3-control.eu-central-1.amazonaws.com/v20180820/jobs", b"x"),
    (f"https://{OTHER_AWS}.dkr.ecr.eu-central-1.amazonaws.com/v2/a/blobs/uploads/", b"x"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "body"), RESOURCES)
def test_a_resource_of_another_account_is_not_ours_by_our_key(url: str, body: bytes) -> None:
    """Our own key may send into somebody else's queue, topic, function or registry: whose that is,
    its name says."""
    assert seen("POST", url, key(OWN_AWS), body).account.kind == "other_tenant"
    ours = url.replace(OTHER_AWS, OWN_AWS), body.replace(OTHER_AWS.encode(), OWN_AWS.encode())
    assert seen("POST", ours[0], key(OWN_AWS), ours[1]).account.kind == "corporate"


def test_a_mention_of_an_account_names_no_resource() -> None:
    """What a stored object says of accounts is not where it goes."""
    body = f'{{"TopicArn": "arn:aws:sns:eu-central-1:{OTHER_AWS}:t"}}'.encode()
    url = "https://acme-data.s3.eu-central-1.amazonaws.com/x.json"
    assert seen("PUT", url, key(OWN_AWS), body).account.kind == "corporate"


def test_a_sandbox_is_of_the_organisation() -> None:
    """A sandbox at Salesforce has the organisation's name before its own."""
    for name, kind in (("acme--uat.sandbox", "corporate"), ("evil--acme.sandbox", "other_tenant")):
        url = f"https://{name}.my.salesforce.com/services/data/v59.0/sobjects/Account"
        assert seen("POST", url).account.kind == kind


@pytest.mark.parametrize(
    ("host", "service"),
    [
        ("sqs.eu-central-1.amazonaws.com", "aws-sqs"),
        ("sqs-fips.us-gov-west-1.amazonaws.com", "aws-sqs"),
        ("sqs.eu-central-1.api.aws", "aws-sqs"),
        ("eu-west-1.queue.amazonaws.com", "aws-sqs"),
        ("queue.amazonaws.com", "aws-sqs"),
        ("sns.eu-central-1.amazonaws.com", "aws-sns"),
        ("sns-fips.us-east-1.amazonaws.com", "aws-sns"),
        ("sns.cn-north-1.amazonaws.com.cn", "aws-sns"),
    ],
)
def test_a_topic_is_no_queue(host: str, service: str) -> None:
    """What is published to many is told as that, and a queue as a queue, by all names of theirs."""
    assert seen("POST", f"https://{host}/", key(OWN_AWS), b"").service == service
