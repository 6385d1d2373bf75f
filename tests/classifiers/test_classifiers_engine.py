"""Classification from end to end: every kind in every carrier, quiet on harmless traffic, exact
counts, places in words.
"""

import base64
import json
import random
import shutil
import string
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from made_up_traffic import (
    CARRIERS,
    JSON,
    chat,
    csv_of,
    exchange,
    har_of,
    multipart,
    rng_of,
    upload,
    user,
    xlsx_of,
)
from personal_samples import birth, clean_payloads, digits, iban, valid

from classifiers.engine import Engine, EngineSetup, build_worker
from core.exchange import Exchange
from core.findings import NOT_INSPECTED, SECRET, Finding
from core.fingerprint import Fingerprinter
from core.organisation import FindingException, Organisation
from core.vocabulary.unread import TEXTLESS

KEY = b"k" * 32
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def engine(organisation: Organisation | None = None, *, names: bool = False) -> Engine:
    """Return a worker's engine with Outgate's own rules for secrets only."""
    setup = EngineSetup(
        key=KEY, organisation=organisation or Organisation(), names=names, long_tail=False
    )
    return build_worker(setup)


ENGINE = engine()


def found(sent: Exchange, by: Engine = ENGINE) -> dict[str, Finding]:
    """Return the findings by kind, but for pictures and the like; a kind that is found twice fails
    the test.
    """
    seen = by.classify(sent)
    assert seen.degraded == ()
    kinds = [f.kind for f in seen.findings if f.kind != SECRET]
    assert len(kinds) == len(set(kinds)), "a kind is reported once"
    return {f.kind: f for f in seen.findings if f.unread not in TEXTLESS}


# -- kinds × carriers
# ------------------------------------------------------------------------------

IDS = {
    "us_ssn": ("SSN", "ssn"),
    "uk_nino": ("National Insurance number", "nino"),
    "br_cpf": ("CPF", "cpf"),
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
    "be_national_number": ("rijksregisternummer", "rijksregisternummer"),
    "se_personnummer": ("personnummer", "personnummer"),
    "no_fodselsnummer": ("fødselsnummer", "fodselsnummer"),
    "fi_hetu": ("henkilötunnus", "hetu"),
    "dk_cpr": ("CPR", "cprNummer"),
    "ch_ahv": ("AHV-Nummer", "ahvNummer"),
    "ro_cnp": ("CNP", "cnp"),
    "ca_sin": ("SIN", "sin"),
    "au_tfn": ("tax file number", "tfn"),
    "mx_curp": ("CURP", "curp"),
    "za_id": ("South African ID number", "sa_id"),
    "uk_nhs": ("NHS number", "nhs_number"),
    "credit_card": ("card", "cardNumber"),
}
Make = Callable[[random.Random], str]
KEYED: dict[str, tuple[str, str, Make]] = {
    "email": (
        "e-mail address",
        "email",
        lambda r: f"jana.{r.choice('abcdefgh')}{r.randrange(9)}@contoso.com",
    ),
    "phone": (
        "phone number",
        "phone",
        lambda r: f"+49 30 {r.randrange(200, 900)} {r.randrange(10000, 99999)}",
    ),
    "iban": ("IBAN", "iban", iban),
    "date_of_birth": ("date of birth", "date_of_birth", lambda r: birth(r).isoformat()),
    "passport": (
        "passport number",
        "passport_number",
        lambda r: f"C01X{digits(r, 2)}0{digits(r, 2)}",
    ),
    "driving_licence": (
        "driving licence number",
        "driving_licence_number",
        lambda r: f"MORGA{digits(r, 6)}SM9IJ",
    ),
    "medical_record": ("medical record number", "mrn", lambda r: digits(r, 8)),
    "bank_account": ("account number", "account_number", lambda r: digits(r, 9)),
    "person": (
        "full name",
        "full_name",
        lambda r: r.choice(["Maria Beispiel", "John Sample", "Anaïs Modèle"]),
    ),
    "address": (
        "home address",
        "home_address",
        lambda r: f"{r.randrange(1, 99)} Sample Street, Springfield",
    ),
    "health_data": (
        "diagnosis",
        "diagnosis",
        lambda r: r.choice(["Type 2 diabetes", "Asthma", "Migraine with aura"]),
    ),
    "special_category": (
        "religion",
        "religion",
        lambda r: r.choice(["Catholic", "Buddhist", "Jewish"]),
    ),
    **{kind: (*names, partial(valid, kind)) for kind, names in IDS.items()},
}
NEEDS_A_KEY = {"person", "address", "health_data", "special_category"}
"""In running text these are the names model's, or nobody's."""
NOT_THERE = {"chat text": NEEDS_A_KEY, "csv in prompt": {"address"}}
"""An address holds commas, and people paste CSV without quotes."""


