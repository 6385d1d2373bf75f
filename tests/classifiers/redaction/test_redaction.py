"""Redaction: values out, placeholders in; and back again in the answer, split anywhere."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_traffic import exchange

from classifiers.engine import EngineSetup
from classifiers.gate_classifier import GateClassifier
from classifiers.redaction import Restorer
from classifiers.redaction.rewriting import refuse_signed, rewrite
from core.exchange import OtherName
from core.organisation import Organisation
from core.redaction import CannotRedactError

IBAN = "DE90 8713 1860 9139 0996 03"
VALUES = {"<IBAN_1>": IBAN, "<PERSON_1>": 'Ann "Q" Müller', "<EMAIL_12>": "a@b.example"}
TO_MARKS = {value: mark for mark, value in VALUES.items()}
WORDS = st.sampled_from(
    [*VALUES, "<b>", "<", "<IB", "text ", "ü", '"', "\n", "<IBAN_2>", "<UNKNOWN_1>", "a<B>c"]
)


def test_json_values_become_placeholders_and_nothing_else_changes() -> None:
    """Only the found values change in a JSON body; numbers keep their digits and objects their
    order.
    """
    body = (
        b'{"z": 1.10, "a": [12345678901234567890, "pay ' + IBAN.encode() + b'"], "m": "x\\nDE90"}'
    )
    new = rewrite(body, "application/json", {IBAN: "<IBAN_1>"})

    assert new == body.replace(IBAN.encode(), b"<IBAN_1>")


@pytest.mark.parametrize("ascii_only", [True, False])
def test_escaped_and_nested_spellings_are_found(ascii_only: bool) -> None:
    """A value inside JSON inside JSON, escaped in whatever way, is replaced too."""
    inner = json.dumps({"name": 'Ann "Q" Müller'}, ensure_ascii=ascii_only)
    body = json.dumps(
        {"arguments": inner, "content": '\nAnn "Q" Müller!'}, ensure_ascii=ascii_only
    ).encode()
    new = json.loads(rewrite(body, "application/json", {'Ann "Q" Müller': "<PERSON_1>"}))

    assert json.loads(new["arguments"]) == {"name": "<PERSON_1>"}
    assert new["content"] == "\n<PERSON_1>!"


def test_a_value_inside_a_longer_word_is_left() -> None:
    """`Ann` is not replaced inside `Annual`."""
    assert (
        rewrite(b"Annual report by Ann.", "text/plain", {"Ann": "<PERSON_1>"})
        == b"Annual report by <PERSON_1>."
    )


def test_forms_are_replaced_in_their_spelling() -> None:
    """A form field's value is found in its percent-encoded spelling and the placeholder is encoded
    likewise.
    """
    new = rewrite(
        b"a=1&iban=DE90+8713+1860+9139+0996+03&b=%3C",
        "application/x-www-form-urlencoded",
        {IBAN: "<IBAN_1>"},
    )

    assert new == b"a=1&iban=%3CIBAN_1%3E&b=%3C"


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "AWS4-HMAC-SHA256 Credential=x"},
        {"x-amz-content-sha256": "e3b0"},
        {"content-md5": "x"},
        {"digest": "sha-256=x"},
    ],
)
def test_signed_bodies_are_not_touched(headers: dict[str, str]) -> None:
    """A body that its sender has signed cannot be redacted; it is refused instead."""
    with pytest.raises(CannotRedactError):
        refuse_signed(headers)


def test_a_value_in_a_number_cannot_be_redacted() -> None:
    """A number cannot become text without changing what the body means; that is refused, not half
    done.
    """
    with pytest.raises(CannotRedactError):
        rewrite(
            b'{"card": 4539000000002552}',
            "application/json",
            {"4539000000002552": "<CREDIT_CARD_1>"},
        )


def test_unknown_types_are_refused() -> None:
    """What has no known text form is not rewritten."""
    with pytest.raises(CannotRedactError):
        rewrite(b"\x00\x01", "application/octet-stream", {"a": "<X_1>"})


def _in_pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(at)]


def _restored(kind: str, data: bytes, cuts: list[int]) -> bytes:
    restorer = Restorer(kind, VALUES)
    return b"".join(restorer.feed(piece) for piece in _in_pieces(data, cuts)) + restorer.finish()


def _expected(text: str) -> str:
    for mark, value in VALUES.items():
        text = text.replace(mark, value)
    return text


@given(st.lists(WORDS, max_size=12), st.lists(st.integers(0, 200), max_size=8))
def test_plain_answers_are_restored_for_every_split(words: list[str], cuts: list[int]) -> None:
    """Wherever the network splits a plain answer, every placeholder becomes its value and nothing
    else changes.
    """
    text = "".join(words)

    assert _restored("text/plain", text.encode(), cuts) == _expected(text).encode()


@given(st.lists(WORDS, max_size=12), st.lists(st.integers(0, 400), max_size=8), st.booleans())
def test_json_answers_are_restored_for_every_split(
    words: list[str], cuts: list[int], escaped: bool
) -> None:
    """A JSON answer stays valid JSON with the values in it, also from servers that escape angle
    brackets.
    """
    text = "".join(words)
    data = json.dumps({"content": text}).encode()
    if escaped:
        data = data.replace(b"<", b"\\u003c").replace(b">", b"\\u003e")

    assert json.loads(_restored("application/json", data, cuts))["content"] == _expected(text)


@given(
    st.lists(WORDS, max_size=10),
    st.lists(st.integers(1, 7), max_size=40),
    st.lists(st.integers(0, 3000), max_size=8),
)
def test_event_streams_are_restored_for_every_split(
    words: list[str], sizes: list[int], cuts: list[int]
) -> None:
    """A model emits a placeholder token by token; the events together still read as the value,
    whatever the splits.
    """
    text = "".join(words)
    tokens, rest = [], text
    for size in [*sizes, len(text) or 1]:
        tokens.append(rest[:size])
        rest = rest[size:]
    events: list[dict[str, object]] = [{"choices": [{"index": 0, "delta": {"role": "assistant"}}]}]
    events += [{"choices": [{"index": 0, "delta": {"content": token}}]} for token in tokens]
    events.append({"choices": [], "usage": {"total_tokens": 3}})
    stream = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
    out = _restored("text/event-stream; charset=utf-8", stream.encode(), cuts).decode()

    data = [line[5:].strip() for line in out.splitlines() if line.startswith("data:")]
    assert data[-1] == "[DONE]"
    deltas = [json.loads(d)["choices"] for d in data[:-1]]
    assert "".join(c[0]["delta"].get("content", "") for c in deltas if c) == _expected(text)


OLLAMA = {
    "chat": lambda token, done: {
        "model": "llama3",
        "message": {"role": "assistant", "content": token},
        "done": done,
    },
    "generate": lambda token, done: {"model": "llama3", "response": token, "done": done},
    "cohere": lambda token, done: {
        "event_type": "text-generation",
        "text": token,
        "is_finished": done,
    },
}


@given(
    st.sampled_from(sorted(OLLAMA)),
    st.sampled_from(
        ["application/x-ndjson", "application/jsonl", "application/stream+json", "application/json"]
    ),
    st.lists(WORDS, max_size=10),
    st.lists(st.integers(1, 7), max_size=40),
    st.lists(st.integers(0, 3000), max_size=8),
    st.booleans(),
)
def test_objects_one_a_line_are_restored_for_every_split(
    form: str, kind: str, words: list[str], sizes: list[int], cuts: list[int], ends_bare: bool
) -> None:
    """A placeholder that a model emits over several lines becomes its value, also under the name of
    plain JSON; the last line stays the last that says so.
    """
    text = "".join(words)
    tokens, rest = [], text
    for size in [*sizes, len(text) or 1]:
        tokens.append(rest[:size])
        rest = rest[size:]
    made = [OLLAMA[form](token, False) for token in tokens]
    last = OLLAMA[form]("" if ends_bare else "bye", True)
    stream = "".join(f"{json.dumps(one)}\n" for one in [*made, last])
    out = _restored(kind, stream.encode(), cuts).decode()

    lines = [json.loads(line) for line in out.splitlines()]
    assert lines[-1].get("done", lines[-1].get("is_finished")) is True
    key = {"chat": "message", "generate": "response", "cohere": "text"}[form]
    told = [line[key] for line in lines]
    whole = "".join(one["content"] if isinstance(one, dict) else one for one in told)
    assert whole == _expected(text) + ("" if ends_bare else "bye")


@pytest.mark.parametrize("ended", [True, False])
def test_a_half_placeholder_at_the_end_of_the_lines_is_not_lost(ended: bool) -> None:
    """What only began like a placeholder goes out as it came."""
    begun = next(iter(VALUES))[:4]
    stream = json.dumps({"response": f"a{begun}", "done": False}) + ("\n" if ended else "")
    out = _restored("application/x-ndjson", stream.encode(), [9]).decode()
    assert "".join(json.loads(line)["response"] for line in out.splitlines()) == f"a{begun}"


def test_a_line_without_end_is_not_held_for_ever() -> None:
    """Objects one a line may turn out to be one endless line: it goes on, and is restored."""
    mark, value = next(iter(VALUES.items()))
    text = "x" * 5_000_000 + mark
    out = _restored(
        "application/x-ndjson", json.dumps({"a": text}).encode(), list(range(0, 5_000_000, 65_536))
    )
    assert json.loads(out)["a"] == "x" * 5_000_000 + value


def test_parallel_answers_do_not_mix() -> None:
    """Two answers streamed side by side keep their own halves of a placeholder."""
    events = [
        {"choices": [{"index": 0, "delta": {"content": "to <IB"}}]},
        {"choices": [{"index": 1, "delta": {"content": "for <EMA"}}]},
        {"choices": [{"index": 0, "delta": {"content": "AN_1>."}}]},
        {"choices": [{"index": 1, "delta": {"content": "IL_12>!"}}]},
    ]
    stream = "".join(f"data: {json.dumps(event)}\n\n" for event in events).encode()
    texts = {0: "", 1: ""}
    for line in _restored("text/event-stream", stream, []).decode().splitlines():
        if line.startswith("data:"):
            choice = json.loads(line[5:])["choices"][0]
            texts[choice["index"]] += choice["delta"]["content"]

    assert texts == {0: f"to {IBAN}.", 1: "for a@b.example!"}


def test_anthropic_events_are_restored() -> None:
    """Anthropic's typed events are restored like OpenAI's."""
    events = [
        (
            "content_block_delta",
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": "<IBAN"},
            },
        ),
        (
            "content_block_delta",
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": "_1> ok"},
            },
        ),
        ("content_block_stop", {"type": "content_block_stop", "index": 0}),
    ]
    stream = "".join(
        f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events
    ).encode()
    out = _restored("text/event-stream", stream, [10, 50])

    assert IBAN.encode() in out
    assert b"IBAN_1" not in out


@pytest.mark.parametrize(
    ("coding", "damage"),
    [
        ("gzip", lambda body: body[:-3]),
        ("gzip", lambda body: body[:-6] + b"\0\0" + body[-4:]),
        ("gzip", lambda body: body + b" and more"),
        ("xor", bytes),
    ],
)
def test_a_body_that_does_not_unpack_whole_is_not_redacted(
    coding: str, damage: Callable[[bytes], bytes]
) -> None:
    """Redaction sends a body unpacked: where not all of it comes out, another body would be sent,
    so none is.
    """
    classifier = GateClassifier(
        EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False)
    )
    packed = gzip.compress(json.dumps({"note": "pay " + IBAN}).encode())
    sent = exchange(packed, headers={"content-encoding": "gzip"})
    redacted = classifier.redact(sent, frozenset({"iban"}), "s.py")
    assert json.loads(redacted.body) == {"note": "pay <IBAN_1>"}
    assert redacted.values == {"<IBAN_1>": IBAN}

    odd = exchange(damage(packed), headers={"content-encoding": coding})
    with pytest.raises(CannotRedactError, match="cannot be undone"):
        classifier.redact(odd, frozenset({"iban"}), "s.py")


def test_a_key_for_its_own_service_is_redacted_where_another_host_is_named() -> None:
    """A key may go to the service that gave it; a request that names another host as well could
    bring it there, and so the key is found and replaced.
    """
    token = "ghp_" + "a1B2c3D4e" * 4
    classifier = GateClassifier(
        EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False)
    )
    body = f"grant_type=refresh_token&refresh_token={token}"
    own = exchange(body, "application/x-www-form-urlencoded", host="api.github.com")
    other = OtherName(host="evil.example", port=443, named_by="Host header")

    assert token.encode() in classifier.redact(own, frozenset({"secret"}), "s").body
    two = replace(own, other_names=(other,))
    redacted = classifier.redact(two, frozenset({"secret"}), "s")
    assert token.encode() not in redacted.body
    assert list(redacted.values.values()) == [token]
