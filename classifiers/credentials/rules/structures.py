"""Secrets with an inner structure: private keys, JSON web tokens, URLs with a password, connection
strings, cookies.
"""

import base64
import binascii
import json
import re
from datetime import UTC, datetime
from typing import Any, NamedTuple

from classifiers.credentials.judging.quality import entropy, is_example, is_masked, is_placeholder
from classifiers.credentials.rules.rule import Candidate, Rule, Verdict
from core.findings import Confidence
from core.text import printable

_PEM_HEADERS = re.compile(r"(?m)^[A-Za-z-]{3,20}: [^\n]*$")
_LINE = re.compile(r"[A-Za-z0-9+/=]{32}")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/=]")
_LOCAL_HOST = re.compile(
    r"(?i)^(?:localhost|127\.|0\.0\.0\.0|\[?::1|.*\bexample\.(?:com|org|net)|.*\.(?:example|invalid|test)\b|host\b|hostname\b|server\b)"
)
_WEAK = frozenset(("postgres mysql root guest mongo redis app db sa oracle tiger scott").split())
_PART = (
    r"\b(?:server|data source|address|network"
    r" address|host(?:name|addr)?|ashost|mshost|dsn|driver|database|initial"
    r" catalog|dbname)\s{0,3}=|"
    r"\bjdbc:[a-z]+:"
)
"""Another part of a connection string."""
_KEPT = r"\b(?:password|passwd|pwd)\s{0,3}=\s{0,3}[\"']?([^\s;\"'<>&,]{3,200})"


class JwtClaims(NamedTuple):
    """What a JSON web token says of itself; its signature is not looked at."""

    algorithm: str
    issuer: str | None
    expires: datetime | None
    role: str | None

    def expired(self, now: datetime) -> bool:
        """True when the token says that it is over."""
        return self.expires is not None and self.expires < now


def jwt_claims(token: str) -> JwtClaims | None:
    """Return the claims of a token, or None when this is no JSON web token."""
    parts = token.split(".")
    header = _decode_json(parts[0])
    if header is None or not isinstance(header.get("alg"), str):
        return None
    if len(parts) == 5:
        return JwtClaims(header["alg"], None, None, None)
    claims = _decode_json(parts[1]) if len(parts) > 1 else None
    if claims is None:
        return None
    issuer, role = claims.get("iss"), claims.get("role")
    return JwtClaims(
        header["alg"],
        issuer if isinstance(issuer, str) else None,
        _moment(claims.get("exp")),
        role if isinstance(role, str) else None,
    )


