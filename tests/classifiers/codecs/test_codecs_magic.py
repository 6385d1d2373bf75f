"""What bytes are, told by their beginning: files are known, and text that begins like one stays
text.
"""

import pytest

from classifiers.codecs.magic import (
    MAGICS,
    coding_of,
    document_type,
    holds_file,
    is_file,
    media_type_of,
    packed_as,
    picture_type,
)
from classifiers.documents.registry import by_media_type

TEXTS = [
    "ORC files hold columns",
    "PAR1 is how parquet begins",
    "PARE",
    "BZh9 is bzip2",
    "BM, the band",
    "FEA1 said",
    "ID3 tags are in music",
    "fLaC is lossless",
    "GIF89a was a format",
    "OggS",
    "Rar! she said",
    "ARROW1",
    "Obj",
    "7z is an archiver",
    "II* and MM",
    "PK, who are you?",
    "SQLite format 3 is the header",
    "RIFF raff WAVE hello",
    "1234ftyp is in films",
    "{\\rt",
    "#!AMR is not a shell",
    "8BPS",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("more", ["", " and so on, line after line\n" * 20])
def test_text_that_begins_like_a_file_stays_text(text: str, more: str) -> None:
    """Nothing that a person wrote is taken for a file, or it would not be read."""
    data = (text + more).encode()

    assert document_type(data) is None
    assert coding_of(data) is None
    assert not is_file(data)
    assert not holds_file(b"--b\r\n\r\n" + data)


def test_each_beginning_is_in_the_table_once() -> None:
    """No two kinds begin alike at the same place."""
    seen = [(magic.at, magic.start) for magic in MAGICS]

    assert len(seen) == len(set(seen))


def test_what_is_no_picture_has_a_reader() -> None:
    """Every kind in the table that is no picture, sound or film is one that a reader takes, if only
    to say why not.
    """
    kinds = {m.media_type for m in MAGICS if m.media_type.partition("/")[0] == "application"}

    assert kinds - by_media_type().keys() == set()


MEDIA = [
    (b"\x89PNG\r\n\x1a\n" + bytes(90), "image/png"),
    (b"\xff\xd8\xff\xe0" + bytes(90), "image/jpeg"),
    (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
    (b"RIFF\x10\x00\x00\x00WAVEfmt ", "audio/wav"),
    (b"RIFF\x10\x00\x00\x00AVI LIST", "video/x-msvideo"),
    (b"\x00\x00\x00\x18ftypheic" + bytes(20), "image/heic"),
    (b"\x00\x00\x00\x18ftypM4A " + bytes(20), "audio/mp4"),
    (b"\x00\x00\x00\x18ftypisom" + bytes(20), "video/mp4"),
    (b"BM\x36\x00\x0c\x00\x00\x00\x00\x00", "image/bmp"),
    (b"ID3\x03\x00\x00\x00\x00", "audio/mpeg"),
    (b"OggS\x00\x02", "audio/ogg"),
]


@pytest.mark.parametrize(("data", "media_type"), MEDIA)
def test_pictures_sounds_and_films_are_no_documents(data: bytes, media_type: str) -> None:
    """They are named, and nobody waits for a whole film to say that it cannot be read."""
    assert picture_type(data) == media_type_of(data) == media_type
    assert document_type(data) is None
    assert not is_file(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"P",
        b"\xff\xff\xff\xff",
        b"\xff" * 40,
        b"\x80\x02",
        b"\x80\x05ab",
        bytes(300),
        b'{"a": 1}',
    ],
)
def test_too_little_or_other_data_is_no_file(data: bytes) -> None:
    """Bytes that merely share their first ones with a kind of file are none."""
    assert document_type(data) is None
    assert packed_as(data) is None
