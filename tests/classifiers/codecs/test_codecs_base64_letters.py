"""Base64 that travels in many ways, large and small, is what the standard library says it is."""

import base64
import random
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.codecs.base64_letters import (
    IN_ESCAPES,
    IN_LINES,
    IN_ONE_RUN,
    Written,
    content_of,
    pieces_of,
    size_of,
)

SIZES = [0, 1, 2, 3, 48_999, 49_151, 49_152, 49_153, 98_304, 200_001]


def spelled(content: bytes) -> dict[str, tuple[bytes, Written]]:
    letters = base64.b64encode(content)
    return {
        "a run": (letters, IN_ONE_RUN),
        "no padding": (letters.rstrip(b"="), IN_ONE_RUN),
        "for URLs": (base64.urlsafe_b64encode(content), IN_ONE_RUN),
        "lines": (base64.encodebytes(content), IN_LINES),
        "lines of mail": (base64.encodebytes(content).replace(b"\n", b"\r\n"), IN_LINES),
        "escapes": (quote(letters, safe="").encode(), IN_ESCAPES),
        "small escapes": (quote(letters, safe="").lower().encode(), IN_ESCAPES)
        if letters.lower() == letters
        else (quote(letters, safe="").replace("%2B", "%2b").encode(), IN_ESCAPES),
        "padding alone is no escape": (quote(letters, safe="=").encode(), IN_ESCAPES),
    }


def test_every_way_gives_the_content_and_tells_its_size_before() -> None:
    """Whatever stands at the ends of the pieces that it is read in."""
    dice = random.Random(1)
    for size in SIZES:
        content = dice.randbytes(size)
        for way, (text, written) in spelled(content).items():
            view = memoryview(text)
            assert size_of(view, written) == size, (way, size)
            assert b"".join(pieces_of(view, written)) == content, (way, size)
            assert content_of(written.bare(text)) == content, (way, size)


@pytest.mark.parametrize("wrong", [b'"', b"\\", b"\\u0041", b"!", b"\xff", b"\0", b" ", b"%", b"="])
@pytest.mark.parametrize("size", [300, 90_000])
def test_what_is_no_base64_by_the_letter_is_refused(wrong: bytes, size: int) -> None:
    """A sign that does not belong there is not passed over: the content would be another."""
    letters = base64.b64encode(random.Random(size).randbytes(size))
    broken = letters[: len(letters) // 2] + wrong + letters[len(letters) // 2 :]
    assert content_of(broken) is None or wrong == b"="
    with pytest.raises(ValueError):
        b"".join(pieces_of(memoryview(broken), IN_ONE_RUN))


@given(st.binary(max_size=300))
def test_no_bytes_are_another_fault(text: bytes) -> None:
    """What comes from elsewhere is content, or is refused in one way."""
    for written in (IN_ONE_RUN, IN_LINES, IN_ESCAPES):
        size_of(memoryview(text), written)
        content_of(text)
        try:
            b"".join(pieces_of(memoryview(text), written))
        except ValueError:
            continue
