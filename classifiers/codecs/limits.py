"""How much of one payload is read: bounds on size, depth and number, each ending in a `not
inspected`.
"""

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one reading. Sizes are bytes."""

    decoded_bytes: int = 16 * MIB
    """Output of all content-encodings together, and of each packed piece inside the body."""
    ratio: int = 200
    """Output to input of a decompression, once the output is above `ratio_from`."""
    ratio_from: int = MIB
    encodings: int = 4
    """Stacked content-encodings."""
    depth: int = 5
    """Formats inside formats: JSON in a string, base64 in that, and so on."""
    json_bytes: int = 64 * MIB
    json_nodes: int = 2_000_000
    """Commas and brackets of a JSON text: what bounds the memory its objects take."""
    segments: int = 200_000
    pieces: int = 2_000
    """Packed pieces (encoded runs, nested formats) looked into."""
    piece_bytes: int = 64 * MIB
    """All packed pieces together."""
    runs: int = 20_000
    """Runs of base64 letters that are tried."""
    text_slice: int = 8 * MIB
    """A table in it is counted whole. Longer plain text is cut at line ends into segments of about
    this size."""
    inline_table_bytes: int = 256 * 1024
    """A larger CSV becomes a document, for a reader in a worker."""

    member_bytes: int = 64 * MIB
    """One member of an archive, unpacked."""
    total_bytes: int = 256 * MIB
    """All members of an archive, unpacked, archives inside included."""
    members: int = 2_000
    archive_depth: int = 2
    pdf_pages: int = 500
    table_cells: int = 2_000_000
    """Cells of one table kept as text; of a larger one a sample is kept, and the exact row
    count."""
    sampled_rows: int = 20_000
    document_text: int = 32 * MIB
    """Text taken from one document, in characters."""


def step_of(rows: int, limits: Limits) -> int:
    """Return each how manieth row of a large table is looked at, a power of two: from all its
    parts, so that what begins late is seen.
    """
    step = 1
    while rows > 2 * limits.sampled_rows * step:
        step *= 2
    return step


DEFAULT = Limits()

INLINE = Limits(
    decoded_bytes=MIB,
    json_nodes=100_000,
    segments=10_000,
    pieces=200,
    piece_bytes=2 * MIB,
    runs=2_000,
)
"""For the event loop: what does not fit sets `Payload.cut`, and belongs to a worker."""

STREAMED = Limits(decoded_bytes=1 << 60)
"""For a body that is read window by window as it passes: of any size, but no bomb."""

WINDOW = Limits(pieces=8_000, piece_bytes=32 * MIB, runs=100_000, inline_table_bytes=16 * MIB)
"""For one window of a large upload, in a worker: tables are read in it, documents are not."""
