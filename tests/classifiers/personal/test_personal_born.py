"""Dates of birth behind the place of birth, or behind how a date is to be written."""

import pytest
from families import with_each

from classifiers.payload import Payload, Segment
from classifiers.personal import PersonalDetector

TOLD = (
    "born in York on 3 March 1984",
    "born in New York on March 3, 1984",
    "Born in Leeds, 03/03/1984",
    "geboren in Köln am 3.3.1984",
    "geb. in Bad Homburg am 03.03.1984",
    "geboren te Gent op 3 maart 1984",
    "urodzona w Łodzi 3 marca 1984",
    "date of birth (dd/mm/yyyy): 03/03/1984",
    "DOB (MM/DD/YYYY) 03/03/1984",
    "Geburtsdatum (TT.MM.JJJJ): 03.03.1984",
    "fecha de nacimiento (dd/mm/aaaa): 03/03/1984",
    "née le 3 mars 1984",
    "date de naissance : 3/mars/1984",
    "fecha de nacimiento: 3/mar/1984",
    "fecha de nacimiento: 3 de marzo del 1984",
)
OTHERS = (
    "born in version 3 on 4 nodes 1984",
    "geboren in der Cloud am 03.03.1984x",
    "the idea was born in a meeting on 3 March 1984",
    "founded in York on 3 March 1984",
    "date (dd/mm/yyyy): 03/03/1984",
    "invoice date (MM/DD/YYYY) 03/03/1984",
    "date of birth (dd/mm/yyyy): see page 12, invoice 03/04",
    "released in Ghent on 3 March 1984",
)


@pytest.fixture(scope="module")
def detector() -> PersonalDetector:
    return PersonalDetector()


def births(detector: PersonalDetector, text: str) -> set[str]:
    """Return the dates of birth in a text, in their normal form."""
    hits = detector.detect(Payload(segments=[Segment(text, "content")]))
    return {hit.value for hit in hits if hit.kind == "date_of_birth"}


@with_each("text", TOLD)
def test_a_birth_is_told_behind_its_place_or_its_form(
    detector: PersonalDetector, text: str
) -> None:
    """The same day each time, at the end of a sentence and within it."""
    assert births(detector, f"Please note: {text}.") == {"1984-03-03"}
    assert births(detector, f"Please note: {text}, and more") == {"1984-03-03"}


@with_each("text", OTHERS)
def test_a_date_behind_another_word_is_no_birth(detector: PersonalDetector, text: str) -> None:
    """A word for it and a place with a capital, or nothing but a form between them."""
    assert births(detector, f"Please note: {text}.") == set()
