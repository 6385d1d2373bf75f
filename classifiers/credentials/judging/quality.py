"""Is a value a real secret? Entropy, placeholders, published examples and checksums."""

import math
import re
import zlib
from collections import Counter

_ALPHABET62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BOUND = 400
"""Characters of a value that are looked at for the signs below."""

_TEMPLATE = re.compile(
    r"^(?:<.*>|\[.*\]|\(.*\)|\{.*\}|\$\w+|\$\{.*|\$\(.*|%\w+%|%[sd]|%\(\w+\)s|@\w+@|\{\{.*|!ref.*|&[a-z]+;.*)$",
    re.IGNORECASE | re.DOTALL,
)
_NAMED = re.compile(
    r"^(?:(?:your|my|the|some|insert|enter|replace|put|add|use|new|old|example|sample|dummy|fake|test)[-_"
    r" .]?|an?[-_ .])[\w\- .]{0,60}"
    r"(?:key|token|secret|password|passwd|pwd|here|value|credential)\w{0,20}$"
)
_OPENINGS = tuple(
    (
        "your my the some a insert enter replace put use new old example sample dummy fake test"
    ).split()
)
_CODE = tuple(
    (
        "os.environ os.getenv process.env env( env. getenv( config. settings. self. vault:"
        " secretref secrets. var. input( getpass"
    ).split()
)
_CALL = re.compile(r"^\w+(?:\.\w+)*\(")
_WORDS = frozenset(
    (
        "null none nil true false undefined nan string str bytes int integer number float"
        " bool boolean object any optional required redacted masked hidden removed placeholder"
        " changeme change-me change_me changeit change_it todo tbd n/a na unknown unset empty"
        " default dummy sample foo foobar bar baz qux secret password passwd passw passphrase"
        " token key apikey api-key api_key pass pwd username user admin root test testing"
        " example mypassword mysecret mytoken value text hello bearer basic yes no on off"
        " enabled disabled invalid missing incorrect expired wrong correct"
    ).split()
)
_EXAMPLES = tuple(
    (
        "example sample dummy fake testkey notreal not_real testtoken test_token test-token"
        " abcdefghij abcdef0123 abcdef1234 123456789 0123456 deadbeef foobar foo_bar foo-bar"
    ).split()
)
_RUN = re.compile(r"(.)\1{7}")
_X_RUN = re.compile(r"(?i)x{6}")

PUBLISHED = frozenset(
    {
        "AKIAIOSFODNN7" + "EXAMPLE",
        "AKIAI44QH8DHB" + "EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY",
        "je7MtGbClwBF/2Zp9Utk/h3yCo8nvb" + "EXAMPLEKEY",
        "sk_test_" + "4eC39HqLyjWDarjtT1zdp7dc",
        "sk_test_" + "BQokikJOvBiI2HlWgH4olfQ2",
        "sk_test_" + "26PHem9AhJZvU623DfE1x4sd",
        "mF_9.B5f-4.1" + "JqM",
        "2YotnFZFEjr1z" + "CsicMWpAA",
        "tGzv3JOkF0XG5" + "Qx2TlKWIA",
        "Aladdin:open" + " sesame",
        "s6BhdRkqt3:" + "gX1fBat3bV",
        "s6BhdRkqt3:" + "7Fjfp0ZBr1KtDRbnfVdmIw",
        "ghp_16C7e42F292c6912" + "E7710c838347Ae178B4a",
        "gho_16C7e42F292c6912" + "E7710c838347Ae178B4a",
        "110201543:AAHdqTcvCH1v" + "GWJxfSe1ofSAs0K5PALDsaw",
        "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ." + "ZnCjm1XVW7vRze4b7Cq4se7kKWs",
        "kAcSOqF21Fu85e7zjz7ZN2" + "U4ZRhfV3WpwPAoE3Z7kBw",
        "LswwdoUaIvS8ltyTt5jkRh" + "4J50vUPVVHtR2YPi5kE",
        "370773112-GmHxMAgYyLbNEtIKZe" + "RNFsMKPR9EyMZeS9weJAEb",
        "ac0974bec39a17e36ba4a6b4d238ff94" + "4bacb478cbed5efcae784d7bf4f2ff80",
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
        "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIwEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==",
    }
)
"""Values that standards, and vendors in their manuals and emulators, publish."""


_N_LOG_N = [0.0] + [n * math.log2(n) for n in range(1, 1024)]


def entropy(value: str) -> float:
    """Return Shannon's entropy in bits per character."""
    size = len(value)
    if size == 0:
        return 0.0
    if size < 64:  # a Counter costs more than it saves
        counts = [value.count(char) for char in dict.fromkeys(value)]
    else:
        counts = list(Counter(value).values())
    if size < 1024:
        return math.log2(size) - sum([_N_LOG_N[n] for n in counts]) / size
    return -sum(n / size * math.log2(n / size) for n in counts)


def is_placeholder(value: str) -> bool:
    """True for what stands where a secret would: `<password>`, `${TOKEN}`, `your-api-key`,
    `********`.
    """
    if len(value) > 200 or not value:
        return not value
    if value[0] in "<[({$%@!&" and _TEMPLATE.match(value):
        return True
    lower = value.lower()
    if lower in _WORDS or lower.rstrip("0123456789!?.") in _WORDS or not lower.strip("*•.-_x#"):
        return True
    if lower.startswith(_OPENINGS) and _NAMED.match(lower):
        return True
    return lower.startswith(_CODE) or ("(" in value and _CALL.match(value) is not None)


_BLANKED = ("***", "••", "...", "…", "${", "{{")
_TO_FILL_IN = ("redacted", "placeholder", "changeme", "your-", "your_", "_here")


def is_masked(value: str) -> bool:
    """True when part of the value is blanked out or a template."""
    bounded = value[:_BOUND]
    lower = bounded.lower()
    if any(mark in bounded for mark in _BLANKED) or any(word in lower for word in _TO_FILL_IN):
        return True
    if "<" in bounded and ">" in bounded:
        return True
    return "xxx" in lower and _X_RUN.search(bounded) is not None


def is_example(value: str) -> bool:
    """True for published example values and such that say they are."""
    lower = value[:_BOUND].lower()
    for sign in _EXAMPLES:
        if sign in lower:
            return True
    return value in PUBLISHED or _RUN.search(lower) is not None


def checksum62(body: str, check: str) -> bool:
    """True when `check` is the CRC-32 of `body` in base 62, as GitHub and npm end their tokens."""
    number, digits = zlib.crc32(body.encode()), ""
    for _ in check:
        number, rest = divmod(number, 62)
        digits = _ALPHABET62[rest] + digits
    return digits == check
