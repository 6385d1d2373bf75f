"""Records of a directory: attributes on several lines and in base64 read as others do."""

import base64
import json
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_traffic import chat, exchange, user

from classifiers.decoding.ldif import changed_lines
from classifiers.engine import Engine, EngineSetup
from core.exchange import Exchange
from core.organisation import Organisation

HEAD = "dn: uid=jd,ou=people,dc=x\nobjectClass: person\n"
VALUES = [
    ("dateOfBirth", "1961-03-14", "date_of_birth"),
    ("telephoneNumber", "+49 30 90182000", "phone"),
    ("mail", "jane.roe@contoso.com", "email"),
    ("iban", "DE02120300000000202051", "iban"),
]


@cache
def engine() -> Engine:
    made = Engine(EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False))
    made.warm()
    return made


def kinds(request: Exchange) -> set[str]:
    return {finding.kind for finding in engine().classify(request).findings}


@pytest.mark.parametrize(("name", "value", "kind"), VALUES)
def test_an_attribute_is_read_however_it_is_written(name: str, value: str, kind: str) -> None:
    """Folded at every letter, in base64, and in base64 that is folded; as a file, in a prompt."""
    coded = base64.b64encode(value.encode()).decode()
    written = [f"{name}: {value[:at]}\n {value[at:]}" for at in range(1, len(value))]
    written += [f"{name}:: {coded}", f"{name}:: {coded[:7]}\r\n {coded[7:]}"]
    for lines in written:
        text = f"{HEAD}{lines}\nou: people\n"
        assert kinds(exchange(text, "text/plain")) >= {kind}, lines
        assert kinds(chat(user(f"Load this:\n{text}"))) >= {kind}, lines


def test_what_is_no_record_is_left_as_it_is() -> None:
    """Other lines that begin with a blank, attributes that read as written, pictures."""
    picture = base64.b64encode(bytes(range(64))).decode()
    assert changed_lines("dateOfBirth: 1961-0\n 3-14\n") == ""
    assert changed_lines(f"{HEAD}ou: people\njpegPhoto:: {picture}\n") == ""
    assert changed_lines(f"{HEAD}# a remark\n  and more\n") == ""
    assert kinds(exchange(json.dumps({"t": "the dn: of\n 1961-03-14"}))) == set()


@given(st.text(alphabet="dn:a= \n\r\t=QUJD\x00é", max_size=200), st.booleans())
def test_any_text_is_read_to_its_end(text: str, record: bool) -> None:
    """Nothing raises, and nothing grows."""
    assert len(changed_lines(HEAD + text if record else text)) <= len(HEAD + text) * 2


@pytest.mark.parametrize(
    "attribute",
    [
        "description: mail jane.roe@contoso.com and then again some words wh\n ich go on",
        "info: by jane.roe@contoso.com or at th\n e desk\ninfo: as well",
        "description:: " + base64.b64encode(b"ask jane.roe@contoso.com for more").decode(),
        "note: first of jane.roe@cont\n oso.com",
        "note: first of jane.r\n oe@contoso.com",
        "note: first of jane.r\r\n oe@contoso.com.\nou: people",
        "note: first of jane.roe@contoso.co\n m, then",
    ],
)
def test_a_value_of_a_line_that_reads_otherwise_is_counted_once(attribute: str) -> None:
    """It stands in the text as it is written, or in its base64, and in the text as it reads."""
    text = f"{HEAD}{attribute}\n\n"
    for sent in (exchange(json.dumps({"t": text})), exchange(text, "text/plain")):
        told = {found.kind: found.count for found in engine().classify(sent).findings}
        assert told == {"email": 1}


def test_what_only_the_text_as_it_reads_tells_is_counted_beside_other_values() -> None:
    """Of two addresses, one within a line and one across a fold, none is lost."""
    text = f"{HEAD}info: ann.lee@contoso.com and joe.d\n oe@contoso.com\n\n"
    [found] = engine().classify(exchange(json.dumps({"t": text}))).findings
    assert (found.kind, found.count, found.distinct) == ("email", 2, 2)
