"""Is a value a real secret? Entropy, placeholders, published examples and checksums."""

# ruff: noqa: E501 - rows of tables and patterns are easier to read on one line

import math
import re
import zlib
from collections import Counter

_ALPHABET62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

_PLACEHOLDER = re.compile(
    r"""(?ix) ^ (?: <.*> | \[.*\] | \(.*\) | \{.*\} | \$\w+ | \$\{.*\}? | \$\(.*\)? | %\w+% | %[sd] | %\(\w+\)s | \{\{.*
      | \*+ | •+ | \.+ | -+ | _+ | x{4,} | (?:.{0,8}[*•]{4,}.{0,8}) | .*\.{3,} | .*…
      | null | none | nil | true | false | undefined | nan | string | str | bytes | int | number | object | any | optional | required
      | (?:your|my|the|some|a|an|insert|enter|replace|put|add|use|new|old)[-_ .]?[\w\- ]*(?:key|token|secret|password|passwd|pwd|here|value|credential)\w*
      | (?:redacted|masked|hidden|removed|placeholder|changeme|change[-_]?it|change[-_]?me|todo|tbd|n/?a|unknown|unset|empty|default|dummy|sample|foo(?:bar)?|bar|baz|secret|password|passw(?:or)?d|passphrase|token|key|api[-_]?key|pass|pwd|username|user|admin|root|test|testing|example)\d{0,2}
      | os\.(?:environ|getenv).* | process\.env.* | env\(.* | getenv\(.* | config\..* | settings\..* | self\..* | vault:.* | secretref.* | \w+\.\w+\(.* | !ref.*
    ) $"""
)
_REPEATED = re.compile(r"(?i)^(?:[a-z0-9_\-]{0,24}?)(.)\1{7,}")
_MASK = re.compile(r"(?i)[*•]{3,}|x{6,}|\.{3,}|…|<[a-z_ -]+>|\$\{|\{\{|redacted|your[-_]|_here\b|placeholder|\bchangeme\b")
_EXAMPLE = re.compile(
    r"(?i)example|sample|dummy|fake|testkey|notreal|not_real|test[-_]?token|abcdef(?:ghij|0123|1234)|123456789|"
    r"0123456|deadbeef|(?:(?<![a-z0-9])|_)foo[-_]?bar|(.)\1{7}"
)
PUBLISHED = frozenset(
    {
        "AKIAIOSFODNN7" + "EXAMPLE",
        "AKIAI44QH8DHB" + "EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY",
        "je7MtGbClwBF/2Zp9Utk/h3yCo8nvb" + "EXAMPLEKEY",
        "sk_test_" + "4eC39HqLyjWDarjtT1zdp7dc",
        "sk_test_" + "BQokikJOvBiI2HlWgH4olfQ2",
        "sk_test_" + "26PHem9AhJZvU623DfE1x4sd",
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
        "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIwEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==",
    }
)
"""Values that vendors publish in their manuals and emulators."""


def entropy(value: str) -> float:
    """Return Shannon's entropy in bits per character."""
    size = len(value)
    if size == 0:
        return 0.0
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values())


def is_placeholder(value: str) -> bool:
    """True for what stands where a secret would: `<password>`, `${TOKEN}`, `your-api-key`, `********`."""
    return len(value) <= 200 and _PLACEHOLDER.match(value) is not None


def is_masked(value: str) -> bool:
    """True when part of the value is blanked out or a template."""
    bounded = value[:400]
    return _MASK.search(bounded) is not None or _REPEATED.match(bounded) is not None


def is_example(value: str) -> bool:
    """True for published example values and such that say they are."""
    return value in PUBLISHED or _EXAMPLE.search(value[:400]) is not None


def checksum62(body: str, check: str) -> bool:
    """True when `check` is the CRC-32 of `body` in base 62, as GitHub and npm end their tokens."""
    number, digits = zlib.crc32(body.encode()), ""
    for _ in check:
        number, rest = divmod(number, 62)
        digits = _ALPHABET62[rest] + digits
    return digits == check
