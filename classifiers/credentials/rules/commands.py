"""Passwords in command lines and in calls of programs: `sshpass -p …`, `auth=("admin", "…")`."""

from classifiers.credentials.judging.quality import is_example, is_masked, is_placeholder
from classifiers.credentials.rules.rule import Candidate, Rule, Verdict
from core.findings import Confidence

_VALUE = r"([^\s\"'`<>|;&]{4,128})"
_QUOTED = r"[\"']([^\"'\n]{4,128})[\"']"
_WORDS = frozenset(
    "identified with expire never random values default account password passwd secret pass "
    "none null true false string value token username localhost".split()
)
_VARIABLES = ("$", "%", "{", "<", "@", "-")


def _given(candidate: Candidate) -> Verdict:
    """Judge what stands where a program takes its password: all but variables and stand-ins."""
    value = candidate.value
    if value.startswith(_VARIABLES) or "(" in value or "${" in value or "{{" in value:
        return Verdict(rejected="a variable")
    if is_placeholder(value) or is_masked(value) or value.lower() in _WORDS:
        return Verdict(rejected="a placeholder")
    if len(set(value)) < 3 or value.isspace():
        return Verdict(rejected="too plain for a password")
    strong = len(value) > 7 and any(map(str.isdigit, value))
    return Verdict(
        confidence=Confidence.LIKELY if strong else Confidence.POSSIBLE, test_data=is_example(value)
    )


def _encoded(candidate: Candidate) -> Verdict:
    """Judge the `auth` of a registry: a user and a password in base64."""
    import binascii

    try:
        plain = binascii.a2b_base64(candidate.value + "=" * (-len(candidate.value) % 4))
    except binascii.Error:
        return Verdict(rejected="no base64")
    user, colon, password = plain.partition(b":")
    if not colon or not user or len(password) < 4 or not plain.isascii():
        return Verdict(rejected="no user and password")
    return Verdict(confidence=Confidence.CERTAIN)


def _command(pattern: str) -> Rule:
    return Rule(
        name="command-password",
        rank=1,
        confidence=Confidence.LIKELY,
        check=_given,
        pattern=pattern,
    )


