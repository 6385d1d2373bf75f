"""A bomb costs what it says, not what it unpacks to."""

import gzip
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from made_up_traffic import exchange

from classifiers.decoding import decode
from classifiers.decoding.repeats import without_repeats
from classifiers.engine import EngineSetup, build_worker
from core.organisation import Organisation
from core.vocabulary.unread import unread_text

WORKER = build_worker(EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False))
IBAN = b"DE02120300000000202051"
SIZE = 6 << 20
UNITS = [b"\0", b"a", b" ", b"a@a.", b"x\n", b"1 ", b'"a",', b"<a>", b"QUJD", b"\\u0041", b"[" * 9]
PACKED = {
    "gzip": gzip.compress,
    "br": lambda data: brotli.compress(data, quality=1),
    "zstd": zstandard.compress,
    "deflate": zlib.compress,
}


@pytest.mark.parametrize("unit", UNITS)
def test_a_repetition_is_read_once_and_said(unit: bytes) -> None:
    """Megabytes of one text become less than one, and the record says so."""
    data = b'{"a": "' + unit * (SIZE // len(unit)) + b'"}'
    assert len(without_repeats(data)) < 1 << 20
    payload = decode(exchange(data))
    assert "one text repeated over megabytes was read once" in {u.reason for u in payload.unread}


@pytest.mark.parametrize("coding", PACKED)
def test_a_value_behind_a_bomb_is_found_or_the_bomb_is_unread(coding: str) -> None:
    """What stands in front of zeros and behind them is read; what is beyond the limit is said."""
    body = PACKED[coding](IBAN + b" and " + bytes(SIZE) + b" and " + IBAN)
    sent = exchange(body, "application/octet-stream", headers={"content-encoding": coding})
    findings = WORKER.classify(sent).findings
    assert unread_text(findings)
    assert "iban" in {finding.kind for finding in findings}


@given(st.binary(max_size=300), st.binary(min_size=1, max_size=60), st.binary(max_size=300))
def test_nothing_but_repeats_is_left_out(front: bytes, unit: bytes, behind: bytes) -> None:
    """Whatever is repeated and whatever stands around it: the ends stay, and whole units go."""
    data = front + unit * ((3 << 20) // len(unit)) + behind
    left = without_repeats(data)
    assert left.startswith(front + unit * 100)
    assert left.endswith(unit * 100 + behind)
    gone = len(data) - len(left)
    assert gone > 1 << 20
    assert (
        data
        == left[: len(front) + 2000]
        + data[len(front) + 2000 : len(front) + 2000 + gone]
        + (left[len(front) + 2000 :])
    )


@given(st.integers(0, 2**32))
def test_what_does_not_repeat_stays(seed: int) -> None:
    """Lines that differ by a number are no repetition."""
    data = b"".join(b"%d,%d,open\n" % (seed + n, n * 7) for n in range(170_000))
    assert without_repeats(data) is data
