"""A block of ours in a file of somebody else's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs.placing.blocks import BEGIN, END, with_block, without_block

LINES = ["export SSL_CERT_FILE=/b.pem", "export HTTPS_PROXY=http://127.0.0.1:1"]
OTHERS = ["export SSL_CERT_FILE=/other.pem"]
FILES = [
    b"",
    b"\n",
    b"a=1",
    b"a=1\n",
    b"a=1\r\nb=2\r\n",
    b"a=1\r\nb=2",
    b"\xef\xbb\xbfa=1\n",
    b"#!/bin/sh\na=1\n",
    b"#!/bin/sh",
    b"\xff\xfe\x00binary\r\r\n",
    b"a=1\n\n\n",
    b"export HTTPS_PROXY=http://mine\nfi\n",
]


@pytest.mark.parametrize("content", FILES)
@pytest.mark.parametrize("at_start", [False, True])
def test_what_was_put_in_comes_out_without_a_trace(content: bytes, at_start: bool) -> None:
    """Whoever tries it and takes it out has the very same file again, also after a second time."""
    once = with_block(content, LINES, at_start=at_start)
    assert BEGIN in once
    assert with_block(once, LINES, at_start=at_start) == once
    renewed = with_block(once, OTHERS, at_start=at_start)
    assert b"/other.pem" in renewed
    assert b"/b.pem" not in renewed
    for changed in (once, renewed):
        assert without_block(changed).content == content
        assert without_block(changed).made is None


@given(st.binary(max_size=60), st.booleans())
def test_any_bytes_come_back(content: bytes, at_start: bool) -> None:
    """Whatever the file holds, taking the block out gives it back."""
    assert without_block(with_block(content, LINES, at_start=at_start)).content == content


@pytest.mark.parametrize("content", FILES)
@pytest.mark.parametrize("after", [b"z=1", b"z=1\n", b"\n", b"z=1\r\n"])
def test_what_a_user_writes_around_it_stays(content: bytes, after: bytes) -> None:
    """Lines before and after the block are the user's, and are never glued together."""
    changed = b"first=1\n" + with_block(content, LINES) + after
    bare = without_block(changed).content
    head = b"first=1\n" + content
    joint = b"\n" if content and not content.endswith(b"\n") else b""
    assert bare == head + joint + after


@pytest.mark.parametrize("content", FILES)
def test_an_editor_that_changes_line_ends_hides_no_block(content: bytes) -> None:
    """A block whose lines were given other ends is found all the same."""
    changed = with_block(content, LINES).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    plain = content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    assert without_block(changed).content == plain


def test_a_users_line_inside_the_block_is_not_lost() -> None:
    """What somebody wrote between our lines stays where only ours go."""
    block = with_block(b"a=1\n", LINES).replace(END, b"export MINE=1\n" + END)
    bare = without_block(block)
    assert bare.content == b"a=1\nexport MINE=1\n"
    assert bare.kept == 1


@pytest.mark.parametrize(
    "rest", [b"export MINE=1\nexport HTTPS_PROXY=http://mine\n", b"alias x=y\n"]
)
def test_a_block_whose_end_is_gone_takes_nothing_with_it(rest: bytes) -> None:
    """Where the last line of a block was deleted, what follows is the user's."""
    block = with_block(b"a=1\n", LINES).replace(END + b"\n", b"") + rest
    assert without_block(block).content == b"a=1\n" + rest


def test_a_copied_block_goes_as_well() -> None:
    """A profile that was put together from two holds two blocks; none is left."""
    one = with_block(b"a=1\n", LINES)
    assert without_block(one + one).content == b"a=1\na=1\n"
    assert with_block(one + one, OTHERS).count(BEGIN) == 1


@pytest.mark.parametrize(
    "content", [b"# outgate\nexport HTTPS_PROXY=http://mine\n", b"# <<< outgate <<<\n"]
)
def test_what_is_not_ours_is_not_touched(content: bytes) -> None:
    """A user's own lines that look alike are no block."""
    bare = without_block(content)
    assert bare.at is None
    assert bare.content == content


def test_a_file_that_was_made_says_so() -> None:
    """A file that came with the block, and the folders above it, can go with it."""
    made = with_block(None, LINES, folders=2)
    assert without_block(made).made == 2
    assert without_block(with_block(made, OTHERS)).made == 2
    assert without_block(with_block(made, OTHERS)).content == b""