COMMANDS: tuple[Rule, ...] = (
    _command(rf"\bsshpass\s{{1,3}}-p\s{{0,3}}[\"']?{_VALUE}"),
    _command(
        r"\b(?:mysql|mysqldump|mysqladmin|mariadb|mariadb-dump|mycli|mysqlimport)\b[^\n|;&]{0,200}?\s-p"
        rf"[\"']?{_VALUE}"
    ),
    _command(r"(?i:\bpsexec(?:\.exe|64\.exe)?\b)[^\n|]{0,200}?\s-p\s{1,3}[\"']?" + _VALUE),
    _command(r"(?i:\bnet\s{1,3}use\b)[^\n|]{0,200}?(?i:/user:)\S{1,80}\s{1,3}[\"']?" + _VALUE),
    _command(
        r"(?i:\bnet\s{1,3}use\b)\s{1,3}(?:[a-zA-Z*]:?\s{1,3})?\\{2}\S{1,120}\s{1,3}[\"']?"
        r"([^\s\"'/*<>|;&]{4,128})[\"']?\s{1,3}(?i:/user:)"
    ),
    _command(
        r"(?i:\bnet\s{1,3}user)\s{1,3}\S{1,60}\s{1,3}[\"']?([^\s\"'/*<>|;&]{4,128})[\"']?\s{1,3}/add"
    ),
    _command(rf"\bredis-cli\b[^\n|;&]{{0,120}}?\s-a\s{{1,3}}[\"']?{_VALUE}"),
    _command(
        rf"\b(?:mongo|mongosh|mongodump|mongorestore)\b[^\n|;&]{{0,200}}?\s-p\s{{1,3}}[\"']?{_VALUE}"
    ),
    _command(
        rf"\b(?:docker|podman|helm|oras|skopeo|nerdctl)\b[^\n|;&]{{0,60}}?\blogin\b[^\n|;&]{{0,200}}?\s-p\s{{1,3}}[\"']?{_VALUE}"
    ),
    _command(rf"\baz\s{{1,3}}login\b[^\n|;&]{{0,200}}?\s-p\s{{1,3}}[\"']?{_VALUE}"),
    _command(
        rf"\bldap(?:search|modify|add|delete|whoami)\b[^\n|;&]{{0,300}}?\s-w\s{{1,3}}[\"']?{_VALUE}"
    ),
    _command(
        rf"\b(?:smbclient|smbmap|rpcclient|mount\.cifs)\b[^\n|;&]{{0,200}}?\s-U\s{{1,3}}[\"']?[\w.\\/-]{{1,60}}%{_VALUE}"
    ),
    _command(rf"\b(?:sqlcmd|bcp|osql|isql)\b[^\n|;&]{{0,200}}?\s-P\s{{0,3}}[\"']?{_VALUE}"),
    _command(
        r"\bopenssl\b[^\n|;&]{0,300}?\s-(?:passin|passout|k|pass)\s{1,3}(?:pass:)[\"']?" + _VALUE
    ),
    _command(rf"\bopenssl\s{{1,3}}enc\b[^\n|;&]{{0,200}}?\s-k\s{{1,3}}[\"']?{_VALUE}"),
    _command(
        rf"\b(?:plink|pscp|psftp|putty)(?:\.exe)?\b[^\n|;&]{{0,200}}?\s-pw\s{{1,3}}[\"']?{_VALUE}"
    ),
    _command(rf"(?i:\bschtasks(?:\.exe)?\b)[^\n|;&]{{0,200}}?(?i:\s/rp)\s{{1,3}}[\"']?{_VALUE}"),
    _command(
        rf"\b(?:keytool|jarsigner)\b[^\n|;&]{{0,200}}?\s-(?:store|key|srcstore|deststore)pass\s{{1,3}}"
        rf"[\"']?{_VALUE}"
    ),
    _command(
        rf"\brabbitmqctl\s{{1,3}}(?:add_user|change_password)\s{{1,3}}\S{{1,60}}\s{{1,3}}[\"']?{_VALUE}"
    ),
    _command(rf"\bmosquitto_(?:pub|sub|rr)\b[^\n|;&]{{0,200}}?\s-P\s{{1,3}}[\"']?{_VALUE}"),
    _command(
        rf"\bsnmp(?:walk|get|bulkwalk|getnext|set|table)\b[^\n|;&]{{0,200}}?\s-[AX]\s{{1,3}}[\"']?{_VALUE}"
    ),
    _command(
        r"\bhttps?\s[^\n|;&]{0,80}?(?:-a|--auth)\s{1,3}[\"']?[\w.@-]{1,60}:([^\s\"'`<>|;&/]{4,128})"
    ),
    _command(
        rf"\bsudo\b[^\n|;&]{{0,20}}?\s-\w{{0,3}}S\b[^\n|;&<]{{0,100}}<<<\s{{0,3}}[\"']?{_VALUE}"
    ),
    _command(
        r"\becho\s{1,3}(?:-n\s{1,3})?[\"']?([^\s\"'`<>|;&$]{4,128})[\"']?\s{0,3}\|"
        r"[^\n|;&]{1,120}?--?(?:password|passphrase|token)-stdin\b"
    ),
    _command(
        rf"\bhtpasswd\b\s{{1,3}}-\w{{0,6}}b\w{{0,6}}\s{{1,3}}\S{{1,120}}\s{{1,3}}\S{{1,60}}\s{{1,3}}[\"']?{_VALUE}"
    ),
    _command(rf"\b(?:unzip|zip)\b[^\n|;&]{{0,60}}?\s-P\s{{1,3}}[\"']?{_VALUE}"),
    _command(rf"\b7z[az]?\b[^\n|;&]{{0,80}}?\s-p[\"']?{_VALUE}"),
    _command(
        r"\becho\s{1,3}[\"']?([^\s\"'`<>|;&$]{4,128})[\"']?\s{0,3}\|\s{0,3}sudo\s{1,3}-\w{0,3}S\b"
    ),
    _command(
        r"\becho\s{1,3}[\"']?[\w.-]{1,40}:([^\s\"'`<>|;&$]{4,128})[\"']?\s{0,3}\|\s{0,3}(?:sudo\s{1,3})?chpasswd\b"
    ),
    _command(
        r"(?i:\bConvertTo-SecureString)\s{1,3}(?i:-String\s{1,3})?"
        + _QUOTED
        + r"\s{1,3}(?i:-AsPlainText)"
    ),
    _command(
        rf"(?i:\bxfreerdp\b|\brdesktop\b|\bwinexe\b)[^\n|;&]{{0,200}}?(?:/p:|\s-p\s{{1,3}})[\"']?{_VALUE}"
    ),
    _command(rf"\bkinit\b[^\n]{{0,60}}<<<\s{{0,3}}[\"']?{_VALUE}"),
    _command(
        r"\b(?:auth|basic_auth|http_auth|credentials|httpauth|proxy_auth)\s{0,3}[=:]\s{0,3}"
        rf"[(\[]\s{{0,3}}[rbuf]?[\"'][^\"'\n]{{1,80}}[\"']\s{{0,3}},\s{{0,3}}[rbuf]?{_QUOTED}"
    ),
    _command(
        r"\b(?:HTTPBasicAuth|HTTPDigestAuth|BasicAuth|HttpNtlmAuth|NetworkCredential|PasswordCredential"
        r"|UsernamePasswordCredentials|PasswordAuthentication|SetBasicAuth|BasicAuthenticationHandler"
        r"|basicAuth|setBasicAuth|PlainAuth|UserPassword)"
        rf"\(\s{{0,3}}[rbuf]?[\"'][^\"'\n]{{1,80}}[\"']\s{{0,3}},\s{{0,3}}[rbuf]?{_QUOTED}"
    ),
    _command(
        r"\.(?:login|authenticate|signIn|sign_in|simple_bind_s|bind)"
        rf"\(\s{{0,3}}[rbuf]?[\"'][^\"'\n]{{2,80}}[\"']\s{{0,3}},\s{{0,3}}[rbuf]?{_QUOTED}"
    ),
    _command(
        r"(?i:\bvariable\s{1,3}\"[^\"\n]{0,60}(?:password|passwd|secret|token|api_key)[^\"\n]{0,20}\"\s{0,3}\{)"
        rf"[^}}]{{0,300}}?\bdefault\s{{0,4}}=\s{{0,4}}{_QUOTED}"
    ),
    _command(
        rf"(?i:\bIDENTIFIED\s{{1,3}}(?:WITH\s{{1,3}}\S{{1,40}}\s{{1,3}})?BY)\s{{1,3}}[\"']?{_VALUE}"
    ),
    _command(
        r"(?i:\b(?:create|alter)\s{1,3}(?:user|role|login)\b)[^\n;]{0,120}?(?i:\bpassword\s{0,3}=?)\s{0,3}"
        + _QUOTED
    ),
    Rule(
        name="registry-auth",
        rank=1,
        confidence=Confidence.CERTAIN,
        check=_encoded,
        pattern=r"\\?[\"']?_?auth\\?[\"']?\s{0,3}[:=]\s{0,3}\\?[\"']?([A-Za-z0-9+/]{10,400}={0,2})",
    ),
)
