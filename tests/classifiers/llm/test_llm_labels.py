"""Findings say which role and part of a model call they were in."""

import base64
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.decoding import decode
from classifiers.llm import label
from classifiers.llm.labels import of_path
from classifiers.payload import Document, Payload, Table
from core.exchange import Exchange

CSV = base64.b64encode(b"name,number\nA,needle-in-file\n" * 9).decode()


def labelled(body: object) -> dict[str, str | None]:
    raw = orjson.dumps(body)
    exchange = Exchange(
        id="x",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        scheme="https",
        host="h",
        port=443,
        method="POST",
        path="/",
        headers=(("content-type", "application/json"),),
        body=raw,
        body_bytes=len(raw),
    )
    payload = decode(exchange)
    label(payload)
    return {s.text: s.label for s in payload.segments if "needle" in s.text}


@pytest.mark.parametrize(
    ("body", "text", "expected"),
    [
        ({"messages": [{"role": "system", "content": "needle"}]}, "needle", "system prompt"),
        ({"messages": [{"role": "developer", "content": "needle"}]}, "needle", "system prompt"),
        ({"system": "needle", "messages": []}, "needle", "system prompt"),
        (
            {"system": [{"type": "text", "text": "needle"}], "messages": []},
            "needle",
            "system prompt",
        ),
        (
            {"systemInstruction": {"parts": [{"text": "needle"}]}, "contents": []},
            "needle",
            "system prompt",
        ),
        ({"instructions": "needle", "input": "x"}, "needle", "system prompt"),
        (
            {
                "messages": [
                    {"role": "user", "content": "a"},
                    {"role": "assistant", "content": "b"},
                    {"role": "user", "content": "needle"},
                ]
            },
            "needle",
            "user message 2",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "needle"}]}]},
            "needle",
            "user message 1",
        ),
        (
            {"messages": [{"role": "assistant", "content": "needle"}]},
            "needle",
            "assistant message 1",
        ),
        (
            {"messages": [{"role": "tool", "content": "a"}, {"role": "tool", "content": "needle"}]},
            "needle",
            "tool result 2",
        ),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [
                            {"type": "tool_result", "tool_use_id": "t", "content": "needle"}
                        ],
                    }
                ]
            },
            "needle",
            "tool result 1",
        ),
        (
            {
                "messages": [
                    {
                        "role": "assistant",
                        "tool_calls": [{"function": {"name": "f", "arguments": '{"a":"needle"}'}}],
                    }
                ]
            },
            "needle",
            "tool call 1",
        ),
        (
            {
                "messages": [
                    {
                        "role": "assistant",
                        "content": [{"type": "tool_use", "name": "f", "input": {"a": "needle"}}],
                    }
                ]
            },
            "needle",
            "tool call",
        ),
        (
            {"input": [{"type": "function_call_output", "call_id": "c", "output": "needle"}]},
            "needle",
            "tool result 1",
        ),
        ({"input": "needle"}, "needle", "prompt"),
        ({"prompt": "needle"}, "needle", "prompt"),
        ({"input": ["a", "needle"], "model": "e"}, "needle", "text to embed"),
        (
            {"contents": [{"role": "user", "parts": [{"text": "needle"}]}]},
            "needle",
            "user message 1",
        ),
        (
            {
                "contents": [
                    {
                        "role": "user",
                        "parts": [{"functionResponse": {"name": "f", "response": {"a": "needle"}}}],
                    }
                ]
            },
            "needle",
            "tool result 1",
        ),
        (
            {
                "messages": [],
                "tools": [
                    {"type": "function", "function": {"name": "find", "description": "needle"}}
                ],
            },
            "needle",
            "definition of tool find",
        ),
        (
            {
                "jsonrpc": "2.0",
                "method": "tools/call",
                "params": {"name": "find", "arguments": {"q": "needle"}},
            },
            "needle",
            "arguments of tool find",
        ),
        (
            {"request": {"contents": [{"role": "user", "parts": [{"text": "needle"}]}]}},
            "needle",
            "user message 1",
        ),
        (
            {"messages": [{"author": {"role": "user"}, "content": {"parts": ["needle"]}}]},
            "needle",
            "user message 1",
        ),
        ({"order": {"note": "needle"}}, "needle", None),
    ],
)
def test_role_and_part(body: object, text: str, expected: str | None) -> None:
    """A privacy officer reads "in tool result 2", not a JSON path."""
    assert labelled(body)[text] == expected


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (
            {
                "type": "file",
                "file": {"filename": "customers.csv", "file_data": "data:text/csv;base64," + CSV},
            },
            "attachment customers.csv in user message 1",
        ),
        (
            {
                "type": "document",
                "title": "plan.txt",
                "source": {"type": "base64", "media_type": "text/csv", "data": CSV},
            },
            "attachment plan.txt in user message 1",
        ),
    ],
)
def test_attachments_by_name(part: object, expected: str) -> None:
    """What was found inside an attached file names the file."""
    raw = orjson.dumps({"messages": [{"role": "user", "content": [part]}]})
    exchange = Exchange(
        id="x",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        scheme="https",
        host="h",
        port=443,
        method="POST",
        path="/",
        headers=(("content-type", "application/json"),),
        body=raw,
        body_bytes=len(raw),
    )
    payload = decode(exchange)
    label(payload)
    inside = [s.label for s in payload.segments if "needle-in-file" in s.text]
    inside += [
        t.label
        for t in payload.tables
        if any("needle-in-file" in v for v in t.values.get("number", []))
    ]
    assert inside
    assert set(inside) == {expected}


