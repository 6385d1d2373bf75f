"""Messages come out of a stream whole, whatever pieces it arrives in, and nothing of it is lost on
the way.
"""

import gzip
import struct
import zlib
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from llm_streams import aws_frame, field

from classifiers.codecs.frames import Events, EventStream, Frames, Grpc, Lines
from classifiers.codecs.protobuf import Field, read_fields
from classifiers.llm.grpc import request_model
from examples import most

CUTS = st.lists(st.integers(0, 1 << 20), max_size=20)
PIECES = st.lists(st.sampled_from([b"data: {}", b"\n", b"\r\n", b"\n\n", b"\r", b":", b"x" * 30]))


def cut(body: bytes, places: list[int]) -> list[bytes]:
    marks = sorted({0, len(body), *(place % (len(body) + 1) for place in places)})
    return [body[a:b] for a, b in pairwise(marks)] or [body]


def grpc(message: bytes, flags: int = 0) -> bytes:
    return struct.pack(">BI", flags, len(message)) + message


@given(PIECES, CUTS)
@settings(max_examples=most(300), deadline=None)
def test_events_are_the_same_in_every_split(parts: list[bytes], places: list[int]) -> None:
    """Event by event, the same comes out however the stream was cut, and joined it is what came
    in.
    """
    body = b"".join(parts)
    whole, split = Events(), Events()
    once = list(whole.feed(body))
    many = [event for piece in cut(body, places) for event in split.feed(piece)]

    assert many == once
    assert b"".join(e.lines + e.gap for e in once) + whole.rest() == body
    assert split.rest() == body[sum(len(e.lines + e.gap) for e in once) :]
    assert all(e.gap in {b"\n\n", b"\r\n\r\n", b"\n\r\n", b"\r\n\n"} for e in once)
    assert all(b"\n\n" not in e.lines for e in once)


def test_an_event_without_an_end_is_not_kept_for_ever() -> None:
    """An endless event is given as it stands, so that memory stays bounded."""
    events = Events(1000)
    given_back = [event for _ in range(30) for event in events.feed(b"x" * 100)]

    assert [(len(e.lines), e.gap) for e in given_back] == [(1100, b""), (1100, b"")]
    assert len(events.rest()) == 800


@given(PIECES, CUTS)
def test_lines_are_the_same_in_every_split(parts: list[bytes], places: list[int]) -> None:
    """Line by line, too."""
    body = b"".join(parts)
    lines = Lines()
    blocks = [lines.feed(piece) for piece in cut(body, places)]

    assert b"".join(blocks) == body[: body.rfind(b"\n") + 1]
    assert lines.rest() == body[body.rfind(b"\n") + 1 :]


FRAMINGS: dict[str, tuple[type[Frames[object]], Callable[[bytes], bytes]]] = {
    "grpc": (Grpc, grpc),
    "event stream": (EventStream, aws_frame),
}


@pytest.mark.parametrize("framing", FRAMINGS)
@given(
    messages=st.lists(st.binary(max_size=200), max_size=6), tail=st.binary(max_size=30), places=CUTS
)
@settings(max_examples=most(100), deadline=None)
def test_frames_are_the_same_in_every_split(
    framing: str, messages: list[bytes], tail: bytes, places: list[int]
) -> None:
    """Frame by frame, the same comes out of a stream however it was cut, broken or unfinished at
    its end or not.
    """
    kind, pack = FRAMINGS[framing]
    body = b"".join(map(pack, messages)) + tail
    whole, split = kind(), kind()
    once = list(whole.feed(body))
    many = [message for piece in cut(body, places) for message in split.feed(piece)]

    assert many == once
    assert len(once) >= len(messages)
    assert split.broken == whole.broken
    if not whole.broken:
        assert split.rest == whole.rest


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_message_above_the_limit_is_passed_over_and_counted(framing: str) -> None:
    """One huge message costs no memory, and the ones around it are read."""
    kind, pack = FRAMINGS[framing]
    body = pack(b"a") + pack(b"b" * 5000) + pack(b"c")
    frames = kind(1000)
    found = [message for at in range(0, len(body), 7) for message in frames.feed(body[at : at + 7])]

    assert len(found) == 2
    assert (frames.skipped, frames.broken) == (1, False)


def test_a_damaged_event_stream_is_not_believed() -> None:
    """After a wrong checksum nothing is given, and what stood there is kept for whoever reads it
    otherwise.
    """
    good = aws_frame(b"one")
    damaged = bytearray(aws_frame(b"two"))
    damaged[-6] ^= 1
    frames = EventStream()

    assert [m.payload for m in frames.feed(good + bytes(damaged) + good)] == [b"one"]
    assert frames.broken
    assert frames.rest == bytes(damaged) + good


@given(st.binary(max_size=300), st.integers(1, 50))
def test_no_bytes_break_the_wire_reader(data: bytes, most: int) -> None:
    """Any bytes give fields or none; those called whole were read to their end."""
    fields = read_fields(data, most)

    assert len(fields.found) <= most
    assert all(0 < found.number < 1 << 29 for found in fields.found)


@given(
    st.lists(st.tuples(st.integers(1, 5000), st.integers(0, 1 << 62) | st.binary(max_size=80))),
    st.integers(1, 40),
)
def test_what_was_written_is_read(pairs: list[tuple[int, int | bytes]], lost: int) -> None:
    """Messages come out as they were written; a cut one is never called whole unless it ends
    between two fields.
    """
    body = b"".join(field(number, value) for number, value in pairs)

    assert read_fields(body) == ([Field(*pair) for pair in pairs], True)
    short = read_fields(body[:-lost])
    assert short.found == [Field(*pair) for pair in pairs][: len(short.found)]
    assert not short.whole or sum(len(field(*f)) for f in short.found) == len(body[:-lost])


def test_the_model_of_a_packed_call_is_read() -> None:
    """A gRPC request whose message is compressed names its model like any other."""
    message = field(1, b"models/gemini-2.5-pro") + field(2, b"text")
    path = "/google.ai.generativelanguage.v1.GenerativeService/GenerateContent"
    for body, coding in ((grpc(message), None), (grpc(gzip.compress(message), 1), "gzip")):
        assert request_model(path, body, coding) == "gemini-2.5-pro"
    assert request_model(path, grpc(zlib.compress(b"x")[:3], 1), "gzip") is None
    assert request_model(path, b"", None) is None
