"""Whether an answer is all there: many clients leave at the last event and do not wait for the end
of the connection.
"""

import orjson

TAIL = 4096
"""So much of the end of a stream is kept to tell whether it has said that it is over."""
_LAST = tuple(
    word.encode()
    for word in (
        "\ndata:[DONE]",
        '"type":"message_stop"',
        '"type":"message-end"',
        '"type":"response.completed"',
        '"type":"response.incomplete"',
        '"type":"response.failed"',
        '"type":"response.cancelled"',
        '"event_type":"stream-end"',
        '"object":"thread.run","status":"completed"',
        "\nevent:done\n",
        "\nevent:message_stop",
        "\nevent:response.completed",
        "\nevent:thread.run.completed",
        "\nevent:message-end",
        '"done":true',
        '"is_finished":true',
        '"finish_reason":"',
        '"finishReason":"',
        '"stop_reason":"',
        '"stopReason":"',
        '"generated_text":"',
        '"completionReason":"',
    )
)
"""What only the last events of a stream hold, blanks left out. In a model's own words a quote is
escaped, so that they cannot say it."""
_GOES_ON = (b'"finish_reason":"null"', b'"finishReason":""', b'"finish_reason":""')


def says_end(tail: bytes) -> bool:
    """Return True when the end of a stream, as it came, says that the answer is over."""
    plain = tail.replace(b" ", b"").replace(b"\r", b"")
    for nothing in _GOES_ON:
        plain = plain.replace(nothing, b"")
    return any(word in plain for word in _LAST)


def is_whole(data: bytes) -> bool:
    """Return True for JSON that is all there."""
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError:
        return False
    return True
