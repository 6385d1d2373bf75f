"""Plain text, long text in slices cut at line ends."""

from classifiers.decoding import packed
from classifiers.decoding.decode_state import Reading
from classifiers.payload import Path


def read_plain(reading: Reading, text: str, key: str | None, path: Path, depth: int) -> None:
    """Emit plain text."""
    size, at = reading.limits.text_slice, 0
    if len(text) <= size:
        if text and not text.isspace():
            packed.look(reading, text, key, path, depth)
        return
    while at < len(text):
        end = _end(text, at, size)
        packed.look(reading, text[at:end], key, path, depth)
        at = end


def _end(text: str, at: int, size: int) -> int:
    """Return where the slice from `at` ends: behind a line end or a blank in its second half, where
    there is one.
    """
    end, half = at + size, at + size // 2
    if end >= len(text):
        return len(text)
    return max(text.rfind("\n", half, end), text.rfind(" ", half, end), half) + 1
