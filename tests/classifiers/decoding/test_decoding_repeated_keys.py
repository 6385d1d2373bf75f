"""JSON objects that name a key twice."""

import json
from datetime import UTC, datetime

import pytest

from classifiers.decoding import decode
from core.exchange import Exchange


def texts(body: bytes) -> list[str]:
    exchange = Exchange(
        id="x",
        at=datetime.now(UTC),
        scheme="https",
        host="h.example",
        port=443,
        method="POST",
        path="/",
        headers=(("content-type", "application/json"),),
        body=body,
        body_bytes=len(body),
    )
    return [segment.text for segment in decode(exchange).segments]


@pytest.mark.parametrize(
    "body",
    [
        b'{"note": "hidden value", "note": "fine"}',
        b'{"a": [{"note": "hidden value", "note" : "fine", "note": "ok"}]}',
        b'{"note": {"deep": "hidden value"}, "note": "fine"}',
    ],
)
def test_every_value_of_a_repeated_key_is_read(body: bytes) -> None:
    """A value is not hidden by naming its key again: whoever receives it may read the first one."""
    found = texts(body)

    assert "hidden value" in found
    assert "fine" in found


def test_ordinary_json_is_read_once() -> None:
    """JSON inside strings, and keys that look alike, change nothing."""
    body = json.dumps(
        {"a": json.dumps({"b": "one", "c": '":'}), "d": 'x": y', "e": {"b": "two"}}
    ).encode()

    assert sorted(set(texts(body)) & {"one", "two"}) == ["one", "two"]
    assert len([t for t in texts(body) if t == "two"]) == 1
