"""Checkpoints: signed notes that other people's programs can check, and that no change survives."""

import base64
import hashlib
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from evidence.checkpoint import BadCheckpoint, Checkpoint, Part, key_id, opened, verifier_key

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
SEEN = Checkpoint(
    records=Part(chain="records:a", size=4711, root=b"\1" * 32),
    acts=Part(chain="reviews:a", size=61, root=b"\2" * 32),
    at="2026-11-26T00:00:00.000000Z",
)
NOTE = SEEN.signed(KEY)


def test_a_checkpoint_is_a_signed_note() -> None:
    """Name, size and root stand in the first three lines, as C2SP words it; the rest is ours."""
    text, _, signature = NOTE.partition("\n\n")
    name, size, root, acts, time = text.split("\n")
    assert (name, size) == ("outgate/records:a", "4711")
    assert base64.b64decode(root) == b"\1" * 32
    assert acts.startswith("reviews:a 61 ")
    assert time == "time 2026-11-26T00:00:00.000000Z"
    mark, signer, value = signature.split(" ")
    assert (mark, signer) == ("\u2014", name)
    raw = base64.b64decode(value)
    named = hashlib.sha256(f"{name}\n".encode() + b"\x01" + PUBLIC).digest()[:4]
    assert raw[:4] == named == key_id(name, PUBLIC)
    KEY.public_key().verify(raw[4:], (text + "\n").encode())
    assert verifier_key(name, PUBLIC).startswith(f"{name}+{named.hex()}+A")


def test_a_checkpoint_reads_back() -> None:
    """What was signed is what is read."""
    assert opened(NOTE, PUBLIC) == SEEN


@given(st.integers(0, len(NOTE) - 1), st.characters(codec="utf-8", exclude_characters="\r"))
def test_no_change_of_a_checkpoint_passes(place: int, other: str) -> None:
    """Whatever single sign is changed, the note is refused or says the same as before."""
    changed = NOTE[:place] + other + NOTE[place + 1 :]
    try:
        found = opened(changed, PUBLIC)
    except BadCheckpoint:
        return
    assert found == SEEN


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda note: note.replace("4711", "4712"), "not right"),
        (lambda note: note.replace("reviews:a 61", "reviews:a 60"), "not right"),
        (lambda note: note.partition("\n\n")[0], "not signed"),
        (lambda note: note.replace("\u2014 outgate/records:a", "\u2014 other"), "in the name"),
        (lambda note: note.replace("4711", "+4711"), "no number"),
        (lambda note: note.replace("4711", "9" * 40), "no number"),
        (lambda note: note.replace("outgate/", "other/"), "no checkpoint of Outgate"),
        (lambda note: note.replace("time ", "tide "), "no checkpoint of Outgate"),
        (lambda note: "", "not signed"),
        (lambda note: "a\n\nb", "no checkpoint of Outgate"),
    ],
)
def test_changed_checkpoints_are_named(change: Callable[[str], str], words: str) -> None:
    """Each fault has words of its own."""
    with pytest.raises(BadCheckpoint, match=words):
        opened(change(NOTE), PUBLIC)


def test_another_key_is_another_key() -> None:
    """A note signed by somebody else is told as that, not as damaged."""
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    with pytest.raises(BadCheckpoint, match="another key"):
        opened(NOTE, other)
