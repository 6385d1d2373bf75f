"""Values that only their name gives away: `db_password = …`, `"api_key": "…"`, `the password is
…`.
"""

import re
import string
from functools import lru_cache
from operator import ne

from classifiers.credentials.judging.quality import entropy, is_example, is_masked, is_placeholder
from classifiers.credentials.rules.rule import Candidate, Check, Rule, Verdict
from core.findings import Confidence

_PASSWORD_ANCHOR = r"(?:pa?s{1,2}wo?r?d|passphrase|passwort|kennwort|mot[_ -]?de[_ -]?passe|contrase.{1,2}a|senha|palavra[_ -]?passe|wachtwoord|has.{1,2}o|parola|pwd|[_-]pass|\bpass|\bpw|[_-]pw\b|(?:sql|db|user|admin|root|smtp|mail|ftp|proxy|ssl|store)pass\b)"  # noqa: S105 - a pattern
_KEY_ANCHOR = (
    r"(?:secret[_.\- ]?key|secret|token|credential|api[_.\- ]?key|apikey|app[_.\- ]?key|access[_.\-"
    r" ]?key|account[_.\- ]?key|auth(?:entication|orization)?[_.\- ]?key|"
    r"private[_.\- ]?key|master[_.\- ]?key|(?:en|de)cryption[_.\- ]?key|signing[_.\-"
    r" ]?key|subscription[_.\- ]?key|consumer[_.\- ]?key|"
    r"license[_.\- ]?key|service[_.\- ]?key|storage[_.\- ]?key|shared[_.\- ]?key|hmac[_.\-"
    r" ]?key|webhook[_.\- ]?key|function[_.\- ]?key|"
    r"api[_.\- ]?hash|auth[_.\- ]?hash|authorization)"
)
_TAIL = r"[\w.\-]{0,24}"
_CLOSE = r"[\"'\]\\)*]{0,4}(?:\s{0,3}|\s{0,3}(?:string|str)\s{0,2})"
_OPERATOR = r"(?::\s{0,2}(?:&?str|String|Optional\[str\])\s{0,2}=|:?=>?|[=!]={1,2}|::?|=>|>|\|\||\?\?|\sor\s|\s(?:is|was|ist|are)\b\s?:?|[\"']?\s{1,3}[\"']?value[\"']?\s{0,2}[:=])"
_OPEN = r"[\"'\s\\`(\[*]{0,20}(?:[rbuf]{1,2}[\"'])?"
_BETWEEN = rf"(?:{_CLOSE}{_OPERATOR}{_OPEN}|\\?[\"']?[ \t]{{0,3}},[ \t]{{0,3}}\\?[\"']|[ \t]{{1,4}}\\?[\"'])"
"""What may stand between a name and its value; a comma or a blank only before a quoted string."""
_PASSWORD_SIGN = r"[^\s\"'`<>\\,;]{0,80}(?:[0-9!@#$%^&*+=?|~]|[a-z][A-Z]|[A-Z]{2}[a-z])"  # noqa: S105 - a pattern
_KEY_SIGN = r"[A-Za-z_\-.~+/=:!@#$%^&*|?]{0,200}[0-9]"
"""What every value has that is accepted below: lets Vectorscan pass over `password: required` and
`token was approved`.
"""
_PASSWORD_VALUE = r"([^\s\"'`<>\\,;]{4,128})"  # noqa: S105 - a pattern
_KEY_VALUE = r"([A-Za-z0-9_\-.~+/=:!@#$%^&*|?]{10,512})"
_HEAD = r"[\w.\-]{0,40}?"
_SMALL, _LARGE, _DIGITS = map(
    frozenset, (string.ascii_lowercase, string.ascii_uppercase, string.digits)
)
_LONGEST_PASSWORD = 512
_LONGEST_NAME = 60
_SHORTEST_RANDOM, _LONG_RANDOM = 12, 20
_SENTENCE = 4096
"""Characters before a value in which a blank makes it part of a sentence."""

