"""Dates of birth in three fields: a day, a month and a year whose names say that they are parts of
one.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from classifiers.personal.tables.months import month_number
from classifiers.personal.vocabulary import name_kinds, split_name

_ROLES_TEXT = {
    "year": "year years yyyy yy y jahr annee année ano año anno jaar rok aar",
    "month": "month mm m monat mois mes mese miesiac miesiąc mês maand mnd",
    "day": "day dd d tag jour j dia giorno g dag dzien dzień día",
}
_ROLES = {word: role for role, words in _ROLES_TEXT.items() for word in words.split()}
_ORDER = ("year", "month", "day")
_NAMES_OF_YEARS = frozenset(
    form for word in _ROLES_TEXT["year"].split() for form in (word, word.title(), word.upper())
)
_JOINING = frozenset("of de di do da der des".split())
_YEARS = range(1880, 2100)


@lru_cache(maxsize=4096)
def part_of(name: str) -> tuple[str, str] | None:
    """Return (what the whole date is called, `year`, `month` or `day`) for the name of a part of a
    date of birth; None for any other name.
    """
    tokens = split_name(name)
    for at in (-1, 0):
        role = _ROLES.get(tokens[at]) if len(tokens) > 1 else None
        if role is not None:
            stem = " ".join(tokens[:-1] if at else tokens[1:])
            words = [word for word in stem.split() if word not in _JOINING]
            if words and "date_of_birth" in name_kinds(" ".join(words)):
                return stem, role
    return None


def is_year(name: str) -> bool:
    """True for the name of the year in such a date."""
    part = part_of(name)
    return part is not None and part[1] == "year"


def wholes(names: Iterable[str]) -> dict[str, tuple[str, str, str]]:
    """Return what dates of birth are called that have all parts among these names → the names of
    their year, month and day.
    """
    parts: dict[str, dict[str, str]] = {}
    for name in names:
        if (part := part_of(name)) is not None:
            parts.setdefault(part[0], {}).setdefault(part[1], name)
    return {
        stem: (found["year"], found["month"], found["day"])
        for stem, found in parts.items()
        if len(found) == len(_ORDER)
    }


def date_of(year: object, month: object, day: object) -> str:
    """Return the ISO date that three numbers are; a month may be a word. Empty where they are
    none.
    """
    texts = [str(part).strip() for part in (year, month, day)]
    if not (texts[0].isdecimal() and texts[2].isdecimal() and len(texts[0]) == 4):
        return ""
    if int(texts[0]) not in _YEARS or not 1 <= len(texts[2]) <= 2 or not 1 <= int(texts[2]) <= 31:
        return ""
    number = month_number(texts[1]) if not texts[1].isdecimal() else int(texts[1][:3])
    return f"{texts[0]}-{number:02d}-{int(texts[2]):02d}" if 1 <= number <= 12 else ""


def date_inside(fields: Mapping[str, object]) -> str | None:
    """Return the date that an object is by the names of its parts; empty for parts that are none,
    None for an object of something else.
    """
    if _NAMES_OF_YEARS.isdisjoint(fields):
        return None
    parts = {
        role: value
        for name, value in fields.items()
        if type(name) is str and (role := _ROLES.get(name.lower())) is not None
    }
    return date_of(*map(parts.get, _ORDER)) if len(parts) == len(_ORDER) else None


def dates_in(fields: Mapping[str, object]) -> Iterable[tuple[str, str]]:
    """Yield (name of the year, date) for each date of birth that is told in three fields."""
    for year, month, day in wholes(name for name in fields if type(name) is str).values():
        date = date_of(fields[year], fields[month], fields[day])
        if date:
            yield year, date