def test_documents_and_tables_are_named() -> None:
    """Files that wait for a reader of their own carry the name under which they were attached."""
    body = {
        "messages": [
            {"role": "user", "content": [{"type": "file", "file": {"filename": "a.xlsx"}}]}
        ]
    }
    payload = Payload(json=body)
    path = ("messages", 0, "content", 0, "file", "file_data")
    payload.documents.append(Document(b"x", None, None, path))
    payload.documents.append(Document(b"x", None, "own.pdf", path))
    payload.tables.append(Table(("a",), 1, {"a": ["x"]}, path))
    label(payload)
    assert [d.label for d in payload.documents] == [
        "attachment a.xlsx in user message 1",
        "attachment own.pdf",
    ]
    assert payload.tables[0].label == "attachment a.xlsx in user message 1"


def test_only_the_wanted_segments_are_named() -> None:
    """Calls in which nothing was found pay nothing for names."""
    raw = orjson.dumps(
        {"messages": [{"role": "user", "content": "one"}, {"role": "user", "content": "two"}]}
    )
    exchange = Exchange(
        id="x",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        scheme="https",
        host="h",
        port=443,
        method="POST",
        path="/",
        headers=(("content-type", "application/json"),),
        body=raw,
        body_bytes=len(raw),
    )
    payload = decode(exchange)
    index = next(i for i, s in enumerate(payload.segments) if s.text == "two")
    label(payload, [index])
    assert [s.label for s in payload.segments if s.text in {"one", "two"}] == [
        None,
        "user message 2",
    ]


paths = st.lists(
    st.sampled_from(
        ["messages", "content", "input", "tools", "params", "request", "file", 0, 1, 99, -1, ""]
    ),
    min_size=1,
    max_size=6,
)


@given(
    paths,
    st.sampled_from(
        [
            {},
            {"messages": [5, {"role": "user", "content": [{"file": 3}]}]},
            {"tools": [1]},
            {"request": 3},
            {"input": [["x"]]},
        ]
    ),
)
def test_no_path_breaks_naming(path: list[str | int], body: dict[str, object]) -> None:
    """A place that does not fit the body has no name, and that is all."""
    of_path(body, tuple(path))
