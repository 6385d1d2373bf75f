"""Shapes of numbers: which groupings of digits can be which identifier, and how much each proves by
itself.
"""

from enum import IntEnum
from typing import NamedTuple

from classifiers.personal.scan.checks import WITHOUT_CHECK_DIGIT


class Strength(IntEnum):
    """How much context a candidate needs that passed its check."""

    SOLID = 1
    """Stands alone."""
    MEDIUM = 2
    """Stands in prose and under names that say nothing, not under another thing's name."""
    WEAK = 3
    """Needs a key, header or label that announces it."""


class Reading(NamedTuple):
    """One way to read groups of digits."""

    kind: str
    separators: str | None
    """Exact separators between the groups, `""` for a single group; None: any."""
    strength: Strength


_M, _W, _S = Strength.MEDIUM, Strength.WEAK, Strength.SOLID

_ROWS: tuple[tuple[str, str, str | None, Strength], ...] = (
    # kind, group sizes, separators, strength
    ("us_ssn", "324", "--", _M),
    ("us_itin", "324", "--", _M),
    ("us_ssn", "324", None, _W),
    ("us_itin", "324", None, _W),
    ("us_ssn", "9", "", _W),
    ("us_itin", "9", "", _W),
    ("br_cpf", "3332", "..-", _S),
    ("br_cpf", "3332", None, _W),
    ("br_cpf", "92", "-", _M),
    ("br_cpf", "11", "", _W),
    ("br_cnpj", "23342", "../-", _S),
    ("br_cnpj", "842", "/-", _S),
    ("br_cnpj", "14", "", _W),
    ("in_aadhaar", "444", None, _W),
    ("in_aadhaar", "12", "", _W),
    ("de_tax_id", "2333", "   ", _M),
    ("de_tax_id", "2333", None, _W),
    ("de_tax_id", "3332", None, _W),
    ("de_tax_id", "11", "", _W),
    ("fr_nir", "1222332", None, _S),
    ("fr_nir", "122233", None, _W),
    ("fr_nir", "132", None, _W),
    ("fr_nir", "13:2", None, _M),
    ("fr_nir", "15", "", _W),
    ("nl_bsn", "9", "", _W),
    ("nl_bsn", "8", "", _W),
    ("nl_bsn", "333", None, _W),
    ("nl_bsn", "423", None, _W),
    ("nl_bsn", "4221", None, _W),
    ("pl_pesel", "11", "", _W),
    ("pl_pesel", "65", None, _W),
    ("pl_nip", "3322", None, _W),
    ("pl_nip", "3223", None, _W),
    ("pl_nip", "10", "", _W),
    ("pt_nif", "9", "", _W),
    ("pt_nif", "333", None, _W),
    ("be_national_number", "22232", "..-.", _S),
    ("be_national_number", "632", None, _M),
    ("be_national_number", "65", None, _W),
    ("be_national_number", "11", "", _W),
    ("se_personnummer", "64", "-", _M),
    ("se_personnummer", "84", "-", _S),
    ("se_personnummer", "64", None, _W),
    ("se_personnummer", "84", None, _W),
    ("se_personnummer", "10", "", _W),
    ("se_personnummer", "12", "", _W),
    ("no_fodselsnummer", "65", " ", _M),
    ("no_fodselsnummer", "65", None, _W),
    ("no_fodselsnummer", "22223", None, _W),
    ("no_fodselsnummer", "632", None, _W),
    ("no_fodselsnummer", "11", "", _W),
    ("dk_cpr", "64", None, _W),
    ("dk_cpr", "2224", None, _W),
    ("dk_cpr", "10", "", _W),
    ("fi_hetu", "64", "-", _M),
    ("ch_ahv", "3442", "...", _S),
    ("ch_ahv", "3442", None, _M),
    ("ch_ahv", "13", "", _W),
    ("ro_cnp", "13", "", _W),
    ("ca_sin", "333", None, _W),
    ("ca_sin", "9", "", _W),
    ("au_tfn", "333", None, _W),
    ("au_tfn", "9", "", _W),
    ("au_tfn", "8", "", _W),
    ("za_id", "13", "", _W),
    ("za_id", "6412", None, _W),
    ("za_id", "643", None, _W),
    ("at_svnr", "46", None, _W),
    ("at_svnr", "10", "", _W),
    ("cn_ric", "18", "", _S),
    ("cn_ric", "684", None, _M),
    ("kr_rrn", "67", "-", _S),
    ("kr_rrn", "13", "", _W),
    ("uk_nhs", "334", None, _W),
    ("uk_nhs", "10", "", _W),
    ("uk_utr", "55", None, _W),
    ("uk_utr", "10", "", _W),
    ("us_aba", "9", "", _W),
    ("au_abn", "2333", "   ", _M),
    ("au_abn", "2333", None, _W),
    ("au_abn", "11", "", _W),
    ("au_acn", "333", None, _W),
    ("au_acn", "9", "", _W),
    ("au_medicare", "451", None, _W),
    ("au_medicare", "4511", None, _W),
    ("au_medicare", "10", "", _W),
    ("au_medicare", "11", "", _W),
    ("de_steuernummer", "235", None, _W),
    ("de_steuernummer", "335", None, _W),
    ("de_steuernummer", "344", None, _W),
    ("de_steuernummer", "10", "", _W),
    ("de_steuernummer", "11", "", _W),
    ("de_steuernummer", "13", "", _W),
    ("it_iva", "11", "", _W),
    ("th_id", "14521", "----", _S),
    ("th_id", "14521", None, _W),
    ("th_id", "13", "", _W),
    ("tr_id", "11", "", _W),
    ("us_npi", "10", "", _W),
    ("ng_nin", "11", "", _W),
    ("ng_nin", "434", None, _W),
    ("credit_card", "4444", None, _M),
    ("credit_card", "465", None, _M),
    ("credit_card", "464", None, _M),
    ("credit_card", "44443", None, _M),
    ("credit_card", "13", "", _W),
    ("credit_card", "14", "", _W),
    ("credit_card", "15", "", _M),
    ("credit_card", "16", "", _M),
    ("credit_card", "17", "", _W),
    ("credit_card", "18", "", _W),
    ("credit_card", "19", "", _W),
)


