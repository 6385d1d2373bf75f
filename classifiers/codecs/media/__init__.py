"""Files without text: whole pictures, sounds, films, fonts and model weights, told by structure."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from classifiers.codecs.media import boxes, fonts, frames, pictures, riff, weights
from classifiers.codecs.media.file import Media

type _Walk = Callable[[bytes], Media | None]

_WALKS: Mapping[str, _Walk] = MappingProxyType(
    {
        "image/png": pictures.png,
        "image/jpeg": pictures.jpeg,
        "image/gif": pictures.gif,
        "image/bmp": pictures.bmp,
        "image/webp": riff.webp,
        "audio/wav": riff.wav,
        "video/x-msvideo": riff.avi,
        "video/mp4": boxes.film,
        "audio/mp4": boxes.sound,
        "image/heic": boxes.picture,
        "image/avif": boxes.picture,
        "audio/mpeg": frames.mp3,
        "video/webm": boxes.webm,
        "audio/aac": frames.aac,
        "audio/flac": frames.flac,
        "audio/ogg": frames.ogg,
    }
)


def media_in(data: bytes, named: str | None) -> Media | None:
    """Return what a file is whose first bytes name this media type; None when its structure is not
    that of one.

    `named` None: it names itself by nothing, and is tried as a font and as model weights.
    """
    if named is None:
        return fonts.font(data) or weights.safetensors(data)
    walk = _WALKS.get(named)
    return None if walk is None else walk(data)
