"""Bodies whose writer had not read the detectors: what is about nobody stays quiet, what is about
people is found.
"""

import json
from functools import cache

import pytest
from held_out_clean import CLEAN, held_out_bodies
from held_out_values import FORMS, held_out_values
from held_out_words import WORDS
from made_up_traffic import chat, exchange, user

from classifiers.engine import Engine, EngineSetup
from core.exchange import Exchange
from core.findings import NOT_INSPECTED
from core.organisation import Organisation


@cache
def engine() -> Engine:
    made = Engine(EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False))
    made.warm()
    return made


def kinds(request: Exchange | str) -> set[str]:
    sent = exchange(request, "text/plain") if isinstance(request, str) else request
    return {finding.kind for finding in engine().classify(sent).findings} - {NOT_INSPECTED}


def test_bodies_about_nobody_are_quiet() -> None:
    """Fifty-seven shapes of configurations, logs, code, figures and codes tell of nobody: at most
    one of a thousand bodies is taken for somebody's.
    """
    number = len(CLEAN) * 18
    loud = [
        (shape, where, found)
        for shape, where, request in held_out_bodies(2, number)
        if (found := kinds(request))
    ]
    assert len(loud) <= 1, loud


@pytest.mark.parametrize("language", WORDS)
def test_what_is_about_people_is_found(language: str) -> None:
    """Sentences, forms, short labels, tables, notes and messages of clinics, and paths, in each of
    eight languages.
    """
    missed = [
        (held.form, sorted(missing))
        for held in held_out_values(3, len(FORMS) * len(WORDS))
        if held.language == language and (missing := held.kinds - kinds(held.request))
    ]
    unannounced = [("note", ["health_data"])] if language == "en" else []
    assert missed == unannounced


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("D.O.B.: 26.06.1986", "date_of_birth"),
        ("D.D.N.: 02.02.1970", "date_of_birth"),
        ("Adr.: Goethestr. 79, 50667 Köln", "address"),
        ("Dir.: Calle Mayor 24, 41001 Sevilla", "address"),
        ("Patient, geb. 22.02.1949, wurde entlassen", "date_of_birth"),
        ("De patiënt, geboren op 09.06.1985, is thuis", "date_of_birth"),
        ("Patientennummer 3404031 wurde entlassen", "medical_record"),
        ("Pacjent, numer pacjenta 5964589, wraca", "medical_record"),
        ("Ward: 5  D.O.B.: 26.06.1986", "date_of_birth"),
        ("D.O.B.: 26.06.1986 Adr.: Goethestr. 79", "date_of_birth"),
        ("Name: M. Roux, D.D.N.: 02.02.1970, Tel.: 5", "date_of_birth"),
        ("Tel.: 0171 2345678  Geb.: 26.06.1986  Ort: Ulm", "date_of_birth"),
        ("Patient: Jane Roe  DOB: 26.06.1986  Diagn.: Asthma", "health_data"),
    ],
)
def test_short_labels_are_labels(text: str, kind: str) -> None:
    """What people write on forms and in letters is a label, with its points and shortened."""
    assert kind in kinds(text)
    assert kind in kinds(chat(user(text)))


@pytest.mark.parametrize(
    "text",
    [
        "dir: src 2 of the tree",
        "end: line 40 of the file",
        "Art.-Nr.: 9061.1710.05",
        "Ser.-Nr.: 030 4134701 of the pump",
        "Replace the old one, no. 663-96-6049, before Monday",
        '{"address": "shelf 45-9", "name": "bolt"}',
        "account,debit,credit\n386265,10.00,0.00\n595174,3.00,0.00\n539791,0.00,1.00\n",
        "loinc,component\n4548-4,Hemoglobin\n2345-7,Glucose\n718-7,Hemoglobin\n",
        "Contact ops; Dx: the cache is stale",
        "the parser's D.O.B. is a joke: version 26.06.1986.1 of it",
        "Contact ops; Diagn.: the cache is stale",
        '{"form.diagnosis.label": "Primary diagnosis", "version": "177"}',
        '{"name": "Harbor Delta", "phone_jack": "3.5 mm"}',
        '{"name": "Nightly Build", "email_template": "welcome"}',
        "x0: 0x12 address: 1394937559 (fjord+757)\nx1: 0x12 address: 1394937559 (fjord+0x7a)\n",
        "Konto;Text;Soll\n4400;Erloese;1,00\n12345678;Bank;3,00\n1200;Kasse;3,00\n1400;Ford;3,00\n",
    ],
)
def test_names_of_things_are_no_labels(text: str) -> None:
    """Numbers of parts, places in a store, accounts of a ledger and lists of codes are nobody's."""
    assert not kinds(text) - {"email"}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"patient": "Jane Roe", "diagnosis": "Chronic diagnosis of gout"}', "health_data"),
        ('{"address": "12 Main Street (rear+2)", "name": "Jane Roe"}', "address"),
        ('{"name": "Jane Roe", "email_subject": "for jane.roe@firma.de"}', "email"),
        ("Konto;Text\n12345678;A\n87654321;B\n11223344;C\n5566;D\n", "bank_account"),
    ],
)
def test_what_only_looks_like_the_name_of_a_thing_is_found(text: str, kind: str) -> None:
    """Beside labels, symbols of debuggers and accounts of ledgers."""
    assert kind in kinds(text)


def test_a_social_security_number_that_is_named_is_found() -> None:
    """A number of a thing is refused; the same one that says what it is, is not."""
    assert "us_ssn" in kinds("Her SSN no. 663-96-6049 is on file")
    assert "us_ssn" in kinds("She has 663-96-6049 on file")


IDS = [4539578763621486, 1777268524931843, 1666426764102673, 7509368309885889, 9825178125698792]


def test_one_card_among_many_ids_is_by_chance() -> None:
    """One number in some tens looks like a card; a list of cards holds nothing else."""
    cards = ["4539578763621486", "4556737586899855", "4916338506082832", "5459028654037918"]
    assert kinds(chat(user("Explain " + json.dumps({"ids": IDS})))) == set()
    assert kinds(chat(user("Refund: " + ", ".join(cards)))) == {"credit_card"}
    rows = "".join(f"{number},bolt\n" for number in IDS)
    assert kinds("part number,what\n" + rows) == set()
    assert kinds("number,what\n" + "".join(f"{card},a\n" for card in cards)) == {"credit_card"}


CODED = {"resourceType": "Observation", "code": {"coding": [{"code": "4548-4"}]}}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (CODED | {"subject": {"display": "Jane Roe"}}, {"person", "health_data"}),
        (CODED | {"subject": {"reference": "Patient/7"}}, {"health_data"}),
        (CODED, set()),
        ({"full_name": "Jane Roe", "loinc": "4548-4"}, {"person", "health_data"}),
        ({"full_name": "Jane Roe", "loinc": "4548-5"}, {"person"}),
        ({"full_name": "Jane Roe", "snomed ct": "44054006"}, {"person", "health_data"}),
        ({"component": "Hemoglobin", "loinc": "4548-4"}, set()),
    ],
)
def test_codes_beside_a_person_are_health_data(body: dict[str, object], told: set[str]) -> None:
    """A code of a laboratory tells of somebody's health only where it is somebody's."""
    assert kinds(exchange(json.dumps(body), "application/json")) == told
