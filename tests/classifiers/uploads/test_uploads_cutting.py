"""Large bodies are cut so that nothing is split or counted twice, and always at the same places."""

import gzip
import zlib
from collections.abc import Callable
from itertools import pairwise

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.uploads.cutting import LARGEST, OVERLAP, WINDOW, Cutter, Window, without
from classifiers.uploads.form_parts import FormParts, Piece
from core.findings import Confidence, Finding
from examples import most

CUTS = st.lists(st.integers(0, 1 << 22), max_size=12)
PACK: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda data: brotli.compress(data, quality=1),
    "gzip, br": lambda data: brotli.compress(gzip.compress(data), quality=1),
}


def cut(body: bytes, places: list[int]) -> list[bytes]:
    marks = sorted({0, len(body), *(place % (len(body) + 1) for place in places)})
    return [body[a:b] for a, b in pairwise(marks)] or [body]


def windows(cutter: Cutter, pieces: list[bytes]) -> list[Window]:
    found = [window for piece in pieces for window in cutter.feed(piece)]
    return [*found, *cutter.finish()]


@given(
    st.sampled_from(sorted(PACK)),
    st.sampled_from(["text/plain", "text/csv", "application/json", "multipart/form-data"]),
    st.integers(0, 400_000),
    st.binary(max_size=30),
    CUTS,
)
@settings(max_examples=most(80), deadline=None)
def test_windows_do_not_depend_on_how_a_body_comes(
    coding: str, kind: str, size: int, tail: bytes, places: list[int]
) -> None:
    """Every split of the same body gives the same windows, so that it gives the same findings."""
    plain = (b"id,name\n" + b"1234567,ab\xc3\xa4\n" * (size // 13 + 1))[:size]
    body = PACK[coding](plain) + (tail if coding else b"")
    once = windows(Cutter(kind, coding, len(body)), [body])

    assert windows(Cutter(kind, coding, len(body)), cut(body, places)) == once


@given(st.lists(st.integers(0, 150_000), min_size=1, max_size=9), st.integers(0, 3), CUTS)
@settings(max_examples=most(60), deadline=None)
def test_a_form_is_cut_between_its_parts(sizes: list[int], tail: int, places: list[int]) -> None:
    """However it comes and however large its parts are, each window of a form is whole parts, or a
    piece of one; joined, nothing is missing.
    """
    parts = [
        b"\r\n--xx\r\nA: b\r\n\r\n" + b"v%d," % n * (size // 3) for n, size in enumerate(sizes)
    ]
    body = b"".join(parts)[2:] + b"\r\n--xx--\r\n"[: 9 + tail]
    kind = "multipart/form-data; boundary=xx"
    once = windows(Cutter(kind), [body])

    assert windows(Cutter(kind), cut(body, places)) == once
    assert once[-1].end == len(body)
    for number, size in enumerate(sizes):
        text = b"v%d," % number * (size // 3)
        holding = [w for w in once if size < 3 or b"v%d," % number in w.data]
        assert holding
        if len(text) < WINDOW // 2:
            assert any(text in w.data for w in once)


class _Looked(bytearray):
    """Bytes that tell how many of them were looked at in search of something."""

    looked = 0

    def find(self, what: bytes, start: int = 0, end: int | None = None) -> int:  # type: ignore[override]
        at = super().find(what, start, len(self) if end is None else end)
        self.looked += (len(self) if end is None else end) - start if at < 0 else at - start
        return at

    def rfind(self, what: bytes, start: int = 0, end: int | None = None) -> int:  # type: ignore[override]
        self.looked += (len(self) if end is None else end) - start
        return super().rfind(what, start, len(self) if end is None else end)

    def count(self, what: bytes, start: int = 0, end: int | None = None) -> int:  # type: ignore[override]
        self.looked += (len(self) if end is None else end) - start
        return super().count(what, start, len(self) if end is None else end)


def test_a_form_of_tiny_parts_is_looked_through_once() -> None:
    """However many parts stand in what came of it: each piece costs what it holds, not what is
    there.
    """
    data = _Looked(b"--B" + b"\n--B" * 250_000)
    size, form = len(data), FormParts(b"B")
    while data:
        at, kind = form.next(data, len(data))
        assert at > 0
        assert kind is Piece.PARTS
        del data[:at]
    assert data.looked <= 2 * size


@given(st.text(min_size=1, max_size=4000), st.integers(1, 900), st.integers(0, 3))
@settings(max_examples=most(60), deadline=None)
def test_no_character_is_split_between_windows(text: str, step: int, shift: int) -> None:
    """Every window is whole text, so none is mistaken for binary data; joined, nothing is
    missing.
    """
    data = b"." * shift + text.encode() * (200_000 // len(text.encode()) + 1)
    cutter = Cutter("text/plain")
    found = windows(cutter, [data[at : at + 50_000] for at in range(0, len(data), 50_000)])
    for window in found:
        window.data.decode("utf-8")
        window.again.decode("utf-8")
    assert found[-1].again == b""
    assert found[-1].end == len(data)
    assert cutter.through(len(data)) == len(data)


def test_windows_grow_up_to_the_largest() -> None:
    """The first window is small, so that a value at the begin is seen at once; later ones are dear
    to begin.
    """
    sizes = [len(w.data) for w in windows(Cutter("text/plain"), [b"x" * (20 << 20)])]

    assert sizes[0] == WINDOW
    assert sizes[1] == 2 * WINDOW + OVERLAP
    assert max(sizes) == LARGEST + OVERLAP


def test_columns_keep_their_names() -> None:
    """Every window of a table begins with the table's own header, and with a whole row."""
    row = b"1234567890,abcdefghij\n"
    first, second, *_ = windows(Cutter("text/csv; charset=utf-8"), [b"number,name\n" + row * 9000])

    assert first.data.startswith(b"number,name\n1234567890")
    assert second.data.startswith(b"number,name\n1234567890,")
    assert first.again == b""  # rows are whole: none stands in two windows


def test_a_small_body_is_read_as_what_it_is() -> None:
    """A body that turns out to fit one window is read like any small one; of a larger one the
    pieces are text.
    """
    (small,) = windows(Cutter("application/json"), [b'{"a": 1}'])
    large = windows(Cutter("application/json"), [b'{"a": 1}' + b" " * 100_000])

    assert (small.alone, small.content_type) == (True, "application/json")
    assert [(w.alone, w.begins, w.content_type) for w in large] == [
        (False, True, "text/plain"),
        (False, False, "text/plain"),
    ]


def test_what_stands_beside_the_content_has_windows_of_its_own() -> None:
    """Text behind a compressed body is no part of its last line."""
    body = gzip.compress(b"a" * 10) + b"b" * 20
    found = windows(Cutter("text/plain", "gzip"), [body])

    assert [(w.data, w.begins, w.alone) for w in found] == [
        (b"a" * 10, True, True),
        (b"b" * 20, True, False),
    ]


@pytest.mark.parametrize("coding", ["", "gzip"])
def test_no_more_is_called_read_than_was(coding: str) -> None:
    """What may go on is never ahead of what was scanned, compressed or not."""
    plain = zlib.crc32
    data = b"".join(b"%08x" % plain(b"%d" % n) for n in range(100_000))
    body = PACK[coding](data)
    cutter = Cutter("text/plain", coding, len(body))
    fed = 0
    for at in range(0, len(body), 10_000):
        for window in cutter.feed(body[at : at + 10_000]):
            passed = cutter.through(window.end)
            shown = len(zlib.decompressobj(47).decompress(body[:passed])) if coding else passed
            assert shown <= window.end
        fed += len(body[at : at + 10_000])
    assert fed == len(body)


def finding(count: int, *marks: str, kind: str = "iban") -> Finding:
    return Finding(
        kind=kind,
        detector="d",
        confidence=Confidence.CERTAIN,
        count=count,
        distinct=len(marks),
        fingerprints=marks,
    )


def test_what_will_be_found_again_is_taken_off() -> None:
    """Of what two windows share, one copy counts."""
    kept = without(
        [finding(5, "a", "b", "c"), finding(1, "x", kind="email")],
        [finding(2, "c"), finding(9, kind="us_ssn")],
    )

    assert [(f.kind, f.count, f.distinct, f.fingerprints) for f in kept] == [
        ("iban", 3, 2, ("a", "b")),
        ("email", 1, 1, ("x",)),
    ]
    assert without([finding(2, "a")], [finding(2, "a")]) == ()
