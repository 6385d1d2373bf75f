"""The names model computed with whole numbers: the same labels, and no file breaks the making."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.personal.prose import name_model
from classifiers.personal.prose.int8_weights import with_int8_weights
from classifiers.personal.prose.name_model import NameModel, model_folder, verified
from examples import most

TEXT = (
    "Dear Ms Okafor, please call Tomás Herrera about the flat of José García López in "
    "Calle Mayor 12; Anna Müller and Piotr Nowak come on Friday with Zoé Dupont."
)


@pytest.fixture(scope="module")
def pinned() -> bytes:
    return verified(model_folder())["onnx/model_q4.onnx"]


def test_it_says_the_same_as_the_pinned_file(
    pinned: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each name is found with nearly the same likelihood, whichever way it is computed."""
    quick = {(t.label, t.start): t.score for t in NameModel().tokens(TEXT)}
    monkeypatch.setattr(name_model, "_quick", lambda model: model)
    slow = {(t.label, t.start): t.score for t in NameModel().tokens(TEXT)}
    sure = {key: score for key, score in slow.items() if score > 0.6}
    assert len(sure) > 12 and sure.keys() <= quick.keys()
    assert all(abs(quick[key] - score) < 0.15 for key, score in sure.items())


def test_where_whole_numbers_fail_the_pinned_file_is_used(
    pinned: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A processor whose arithmetic makes the quick way blind has names all the same."""
    opened: list[bytes] = []

    def note(self: NameModel, _: object, model: bytes, __: object) -> None:
        opened.append(model)

    monkeypatch.setattr(NameModel, "_open", note)
    monkeypatch.setattr(NameModel, "_is_proved", lambda self: len(opened) == 2)
    NameModel()
    assert opened[1] == pinned != opened[0]


@given(st.binary(max_size=300))
@settings(max_examples=most(100), deadline=None)
def test_no_bytes_break_the_making(data: bytes) -> None:
    """What is no such model is refused or left as it is, never half made."""
    try:
        made = with_int8_weights(b"\x3a" + bytes([len(data) % 128]) + data)
    except ValueError:
        return
    assert isinstance(made, bytes)


def test_a_cut_model_is_refused(pinned: bytes) -> None:
    """Half a file makes no model."""
    with pytest.raises(ValueError, match=r"\w"):
        with_int8_weights(pinned[: len(pinned) // 2])
