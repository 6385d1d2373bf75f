"""LDIF: attributes of a directory that go on in the next line, or are written in base64."""

import binascii

_RECORD = "dn:"
_MOST_LINES = 10_000
_LONGEST = 4096
_NO_TEXT = frozenset(map(chr, (*range(9), *range(14, 32))))


def may_hold(data: bytes) -> bool:
    """Return True when a text, or JSON as it is sent, may hold records of a directory."""
    return b"dn: " in data or b"dn:: " in data


def changed_lines(text: str) -> str:
    """Return the attributes of a text that are written otherwise than they read, a line each, as
    they read; empty for a text without records.
    """
    if not (text.startswith(_RECORD) or f"\n{_RECORD}" in text):
        return ""
    out, lines = list[str](), text.replace("\r\n", "\n").split("\n", _MOST_LINES)
    at = 0
    while at < len(lines):
        first, pieces = at, [lines[at]]
        at += 1
        while at < len(lines) and lines[at][:1] == " ":
            pieces.append(lines[at][1:])
            at += 1
        if line := _as_read("".join(pieces), folded=at > first + 1):
            out.append(line)
    return "\n".join(out)


def _as_read(line: str, *, folded: bool) -> str:
    """Return an attribute as it reads; empty for one that is written so, or that is no text."""
    name, colon, value = line[:_LONGEST].partition(":")
    if not colon or not name.replace("-", "").replace(";", "").isalnum():
        return ""
    if not value.startswith(":"):
        return f"{name}: {value.strip()}" if folded else ""
    try:
        said = binascii.a2b_base64(value[1:].strip(), strict_mode=True).decode()
    except (ValueError, UnicodeError):
        return ""
    return f"{name}: {said}" if said and _NO_TEXT.isdisjoint(said) else ""
