"""Values that only their name gives away: `db_password = …`, `"api_key": "…"`, `the password is …`."""

# ruff: noqa: E501 - rows of tables and patterns are easier to read on one line

import re

from classifiers.credentials.quality import entropy, is_example, is_masked, is_placeholder
from classifiers.credentials.rule import Candidate, Rule, Verdict
from core.findings import Confidence

_PASSWORD_ANCHOR = r"(?:passw(?:or)?d|passwd|passphrase|passwort|kennwort|mot_?de_?passe|contrasena|senha|pwd|[_-]pass|\bpass|\bpw)"  # noqa: S105 - a pattern
_KEY_ANCHOR = (
    r"(?:secret|token|credential|api[_.\- ]?key|apikey|app[_.\- ]?key|access[_.\- ]?key|account[_.\- ]?key|auth[_.\- ]?key|"
    r"private[_.\- ]?key|master[_.\- ]?key|(?:en|de)cryption[_.\- ]?key|signing[_.\- ]?key|subscription[_.\- ]?key|consumer[_.\- ]?key|"
    r"license[_.\- ]?key|service[_.\- ]?key|storage[_.\- ]?key|shared[_.\- ]?key|hmac[_.\- ]?key|webhook[_.\- ]?key|function[_.\- ]?key|"
    r"api[_.\- ]?hash|auth[_.\- ]?hash|authorization)"
)
_TAIL = r"[\w.\-]{0,24}"
_CLOSE = r"[\"'\]\\)]{0,4}(?:\s{0,3}|\s{0,3}(?:string|str)\s{0,2})"
_OPERATOR = r"(?::?=>?|::?|=>|>|,|\|\||\s(?:is|was|ist|are)\s?:?|[\"']?\s{1,3}[\"']?value[\"']?\s{0,2}[:=])"
_OPEN = r"[\"'\s\\`(\[]{0,5}(?:[rbuf]{1,2}[\"'])?"
_PASSWORD_VALUE = r"([^\s\"'`<>\\,;]{4,128})"  # noqa: S105 - a pattern
_KEY_VALUE = r"([A-Za-z0-9_\-.~+/=:!@#$%^&*|?]{10,512})"
_HEAD = r"[\w.\-]{0,40}?"

_NOT_A_SECRET_NAME = re.compile(
    r"(?ix) (?:^|[_\-. ]) (?: max | min | num | n | total | count | prompt | completion | input | output | cached? | reasoning | page | next | prev(?:ious)? | continuation"
    r" | sync | cursor | pagination | idempotency | public | pad | eos | bos | unk | sep | cls | mask | stop | special | start | end | csrf\w* | xsrf\w* | turn"
    r" | device | push | first | last | added | new_line | delta | partial | author | resume | watch | upload | lock | fencing | change | design | syntax | id ) (?:$|[_\-. ])"
)
_NOT_A_SECRET_END = re.compile(
    r"(?ix) (?: [_\-.] (?: ids? | count | type | name | names | url | uri | endpoint | path | file | dir | length | len | size | limit | limits | usage | budget | expir\w* | ttl | age"
    r" | field | fields | label | column | hint | policy | arn | ref | version | format | regex | pattern | rules? | status | state | strength | reset | required | enabled | prefix | suffix"
    r" | created | updated | at | on | date | time | index | position | error | details | info | mode | method | algorithm | alg | kind | class | scope | header | param\w* | env | var | provider | manager | store"
    r" | sha\d* | digest | checksum | fingerprint | hash ) | (?<!user)Id | Name | Type | Url | Uri | Count | Path | Length | Limit | Expiry | Expiration | Version | Format | Policy | ARN ) $"
    r" | tokens $ | tokeni[sz]\w* $ | secretname $ | passwordless | passive"
)
_STRUCTURED = re.compile(
    r"(?ix) ^ (?: [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12} | \d{4}-\d\d-\d\d.* | [\d.,:+\-]+ | https?://.* | /[\w./\-]* | \.{1,2}/.* | [\w.\-]+\.(?:py|js|ts|json|ya?ml|md|txt|html?|com|net|org|io|pem|key|crt)"
    r" | arn:.* | urn:.* | sha\d{1,3}[-:].* | (?:chatcmpl|toolu|call|resp|msg|run|asst|thread|file|req|cmpl|gen|rs|fc|ws|item|event|evt|cus|sub|pi|ch|in|seti|prod|price|acct|org|proj|user)[_-][\w-]* | pk_.* | pk[.-].* | phc_.* | \$2[aby]?\$.*"
    r" | pbkdf2.* | argon2.* | \{(?:ssha|sha|md5|bcrypt).* | [a-z]+(?:[._/:-][a-z]+)* | [A-Z]+(?:[._/:-][A-Z]+)* | [A-Z]?[a-z]+(?:[A-Z][a-z]+)*[:!?.]* | .*\(.*  | .*\)$ | .*\[.*\].* | [a-z_]\w*(?:\.[a-z_]\w*)+ ) $"
)
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$", re.IGNORECASE)
_NAME_BEFORE = re.compile(r"[\w.\-]{0,48}\Z")


