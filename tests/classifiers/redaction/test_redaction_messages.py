"""Redaction inside a WebSocket: placeholders in the server's messages become values again, split
over messages anywhere.
"""

import json
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.redaction import MessageRestorer, Restorer

IBAN = "DE90 8713 1860 9139 0996 03"
VALUES = {"<IBAN_1>": IBAN, "<PERSON_1>": 'Ann "Q" Müller', "<EMAIL_12>": "a@b.example"}
WORDS = st.sampled_from(
    [*VALUES, "<b>", "<", "<IB", "text ", "ü", '"', "\n", "<IBAN_2>", "<UNKNOWN_1>", "a<B>c", "<<"]
)
BESIDE: list[dict[str, Any]] = [
    {"type": "rate_limits.updated", "rate_limits": [{"name": "tokens", "limit": 5}]},
    {"type": "response.audio.delta", "item_id": "i1", "content_index": 0, "delta": "UklGRg=="},
    {"type": "ping"},
]


def delta(text: str, **more: Any) -> dict[str, Any]:
    kind = "response.audio_transcript.delta"
    return {
        "type": kind,
        "item_id": "i1",
        "output_index": 0,
        "content_index": 0,
        "delta": text,
        **more,
    }


def expected(text: str) -> str:
    for mark, value in VALUES.items():
        text = text.replace(mark, value)
    return text


def restorer() -> MessageRestorer:
    fresh = MessageRestorer()
    fresh.learn(VALUES)
    return fresh


def passed(messages: list[Any], by: MessageRestorer | None = None) -> list[Any]:
    """Return the messages as the client gets them, parsed."""
    by = by or restorer()
    out = [
        content
        for message in messages
        for content in by.feed(json.dumps(message).encode(), text=True)
    ]
    return [json.loads(content) for content in [*out, *(content for content, _ in by.finish())]]


def said(
    messages: list[Any], kind: str = "response.audio_transcript.delta", item: str = "i1"
) -> str:
    return "".join(
        m["delta"] for m in messages if m.get("type") == kind and m.get("item_id") == item
    )


def cut(text: str, sizes: list[int]) -> list[str]:
    tokens = []
    for size in sizes:
        tokens.append(text[:size])
        text = text[size:]
    return [*tokens, text]


@given(
    st.lists(WORDS, max_size=10),
    st.lists(st.integers(1, 7), max_size=40),
    st.lists(st.integers(0, 2), max_size=20),
)
def test_deltas_are_restored_for_every_split(
    words: list[str], sizes: list[int], between: list[int]
) -> None:
    """Whatever the split over messages, and whatever else comes between, the text reads as the
    values and none is lost.
    """
    text = "".join(words)
    messages: list[Any] = []
    for number, token in enumerate(cut(text, sizes)):
        messages.append(delta(token))
        messages += [BESIDE[between[number]]] if number < len(between) else []
    messages.append({"type": "response.audio_transcript.done", "item_id": "i1", "transcript": text})
    out = passed(messages)

    assert said(out) == expected(text)
    assert out[-1]["transcript"] == expected(text)
    assert [m for m in out if m in BESIDE] == [m for m in messages if m in BESIDE]


@pytest.mark.parametrize("mark", VALUES)
def test_a_placeholder_cut_in_three_anywhere_is_restored(mark: str) -> None:
    """Each way to cut a placeholder into three messages gives the value, before the message that
    ends the text.
    """
    text = f"to {mark}."
    for first, second in combinations(range(len(text) + 1), 2):
        pieces = [text[:first], text[first:second], text[second:]]
        out = passed(
            [
                *(delta(piece) for piece in pieces),
                {"type": "response.done", "response": {"id": "r"}},
            ]
        )

        assert said(out) == expected(text)
        assert out[-1]["type"] == "response.done"


@given(st.lists(WORDS, max_size=10), st.lists(st.integers(1, 7), max_size=40))
def test_plain_messages_are_restored_for_every_split(words: list[str], sizes: list[int]) -> None:
    """A server that sends bare text, word by word, is read in the values too, and no letter is
    lost.
    """
    text = "".join(words)
    by = restorer()
    out = b"".join(
        c for token in cut("." + text, sizes) for c in by.feed(f"~{token}".encode(), text=True)
    )
    out += b"".join(content for content, _ in by.finish())

    assert out.decode() == expected("".join(f"~{token}" for token in cut("." + text, sizes)))


