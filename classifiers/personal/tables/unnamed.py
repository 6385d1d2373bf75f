"""Columns without a telling header: when nearly all of their numbers pass one check, that is no
accident.
"""

from collections.abc import Sequence

from classifiers.personal.scan import cards
from classifiers.personal.scan.checks import CHECKS, WITHOUT_CHECK_DIGIT
from classifiers.personal.scan.shapes import READINGS

_ENOUGH = 20
_SHARE = 0.95
_UNCHECKED = WITHOUT_CHECK_DIGIT | {"us_aba"}


def kind_by_statistics(sample: Sequence[str]) -> str | None:
    """Return the kind whose check digit nearly all of these numbers have, None when there is none.

    A check that one random number in ten passes is passed by nineteen of twenty random numbers once
    in 10^17 columns.
    """
    values = list(dict.fromkeys(value.strip() for value in sample))
    if len(values) < _ENOUGH or not all(value.isascii() and value.isdigit() for value in values):
        return None
    kinds = {
        reading.kind
        for size in {len(v) for v in values}
        for reading in READINGS.get(chr(48 + size), ())
    }
    for kind in sorted(kinds - _UNCHECKED):
        check = cards.check_card if kind == "credit_card" else CHECKS[kind]
        if check(values[0]) is None and check(values[1]) is None:
            continue
        if sum(check(value) is not None for value in values) >= _SHARE * len(values):
            return kind
    return None
