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