@given(st.text(alphabet="<IBAN_1>ab", max_size=20))
def test_nothing_is_held_back_that_cannot_become_a_placeholder(text: str) -> None:
    """Only the very beginning of a known placeholder waits for the next message."""
    by = restorer()
    by.feed(json.dumps(delta(text)).encode(), text=True)
    waits = any(
        mark.startswith(text[at:])
        for mark in VALUES
        for at in range(len(text))
        if text[at:] not in VALUES
    )

    assert by.holds_back == waits


def test_texts_side_by_side_keep_their_halves() -> None:
    """Two texts of one session, each cut inside a placeholder, do not get each other's halves, nor
    lose theirs at the end.
    """
    pieces = [
        delta("to <IB"),
        delta("for <EMA", item_id="i2"),
        delta("AN_1>"),
        delta("IL_12> <", item_id="i2"),
        delta("<"),
    ]
    out = passed(pieces)

    assert said(out) == f"to {IBAN}<"
    assert said(out, item="i2") == "for a@b.example <"


def test_values_in_arguments_are_spelled_as_json_wants() -> None:
    """The arguments of a tool call are JSON inside JSON: they stay valid with a value that has
    quotes in it.
    """
    kind = "response.function_call_arguments.delta"
    arguments = json.dumps({"name": "<PERSON_1>"})
    out = passed(
        [{"type": kind, "item_id": "i1", "delta": piece} for piece in cut(arguments, [5, 5, 3])]
    )

    assert json.loads(said(out, kind)) == {"name": VALUES["<PERSON_1>"]}


def test_other_strings_are_restored_whole() -> None:
    """A placeholder in any other string of a message becomes its value; keys, numbers and unknown
    marks stay.
    """
    message = {
        "item": {
            "name": "<PERSON_1>",
            "output": '{"iban": "<IBAN_1>"}',
            "n": 1,
            "<IBAN_1>": "<OTHER_1>",
        }
    }
    [out] = passed([message])

    assert out == {
        "item": {
            "name": VALUES["<PERSON_1>"],
            "output": json.dumps({"iban": IBAN}),
            "n": 1,
            "<IBAN_1>": "<OTHER_1>",
        }
    }


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"42",
        b'{"delta": 1.10, "z": 12345678901234567890}',
        b"\xff\xfe",
        b'{"a": ' * 100_000,
        b'"plain"',
        b"null",
    ],
)
@pytest.mark.parametrize("text", [True, False])
def test_messages_without_placeholders_keep_their_bytes(content: bytes, text: bool) -> None:
    """A message in which nothing is to be restored arrives byte for byte, be it what it may."""
    assert restorer().feed(content, text=text) == [content]


def test_json_in_binary_messages_is_restored() -> None:
    """Some services send their JSON as binary messages."""
    assert restorer().feed(b'{"text": "<EMAIL_12>"}', text=False) == [b'{"text":"a@b.example"}']


def test_half_a_letter_does_not_break_the_message() -> None:
    """A server that cuts an emoji between two messages is passed on as it wrote."""
    [out] = restorer().feed(b'{"delta": "<IBAN_1> \\ud83d"}', text=True)

    assert json.loads(out)["delta"] == IBAN + " \ud83d"


def test_an_event_stream_with_pings_between_is_restored() -> None:
    """Pings between the events of a stream do not tear a placeholder apart, and the ends of
    parallel texts are all sent.
    """
    events: list[dict[str, Any]] = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "<IB"}},
        {"type": "ping"},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "b <"}},
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "text_delta", "text": "AN_1> <"},
        },
    ]
    stream = "".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events).encode()
    by = Restorer("text/event-stream", VALUES)
    out = (by.feed(stream) + by.finish()).decode()
    texts = {0: "", 1: ""}
    for line in out.splitlines():
        if line.startswith("data:") and "text" in line:
            event = json.loads(line[5:])
            texts[event["index"]] += event["delta"]["text"]

    assert texts == {0: f"{IBAN} <", 1: "b <"}