_NOT_A_SECRET_NAME = re.compile(
    r"(?ix) (?:^|[_\-. ]) (?: max | min | num | n | total | count | prompt | completion | input |"
    r" output | cached? | reasoning | page | next | prev(?:ious)? | continuation"
    r" | sync | cursor | pagination | idempotency | public | pad | eos | bos | unk | sep | cls |"
    r" hashed | encrypted | ice | mask | stop | special | start | end | csrf\w* | xsrf\w* | turn"
    r" | device | push | first | last | added | new_line | delta | partial | author | resume |"
    r" watch | upload | lock | fencing | change | design | syntax | id ) (?:$|[_\-. ])"
)
_NOT_A_SECRET_END = re.compile(
    r"(?ix) (?: [_\-.] (?: ids? | count | type | name | names | url | uri | endpoint | path | file"
    r" | dir | length | len | size | limit | limits | usage | budget | expir\w* | ttl | age"
    r" | field | fields | label | column | hint | policy | arn | ref | version | format | regex |"
    r" pattern | rules? | status | state | strength | reset | required | enabled | prefix | suffix"
    r" | created | updated | at | on | date | time | index | position | error | details | info |"
    r" mode | method | algorithm | alg | kind | class | scope | header | param\w* | mgr | realm |"
    r" manager | callable\w* | error | exception | handler | input | form | view | widget | dialog"
    r" | env | var | provider | manager | store"
    r" | sha\d* | digest | checksum | fingerprint | hash ) | (?<!user)Id | Name | Type | Url | Uri"
    r" | Count | Path | Length | Limit | Expiry | Expiration | Version | Format | Policy | ARN ) $"
    r" | tokens $ | secrets?manager | tokeni[sz]\w* $ | secretname $ | passwordless |"
    r" pass(?:e?port|aport|ed|ing|es|enger|ive|age|aggi|arg|through|thru|ion|_?arg)\w* $ |"
    r" pass(?:e?port\w*|aport\w*)?[_\-. ]{0,2}(?:nummer|numbers?|numero|n[or]\.?) $ |"
    r" \.(?:py|pyi|js|ts|c|h|go|rs|java|md|json|txt|html?|cpp|rb|php|ya?ml) $"
)
_PASSWORDS = frozenset({"password", "passwd", "passphrase"})
_SECRETS_OF = frozenset({"client", "app", "device", "provision", "provisioning"})
_OPENS_NOTHING = frozenset(
    "hashed encrypted mask masked min max num count no ice public reset input".split()
)


def _says_secret(words: list[str]) -> bool:
    """True for a name that ends in what can only be a secret, whatever stands before it."""
    *before, last = words
    if last not in _PASSWORDS and not (
        last == "secret" and before[-1:] and before[-1] in _SECRETS_OF
    ):
        return False
    return _OPENS_NOTHING.isdisjoint(before)


_STRUCTURED = re.compile(
    r"(?ix) ^ (?: [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12} | \d{4}-\d\d-\d\d.*"
    r" | [\d.,:+\-]+ | https?://.* | [\w\-]*/[\w./\-]*\.[a-z]{2,5} | [0-9a-f-]{36}/.* | /[\w./\-]*"
    r" | \.{1,2}/.* | [\w.\-]+\.(?:py|js|ts|json|ya?ml|md|txt|html?|com|net|org|io|pem|key|crt)"
    r" | arn:.* | urn:.* | x-[a-z\d-]+ | sha\d{1,3}[-:=].* | @.* | [A-Za-z_.]+\[.* |"
    r" (?:chatcmpl|toolu|call|resp|msg|run|asst|thread|file|req|cmpl|gen|rs|fc|ws|item|event|evt|cus|sub|pi|ch|in|seti|prod|price|acct|org|proj|user)[_-][\w-]*"
    r" | pk_.* | pk[.-].* | phc_.* | \$2[aby]?\$.*"
    r" | pbkdf2.* | argon2.* | \{(?:ssha|sha|md5|bcrypt).* | [a-z]+(?:[._/:-][a-z]+)* |"
    r" _{0,2}[a-z]+[:!?.]* | [^(\n]*\(.* | .*\)$ | [^\[\n]*\[[^\]\n]*\].* |"
    r" [a-z_]\w*(?:\.[a-z_]\w*)+[:;,!?.)]* ) $"
)
_UUID = re.compile(r"^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$")
_NAMES_A_KEY = re.compile(
    r"(?i)(?:^|[_\-. ])(?:api[_\-. ]?(?:key|token|secret)|secret(?:[_\-. ]?key)?|client[_\-."
    r" ]?secret|(?:auth|access|bearer)[_\-. ]?token)$"
)
"""Names under which services do hand out plain UUIDs as keys."""
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$", re.IGNORECASE)


