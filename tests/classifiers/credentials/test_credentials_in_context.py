"""Keys that only their surroundings tell are found where those stand, and nowhere else."""

import base64
import random
import string

import pytest

from classifiers.credentials.detector import CredentialDetector
from classifiers.credentials.rules.in_context import IN_CONTEXT
from classifiers.payload import Payload, Segment

RNG = random.Random(7)


def some(size: int, letters: str = string.ascii_letters + string.digits) -> str:
    """Return random letters, with a digit among them."""
    made = "".join(RNG.choice(letters) for _ in range(size - 1))
    return made[: size // 2] + RNG.choice("23456789") + made[size // 2 :]


HEX, SMALL = "0123456789abcdef", string.ascii_lowercase + string.digits
UUIDS = "-".join(some(n, HEX) for n in (8, 4, 4, 4, 12))
PEM = base64.b64encode(b"-----BEGIN RSA " + b"PRIVATE KEY-----\n" + some(200).encode()).decode()
CERTIFICATE = base64.b64encode(b"-----BEGIN CERTIFICATE-----\n" + some(200).encode()).decode()
DER = base64.b64encode(b"\x30\x82\x02\x5c\x02\x01\x00\x30\x0d" + some(300).encode()).decode()
PUBLIC = base64.b64encode(b"\x30\x82\x02\x22\x30\x0d\x06\x09\x2a" + some(300).encode()).decode()
NUMBERED = base64.b64encode(b"926607655126:" + some(20).encode()).decode()
UNNUMBERED = base64.b64encode(b"MTx" + some(30).encode()).decode()

TOLD = [
    (
        "teams-webhook",
        f"https://outlook.office.com/webhook/{UUIDS}@{UUIDS}/IncomingWebhook/{some(32, SMALL)}/{UUIDS}",
    ),
    ("truenas-api-key", f'"method":"auth.login_with_api_key", "params": ["8-{some(64)}"]'),
    ("vault-unseal-key", f"Unseal Key 2: {some(43)}="),
    ("vault-unseal-key", f"vault operator unseal {some(43)}="),
    ("vault-token", f'VAULT_CLIENT_TOKEN="b.{some(26)}"'),
    ("thingsboard-token", f"https://things.example/api/v1/{some(20)}/telemetry"),
    ("mailchimp-api-key", f'mailchimp = "{some(32)}-us36"'),
    ("codeclimate-token", f"CC_TEST_REPORTER_ID: {some(64, HEX)}"),
    ("kubernetes-bootstrap-token", f"kubeadm join --token {some(6, SMALL)}.{some(16, SMALL)}"),
    ("azure-devops-token", f'ado_pat = "{some(52, "abcdefghijklmnopqrstuvwxyz234567")}"'),
    ("okta-api-token", f"Authorization: SSWS 00{some(40)}"),
    ("authorization-header", f"Authorization: Token {some(18)}"),
    ("authorization-header", f"-H 'Authorization: GenieKey {some(24)}'"),
    ("authorization-header", f"Authorization: Bearer {some(15)}"),
    ("curl-option", f'curl_easy_setopt(curl, CURLOPT_PROXYPASSWORD, "{some(14)}");'),
    ("curl-option", f'curl --oauth2-bearer "{some(24)}" https://x.example'),
    ("command-password", f"ConvertTo-SecureString -Force -String {some(12)}"),
    ("command-password", f'ConvertTo-SecureString "{some(12)}"'),
    (
        "product-key",
        "Activation key : " + "-".join(some(5, string.ascii_uppercase).upper() for _ in range(5)),
    ),
    ("json-web-key", f'{{"kty": "oct", "k": "{some(43)}"}}'),
    ("json-web-key", f'{{"d": "{some(43)}", "crv": "P-256", "kty": "EC"}}'),
    ("private-key", f'"privateKey": "{PEM}"'),
    ("private-key", f"data: {DER}"),
    ("atlassian-data-center-token", f"token {NUMBERED} is mine"),
    ("x-bearer-token", f"tp: {'A' * 21}MLheJ7{'A' * 7}0%2B{some(40)}%3D{some(30)}"),
    ("dropbox-refresh-token", f"var g = '{some(11)}{'A' * 10}c7{some(41)}'"),
    ("ntlm-response", f"Authorization: NTLM TlRMTVNTUAADAAAA{some(120)}"),
    ("sql-password", f"CREATE ROLE app WITH LOGIN PASSWORD {some(12)};"),
]


def found(detector: CredentialDetector, text: str) -> set[str]:
    """Return the types of what is found in a text."""
    hits = detector.detect(Payload(segments=[Segment(text, "content")]), "llm.example")
    return {hit.detector for hit in hits if not hit.rejected and not hit.test_data}


@pytest.mark.parametrize(("name", "text"), TOLD, ids=[f"{n}-{i}" for i, (n, _) in enumerate(TOLD)])
def test_what_stands_beside_it_tells_a_key(
    own_detector: CredentialDetector, name: str, text: str
) -> None:
    """A host, a name or a call beside random letters says that they open something."""
    assert name in found(own_detector, text)


def test_every_rule_has_a_text() -> None:
    """No rule here goes untried."""
    assert {rule.name for rule in IN_CONTEXT} == {name for name, _ in TOLD}


@pytest.mark.parametrize(
    "text",
    [
        "https://outlook.office.com/mail/inbox/id/AAQkAD",
        '"method":"auth.login_with_api_key", "params": ["8-<key>"]',
        "Unseal Key 2: <key>",
        "vault.s.path_to_the_secret_engine",
        "GET /api/v1/organisations/telemetry",
        "mailchimp list 4711-us36",
        "join our 2024ab.meeting",
        f"ado_pat_id = {UUIDS}",
        "Authorization: Bearer <token>",
        "Authorization: Bearer token",
        "Authorization: Token authentication",
        'curl_easy_setopt(curl, CURLOPT_PASSWORD, "");',
        "curl --pass $PASSPHRASE https://x.example",
        "ConvertTo-SecureString -String $password -AsPlainText",
        "ConvertTo-SecureString (Get-Content x.txt)",
        "Product code: ABC-DE",
        '{"kty": "RSA", "n": "' + "q" * 80 + '", "e": "AQAB"}',
        f'"certificate": "{CERTIFICATE}"',
        f"public: {PUBLIC}",
        f"see {UNNUMBERED} of an image",
        "A" * 60 + "MLheJ7" + "A" * 40,
        "TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAA=",
        "ALTER USER app PASSWORD EXPIRE;",
        "CREATE ROLE app WITH LOGIN PASSWORD :password;",
    ],
)
def test_the_surroundings_alone_are_no_key(own_detector: CredentialDetector, text: str) -> None:
    """Stand-ins, variables, public parts and what merely looks like it are left alone."""
    assert found(own_detector, text) == set()
