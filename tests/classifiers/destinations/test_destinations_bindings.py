"""What answers tell of accounts, remembered without ever keeping a token."""

import base64
import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

import orjson
import pytest

from classifiers.destinations import AccountTap, Bindings, destination
from core.classification import Account, AccountKind
from core.exchange import Answer, Exchange
from core.fingerprint import Fingerprinter
from core.organisation import Organisation
from destinations.microsoft import CONSUMER_TENANT
from destinations.signals import Signal

OWN = "11111111-2222-4333-8444-555555555555"
ORGANISATION = Organisation(
    domains=frozenset({"example.com"}),
    accounts={
        "microsoft": frozenset({OWN}),
        "openai": frozenset({"example-org"}),
        "slack": frozenset({"T0EXAMPLE"}),
        "dropbox": frozenset({"dbtid:own"}),
    },
)
TOKEN = "ya29." + "opaque" * 6


def bindings(limit: int = 100) -> Bindings:
    return Bindings(Fingerprinter(b"k" * 32), limit)


def jwt(**claims: object) -> str:
    parts = ({"alg": "none"}, claims, {"s": 1})
    return ".".join(base64.urlsafe_b64encode(orjson.dumps(p)).decode().rstrip("=") for p in parts)


def exchange(method: str, url: str, token: str | None = TOKEN, body: bytes = b"") -> Exchange:
    parts = urlsplit(url)
    headers = (("authorization", f"Bearer {token}"),) if token else ()
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Exchange(
        id="x",
        at=datetime(2026, 11, 21, tzinfo=UTC),
        scheme="https",
        host=parts.hostname or "",
        port=443,
        method=method,
        path=path,
        headers=headers,
        body=body,
        body_bytes=len(body),
    )


def answer(body: object = None, status: int = 200, **headers: str) -> Answer:
    named = tuple((k.replace("_", "-"), v) for k, v in headers.items())
    return Answer(status=status, headers=named, body=None if body is None else orjson.dumps(body))


def learn(memory: Bindings, sent: Exchange, got: Answer) -> Account | None:
    return memory.learn(sent, got, destination(sent, ORGANISATION, memory), ORGANISATION)


@pytest.mark.parametrize(
    ("first", "told", "later", "kind", "account"),
    [
        (
            "https://api.openai.com/v1/models",
            answer({}, openai_organization="example-org"),
            "https://api.openai.com/v1/responses",
            "corporate",
            "example-org",
        ),
        (
            "https://api.openai.com/v1/models",
            answer({}, openai_organization="user-x"),
            "https://api.openai.com/v1/responses",
            "other_tenant",
            "user-x",
        ),
        (
            "https://graph.microsoft.com/v1.0/me/drive",
            answer({"driveType": "personal", "owner": {"user": {"id": "abc"}}}),
            "https://graph.microsoft.com/v1.0/me/drive/root:/a:/content",
            "personal",
            "abc",
        ),
        (
            "https://graph.microsoft.com/v1.0/organization",
            answer({"value": [{"id": OWN}]}),
            "https://graph.microsoft.com/v1.0/me/drive/root:/a:/content",
            "corporate",
            OWN,
        ),
        (
            "https://graph.microsoft.com/v1.0/me",
            answer({"userPrincipalName": "a.person@example.com"}),
            "https://graph.microsoft.com/v1.0/drives/1/items/2/content",
            "corporate",
            "example.com",
        ),
        (
            "https://www.googleapis.com/drive/v3/about?fields=user",
            answer({"user": {"emailAddress": "someone@gmail.com"}}),
            "https://www.googleapis.com/upload/drive/v3/files",
            "personal",
            "gmail.com",
        ),
        (
            "https://www.googleapis.com/drive/v3/about?fields=user",
            answer({"user": {"emailAddress": "someone@example.com"}}),
            "https://www.googleapis.com/upload/drive/v3/files",
            "corporate",
            "example.com",
        ),
        (
            "https://api.dropboxapi.com/2/users/get_current_account",
            answer({"account_type": {".tag": "basic"}, "account_id": "dbid:1"}),
            "https://content.dropboxapi.com/2/files/upload",
            "personal",
            "dbid:1",
        ),
        (
            "https://api.dropboxapi.com/2/users/get_current_account",
            answer({"team": {"id": "dbtid:own"}, "account_type": {".tag": "business"}}),
            "https://content.dropboxapi.com/2/files/upload",
            "corporate",
            "dbtid:own",
        ),
        (
            "https://api.box.com/2.0/users/me",
            answer({"type": "user", "id": "7", "enterprise": None}),
            "https://upload.box.com/api/2.0/files/content",
            "personal",
            "7",
        ),
        (
            "https://slack.com/api/auth.test",
            answer({"ok": True, "team_id": "T0EXAMPLE"}),
            "https://slack.com/api/chat.postMessage",
            "corporate",
            "T0EXAMPLE",
        ),
        (
            "https://api.notion.com/v1/users/me",
            answer({"bot": {"workspace_name": "Home"}}),
            "https://api.notion.com/v1/pages",
            "unknown",
            "Home",
        ),
        (
            "https://api.github.com/user",
            answer({"login": "SomeOne"}),
            "https://api.github.com/gists",
            "unknown",
            "someone",
        ),
    ],
)
def test_an_answer_tells_whose_account_a_token_is(
    first: str, told: Answer, later: str, kind: str, account: str
) -> None:
    """Once a service has said whose token it is, later uploads with that token are known to be that
    account's.
    """
    memory = bindings()
    learnt = learn(memory, exchange("GET", first), told)
    assert learnt is not None
    found = destination(exchange("POST", later), ORGANISATION, memory).account
    assert (found.kind.value, found.id) == (kind, account)
    stranger = destination(
        exchange("POST", later, token="another" * 5), ORGANISATION, memory
    ).account
    assert stranger.kind is AccountKind.UNKNOWN


