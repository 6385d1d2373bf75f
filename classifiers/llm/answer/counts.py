"""Numbers of tokens as providers write them."""

_MOST = 10**12


def count_of(value: object) -> int | None:
    """Return a token count, or None for what cannot be one (Titan writes 28.0, Yandex "28", Vercel
    {"total": 28}).
    """
    if value is None:
        return None
    if type(value) is int:
        return value if 0 <= value < _MOST else None
    if isinstance(value, dict):
        value = value.get("total")
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 13:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _MOST:
        return None
    return int(value)
