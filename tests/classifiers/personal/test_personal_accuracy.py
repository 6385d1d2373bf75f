"""Floors on made-up data: how much is found, and that harmless payloads stay quiet."""

import random

import pytest
from personal_samples import clean_payloads, digits, iban, payload_of, valid

from classifiers.personal import PersonalDetector

DETECTOR = PersonalDetector()
EACH = 25

LABELS = {
    "us_ssn": ("SSN", "ssn"),
    "uk_nino": ("National Insurance number", "nino"),
    "br_cpf": ("CPF", "cpf"),
    "br_cnpj": ("CNPJ", "cnpj"),
    "in_aadhaar": ("Aadhaar", "aadhaar_number"),
    "in_pan": ("PAN", "panNumber"),
    "de_tax_id": ("Steuer-ID", "steuer_id"),
    "fr_nir": ("numéro de sécurité sociale", "nir"),
    "es_dni": ("DNI", "dni"),
    "es_nie": ("NIE", "nie"),
    "it_codice_fiscale": ("codice fiscale", "codiceFiscale"),
    "nl_bsn": ("BSN", "bsn"),
    "pl_pesel": ("PESEL", "pesel"),
    "pt_nif": ("NIF", "nif"),
    "ro_cnp": ("CNP", "cnp"),
    "be_national_number": ("rijksregisternummer", "rijksregisternummer"),
    "se_personnummer": ("personnummer",) * 2,
    "no_fodselsnummer": ("fødselsnummer", "fodselsnummer"),
    "fi_hetu": ("henkilötunnus", "hetu"),
    "dk_cpr": ("CPR", "cprNummer"),
    "ch_ahv": ("AHV-Nummer", "ahvNummer"),
    "ca_sin": ("SIN", "sin"),
    "au_tfn": ("tax file number", "tfn"),
    "mx_curp": ("CURP", "curp"),
    "za_id": ("South African ID number", "sa_id"),
    "uk_nhs": ("NHS number", "nhs_number"),
    "credit_card": ("card", "cardNumber"),
}

STANDS_ALONE = tuple(
    (
        "us_ssn uk_nino br_cpf br_cnpj in_pan es_dni es_nie it_codice_fiscale"
        " be_national_number se_personnummer fi_hetu ch_ahv mx_curp credit_card"
    ).split()
)


def f2(expected: list[str], got: list[list[str]]) -> float:
    """Return F2 (recall counts twice as much as precision) of one kind a payload."""
    true = sum(want in kinds for want, kinds in zip(expected, got, strict=True))
    reported = sum(len(kinds) for kinds in got)
    return 5 * true / (4 * len(expected) + reported) if expected else 1.0


def kinds_of(value: object) -> list[str]:
    return [hit.kind for hit in DETECTOR.detect(payload_of(value))]


@pytest.mark.parametrize("kind", sorted(LABELS))
def test_identifier_with_key_or_label_is_found(kind: str) -> None:
    """National ids of every supported country are found in sentences that name them and under their
    keys.
    """
    rng = random.Random(kind)
    label, key = LABELS[kind]
    got = []
    for _ in range(EACH):
        value = valid(kind, rng)
        got.append(kinds_of({"content": f"Hello, the customer has {label} {value} on file."}))
        got.append(kinds_of({"rows": [{"x": 1, key: value}]}))
        plain = value if kind == "fi_hetu" else "".join(c for c in value if c.isalnum())
        got.append(kinds_of({key: plain}))
    assert f2([kind] * len(got), got) >= 0.97


@pytest.mark.parametrize("kind", STANDS_ALONE)
def test_solid_identifier_needs_no_label(kind: str) -> None:
    """Where shape and check digit say enough, an unnamed value in a sentence is found, too."""
    rng = random.Random(kind)
    got = [kinds_of({"content": f"we got {valid(kind, rng)} from them"}) for _ in range(EACH)]
    assert f2([kind] * EACH, got) >= 0.97


def test_emails_and_ibans_are_found() -> None:
    """Addresses and IBANs need no label in any carrier."""
    rng = random.Random(5)
    emails = [
        kinds_of({"content": f"cc u{digits(rng, 4)}.roe@corp{digits(rng, 2)}.com, thanks"})
        for _ in range(50)
    ]
    ibans = [kinds_of({"content": f"pay to {iban(rng)} until Friday"}) for _ in range(50)]
    assert f2(["email"] * 50, emails) >= 0.99
    assert f2(["iban"] * 50, ibans) >= 0.99


def test_phones_are_found() -> None:
    """Phones are found with a country code anywhere, otherwise with a label or under a key."""
    rng = random.Random(8)
    samples = []
    for _ in range(40):
        us = f"{rng.choice(['212', '415', '617'])}-{rng.randrange(200, 999)}-{digits(rng, 4)}"
        samples += [
            {"content": f"reach her at +49 151 {rng.randrange(10**7, 10**8 - 1)} or later"},
            {"content": f"my number: phone {us} x"},
            {"phone": us.replace("-", "")},
            {"mobile": f"07{rng.randrange(400, 999)} {digits(rng, 6)}"},
            {"content": f"Tel: +1 ({us[:3]}) {us[4:7]}-{us[8:]}"},
        ]
    assert f2(["phone"] * len(samples), [kinds_of(sample) for sample in samples]) >= 0.93


NAMES = [
    "Jane Roe",
    "Łukasz Wójcik",
    "Anne-Marie O'Neill",
    "José da Silva",
    "Zoë van der Berg",
    "Dr. Eva Loe",
    "Åsa Öberg",
]


def test_names_are_found_by_key() -> None:
    """Names under keys for names are found in several languages, with accents, dashes and
    particles.
    """
    keys = [
        "full_name",
        "customerName",
        "Kontoinhaber",
        "patient_name",
        "nombre completo",
        "cardholder",
        "nazwisko",
    ]
    samples = [{key: name} for key in keys for name in NAMES]
    assert f2(["person"] * len(samples), [kinds_of(sample) for sample in samples]) >= 0.98


def test_harmless_payloads_stay_quiet() -> None:
    """Of 1,200 payloads of telemetry, ids, logs, code, orders and embeddings none is flagged."""
    payloads = clean_payloads(seed=11, each=100)
    assert len(payloads) >= 1000
    flagged = [(name, hit.kind) for name, payload in payloads for hit in DETECTOR.detect(payload)]
    assert flagged == []