@pytest.mark.parametrize(
    ("url", "body", "told", "later", "kind"),
    [
        (
            "https://login.microsoftonline.com/common/oauth2/v2.0/token",
            b"",
            {"access_token": "opaque-a" * 4, "id_token": jwt(tid=CONSUMER_TENANT)},
            "https://graph.microsoft.com/v1.0/me/drive/root:/a:/content",
            "personal",
        ),
        (
            "https://login.microsoftonline.com/common/oauth2/v2.0/token",
            b"",
            {"access_token": "opaque-a" * 4, "id_token": jwt(tid=OWN)},
            "https://graph.microsoft.com/v1.0/me/drive/root:/a:/content",
            "corporate",
        ),
        (
            "https://login.live.com/oauth20_token.srf",
            b"",
            {"access_token": "opaque-a" * 4},
            "https://graph.microsoft.com/v1.0/me/drive/root:/a:/content",
            "personal",
        ),
        (
            "https://oauth2.googleapis.com/token",
            b"",
            {
                "access_token": "opaque-a" * 4,
                "id_token": jwt(hd="example.com", email="p@example.com"),
            },
            "https://www.googleapis.com/upload/drive/v3/files",
            "corporate",
        ),
        (
            "https://oauth2.googleapis.com/token",
            b"",
            {"access_token": "opaque-a" * 4, "id_token": jwt(email="p@gmail.com")},
            "https://www.googleapis.com/upload/drive/v3/files",
            "personal",
        ),
        (
            "https://oauth2.googleapis.com/token",
            b"grant_type=x&assertion="
            + jwt(iss="robot@some-project.iam.gserviceaccount.com").encode(),
            {"access_token": "opaque-a" * 4},
            "https://www.googleapis.com/upload/drive/v3/files",
            "unknown",
        ),
    ],
)
def test_a_token_is_bound_when_it_is_issued(
    url: str, body: bytes, told: object, later: str, kind: str
) -> None:
    """Signing in tells whose account the new token is, before anything is uploaded with it."""
    memory = bindings()
    sent = exchange("POST", url, token=None, body=body)
    assert learn(memory, sent, answer(told)) is not None
    found = destination(exchange("PUT", later, token="opaque-a" * 4), ORGANISATION, memory)
    assert found.account.kind.value == kind
    assert found.account.evidence


@pytest.mark.parametrize(
    ("opener", "told", "session"),
    [
        (
            "https://graph.microsoft.com/v1.0/me/drive/root:/a:/createUploadSession",
            answer({"uploadUrl": "https://fabrikam-my.sharepoint.com/_api/v2.0/up?t=1"}),
            None,
        ),
        (
            "https://graph.microsoft.com/v1.0/me/drive/root:/a:/createUploadSession",
            answer({"uploadUrl": "https://my.microsoftpersonalcontent.com/up/1"}),
            None,
        ),
        (
            "https://www.googleapis.com/upload/drive/v3/files?uploadType=resumable",
            answer(
                None,
                location="https://www.googleapis.com/upload/drive/v3/files?uploadType=resumable&upload_id=ABC123",
            ),
            "https://www.googleapis.com/upload/drive/v3/files?upload_id=ABC123&uploadType=resumable",
        ),
        (
            "https://slack.com/api/files.getUploadURLExternal",
            answer({"ok": True, "upload_url": "https://files.slack.com/upload/v1/ABC"}),
            "https://files.slack.com/upload/v1/ABC",
        ),
    ],
)
def test_upload_sessions_belong_to_the_account_that_opened_them(
    opener: str, told: Answer, session: str | None
) -> None:
    """An upload by a session link, which carries no token, is the account's that asked for the
    link.
    """
    memory = bindings()
    memory.bind_token(TOKEN, Signal("opener", "test", personal=True))
    sent = exchange("POST", opener)
    memory.learn(sent, told, destination(sent, ORGANISATION, memory), ORGANISATION)
    if session is not None:
        found = destination(exchange("PUT", session, token=None), ORGANISATION, memory).account
        assert (found.kind, found.id) == (AccountKind.PERSONAL, "opener")
        other = destination(
            exchange("PUT", session.replace("ABC", "XYZ"), token=None), ORGANISATION, memory
        ).account
        assert other.kind is AccountKind.UNKNOWN