def _sizes(text: str) -> str:
    """Return one character per group: `9` stays, `13` is a single group of thirteen, `13:2` is two
    groups.
    """
    if ":" in text:
        return "".join(chr(48 + int(part)) for part in text.split(":"))
    number = int(text)
    return chr(48 + number) if number <= 19 and text in _SINGLE else text


_SINGLE = frozenset(str(n) for n in range(8, 20))


def _rank(reading: Reading) -> tuple[Strength, bool]:
    """The strongest first; what has no check digit would take anything, so it comes last."""
    return reading.strength, reading.kind in WITHOUT_CHECK_DIGIT


def _table() -> dict[str, tuple[Reading, ...]]:
    table: dict[str, list[Reading]] = {}
    for kind, sizes, separators, strength in _ROWS:
        table.setdefault(_sizes(sizes), []).append(Reading(kind, separators, strength))
    return {sizes: tuple(sorted(readings, key=_rank)) for sizes, readings in table.items()}


READINGS = _table()
"""Group sizes, one character each (`chr(48 + size)`) → readings, the strongest first."""

PRINTED_ON_PAPERS = frozenset({"au_abn"})
"""Numbers of traders, by law on each paper of theirs, next to what else stands on it."""

READINGS_UNNAMED = {
    sizes: strong
    for sizes, readings in READINGS.items()
    if (strong := tuple(r for r in readings if r.strength is not Strength.WEAK))
}
"""The readings that may stand without a name near them."""

LONGEST = {
    first: max(len(sizes) for sizes in READINGS if sizes[0] == first)
    for first in {s[0] for s in READINGS}
}
"""First group's size → how many groups the longest shape with this first group has."""
