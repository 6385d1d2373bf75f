"""The words of the policy file for what was found: kinds, groups, and how to say them to a person."""

from core.findings import GROUPS, NOT_INSPECTED, SECRET

_PERSONAL = frozenset(
    {"date_of_birth", "ip_address", "username", "age", "gender", "vehicle_id", "mac_address"}
)

KINDS: frozenset[str] = frozenset().union(
    *GROUPS.values(),
    _PERSONAL,
    {
        SECRET,
        NOT_INSPECTED,
        "organisation_word",
        "registered_document",
        "business_records",
        "records",
        "location",
        "crypto_wallet",
    },
)
"""Kinds that a policy may name besides those that its caller adds."""

PERSONAL_DATA = _PERSONAL.union(
    *(kinds for group, kinds in GROUPS.items() if group != "credentials")
)

WORDS: dict[str, frozenset[str]] = {**GROUPS, "personal_data": PERSONAL_DATA}
"""Words for several kinds at once. `anything` stands for every kind, save `not_inspected`."""

ANYTHING = "anything"

_NAMES: dict[str, tuple[str, str]] = {
    "email": ("e-mail address", "e-mail addresses"),
    "phone": ("phone number", "phone numbers"),
    "address": ("postal address", "postal addresses"),
    "person": ("person's name", "persons' names"),
    "iban": ("IBAN", "IBANs"),
    "credit_card": ("card number", "card numbers"),
    "bank_account": ("bank account", "bank accounts"),
    "us_aba": ("bank routing number", "bank routing numbers"),
    "secret": ("credential", "credentials"),
    "health_id": ("health number", "health numbers"),
    "health_data": ("health detail", "health details"),
    "uk_nhs": ("NHS number", "NHS numbers"),
    "us_mbi": ("Medicare number", "Medicare numbers"),
    "medical_record": ("medical record number", "medical record numbers"),
    "special_category": ("special-category detail", "special-category details"),
    "us_ssn": ("US social security number", "US social security numbers"),
    "passport": ("passport number", "passport numbers"),
    "driving_licence": ("driving licence", "driving licences"),
    "date_of_birth": ("date of birth", "dates of birth"),
    "ip_address": ("IP address", "IP addresses"),
    "organisation_word": ("word of the organisation's own", "words of the organisation's own"),
    "registered_document": ("part of a registered document", "parts of registered documents"),
    "not_inspected": ("part that could not be read", "parts that could not be read"),
}


def named(kind: str, count: int) -> str:
    """Return `3 IBANs`: how many of what, as a person says it."""
    singular, plural = _NAMES.get(kind, (_spelt(kind), _spelt(kind, plural=True)))
    return f"{count:,} {singular if count == 1 else plural}"


def _spelt(kind: str, *, plural: bool = False) -> str:
    """Country codes go first in national identifiers: `br_cpf` → `BR CPF number`."""
    if kind in GROUPS["national_id"] or kind in GROUPS["health"]:
        return kind.replace("_", " ").upper() + (" numbers" if plural else " number")
    return kind.replace("_", " ") + ("" if not plural or kind.endswith("s") else "s")
