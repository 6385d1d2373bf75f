"""The organisation's own words, canary tokens and registered documents."""

import pytest

from classifiers.credentials import CredentialDetector
from classifiers.credentials.rules.own_words import OwnWords
from classifiers.payload import Carrier, Payload, Segment
from core.organisation import Organisation

CANARY = "cnry" + "-7Q2m.9X+k"


def found(organisation: Organisation, *segments: Segment) -> list[tuple[str, str, int]]:
    return [(h.kind, h.detector, h.segment) for h in OwnWords(organisation).find(list(segments))]


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("about Projekt Ärmel now", 1),
        ("PROJEKT  ÄRMEL", 1),
        ("projekt\närmel, projekt ärmel", 2),
        ("projekt ärmels", 0),
        ("xprojekt ärmel", 0),
        ("projekt", 0),
    ],
)
def test_own_words_are_found_whole_in_any_case(text: str, times: int) -> None:
    """A code name counts as a whole word, however it is written and spaced."""
    organisation = Organisation(words=("Projekt Ärmel",))

    assert [("organisation_word", "organisation-word", 0)] * times == found(
        organisation, Segment(text, None)
    )


@pytest.mark.parametrize("carrier", list(Carrier))
def test_a_canary_is_found_in_every_part_of_a_request(carrier: Carrier) -> None:
    """A canary has no honest use: it is a leak in a header that authenticates as well as in a
    body.
    """
    detector = CredentialDetector(None, Organisation(canaries=(CANARY,)), long_tail=False)
    payload = Payload(
        segments=[
            Segment("clean", "a"),
            Segment(f"Bearer {CANARY}", "authorization", ("authorization",), carrier),
        ]
    )

    hits = [h for h in detector.detect(payload, "x.example") if h.detector == "canary"]

    assert [(h.kind, h.value, h.segment) for h in hits] == [("secret", CANARY, 1)]
    assert payload.segments[1].text[hits[0].start : hits[0].end] == CANARY


def test_an_organisation_without_words_costs_nothing() -> None:
    """Nothing registered, nothing looked for; blank entries do not match everything."""
    assert not OwnWords(Organisation())
    assert not OwnWords(Organisation(words=("", "  "), canaries=("",)))


def test_signs_in_words_are_taken_literally() -> None:
    """A word is no pattern."""
    organisation = Organisation(words=("A.B*C", "x|y"))

    assert found(organisation, Segment("AxBBC x y", None)) == []
    assert len(found(organisation, Segment("the A.B*C case, x|y", None))) == 2


def test_a_changed_organisation_is_used_from_then_on() -> None:
    """A canary added to the policy works at once."""
    detector = CredentialDetector(None, Organisation(), long_tail=False)
    payload = Payload(segments=[Segment(CANARY, "note")])
    assert detector.detect(payload, "x.example") == []

    detector.organisation_changed(Organisation(canaries=(CANARY,)))

    assert [h.detector for h in detector.detect(payload, "x.example")] == ["canary"]
