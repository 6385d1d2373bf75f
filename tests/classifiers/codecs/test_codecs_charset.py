"""Binary data among text: a stretch that no text has is seen, whatever surrounds it."""

import gzip
import random

import pytest

from classifiers.codecs.charset import holds_binary

PROSE = b"delivered in good order, and paid on the day after. "
PACKED = gzip.compress(random.Random(3).randbytes(300))
XORED = bytes(byte ^ 0x95 for byte in PROSE * 4)


@pytest.mark.parametrize("inner", [PACKED, XORED], ids=["packed", "xored"])
@pytest.mark.parametrize("before", [0, 1, 40, 2_000, 100_000])
@pytest.mark.parametrize("after", [0, 33, 100_000])
def test_a_binary_part_is_seen_however_much_text_is_beside_it(
    inner: bytes, before: int, after: int
) -> None:
    """At the beginning, in the middle and at the end of a short text and of a long one."""
    if before + after < 3 * len(inner):
        return  # then the whole is no text
    prose = PROSE * 4_000
    assert holds_binary(prose[:before] + inner + prose[:after])


@pytest.mark.parametrize(
    "text",
    [
        PROSE * 100,
        "Grüße aus München, naïve Straße – 100 €\n".encode() * 50,
        "Привет, как дела? Всё хорошо.\n".encode() * 50,
        "Grüße aus München, die Straße ist gesperrt\n".encode("cp1252") * 50,
        b"\x1b[31mred\x1b[0m \x1b[1mbold\x1b[0m\r\n" * 50,
        b"progress 1%\x08\x08\x08\x08\x08progress 2%\x07\n\x0c" * 50,
        b"N\x08NA\x08AM\x08ME\x08E\n" * 50,
        b"",
    ],
)
def test_ordinary_text_holds_none(text: bytes) -> None:
    """Letters of any language, colours of a terminal and overstruck manuals are text."""
    assert not holds_binary(text)