@lru_cache(maxsize=512)
def is_secret_name(name: str) -> bool:
    """True unless the name says that its value is no secret: `max_tokens`, `token_type`,
    `next_page_token`, `secretName`.
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    words = spaced.lower().replace("-", "_").replace(".", "_").replace(" ", "_").split("_")
    if _says_secret(words):
        return True
    return _NOT_A_SECRET_NAME.search(spaced) is None and _NOT_A_SECRET_END.search(spaced) is None


_COLUMN = re.compile(f"(?i){_PASSWORD_ANCHOR}|{_KEY_ANCHOR}")


@lru_cache(maxsize=512)
def is_secret_column(name: str) -> bool:
    """True for the name of a column that holds passwords or keys."""
    return len(name) < _LONGEST_NAME and _COLUMN.search(name) is not None and is_secret_name(name)


def judge_password(candidate: Candidate) -> Verdict:
    """Judge a value under a password's name."""
    value = candidate.value
    if not candidate.whole and value.endswith("."):
        value = _without_stop(candidate)
    if not candidate.whole and value.endswith((")", "]", "}")):
        value = _without_bracket(value)
    reason = _no_secret_name(candidate.name)
    if reason is not None:
        return Verdict(rejected=reason)
    bits = entropy(value) if len(value) <= _LONGEST_PASSWORD else 0.0
    reason = _no_password(value, bits) or _no_secret(value)
    if reason is not None:
        return Verdict(rejected=reason)
    strong = len(value) >= 8 and bits >= 2.7
    return Verdict(
        value=value,
        span=(candidate.start, candidate.start + len(value)),
        confidence=Confidence.LIKELY if strong else Confidence.POSSIBLE,
        test_data=is_example(value),
    )


def _without_stop(candidate: Candidate) -> str:
    """Return the value without the full stop of the sentence that it ends."""
    ends = candidate.text[candidate.end : candidate.end + 1]
    nearby = max(0, candidate.start - _SENTENCE)
    if ends in {"", " ", "\n"} and candidate.text.find(" ", nearby, candidate.start) >= 0:
        return candidate.value.rstrip(".")
    return candidate.value


def _without_bracket(value: str) -> str:
    """Return the value without the bracket that closes what was opened before it."""
    opening = {")": "(", "]": "[", "}": "{"}[value[-1]]
    return value if opening in value else value.rstrip(value[-1])


def _no_password(value: str, bits: float) -> str | None:
    if len(value) > _LONGEST_PASSWORD:
        return "too long for a password"
    if len(value) < 6 or len(set(value)) < 4 or bits < 2.2 or not _mixed(value):
        return "too short or too plain for a password"
    if _STRUCTURED.match(value):
        return "a word, number, name or address, no password"
    return "an e-mail address" if "@" in value and _EMAIL.match(value) else None


def _mixed(value: str) -> bool:
    """True for letters and digits, for either with a sign, and for small letters with capitals."""
    if value.isalpha():
        return not (value.islower() or value.isupper())
    chars = set(value)
    small, large = not _SMALL.isdisjoint(chars), not _LARGE.isdisjoint(chars)
    digit = not _DIGITS.isdisjoint(chars)
    if (small and large) or (digit and (small or large)):
        return True
    return (small or large or digit) and any(
        not char.isalnum() and char not in "_-./:" for char in chars
    )


def judge_key(candidate: Candidate) -> Verdict:
    """Judge a value under a key's name."""
    value = candidate.value
    if _UUID.match(value) and _NAMES_A_KEY.search(candidate.name):
        reason = _no_secret_name(candidate.name) or _no_secret(value)
        return Verdict(rejected=reason, confidence=Confidence.POSSIBLE)
    reason = _no_secret_name(candidate.name) or _no_key(value) or _no_secret(value)
    if reason is not None:
        return Verdict(rejected=reason)
    strong = len(value) >= 20 and entropy(value) >= 3.6
    return Verdict(
        confidence=Confidence.LIKELY if strong else Confidence.POSSIBLE,
        test_data=is_example(value),
        detector=_type_of(candidate.name),
    )


