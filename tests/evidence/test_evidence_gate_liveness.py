"""What a gate leaves said beside the evidence, also on a disk that has become full."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from core.errors import EvidenceError
from evidence.gate_liveness import Presence
from evidence.gate_words import words


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """A list: while it holds something, no file grows."""
    full, write = list[bool](), os.write

    def refused(handle: int, data: bytes) -> int:
        end = os.lseek(handle, 0, os.SEEK_CUR) + len(data)
        if full and end > os.fstat(handle).st_size:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, data)

    monkeypatch.setattr(os, "write", refused)
    return full


def said(place: Path) -> list[tuple[int, str | None]]:
    return [(word.seq, word.trouble) for word in words(place)]


def test_the_first_word_is_said_on_a_full_disk_too(tmp_path: Path, full_disk: list[Any]) -> None:
    """It was not said: the file was empty, and had no room of its own."""
    place = tmp_path / "evidence.db"
    presence = Presence(place)
    assert said(place) == []
    full_disk.append(True)
    presence.say(0, b"", "9 records could not be written.")
    assert said(place) == [(0, "9 records could not be written.")]
    presence.say(7, b"\7", "1 record could not be written." + "x" * 300)
    presence.say(8, b"\7", "2 records could not be written.")
    assert said(place) == [(8, "2 records could not be written.")]
    presence.leave()
    assert said(place) == [(8, "2 records could not be written.")]


def test_a_gate_that_could_say_nothing_does_not_start(tmp_path: Path, full_disk: list[Any]) -> None:
    full_disk.append(True)
    with pytest.raises(EvidenceError):
        Presence(tmp_path / "evidence.db")
    assert list(tmp_path.iterdir()) == []


def test_a_gate_that_lost_nothing_leaves_nothing(tmp_path: Path) -> None:
    presence = Presence(tmp_path / "evidence.db")
    presence.say(3, b"\1", None)
    presence.leave()
    assert list(tmp_path.iterdir()) == []
