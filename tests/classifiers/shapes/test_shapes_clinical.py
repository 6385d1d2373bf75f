"""Clinical messages, contact cards and mails are read as what they are."""

import base64
import json
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from functools import cache
from typing import Any

import pytest
from made_up_traffic import exchange

from classifiers.engine import Engine, EngineSetup
from core.exchange import Exchange
from core.findings import Finding
from core.organisation import Organisation


@cache
def engine() -> Engine:
    made = Engine(EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False))
    made.warm()
    return made


def found(request: Exchange) -> dict[str, Finding]:
    return {finding.kind: finding for finding in engine().classify(request).findings}


def patient(number: int) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": "http://hl7.org/fhir/sid/us-ssn", "value": "536-90-4398"}],
        "name": [{"family": "Roe", "given": ["Jane"]}],
        "telecom": [
            {"system": "phone", "value": f"+44 20 7946 09{number:02d}"},
            {"system": "email", "value": f"jane{number}@contoso.org"},
        ],
        "birthDate": "1980-02-03",
        "address": [{"line": ["12 High Street"], "city": "Leeds", "postalCode": "LS1 4AP"}],
    }


CLINICAL = {"person", "phone", "email", "date_of_birth", "address", "us_ssn"}


def resources() -> dict[str, Exchange]:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": patient(n)} for n in range(3)]}
    lines = "\n".join(json.dumps(patient(n)) for n in range(3))
    asked = {"messages": [{"role": "user", "content": "Summarise:\n" + lines}]}
    return {
        "a bundle": exchange(json.dumps(bundle), "application/fhir+json"),
        "lines": exchange(lines, "application/x-ndjson"),
        "a prompt": exchange(json.dumps(asked)),
    }


@pytest.mark.parametrize("carrier", ["a bundle", "lines", "a prompt"])
def test_clinical_resources_are_rows_of_people(carrier: str) -> None:
    """Names, contacts, identifiers and addresses in FHIR count one a patient, each once."""
    findings = found(resources()[carrier])
    assert set(findings) >= CLINICAL
    assert {(findings[kind].count, findings[kind].records) for kind in CLINICAL} == {(3, 3)}


HL7 = (
    "MSH|^~\\&|LAB|H|EPD|H|202601021200||ADT^A01|1|P|2.5\r"
    "PID|1||12345678^^^H^MR||ROE^JANE^A||19800203|F|||12 High Street^^LEEDS^^LS1 4AP||02079460958"
    "|||||987654321|536-90-4398\r"
)


@pytest.mark.parametrize("ends", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize("bare", [True, False])
def test_clinical_messages_are_read_by_field(ends: str, bare: bool) -> None:
    """HL7 tells patients by the number of a field, however its segments end."""
    text = HL7.replace("\r", ends)
    asked = {"messages": [{"role": "user", "content": "Explain\n" + text}]}
    request = exchange(text, "application/hl7-v2") if bare else exchange(json.dumps(asked))
    findings = found(request)
    assert {"person", "date_of_birth", "address", "phone", "us_ssn"} <= set(findings)
    assert findings["medical_record"].records == 1


def test_contact_cards_are_rows_of_people() -> None:
    """Each vCard is a person; folded lines are one."""
    card = (
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Jane\r\n  Roe\r\nTEL;TYPE=CELL:020 7946 0958\r\n"
        "EMAIL:jane.roe@contoso.org\r\nBDAY:19800203\r\nEND:VCARD\r\n"
    )
    findings = found(exchange(card * 3, "text/vcard"))
    assert {"person", "phone", "email", "date_of_birth"} <= set(findings)
    assert findings["person"].records == 3


def mail() -> bytes:
    message = MIMEMultipart()
    message["From"] = "Jane Röe <jane@contoso.org>"
    message["Subject"] = "=?utf-8?q?Liste_f=C3=BCr_Bob?="
    message.attach(MIMEText("Konto DE75512108001245126199, danke für alles", "plain", "utf-8"))
    rows = "".join(f"Ada Roe,u{number}@contoso.org\n" for number in range(40))
    attached = MIMEApplication(f"name,email\n{rows}".encode(), "csv")
    attached.add_header("Content-Disposition", "attachment", filename="people.csv")
    message.attach(attached)
    return message.as_bytes()


MAILS = {
    "declared": lambda: exchange(mail(), "message/rfc822"),
    "as text": lambda: exchange(mail(), "text/plain"),
    "in base64 in JSON": lambda: exchange(
        json.dumps({"raw": base64.urlsafe_b64encode(mail()).decode()})
    ),
    "in a string": lambda: exchange(json.dumps({"text": mail().decode()})),
}


@pytest.mark.parametrize("carrier", MAILS)
def test_mails_are_read_with_their_attachments(carrier: str) -> None:
    """Every part of a mail is read to its end, and an attached table is counted as one."""
    findings = found(MAILS[carrier]())
    assert findings["iban"].count == 1
    assert findings["email"].distinct == 41
    assert findings["email"].records == 40
    assert any("people.csv" in place for place in findings["person"].where)


@pytest.mark.parametrize(
    "text", ["From: a\nTo: b\n\nhello", "Subject: x\nDate: y\nMIME-Version\n", "MIME-Version: 1.0"]
)
def test_what_only_begins_like_a_mail_is_text(text: str) -> None:
    """Lines with colons are no mail by themselves, and read as they are."""
    findings = found(exchange(text + "\njane.roe@contoso.org", "text/plain"))
    assert set(findings) == {"email"}
