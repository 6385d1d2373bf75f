"""Records in XML: what only their element names, and what stands between their cells."""

import json
from functools import cache

import pytest
from families import with_each
from made_up_traffic import exchange

from classifiers.engine import Engine, EngineSetup
from core.findings import NOT_INSPECTED
from core.organisation import Organisation

IBAN = "DE02120300000000202051"
PHONE = "+49 171 5550913"
RECORDS = {
    "FHIR": '<Patient xmlns="http://hl7.org/fhir"><name><family value="Wiesner"/><given'
    ' value="Jürgen"/></name><birthDate value="1961-08-12"/></Patient>',
    "FHIR with more": '<Patient>\n <name>\n  <use value="official"/>\n  <family value="Wiesner"/>\n'
    '  <given value="Jürgen"/>\n </name>\n <active value="true"/>\n'
    ' <birthDate value="1961-08-12"/>\n</Patient>',
    "CDA": '<recordTarget><patientRole><id extension="77" root="1.2.3"/><patient><name><given>'
    'Margaret</given><family>Holloway</family></name><birthTime value="19580314"/></patient>'
    "</patientRole></recordTarget>",
    "xCard": "<vcard><n><surname>Haddad</surname><given>Omar</given></n>"
    "<bday><date>1979-12-22</date></bday></vcard>",
}
OTHERS = {
    "settings": '<bean name="x"><property name="family" value="Arial"/><size value="12"/></bean>',
    "font": '<font><family value="Noto Sans"/><given value="true"/><weight value="700"/></font>',
    "codes": '<ValueSet><name value="AdministrativeGender"/><status value="active"/></ValueSet>',
    "instance": "<row><family>Rosaceae</family><genus>Rosa</genus></row>",
}


@cache
def engine() -> Engine:
    made = Engine(EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False))
    made.warm()
    return made


def kinds(text: str, kind: str = "application/xml") -> set[str]:
    seen = engine().classify(exchange(text, kind))
    return {finding.kind for finding in seen.findings if finding.kind != NOT_INSPECTED}


def prompt(text: str) -> str:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": f"Check:\n{text}"}]}
    return json.dumps(body, ensure_ascii=False)


@with_each("record", RECORDS)
def test_parts_of_a_name_are_a_persons_by_the_element_around_them(record: str) -> None:
    """`family` and `given` say nothing alone; below a name they are somebody's."""
    for told in (kinds(RECORDS[record]), kinds(prompt(RECORDS[record]), "application/json")):
        assert told == {"person", "date_of_birth"}


@with_each("record", OTHERS)
def test_elements_that_are_called_like_parts_of_a_name_are_none(record: str) -> None:
    """Fonts, plants, sets of codes and settings have families as well."""
    assert kinds(OTHERS[record]) == set()


@pytest.mark.parametrize(
    "between",
    [
        f"<account><holder>x1</holder><ref>pay to {IBAN} today</ref></account>",
        f'<account type="x" ref="{IBAN}"/>',
        f"<!-- {IBAN} --><a>1</a>",
        f"<memo><a>1</a><b><![CDATA[from {IBAN}]]></b></memo>",
    ],
)
def test_what_stands_between_the_cells_of_a_record_is_read(between: str) -> None:
    """A record's place holds more than its cells: what is none of them is scanned as text."""
    record = (
        f"<customer><fullName>Eva Kern</fullName>{between}<birthDate>1961-08-12</birthDate>"
        f"<telecom><system>phone</system><line>{PHONE}</line></telecom></customer>"
    )
    assert kinds(record) == {"person", "date_of_birth", "iban", "phone"}


@pytest.mark.parametrize("number", [1, 3])
def test_a_cell_of_a_record_counts_once(number: int) -> None:
    """What the table has told is not told as text again."""
    record = f"<c><fullName>Eva Kern</fullName><iban>{IBAN}</iban><phone>{PHONE}</phone></c>"
    seen = engine().classify(exchange(f"<all>{record * number}</all>", "application/xml"))
    counts = {finding.kind: finding.count for finding in seen.findings}
    assert counts == {"person": number, "iban": number, "phone": number}


@with_each("party", ("Cdtr", "Dbtr"))
def test_the_parties_of_a_payment_are_named(party: str) -> None:
    """`pain` and `camt` say a name as `Nm`, with the account in an element beside it."""
    text = (
        f"<Tx><{party}><Nm>Omar Haddad</Nm></{party}><{party}Acct><Id><IBAN>{IBAN}</IBAN></Id>"
        f"</{party}Acct></Tx>"
    )
    assert kinds(text) == {"person", "iban"}
