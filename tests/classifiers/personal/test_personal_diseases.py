"""Codes of diseases in prose are health data behind a word that says what they are."""

import pytest

from classifiers.payload import Payload, Segment
from classifiers.personal import PersonalDetector
from classifiers.personal.tables.keyed import KEYED

SAID = {
    "The patient has diagnosis E11.9 since May": ["E11.9"],
    "Dx: E11.9, I10": ["E11.9", "I10"],
    "ICD-10 code F32.1 was assigned": ["F32.1"],
    "ICD10: I10": ["I10"],
    "ICD-10-GM F32.1": ["F32.1"],
    "patient with F32.1 (depression)": ["F32.1"],
    "Diagnosed with type 2 diabetes (E11.9).": ["E11.9"],
    "She was admitted for I21.4": ["I21.4"],
    "Hauptdiagnose I50.1, Nebendiagnose E11.9": ["I50.1", "E11.9"],
    "diagnostic principal F32.1": ["F32.1"],
    "Entlassdiagnose: C50.9 G, I10 G": ["C50.9", "I10"],
    "diagnóstico E11.9": ["E11.9"],
    "rozpoznanie F32.1": ["F32.1"],
    "Comorbidities: I10 and E11.9": ["E11.9"],
}
HARMLESS = [
    "Compiler diagnostics E501 and F401 were fixed",
    "diagnostic trouble code P0301",
    "Diagnose the pump A10 in hall B12",
    "the patient took vitamin B12 and sat in room C10",
    "release V12.1 of the patient-free build",
    "deviation in step E11.9 of the plan",
    "the diagnosis of node-A10.5 is due",
]


def codes(text: str) -> list[str]:
    """Return the codes that are found, in their order."""
    hits = PersonalDetector().detect(Payload(segments=[Segment(text, None)]))
    return [text[hit.start : hit.end] for hit in hits if hit.kind == "health_data"]


@pytest.mark.parametrize("text", SAID)
def test_codes_behind_a_word_are_found(text: str) -> None:
    """Each code, at its own place, in several languages."""
    assert codes(text) == SAID[text]


@pytest.mark.parametrize("text", HARMLESS)
def test_letters_with_digits_elsewhere_are_none(text: str) -> None:
    """Versions, rooms, faults of cars and rules of tools have the form of such codes."""
    assert codes(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "engine misfire on cylinder 3",
        "Lüfter defekt, Ersatzteil bestellt",
        "alternateur hors service",
        "alternador averiado",
        "Diagnose wählen",
        "Diagnosis required",
        "Select diagnosis",
    ],
)
def test_machines_and_forms_have_diagnoses_of_nobody(text: str) -> None:
    """What is wrong with an engine, and what a form asks for, is no health data."""
    assert KEYED["health_data"](text) is None


@pytest.mark.parametrize(
    "text",
    [
        "unstable angina",
        "Diabetes mellitus Typ 2",
        "insuffisance cardiaque",
        "motor neurone disease",
        "burn of the hand, hot engine oil",
        "przewlekła choroba nerek",
    ],
)
def test_illnesses_stay_health_data(text: str) -> None:
    """No word of a machine stands in them."""
    assert KEYED["health_data"](text) is not None