@pytest.mark.parametrize("carrier", CARRIERS)
def test_every_kind_is_found_once_in_every_carrier(carrier: str) -> None:
    """However a script packs it, one value of each kind is found, and counted once."""
    build = CARRIERS[carrier]
    expected = [kind for kind in KEYED if kind not in NOT_THERE.get(carrier, ())]
    missed, miscounted, beside = [], [], []
    for kind in expected:
        label, key, make = KEYED[kind]
        kinds = found(build(label, key, make(rng_of(kind, carrier))))
        finding = kinds.get(kind)
        if finding is None:
            missed.append(kind)
        elif (finding.count, finding.distinct) != (
            (3, 3) if (carrier, kind) == ("csv in prompt", "email") else (1, 1)
        ):
            miscounted.append(kind)
        beside += [
            other
            for other in kinds
            if other not in {kind, "email" if carrier == "csv in prompt" else kind}
        ]
    assert len(missed) <= 0.02 * len(expected), missed
    assert miscounted == []
    assert beside == []


def secrets_of(rng: random.Random) -> dict[str, str]:
    """Return made-up keys, put together here so that no scanner of repositories takes them for
    real.
    """
    letters = string.ascii_letters + string.digits

    def run(size: int, alphabet: str = letters) -> str:
        return "".join(rng.choice(alphabet) for _ in range(size))

    header, claims = (
        {"alg": "HS256"},
        {"iss": "idp.contoso.com", "sub": run(9), "exp": 1893456000},
    )
    parts = [
        base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=")
        for p in (header, claims)
    ]
    return {
        "ANTHROPIC_API_KEY": "sk-" + "ant-api03-" + run(93) + "AA",
        "AWS_ACCESS_KEY_ID": "AK" + "IA" + run(16, string.ascii_uppercase + "234567"),
        "SLACK_BOT_TOKEN": (
            "xo" + "xb-" + run(12, string.digits) + "-" + run(12, string.digits) + "-" + run(24)
        ),
        "STRIPE_KEY": "sk" + "_live_" + run(48),
        "DATABASE_URL": "postgres" + "ql://svc:" + run(14) + "@db.contoso.com/main",
        "SESSION_JWT": ".".join([*parts, run(43)]),
        "DB_PASSWORD": run(8) + "7aZ!" + run(6),
    }


@pytest.mark.parametrize("carrier", CARRIERS)
def test_secrets_are_found_once_in_every_carrier(carrier: str) -> None:
    """Keys of well-known providers, connection strings and passwords are found however they are
    packed.
    """
    for name, value in secrets_of(rng_of("secrets", carrier)).items():
        if (carrier, name) in {("csv in prompt", "DB_PASSWORD"), ("query", "SESSION_JWT")}:
            # known only by its column's name in running text; a token in a query authenticates
            continue
        hits = [
            f
            for f in ENGINE.classify(CARRIERS[carrier](name, name, value)).findings
            if f.kind == SECRET
        ]
        assert [(f.count, f.distinct) for f in hits] == [(1, 1)], name


# -- quiet
# ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [11, 12])
def test_harmless_traffic_is_quiet(seed: int) -> None:
    """Telemetry, code, logs, ids, embeddings and orders raise nothing, sent bare or pasted into a
    prompt.
    """
    for name, payload in clean_payloads(seed, 4):
        pasted = "Explain this:\n```json\n" + json.dumps(payload.json, indent=1) + "\n```"
        for sent in (exchange(json.dumps(payload.json)), chat(user(pasted))):
            assert found(sent) == {}, name


