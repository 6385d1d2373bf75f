"""Kinds of findings: what each is called, how grave it is, its groups, and who can find it."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from core.findings import NOT_INSPECTED, SECRET
from core.text import printable


class Finder(StrEnum):
    """A family of detectors."""

    CREDENTIALS = "credentials"
    OWN_WORDS = "own words"
    """What the organisation lists: words and canary tokens. The scan for credentials finds them."""
    PERSONAL = "personal"
    """Forms, check digits, keys, labels and columns."""
    NAMES = "names"
    """The model for names in running text."""
    READING = "reading"
    """Whoever reads a body, and says what of it could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of finding."""

    id: str
    one: str
    """For a sentence, such as `bank account number`."""
    many: str
    weight: int
    """How early it stands among others; 0 is gravest."""
    groups: frozenset[str]
    found_by: frozenset[Finder]
    """Empty for a name that is reserved: nothing finds it yet, so that no rule may ask for it."""

    @property
    def reserved(self) -> bool:
        """True when nothing can find it."""
        return not self.found_by


_PLURAL = re.compile(r"\{(\w+)\}")
_WORD = re.compile(r"\w+")
_C, _W, _P, _N, _R = Finder
_PN = (_P, _N)
_PERSONAL = "personal_data"
_ID, _HEALTH = f"national_id {_PERSONAL}", f"health {_PERSONAL}"
_SPECIAL, _BOTH = f"special_category {_PERSONAL}", f"health special_category {_PERSONAL}"
_BANK, _CONTACT = f"bank {_PERSONAL}", f"contact {_PERSONAL}"

_TABLE: tuple[tuple[int, str, str, str, tuple[Finder, ...]], ...] = (
    # weight, id, words ({what the plural adds}, or one/many), groups, found by
    (0, SECRET, "password{s} or key{s}", "credentials", (_C, _W)),
    (1, "health_data", "item{s} of health data", _BOTH, (_P,)),
    (1, "health_id", "health insurance number{s}", _HEALTH, (_P,)),
    (1, "medical_record", "medical record number{s}", _HEALTH, (_P,)),
    (1, "uk_nhs", "British NHS number{s}", _HEALTH, (_P,)),
    (1, "us_mbi", "US Medicare number{s}", _HEALTH, (_P,)),
    (1, "special_category", "item{s} of special-category data", _SPECIAL, (_P,)),
    (2, "credit_card", "payment card number{s}", _BANK, (_P,)),
    (2, "iban", "bank account number{s}", _BANK, (_P,)),
    (2, "bank_account", "bank account number{s}", _BANK, (_P,)),
    (2, "us_aba", "US bank routing number{s}", _BANK, (_P,)),
    (3, "passport", "passport number{s}", _ID, (_P,)),
    (3, "driving_licence", "driving licence number{s}", _ID, (_P,)),
    (3, "us_ssn", "US social security number{s}", _ID, (_P,)),
    (3, "us_itin", "US taxpayer number{s} (ITIN)", _ID, (_P,)),
    (3, "uk_nino", "British national insurance number{s}", _ID, (_P,)),
    (3, "uk_utr", "British tax reference{s}", _ID, (_P,)),
    (3, "br_cpf", "Brazilian personal tax number{s} (CPF)", _ID, (_P,)),
    (3, "br_cnpj", "Brazilian company number{s} (CNPJ)", _ID, (_P,)),
    (3, "in_aadhaar", "Indian Aadhaar number{s}", _ID, (_P,)),
    (3, "in_pan", "Indian tax number{s} (PAN)", _ID, (_P,)),
    (3, "in_gstin", "Indian goods-tax number{s} (GSTIN)", _ID, (_P,)),
    (3, "de_tax_id", "German tax number{s}", _ID, (_P,)),
    (3, "fr_nir", "French social security number{s}", _ID, (_P,)),
    (3, "es_dni", "Spanish identity number{s} (DNI)", _ID, (_P,)),
    (3, "es_nie", "Spanish foreigner number{s} (NIE)", _ID, (_P,)),
    (3, "it_codice_fiscale", "Italian tax code{s}", _ID, (_P,)),
    (3, "nl_bsn", "Dutch citizen number{s} (BSN)", _ID, (_P,)),
    (3, "pl_pesel", "Polish identity number{s} (PESEL)", _ID, (_P,)),
    (3, "pl_nip", "Polish tax number{s} (NIP)", _ID, (_P,)),
    (3, "pt_nif", "Portuguese tax number{s}", _ID, (_P,)),
    (3, "be_national_number", "Belgian national number{s}", _ID, (_P,)),
    (3, "se_personnummer", "Swedish personal number{s}", _ID, (_P,)),
    (3, "no_fodselsnummer", "Norwegian birth number{s}", _ID, (_P,)),
    (3, "fi_hetu", "Finnish personal identity code{s}", _ID, (_P,)),
    (3, "dk_cpr", "Danish personal number{s} (CPR)", _ID, (_P,)),
    (3, "ch_ahv", "Swiss social security number{s}", _ID, (_P,)),
    (3, "ro_cnp", "Romanian personal number{s}", _ID, (_P,)),
    (3, "ca_sin", "Canadian social insurance number{s}", _ID, (_P,)),
    (3, "au_tfn", "Australian tax file number{s}", _ID, (_P,)),
    (3, "mx_curp", "Mexican population code{s} (CURP)", _ID, (_P,)),
    (3, "za_id", "South African identity number{s}", _ID, (_P,)),
    (3, "ie_pps", "Irish public service number{s}", _ID, (_P,)),
    (3, "at_svnr", "Austrian social insurance number{s}", _ID, (_P,)),
    (3, "cn_ric", "Chinese resident identity number{s}", _ID, (_P,)),
    (3, "kr_rrn", "Korean resident number{s}", _ID, (_P,)),
    (3, "au_abn", "Australian business number{s} (ABN)", _ID, (_P,)),
    (3, "au_acn", "Australian company number{s} (ACN)", _ID, (_P,)),
    (1, "au_medicare", "Australian Medicare number{s}", _HEALTH, (_P,)),
    (3, "de_id_card", "German identity card number{s}", _ID, (_P,)),
    (3, "de_pension_number", "German pension insurance number{s}", _ID, (_P,)),
    (3, "de_steuernummer", "German tax office number{s}", _ID, (_P,)),
    (3, "in_voter_id", "Indian voter number{s} (EPIC)", _ID, (_P,)),
    (3, "it_iva", "Italian VAT number{s} (partita IVA)", _ID, (_P,)),
    (3, "it_identity_card", "Italian identity card number{s}", _ID, (_P,)),
    (3, "sg_nric", "Singaporean identity number{s} (NRIC, FIN)", _ID, (_P,)),
    (3, "th_id", "Thai identity number{s}", _ID, (_P,)),
    (3, "tr_id", "Turkish identity number{s}", _ID, (_P,)),
    (1, "us_npi", "US provider number{s} (NPI)", _HEALTH, (_P,)),
    (3, "ng_nin", "Nigerian national identity number{s} (NIN)", _ID, (_P,)),
    (4, "organisation_word", "word{s} your organisation protects", "", (_W,)),
    (4, "date_of_birth", "date{s} of birth", _PERSONAL, (_P,)),
    (4, "person", "name of a person/names of people", _CONTACT, _PN),
    (4, "address", "postal address{es}", _CONTACT, _PN),
    (4, "email", "e-mail address{es}", _CONTACT, (_P,)),
    (4, "phone", "phone number{s}", _CONTACT, (_P,)),
    (5, "ip_address", "IP address{es}", _PERSONAL, (_P,)),
    (5, "registered_document", "passage{s} of a registered document", "", ()),
    (9, NOT_INSPECTED, "part{s} that could not be read", "", (_R,)),
)


def _kind(weight: int, id_: str, words: str, groups: str, found_by: tuple[Finder, ...]) -> Kind:
    one, _, many = words.partition("/")
    return Kind(
        id=id_,
        one=_PLURAL.sub("", one),
        many=many or _PLURAL.sub(r"\1", one),
        weight=weight,
        groups=frozenset(groups.split()),
        found_by=frozenset(found_by),
    )


KINDS: Mapping[str, Kind] = MappingProxyType({row[1]: _kind(*row) for row in _TABLE})
"""By their ids, the gravest first. An organisation's own recognisers find others: see `kind_of`."""