def _no_key(value: str) -> str | None:
    if len(value) > 256:
        return "too long for a key"
    if len(value) < 12 or entropy(value) < (3.0 if len(value) < 20 else 3.3):
        return "too short or too regular for a key"
    if not any(map(str.isdigit, value)):
        return "no digit in it"
    return (
        "an identifier, word, address or public value, no secret"
        if _STRUCTURED.match(value)
        else None
    )


def _no_secret_name(name: str) -> str | None:
    if _is_random(name):
        return "what looks like its name is a value"
    return None if is_secret_name(name) else "the name says that this is no secret"


def _is_random(name: str) -> bool:
    """True for letters of all kinds that change their kind all the time, as ids and base64 do."""
    if len(name) < _SHORTEST_RANDOM:
        return False
    kinds = [2 * (c in _SMALL) + (c in _LARGE) for c in name]
    share = 8 if len(name) >= _LONG_RANDOM and name.isalnum() else 11
    return len(set(kinds)) > 2 and sum(map(ne, kinds, kinds[1:])) * 20 > len(name) * share


def _no_secret(value: str) -> str | None:
    return "a placeholder" if is_placeholder(value) or is_masked(value) else None


def _bare(candidate: Candidate) -> Verdict:
    """Judge a value that only a space parts from its name: it must look random by itself."""
    value = candidate.value
    digits, letters = sum(map(str.isdigit, value)), sum(map(str.isalpha, value))
    if digits < 3 or letters < 3 or entropy(value) < 3.2 or _WORDY.search(value):
        return Verdict(rejected="a space parts it from the name, and it does not look random")
    return judge_key(candidate)._replace(confidence=Confidence.POSSIBLE)


def _netrc(candidate: Candidate) -> Verdict:
    reason = (
        "a placeholder" if is_placeholder(candidate.value) or is_masked(candidate.value) else None
    )
    return Verdict(rejected=reason, test_data=is_example(candidate.value))


_WORDY = re.compile(r"(?:^|[_-])[a-z]{4,}(?:[_-]|$)|[A-Za-z]{12}")


def _type_of(name: str) -> str:
    lower = name.lower()
    if "token" in lower:
        return "generic-token"
    return "generic-secret" if "secret" in lower or "credential" in lower else "generic-api-key"


def _rule(name: str, anchor: str, sign: str, value: str, check: Check) -> Rule:
    core = anchor + _TAIL + _BETWEEN
    return Rule(
        name=name,
        rank=0,
        confidence=Confidence.LIKELY,
        check=check,
        pattern=f"(?i:{core}){sign}",
        confirm=f"(?i)({_HEAD}{anchor}{_TAIL})" + _BETWEEN + value,
        named=True,
        group=2,
    )


def _password_field(candidate: Candidate) -> Verdict:
    """Judge the whole value of a field; text that only looks like a field is left to the other
    rule.
    """
    if not candidate.whole or any(map(str.isspace, candidate.value)):
        return Verdict(rejected="not the value of a field of its own")
    return judge_password(candidate)


_FIELD = _PASSWORD_ANCHOR + _TAIL + '": "'

_OTHER_KEYS = re.compile(
    r"(?i)(?:^|[_\-."
    r" ])(?:cache|partition|sort|primary|foreign|idempotency|object|row|s3|public|publishable|host|bucket|group|dedup\w*|routing|lookup|index|site|map|config|feature|i18n|translation"
    r"|hot|short|answer|event|trace|session|item|record|message|query|search|order|unique|hash|range|field|column|composite|natural|surrogate|business|entity|resource|file|blob|image|media|asset|document"
    r"|doc|page|state|store|tag|label|prop|property|attribute|param|metric|dimension|series|version|model|tenant|issue|project|user|account|customer|product|location|region|country|language"
    r"|locale|theme|style|component|react|list|node|edge|parent|child|link|ref|content|meta|data|kms|ssh|gpg|pgp|host|wrapped|encrypted|the|a|this|that|your|no|any|each|every|wrong|invalid|right|same|main|new|last|first)"
    r"[_\-. ]?(?:key|private|access)$"
)
"""Keys that find something and open nothing."""
_CONSTANT = re.compile(r"^[A-Z][A-Z0-9_]{2,60}$")
_HEX = re.compile(r"^(?:[0-9a-f]{32,128}|[0-9A-F]{32,128})$")


