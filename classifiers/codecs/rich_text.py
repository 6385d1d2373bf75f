"""What a text in RTF says without its control words."""

import re

_PARAGRAPH = re.compile(r"\\(?:par|line|row|cell|tab)\b ?")
_HEX = re.compile(r"\\'([0-9a-fA-F]{2})")
_UNICODE = re.compile(r"\\u(-?\d{1,6})\??")
_CONTROL = re.compile(r"\\[a-zA-Z]{1,32}-?\d{0,10} ?|\\[^a-zA-Z]|[{}]")


def shown_text(text: str) -> str:
    """Return the words, paragraphs and cells on lines of their own."""
    text = _PARAGRAPH.sub("\n", text)
    text = _HEX.sub(lambda match: bytes.fromhex(match[1]).decode("cp1252", "replace"), text)
    text = _UNICODE.sub(
        lambda match: (
            chr(int(match[1]) & 0xFFFF) if not 0xD800 <= int(match[1]) & 0xFFFF < 0xE000 else ""
        ),
        text,
    )
    return _CONTROL.sub("", text)
