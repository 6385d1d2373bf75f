"""Check digits and structure: one function per kind that turns a candidate into its normal form, or
refuses it.
"""

import re
from collections.abc import Callable
from functools import cache
from importlib import import_module

Check = Callable[[str], str | None]

_STDNUM: dict[str, str] = {
    "us_ssn": "us.ssn",
    "us_itin": "us.itin",
    "us_aba": "us.rtn",
    "uk_nhs": "gb.nhs",
    "uk_utr": "gb.utr",
    "br_cpf": "br.cpf",
    "br_cnpj": "br.cnpj",
    "in_aadhaar": "in_.aadhaar",
    "in_pan": "in_.pan",
    "in_gstin": "in_.gstin",
    "de_tax_id": "de.idnr",
    "fr_nir": "fr.nir",
    "es_dni": "es.dni",
    "es_nie": "es.nie",
    "it_codice_fiscale": "it.codicefiscale",
    "nl_bsn": "nl.bsn",
    "pl_pesel": "pl.pesel",
    "pl_nip": "pl.nip",
    "pt_nif": "pt.nif",
    "be_national_number": "be.nn",
    "se_personnummer": "se.personnummer",
    "no_fodselsnummer": "no.fodselsnummer",
    "fi_hetu": "fi.hetu",
    "dk_cpr": "dk.cpr",
    "ch_ahv": "ch.ssn",
    "ro_cnp": "ro.cnp",
    "ca_sin": "ca.sin",
    "au_tfn": "au.tfn",
    "mx_curp": "mx.curp",
    "za_id": "za.idnr",
    "ie_pps": "ie.pps",
    "at_svnr": "at.vnr",
    "cn_ric": "cn.ric",
    "kr_rrn": "kr.rrn",
    "au_abn": "au.abn",
    "au_acn": "au.acn",
    "de_steuernummer": "de.stnr",
    "in_voter_id": "in_.epic",
    "it_iva": "it.iva",
    "th_id": "th.pin",
    "tr_id": "tr.tckimlik",
}
"""Kind → python-stdnum module; imported when a first candidate of the kind turns up."""

_LUHN_PLAIN = bytes.maketrans(b"0123456789", bytes(range(10)))
_LUHN_DOUBLE = bytes.maketrans(b"0123456789", bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))
_NINO = re.compile(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]")
_MBI = re.compile(
    r"[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d[AC-HJKMNP-RT-Y]{2}\d{2}"
)
_DE_ID_CARD = re.compile(r"[CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{8}\d")
_DE_PENSION = re.compile(r"\d{8}[A-Z]\d{3}")
_SG_NRIC = re.compile(r"[STFGM]\d{7}[A-Z]")
_IT_ID_CARD = re.compile(r"[A-Z]{2}(?:\d{7}|\d{5}[A-Z]{2})")
_JUNK = re.compile(r"[^0-9A-Za-z]+")
_ASCENDING = frozenset(
    {"123456789", "1234567890", "0123456789", "12345678901", "012345678901", "123456789012"}
)


def compact(text: str) -> str:
    """Return `text` without separators, in upper case."""
    return text.upper() if text.isalnum() else _JUNK.sub("", text).upper()


def luhn(digits: str) -> bool:
    """Return True when the Luhn check digit is right."""
    backwards = digits.encode()[::-1]
    return (
        sum(backwards[::2].translate(_LUHN_PLAIN)) + sum(backwards[1::2].translate(_LUHN_DOUBLE))
    ) % 10 == 0


def verhoeff(digits: str) -> bool:
    """Return True when the Verhoeff check digit is right."""
    from stdnum import verhoeff as of_library

    return bool(of_library.is_valid(digits))


@cache
def _stdnum(kind: str) -> tuple[Callable[[str], str], tuple[type[Exception], ...]]:
    """Return the validator and what it raises; some modules let lookups and conversions fail on odd
    input.
    """
    refusal: type[Exception] = import_module("stdnum.exceptions").ValidationError
    return import_module("stdnum." + _STDNUM[kind]).validate, (
        refusal,
        ValueError,
        IndexError,
        KeyError,
    )


def _by_stdnum(kind: str) -> Check:
    def check(value: str) -> str | None:
        validate, refusals = _stdnum(kind)
        try:
            return compact(validate(value))
        except refusals:
            return None

    return check


def _us_ssn(value: str) -> str | None:
    """Structure alone, as in python-stdnum, but with the published numbers let through to be
    labelled.
    """
    digits = compact(value)
    if len(digits) != 9 or not digits.isdigit() or digits[0] == "9" or digits[:3] in {"000", "666"}:
        return None
    return None if digits[3:5] == "00" or digits[5:] == "0000" else digits


def _uk_nino(value: str) -> str | None:
    normal = compact(value)
    return normal if _NINO.fullmatch(normal) else None


def _us_mbi(value: str) -> str | None:
    normal = compact(value)
    return normal if _MBI.fullmatch(normal) else None


