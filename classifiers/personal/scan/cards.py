"""Payment cards: Luhn digit, issuer range and length together."""

from classifiers.personal.scan.checks import luhn

TEST_CARDS = frozenset(
    {
        "4111111111111111", "4242424242424242", "4012888888881881", "4222222222222", "4000056655665556",
        "5555555555554444", "5105105105105100", "2223003122003222", "5200828282828210", "378282246310005",
        "371449635398431", "378734493671000", "6011111111111117", "6011000990139424", "30569309025904",
        "38520000023237", "3056930009020004", "36227206271667", "3530111333300000", "3566002020360505",
        "6200000000000005", "6304000000000000", "5019717010103742", "4917610000000000", "4000000000000002",
        "4000000000009995", "4000002500003155", "4988438843884305", "5454545454545454", "4444333322221111",
        "5424000000000015", "4007000000027", "370000000000002", "6011000000000012", "4012000033330026",
    }
)  # fmt: skip
"""Numbers that payment providers publish for tests."""

_VISA = frozenset({13, 16, 19})


def _issuer_fits(digits: str) -> bool:
    """Return True when the leading digits belong to a card issuer that uses this length."""
    length, two, three, four = len(digits), int(digits[:2]), int(digits[:3]), int(digits[:4])
    if digits[0] == "4":
        return length in _VISA
    if length == 15:
        return two in {34, 37}
    if length == 16 and (51 <= two <= 55 or 2221 <= four <= 2720):
        return True
    if length == 14:
        return two in {36, 38, 39} or 300 <= three <= 305
    if length == 16 and (3528 <= four <= 3589 or two in {36, 38, 39} or 300 <= three <= 305):
        return True
    discover = four == 6011 or two == 65 or 644 <= three <= 649
    maestro = four in {5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763}
    if length >= 16 and (discover or two == 62 or two in {60, 81} or 2200 <= four <= 2204):
        return True
    return maestro


def check_card(digits: str) -> str | None:
    """Return the digits when they can be a payment card."""
    if not 13 <= len(digits) <= 19 or not _issuer_fits(digits) or not luhn(digits):
        return None
    return digits if len(set(digits)) > 2 or digits in TEST_CARDS else None