FINDABLE = frozenset(kind.id for kind in KINDS.values() if not kind.reserved)
"""Those that some detector finds."""

ANYTHING = "anything"
"""A rule's word for every kind, save what could not be read."""

_GROUP_NAMES = (
    "contact",
    "bank",
    "credentials",
    "health",
    "special_category",
    "national_id",
    _PERSONAL,
)
GROUPS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        name: frozenset(kind for kind in FINDABLE if name in KINDS[kind].groups)
        for name in _GROUP_NAMES
    }
)
"""A rule's words for several kinds at once."""

_OWN_WEIGHT = 6
_ORDER = {name: (kind.weight, place) for place, (name, kind) in enumerate(KINDS.items())}
_LAST = (_OWN_WEIGHT, len(KINDS))


@lru_cache(maxsize=1024)
def tells_of_people(name: str) -> bool:
    """Return whether a kind of this id is personal data."""
    return _PERSONAL in kind_of(name).groups


def kind_of(name: str) -> Kind:
    """Return the kind of this id; one that the table does not have is called by its own name."""
    known = KINDS.get(name)
    if known is not None:
        return known
    words = printable(name, 60).replace("_", " ").strip() or "something without a name"
    return Kind(
        id=name,
        one=words,
        many=f"{words} values",
        weight=_OWN_WEIGHT,
        groups=frozenset(),
        found_by=frozenset(),
    )


def by_gravity(names: Iterable[str]) -> list[str]:
    """Return the kinds without repeats, gravest first; equals in the order of the table."""
    return sorted(set(names), key=lambda name: (_ORDER.get(name, _LAST), name))


def kinds_of(words: Iterable[str]) -> frozenset[str] | None:
    """Return the kinds that a rule's words stand for; None for all but what could not be read."""
    kinds: set[str] = set()
    for word in words:
        if word == ANYTHING:
            return None
        kinds |= GROUPS.get(word, {word})
    return frozenset(kinds)


def near(word: str, own: Iterable[str] = ()) -> tuple[str, ...]:
    """Return up to three kinds or groups that somebody who wrote `word` may have meant."""
    wanted = word.lower().replace("-", "_").replace(" ", "_")
    known = [*GROUPS, *(kind for kind in KINDS if kind in FINDABLE), ANYTHING, *own]
    alike = difflib.get_close_matches(wanted, known, n=3, cutoff=0.6)
    tokens = set(wanted.split("_"))
    called = [name for name in known if name in KINDS and tokens <= _called(KINDS[name], tokens)]
    return tuple(dict.fromkeys([*alike, *called]))[:3]


def _called(kind: Kind, tokens: set[str]) -> set[str]:
    """Return what a person may call it by: parts of its id, and for several words its name."""
    own = set(kind.id.split("_"))
    return own | set(_WORD.findall(kind.one.lower())) if len(tokens) > 1 else own