@pytest.mark.parametrize("status", [None, 400, 401, 403, 500])
def test_a_refused_request_teaches_nothing(status: int | None) -> None:
    """An error answer never binds a token to an account."""
    memory = bindings()
    sent = exchange("GET", "https://api.openai.com/v1/models")
    got = Answer(status=status, headers=(("openai-organization", "example-org"),), body=b"{}")
    assert learn(memory, sent, got) is None
    assert len(memory) == 0


def test_a_session_link_to_an_unknown_host_is_not_bound() -> None:
    """A service cannot lend its account to a host that is not a known storage service."""
    memory = bindings()
    memory.bind_token(TOKEN, Signal("opener", "test", personal=False))
    sent = exchange("POST", "https://slack.com/api/files.getUploadURLExternal")
    learn(memory, sent, answer({"upload_url": "https://evil.example/upload"}))
    assert memory.of_session("evil.example", "/upload") is None


def test_no_token_is_kept() -> None:
    """Whoever reads the memory of the gate's bindings finds no credential."""
    memory = bindings()
    learn(
        memory,
        exchange("GET", "https://api.openai.com/v1/models"),
        answer({}, openai_organization="example-org"),
    )
    kept = repr(memory) + repr(list(memory._signals.items()))
    assert TOKEN not in kept
    assert re.search(r"[0-9a-f]{16}", kept)


def test_memory_is_bounded() -> None:
    """A script that uses endless tokens cannot fill the gate's memory; the oldest binding goes
    first.
    """
    memory = bindings(limit=10)
    for number in range(50):
        memory.bind_token(f"token-{number}", Signal(str(number), "test"))
    assert len(memory) == 10
    assert memory.of_token("token-0") is None
    assert memory.of_token("token-49") is not None


@pytest.mark.parametrize(
    "body",
    [b"", b"[1]", b"null", b"{", b"\xff", b'{"team":5,"user":[],"bot":null,"owner":1,"value":[1]}'],
)
def test_hostile_answers_teach_nothing_and_break_nothing(body: bytes) -> None:
    """An answer that is not what it should be is passed over."""
    memory = bindings()
    for url in (
        "https://slack.com/api/auth.test",
        "https://graph.microsoft.com/v1.0/me",
        "https://api.notion.com/v1/users/me",
    ):
        sent = exchange("GET", url)
        got = Answer(status=200, body=body)
        assert (
            memory.learn(sent, got, destination(sent, ORGANISATION, memory), ORGANISATION) is None
        )


def test_answers_fed_in_pieces_teach_as_well() -> None:
    """An answer that streams past the gate in pieces tells as much as one that was held."""
    import gzip

    memory = bindings()
    sent = exchange("GET", "https://slack.com/api/auth.test")
    where = destination(sent, ORGANISATION, memory)
    body = gzip.compress(orjson.dumps({"ok": True, "team_id": "T0EXAMPLE"}))
    tap = AccountTap(sent, where, memory)
    for at in range(0, len(body), 3):
        tap.feed(body[at : at + 3])
    learnt = tap.finish(Answer(status=200, headers=(("content-encoding", "gzip"),)))
    assert learnt == Account(
        kind=AccountKind.CORPORATE, id="T0EXAMPLE", evidence="workspace in the answer"
    )


def test_an_answer_never_makes_the_organisations_own_key_a_strangers() -> None:
    """The organisation's own key stays its own when the answer names an organisation id that nobody
    listed.
    """
    memory = bindings()
    ours = Organisation(key_fingerprints=frozenset({memory.fingerprint(TOKEN)}))
    sent = exchange("GET", "https://api.openai.com/v1/models")
    where = destination(sent, ours, memory)
    learnt = memory.learn(sent, answer({}, openai_organization="org-new"), where)
    assert learnt is not None
    assert (learnt.kind, learnt.id) == (AccountKind.CORPORATE, "org-new")


def test_bodies_of_other_services_are_not_kept() -> None:
    """Answers that cannot tell of accounts pass without being copied, and large ones are let go."""
    memory = bindings()
    for url, size in (("https://files.example/x", 10), ("https://slack.com/api/x", 10_000_000)):
        sent = exchange("GET", url)
        tap = AccountTap(sent, destination(sent, ORGANISATION, memory), memory)
        tap.feed(b"x" * size)
        assert not tap._kept
        assert tap.finish(Answer(status=200)) is None