def test_schemas_hold_no_data() -> None:
    """Field names, titles and descriptions in schemas of tools and of answers speak about data and
    are none.
    """
    fields = {
        "customer_name": {
            "title": "Customer Name",
            "description": "Name of the customer",
            "type": "string",
        },
        "date_of_birth": {"title": "Date Of Birth", "type": "string", "format": "date"},
        "diagnosis": {"description": "The diagnosis of the patient", "type": "string"},
        "address": {
            "title": "Home Address",
            "description": "The street address of the customer",
            "type": "string",
        },
        "religion": {
            "enum": ["catholic", "none"],
            "description": "Religion of the person",
            "type": "string",
        },
        "email": {"title": "E-mail Address", "type": "string", "format": "email"},
    }
    schema = {"type": "object", "title": "Patient", "properties": fields, "required": list(fields)}
    tools = [{"type": "function", "function": {"name": "save", "parameters": schema}}]
    answer = {"type": "json_schema", "json_schema": {"name": "patient", "schema": schema}}
    for sent in (
        chat(user("Fill it in."), tools=tools, response_format=answer),
        chat(user("Fill in this schema:\n" + json.dumps(schema, indent=2))),
    ):
        assert found(sent) == {}


def test_a_key_at_its_own_service_is_an_identity() -> None:
    """The key that authenticates a call is no leak; the same key in the prompt, or sent elsewhere,
    is one.
    """
    key = secrets_of(rng_of("identity"))["ANTHROPIC_API_KEY"]
    body = json.dumps({"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": [user("Hello")]})
    own = exchange(body, host="api.anthropic.com", path="/v1/messages", headers={"x-api-key": key})
    seen = ENGINE.classify(own)
    assert seen.findings == ()
    assert seen.llm is not None
    assert SECRET in found(replace(own, host="api.partner.example"))
    assert SECRET in found(replace(own, body=body.replace("Hello", f"My key is {key}").encode()))


def test_test_data_is_told_apart() -> None:
    """Published example values are reported as such, beside real ones."""
    seen = ENGINE.classify(
        chat(
            user(
                "card 4111 1111 1111 1111, ssn 078-05-1120, and card "
                + valid("credit_card", rng_of("c"))
            )
        )
    )
    assert {(f.kind, f.test_data) for f in seen.findings} == {
        ("credit_card", True),
        ("credit_card", False),
        ("us_ssn", True),
    }


# -- counts and places
# ------------------------------------------------------------------------------

COLUMNS = ("customer_id", "full_name", "email", "phone", "iban", "ssn", "balance", "note")


def customers(count: int) -> list[tuple[str, ...]]:
    """Return rows of made-up customers; every tenth one occurs twice."""
    r = rng_of("customers")
    rows: list[tuple[str, ...]] = [
        (
            str(10_000 + i),
            f"Maria Beispiel{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}",
            f"p{i}@contoso.com",
            f"+4930{2_000_000 + i}",
            iban(r),
            valid("us_ssn", r),
            f"{r.uniform(0, 9999):.2f}",
            "called twice",
        )
        for i in range(count)
    ]
    return rows + rows[::10]