def is_secret_name(name: str) -> bool:
    """True unless the name says that its value is no secret: `max_tokens`, `token_type`, `next_page_token`, `secretName`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return _NOT_A_SECRET_NAME.search(spaced) is None and _NOT_A_SECRET_END.search(spaced) is None


def _common(candidate: Candidate) -> str | None:
    if not is_secret_name(candidate.name):
        return "the name says that this is no secret"
    value = candidate.value
    if is_placeholder(value) or is_masked(value):
        return "a placeholder"
    if len(set(value)) < 4:
        return "too regular"
    return None


def _password(candidate: Candidate) -> Verdict:
    reason = _common(candidate)
    value = candidate.value.rstrip(".!?)") if not candidate.whole and " " in candidate.name else candidate.value
    if reason is None and _STRUCTURED.match(value):
        reason = "a word, number, name or address, no password"
    if reason is None and _EMAIL.match(value):
        reason = "an e-mail address"
    if reason is None and (len(value) < 6 or entropy(value) < 2.2 or not _mixed(value)):
        reason = "too short or too plain for a password"
    if reason is not None:
        return Verdict(rejected=reason)
    strong = len(value) >= 8 and entropy(value) >= 2.7
    return Verdict(
        value=value,
        span=(candidate.start, candidate.start + len(value)),
        confidence=Confidence.LIKELY if strong else Confidence.POSSIBLE,
        test_data=is_example(value),
    )


def _mixed(value: str) -> bool:
    kinds = (any(c.isdigit() for c in value), any(c.islower() for c in value), any(c.isupper() for c in value),
             any(not c.isalnum() and c not in "_-./:" for c in value))  # fmt: skip
    return sum(kinds) >= 2


def _key(candidate: Candidate) -> Verdict:
    reason = _common(candidate)
    value = candidate.value
    if reason is None and _STRUCTURED.match(value):
        reason = "an identifier, word, address or public value, no secret"
    if reason is None and not any(c.isdigit() for c in value):
        reason = "no digit in it"
    if reason is None and (len(value) < 12 or entropy(value) < (3.0 if len(value) < 20 else 3.3)):
        reason = "too short or too regular for a key"
    if reason is None and len(value) > 256:
        reason = "too long for a key"
    if reason is not None:
        return Verdict(rejected=reason)
    strong = len(value) >= 20 and entropy(value) >= 3.6
    return Verdict(confidence=Confidence.LIKELY if strong else Confidence.POSSIBLE, test_data=is_example(value), detector=_type_of(candidate.name))


def _type_of(name: str) -> str:
    lower = name.lower()
    if "token" in lower:
        return "generic-token"
    return "generic-secret" if "secret" in lower or "credential" in lower else "generic-api-key"


def _rule(name: str, anchor: str, value: str, check: object) -> Rule:
    core = anchor + _TAIL + _CLOSE + _OPERATOR + _OPEN + value
    return Rule(
        name=name,
        rank=0,
        confidence=Confidence.LIKELY,
        check=check,  # type: ignore[arg-type]
        pattern="(?i)" + core,
        confirm=f"(?i)({_HEAD}{anchor}{_TAIL})" + _CLOSE + _OPERATOR + _OPEN + value,
        named=True,
        group=2,
    )


GENERIC: tuple[Rule, ...] = (
    _rule("generic-password", _PASSWORD_ANCHOR, _PASSWORD_VALUE, _password),
    _rule("generic-api-key", _KEY_ANCHOR, _KEY_VALUE, _key),
    Rule(
        name="generic-password", named=True, group=2, rank=0, confidence=Confidence.LIKELY, check=_password,
        pattern=r"(?i)\s--?(pass(?:word|wd|phrase)?|pwd|token|secret|api-key)[ =]([^\s\"'`<>\\,;]{6,128})",
    ),
)  # fmt: skip
