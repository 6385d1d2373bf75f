"""Numbers, sizes and counts as a person writes them. Pure."""

from collections.abc import Sequence
from decimal import Decimal


def number(value: int) -> str:
    """Return 15000 as `15,000`."""
    return f"{value:,}"


def short_number(value: int) -> str:
    """Return a number in at most five characters: `9,999`, `15k`, `2M`."""
    if value < 10_000:
        return number(value)
    return f"{value // 1000}k" if value < 1_000_000 else f"{min(value // 1_000_000, 999)}M"


def size(value: int) -> str:
    """Return a number of bytes as `3.1 kB`, in powers of 1000."""
    if value < 1000:
        return f"{value} byte" if value == 1 else f"{value} bytes"
    amount = float(value)
    for unit in ("kB", "MB", "GB", "TB"):
        amount /= 1000
        if amount < 999.95 or unit == "TB":
            return f"{amount:,.1f} {unit}"
    raise AssertionError("unreachable")


def dollars(value: Decimal) -> str:
    """Return an amount as `12.30`; one below a cent as `0.000035`, for it is not nothing."""
    cents = f"{value:.2f}"
    if not 0 < value < _CENT:
        return cents
    exact = f"{value:.6f}".rstrip("0")
    return exact if value >= _LEAST else f"under {_LEAST}"


_CENT, _LEAST = Decimal("0.01"), Decimal("0.000001")


def counted(value: int, one: str, many: str | None = None) -> str:
    """Return `1 row` or `15,000 rows`."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def at_least(value: int, one: str, many: str | None = None, *, exact: bool) -> str:
    """Return `412 people`, or `at least 412 people` where there may be more."""
    return f"{'' if exact else 'at least '}{counted(value, one, many)}"


def size_at_least(value: int, *, exact: bool) -> str:
    """Return `3.1 kB`, or `at least 3.1 kB` where there may be more."""
    if exact:
        return size(value)
    return f"at least {size(value)}" if value else "an unknown number of bytes"


def size_or_more(value: int, *, exact: bool) -> str:
    """Return `3.1 kB`, or `3.1 kB+` where there may be more: for narrow columns."""
    if exact:
        return size(value)
    return f"{size(value)}+" if value else "not known"


def exactness(exact: bool) -> str:
    """Return the word of a column that says whether a number is all there is, or the least."""
    return "exact" if exact else "at least"


def joined(parts: Sequence[str], last: str = "and") -> str:
    """Return `a`, `a and b`, or `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def capital(text: str) -> str:
    """Return `text` with its first letter in upper case."""
    return text[:1].upper() + text[1:]
