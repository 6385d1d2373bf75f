"""Values that their key tells: names, addresses, dates of birth, documents, accounts, health and
special categories.
"""

import re
from collections.abc import Callable

from classifiers.personal.scan.checks import CHECKS, luhn, verhoeff
from classifiers.personal.scan.ibans import check_iban
from classifiers.personal.tables.months import month_number

_YEAR_FIRST = re.compile(
    r"((?:18|19|20)\d\d)[-/.]?(\d\d?)[-/.]?(\d\d?)(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?Z?)?(?!\d)"
)
_DAY_FIRST = re.compile(r"(\d\d?)[-/. ]{1,2}(\d\d?)[-/. ]{1,2}((?:(?:18|19|20)\d|\d)\d)(?!\d)")
_DAY_MONTH = re.compile(
    r"(\d\d?)(?:st|nd|rd|th|er|\.|º)?(?: del?| of|[-/])? ?([A-Za-z\xc0-\u024f]{3,12})\.?,?(?: del?| of|[-/])?"
    r" ?['’]?((?:18|19|20)?\d\d)(?!\d)"
)
_MONTH_DAY = re.compile(
    r"([A-Za-z\xc0-\u024f]{3,12})\.? (\d\d?)(?:st|nd|rd|th)?,? ((?:18|19|20)\d\d)(?!\d)"
)
_EIGHT = re.compile(r"(\d\d)(\d\d)((?:19|20)\d\d)(?!\d)")
_THIS_YEAR = 2100


def normal_date(text: str) -> tuple[str, int] | None:
    """Return (ISO date, characters used) when `text` begins with a date a person can be born on."""
    for pattern, order in _DATE_FORMS:
        found = pattern.match(text)
        if found is None:
            continue
        year, month, day = (found.group(n) for n in order)
        iso = _iso(year, month, day)
        if iso is not None:
            return iso, found.end()
    return None


_DATE_FORMS: tuple[tuple[re.Pattern[str], tuple[int, int, int]], ...] = (
    (_YEAR_FIRST, (1, 2, 3)),
    (_DAY_FIRST, (3, 2, 1)),
    (_DAY_FIRST, (3, 1, 2)),
    (_DAY_MONTH, (3, 2, 1)),
    (_MONTH_DAY, (3, 1, 2)),
    (_EIGHT, (3, 2, 1)),
    (_EIGHT, (3, 1, 2)),
)


def _iso(year: str, month: str, day: str) -> str | None:
    number = int(month) if month.isdigit() else month_number(month)
    full = int(year) if len(year) == 4 else 1900 + int(year)
    if not (1 <= number <= 12 and 1 <= int(day) <= 31 and 1880 <= full < _THIS_YEAR):
        return None
    return f"{full:04d}-{number:02d}-{int(day):02d}"


