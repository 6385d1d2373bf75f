"""Payment cards: Luhn digit, issuer range and length together."""

from functools import lru_cache

from classifiers.personal.scan.checks import luhn

TEST_CARDS = frozenset(
    (
        "4111111111111111 4242424242424242 4012888888881881 4222222222222 4000056655665556"
        " 5555555555554444 5105105105105100 2223003122003222 5200828282828210 378282246310005"
        " 371449635398431 378734493671000 6011111111111117 6011000990139424 30569309025904"
        " 38520000023237 3056930009020004 36227206271667 3530111333300000 3566002020360505"
        " 6200000000000005 6304000000000000 5019717010103742 4917610000000000 4000000000000002"
        " 4000000000009995 4000002500003155 4988438843884305 5454545454545454 4444333322221111"
        " 5424000000000015 4007000000027 370000000000002 6011000000000012 4012000033330026"
    ).split()
)
"""Numbers that payment providers publish for tests."""

_LONG = frozenset({16, 17, 18, 19})
_ISSUERS: tuple[tuple[int, int, frozenset[int]], ...] = (
    (4000, 4999, frozenset({13, 16, 19})),  # Visa
    (3400, 3499, frozenset({15})),  # American Express
    (3700, 3799, frozenset({15})),
    (5100, 5599, frozenset({16})),  # Mastercard
    (2221, 2720, frozenset({16})),
    (3000, 3059, frozenset({14, 16})),  # Diners Club
    (3600, 3699, frozenset({14, 16})),
    (3800, 3999, frozenset({14, 16})),
    (3528, 3589, frozenset({16})),  # JCB
    (6000, 6099, _LONG),  # RuPay, Discover (6011)
    (6200, 6299, _LONG),  # UnionPay
    (6440, 6599, _LONG),  # Discover
    (8100, 8199, _LONG),  # RuPay, UnionPay
    (2200, 2204, _LONG),  # Mir
)
"""First and last leading four digits of an issuer, and the lengths of its numbers."""
_MAESTRO = dict.fromkeys(
    (5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763), frozenset({13, *_LONG})
)


@lru_cache(maxsize=4096)
def _lengths(four: int) -> frozenset[int]:
    """Return the lengths that card numbers with these leading digits have."""
    fitting = (sizes for first, last, sizes in _ISSUERS if first <= four <= last)
    return _MAESTRO.get(four, frozenset()).union(*fitting)


def check_card(digits: str) -> str | None:
    """Return the digits (four at least) when they can be a payment card."""
    if len(digits) not in _lengths(int(digits[:4])) or not luhn(digits):
        return None
    return digits if len(set(digits)) > 2 or digits in TEST_CARDS else None
