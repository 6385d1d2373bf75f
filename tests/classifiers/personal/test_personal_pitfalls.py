"""The twelve pitfalls that measurements found: each stays closed."""

import random

import pytest
from personal_samples import payload_of

from classifiers.payload import Payload, Segment
from classifiers.personal import PersonalDetector
from classifiers.personal.vocabulary import name_kinds

DETECTOR = PersonalDetector()


def kinds(text: str, key: str | None = "content") -> list[str]:
    return [hit.kind for hit in DETECTOR.detect(Payload(segments=[Segment(text, key)]))]


def test_line_break_before_a_number_does_not_hide_it() -> None:
    """(1) A number at the beginning of a line is found, in decoded text and in a nested argument
    string.
    """
    assert kinds("as noted\n536-90-4399\nthanks") == ["us_ssn"]
    assert kinds('{"note": "x", "ssn": "536904399"}') == ["us_ssn"]


def test_failed_reading_does_not_hide_another() -> None:
    """(2) Six and four digits that are no Finnish id may be a Swedish one, whichever is tried
    first.
    """
    assert kinds("personnummer 811218-9876") == ["se_personnummer"]
    assert kinds("811218-9876 was given") == ["se_personnummer"]
    assert kinds("see ID12 4539 5787 6362 1486 ok") == ["credit_card"]


@pytest.mark.parametrize("key", ["uid_number", "uidNumber", "UID-Number", "user.uid_number"])
def test_words_inside_keys_are_seen(key: str) -> None:
    """(3) A word inside a snake-case or camel-case key counts."""
    assert "in_aadhaar" in name_kinds(key)


def test_label_belongs_to_the_number_next_to_it() -> None:
    """(4) The label of one number never serves the next one."""
    text = "phone 69 5804-1821, order 2171684209"
    hits = DETECTOR.detect(Payload(segments=[Segment(text, "content")]))
    assert [text[h.start : h.end] for h in hits] == ["69 5804-1821"]
    assert kinds("SSN on file; shipped 536904399 widgets") == []


@pytest.mark.parametrize(
    "text",
    [
        "ssn ５３６-９０-４３９９",
        "ssn 536\u200b-90-43\u200d99",
        "ssn 536–90–4399",
        "ssn 536\u00a090\u00a04399",
        "ssn 536‑90‑4399",
        "ssn 𝟓𝟑𝟔-𝟗𝟎-𝟒𝟑𝟗𝟗",
        "ssn ٥٣٦-٩٠-٤٣٩٩",
        "ssn 5\u00ad36-90-4399",
    ],
)
def test_look_alike_characters_do_not_hide_a_number(text: str) -> None:
    """(5) Full-width digits, invisible characters and typographic dashes are read as a person reads
    them.
    """
    hits = DETECTOR.detect(Payload(segments=[Segment("x", None), Segment(text, None)]))
    assert [(h.kind, h.value, h.segment, text[h.start : h.end]) for h in hits] == [
        ("us_ssn", "536904399", 1, text[4:])
    ]


def test_folded_email_keeps_its_place() -> None:
    """(5) Characters that were removed before matching do not shift the place of a hit."""
    text = "\u200b\u200bnaïve: jane\u200b.roe＠contoso．com!"
    hit = DETECTOR.detect(Payload(segments=[Segment(text, None)]))[0]
    assert text[hit.start : hit.end] == "jane\u200b.roe＠contoso．com"
    assert hit.value == "jane.roe@contoso.com"


def test_digits_of_floats_and_clocks_are_no_identifiers() -> None:
    """(6) Decimals, epochs and long counters are no cards, ids or phones."""
    rng = random.Random(6)
    lines = [
        f"{rng.uniform(0, 10):.16f} {rng.randrange(10**18)} {1763720000000 + rng.randrange(10**9)}"
        for _ in range(300)
    ]
    assert kinds(" ".join(lines)) == []
    assert DETECTOR.detect(payload_of({"values": [rng.uniform(-90, 90) for _ in range(300)]})) == []


def test_nineteen_digit_card_needs_its_key() -> None:
    """(6) A snowflake id is not read as a long card; under a card's key it is."""
    assert kinds("6220000000000000126", "value") == []
    assert kinds("6212345678900000003", "card_number") == ["credit_card"]


def test_fifteen_digits_are_a_card_or_a_french_number() -> None:
    """(7) The issuer range and the label tell an Amex card from a French social security number."""
    assert kinds("amex 378282246310005") == ["credit_card"]
    assert kinds("numéro de sécurité sociale 255081416802538") == ["fr_nir"]


def test_wrong_check_digits_are_never_reported() -> None:
    """(8) An IBAN or card with a wrong check digit is not one, even under its key."""
    assert kinds("GB82WEST12345698765433", "iban") == []
    assert kinds("4539578763621487", "card_number") == []


def test_test_numbers_are_labelled() -> None:
    """(9) Published numbers are found and labelled as test data."""
    for text in ("4111 1111 1111 1111", "078-05-1120", "jane@example.com"):
        assert [h.test_data for h in DETECTOR.detect(Payload(segments=[Segment(text, None)]))] == [
            True
        ]


def test_adjacent_numbers_are_told_apart() -> None:
    """(10) Numbers separated by one blank are not merged into one."""
    assert kinds("4539 5787 6362 1486 536-90-4399 415-555-2671") == [
        "credit_card",
        "us_ssn",
        "phone",
    ]
    assert kinds("536-90-4399 536-90-4398") == ["us_ssn", "us_ssn"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PAN ABCPE1234F", ["in_pan"]),
        ("pan abcpe1234f", []),
        ("ni number ab123456c", ["uk_nino"]),
        ("de75512108001245126199", ["iban"]),
        ("CURP HEGG560427MVZRRL04", ["mx_curp"]),
        ("curp hegg560427mvzrrl04", []),
    ],
)
def test_case_counts_where_it_should(text: str, expected: list[str]) -> None:
    """(12) PAN and CURP are written in capitals; NINO and IBAN in any case."""
    assert kinds(text) == expected


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Acme Pty Ltd, 53 004 085 616 2026 renewal", "au_abn"),
        ("Acme Pty Ltd 53 004 085 616 3 invoices", "au_abn"),
        ("paid to 53 004 085 616 120.50 in May", "au_abn"),
        ("53 004 085 616\n53 004 085 616", "au_abn"),
        ("invoice 53 004 085 616 120.50 due", "au_abn"),
        ("invoice 120.50 53 004 085 616 due", "au_abn"),
        ("Contract: 53 004 085 616, 12 months", "au_abn"),
        ("Frau Weber 65 929 970 489 12 Monate", "de_tax_id"),
    ],
)
def test_another_number_on_the_line_hides_no_id(text: str, kind: str) -> None:
    """Only where numbers stand as in a matrix are groups of digits no id."""
    assert kind in kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "invoice no. 53 004 085 616 due",
        "invoice total 53 004 085 616 due",
        "invoice ref 53 004 085 616 due",
        "invoice 53 004 085 617 120.50 due",
    ],
)
def test_a_papers_own_number_is_no_traders(text: str) -> None:
    """A word for the number itself, or for an amount, still says what it is."""
    assert "au_abn" not in kinds(text)
