"""What the tests of exports share: the evidence that the tests of the store write."""

from pathlib import Path

import pytest
from packs import pack

from tests.evidence.conftest import (
    full,
    make_record_fixture,
    place,
    told,
    write,
    writer,
)

__all__ = ["full", "make_record_fixture", "place", "told", "write", "writer"]


@pytest.fixture
def packed(full: Path, tmp_path: Path) -> Path:
    return pack(full, tmp_path / "pack.zip")
