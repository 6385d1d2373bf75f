"""A file is more than its content: what stands beside it is read, or said to be unread."""

import io
import random
import zipfile

import pytest
from families import with_each
from hidden_places import BYTES, NAMES, SHORT, in_package
from made_up_traffic import exchange

from classifiers.engine import Engine, EngineSetup, build_worker
from core.classification import Classification
from core.organisation import Organisation
from core.vocabulary.unread import unread_text

SETUP = EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False)
WORKER, INLINE = build_worker(SETUP), Engine(SETUP)
IBAN = b"DE02120300000000202051"
TOLD_BROKEN = {"ZIP: name in front of a file", "ZIP: file that it does not list"}
"""Where two accounts of one file disagree, the file is not trusted."""


def seen_in(data: bytes) -> Classification:
    """As the gate does: on the loop, and in a worker where that waits for one."""
    sent = exchange(data, "application/octet-stream")
    seen = INLINE.classify(sent)
    return WORKER.classify(sent) if seen.deferred else seen


@with_each("place", [*NAMES, *SHORT, *BYTES])
def test_a_value_beside_the_content_is_found(place: str) -> None:
    """A bank number in a name, a comment, a note or behind the end of a file is found there."""
    hide = (NAMES | SHORT | BYTES)[place]
    seen = seen_in(hide(IBAN))
    found = "iban" in {finding.kind for finding in seen.findings}
    assert not seen.degraded
    assert found or (place in TOLD_BROKEN and unread_text(seen.findings))


@pytest.mark.parametrize("place", [*SHORT, *BYTES])
def test_what_nobody_can_read_beside_the_content_is_said(place: str) -> None:
    """Bytes without a known form beside the content are never taken for clean."""
    hide, size = (SHORT | BYTES)[place], 150 if place in SHORT else 800
    assert unread_text(seen_in(hide(random.Random(3).randbytes(size))).findings)


@with_each("place", sorted({*NAMES, *SHORT, *BYTES} - TOLD_BROKEN))
def test_ordinary_words_there_are_clean(place: str) -> None:
    """Names and comments as programs write them are no findings, and leave nothing unread."""
    seen = seen_in((NAMES | SHORT | BYTES)[place](b"monthly report"))
    assert not [f.kind for f in seen.findings if f.kind != "person_name"]


def test_a_stated_size_hides_nothing() -> None:
    """An archive that calls its file shorter than it is has all of it read."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.txt", b"hello, " + IBAN)
    data = bytearray(out.getvalue())
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = (6).to_bytes(4, "little")
    seen = seen_in(bytes(data))
    assert "iban" in {f.kind for f in seen.findings} or unread_text(seen.findings)


def test_files_of_programs_leave_nothing_unread() -> None:
    """Workbooks, documents and archives as common libraries write them are read whole."""
    for data in (in_package(b"hello", "notes.txt"), in_package(b"hello", "notes.txt", "docx")):
        assert seen_in(data).findings == ()
