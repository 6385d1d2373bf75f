"""Dispatch: what a candidate of the one pass begins with tells how to read it."""

import re

from classifiers.personal.scan import diseases, host_names
from classifiers.personal.scan.context import Place
from classifiers.personal.scan.labelled import read_labelled
from classifiers.personal.scan.letters import read_letters_first, read_letters_inside
from classifiers.personal.scan.numbers import read_numbers
from core.findings import Confidence

_LETTER = re.compile(r"[A-Za-z:]")
_DIGIT_OR_COLON = re.compile(r"[\d:]")


def read_candidate(place: Place, start: int, end: int) -> int:
    """Judge the candidate at `start:end`; return where reading goes on."""
    text = place.text
    first = text[start]
    if first == "_":
        return _glued(place, start + 1, end)
    if first == "@":
        used = _email(place, start, end)
    elif first.isdigit() or first in "+(":
        if (
            end - start > 9 and text[start + 4] == "-" == text[start + 7] and first in "12"
        ):  # a date or an instant
            place.last = end
            return end
        if _LETTER.search(text, start, end):
            used = read_letters_inside(place, start, end)
        else:
            used = read_numbers(place, start, end)
    elif _DIGIT_OR_COLON.search(text, start, end) and not diseases.is_label(text, start):
        used = read_letters_first(place, start, end)
    else:
        return _labelled(place, start, end)
    if used is None or used <= start:
        place.last = end
        return end
    place.last = used
    return used


def _glued(place: Place, start: int, end: int) -> int:
    """Judge what a line below parts from a name: a number only where the name announces one."""
    if place.text[start].isdigit() and not place.label(start):
        place.last = end
        return end
    return read_candidate(place, start, end)


def _email(place: Place, at: int, end: int) -> int | None:
    if not place.explain and not host_names.may_be_domain(place.text, at, end):
        return None
    found = host_names.email_around(place.text, place.begin, at, end)
    if found is None:
        return None
    start, stop, value, why = found
    if why == host_names.INTERNAL_ENDING and "email" in place.names:
        place.confirm("email", value, start, stop, Confidence.POSSIBLE)
        return stop
    if why is not None:
        place.refuse("email", value, start, stop, why)
        return None
    place.confirm("email", value, start, stop, Confidence.CERTAIN)
    return stop


def _labelled(place: Place, start: int, end: int) -> int:
    """Read the value right of a label, where only the label tells what it is."""
    found = read_labelled(place.text, max(place.last, place.begin), start, end, place.finish)
    if found is None:
        return _codes(place, start, end)
    kind, value, begin, stop = found
    place.confirm(kind, value, begin, stop, Confidence.LIKELY)
    place.last = stop
    return stop


def _codes(place: Place, start: int, end: int) -> int:
    """Read the codes of diseases behind a word that announces them, or what is said behind it of a
    patient.
    """
    label, floor = start, end
    for code, begin, stop in diseases.codes_near(place.text, start, end, place.finish):
        place.confirm("health_data", code, begin, stop, Confidence.LIKELY)
        place.last = end = stop
    said = diseases.said_behind(place.text, label, end, place.finish) if end == floor else None
    if said is not None and place.is_beside_a_patient():
        begin, end = said
        value = " ".join(place.text[begin:end].split()).casefold()
        place.confirm("health_data", value, begin, end, Confidence.LIKELY)
        place.last = end
    return end
