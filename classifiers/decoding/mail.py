"""Mails with their parts and attachments: headers as text with names, each part as any payload."""

import email
import email.policy
import re
from email.message import Message

from classifiers.decoding import packed
from classifiers.decoding.decode_state import Piece, Reading
from classifiers.decoding.part_heads import decoded_words, read_head
from classifiers.payload import Path

MEDIA_TYPES = frozenset({"message/rfc822", "message/global", "application/mbox"})
_HEADER = re.compile(
    rb"(?im)^(?:from|to|cc|subject|date|message-id|mime-version|received|return-path|content-type)"
    rb":[ \t]"
)
_FEWEST_HEADERS = 3
_LOOKED_AT = 16_384
_MAX_PARTS = 500
_MAX_HEADERS = 200
_ENVELOPE = b"\nFrom "


def is_mail(data: bytes, media_type: str = "") -> bool:
    """True for a message as mail programs write it: by its declared type or its header lines."""
    head = data[:_LOOKED_AT].lstrip(b"\r\n")
    if media_type in MEDIA_TYPES:
        return _HEADER.search(head) is not None
    first = head.partition(b"\n")[0]
    if b":" not in first[:80] and not first.startswith(b"From "):
        return False
    head = head.partition(b"\n\n")[0].partition(b"\r\n\r\n")[0]
    names = {found.lower() for found in _HEADER.findall(head)}
    return len(names) >= _FEWEST_HEADERS and b"mime-version: " in names


def read_mail(reading: Reading, data: bytes, path: Path, depth: int) -> None:
    """Read a message, or all of a mailbox."""
    starts = data.startswith(_ENVELOPE[1:])
    messages = (b"\n" + data).split(_ENVELOPE)[1:] if starts else [data]
    for number, raw in enumerate(messages[:_MAX_PARTS]):
        first, _, rest = raw.partition(b"\n")
        whole = rest if starts else raw
        if starts:
            reading.emit(first.decode("utf-8", "replace"), "from", (*path, "from"))
        message = email.message_from_bytes(whole, policy=email.policy.compat32)
        _read(reading, message, (*path, number) if len(messages) > 1 else path, depth)
    if len(messages) > _MAX_PARTS:
        reading.cut("more mails than are read", path)


def _read(reading: Reading, message: Message, path: Path, depth: int) -> None:
    for number, part in enumerate(message.walk()):
        if number >= _MAX_PARTS:
            reading.cut("more parts of a mail than are read", path)
            return
        inside = (*path, f"part {number}") if number else path
        _read_head(reading, part, inside, depth)
        if part.is_multipart():
            continue
        content = part.get_payload(decode=True)
        if isinstance(content, bytes) and content.strip():
            charset = part.get_content_charset() or ""
            media_type = part.get_content_type() + (f"; charset={charset}" if charset else "")
            given = part.get_filename()
            reading.later(
                Piece(
                    content,
                    media_type,
                    None,
                    (*path, f"part {number}"),
                    depth + 1,
                    decoded_words(given) if given else None,
                )
            )


def _read_head(reading: Reading, part: Message, path: Path, depth: int) -> None:
    """Read the headers of a part, and what stands in front of its parts and behind them."""
    if len(part) > _MAX_HEADERS:
        reading.cut("more headers than are read", path)
    for name, value in part.items()[:_MAX_HEADERS]:
        read_head(reading, name, str(value), path, depth)
    for around in (part.preamble, part.epilogue):
        if around and around.strip():
            packed.look(reading, around, None, path, depth)
