"""Files in messages and in the results of tools are attachments; words about files are none."""

import hashlib

import orjson
import pytest
from llm_requests import request, seen

from classifiers.llm import recognise

PNG = b"\x89PNG\r\n" + b"x" * 90


def b64(data: bytes) -> str:
    import base64

    return base64.b64encode(data).decode()


PICTURE = b64(PNG)
URL = "data:image/png;base64," + PICTURE
INLINE = {"inlineData": {"mimeType": "image/png", "data": PICTURE}}
MCP_IMAGE = {"type": "image", "data": PICTURE, "mimeType": "image/png"}
CLAUDE_IMAGE = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": PICTURE},
}


@pytest.mark.parametrize(
    ("part", "media_type"),
    [
        (
            {"type": "image_url", "image_url": {"url": "data:image/png;base64," + b64(PNG)}},
            "image/png",
        ),
        ({"type": "input_image", "image_url": "data:image/png;base64," + b64(PNG)}, "image/png"),
        (
            {
                "type": "file",
                "file": {
                    "filename": "a.pdf",
                    "file_data": "data:application/pdf;base64," + b64(PNG),
                },
            },
            "application/pdf",
        ),
        ({"type": "input_audio", "input_audio": {"data": b64(PNG), "format": "wav"}}, "audio/wav"),
        (
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": b64(PNG)},
            },
            "image/png",
        ),
        ({"image": {"format": "png", "source": {"bytes": b64(PNG)}}}, "image/png"),
        ({"document": {"format": "csv", "name": "x", "source": {"bytes": b64(PNG)}}}, "text/csv"),
        (
            {
                "type": "tool_result",
                "content": [
                    {"type": "image", "source": {"media_type": "image/png", "data": b64(PNG)}}
                ],
            },
            "image/png",
        ),
    ],
)
def test_attachments_in_messages(part: object, media_type: str) -> None:
    """Each file or image in a prompt is recorded by type, size and hash of its bytes."""
    call = seen(
        "https://x.example/y",
        {
            "model": "m",
            "messages": [{"role": "user", "content": [{"type": "text", "text": "see"}, part]}],
        },
    )
    assert call is not None
    [attachment] = call.attachments
    assert (attachment.media_type, attachment.bytes, attachment.sha256) == (
        media_type,
        len(PNG),
        hashlib.sha256(PNG).hexdigest(),
    )


def _said(role: str, content: object, **more: object) -> dict[str, object]:
    return {"model": "m", "messages": [{"role": role, "content": content, **more}]}


@pytest.mark.parametrize(
    "body",
    [
        _said("user", [{"type": "tool_result", "tool_use_id": "t", "content": [CLAUDE_IMAGE]}]),
        _said(
            "user",
            [{"type": "tool_result", "content": orjson.dumps([MCP_IMAGE]).decode()}],
        ),
        _said("tool", [{"type": "image_url", "image_url": {"url": URL}}], tool_call_id="t"),
        _said("tool", orjson.dumps({"content": [MCP_IMAGE]}).decode(), tool_call_id="t"),
        _said("tool", orjson.dumps({"screenshot": 1, "image": {"url": URL}}).decode()),
        _said(
            "user",
            [
                {
                    "toolResult": {
                        "toolUseId": "t",
                        "content": [{"image": {"format": "png", "source": {"bytes": PICTURE}}}],
                    }
                }
            ],
        ),
        {
            "model": "m",
            "input": [
                {
                    "type": "function_call_output",
                    "call_id": "c",
                    "output": [{"type": "input_image", "image_url": URL}],
                }
            ],
        },
        {
            "model": "m",
            "input": [
                {
                    "type": "function_call_output",
                    "call_id": "c",
                    "output": orjson.dumps([MCP_IMAGE]).decode(),
                }
            ],
        },
        {
            "model": "m",
            "input": [
                {
                    "type": "computer_call_output",
                    "output": {"type": "computer_screenshot", "image_url": URL},
                }
            ],
        },
        {
            "contents": [
                {
                    "role": "user",
                    "parts": [
                        {
                            "functionResponse": {
                                "name": "f",
                                "response": {"ok": True},
                                "parts": [INLINE],
                            }
                        }
                    ],
                }
            ]
        },
        _said(
            "user",
            [
                {
                    "type": "tool_result",
                    "content": [
                        {
                            "type": "resource",
                            "resource": {"uri": "x", "mimeType": "image/png", "blob": PICTURE},
                        }
                    ],
                }
            ],
        ),
    ],
    ids=range(11),
)
def test_files_in_results_of_tools_are_attachments(body: object) -> None:
    """What a tool gave back leaves with the next call: a picture in it counts once."""
    call = recognise(*request("https://api.openai.com/v1/chat/completions", body))
    assert call is not None
    assert [(a.media_type, a.bytes) for a in call.attachments] == [("image/png", len(PNG))]


def test_words_of_tools_and_people_are_no_attachments() -> None:
    """JSON without a file, and what a person writes about one, carry none."""
    for body in (
        _said("tool", orjson.dumps({"data": [1, 2], "url": "https://x/y.png"}).decode()),
        _said("tool", '{"data": "short"}'),
        _said("tool", '{"data": "' + PICTURE),
        _said("user", orjson.dumps([MCP_IMAGE]).decode()),
    ):
        call = recognise(*request("https://api.openai.com/v1/chat/completions", body))
        assert call is not None
        assert call.attachments == ()


def test_attachments_of_gemini_and_ollama() -> None:
    """So are those of families that put them elsewhere."""
    inline = {
        "contents": [
            {"role": "user", "parts": [{"inlineData": {"mimeType": "image/png", "data": b64(PNG)}}]}
        ]
    }
    images = {
        "model": "llava",
        "messages": [{"role": "user", "content": "see", "images": [b64(PNG)]}],
        "options": {},
    }
    for body, media_type in ((inline, "image/png"), (images, None)):
        call = seen("https://x.example/y", body)
        assert call is not None
        assert [(a.media_type, a.bytes) for a in call.attachments] == [(media_type, len(PNG))]