_NOT_A_VALUE_TEXT = """
str int bool float object number array list dict date datetime varchar char integer required
optional nullable null none nil n/a na unknown undefined true false yes no test default string text
name names first last value user users admin root guest anonymous system all any other redacted
masked hidden empty tbd todo xxx
"""
_NOT_A_VALUE = frozenset(_NOT_A_VALUE_TEXT.split())
_STATES_TEXT = """
not null unique primary foreign key read write readonly execute allow allowed deny denied granted
active inactive enabled disabled pending open closed required mandatory varchar bigint boolean
aktiv inaktiv offen geschlossen gesperrt ja nein actif inactif ouvert oui non activo inactivo
pendiente abierto cerrado si ativo inativo pendente aberto fechado sim attivo inattivo aperto chiuso
actief inactief nee aktywny nieaktywny tak nie lesen schreiben lecture ecriture lettura scrittura
"""
_STATES = _NOT_A_VALUE | frozenset(_STATES_TEXT.split())
"""Words in small letters that say how something is, not who."""
_TOTALS = frozenset(
    (
        "total, totals, grand total, subtotal, sub total, sub-total, sum, average, summe, gesamt,"
        " gesamtsumme, insgesamt, zwischensumme, endsumme, durchschnitt, mittelwert, total général,"
        " total general, total geral, sous-total, somme, moyenne, suma, promedio, soma, totale,"
        " totale generale, subtotale, somma, totaal, eindtotaal, subtotaal, gemiddelde, razem,"
        " suma końcowa, ogółem, łącznie, średnia"
    ).split(", ")
)
"""What the last row of a table has where the others have who it is."""
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[ .,'’´`\-]){1,78}")
_LONGEST_WORD = 30
_ALNUM = re.compile(r"[A-Za-z0-9][A-Za-z0-9 \-./]{3,28}")
_ICD = re.compile(r"[A-TV-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?")
_LOINC = re.compile(r"[1-9]\d{0,5}-\d")
"""A test of a laboratory; its last digit is a check digit."""
_SNOMED = re.compile(r"[1-9]\d{2,14}[01]0\d")
"""A concept: its last digit is a check digit, the two before it say that it is a concept."""
_HAS_LETTER = re.compile(r"[^\W\d_]")
_TECHNICAL = re.compile(
    r"(?i)://|^0x[0-9a-f]{6,}|^(?:[0-9a-f]{2}:){5}|^\d{1,3}(?:\.\d{1,3}){3}|^[\w.+-]+@|[{}<>\\]|^/|_"
)


def is_total(text: str) -> bool:
    """Return True for the name of a row that sums the others up."""
    return " ".join(text.split()).casefold().rstrip(" .:") in _TOTALS


def _person(text: str) -> str | None:
    if not 2 <= len(text) <= 80 or len(text.split()) > 6 or not _NAME.fullmatch(text):
        return None
    if len(text) >= _LONGEST_WORD and " " not in text and not text.istitle():
        return None  # an id
    stem, point, ending = text.rpartition(".")
    if point and 1 < len(ending) < 6 and ending.islower() and stem[-1:].isalnum():
        return None  # a file
    return None if is_total(text) else " ".join(text.split()).casefold()


_ORGANISATION_TEXT = """
inc ltd llc gmbh corp co ag sa sarl bv nv plc kg ohg spa srl ab oy as aps company corporation group
bank holding holdings foundation university institute hospital clinic department ministry
association society club partners limited services solutions systems technologies software labs
studio team service api agent bot app platform
"""
_ORGANISATION = frozenset(_ORGANISATION_TEXT.split())
_PARTICLES = frozenset("de da do dos del della di van von der den la le y e bin al".split())


def bare_name(text: str) -> str | None:
    """Return the normal form of a value under a bare `name`, unless it names an organisation or a
    program.
    """
    words = text.replace(",", " ").replace(".", " ").casefold().split()
    if not 1 <= len(words) <= 5 or not _ORGANISATION.isdisjoint(words):
        return None
    return _person(text)


def looks_like_name(text: str) -> bool:
    """True for two words or more with capital first letters, or all in capitals."""
    words = text.replace(",", " ").split()
    return len(words) > 1 and all(word[0].isupper() or word in _PARTICLES for word in words)


_NO_STREET_TEXT = """
shelf rack bin slot aisle bay drawer register port bus pin block sector page cell sheet row column
node offset channel lane dock gate pallet zone regal fach gang lagerplatz etagere allee rayon
estante pasillo scaffale corsia schap gangpad regał polka
"""
_NO_STREET = frozenset(_NO_STREET_TEXT.split())
"""Words whose number is a place in a store or a machine."""
_PLACE = 2
_SYMBOL = re.compile(r"\(\w{1,100}\+(?:0x)?[0-9A-Fa-f]{1,16}\)")
"""What a debugger says of an address in a machine: `(main+0x1a)`."""


def _address(text: str) -> str | None:
    if not 5 <= len(text) <= 250 or _TECHNICAL.search(text) or not _HAS_LETTER.search(text):
        return None
    words = text.split()
    if len(words) < 2 or not any(map(str.isdigit, text)):
        return None
    is_place = words[0].casefold() in _NO_STREET or _SYMBOL.fullmatch(words[-1])
    if len(words) == _PLACE and is_place:
        return None
    return " ".join(text.split()).casefold()


def _birth(text: str) -> str | None:
    found = normal_date(text)
    return found[0] if found is not None and not text[found[1] :].strip() else None


def _document(minimum: int, maximum: int) -> Callable[[str], str | None]:
    def check(text: str) -> str | None:
        value = "".join(c for c in text if c.isalnum()).upper()
        if (
            not minimum <= len(value) <= maximum
            or not _ALNUM.fullmatch(text)
            or sum(c.isdigit() for c in value) < 3
        ):
            return None
        return value if len(set(value)) > 1 else None

    return check


def _account(text: str) -> str | None:
    value = "".join(c for c in text if c.isalnum())
    if (
        not value.isdigit()
        or not (7 <= len(value) <= 20 or check_iban(f"PL{value}"))
        or len(set(value)) < 2
        or text.count(".") == 1
    ):
        return None
    return value


_MOST_WORDS, _LONGEST_LABEL = 3, 60
_MACHINES_TEXT = """
engine misfire misfiring gearbox compressor radiator alternator carburettor carburetor lüfter
ersatzteil getriebe lichtmaschine zündkerze vergaser leiterplatte alternateur radiateur carburateur
alternador carburador alternatore carburatore versnellingsbak chłodnica gaźnik sprzęgło crankshaft
camshaft motherboard firmware toner
"""
_MACHINES = frozenset(_MACHINES_TEXT.split())
"""Parts of machines and their faults: what begins with one is the fault of a machine."""
_LABELS = ("diagno", "diagnó", "rozpozna")


def _is_label_alone(text: str) -> bool:
    """True for the label of a form (`Primary diagnosis`, `Diagnose wählen`): it tells of nobody."""
    words = text.casefold().rstrip(" :").split() if len(text) < _LONGEST_LABEL else []
    is_short = 0 < len(words) <= _MOST_WORDS
    return is_short and (words[-1].startswith(_LABELS) or words[0].startswith(_LABELS))


def _health(text: str) -> str | None:
    stripped = text.strip()
    if _is_label_alone(stripped):
        return None
    if _ICD.fullmatch(stripped):
        return stripped.upper()
    if _LOINC.fullmatch(stripped):
        return stripped if luhn(stripped.replace("-", "")) else None
    if _SNOMED.fullmatch(stripped):
        return stripped if verhoeff(stripped) else None
    if (
        not 3 <= len(stripped) <= 4000
        or not _HAS_LETTER.search(stripped)
        or _TECHNICAL.search(stripped[:40])
    ):
        return None
    told = " ".join(stripped.split()).casefold()[:200]
    opening = told.replace(",", " ").split()[:_PLACE]
    return told if _MACHINES.isdisjoint(opening) else None


def _special(text: str) -> str | None:
    stripped = text.strip()
    if (
        not 3 <= len(stripped) <= 100
        or not _HAS_LETTER.search(stripped)
        or _TECHNICAL.search(stripped)
    ):
        return None
    return " ".join(stripped.split()).casefold()


def _german_card(text: str) -> str | None:
    return CHECKS["de_id_card"](text) if len(text) < 20 else None


KEYED: dict[str, Callable[[str], str | None]] = {
    "person": _person,
    "address": _address,
    "date_of_birth": _birth,
    "de_id_card": _german_card,
    "passport": _document(5, 15),
    "driving_licence": _document(4, 22),
    "medical_record": _document(4, 20),
    "health_id": _document(5, 20),
    "bank_account": _account,
    "health_data": _health,
    "special_category": _special,
}
"""Kind → check of a whole value whose key announces the kind; gives the normal form or None."""


def is_placeholder(text: str) -> bool:
    """True for what stands in a field when there is no value."""
    bare = text.strip(" \t,;\"'")
    if bare.casefold() in _NOT_A_VALUE or not text.strip("xX*•# -.?"):
        return True
    return bare.islower() and _STATES.issuperset(bare.split())
