"""What the fast path finds in text and under keys, and what it leaves alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from personal_samples import payload_of

from classifiers.hits import Hit
from classifiers.payload import Payload, Segment
from classifiers.personal import PersonalDetector
from core.findings import Confidence

DETECTOR = PersonalDetector()


def found(text: str, key: str | None = "content") -> list[tuple[str, str]]:
    """Return (kind, the very characters of the text) of every hit."""
    payload = Payload(segments=[Segment(text, key, (key,) if key else ())])
    return [(hit.kind, text[hit.start : hit.end]) for hit in DETECTOR.detect(payload)]


PROSE = [
    ("mail jane.roe@acme.co.uk today", "email", "jane.roe@acme.co.uk"),
    ("write to <bob+x@mail.contoso.com>.", "email", "bob+x@mail.contoso.com"),
    ("mailto:eva@firma.de", "email", "eva@firma.de"),
    ("reach us on +44 20 7946 0958 ok", "phone", "+44 20 7946 0958"),
    ("Tel.: 030 901820", "phone", "030 901820"),
    ("phone (415) 555-2671", "phone", "(415) 555-2671"),
    ("it is 415-555-2671 now", "phone", "415-555-2671"),
    ("please call 0161 496 0000 today", "phone", "0161 496 0000"),
    ("my number is 07700 900123", "phone", "07700 900123"),
    ("+44 (0)20 7946 0958 is hers", "phone", "+44 (0)20 7946 0958"),
    ("0049 151 23456789 is his", "phone", "0049 151 23456789"),
    ("tel:+1-202-555-0187;ext=3", "phone", "+1-202-555-0187"),
    ("Patient name: Jane Roe", "person", "Jane Roe"),
    ("card 4539 5787 6362 1486, exp 12/27", "credit_card", "4539 5787 6362 1486"),
    ("charge 4539578763621486 please", "credit_card", "4539578763621486"),
    ("amex 3782 822463 10005", "credit_card", "3782 822463 10005"),
    ("IBAN DE75 5121 0800 1245 1261 99 and more", "iban", "DE75 5121 0800 1245 1261 99"),
    ("iban: de75512108001245126199", "iban", "de75512108001245126199"),
    ("NO8330001234567 is short", "iban", "NO8330001234567"),
    ("His SSN is 536-90-4399.", "us_ssn", "536-90-4399"),
    ("social security number 536 90 4399", "us_ssn", "536 90 4399"),
    ("NI number AB 12 34 56 C", "uk_nino", "AB 12 34 56 C"),
    ("NHS number 943 476 5919", "uk_nhs", "943 476 5919"),
    ("born 12 March 1981 in Leeds", "date_of_birth", "12 March 1981"),
    ("DOB: 03/12/1981", "date_of_birth", "03/12/1981"),
    ("geboren am 12.03.1981", "date_of_birth", "12.03.1981"),
    ("née le 12/03/1981", "date_of_birth", "12/03/1981"),
    ("passport no. X1234567 expired", "passport", "X1234567"),
    ("passport number: 533380006", "passport", "533380006"),
    ("her driver's license is D1234567", "driving_licence", "D1234567"),
    ("driving licence number MORGA657054SM9IJ", "driving_licence", "MORGA657054SM9IJ"),
    ("patient MRN: 00123456", "medical_record", "00123456"),
    ("health insurance number: A123456780", "health_id", "A123456780"),
    ("Medicare MBI 1EG4-TE5-MK73", "us_mbi", "1EG4-TE5-MK73"),
    ("account number 12345678 at the bank", "bank_account", "12345678"),
    ("routing number 021000021", "us_aba", "021000021"),
    ("my IP is 81.2.69.142", "ip_address", "81.2.69.142"),
]


@pytest.mark.parametrize(("text", "kind", "value"), PROSE)
def test_personal_value_in_running_text_is_found_with_its_exact_place(
    text: str, kind: str, value: str
) -> None:
    """A value in a sentence is found once, as what it is, at its very characters."""
    assert found(text) == [(kind, value)]


KEYED = [
    ("customerSSN", "536904399", "us_ssn"),
    ("uid_number", "499118665246", "in_aadhaar"),
    ("first_name", "Jane", "person"),
    ("lastName", "O'Neill-Müller", "person"),
    ("Nachname", "Groß", "person"),
    ("prénom", "Zoé", "person"),
    ("account_holder", "Jane Roe", "person"),
    ("home_address", "12 High Street, Leeds", "address"),
    ("Straße", "Hauptstr. 5", "address"),
    ("dob", "1981-03-12", "date_of_birth"),
    ("birthDate", "19810312", "date_of_birth"),
    ("fecha_de_nacimiento", "12/03/1981", "date_of_birth"),
    ("religion", "Catholic", "special_category"),
    ("ethnicity", "Hispanic", "special_category"),
    ("diagnosis", "Type 2 diabetes", "health_data"),
    ("icd10", "E11.9", "health_data"),
    ("passportNumber", "X1234567", "passport"),
    ("drivers_license", "D1234567", "driving_licence"),
    ("mrn", "00123456", "medical_record"),
    ("insurance_member_id", "XYZ123456789", "health_id"),
    ("account_number", "12345678", "bank_account"),
    ("phone", "0171 1234567", "phone"),
    ("msisdn", "4915112345678", "phone"),
    ("client_ip", "81.2.69.142", "ip_address"),
    ("cardNumber", "4539578763621486", "credit_card"),
]


@pytest.mark.parametrize(("key", "value", "kind"), KEYED)
def test_key_tells_what_a_value_is(key: str, value: str, kind: str) -> None:
    """A field named for personal data is reported as that, in snake case, camel case and other
    languages.
    """
    assert found(value, key) == [(kind, value)]


QUIET = [
    ("order_id", "4539578763621486"),
    ("tracking", "536904399"),
    ("user_id", "536904399"),
    ("ssn_hash", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
    ("email_count", "12345678"),
    ("name", "gpt-4o"),
    ("name", "get_weather"),
    ("first_name", "null"),
    ("diagnosis", "N/A"),
    ("address", "0x52908400098527886E0F7030069857D2E4169EE7"),
    ("address", "10.0.0.1:8080"),
    ("mac_address", "00:1a:2b:3c:4d:5e"),
    ("date_of_birth", "soon"),
    ("race_condition", "detected twice"),
    ("content", "random number 536904399 here"),
    ("content", "git clone git@github.com:acme/repo.git"),
    ("content", "see https://bob@host.example.com/x and npm i left-pad@1.3.0 and logo@2x.png"),
    ("content", "noreply@acme.com"),
    ("content", "version 2.2.366, epoch 1763720000, build 20261121.4"),
    ("content", "born of necessity; the account of it; MIT license; passport.js 0.7.0"),
    ("content", "the server answers on 192.168.1.20, 8.8.8.8 and 203.0.113.9"),
    ("content", "ip: 10.1.2.3"),
    ("content", "order 4539578763621486 shipped"),
    ("content", "call the function 0161 496 times; contact sheet 100-200, number is 0.123456789"),
    ("content", "DE75 5121 0800 1245 1261 98"),
    ("content", "4539 5787 6362 1487"),
    ("content", "000-12-3456 and 666-12-3456 and 900-12-3456"),
    ("content", "2026-11-21T10:57:29.123456Z 550e8400-e29b-41d4-a716-446655440000"),
]


@pytest.mark.parametrize(("key", "text"), QUIET)
def test_other_numbers_and_names_stay_quiet(key: str, text: str) -> None:
    """Order numbers, hashes, versions, hosts and mailboxes of machines are nobody's personal
    data.
    """
    assert found(text, key) == []


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("card 4111 1111 1111 1111", "content"),
        ("SSN 078-05-1120", "content"),
        ("jane@example.com", "content"),
        ("IBAN GB82 WEST 1234 5698 7654 32", "content"),
        ("529.982.247-25", "cpf"),
        ("call 415-555-0134", "phone"),
    ],
)
def test_published_example_is_reported_as_test_data(text: str, key: str) -> None:
    """An example value from documentation is labelled, so that nobody is alarmed by it."""
    hits = DETECTOR.detect(Payload(segments=[Segment(text, key)]))
    assert [hit.test_data for hit in hits] == [True]


def test_name_in_a_persons_object_is_a_persons_name() -> None:
    """`name` is a person's where the object is a customer or holds an e-mail, not where it names a
    tool.
    """
    payload = payload_of(
        {
            "customer": {"name": "Jane Roe"},
            "tool": {"name": "Weather Service"},
            "rows": [{"name": "Bob Poe", "email": "bob@contoso.com"}],
            "patients": [{"name": "Eva Loe", "ward": 3}],
            "members": [
                {"name": "JANE VAN POE"},
                {"name": "Contoso Services Ltd"},
                {"name": "dependabot"},
            ],
            "file": {
                "file_name": "Final Report",
                "sdk_name": "Contoso",
                "email": "eva@contoso.com",
            },
            "contacts": [{"name": "eva", "phone": "+44 20 7946 0958"}],
        }
    )
    names = [
        payload.segments[h.segment].text for h in DETECTOR.detect(payload) if h.kind == "person"
    ]
    assert names == ["Jane Roe", "Bob Poe", "Eva Loe", "JANE VAN POE", "eva"]


def test_bare_json_number_needs_its_key() -> None:
    """A number without quotes is an identifier only under a key that says so; floats never are."""
    assert [h.kind for h in DETECTOR.detect(payload_of({"ssn": 536904399, "id": 536904399}))] == [
        "us_ssn"
    ]
    assert (
        DETECTOR.detect(payload_of({"card": 4539578763621486.5, "points": [4539578763621486]}))
        == []
    )


def test_key_above_a_neutral_key_counts() -> None:
    """`{"ssn": {"value": …}}` is as good as `{"ssn": …}`, and so is a list."""
    assert [h.kind for h in DETECTOR.detect(payload_of({"ssn": {"value": "536904399"}}))] == [
        "us_ssn"
    ]
    schema = {
        "properties": {"customer_name": {"title": "Customer Name", "description": "Customer name"}}
    }
    assert DETECTOR.detect(payload_of(schema)) == []
    assert [h.kind for h in DETECTOR.detect(payload_of({"emails": ["a.b@contoso.com"]}))] == [
        "email"
    ]


def test_label_makes_a_checked_number_certain() -> None:
    """What is named and has a right check digit is certain; what merely looks right is likely."""

    def confidence(text: str) -> Confidence:
        return DETECTOR.detect(Payload(segments=[Segment(text, "content")]))[0].confidence

    assert confidence("PESEL 44051401458") is Confidence.CERTAIN
    assert confidence("we have 536-90-4399") is Confidence.LIKELY
    assert confidence("4539 5787 6362 1486") is Confidence.LIKELY


def test_explain_names_what_rejected_a_candidate() -> None:
    """An officer can ask why something was not reported."""
    payload = Payload(
        segments=[Segment("DE75 5121 0800 1245 1261 98, 536904399 and git@github.com", "content")]
    )
    assert DETECTOR.detect(payload) == []
    reasons = {hit.kind: hit.rejected for hit in DETECTOR.detect(payload, explain=True)}
    assert "check digits" in (reasons["iban"] or "")
    assert reasons["email"] == "the mailbox of a machine"


def test_hit_shows_no_value_when_printed() -> None:
    """A hit or a place in a log line gives nothing away."""
    hit = DETECTOR.detect(Payload(segments=[Segment("jane.roe@contoso.com", "x")]))[0]
    assert "jane" not in repr(hit)


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_surrounding_keeps_the_place_exact(before: str, after: str) -> None:
    """Whatever stands around an address, its place is right to the character."""
    text = f"{before} jane.roe@contoso.com {after}"
    hits = [
        h
        for h in DETECTOR.detect(Payload(segments=[Segment(text, None)]))
        if h.value == "jane.roe@contoso.com"
    ]
    start = len(before) + 1
    assert (start, start + 20) in {(h.start, h.end) for h in hits}


@given(st.lists(st.text(max_size=60), max_size=12))
def test_any_text_is_read_without_failing(texts: list[str]) -> None:
    """No text, however odd, makes the detector fail or report a place outside the text."""
    segments = [Segment(text, None) for text in texts]
    for hit in DETECTOR.detect(Payload(segments=segments), explain=True):
        assert isinstance(hit, Hit)
        assert 0 <= hit.start < hit.end <= len(segments[hit.segment].text)


ALPHABET = st.text(alphabet="0123456789 -./+()@abAB:\n\u200b１–", max_size=120)


@given(ALPHABET)
def test_any_mess_of_digits_is_read_without_failing(text: str) -> None:
    """Digits, signs and invisible characters in any order are read to the end."""
    for hit in DETECTOR.detect(
        Payload(segments=[Segment(text, "ssn"), Segment(text, "phone")]), explain=True
    ):
        assert 0 <= hit.start < hit.end <= len(text)