def _other_key(candidate: Candidate) -> Verdict:
    """Judge the value of a name that ends in `key`: such names mostly mean an index, so much must
    speak for a secret.
    """
    name, value = candidate.name, candidate.value
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    if _OTHER_KEYS.search(spaced):
        return Verdict(rejected="a key that finds something and opens nothing")
    constant = _CONSTANT.match(name) is not None
    if _HEX.match(value) and not constant:
        return Verdict(rejected="a hash under a name that does not say secret")
    digits, upper, lower = (
        sum(map(kind, value)) for kind in (str.isdigit, str.isupper, str.islower)
    )
    if (
        digits < 3
        or not (constant or (upper >= 3 and lower >= 3))
        or entropy(value) < 3.0
        or _WORDY.search(value)
    ):
        return Verdict(rejected="not random enough for a name that does not say secret")
    return judge_key(candidate)._replace(confidence=Confidence.POSSIBLE, detector="generic-api-key")


GENERIC: tuple[Rule, ...] = (
    Rule(
        name="generic-api-key",
        named=True,
        group=2,
        rank=0,
        confidence=Confidence.POSSIBLE,
        check=_other_key,
        pattern=(
            r"(?i:[a-z0-9][_\-."
            rf" ]?(?:key|private|access){_BETWEEN})[A-Za-z+/_\-=]{{0,60}}[0-9][A-Za-z0-9+/_\-=]{{8}}"
        ),
        confirm=(
            r"(?i)([a-z][\w.\-]{1,40}?[_\-."
            rf" ]?(?:key|private|access)){_BETWEEN}([A-Za-z0-9+/_\-]{{20,128}}={{0,2}})(?:[^A-Za-z0-9+/_=\-]|$)"
        ),
    ),
    Rule(
        name="generic-password",
        named=True,
        group=2,
        rank=1,
        confidence=Confidence.LIKELY,
        check=_password_field,
        pattern=rf"(?i:{_FIELD})[^\n]{{0,80}}?(?:[0-9!@#$%^&*+=?|~]|[a-z][A-Z]|[A-Z]{{2}}[a-z])",
        confirm=rf'(?i)"({_HEAD}{_PASSWORD_ANCHOR}{_TAIL})": "([^\n]{{6,256}}?)"\n',
    ),
    _rule("generic-password", _PASSWORD_ANCHOR, _PASSWORD_SIGN, _PASSWORD_VALUE, judge_password),
    _rule("generic-api-key", _KEY_ANCHOR, _KEY_SIGN, _KEY_VALUE, judge_key),
    Rule(
        name="generic-token",
        named=True,
        group=2,
        rank=0,
        confidence=Confidence.POSSIBLE,
        check=_bare,
        pattern=(
            r"(?i)((?:[\w.\-]{0,24}[_.\- ])?(?:secret|token|api[_.\- ]?key|access[_.\-"
            r" ]?key)(?:[_.\- ](?:key|token|secret))?)[\"']?["
            r" \t]{1,3}[\"']?([A-Za-z0-9_\-]{20,128})(?:[^A-Za-z0-9_\-./]|$)"
        ),
    ),
    Rule(
        name="netrc-password",
        rank=2,
        confidence=Confidence.CERTAIN,
        check=_netrc,
        pattern=r"(?i)\bmachine\s{1,4}[a-z0-9.\-]{3,120}\s{1,4}login\s{1,4}\S{1,120}\s{1,4}password\s{1,4}(\S{4,200})",
    ),
    Rule(
        name="generic-password",
        named=True,
        group=2,
        rank=0,
        confidence=Confidence.LIKELY,
        check=judge_password,
        pattern=(
            r"(?i)(?:\s|\")--?((?:[a-z0-9]{1,16}[_-]){0,2}(?:pass(?:word|wd|phrase)?|pwd|token|secret|api-key))["
            r" =]{1,2}[\"']?([^\s\"'`<>\\,;]{6,128})"
        ),
    ),
)
