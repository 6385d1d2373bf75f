"""Keys whose form alone says little: a name, a host or a call beside them tells what they are."""

import base64
import binascii

from classifiers.credentials.judging.quality import entropy, is_example, is_masked, is_placeholder
from classifiers.credentials.rules.rule import Candidate, Check, Rule, Verdict
from core.findings import Confidence

_PEM_SIGN = b"PRIVATE KEY"
_HEADER_FLOOR = 3.0


def _plain_key(candidate: Candidate) -> Verdict:
    """Judge a value that its surroundings call a key: all but stand-ins."""
    value = candidate.value
    if is_placeholder(value) or is_masked(value) or len(set(value)) < 6:
        return Verdict(rejected="a placeholder")
    return Verdict(test_data=is_example(value))


def _packed_pem(candidate: Candidate) -> Verdict:
    """Judge base64 that begins like an armoured key: it must say that the key is private."""
    head = candidate.value[:96]
    try:
        plain = base64.b64decode(head[: len(head) // 4 * 4])
    except (ValueError, binascii.Error):
        return Verdict(rejected="no base64")
    armour = plain.startswith(b"-----BEGIN ") and b"PRI" in plain[:40]
    return Verdict() if armour else Verdict(rejected="no private key in it")


def _numbered(candidate: Candidate) -> Verdict:
    """Judge a token of Jira or Confluence: base64 of a number, a colon and random bytes."""
    try:
        plain = base64.b64decode(candidate.value)
    except (ValueError, binascii.Error):
        return Verdict(rejected="no base64")
    number, colon, _ = plain.partition(b":")
    if not colon or not 11 <= len(number) <= 13 or not number.isdigit():
        return Verdict(rejected="no number and bytes in it")
    return Verdict()


def _escaped(candidate: Candidate) -> Verdict:
    """Judge a token that is written as in an address: zeros of a file have no escaped signs."""
    tail = candidate.value.lstrip("A")
    if "%2B" not in tail and "%3D" not in tail and "%2F" not in tail:
        return Verdict(rejected="no escaped sign in it")
    return _random(candidate, tail)


def _padded(candidate: Candidate) -> Verdict:
    """Judge a token of Dropbox, which is letters, zeros and letters."""
    return _random(candidate, candidate.value[21:])


def _random(candidate: Candidate, part: str) -> Verdict:
    """A run of zeros is a part of these tokens: it makes no example of them."""
    if entropy(part) <= _HEADER_FLOOR:
        return Verdict(rejected="too regular")
    return Verdict(value=candidate.value)


def _header(candidate: Candidate) -> Verdict:
    value = candidate.value
    if is_placeholder(value) or is_masked(value) or entropy(value) < _HEADER_FLOOR:
        return Verdict(rejected="a placeholder or too regular for a token")
    if not any(map(str.isdigit, value)):
        return Verdict(rejected="no digit in it")
    return Verdict(test_data=is_example(value))


def _near(
    name: str,
    pattern: str,
    *,
    confirm: str | None = None,
    provider: str | None = None,
    check: Check = _plain_key,
    likely: bool = True,
    rank: int = 1,
) -> Rule:
    return Rule(
        name=name,
        provider=provider,
        rank=rank,
        confidence=Confidence.LIKELY if likely else Confidence.CERTAIN,
        check=check,
        pattern=pattern,
        confirm=confirm,
    )


_QUOTED = r"[\"'\s\\:=(,>]{1,8}"
_TEAMS = (
    r"(outlook\.office(?:365)?\.com/webhook/[A-Za-z0-9-]{36}@[A-Za-z0-9-]{36}"
    r"/IncomingWebhook/[a-z0-9]{32}/[a-z0-9-]{36})"
)

IN_CONTEXT: tuple[Rule, ...] = (
    _near("teams-webhook", _TEAMS, provider="microsoft-teams", likely=False),
    _near(
        "truenas-api-key",
        r"(?i:login_with_api_key)[\s\S]{0,80}?\b(\d{1,4}-[A-Za-z0-9]{64})\b",
    ),
    _near(
        "vault-unseal-key",
        r"(?i:\bunseal(?: key)?(?: \d)?)[:\s]{1,4}([A-Za-z0-9+/]{43}[=A-Za-z0-9+/])",
    ),
    _near("vault-token", r"(?i:vault)[\w.-]{0,24}" + _QUOTED + r"([sbr]\.[A-Za-z0-9_-]{24,200})"),
    _near("thingsboard-token", r"/api/v1/([A-Za-z0-9]{20})/(?:telemetry|attributes|rpc|claim)\b"),
    _near("mailchimp-api-key", r"(?i:mailchimp)[^\n]{0,40}?\b([A-Za-z0-9]{32}-us\d{1,2})\b"),
    _near("codeclimate-token", r"CC_TEST_REPORTER_ID" + _QUOTED + r"([a-f0-9]{64})"),
    _near(
        "kubernetes-bootstrap-token",
        r"(?i:bootstrap|kubeadm|token-id|join)[^\n]{0,60}?\b([a-z0-9]{6}\.[a-z0-9]{16})\b",
    ),
    _near(
        "azure-devops-token",
        r"(?i:\b(?:ado|azdo|vsts|azure[_ -]?devops|devops)[\w -]{0,16}(?:pat|token))"
        + _QUOTED
        + r"([a-z2-7]{52})\b",
        provider="azure-devops",
    ),
    _near("okta-api-token", r"\bSSWS\s{1,3}(00[A-Za-z0-9_-]{38,44})", provider="okta"),
    _near(
        "authorization-header",
        r"(?i:\bauthorization[\"'\]\s\\]{0,4}[:=,]?[\"'\s\\]{0,4}(?:token|apikey|api-key|key|bot"
        r"|genie-?key|splunk)\s{1,3})([A-Za-z0-9_\-.~+/]{12,}={0,2})",
        check=_header,
        rank=0,
    ),
    _near(
        "authorization-header",
        r"(?i:\bauthorization[\"'\]\s\\]{0,4}[:=,]?[\"'\s\\]{0,4}bearer\s{1,3})"
        r"([A-Za-z0-9_\-.~+/]{12,19}={0,2})(?:[^A-Za-z0-9_\-.~+/=]|$)",
        check=_header,
        rank=0,
    ),
    _near(
        "curl-option",
        r"CURLOPT_(?:XOAUTH2_BEARER|PASSWORD|PROXYPASSWORD|KEYPASSWD|SSLKEYPASSWD|TLSAUTH_PASSWORD"
        r"|PROXY_TLSAUTH_PASSWORD)\s{0,3}(?:,|=>)\s{0,3}[\"']([^\"'\n]{6,400})[\"']",
    ),
    _near(
        "curl-option",
        r"--(?:oauth2-bearer|pass|proxy-pass|tlspassword|aws-sigv4-secret)[ =]{1,2}[\"']?"
        r"([^\s\"'$<>{}]{8,400})",
    ),
    _near(
        "command-password",
        r"(?i:\bConvertTo-SecureString\s{1,3}(?:-\w{1,16}\s{1,3}){0,3})[\"'\\]{0,3}"
        r"([^\s\"'$\\()-][^\s\"'\\()]{7,127})",
    ),
    _near(
        "product-key",
        r"(?i:\b(?:activation|licen[cs]e|product)[ _-]?(?:key|code|number)?)[\"'\s:=]{1,6}"
        r"((?:[A-Z0-9]{5}-){4}[A-Z0-9]{5})\b",
    ),
    _near(
        "json-web-key",
        r'"kty"\s{0,3}:',
        confirm=(
            r'"kty"\s{0,3}:\s{0,3}"\[?(?:RSA|EC|OKP|oct)\]?"[^{}]{0,900}?"(?:d|k)"\s{0,3}:\s{0,3}"'
            r"([A-Za-z0-9_-]{20,})"
        ),
    ),
    _near(
        "json-web-key",
        r'"kty"\s{0,3}:\s{0,3}"\[?(?:RSA|EC|OKP|oct)',
        confirm=(
            r'"(?:d|k)"\s{0,3}:\s{0,3}"([A-Za-z0-9_-]{20,1000})"[^{}]{0,900}?"kty"\s{0,3}:\s{0,3}"'
            r"\[?(?:RSA|EC|OKP|oct)"
        ),
    ),
    _near(
        "private-key",
        r"\b(LS0tLS1CRUdJTi[A-Za-z0-9+/=]{40,})",
        check=_packed_pem,
        likely=False,
    ),
    _near(
        "private-key",
        r"(?:^|[^A-Za-z0-9+/])(MI[I-L][A-Za-z0-9+/]{3}IBA[AD][A-Za-z0-9+/\s\\]{60,})",
    ),
    _near(
        "private-key",
        r"(?:^|[^A-Za-z0-9+/])((?:MHcCAQEEI|MIGHAgEAMBMGByqGSM49|MC4CAQAwBQYDK2Vw)[A-Za-z0-9+/=\s\\]{40,})",
    ),
    _near(
        "atlassian-data-center-token",
        r"(?:^|[^A-Za-z0-9+])([MNO][DTjz][A-Za-z0-9+/]{42})(?:[^A-Za-z0-9+/=]|/|$)",
        check=_numbered,
        provider="atlassian",
    ),
    _near(
        "x-bearer-token",
        r"\b(A{20,24}[A-Za-z0-9]{6,12}A{4,8}(?:%[0-9A-F]{2}|[A-Za-z0-9]){40,120})",
        check=_escaped,
    ),
    _near(
        "dropbox-refresh-token",
        r"\b([A-Za-z0-9]{11}A{10}[A-Za-z0-9_-]{43})(?:[^A-Za-z0-9_-]|$)",
        check=_padded,
        provider="dropbox",
    ),
    _near(
        "ntlm-response",
        r"\b(TlRMTVNTUAADAAAA[A-Za-z0-9+/=]{40,})",
    ),
    _near(
        "sql-password",
        r"(?i:\b(?:create|alter)\s{1,3}(?:user|role|login)\b[^\n;]{0,120}?\bpassword\s{0,3}=?)\s{1,3}"
        r"([A-Za-z_#@!?*+.-]{0,40}[0-9][^\s;\"',]{3,80}|[^\s;\"',]{7,80}[0-9])",
    ),
)
