"""Personal data in sentences: phones with a faint hint, addresses of every ending, new kinds."""

import pytest

from classifiers.payload import Payload, Segment
from classifiers.personal import PersonalDetector

DETECTOR = PersonalDetector()


def kinds(text: str, key: str = "content") -> list[str]:
    hits = DETECTOR.detect(Payload(segments=[Segment(text, key, (key,))]))
    return [hit.kind for hit in hits]


@pytest.mark.parametrize(
    "text",
    [
        "Please call the customer on 07504 570561.",
        "Bitte den Kunden unter 030 901820 anrufen, danke; Rückruf unter 0151 23456789",
        "Merci d'appeler le client au 06 12 34 56 78.",
        "Llame al cliente al 612 345 678.",
        "Ligue para o cliente no 912 345 678.",
        "Chiamare il cliente al 347 1234567.",
        "Bel de klant op 06-12345678.",
        "Proszę zadzwonić do klienta: 601 234 567.",
        "Ring kunden på 070-123 45 67.",
        "Zavolejte zákazníkovi na 601 123 456.",
        "+49 (0)30 / 901820 22",
        "0049 (0)30 901820 22",
    ],
)
def test_national_numbers_near_a_word_of_calling_are_phones(text: str) -> None:
    """A number in a national form is a phone where somebody is to be called."""
    assert "phone" in kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "Order 12345678 shipped, call us if it is late",
        "Rechnung Nr. 20241234567 ist offen",
        "the number 12345678 is prime",
        "call id 1763720000123 failed",
        "GET /call/12345678",
        "EAN number 4006381333931",
        "contact 12 345 678 users",
        "signal 9999999 received",
    ],
)
def test_other_numbers_near_such_words_are_none(text: str) -> None:
    """Orders, ids, paths and amounts near the same words stay what they are."""
    assert kinds(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mail jan.kowalski@firma.pl please", True),
        ("write to eva@astral.sh, ok", True),
        ("info@müller.de schreiben", True),
        ("anna@żółw.pl now", True),
        ("юзер x@почта.рф", True),
        ("see bob@kontor.zip.", True),
        ("left-pad@1.3.0", False),
        ("icon@2x.png", False),
        ("src/foo@bar.py", False),
        ("git@github.com:acme/x.git", False),
        ("a@host.local", False),
        ("pkg@latest", False),
    ],
)
def test_mail_under_every_public_ending_and_no_other(text: str, found: bool) -> None:
    """What registries give names under ends an address; files, versions and machines do not."""
    assert ("email" in kinds(text)) is found


def test_inside_endings_count_under_a_mails_name_only() -> None:
    """An address of an inside network is one where the field says so."""
    assert kinds("bob@host.internal", "email") == ["email"]
    assert kinds("bob@host.internal", "note") == []


@pytest.mark.parametrize(
    "text",
    [
        "card 4539_5787_6362_1486",
        "card 4539, 5787, 6362, 1486",
        "card 4539\t5787\t6362\t1486",
        "4539 - 5787 - 6362 - 1486",
    ],
)
def test_cards_in_the_groupings_that_people_write(text: str) -> None:
    """Groups of four are a card number whatever parts them."""
    assert kinds(text) == ["credit_card"]


@pytest.mark.parametrize(
    "text", ["IBAN DE75.5121.0800.1245.1261.99", "IBAN DE75 51 21 08 00 12 45 12 61 99"]
)
def test_accounts_in_the_groupings_that_people_write(text: str) -> None:
    """An account number may stand in points or pairs."""
    assert kinds(text) == ["iban"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ABN 53 004 085 616", "au_abn"),
        ("Personalausweis: T220001293", "de_id_card"),
        ("meine 65 170839 J 003 ist", "de_pension_number"),
        ("thai id 1-1017-00230-70-8", "th_id"),
        ("S1234567D", "sg_nric"),
        ("Paszport: ZS0000177", "passport"),
        ("Mi pasaporte es PAA123456", "passport"),
        ("born 12-Mar-80", "date_of_birth"),
        ("The customer logged in from 81.2.69.160 yesterday", "ip_address"),
    ],
)
def test_kinds_with_their_words(text: str, kind: str) -> None:
    """National numbers, papers, dates and addresses of visitors are known by word and check."""
    assert kind in kinds(text)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("display_name", "pump-report.pdf"),
        ("full_name", "report.pdf"),
        ("full_name", "acme/widgets"),
        ("abn", "53 004 085 617"),
        ("npi", "1234567890"),
        ("description", "The postal address of the customer"),
        ("address", "the address field of a form"),
    ],
)
def test_files_descriptions_and_wrong_digits_are_nobodys(key: str, text: str) -> None:
    """A file is no person, a description no address, and a wrong check digit no number."""
    assert kinds(text, key) == []
