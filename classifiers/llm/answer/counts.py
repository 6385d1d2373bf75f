"""Numbers of tokens as providers write them."""


def count_of(value: object) -> int | None:
    """Return a token count, or None for what cannot be one (Titan writes 28.0, Yandex "28", Vercel
    {"total": 28}).
    """
    if isinstance(value, dict):
        value = value.get("total")
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 13:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 10**12:
        return None
    return int(value)