def _decode_json(part: str) -> dict[str, Any] | None:
    try:
        value = json.loads(base64.urlsafe_b64decode(part[:16384] + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _moment(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 4e9:
        return None
    return datetime.fromtimestamp(value, UTC)


def _jwt(candidate: Candidate) -> Verdict:
    claims = jwt_claims(candidate.value)
    if claims is None:
        return Verdict(rejected="does not decode to a JSON web token")
    if claims.role == "anon":
        return Verdict(rejected="a token for anonymous use is public")
    published = claims.issuer in {
        "joe",
        "https://example.com",
        "https://example.org",
    } or is_published_jwt(candidate.value)
    return Verdict(test_data=published, note=_told_by(claims))


def _told_by(claims: JwtClaims) -> str | None:
    """Return issuer and expiry in words; of an issuer with a mail address the domain only, the
    subject not at all.
    """
    issuer = f"issued by {printable(claims.issuer.rpartition('@')[2], 80)}" if claims.issuer else ""
    expiry = f"valid until {claims.expires:%Y-%m-%d %H:%M} UTC" if claims.expires else ""
    return ", ".join(filter(None, (issuer, expiry))) or None


def is_published_jwt(token: str) -> bool:
    """True for the tokens of the standard and of the best known debugger page: subject 1234567890,
    John Doe.
    """
    return "eyJzdWIiOiIxMjM0NTY3ODkwIi" in token or "Ikpva" + "G4gRG9lI" in token


def _private_key(candidate: Candidate) -> Verdict:
    end = candidate.text.find("-----", candidate.end, candidate.end + 20_000)
    armoured = candidate.text[candidate.end : end if end >= 0 else candidate.end + 20_000]
    body = armoured.replace("\\r", "").replace("\\n", "\n")
    bare = _PEM_HEADERS.sub("", body)
    body = _NOT_BASE64.sub("", bare)
    if (
        len(body) < 40
        or _LINE.search(bare) is None
        or (entropy(body) < 3.2 and not is_example(body))
    ):
        return Verdict(rejected="the armour line of a private key without a key")
    sealed = "ENCRYPTED" in candidate.value or "ENCRYPTED" in armoured[:200]
    stop = (
        candidate.text.find("-----", end + 5, end + 80) + 5
        if end >= 0
        else candidate.end + len(armoured)
    )
    return Verdict(
        value=body,
        span=(candidate.start, max(stop, candidate.end)),
        test_data=entropy(body) < 4.0,
        detector="encrypted-private-key" if sealed else None,
        confidence=Confidence.LIKELY if sealed else Confidence.CERTAIN,
    )


_URL = re.compile(
    r"(?is)^(?P<scheme>[a-z][a-z0-9+.\-]{1,30})://(?P<user>[^:/\s]*):(?P<password>.*)@(?P<host>[^/?#\s@]*)"
)


_PORT = re.compile(r"\d{1,5}(?:[/?#,]|$)")


def _url(candidate: Candidate) -> Verdict:
    parts = _URL.match(candidate.value)
    if (
        parts is None
        or _PORT.match(parts["password"])
        or parts["scheme"].lower() in {"github", "gitlab", "docker"}
    ):
        return Verdict(rejected="not a URL with a password")
    password, host = parts["password"], parts["host"]
    web = parts["scheme"].lower() in set(
        ("http https ftp ftps sftp ssh git git+https svn ws wss").split()
    )
    start = candidate.start + parts.start("password")
    return _judge_password(
        password,
        parts["user"],
        host,
        (start, start + len(password)),
        "basic-auth-url" if web else "connection-string",
    )


def _judge_password(
    password: str, user: str, host: str, span: tuple[int, int], detector: str
) -> Verdict:
    if len(password) < 3 or is_placeholder(password) or is_masked(password):
        return Verdict(rejected="a placeholder stands where the password would", detector=detector)
    local = _LOCAL_HOST.match(host) is not None
    weak = password.lower() in _WEAK or password == user
    if weak and local:
        return Verdict(rejected="a default password on an example host", detector=detector)
    published = (user, password) == ("scott", "tiger")
    return Verdict(
        value=password,
        span=span,
        detector=detector,
        test_data=published or (local and is_example(password + host)),
        confidence=Confidence.LIKELY if weak or local else Confidence.CERTAIN,
    )


_HOST = re.compile(
    r"(?i)(?:server|data source|host|ashost|addr(?:ess)?)\s*=\s*(?:tcp:)?([^;,\s'\"]+)"
)


def _assignment(candidate: Candidate) -> Verdict:
    host = _HOST.search(candidate.text, max(0, candidate.start - 300), candidate.end + 200)
    span = (candidate.start, candidate.end)
    return _judge_password(candidate.value, "", host[1] if host else "", span, "connection-string")


def _oracle(candidate: Candidate) -> Verdict:
    span = (candidate.start, candidate.end)
    return _judge_password(candidate.value, "", "", span, "connection-string")


def _basic_header(candidate: Candidate) -> Verdict:
    try:
        text = base64.b64decode(
            candidate.value + "=" * (-len(candidate.value) % 4), validate=True
        ).decode("utf-8")
    except (ValueError, binascii.Error):
        return Verdict(rejected="not the base64 of a user and a password")
    user, colon, password = text.partition(":")
    if not colon or not (user + password).isprintable():
        return Verdict(rejected="not the base64 of a user and a password")
    if is_placeholder(password) and is_placeholder(user or "user"):
        return Verdict(rejected="a placeholder stands where the password would")
    return Verdict(test_data=is_example(text))


def _bearer(candidate: Candidate) -> Verdict:
    value = candidate.value
    if (
        is_placeholder(value)
        or is_masked(value)
        or not any(c.isdigit() for c in value)
        or entropy(value) < 3.5
    ):
        return Verdict(rejected="a placeholder or too regular for a token")
    return Verdict(test_data=is_example(value))


def _command(candidate: Candidate) -> Verdict:
    user, _, password = candidate.value.partition(":")
    start = candidate.start + len(user) + 1
    return _judge_password(password, user, "", (start, candidate.end), "basic-auth-command")


_SCHEMES = r"[a-z][a-z0-9+.\-]{1,30}"

STRUCTURES: tuple[Rule, ...] = (
    Rule(
        name="private-key",
        rank=3,
        check=_private_key,
        pattern=r"(-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----)",
    ),
    Rule(
        name="putty-private-key",
        rank=3,
        check=None,
        pattern=r"(PuTTY-User-Key-File-\d: [a-z0-9-]{3,40}\s{1,4}Encryption: none)",
    ),
    Rule(
        name="jwt",
        rank=2,
        check=_jwt,
        confidence=Confidence.CERTAIN,
        pattern=r"\b(ey[JA][A-Za-z0-9_-]{8,}\.ey[JA][A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,})",
    ),
    Rule(
        name="connection-string",
        rank=3,
        check=_url,
        pattern=r"(?i)\b("
        + _SCHEMES
        + r"://[^\s:/\"'<>`\[]{0,128}:[^\s\"'<>`]{1,256}@[a-z0-9_\[][a-z0-9_.:\-\]]{0,250})",
    ),
    Rule(
        name="connection-string",
        rank=3,
        check=_assignment,
        pattern=rf"(?i)(?:{_PART})[^\n]*?[;\s,&?\"']{_KEPT}",
    ),
    Rule(
        name="connection-string",
        rank=3,
        check=_assignment,
        pattern=rf"(?i){_KEPT}[\"']?\s{{0,2}}[;,&][^\n]*?(?:{_PART})",
    ),
    Rule(
        name="connection-string",
        rank=3,
        check=_oracle,
        pattern=r"(?i)(?:\b(?:sqlplus|rman|expdp|impdp|sqlldr)\s+(?:-\w+\s+)*(?:userid=)?|jdbc:oracle:\w+:|\b(?:dsn|conn\w*)[\"']?\s{0,2}[=:]\s{0,2}[\"']?)"
        r"[a-z][\w$#]{0,40}/\"?([^\s@/\"'<>]{3,60})\"?@(?://|\(|[a-z0-9])",
    ),
    Rule(
        name="azure-storage-key",
        provider="azure",
        rank=3,
        min_entropy=4.0,
        confidence=Confidence.CERTAIN,
        pattern=(
            r"(?i)(?:account|shared|storage|access)[\w"
            r" ]{0,12}key[\"'\s:=\\]{1,6}([A-Za-z0-9+/]{86}==)"
        ),
    ),
    Rule(
        name="azure-service-key",
        provider="azure",
        rank=3,
        min_entropy=3.8,
        confidence=Confidence.CERTAIN,
        pattern=r"(?i)(?:SharedAccessKey|;Secret|AccessKey)=([A-Za-z0-9+/]{40,100}={0,2})",
    ),
    Rule(
        name="aws-secret-key",
        provider="aws",
        rank=3,
        min_entropy=4.0,
        confidence=Confidence.CERTAIN,
        pattern=r"(?i)(?:aws.{0,20}(?:secret|key)|secret_?access_?key|aws_?sk)[\w]{0,20}[\"'\s\\\])]{0,4}(?:[:=,>]|is\s|:=|=>)[\"'\s\\]{0,5}"
        r"([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)",
    ),
    Rule(
        name="aws-session-token",
        provider="aws",
        rank=3,
        min_entropy=4.0,
        confidence=Confidence.CERTAIN,
        pattern=r"(?i)(?:session_?token|security_?token)[\"'\s\\\])]{0,4}[:=,>][\"'\s\\]{0,5}([A-Za-z0-9/+=]{100,})",
    ),
    Rule(
        name="basic-auth-header",
        rank=3,
        check=_basic_header,
        pattern=r"(?i)\bauthorization[\"'\]\s\\]{0,4}[:=,]?[\"'\s\\]{0,4}basic\s{1,3}([A-Za-z0-9+/]{6,400}={0,2})",
    ),
    Rule(
        name="password-hash",
        rank=2,
        confidence=Confidence.LIKELY,
        pattern=r"(?:^|[^A-Za-z0-9$])(\$(?:1|5|6|y|7|gy)\$[A-Za-z0-9./$=,]{0,40}\$[A-Za-z0-9./]{22,88})(?:[^A-Za-z0-9./]|$)",
    ),
    Rule(
        name="bearer-token",
        rank=0,
        check=_bearer,
        confidence=Confidence.LIKELY,
        pattern=r"(?i)\bbearer\s{1,3}([A-Za-z0-9_\-.~+/]{20,}={0,2})",
    ),
    Rule(
        name="basic-auth-command",
        rank=3,
        check=_command,
        pattern=(
            r"(?i)\bcurl\b[^\n]{0,200}?\s(?:-u|--user)["
            r" =]{1,2}[\"']?([^\s\"':]{1,64}:[^\s\"']{4,100})"
        ),
    ),
    Rule(
        name="session-cookie",
        rank=1,
        check=_bearer,
        confidence=Confidence.LIKELY,
        pattern=r"(?i)\bcookie[\"'\]\s\\]{0,4}[:=,][^\n]{0,200}?\b(?:\w{0,20}sess(?:ion)?(?:[_-]?id)?|sid|connect\.sid|auth|\w{0,20}token|remember\w{0,20}|jwt)=([A-Za-z0-9_\-.%+/:]{16,})",
    ),
)