def _fr_nir(value: str) -> str | None:
    return _BASE["fr_nir"](value) if compact(value)[:1] in {"1", "2", "3", "4", "7", "8"} else None


def _dk_cpr(value: str) -> str | None:
    normal = _BASE["dk_cpr"](value)
    return None if normal is None or normal.endswith("0000") else normal


def _se_personnummer(value: str) -> str | None:
    """Samordningsnummer (day + 60) count as well; stdnum knows them in its own module only."""
    return _BASE["se_personnummer"](value) or _coordination(value)


def _coordination(value: str) -> str | None:
    digits = compact(value)
    day = digits[-6:-4]
    if len(digits) not in {10, 12} or not digits.isdigit() or not 61 <= int(day) <= 91:
        return None
    return digits if luhn(digits[-10:]) and 1 <= int(digits[-8:-6]) <= 12 else None


def _au_medicare(value: str) -> str | None:
    digits = compact(value)
    if len(digits) not in {10, 11} or not digits.isdigit() or digits[0] not in "23456":
        return None
    total = sum(int(d) * w for d, w in zip(digits, (1, 3, 7, 9, 1, 3, 7, 9), strict=False))
    return digits if total % 10 == int(digits[8]) else None


def _de_id_card(value: str) -> str | None:
    """Nine characters and their check digit, by the weights 7, 3, 1 of travel documents."""
    normal = compact(value)
    if not _DE_ID_CARD.fullmatch(normal):
        return None
    total = sum(int(c, 36) * (7, 3, 1)[at % 3] for at, c in enumerate(normal[:9]))
    return normal if total % 10 == int(normal[9]) else None


def _de_pension_number(value: str) -> str | None:
    """Area, date of birth, letter, serial number; the check digit sums cross sums."""
    normal = compact(value)
    if not _DE_PENSION.fullmatch(normal) or not 1 <= int(normal[4:6]) <= 12:
        return None
    if not 1 <= int(normal[2:4]) <= 31 + 50:
        return None
    digits = f"{normal[:8]}{ord(normal[8]) - 64:02d}{normal[9:11]}"
    products = (
        int(d) * w for d, w in zip(digits, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=True)
    )
    return normal if sum(n // 10 + n % 10 for n in products) % 10 == int(normal[11]) else None


_SG_LETTERS = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "G": "XWUTRQPNMLK"}
_SG_SINCE_2022 = "XWUTRQPNJLK"


def _sg_nric(value: str) -> str | None:
    normal = compact(value)
    if not _SG_NRIC.fullmatch(normal):
        return None
    first = normal[0]
    total = sum(int(d) * w for d, w in zip(normal[1:8], (2, 7, 6, 5, 4, 3, 2), strict=True))
    total += {"T": 4, "G": 4, "M": 3}.get(first, 0)
    letters = _SG_SINCE_2022 if first == "M" else _SG_LETTERS[first]
    return normal if letters[total % 11] == normal[8] else None


def _us_npi(value: str) -> str | None:
    digits = compact(value)
    if len(digits) != 10 or not digits.isdigit() or digits[0] not in "12":
        return None
    return digits if luhn("80840" + digits) else None


def _ng_nin(value: str) -> str | None:
    digits = compact(value)
    return digits if len(digits) == 11 and digits.isdigit() and len(set(digits)) > 3 else None


def _it_identity_card(value: str) -> str | None:
    normal = compact(value)
    return normal if _IT_ID_CARD.fullmatch(normal) else None


_BASE: dict[str, Check] = {kind: _by_stdnum(kind) for kind in _STDNUM}
CHECKS: dict[str, Check] = {
    **_BASE,
    "us_ssn": _us_ssn,
    "uk_nino": _uk_nino,
    "us_mbi": _us_mbi,
    "fr_nir": _fr_nir,
    "dk_cpr": _dk_cpr,
    "se_personnummer": _se_personnummer,
    "au_medicare": _au_medicare,
    "de_id_card": _de_id_card,
    "de_pension_number": _de_pension_number,
    "it_identity_card": _it_identity_card,
    "ng_nin": _ng_nin,
    "sg_nric": _sg_nric,
    "us_npi": _us_npi,
}
"""Kind → check. The normal form has no separators and is in upper case."""

WITHOUT_CHECK_DIGIT = frozenset(
    "us_ssn us_itin uk_nino in_pan us_mbi dk_cpr ng_nin it_identity_card de_steuernummer".split()
)
"""Kinds whose structure alone is checked: never certain without a name beside them."""


def is_filler(digits: str) -> bool:
    """True for `0000000000` and `1234567890`: typed to fill a field."""
    return digits == digits[:1] * len(digits) or digits in _ASCENDING


def warm() -> None:
    """Import every check now (about 100 ms) so that the first request need not."""
    for kind in _STDNUM:
        _stdnum(kind)
