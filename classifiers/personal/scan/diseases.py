"""Codes of diseases (ICD-10) in prose, behind a word that says that they are some."""

import re
from collections.abc import Iterator

_CODE = re.compile(r"(?<![\w.\-])[A-TV-Z][0-9][0-9AB](?:\.[0-9A-Z]{1,4})?(?!\w)")
_WINDOW, _BETWEEN_CODES = 64, 12
_LIST = frozenset({"g", "v", "z", "a", "and", "und", "et", "y", "e", "i", "en", "or", "oder"})
"""Words between two codes; a single letter says in German how sure the one before it is."""
_NAMING = frozenset("is of code codes was as principal 10 9 11 gm cm ist lautet est es".split())
_CATALOGUES = frozenset({"icd", "cie", "cim", "cid"})
_NAMES = (
    "diag",
    "icd",
    "cie",
    "cim",
    "cid",
    "dx",
    "rozp",
    "haupt",
    "neben",
    "entl",
    "aufn",
    "verd",
)
"""How words begin that name codes; others only stand near them, as `patient` does."""


_SAID = re.compile(r" ?[:=] ?([^\W\d_][^\n,.;:|<>{}\"]{3,60})")
_DIAGNOSES = ("diag", "rozp", "haupt", "neben", "entl", "aufn", "verd")


def said_behind(text: str, start: int, end: int, finish: int) -> tuple[int, int] | None:
    """Return where the words stand that a word for diagnoses at `start:end` announces."""
    if not text[start : start + 5].lower().startswith(_DIAGNOSES):
        return None
    match = _SAID.match(text, end, finish)
    return None if match is None else match.span(1)


def is_label(text: str, start: int) -> bool:
    """Return True where a catalogue of diseases is named, digits behind its name or not."""
    return text[start : start + 3].lower() in _CATALOGUES and not text[start + 3].isalpha()


def codes_near(text: str, start: int, end: int, finish: int) -> Iterator[tuple[str, int, int]]:
    """Yield (code, start, end) of the codes behind the word at `start:end`: short ones, such as
    `I10`, where nothing else can be meant.
    """
    named = text[start : start + 5].lower().startswith(_NAMES)
    at, known = end, _NAMING
    for found in _CODE.finditer(text, end, min(finish, end + _WINDOW)):
        between = text[at : found.start()].replace("-", " ").lower()
        words = [word.strip(".,;:()/=&+\"'") for word in between.split()]
        alone = named and len(between) <= _BETWEEN_CODES and known.issuperset({*words} - {""})
        if alone or "." in found.group():
            yield found.group(), *found.span()
            at, known, named = found.end(), _LIST, True
