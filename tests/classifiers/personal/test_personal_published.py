"""Telephone numbers of films and books are named as examples; the last row of a table is nobody."""

import pytest
from made_up_traffic import chat

from classifiers.engine import Engine, EngineSetup
from classifiers.personal.scan.published import is_test_value
from core.findings import Finding
from core.organisation import Organisation

ENGINE = Engine(EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False))


def found(text: str) -> list[Finding]:
    return list(ENGINE.classify(chat({"role": "user", "content": text})).findings)


@pytest.mark.parametrize(
    "number",
    [
        "555-0100",
        "(212) 555-0123",
        "+1 202-555-0143",
        "020 7946 0958",
        "+44 20 7946 0958",
        "07700 900123",
        "+44 7700 900123",
        "01632 960001",
        "+49 30 23125 456",
        "030 23125 456",
        "+33 6 39 98 12 34",
        "+61 491 570 156",
    ],
)
def test_numbers_that_nobody_has_are_examples(number: str) -> None:
    """What regulators keep for films and books is found, and does not count."""
    phones = found(f"Please call the customer on {number} tomorrow.")
    assert [(f.kind, f.count, f.test_data) for f in phones] == [("phone", 1, True)]


@pytest.mark.parametrize(
    "number",
    [
        "+12125550223",
        "+12125560100",
        "+4420794709581",
        "+447701900123",
        "+493023126456",
        "+4955501001",
        "05550100123",
        "5550200",
        "+33639880000",
    ],
)
def test_numbers_beside_them_are_somebodys(number: str) -> None:
    """One digit farther is a number like any other."""
    assert not is_test_value("phone", number)


@pytest.mark.parametrize(
    ("header", "last"),
    [
        ("name,email,amount", "Total,,60"),
        ("name,email,amount", "GRAND TOTAL,,60"),
        ("Name;E-Mail;Betrag", "Summe;;60"),
        ("Name;E-Mail;Betrag", "Gesamt:;;60"),
        ("Nom;E-mail;Montant", "Total général;;60"),
        ("nazwisko;email;kwota", "Razem;;60"),
        ("Naam;E-mail;Bedrag", "Totaal;;60"),
    ],
)
def test_the_row_of_sums_is_nobody(header: str, last: str) -> None:
    """Four people and a sum are four people."""
    apart = ";" if ";" in header else ","
    people = ["Anna Weber", "Jan Kowalski", "Maria Rossi", "Luc Martin"]
    rows = [apart.join((name, f"p{n}@nordwind.de", "10")) for n, name in enumerate(people)]
    numbers = {
        f.kind: (f.count, f.records, f.subjects) for f in found("\n".join((header, *rows, last)))
    }
    assert numbers == {"person": (4, 4, 4), "email": (4, 4, 4)}
