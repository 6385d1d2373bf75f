"""Heads of parts are carriers: what forms and mails say around their content is read."""

import pytest
from heads_of_parts import PLACES

from classifiers.decoding import decode
from classifiers.engine import Engine, EngineSetup
from core.organisation import Organisation
from core.vocabulary.unread import unread_text

ENGINE = Engine(EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False))
IBAN = "DE02120300000000202051"


@pytest.mark.parametrize("place", PLACES)
def test_a_value_around_the_content_is_found(place: str) -> None:
    """A bank number in a header, a parameter, a name or between the parts is found there."""
    seen = ENGINE.classify(PLACES[place](IBAN))
    assert "iban" in {finding.kind for finding in seen.findings}


@pytest.mark.parametrize("place", PLACES)
def test_ordinary_heads_are_clean(place: str) -> None:
    """Heads as programs write them are no findings but for the addresses of a mail."""
    findings = ENGINE.classify(PLACES[place]("monthly")).findings
    assert not unread_text(findings)
    assert {finding.kind for finding in findings} <= {"email"}


def test_what_says_how_to_read_a_part_is_no_text() -> None:
    """A form as every library writes it gives its field and nothing of its head."""
    from made_up_traffic import exchange, multipart

    body, kind = multipart(("note", None, "text/plain; charset=utf-8", b"hello there"))
    texts = [s.text for s in decode(exchange(body, kind)).segments if s.carrier == "body"]
    assert texts == ["hello there"]
