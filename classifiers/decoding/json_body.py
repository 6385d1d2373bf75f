"""JSON bodies of every kind: strict, loose, cut, line by line; what cannot be parsed shows its
strings.
"""

import re
from typing import Any

import orjson

from classifiers.decoding import packed, pieces
from classifiers.decoding.decode_state import Piece, Reading
from classifiers.decoding.json_text import parse
from classifiers.decoding.json_walk import read_lenient, walk
from classifiers.decoding.plain_text import read_plain

_MAX_LINES = 100_000
_LONE_SURROGATE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_FEW_LINES = 4
_LOOSE = ("NaN", "Infinity", "\\ud", "\\uD")
"""What strict JSON does not know."""


def read_json(reading: Reading, piece: Piece, text: str, media_type: str) -> tuple[bool, Any]:
    """Read JSON, else JSON lines, else the strings of broken JSON; (False, None) when it never was
    JSON.
    """
    try:
        root = parse(text.lstrip("﻿"), reading.limits)
    except OverflowError:
        reading.payload.cut = True
        return _lenient(
            reading,
            piece,
            text,
            "the JSON is larger than is parsed: its strings were read one by one",
        )
    except ValueError:
        if _read_lines(reading, piece, text):
            return True, None
        if text[:1] not in "{[" and "json" not in media_type:
            return False, None
        root = _loose(text)
        if root is None:
            reason = "the JSON is malformed: its strings were read one by one"
            return _lenient(reading, piece, text, reason if "json" in media_type else None)
    if isinstance(root, float) and len(text) >= packed.MIN_RUN:
        read_plain(reading, text, piece.key, piece.path, piece.depth)
    if isinstance(root, str):
        packed.look(reading, root, piece.key, piece.path, piece.depth)
    else:
        walk(reading, root, piece.key, piece.path, piece.depth)
        for number in pieces.large_numbers(text.encode("utf-8", "replace")):
            path = (*piece.path, "(number)")
            reading.later(Piece(number, "", piece.key, path, piece.depth + 1))
    return True, root if piece.depth == 0 else None


def _loose(text: str) -> Any:
    """Parse what Python's own `json` writes and strict JSON is not: NaN, Infinity, lone
    surrogates.
    """
    if len(text) > 1 << 20 or not any(mark in text for mark in _LOOSE):
        return None
    import json

    try:
        return json.loads(_LONE_SURROGATE.sub(r"\\ufffd", text))
    except (ValueError, RecursionError):
        return None


def _lenient(reading: Reading, piece: Piece, text: str, reason: str | None) -> tuple[bool, Any]:
    if reason:
        reading.unread(reason, piece.path)
    found = read_lenient(reading, text, piece.path, piece.depth)
    if not reason or not found:
        read_plain(reading, text, piece.key, piece.path, piece.depth)
    return True, None


def _read_lines(reading: Reading, piece: Piece, text: str) -> bool:
    """Read JSON lines (also the event lines of a stream); False unless nearly every line is
    JSON.
    """
    lines = [line for line in (line.strip("\x1e \r") for line in text.split("\n")) if line]
    if not 1 < len(lines) <= _MAX_LINES:
        return False
    if len(lines) > _FEW_LINES and "\n{" not in text and "\n[" not in text:
        return False
    values: list[Any] = []
    bad: list[int] = []
    for number, line in enumerate(lines):
        try:
            values.append(orjson.loads(line))
        except ValueError:
            bad.append(number)
            if len(bad) > 1 + len(lines) // 20:
                return False
    walk(reading, values, piece.key, piece.path, piece.depth)
    for number in bad:
        if not _is_cut(reading, number, len(lines)):
            reading.unread("a line of the JSON lines is malformed", piece.path)
        read_lenient(reading, lines[number], piece.path, piece.depth)
    return True


def _is_cut(reading: Reading, number: int, lines: int) -> bool:
    """Return True for a line that is no whole one because the text is a piece of a larger body."""
    if number == 0 and not reading.begins:
        return True
    return number == lines - 1 and not reading.ends