ROWS = customers(100)
RECORDS = [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]
TABLES: dict[str, tuple[Exchange, str]] = {
    "csv upload": (
        upload(csv_of(COLUMNS, ROWS), "customers.csv", "text/csv"),
        "attachment customers.csv, column ssn",
    ),
    "xlsx upload": (
        upload(xlsx_of(COLUMNS, ROWS), "customers.xlsx", SHEET),
        "attachment customers.xlsx, sheet Customers, column ssn",
    ),
    "json array": (exchange(json.dumps({"customers": RECORDS})), "column ssn"),
    "json lines": (
        exchange("\n".join(map(json.dumps, RECORDS)), "application/x-ndjson"),
        "column ssn",
    ),
    "csv body": (exchange(csv_of(COLUMNS, ROWS), "text/csv"), "column ssn"),
    "tool result": (
        chat(
            user("go"),
            {"role": "tool", "tool_call_id": "1", "content": "ok"},
            {"role": "tool", "tool_call_id": "2", "content": json.dumps(RECORDS)},
        ),
        "tool result 2, column ssn",
    ),
    "attachment of a chat": (
        chat(
            {
                "role": "user",
                "content": [
                    {
                        "type": "file",
                        "file": {
                            "filename": "customers.xlsx",
                            "file_data": (
                                f"data:{SHEET};base64,"
                                + base64.b64encode(xlsx_of(COLUMNS, ROWS)).decode()
                            ),
                        },
                    }
                ],
            }
        ),
        "attachment customers.xlsx in user message 1, sheet Customers, column ssn",
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_records_values_and_people_are_counted_exactly(name: str) -> None:
    """Rows, distinct values and data subjects are the file's own numbers, in whatever file the
    records come.
    """
    sent, where = TABLES[name]
    kinds = found(sent)
    assert kinds.keys() == {"person", "email", "phone", "iban", "us_ssn"}
    for finding in kinds.values():
        assert (finding.records, finding.count, finding.distinct, finding.subjects) == (
            110,
            110,
            100,
            100,
        )
    assert kinds["us_ssn"].where == (where,)


def test_a_kind_in_a_file_and_beside_it_is_one_finding() -> None:
    """The e-mail address of the form and those of its file are one finding with one count."""
    body, kind = multipart(
        ("email", None, None, b"sender@contoso.com"),
        ("file", "customers.csv", "text/csv", csv_of(COLUMNS, ROWS)),
    )
    email = found(exchange(body, kind))["email"]
    assert (email.count, email.distinct, email.records, email.subjects) == (111, 101, 110, 100)


def test_places_are_told_in_words() -> None:
    """A finding says in which part of the conversation it stood."""
    sent = chat(
        {"role": "system", "content": "Write to a.b@contoso.com"},
        user("Hello"),
        {
            "role": "assistant",
            "tool_calls": [
                {
                    "id": "1",
                    "type": "function",
                    "function": {"name": "f", "arguments": '{"iban": "DE75512108001245126199"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "1", "content": '{"ssn": "536-90-4399"}'},
    )
    kinds = found(sent)
    assert kinds["email"].where[0].startswith("system prompt (")
    assert kinds["iban"].where[0].startswith("tool call 1 (")
    assert kinds["us_ssn"].where[0].startswith("tool result 1 (")


def test_objects_printed_into_a_prompt_keep_their_names() -> None:
    """JSON after a sentence, fenced, escaped, or as Python prints it: names, birth dates and
    diagnoses are found.
    """
    visits = [
        {
            "patient_name": "Maria Beispiel",
            "date_of_birth": "1961-04-09",
            "nhs_number": valid("uk_nhs", rng_of("a")),
            "diagnosis": "Type 2 diabetes",
            "gp": {"name": "John Sample", "phone": "+44 20 7946 0958"},
            "visit": 3,
        },
    ] * 2
    texts = (
        "Summarise these visits:\n" + json.dumps(visits, indent=2),
        "Summarise: " + json.dumps(visits) + " Thanks!",
        f"Summarise these visits: {visits}",
        "Summarise:\n```json\n" + json.dumps(json.dumps(visits)) + "\n```",
    )
    for text in texts:
        kinds = found(chat(user(text)))
        assert kinds.keys() >= {"person", "date_of_birth", "uk_nhs", "health_data", "phone"}, text[
            :40
        ]
        assert (kinds["date_of_birth"].count, kinds["date_of_birth"].distinct) == (2, 1)


# -- the organisation's own
# ------------------------------------------------------------------------------


def test_token_tells_issuer_and_expiry() -> None:
    """A JSON web token's finding says who issued it and until when it is valid, and nothing of its
    subject.
    """
    token = secrets_of(rng_of("jwt"))["SESSION_JWT"]
    assert (
        found(chat(user(f"Use {token}")))[SECRET].note
        == "issued by idp.contoso.com, valid until 2030-01-01 00:00 UTC"
    )


def test_exception_silences_one_value_only() -> None:
    """A false alarm closed by an officer is silent at its place; the same value elsewhere and other
    values are not.
    """
    key = secrets_of(rng_of("exception"))["STRIPE_KEY"]
    other = secrets_of(rng_of("other"))["STRIPE_KEY"]
    mark = Fingerprinter(KEY).of(SECRET, key)
    rule = FindingException(kind=SECRET, fingerprint=mark, where="body.config.*")
    excepting = engine(Organisation(exceptions=(rule,)))
    assert found(exchange(json.dumps({"config": {"stripe": key}})))[SECRET].fingerprints == (mark,)
    assert found(exchange(json.dumps({"config": {"stripe": key}})), excepting) == {}
    assert SECRET in found(exchange(json.dumps({"prompt": key})), excepting)
    assert SECRET in found(exchange(json.dumps({"config": {"stripe": other}})), excepting)


def test_own_recognisers_find_own_kinds(tmp_path: Path) -> None:
    """What an organisation describes in Presidio's YAML is found in workers; a broken file
    degrades, loudly.
    """
    file = tmp_path / "staff.yaml"
    file.write_text(
        "recognizers:\n- name: staff\n  supported_entity: STAFF_ID\n  patterns:\n"
        "  - {name: staff, regex: 'ZQ-[0-9]{5}', score: 0.9}\n"
    )
    sent = chat(user("Ask ZQ-10442 about it, or mail a.b@contoso.com"))
    own = engine(Organisation(recognizers=(str(file),)))
    assert found(sent, own).keys() == {"staff_id", "email"}
    assert not Engine(
        EngineSetup(key=KEY, organisation=Organisation(recognizers=(str(file),)), long_tail=False)
    ).is_cheap(sent)
    broken = engine(Organisation(recognizers=(str(tmp_path / "none.yaml"),))).classify(sent)
    assert broken.degraded == ("organisation's recognisers: SettingsError",)
    assert [f.kind for f in broken.findings] == ["email", "not_inspected"]


def test_explanation_names_each_candidate_without_its_value() -> None:
    """Every candidate is explained, with what confirmed or rejected it; values are masked."""
    card = valid("credit_card", rng_of("explain"))
    wrong = card[:-1] + str((int(card[-1]) + 1) % 10)
    lines = ENGINE.classify(chat(user(f"card {card}, card {wrong}")), explain=True).explanation
    assert (
        sum(
            line.startswith("found") and "credit_card" in line and "check digit" in line
            for line in lines
        )
        == 1
    )
    assert any(line.startswith("rejected") for line in lines)
    assert not any(card in line or wrong in line for line in lines)


# -- names and recordings
# ------------------------------------------------------------------------------


def test_names_in_prose_and_repeated_history() -> None:
    """Names and addresses in sentences are found by the model; a history sent again is answered
    from memory.
    """
    naming = engine(names=True)
    turns = [
        user(
            "Write to Maria Schmidt, 42 Baker Street, Springfield, that her contract with us ends"
            " in May."
        )
    ]
    first = found(chat(*turns), naming)
    assert {"person", "address"} <= first.keys()
    again = found(
        chat(*turns, {"role": "assistant", "content": "Done."}, user("Make it shorter, please.")),
        naming,
    )
    assert again["person"].fingerprints == first["person"].fingerprints


def test_recording_is_inspected_like_live_traffic(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rule_pack: Path
) -> None:
    """A HAR file gives one record an exchange: chats, uploads, queries, base64 bodies; streamed
    answers are read as well.
    """
    from app.home import open_home
    from app.offline import inspect_files
    from app.settings import Settings

    monkeypatch.setenv("OUTGATE_HOME", str(tmp_path / "home"))
    events = [
        {
            "id": "c1",
            "object": "chat.completion.chunk",
            "model": "gpt-4o",
            "choices": [{"index": 0, "delta": {"content": "Hi"}}],
        },
        {
            "id": "c1",
            "object": "chat.completion.chunk",
            "model": "gpt-4o",
            "choices": [],
            "usage": {"prompt_tokens": 21, "completion_tokens": 5, "total_tokens": 26},
        },
    ]
    stream = "".join(f"data: {json.dumps(e)}\n\n" for e in events) + "data: [DONE]\n\n"
    secret = secrets_of(rng_of("har"))["STRIPE_KEY"]
    asked = chat(user("Mail a.b@contoso.com"), stream=True, host="llm.intern.example")
    har = tmp_path / "traffic.har"
    har.write_bytes(
        har_of(
            [
                (asked, stream, "text/event-stream"),
                (asked, stream.encode(), "text/event-stream"),
                (exchange(method="GET", path=f"/search?q=hello&note={secret}"), "{}", JSON),
                (TABLES["xlsx upload"][0], "{}", JSON),
                (
                    exchange(json.dumps({"ts": 1763720000123, "trace": "a" * 32, "value": 0.25})),
                    "{}",
                    JSON,
                ),
            ]
        )
    )
    home = open_home()
    shutil.copytree(rule_pack / "credentials", home.cache / "credentials")
    entries = inspect_files(home, Settings(), [har], None, names=False)
    records = [entry.exported() for entry in entries]
    assert [sorted(f["kind"] for f in r["findings"]) for r in records] == [
        ["email"],
        ["email"],
        [SECRET],
        ["email", "iban", "person", "phone", "us_ssn"],
        [],
    ]
    assert [r["llm"]["input_tokens"] for r in records[:2]] == [21, None], "the same answer twice"
    assert all(f["kind"] != NOT_INSPECTED for r in records for f in r["findings"])
