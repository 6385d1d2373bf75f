"""All that can be read in an exported file, what is packed in it too."""

import zipfile
from pathlib import Path


def readable(path: Path) -> str:
    """Return it as one text."""
    data = path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            parts = [archive.read(name) for name in archive.namelist()]
        data = b"\n".join([archive.comment, *parts])
    elif data.startswith(b"PAR1"):
        import pyarrow.parquet

        table = pyarrow.parquet.read_table(path)
        data = f"{table.schema.metadata}{table.to_pylist()}".encode()
    return data.decode(errors="replace")
