"""RTF: control words taken away, the words kept."""

import re

from classifiers.documents.reader import Work
from classifiers.payload import Document

MEDIA_TYPES = frozenset({"application/rtf"})
_PARAGRAPH = re.compile(r"\\(?:par|line|row|cell|tab)\b ?")
_HEX = re.compile(r"\\'([0-9a-fA-F]{2})")
_UNICODE = re.compile(r"\\u(-?\d{1,6})\??")
_CONTROL = re.compile(r"\\[a-zA-Z]{1,32}-?\d{0,10} ?|\\[^a-zA-Z]|[{}]")


def read(document: Document, work: Work) -> None:
    """Read the words."""
    text = document.data.decode("cp1252", "replace")
    text = _PARAGRAPH.sub("\n", text)
    text = _HEX.sub(lambda match: bytes.fromhex(match[1]).decode("cp1252", "replace"), text)
    text = _UNICODE.sub(
        lambda match: (
            chr(int(match[1]) & 0xFFFF) if not 0xD800 <= int(match[1]) & 0xFFFF < 0xE000 else ""
        ),
        text,
    )
    work.text(_CONTROL.sub("", text), None, document.path)
