"""Phone numbers: the numbering plans of phonenumbers, asked directly for one candidate at a
time.
"""

import re
from functools import cache
from typing import NamedTuple

_NATIONAL_REGIONS = tuple(
    (
        "US GB DE FR ES IT IN BR NL PL PT BE SE NO FI DK CH RO AU MX ZA IE AT CZ SK HU GR BG HR SI"
        " LT LV EE TR UA JP KR CN SG HK NZ AR CO CL PE IL AE NG KE EG LU ID VN PH TH MY PK"
    ).split()
)
"""Whose national formats are tried when a label says that a number is a phone."""

MIN_DIGITS, MAX_DIGITS = 7, 15


class _Plan(NamedTuple):
    lengths: frozenset[int]
    number: re.Pattern[str]
    trunk: str


@cache
def _plan(region: str) -> _Plan | None:
    from phonenumbers import PhoneMetadata

    if region.isdigit():
        metadata = PhoneMetadata.metadata_for_nongeo_region(int(region), None)
    else:
        metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None:
        return None
    general = metadata.general_desc
    if general is None or general.national_number_pattern is None:
        return None
    lengths = frozenset(general.possible_length or ())
    return _Plan(
        lengths, re.compile(general.national_number_pattern), metadata.national_prefix or ""
    )


@cache
def _main_region(calling_code: int) -> str | None:
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    regions = COUNTRY_CODE_TO_REGION_CODE.get(calling_code)
    if regions is None:
        return None
    return str(calling_code) if regions[0] == "001" else str(regions[0])


def _fits(national: str, region: str) -> bool:
    plan = _plan(region)
    return (
        plan is not None and len(national) in plan.lengths and bool(plan.number.fullmatch(national))
    )


def international(digits: str) -> str | None:
    """Return `+` and the digits when they are a valid number with its calling code; `digits` has no
    `+`.
    """
    if digits[:1] == "0":
        return None
    for length in (1, 2, 3):
        region = _main_region(int(digits[:length] or "0"))
        if region is None:
            continue
        national = digits[length:]
        if _fits(national, region):
            return "+" + digits
        if national[:1] == "0" and _fits(national[1:], region):
            return "+" + digits[:length] + national[1:]
        return None
    return None


def national(digits: str) -> str | None:
    """Return the digits when some country's plan has them as a national number."""
    for region in _NATIONAL_REGIONS:
        plan = _plan(region)
        if plan is None:
            continue
        trunk = plan.trunk
        significant = digits[len(trunk) :] if trunk and digits.startswith(trunk) else digits
        if len(significant) in plan.lengths and plan.number.fullmatch(significant):
            return digits
    return None


def north_american(digits: str) -> str | None:
    """Return `+1…` for ten digits that the North American plan allows."""
    if len(digits) != 10 or digits[0] in "01" or digits[3] in "01":
        return None
    return "+1" + digits


def warm() -> None:
    """Load the plans now."""
    national("0")
    for code in (1, 33, 44, 49, 55, 91):
        _main_region(code)
